"""Keys of tensors and variables: what they take, what they refuse, what they share.

Error classes and the quoted parts of their text are those of TensorFlow 2.21.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import rillet as tf

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
VALID = "Only integers, slices"
INVALID = tf.errors.InvalidArgumentError

SAME_AS_NUMPY = [
    1,
    -2,
    (0, 1),
    (0, 1, 2),
    slice(None),
    slice(0, 1),
    slice(-1, None),
    slice(None, None, -1),
    slice(5, 9),
    (slice(None), slice(2, 0, -1)),
    (Ellipsis, 0),
    (0, Ellipsis),
    (Ellipsis,),
    (),
    None,
    (None, 0, None),
    (slice(None), None),
    (Ellipsis, None, 1),
    np.int64(1),
    (np.int32(0), np.uint8(1)),
]


@pytest.mark.parametrize("key", SAME_AS_NUMPY, ids=str)
def test_basic_keys_are_numpy_keys(key: Any) -> None:
    np.testing.assert_array_equal(tf.constant(X)[key].numpy(), X[key])
    np.testing.assert_array_equal(tf.Variable(X)[key].numpy(), X[key])


def test_a_list_is_several_positions() -> None:
    np.testing.assert_array_equal(tf.constant(X)[[0, 1]].numpy(), X[0, 1])


def test_tensors_and_variables_are_indices() -> None:
    x = tf.constant(X)
    one = tf.constant(1)
    np.testing.assert_array_equal(x[one].numpy(), X[1])
    np.testing.assert_array_equal(x[tf.Variable(1)].numpy(), X[1])
    np.testing.assert_array_equal(x[:one, one:].numpy(), X[:1, 1:])
    np.testing.assert_array_equal(x[tf.constant(0, tf.int64), one].numpy(), X[0, 1])


@pytest.mark.parametrize("mask", [X > 7, X[..., 0] > 4, np.array([False, True])])
def test_boolean_masks_choose(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(tf.constant(X)[mask].numpy(), X[mask])
    np.testing.assert_array_equal(tf.constant(X)[tf.constant(mask)].numpy(), X[mask])


REFUSED = [
    (2, INVALID, "slice index 2 of dimension 0 out of bounds"),
    (-3, INVALID, "slice index -3 of dimension 0 out of bounds"),
    ((0, 0, 4), INVALID, "slice index 4 of dimension 2 out of bounds"),
    ((0, 0, 0, 0), INVALID, "input has only 3 dims"),
    ((Ellipsis, Ellipsis), INVALID, "Multiple ellipses"),
    (slice(None, None, 0), INVALID, r"strides\[0\] must be non-zero"),
    (2**70, INVALID, "out of bounds"),
    (0.0, TypeError, VALID),
    ("a", TypeError, VALID),
    ({1}, TypeError, VALID),
    (range(2), TypeError, VALID),
    ((0, (1,)), TypeError, VALID),
    (slice(0.0, 1), TypeError, VALID),
    (np.array([0, 1]), TypeError, VALID),
    ((X > 2, 0), TypeError, VALID),
    (True, ValueError, "mask cannot be scalar"),
    ([True, False], INVALID, "bool is not in the list of allowed values"),
    (np.array([True, False, True]), ValueError, "are incompatible"),
]


@pytest.mark.parametrize(("key", "kind", "text"), REFUSED, ids=lambda v: str(v)[:30])
def test_refused_keys(key: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        tf.constant(X)[key]
    with pytest.raises(kind, match=text):
        tf.Variable(X)[key]


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (tf.constant([0, 1]), VALID),
        (tf.constant(0.0), VALID),
        (tf.constant(0, tf.uint8), VALID),
    ],
    ids=["vector", "float", "uint8"],
)
def test_refused_tensors(index: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        tf.constant(X)[index]


def test_a_scalar_has_no_elements() -> None:
    with pytest.raises(INVALID, match="Attempting to slice scalar input"):
        tf.constant(1.0)[0]
    assert tf.constant(1.0)[...].numpy() == 1.0


def test_strings_stay_strings() -> None:
    assert tf.constant(["a", "b"])[1].numpy() == b"b"


def test_gradients_flow_through_keys_of_variables() -> None:
    v = tf.Variable(X)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(v[0, 1:, ::2] ** 2) + 3 * v[1, 0, 0]
    want = np.zeros_like(X)
    want[0, 1:, ::2] = 2 * X[0, 1:, ::2]
    want[1, 0, 0] = 3
    np.testing.assert_array_equal(tape.gradient(y, v).numpy(), want)


def test_slices_of_variables_assign() -> None:
    v = tf.Variable(X)
    before = v[0]
    whole = v.read_value()
    v[0, 1].assign([9.0, 8.0, 7.0, 6.0])
    v[1, :, 0].assign(5.0)
    v[1, 2, 1:3].assign_add([1.0, 1.0])
    want = X.copy()
    want[0, 1] = [9, 8, 7, 6]
    want[1, :, 0] = 5
    want[1, 2, 1:3] += 1
    np.testing.assert_array_equal(v.numpy(), want)
    np.testing.assert_array_equal(before.numpy(), X[0])
    np.testing.assert_array_equal(whole.numpy(), X)


SLICE_REFUSALS = [
    (np.zeros(3, np.float32), INVALID, r"Cannot broadcast input shape \[3\]"),
    (np.zeros((2, 4), np.float32), INVALID, r"input shape \[2, 4\]"),
    (tf.zeros(4, tf.float64), ValueError, "requested dtype float32"),
    (tf.zeros(4, tf.int32), ValueError, "requested dtype float32"),
]


@pytest.mark.parametrize(("value", "kind", "text"), SLICE_REFUSALS)
def test_refused_slice_values_leave_the_variable(
    value: Any, kind: type[Exception], text: str
) -> None:
    v = tf.Variable(X)
    with pytest.raises(kind, match=text):
        v[0, 1].assign(value)
    np.testing.assert_array_equal(v.numpy(), X)


def test_tensors_do_not_assign() -> None:
    with pytest.raises(AttributeError, match="assign"):
        tf.constant(X)[0].assign(1.0)
    with pytest.raises(AttributeError, match="assign"):
        tf.Variable(X)[X > 2].assign(1.0)


def test_a_small_slice_does_not_keep_a_large_tensor_alive() -> None:
    x = tf.constant(np.zeros((1000, 10), np.float32))
    array = weakref.ref(x._array)
    small, large = x[:3], x[:900]
    del x
    gc.collect()
    assert array() is not None, "the large slice is a view"
    del large
    gc.collect()
    assert array() is None
    assert small.shape == (3, 10)


def test_strided_slice_assigns_through_its_variable() -> None:
    v = tf.Variable([1, 2, 3, 4])
    tf.strided_slice(v, [1], [3], var=v).assign([8, 9])
    assert v.numpy().tolist() == [1, 8, 9, 4]
