"""The public functions of linear algebra, over the records of its families.

Products stand in `products` and `einsum`, diagonals in `matrices`, least squares in
`least_squares`, norms in `norms`, what follows from LU in `lu`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.complexes import real
from rillet.ops.decompositions import cholesky_op, lu_op, qr_op
from rillet.ops.diagonals import matrix_diag_part_op
from rillet.ops.elementwise import log_op, mul_op
from rillet.ops.matrix_functions import (
    det_op,
    exponential_op,
    log_determinant_op,
    logarithm_op,
    square_root_op,
)
from rillet.ops.matrix_rules import number
from rillet.ops.shaping import sum_op
from rillet.ops.solvers import inverse_op, solve_op, triangular_solve_op
from rillet.ops.spectra import eig_op, eigh_op, svd_op


class Qr(NamedTuple):
    """An orthonormal and an upper triangular matrix."""

    q: Tensor
    r: Tensor


class Lu(NamedTuple):
    """Both triangular factors in one matrix, and the order of rows."""

    lu: Tensor
    p: Tensor


class LogMatrixDeterminant(NamedTuple):
    """A determinant's sign and the logarithm of its absolute value."""

    sign: Tensor
    log_abs_determinant: Tensor


def det(input: Any, name: str | None = None) -> Tensor:
    """The determinants of square matrices.

    Args:
        input: ``(..., n, n)`` of a float or complex type.
        name: ignored when eager.

    Returns:
        A tensor ``(...)``.

    Raises:
        InvalidArgumentError: where the matrices are not square.

    Example:
        >>> import rillet as tf
        >>> round(float(tf.linalg.det([[1., 2.], [3., 4.]])), 5)
        -2.0
    """
    return det_op(input)


def slogdet(input: Any, name: str | None = None) -> LogMatrixDeterminant:
    """The signs of determinants, and the logarithms of their absolute values.

    Args:
        input: ``(..., n, n)`` of a float or complex type.
        name: ignored when eager.

    Returns:
        A pair ``(sign, log_abs_determinant)`` of tensors ``(...)``.

    Raises:
        InvalidArgumentError: where the matrices are not square.
    """
    return LogMatrixDeterminant(*log_determinant_op(input))


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithms of determinants of positive definite matrices.

    Args:
        matrix: ``(..., n, n)``, self-adjoint and positive definite.
        name: ignored when eager.

    Returns:
        A real tensor ``(...)``; NaN where a matrix is not positive definite.

    Example:
        >>> import rillet as tf
        >>> round(float(tf.linalg.logdet([[2., 0.], [0., 3.]])), 4)
        1.7918
    """
    factor = cholesky_op(matrix)
    diagonal = real(matrix_diag_part_op(factor, 0, number(factor, 0)))
    total = sum_op(log_op(diagonal), -1)
    return mul_op(total, number(total, 2))


def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverses of square matrices.

    Args:
        input: ``(..., n, n)`` of a float or complex type.
        adjoint: invert the conjugate transposes instead.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.

    Raises:
        InvalidArgumentError: where a matrix is singular, or not square.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.inv([[2., 0.], [0., 4.]]).numpy().tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    return inverse_op(input, adjoint=bool(adjoint))


def solve(
    matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The x of matrix · x = rhs.

    Args:
        matrix: ``(..., n, n)`` of a float or complex type.
        rhs: ``(..., n, k)`` of the same type, with the same leading sizes.
        adjoint: solve with the conjugate transposes instead.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``.

    Raises:
        InvalidArgumentError: where a matrix is singular, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.solve([[2., 0.], [0., 4.]], [[2.], [2.]]).numpy().tolist()
        [[1.0], [0.5]]
    """
    return solve_op(matrix, rhs, adjoint=bool(adjoint))


