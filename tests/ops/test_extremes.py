"""Maximum and minimum against a number, and relu, in one block and in many."""

import numpy as np
import pytest

import rillet as tf

SIZES = [0, 1, 511, 512, 32768, 32769, 200_001]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.float16])
def test_against_a_number(size, dtype):
    rng = np.random.default_rng(size)
    x = (rng.standard_normal(size) * 10).astype(dtype)
    if size and dtype is not np.int32:
        x[:3] = [np.nan, np.inf, -np.inf][: x[:3].size]
    two = dtype(2)
    t = tf.constant(x)
    for got, want in (
        (tf.maximum(t, two), np.maximum(x, two)),
        (tf.maximum(two, t), np.maximum(two, x)),
        (tf.minimum(t, two), np.minimum(x, two)),
        (tf.nn.relu(t), np.maximum(x, dtype(0))),
    ):
        np.testing.assert_array_equal(got.numpy(), want)
        assert got.dtype == t.dtype


@pytest.mark.parametrize("shape", [(300, 7), (5, 60, 11), (1, 2000)])
def test_shapes_are_kept(shape):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    assert tf.maximum(tf.constant(x), 0.5).shape == shape
    turned = tf.nn.relu(tf.transpose(tf.constant(x)))
    np.testing.assert_array_equal(turned.numpy(), np.maximum(x.T, 0))
