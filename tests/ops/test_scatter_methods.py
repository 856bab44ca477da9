"""Variables' scatter methods: values by formula, refusals in TensorFlow's classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

START = [1.0, 2.0, 3.0]
ROWS = [
    ("scatter_add", [6.5, 2.0, 3.0]),
    ("scatter_sub", [-4.5, 2.0, 3.0]),
    ("scatter_update", [0.5, 2.0, 3.0]),
    ("scatter_min", [0.5, 2.0, 3.0]),
    ("scatter_max", [5.0, 2.0, 3.0]),
    ("scatter_mul", [2.5, 2.0, 3.0]),
    ("scatter_div", [0.4, 2.0, 3.0]),
]


def slices(values: Any, indices: Any) -> Any:
    return tf.IndexedSlices(tf.constant(values), tf.constant(indices))


@pytest.mark.parametrize(("method", "want"), ROWS)
def test_a_place_named_twice_is_written_twice(method: str, want: list[float]) -> None:
    v = tf.Variable(START)
    before = v.read_value()
    result = getattr(v, method)(slices([5.0, 0.5], [0, 0]))
    np.testing.assert_allclose(v.numpy(), want, rtol=1e-6)
    np.testing.assert_allclose(result.numpy(), want, rtol=1e-6)
    assert before.numpy().tolist() == START


@pytest.mark.parametrize("method", [m for m, _ in ROWS])
def test_refusals_leave_the_variable(method: str) -> None:
    v = tf.Variable(START)
    scatter = getattr(v, method)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"= 7 is not in \[0, 3\)"):
        scatter(slices([5.0], [7]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="= -1 is not in"):
        scatter(slices([5.0], [-1]))
    with pytest.raises(tf.errors.InvalidArgumentError):
        scatter(slices([5.0, 6.0], [0]))
    with pytest.raises(TypeError, match="must be a `tf.IndexedSlices`"):
        scatter([1.0])
    with pytest.raises(ValueError, match="requested dtype float32"):
        scatter(slices([5], [0]))
    assert v.numpy().tolist() == START


def test_integers_divide_towards_zero() -> None:
    v = tf.Variable([7, -7])
    v.scatter_div(slices([2, 2], [0, 1]))
    assert v.numpy().tolist() == [3, -3]


def test_one_value_goes_to_every_place() -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    v.scatter_update(slices(9.0, [0, 2]))
    assert v.numpy().tolist() == [[9.0, 9.0], [3.0, 4.0], [9.0, 9.0]]


ND = [
    ("scatter_nd_add", [6.0, 2.0, 3.5]),
    ("scatter_nd_sub", [-4.0, 2.0, 2.5]),
    ("scatter_nd_update", [5.0, 2.0, 0.5]),
    ("scatter_nd_min", [1.0, 2.0, 0.5]),
    ("scatter_nd_max", [5.0, 2.0, 3.0]),
]


@pytest.mark.parametrize(("method", "want"), ND)
def test_elements_by_index(method: str, want: list[float]) -> None:
    v = tf.Variable(START)
    getattr(v, method)([[0], [2]], [5.0, 0.5])
    assert v.numpy().tolist() == want
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into"):
        getattr(v, method)([[9]], [5.0])


def test_reading_by_index() -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    assert v.gather_nd([[1, 0]]).numpy().tolist() == [3.0]
    assert v.sparse_read([1, 1]).numpy().tolist() == [[3.0, 4.0], [3.0, 4.0]]
    v.batch_scatter_update(slices([[9.0], [8.0]], [[1], [0]]))
    assert v.numpy().tolist() == [[1.0, 9.0], [8.0, 4.0]]


def test_gathered_rows_have_sparse_gradients() -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.gather(v, [2, 0, 2]) ** 2)
    g = tape.gradient(y, v)
    assert isinstance(g, tf.IndexedSlices)
    assert g.indices.numpy().tolist() == [2, 0, 2]
    assert g.dense_shape.numpy().tolist() == [3, 2]
    dense = tf.convert_to_tensor(g)
    assert dense.numpy().tolist() == [[2.0, 4.0], [0.0, 0.0], [20.0, 24.0]]


def test_slices_without_a_shape_do_not_become_dense() -> None:
    with pytest.raises(ValueError, match="dense_shape"):
        tf.convert_to_tensor(slices([1.0], [0]))


IMPOSSIBLE = [
    (lambda shape: tf.zeros(shape)),
    (lambda shape: tf.ones(shape)),
    (lambda shape: tf.fill(shape, 1.0)),
]


@pytest.mark.parametrize("make", IMPOSSIBLE, ids=["zeros", "ones", "fill"])
def test_impossible_sizes(make: Any) -> None:
    with pytest.raises(tf.errors.ResourceExhaustedError, match="memory"):
        make([2**40, 2**10])
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 2\\*\\*63 - 1"):
        make([2**40, 2**40])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Dimension -1 must be >= 0"
    ):
        make([-1])
