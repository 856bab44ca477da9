"""First steps: tensors, variables, shapes, slices, as a course begins."""

import numpy as np
import pytest

import rillet as tf

RANKS = {
    "a number": (12, 0, ()),
    "a vector": ([12, 3, 6, 14, 7], 1, (5,)),
    "a matrix": ([[5, 78, 2, 34, 0], [6, 79, 3, 35, 1], [7, 80, 4, 36, 2]], 2, (3, 5)),
    "a picture": (np.zeros((25, 39, 3)), 3, (25, 39, 3)),
    "some pictures": (np.zeros((2, 32, 32, 3), np.uint8), 4, (2, 32, 32, 3)),
    "some films": (np.zeros((2, 4, 9, 16, 3), np.uint8), 5, (2, 4, 9, 16, 3)),
}


@pytest.mark.parametrize(("value", "rank", "shape"), RANKS.values(), ids=RANKS)
def test_ranks_and_shapes(value, rank, shape):
    tensor = tf.constant(value)
    assert tensor.ndim == len(tensor.shape) == rank
    assert int(tf.rank(tensor)) == rank
    assert tensor.shape == shape
    assert int(tf.size(tensor)) == np.prod(shape, dtype=int)


def test_arithmetic_keeps_the_type():
    vector = tf.convert_to_tensor([1, 2, 3, 4])
    assert (vector.shape, vector.dtype) == ((4,), tf.int32)
    assert (2 * vector + 1).numpy().tolist() == [3, 5, 7, 9]
    assert (5 * tf.constant([1.0, 0.5])).dtype is tf.float32


PRINTED = {
    "vector": (
        lambda: 2 * tf.constant([1, 2, 3, 4]) + 1,
        "<tf.Tensor: shape=(4,), dtype=int32, numpy=array([3, 5, 7, 9], dtype=int32)>",
    ),
    "sum": (
        lambda: tf.reduce_sum(tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])),
        "<tf.Tensor: shape=(), dtype=float32, numpy=21.0>",
    ),
    "matrix": (
        lambda: tf.constant([[1.0, 2.0], [3.0, 4.0]]) * 2,
        "<tf.Tensor: shape=(2, 2), dtype=float32, numpy=\n"
        "array([[2., 4.],\n       [6., 8.]], dtype=float32)>",
    ),
    "variable": (
        lambda: tf.Variable([[1, 1], [4, 4]]),
        "<tf.Variable 'Variable:0' shape=(2, 2) dtype=int32, numpy=\n"
        "array([[1, 1],\n       [4, 4]], dtype=int32)>",
    ),
    "assignment": (
        lambda: tf.Variable([0.0, 0.0, 0.0]).assign([1, 2, 3]),
        "<tf.Variable 'UnreadVariable' shape=(3,) dtype=float32,"
        " numpy=array([1., 2., 3.], dtype=float32)>",
    ),
    "shape": (lambda: tf.zeros([60, 28]).shape, "TensorShape([60, 28])"),
    "type": (lambda: tf.constant(1).dtype, "tf.int32"),
}


@pytest.mark.parametrize(("make", "text"), PRINTED.values(), ids=PRINTED)
def test_what_is_printed(make, text):
    assert repr(make()) == text


def test_print_and_format():
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert str(x) == (
        "tf.Tensor(\n[[1. 2. 3.]\n [4. 5. 6.]], shape=(2, 3), dtype=float32)"
    )
    assert f"{tf.constant(0.8515625)} {tf.constant(2.5):.2f}" == "0.8515625 2.50"


def test_a_tensor_stays_a_variable_changes():
    rows = tf.constant([[1, 1, 1], [4, 4, 4]])
    step = tf.constant([1, 2, 3])
    with pytest.raises(TypeError, match="does not support item assignment"):
        rows[0, :] += step
    matrix = tf.Variable(rows)
    total = matrix + step
    assert matrix.numpy().tolist() == [[1, 1, 1], [4, 4, 4]]
    matrix.assign(total)
    assert matrix.numpy().tolist() == [[2, 3, 4], [5, 6, 7]]
    before = matrix.read_value()
    matrix[1].assign([0, 0, 0])
    assert matrix.numpy().tolist() == [[2, 3, 4], [0, 0, 0]]
    assert before.numpy().tolist() == [[2, 3, 4], [5, 6, 7]]


def test_slices_of_pictures():
    pictures = tf.reshape(tf.range(20 * 28 * 28), (20, 28, 28))
    assert pictures[5:15].shape == (10, 28, 28)
    assert pictures[:, 14:, 14:].shape == (20, 14, 14)
    assert pictures[:, 7:-7, 7:-7].shape == (20, 14, 14)
    batch = 3
    assert int(pictures[4 * batch : 4 * (batch + 1)][0, 0, 0]) == 12 * 28 * 28
    assert pictures[3, :, tf.newaxis].shape == (28, 1, 28)


def test_a_range_of_steps_below_one():
    # Summed in float64 step by step, the values would drift by less than this.
    steps = tf.range(1.0, 5.0, 0.1)
    assert (steps.shape, steps.dtype) == ((40,), tf.float32)
    np.testing.assert_allclose(steps, 1 + np.arange(40) / 10, atol=3e-6)


def test_between_numpy_and_tensors():
    array = np.array([[180, 90]])
    tensor = tf.convert_to_tensor(array)
    assert tensor.dtype == tf.as_dtype(array.dtype)
    back = tensor.numpy()
    back[0, 0] = 0
    assert tensor.numpy().tolist() == array.tolist() == [[180, 90]]
    for mixed in (array + tensor, tensor * array, 2 - tensor):
        assert isinstance(mixed, tf.Tensor)
    assert np.maximum(tensor, 100).tolist() == [[180, 100]]


def test_devices_are_told_honestly():
    assert [d.device_type for d in tf.config.list_physical_devices()] == ["CPU"]
    assert tf.config.list_physical_devices("GPU") == []
