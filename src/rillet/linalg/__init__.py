"""`tf.linalg`: matrices, their products, decompositions and equations."""

from rillet.linalg import experimental as experimental
from rillet.ops.arithmetic import l2_normalize as l2_normalize
from rillet.ops.banded import banded_triangular_solve as banded_triangular_solve
from rillet.ops.banded import eigh_tridiagonal as eigh_tridiagonal
from rillet.ops.clip import global_norm as global_norm
from rillet.ops.einsum import einsum as einsum
from rillet.ops.einsum import matvec as matvec
from rillet.ops.einsum import tensordot as tensordot
from rillet.ops.filling import eye as eye
from rillet.ops.least_squares import cholesky_solve as cholesky_solve
from rillet.ops.least_squares import lstsq as lstsq
from rillet.ops.least_squares import matrix_rank as matrix_rank
from rillet.ops.least_squares import pinv as pinv
from rillet.ops.linalg import cholesky as cholesky
from rillet.ops.linalg import det as det
from rillet.ops.linalg import eig as eig
from rillet.ops.linalg import eigh as eigh
from rillet.ops.linalg import eigvals as eigvals
from rillet.ops.linalg import eigvalsh as eigvalsh
from rillet.ops.linalg import expm as expm
from rillet.ops.linalg import inv as inv
from rillet.ops.linalg import logdet as logdet
from rillet.ops.linalg import logm as logm
from rillet.ops.linalg import lu as lu
from rillet.ops.linalg import qr as qr
from rillet.ops.linalg import slogdet as slogdet
from rillet.ops.linalg import solve as solve
from rillet.ops.linalg import sqrtm as sqrtm
from rillet.ops.linalg import svd as svd
from rillet.ops.linalg import triangular_solve as triangular_solve
from rillet.ops.lu import lu_matrix_inverse as lu_matrix_inverse
from rillet.ops.lu import lu_reconstruct as lu_reconstruct
from rillet.ops.lu import lu_solve as lu_solve
from rillet.ops.matrices import adjoint as adjoint
from rillet.ops.matrices import band_part as band_part
from rillet.ops.matrices import cross as cross
from rillet.ops.matrices import diag as diag
from rillet.ops.matrices import diag_part as diag_part
from rillet.ops.matrices import matrix_transpose as matrix_transpose
from rillet.ops.matrices import set_diag as set_diag
from rillet.ops.matrices import tensor_diag as tensor_diag
from rillet.ops.matrices import tensor_diag_part as tensor_diag_part
from rillet.ops.matrices import trace as trace
from rillet.ops.norms import norm as norm
from rillet.ops.norms import normalize as normalize
from rillet.ops.products import matmul as matmul
from rillet.ops.tridiagonal import tridiagonal_matmul as tridiagonal_matmul
from rillet.ops.tridiagonal import tridiagonal_solve as tridiagonal_solve

#: The modules here that are public.
_namespaces = ("experimental",)
