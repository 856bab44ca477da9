"""`tf.test.compute_gradient`: shapes and values of both Jacobians."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

X = tf.constant([1.0, 2.0])
Z = tf.constant([1 + 1j, 2.0], tf.complex64)

# The derivative of z² at 1+i is 2+2i, a rotation and stretch of the plane.
TABLE = [
    (lambda x: x * x, [X], [[[2, 0], [0, 4]]]),
    (lambda x, y: tf.reduce_sum(x * y), [X, [[3.0, 4.0]]], [[[3, 4]], [[1, 2]]]),
    (lambda z: z * z, [Z], [[[2, -2, 0, 0], [2, 2, 0, 0], [0, 0, 4, 0], [0, 0, 0, 4]]]),
    (lambda x: tf.complex(x, x), [X], [[[1, 0], [1, 0], [0, 1], [0, 1]]]),
    (lambda x: tf.gather(x, [0]), [X], [[[1, 0]]]),
    (lambda x: x * x, [tf.zeros([0, 2])], [np.zeros((0, 0))]),
    (lambda x: x * x, [tf.constant([1.0, 2.0], tf.bfloat16)], [[[2, 0], [0, 4]]]),
    (lambda x: x * x, [tf.constant([1.0, 2.0], tf.float16)], [[[2, 0], [0, 4]]]),
]


@pytest.mark.parametrize(("f", "x", "want"), TABLE)
def test_both_jacobians(f, x, want) -> None:
    by_tape, by_differences = tf.test.compute_gradient(f, x)
    # bfloat16 keeps 8 bits: a difference over 1/8 of values near 1 is off by 1/32
    for have, near, exact in zip(by_tape, by_differences, want, strict=True):
        np.testing.assert_array_equal(have.astype(np.float64), exact)
        np.testing.assert_allclose(near.astype(np.float64), exact, atol=0.05)


def test_they_differ_where_the_gradient_is_stopped() -> None:
    by_tape, by_differences = tf.test.compute_gradient(tf.stop_gradient, [X])
    assert not by_tape[0].any() and by_differences[0].tolist() == [[1, 0], [0, 1]]


def test_refusals() -> None:
    with pytest.raises(ValueError, match="must be a list or tuple"):
        tf.test.compute_gradient(tf.square, X)
    with pytest.raises(TypeError, match="unsupported type int32 of argument 0"):
        tf.test.compute_gradient(tf.square, [tf.constant([1])])
    with pytest.raises(ValueError, match="floating or complex"):
        tf.test.compute_gradient(lambda x: x > 0, [X])
