"""Sparse tensors as values: what they show, refuse, and how they travel.

Expected values are TensorFlow 2.21's, seen when this was written; the numbers of
`tf.sparse`'s functions stand in the op cases.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

PLACES = [[0, 1], [1, 2], [2, 0]]


@pytest.fixture(name="x")
def _x() -> Any:
    return tf.SparseTensor(PLACES, [1.0, 2.0, 3.0], [3, 4])


def dense(x: Any) -> list[Any]:
    found: list[Any] = tf.sparse.to_dense(x).numpy().tolist()
    return found


def test_shows_its_components(x: Any) -> None:
    assert repr(x) == str(x)
    assert repr(x) == (
        "SparseTensor(indices=tf.Tensor(\n[[0 1]\n [1 2]\n [2 0]], shape=(3, 2),"
        " dtype=int64), values=tf.Tensor([1. 2. 3.], shape=(3,), dtype=float32),"
        " dense_shape=tf.Tensor([3 4], shape=(2,), dtype=int64))"
    )
    spec = tf.type_spec_from_value(x)
    assert repr(spec) == "SparseTensorSpec(TensorShape([3, 4]), tf.float32)"
    assert tf.SparseTensorSpec([3, None]).is_compatible_with(x)


REFUSED: dict[str, tuple[Any, str, str]] = {
    "counts": (lambda: tf.SparseTensor([[0, 1]], [1.0, 2.0], [3, 4]), "Va", "1 and 2"),
    "rank": (lambda: tf.SparseTensor([0], [1.0], [3]), "Va", "must have rank 2"),
    "sizes": (lambda: tf.SparseTensor([[0, 1]], [1.0], [3]), "Va", "2 and 1"),
    "places": (lambda: tf.SparseTensor([[0.5, 1]], [1.0], [3, 4]), "Ty", "int64"),
    "int32": (
        lambda: tf.SparseTensor(tf.constant([[0, 1]]), [1.0], [3, 4]),
        "Va",
        "Tensor conversion requested dtype int64 for Tensor with dtype int32",
    ),
    "outside": (
        lambda: dense(tf.SparseTensor([[0, 9]], [1.0], [3, 4])),
        "In",
        r"indices\[0\] = \[0,9\] is out of bounds",
    ),
    "order": (
        lambda: dense(tf.SparseTensor([[1, 0], [0, 9]], [1.0, 2.0], [3, 10])),
        "In",
        r"indices\[1\] = \[0,9\] is out of order.*tf.sparse.reorder",
    ),
    "twice": (
        lambda: dense(tf.SparseTensor([[1, 0], [1, 0]], [1.0, 2.0], [3, 10])),
        "In",
        r"indices\[1\] = \[1,0\] is repeated",
    ),
    "huge": (
        lambda: dense(tf.SparseTensor([[1, 0]], [1.0], [2**40, 2**21])),
        "Re",
        "memory",
    ),
    "dense": (lambda: tf.sparse.to_dense(tf.ones(3)), "Op", "must be a SparseTensor"),
    "split": (
        lambda: tf.sparse.split(tf.SparseTensor(PLACES, [1, 2, 3], [3, 4]), 9, 0),
        "In",
        "num_split",
    ),
    "reshape": (
        lambda: tf.sparse.reshape(tf.SparseTensor(PLACES, [1, 2, 3], [3, 4]), [5, 2]),
        "In",
        "12 dense values, but the requested shape has 10",
    ),
    "matmul": (
        lambda: tf.sparse.sparse_dense_matmul(
            tf.SparseTensor(PLACES, [1.0, 2, 3], [3, 4]), tf.ones([3, 4])
        ),
        "In",
        "inner dimension does not match",
    ),
    "add": (lambda: tf.sparse.add(tf.ones(2), tf.ones(2)), "Ty", "do you mean"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: str) -> None:
    call, kind, text = REFUSED[row]
    with pytest.raises(Exception, match=text) as caught:
        call()
    assert type(caught.value).__name__.startswith(kind)


def test_operators(x: Any) -> None:
    assert (x * 2).values.numpy().tolist() == [2, 4, 6]
    assert (x / tf.constant([1.0, 2, 4, 8])).values.numpy().tolist() == [0.5, 0.5, 3]
    assert (tf.ones([3, 4]) * x).values.numpy().tolist() == [1, 2, 3]
    for turn in (lambda: x + 1, lambda: -x, lambda: x * x, lambda: 2 * x):
        with pytest.raises(TypeError):
            turn()


def test_elements_alone(x: Any) -> None:
    assert tf.math.square(x).values.numpy().tolist() == [1, 4, 9]
    assert tf.sparse.map_values(tf.add, x, 5.0).values.numpy().tolist() == [6, 7, 8]
    assert tf.nn.relu(-1 * x.values).numpy().tolist() == [0, 0, 0]


@pytest.mark.parametrize("compiled", [None, False])
def test_functions_take_and_give_them(x: Any, compiled: bool | None) -> None:
    shapes = []

    @tf.function(jit_compile=compiled)
    def turned(y: Any) -> Any:
        shapes.append(y.shape.as_list())
        return tf.sparse.transpose(y), tf.sparse.to_dense(y)

    turned_x, whole = turned(x)
    assert dense(turned_x) == whole.numpy().T.tolist()
    concrete = turned.get_concrete_function(tf.SparseTensorSpec([None, 4]))
    assert concrete(x)[1].numpy().tolist() == whole.numpy().tolist()
    assert shapes == [[3, 4], [None, 4]]


def test_gradients_flow_to_elements(x: Any) -> None:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.sparse.to_dense(x) ** 2)
    found = tape.gradient(y, x)
    assert found.values.numpy().tolist() == [2, 4, 6]
    assert found.indices.numpy().tolist() == PLACES


def test_gradients_in_a_function() -> None:
    @tf.function
    def slope(v: Any, b: Any) -> Any:
        x = tf.SparseTensor(PLACES, v, [3, 4])
        with tf.GradientTape() as tape:
            tape.watch([v, b])
            y = tf.sparse.sparse_dense_matmul(x, b) ** 2
        return tape.gradient(y, [v, b])

    v, b = np.array([1.0, 2, 3]), np.arange(8.0).reshape(4, 2)
    dv, db = slope(tf.constant(v), tf.constant(b))
    a = np.zeros((3, 4))
    a[tuple(np.transpose(PLACES))] = v
    g = 2 * a.dot(b)
    rows, columns = np.transpose(PLACES)
    np.testing.assert_allclose(dv, (g[rows] * b[columns]).sum(1))
    np.testing.assert_allclose(db, a.T.dot(g))


def test_loops_carry_them(x: Any) -> None:
    @tf.function
    def doubled(y: Any, n: Any) -> Any:
        for _ in tf.range(n):
            y = y.with_values(y.values * 2.0)
        return y

    assert doubled(x, tf.constant(3)).values.numpy().tolist() == [8, 16, 24]


def test_huge_shapes_are_no_matter() -> None:
    far = 2**62
    x = tf.SparseTensor([[far, 1], [0, far]], [1, 2], [far + 1, far + 1])
    assert tf.sparse.reorder(x).values.numpy().tolist() == [2, 1]
    assert tf.sparse.add(x, x).values.numpy().tolist() == [4, 2]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
def test_nothing_at_all(shape: tuple[int, ...]) -> None:
    none = np.zeros((0, len(shape)), np.int64)
    x = tf.SparseTensor(none, np.zeros(0, np.float32), shape)
    assert tf.sparse.to_dense(x).shape == shape
    assert tf.sparse.reduce_sum(x).numpy() == 0
    assert tf.sparse.add(x, x).values.shape == (0,)
    assert tf.sparse.transpose(x).shape == shape[::-1]


def test_copies_of_rows() -> None:
    x = tf.sparse.from_dense([["a", ""], ["", "b"]])
    assert x.values.numpy().tolist() == [b"a", b"b"]
    assert tf.sparse.from_dense([True, False]).indices.numpy().tolist() == [[0]]
    eye = tf.sparse.eye(3, 2, tf.int32)
    assert dense(eye) == [[1, 0], [0, 1], [0, 0]]
    same = tf.sparse.reset_shape(eye, [4, 5])
    assert same.shape == [4, 5]
    with pytest.raises(ValueError, match="must hold the old one"):
        tf.sparse.reset_shape(eye, [1, 5])
    assert tf.sparse.expand_dims(eye, -2).shape == [3, 1, 2]
    ids = tf.SparseTensor([[0, 0], [1, 1]], tf.constant([2, 0], tf.int64), [2, 5])
    assert tf.sparse.to_indicator(ids, 3).numpy().tolist() == [
        [False, False, True],
        [True, False, False],
    ]
    kept = tf.sparse.retain(eye, [False, True])
    assert kept.indices.numpy().tolist() == [[1, 1]]
    rows = tf.IndexedSlices(tf.eye(3), [12, 26, 37])
    assert tf.sparse.mask(rows, [12, 45]).indices.numpy().tolist() == [26, 37]


def test_some_elements_of_a_product() -> None:
    """The numbers are TensorFlow's."""
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    places = [[0, 1], [1, 3]]
    args = ([1.0, 2.0], [2, 4], a, b)
    found = tf.sparse.sampled_addmm(places, *args, beta=2.0, alpha=0.5)
    assert found[1].numpy().tolist() == [13.5, 50]
    args = ([[1.0, 2.0]], [2, 4], a[None], b[None])
    assert tf.sparse.sampled_addmm([places], *args)[1].numpy().tolist() == [[24, 94]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not match output"):
        tf.sparse.sampled_addmm(places, [1.0, 2.0], [2, 5], a, b)


@pytest.mark.parametrize("traced", [False, True])
def test_maps_over_rows(x: Any, traced: bool) -> None:
    def sums(y: Any) -> Any:
        return tf.map_fn(
            lambda pair: tf.sparse.reduce_sum(pair[0]) + pair[1],
            (y, tf.constant([10.0, 20.0, 30.0])),
            fn_output_signature=tf.float32,
        )

    function = tf.function(sums) if traced else sums
    assert function(x).numpy().tolist() == [11, 22, 33]


@pytest.mark.parametrize(
    ("kind", "wide"), [("int32", "float64"), ("int64", "float64"), ("int8", "float32")]
)
def test_division_of_whole_numbers_is_true(kind: str, wide: str) -> None:
    x = tf.cast(tf.sparse.from_dense([[1, 2], [0, 3]]), kind)
    for found in (x / 2, x / tf.constant([2, 2], kind), tf.function(lambda: x / 2)()):
        assert found.dtype.name == wide
        assert found.values.numpy().tolist() == [0.5, 1.0, 1.5]
