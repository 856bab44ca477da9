"""Rows of linear algebra: diagonals, equations, decompositions, norms.

Signs of singular vectors and eigenvectors are arbitrary, so rows look at what does not
depend on them: projections, absolute values, products.
"""

import numpy as np

from cases import Case, floats, ints

SQUARE = floats(3, 3) + 2 * np.eye(3, dtype=np.float32)
STACK = floats(2, 3, 3, seed=1) + 2 * np.eye(3, dtype=np.float32)
TALL, WIDE = floats(4, 3, seed=2), floats(3, 4, seed=3)
RHS, RHSS = floats(3, 2, seed=4), floats(2, 3, 2, seed=5)
V3 = floats(2, 3, seed=6)
Z = (floats(3, 3) + 1j * floats(3, 3, seed=1) + 2 * np.eye(3)).astype(np.complex64)
ZB = (floats(3, 2) + 1j * floats(3, 2, seed=1)).astype(np.complex64)
NOT_SQUARE = ((TALL,), "InvalidArgumentError", "must be square")
VECTOR = ((floats(3),), "InvalidArgumentError", "must have rank >= 2, got 1")
WHOLE = ((ints(2, 2),), "InvalidArgumentError", "of int32 is not in the list")
SINGULAR = np.array([[1, 2], [2, 4]], np.float32)
BAND = floats(2, 3, 4, seed=7) + np.array([[0], [4], [0]], np.float32)
BANDS = floats(2, 4, seed=8) + np.array([[3], [0]], np.float32)
FOUR = floats(4, 2, seed=9)


def positive(tf, x):
    """A self-adjoint positive definite matrix."""
    product = tf.matmul(x, x, adjoint_b=True)
    return product + tf.eye(3, dtype=x.dtype)


def spread(tf, u, weights=(1.0, 2.0, 3.0)):
    """u · w · uᴴ, which does not depend on the signs of columns."""
    w = tf.cast(tf.constant(weights[: u.shape[-1]]), u.dtype)
    return tf.matmul(u * w, u, adjoint_b=True)


def svd_parts(tf, x, full=False):
    s, u, v = tf.linalg.svd(x, full_matrices=full)
    k = s.shape[-1]
    both = tf.matmul(u[..., :k], v[..., :k], adjoint_b=True)
    return [s, spread(tf, u, (1.0, 2.0, 3.0, 4.0)), spread(tf, v, (3.0, 1.0, 2.0, 5.0)),
            both]


def qr_parts(tf, x):
    q, r = tf.linalg.qr(x)
    return [q, r]


def eig_parts(tf, x):
    values, vectors = tf.linalg.eig(x)
    order = tf.argsort(tf.math.real(values))
    size = tf.abs(vectors)
    return [tf.gather(tf.math.real(values), order), tf.gather(size, order, axis=1)]


def eigh_parts(tf, x):
    values, vectors = tf.linalg.eigh(positive(tf, x))
    return [values, spread(tf, vectors)]


def symmetric_values(tf, x):
    return tf.linalg.eigvalsh(positive(tf, x))


def lu_use(tf, x, b):
    lu, p = tf.linalg.lu(x)
    return [lu, p, tf.linalg.lu_solve(lu, p, b), tf.linalg.lu_matrix_inverse(lu, p)]


def lu_again(tf, x):
    return tf.linalg.lu_reconstruct(*tf.linalg.lu(x))


def root(tf, x):
    return tf.linalg.sqrtm(positive(tf, x))


def sequence(tf, diagonals, b, **more):
    parts = (diagonals[..., 0, :-1], diagonals[..., 1, :], diagonals[..., 2, 1:])
    return tf.linalg.tridiagonal_solve(parts, b, diagonals_format="sequence", **more)


def norm(name, **options):
    return Case(
        "Sum" if name != "inf" else "Max",
        lambda tf, x: tf.norm(x, **options), (floats(2, 3, 4, low=0.2),),
        name=f"norm {name}",
    )