def triangular_solve(
    matrix: Any,
    rhs: Any,
    lower: bool = True,
    adjoint: bool = False,
    name: str | None = None,
) -> Tensor:
    """The x of matrix · x = rhs, for triangular matrices.

    Args:
        matrix: ``(..., n, n)``; the other triangle is not read.
        rhs: ``(..., n, k)`` of the same type; leading sizes broadcast.
        lower: whether the lower triangle holds the matrix, else the upper.
        adjoint: solve with the conjugate transposes instead.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``; infinite or NaN where a matrix is singular.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.triangular_solve([[2., 0.], [1., 1.]], [[2.], [3.]]).numpy()
        array([[1.], [2.]], dtype=float32)
    """
    return triangular_solve_op(matrix, rhs, lower=bool(lower), adjoint=bool(adjoint))


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangular l with l · lᴴ = input.

    Args:
        input: ``(..., n, n)``, self-adjoint and positive definite; the lower triangle
            is read.
        name: ignored when eager.

    Returns:
        A tensor of the same shape. Where a matrix is not positive definite its lower
        triangle is NaN, and a warning is logged.

    Raises:
        InvalidArgumentError: where the matrices are not square.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.cholesky([[4., 0.], [0., 9.]]).numpy().tolist()
        [[2.0, 0.0], [0.0, 3.0]]
    """
    return cholesky_op(input)


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """The decomposition into orthonormal columns and an upper triangle.

    Args:
        input: ``(..., m, n)`` of a float or complex type.
        full_matrices: give m columns instead of the smaller of m and n.
        name: ignored when eager.

    Returns:
        A pair ``(q, r)`` with q · r = input.

    Raises:
        InvalidArgumentError: where the rank is below 2.

    Example:
        >>> import rillet as tf
        >>> q, r = tf.linalg.qr([[3., 1.], [4., 2.]])
        >>> tf.matmul(q, r).numpy().round(3).tolist()
        [[3.0, 1.0], [4.0, 2.0]]
    """
    return Qr(*qr_op(input, full_matrices=bool(full_matrices)))


def svd(
    tensor: Any,
    full_matrices: bool = False,
    compute_uv: bool = True,
    name: str | None = None,
) -> Any:
    """The singular value decomposition.

    Args:
        tensor: ``(..., m, n)`` of a float or complex type.
        full_matrices: give all m and n vectors instead of the smaller of both numbers.
        compute_uv: whether to compute the vectors.
        name: ignored when eager.

    Returns:
        ``(s, u, v)`` with u · diag(s) · vᴴ = tensor, the greatest value first; `s`
        alone without `compute_uv`. Note the order, and that `v` is not transposed. The
        sign of each pair of vectors is arbitrary.

    Raises:
        InvalidArgumentError: where the rank is below 2.

    Example:
        >>> import rillet as tf
        >>> s, u, v = tf.linalg.svd([[3., 0.], [0., -2.]])
        >>> s.numpy().tolist()
        [3.0, 2.0]
    """
    s, u, v = svd_op(
        tensor, compute_uv=bool(compute_uv), full_matrices=bool(full_matrices)
    )
    return (s, u, v) if compute_uv else s


def _complex_type(x: Any) -> DType:
    wide = x.dtype in (dtypes.float64, dtypes.complex128)
    return dtypes.complex128 if wide else dtypes.complex64


def eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of square matrices.

    Args:
        tensor: ``(..., n, n)`` of a float or complex type.
        name: ignored when eager.

    Returns:
        Eigenvalues ``(..., n)`` in no special order, and eigenvectors, the columns of
        ``(..., n, n)``; both complex.

    Raises:
        InvalidArgumentError: where the matrices are not square.

    Example:
        >>> import rillet as tf
        >>> values, vectors = tf.linalg.eig([[2., 0.], [0., 3.]])
        >>> values.numpy().tolist()
        [(2+0j), (3+0j)]
    """
    x = to_tensor(tensor)
    values, vectors = eig_op(x, compute_v=True, Tout=_complex_type(x))
    return values, vectors


def eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """The eigenvalues of square matrices, complex and in no special order."""
    x = to_tensor(tensor)
    values, _ = eig_op(x, compute_v=False, Tout=_complex_type(x))
    return values


def eigh(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of self-adjoint matrices.

    Args:
        tensor: ``(..., n, n)`` of a float or complex type; the lower triangle is read.
        name: ignored when eager.

    Returns:
        Eigenvalues ``(..., n)``, the smallest first, and eigenvectors, the columns of
        ``(..., n, n)``, of length 1 and arbitrary sign.

    Raises:
        InvalidArgumentError: where the matrices are not square.

    Example:
        >>> import rillet as tf
        >>> values, vectors = tf.linalg.eigh([[2., 1.], [1., 2.]])
        >>> values.numpy().round(4).tolist()
        [1.0, 3.0]
    """
    values, vectors = eigh_op(tensor, compute_v=True)
    return values, vectors


def eigvalsh(tensor: Any, name: str | None = None) -> Tensor:
    """The eigenvalues of self-adjoint matrices, the smallest first."""
    values, _ = eigh_op(tensor, compute_v=False)
    return values


def expm(input: Any, name: str | None = None) -> Tensor:
    """The exponentials of square matrices: 1 + a + a²/2! + ….

    Args:
        input: ``(..., n, n)`` of a float or complex type.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: for integers.
        InvalidArgumentError: where the matrices are not square.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.expm([[0., 1.], [0., 0.]]).numpy().tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """
    x = to_tensor(input)
    if not (x.dtype.is_floating or x.dtype.is_complex):
        raise ValueError(
            house_message(
                "expm",
                f"tf.linalg.expm does not support matrices of type {x.dtype!r}",
                fix="Convert them with tf.cast(x, tf.float32)",
            )
        )
    return exponential_op(x)


def logm(input: Any, name: str | None = None) -> Tensor:
    """The principal logarithms of complex square matrices, inverse to `expm`.

    Args:
        input: ``(..., n, n)`` of a complex type.
        name: ignored when eager.

    Returns:
        A tensor of the same shape; NaN where a matrix is singular.

    Raises:
        InvalidArgumentError: where the type is not complex, or a matrix not square.
    """
    return logarithm_op(input)


def sqrtm(input: Any, name: str | None = None) -> Tensor:
    """The principal square roots of square matrices: r with r · r = input.

    Args:
        input: ``(..., n, n)`` of a float or complex type.
        name: ignored when eager.

    Returns:
        A tensor of the same shape; NaN where a real matrix has no real root.

    Raises:
        InvalidArgumentError: where the matrices are not square.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.sqrtm([[4., 0.], [0., 9.]]).numpy().tolist()
        [[2.0, 0.0], [0.0, 3.0]]
    """
    return square_root_op(input)


def lu(input: Any, output_idx_type: Any = dtypes.int32, name: str | None = None) -> Lu:
    """The decomposition into triangles, rows exchanged where needed.

    Args:
        input: ``(..., n, n)`` of a float or complex type.
        output_idx_type: int32 or int64, the type of `p`.
        name: ignored when eager.

    Returns:
        A pair ``(lu, p)``: the upper factor on and above the diagonal of `lu`, the
        lower one, whose diagonal is 1, below; row i of their product is row p[i] of
        the input.

    Raises:
        InvalidArgumentError: where a matrix is singular, or not square.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.lu([[1., 2.], [2., 2.]]).p.numpy().tolist()
        [1, 0]
    """
    return Lu(*lu_op(input, output_idx_type=as_dtype(output_idx_type)))
