"""Linear algebra beyond the table of cases: edges, relations, iterative methods.

Outcomes at the edges (singular, empty, NaN) are TensorFlow 2.21's, noted from runs of
the same calls.
"""

import numpy as np
import pytest

import rillet as tf

RNG = np.random.default_rng(3)
X = RNG.standard_normal((4, 4))
SPD = X @ X.T + np.eye(4)
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def test_cholesky_of_an_indefinite_matrix_is_nan_in_the_lower_triangle():
    pair = tf.linalg.cholesky(np.stack([np.eye(2), -np.eye(2)])).numpy()
    np.testing.assert_array_equal(pair[0], np.eye(2))
    assert np.isnan(pair[1][np.tri(2, dtype=bool)]).all()
    assert pair[1][0, 1] == 0


def test_triangular_solve_of_a_singular_matrix_divides_by_zero():
    found = tf.linalg.triangular_solve(np.zeros((2, 2)), [[1.0], [2.0]]).numpy()
    assert np.isinf(found[0, 0])
    assert np.isnan(found[1, 0])


@pytest.mark.parametrize("kind", ["float32", "float64", "complex64", "complex128"])
def test_square_root_and_logarithm_are_undone(kind):
    a = tf.cast(SPD, kind)
    root = tf.linalg.sqrtm(a)
    rtol = 1e-4 if "32" in kind or "64" == kind[-2:] and "c" in kind else 1e-10
    np.testing.assert_allclose(tf.matmul(root, root).numpy(), SPD, rtol=rtol, atol=rtol)
    log = tf.linalg.logm(tf.cast(SPD, "complex128"))
    np.testing.assert_allclose(tf.linalg.expm(log).numpy(), SPD, rtol=1e-10)


def test_square_root_of_a_real_matrix_without_one_is_nan():
    assert np.isnan(tf.linalg.sqrtm([[-2.0, 1.0], [1.0, -3.0]]).numpy()).all()


def test_logarithm_of_a_singular_matrix_is_nan():
    assert np.isnan(tf.linalg.logm(np.zeros((2, 2), np.complex64)).numpy()).all()


def test_exponential_of_a_defective_matrix_is_a_polynomial():
    n = np.diag([1.0, 1.0], 1)
    want = np.eye(3) + n + n @ n / 2
    np.testing.assert_allclose(tf.linalg.expm(n).numpy(), want, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (tf.linalg.inv, [(0, 0)]),
        (tf.linalg.det, [(2,)]),
        (tf.linalg.cholesky, [(0, 0)]),
        (tf.linalg.expm, [(0, 0)]),
        (tf.linalg.svd, [(0,), (0, 0), (3, 0)]),
        (tf.linalg.qr, [(0, 0), (0, 3)]),
    ],
)
def test_empty_matrices(call, shapes):
    given = np.zeros({tf.linalg.svd: (0, 3), tf.linalg.qr: (0, 3)}.get(call, (0, 0)))
    if call is tf.linalg.det:
        given = np.zeros((2, 0, 0))
        np.testing.assert_array_equal(call(given).numpy(), [1.0, 1.0])
    found = call(given)
    found = found if isinstance(found, tuple) else (found,)
    assert [tuple(x.shape) for x in found] == shapes


def test_nan_flows_through_singular_values():
    values = tf.linalg.svd(np.full((2, 2), np.nan), compute_uv=False).numpy()
    assert np.isnan(values).all()


def test_results_have_names():
    assert tf.linalg.qr(X)._fields == ("q", "r")
    assert tf.linalg.lu(X)._fields == ("lu", "p")
    assert tf.linalg.slogdet(X)._fields == ("sign", "log_abs_determinant")


def test_lu_rebuilds_the_matrix():
    packed, order = tf.linalg.lu(X, output_idx_type=tf.int64)
    assert order.dtype == tf.int64
    np.testing.assert_allclose(
        tf.linalg.lu_reconstruct(packed, order).numpy(), X, atol=1e-12
    )


@pytest.mark.parametrize(
    ("select", "select_range", "want"),
    [
        ("a", None, [0.78868248, 2.145189, 3.06612852]),
        ("i", (0, 1), [0.78868248, 2.145189]),
        ("v", (1.0, 2.5), [2.145189]),
    ],
)
def test_eigenvalues_of_tridiagonal_matrices(select, select_range, want):
    found = tf.linalg.eigh_tridiagonal(
        np.array([1.0, 2.0, 3.0]),
        np.array([0.5, 0.25]),
        select=select,
        select_range=select_range,
    )
    np.testing.assert_allclose(found.numpy(), want, rtol=1e-7)


@pytest.mark.parametrize(
    ("kind", "error", "text", "options"),
    [
        ("select", ValueError, "'select' must have a value", {"select": "x"}),
        ("range", ValueError, "must have 2 elements", {"select": "i"}),
        ("empty", tf.errors.InvalidArgumentError, "empty index range",
         {"select": "i", "select_range": (2, 1)}),
        ("interval", tf.errors.InvalidArgumentError, "empty interval",
         {"select": "v", "select_range": (2.0, 1.0)}),
    ],
)  # fmt: skip
def test_eigh_tridiagonal_refuses(kind, error, text, options):
    with pytest.raises(error, match=text):
        tf.linalg.eigh_tridiagonal([1.0, 2.0, 3.0], [0.5, 0.25], **options)


class Operator:
    """A matrix as something that multiplies vectors."""

    def __init__(self, matrix):
        self.matrix = tf.constant(matrix)

    def matvec(self, x):
        return tf.linalg.matvec(self.matrix, x)