DIAGONALS = (
    Case("MatrixDiagV3", lambda tf, x: tf.linalg.diag(x), (V3,),
         refused=(((np.float32(3),), "InvalidArgumentError", "at least 1-dim"),)),
    Case("MatrixDiagV3", lambda tf, x: tf.linalg.diag(
        x, k=(-1, 0), num_rows=3, num_cols=4, padding_value=7, align="LEFT_RIGHT"),
         (V3,), name="band",
         refused=(((floats(3, 3),), "InvalidArgumentError", "number of diagonals"),
                  ((floats(2, 5),), "InvalidArgumentError", "rows is too small"))),
    Case("MatrixDiagV3", lambda tf, x: tf.linalg.diag(x, k=-2), (V3,), name="below"),
    Case("MatrixDiagPartV3", lambda tf, x: tf.linalg.diag_part(x), (TALL,),
         refused=(((floats(3),), "InvalidArgumentError", "at least 2-dim"),)),
    *(Case("MatrixDiagPartV3", lambda tf, x, a=align: tf.linalg.diag_part(
        x, k=(-2, 1), padding_value=9, align=a), (floats(2, 3, 4),), name=align,
           refused=(((floats(2, 2),), "InvalidArgumentError", "out of bound"),))
      for align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")),
    Case("MatrixSetDiagV3", lambda tf, x, d: tf.linalg.set_diag(x, d), (STACK, V3),
         refused=(((STACK, floats(3)), "InvalidArgumentError", "Expected diagonal"),)),
    Case("MatrixSetDiagV3", lambda tf, x, d: tf.linalg.set_diag(x, d, k=(-1, 0)),
         (TALL, V3), name="band"),
    Case("MatrixBandPart", lambda tf, x: tf.linalg.band_part(x, 1, 0), (STACK,),
         refused=(((floats(3),), "InvalidArgumentError", "at least 2-dim"),
                  ((floats(0, 3),), "InvalidArgumentError", "num_lower must be"))),
    Case("Diag", lambda tf, x: tf.linalg.tensor_diag(x), (V3,),
         refused=(((np.float32(3),), "InvalidArgumentError", "at least rank 1"),)),
    Case("DiagPart", lambda tf, x: tf.linalg.tensor_diag_part(x), (floats(2, 3, 2, 3),),
         refused=(((TALL,), "InvalidArgumentError", "0 and 1 do not match"),)),
    Case("MatrixDiagPartV3", lambda tf, x: tf.linalg.trace(x), (STACK,), name="trace"),
    Case("Transpose", lambda tf, x: tf.linalg.adjoint(x), (STACK,), name="adjoint",
         refused=(((floats(3),), "ValueError", "rank >= 2"),)),
    Case("Cross", lambda tf, x, y: tf.linalg.cross(x, y), (V3, floats(2, 3)),
         refused=(((floats(2), floats(2)), "FailedPreconditionError", "3-element"),
                  ((floats(3), floats(1, 3)), "InvalidArgumentError", "same shape"))),
)
EQUATIONS = (
    Case("MatrixInverse", lambda tf, x: tf.linalg.inv(x), (STACK,), dtypes=("float64",),
         refused=(NOT_SQUARE, VECTOR, WHOLE,
                  ((SINGULAR,), "InvalidArgumentError", "Input is not invertible"))),
    Case("MatrixInverse", lambda tf, x: tf.linalg.inv(x, adjoint=True), (Z,),
         name="complex", grad=(0,), order=1),
    Case("MatrixInverse", lambda tf, x: tf.linalg.inv(x, adjoint=True), (SQUARE,),
         name="adjoint"),
    Case("MatrixSolve", lambda tf, a, b: tf.linalg.solve(a, b), (STACK, RHSS),
         refused=(((SINGULAR, floats(2, 1)), "InvalidArgumentError", "not invertible"),
                  ((SQUARE, floats(3)), "InvalidArgumentError", "the same rank"),
                  ((SQUARE, floats(2, 1)), "InvalidArgumentError", "are incompatible"),
                  ((TALL, floats(4, 1)), "InvalidArgumentError", "square matrix"))),
    Case("MatrixSolve", lambda tf, a, b: tf.linalg.solve(a, b, adjoint=True), (Z, ZB),
         name="complex", grad=(0, 1), order=1),
    Case("MatrixSolve", lambda tf, a, b: tf.linalg.solve(a, b, adjoint=True),
         (SQUARE, RHS), name="adjoint"),
    Case("MatrixTriangularSolve", lambda tf, a, b: tf.linalg.triangular_solve(a, b),
         (STACK, RHS),
         refused=(((TALL, floats(4, 1)), "InvalidArgumentError", "must be square"),
                  ((SQUARE, floats(2, 1)), "InvalidArgumentError", "mismatch In"))),
    Case("MatrixTriangularSolve", lambda tf, a, b: tf.linalg.triangular_solve(
        a, b, lower=False, adjoint=True), (SQUARE, RHSS), name="upper"),
    Case("MatrixTriangularSolve", lambda tf, a, b: tf.linalg.triangular_solve(
        a, b, lower=False, adjoint=True), (Z, ZB), name="complex", grad=(0, 1),
         order=1),
    Case("MatrixTriangularSolve", lambda tf, x, b: tf.linalg.cholesky_solve(
        tf.linalg.cholesky(positive(tf, x)), b), (SQUARE, RHS), name="cholesky_solve",
         rtol=1e-4),
    Case("Cholesky", lambda tf, x, b: tf.linalg.lstsq(x, b, l2_regularizer=0.3),
         (TALL, FOUR), name="lstsq", rtol=1e-4),
    Case("Cholesky", lambda tf, x, b: tf.linalg.lstsq(x, b), (WIDE, RHS),
         name="lstsq wide", rtol=1e-3, atol=1e-4,
         refused=(((WIDE, FOUR), "InvalidArgumentError", "are incompatible"),)),
    Case("MatrixSolveLs", lambda tf, a, b: tf.linalg.lstsq(a, b, fast=False),
         (TALL, FOUR), golden=False, rtol=1e-4,
         expect=lambda a, b: np.linalg.lstsq(a, b)[0]),
    Case("MatrixSolveLs", lambda tf, a, b: tf.linalg.lstsq(a, b, fast=False),
         (WIDE, RHS), golden=False, rtol=1e-4, name="wide",
         expect=lambda a, b: np.linalg.lstsq(a, b)[0]),
    Case("Svd", lambda tf, x: tf.linalg.pinv(x), (TALL,), name="pinv", rtol=1e-4,
         refused=(((floats(3),), "ValueError", "at least 2 dimensions"),)),
    Case("Svd", lambda tf, x: tf.linalg.matrix_rank(x), (SINGULAR,), name="rank",
         grad=()),
    Case("TridiagonalMatMul", lambda tf, d, b: tf.linalg.tridiagonal_matmul(d, b),
         (BAND, floats(2, 4, 2)),
         refused=(((BAND, FOUR), "InvalidArgumentError", "the same rank"),)),
    Case("TridiagonalSolve", lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b),
         (BAND, floats(2, 4, 2)), rtol=1e-4,
         refused=(((BAND, floats(2, 3, 2)), "ValueError", "left-hand sided"),)),
    Case("TridiagonalSolve", sequence, (BAND[0], floats(4)), name="sequence",
         rtol=1e-4),
    Case("TridiagonalSolve", lambda tf, d, b: tf.linalg.tridiagonal_solve(
        d - 2, b, transpose_rhs=True), (BAND[0], floats(2, 4)), name="pivots",
         rtol=1e-3, atol=1e-4),
    Case("BandedTriangularSolve", lambda tf, a, b: tf.linalg.banded_triangular_solve(
        a, b), (BANDS, FOUR),
         refused=(((BANDS, RHS), "InvalidArgumentError", "mismatch In"),
                  ((BANDS * 0, FOUR), "InvalidArgumentError", "not invertible"))),
    Case("BandedTriangularSolve", lambda tf, a, b: tf.linalg.banded_triangular_solve(
        a[::-1], b, lower=False, adjoint=True), (BANDS, FOUR), name="upper"),
)
DECOMPOSITIONS = (
    Case("Cholesky", lambda tf, x: tf.linalg.cholesky(positive(tf, x)), (STACK,)),
    Case("Cholesky", lambda tf, x: tf.linalg.cholesky(positive(tf, x)), (Z,),
         name="complex", grad=(0,), order=1, rtol=1e-4),
    Case("Cholesky", lambda tf, x: tf.linalg.logdet(positive(tf, x)), (STACK,),
         name="logdet"),
    Case("Qr", qr_parts, (TALL,), rtol=1e-4, refused=(VECTOR,)),
    Case("Qr", qr_parts, (SQUARE,), name="square", rtol=1e-4),
    Case("Qr", qr_parts, (WIDE,), name="wide", rtol=1e-4),
    Case("Qr", qr_parts, (Z,), name="complex", grad=(0,), order=1, rtol=1e-4),
    Case("Svd", svd_parts, (TALL,), rtol=1e-4, atol=1e-5, refused=(VECTOR,)),
    Case("Svd", svd_parts, (WIDE,), name="wide", rtol=1e-4, atol=1e-5),
    Case("Svd", lambda tf, x: svd_parts(tf, x, True), (TALL,), name="full", rtol=1e-4,
         atol=1e-5),
    Case("Svd", lambda tf, x: tf.linalg.svd(x, compute_uv=False), (STACK,),
         name="values", rtol=1e-4),
    Case("Svd", svd_parts, (Z,), name="complex", grad=(0,), order=1, rtol=1e-4,
         atol=1e-5),
    Case("SelfAdjointEigV2", eigh_parts, (SQUARE,), rtol=1e-4, atol=1e-5),
    Case("SelfAdjointEigV2", eigh_parts, (Z,), name="complex", grad=(0,), order=1,
         rtol=1e-4, atol=1e-5),
    Case("SelfAdjointEigV2", symmetric_values, (SQUARE,), name="values", rtol=1e-4),
    Case("SelfAdjointEigV2", lambda tf, a, b: tf.linalg.eigh_tridiagonal(
        a, b, select="i", select_range=(0, 1)), (floats(3), floats(2)),
         name="tridiagonal", rtol=1e-4, grad=()),
    Case("Eig", eig_parts, (np.array([[1, 2, 1], [3, 4, 1], [1, 1, 1]], np.float32),),
         rtol=1e-4, atol=1e-5, refused=(NOT_SQUARE,)),
    Case("Eig", lambda tf, x: tf.sort(tf.math.real(tf.linalg.eigvals(x))), (SQUARE,),
         name="values", rtol=1e-4),
    Case("Lu", lu_use, (STACK, RHSS), rtol=1e-4, atol=1e-5,
         refused=(((SINGULAR, floats(2, 1)), "InvalidArgumentError", "not invertible"),
                  ((TALL, RHS), "InvalidArgumentError", "must be square"))),
    Case("RilletInvertRows", lu_again, (STACK,), rtol=1e-4, golden=True),
)
FUNCTIONS = (
    Case("MatrixDeterminant", lambda tf, x: tf.linalg.det(x), (STACK,),
         refused=(NOT_SQUARE, WHOLE)),
    # Of a complex determinant TensorFlow's gradient lacks a conjugate.
    Case("MatrixDeterminant", lambda tf, x: tf.linalg.det(x), (Z,), name="complex",
         grad=()),
    Case("LogMatrixDeterminant", lambda tf, x: list(tf.linalg.slogdet(x)), (STACK,),
         refused=(NOT_SQUARE,)),
    Case("RilletMatrixExponential", lambda tf, x: tf.linalg.expm(x), (STACK,),
         rtol=1e-4, refused=(NOT_SQUARE, ((ints(2, 2),), "ValueError", "does not"))),
    Case("RilletMatrixExponential", lambda tf, x: tf.linalg.expm(x * 9), (STACK,),
         name="large", rtol=1e-2, order=0),
    Case("MatrixLogarithm", lambda tf, x: tf.linalg.logm(x), (Z,), order=0, rtol=1e-4,
         refused=(WHOLE, ((floats(2, 2),), "InvalidArgumentError", "of float32 is"))),
    Case("MatrixSquareRoot", root, (SQUARE,), rtol=1e-4, refused=()),
    Case("MatrixSquareRoot", lambda tf, x: tf.linalg.sqrtm(x), (Z,), name="complex",
         grad=(), rtol=1e-4, refused=(NOT_SQUARE,)),
)
NORMS = (
    norm("euclidean"), norm("axis", axis=1, keepdims=True), norm("one", ord=1, axis=-1),
    norm("inf", ord=np.inf, axis=0), norm("cubes", ord=3, axis=1),
    norm("fro", ord="fro", axis=(0, 2)), norm("matrix 1", ord=1, axis=(2, 0)),
    norm("matrix inf", ord=np.inf, axis=(0, 1), keepdims=True),
    Case("Svd", lambda tf, x: tf.norm(x, 2, (0, 2)), (floats(2, 3, 4),), rtol=1e-4,
         name="spectral norm"),
    Case("Sum", lambda tf, x: list(tf.linalg.normalize(x, axis=1)), (TALL,),
         name="normalize"),
)
CASES = (*DIAGONALS, *EQUATIONS, *DECOMPOSITIONS, *FUNCTIONS, *NORMS)