def test_conjugate_gradients_solve_in_as_many_steps_as_rows():
    solve = tf.linalg.experimental.conjugate_gradient
    b = RNG.standard_normal((3, 4))
    state = solve(Operator(SPD), b, tol=1e-12, max_iter=8)
    np.testing.assert_allclose(state.x.numpy(), np.linalg.solve(SPD, b.T).T, rtol=1e-6)
    assert int(state.i) <= 8
    assert tuple(state.gamma.shape) == (3,)
    one = solve(Operator(np.array([[4.0, 1.0], [1.0, 3.0]])), np.array([1.0, 2.0]))
    assert int(one.i) == 2
    np.testing.assert_allclose(one.x.numpy(), [1 / 11, 7 / 11])


def test_conjugate_gradients_take_a_preconditioner():
    exact = Operator(np.linalg.inv(SPD))
    b = np.arange(4.0)
    state = tf.linalg.experimental.conjugate_gradient(
        Operator(SPD), b, preconditioner=exact
    )
    assert int(state.i) == 1


@pytest.mark.parametrize(
    ("order", "axis", "text"),
    [
        ("fro", None, "supported vector norm"),
        (-1, 0, "supported vector norm"),
        (0, None, "supported vector norm"),
        ("nuc", (0, 1), "supported matrix norm"),
        (3, (0, 1), "supported matrix norm"),
        (2, (0, 0), "tuple of 2 unique integers"),
        (2, (0, 1, 2), "tuple of 2 unique integers"),
        (2, (), "tuple of 2 unique integers"),
        (2, 1.0, "tuple of 2 unique integers"),
    ],
)
def test_norm_refuses(order, axis, text):
    with pytest.raises(ValueError, match=text):
        tf.norm([[1.0, 2.0]], order, axis)


@pytest.mark.parametrize(
    ("equation", "inputs", "text"),
    [
        ("ij->ij->", 1, "incorrect format"),
        ("i1->i", 1, "incorrect format"),
        ("..ij->ij", 1, "incorrect format"),
        ("ij,jk->ik", 1, "Got 1 inputs"),
        ("ij->ik", 1, "label k not present"),
        ("i->ii", 1, "appearing more than once"),
    ],
)
def test_einsum_refuses(equation, inputs, text):
    with pytest.raises(ValueError, match=text):
        tf.einsum(equation, *[tf.ones([2, 2])] * inputs)


def test_einsum_refuses_unknown_options_and_paths():
    two = [tf.ones([2, 2])] * 3
    with pytest.raises(TypeError, match="Invalid keyword arguments for einsum: order"):
        tf.einsum("ij,jk,kl->il", *two, order="x")
    with pytest.raises(ValueError, match="optimize must be"):
        tf.einsum("ij,jk,kl->il", *two, optimize="x")


@pytest.mark.parametrize("optimize", ["greedy", "optimal", "branch-2", "auto"])
def test_einsum_orders_products_of_many(optimize):
    arrays = [RNG.standard_normal(s) for s in ((2, 3), (3, 4), (4, 5), (5, 2))]
    want = np.linalg.multi_dot(arrays)
    found = tf.einsum("ab,bc,cd,de->ae", *arrays, optimize=optimize)
    np.testing.assert_allclose(found.numpy(), want, rtol=1e-12)


def test_singular_matrices_are_refused():
    for call in (tf.linalg.inv, tf.linalg.lu):
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not invertible"):
            call(SINGULAR)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not invertible"):
        tf.linalg.solve(SINGULAR, [[1.0], [2.0]])


def test_gradients_that_are_not_defined_say_so():
    x = tf.constant(RNG.standard_normal((5, 3)))
    for call in (tf.linalg.qr, tf.linalg.svd):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call(x, full_matrices=True)[1]
        with pytest.raises(NotImplementedError, match="Use full_matrices=False"):
            tape.gradient(y, x)


def test_tridiagonal_pivot_of_zero():
    zero, b = np.zeros((3, 3)), np.ones((3, 1))
    assert np.isnan(tf.linalg.tridiagonal_solve(zero, b).numpy()).all()
    with pytest.raises(ValueError, match="partial_pivoting must be True"):
        tf.linalg.tridiagonal_solve(
            zero, b, partial_pivoting=False, perturb_singular=True
        )
    with pytest.raises(ValueError, match="Unrecognized diagonals_format: x"):
        tf.linalg.tridiagonal_matmul(zero, b, diagonals_format="x")


def test_ctc_loss_has_no_second_derivative():
    logits = tf.constant(RNG.standard_normal((3, 1, 4)))
    with tf.GradientTape() as outer:
        outer.watch(logits)
        with tf.GradientTape() as inner:
            inner.watch(logits)
            loss = tf.nn.ctc_loss([[1]], logits, [1], [3])
        slope = tf.reduce_sum(inner.gradient(loss, logits) ** 2)
    with pytest.raises(LookupError, match="explicitly disabled"):
        outer.gradient(slope, logits)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(1.0, r"in the range \[0, 1\)"), (-1, r"in the range"), ("a", "scalar tensor"),
     (np.array([0.5], np.float32), "must have rank 0"),
     (np.array(0.5), "must be compatible with `rate.dtype`")],
)  # fmt: skip
def test_dropout_refuses(rate, text):
    with pytest.raises(ValueError, match=text):
        tf.nn.dropout(tf.ones([3]), rate)


def test_dropout_of_rate_0_is_the_tensor_itself():
    x = tf.ones([3])
    assert tf.nn.dropout(x, 0) is x


def test_general_dropout_asks_the_caller_for_numbers():
    x = tf.constant([1.0, 2.0])
    found = tf.nn.experimental.general_dropout(
        x, 0.5, lambda shape, dtype: tf.constant([0.4, 0.6], dtype)
    )
    np.testing.assert_array_equal(found.numpy(), [0.0, 4.0])
