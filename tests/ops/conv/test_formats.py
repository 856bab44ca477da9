"""Channels first against channels last, and arguments in all their forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import floats

import rillet as tf

FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}


def first(x: Any) -> Any:
    return np.ascontiguousarray(np.moveaxis(np.asarray(x), -1, 1))


def with_gradients(function: Any, *arrays: np.ndarray) -> list[np.ndarray]:
    """The result and the gradients of a sum weighted by position."""
    xs = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = function(*xs)
        total = tf.reduce_sum(y * y)
    return [y.numpy(), *(g.numpy() for g in tape.gradient(total, xs))]


CONVOLUTIONS: list[tuple[str, int, tuple[int, ...], dict[str, Any]]] = [
    ("conv1d", 1, (3, 4, 5), {"stride": 2, "padding": "SAME"}),
    ("conv2d", 2, (3, 2, 4, 5), {"strides": 2, "padding": "SAME"}),
    ("conv2d", 2, (3, 2, 2, 6), {"strides": 1, "padding": "VALID", "dilations": 2}),
    ("conv3d", 3, (2, 2, 2, 4, 5), {"strides": [1] * 5, "padding": "SAME"}),
    ("convolution", 2, (3, 2, 4, 5), {"padding": "SAME"}),
    ("depthwise_conv2d", 2, (3, 2, 4, 2), {"strides": [1] * 4, "padding": "SAME"}),
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda case: case[0])
def test_convolutions(case: Any) -> None:
    name, axes, filters, options = case
    function = getattr(tf.nn, name)
    x, w = floats(2, *(7, 6, 5)[:axes], 4), floats(*filters, seed=1)
    last, channels_first = FORMATS[axes]
    want = with_gradients(
        lambda x, w: function(x, w, data_format=last, **options), x, w
    )
    got = with_gradients(
        lambda x, w: function(x, w, data_format=channels_first, **options), first(x), w
    )
    for a, b in zip(got, [first(want[0]), first(want[1]), want[2]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_transposed_convolutions(axes: int) -> None:
    function = getattr(tf.nn, f"conv{axes}d_transpose")
    space = (4, 3, 2)[:axes]
    x, w = floats(2, *space, 4), floats(*(3, 2, 2)[:axes], 5, 4, seed=1)
    big = [2 * size for size in space]
    last, channels_first = FORMATS[axes]
    want = with_gradients(
        lambda x, w: function(x, w, [2, *big, 5], 2, data_format=last), x, w
    )
    got = with_gradients(
        lambda x, w: function(x, w, [2, 5, *big], 2, data_format=channels_first),
        first(x), w,
    )  # fmt: skip
    for a, b in zip(got, [first(want[0]), first(want[1]), want[2]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_pools(kind: str, axes: int) -> None:
    function = getattr(tf.nn, f"{kind}{axes}d")
    x = floats(2, *(7, 6, 5)[:axes], 4)
    last, channels_first = FORMATS[axes]
    want = with_gradients(lambda x: function(x, 3, 2, "SAME", last), x)
    got = with_gradients(lambda x: function(x, 3, 2, "SAME", channels_first), first(x))
    for a, b in zip(got, map(first, want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_explicit_padding_channels_first() -> None:
    x, w = floats(2, 5, 6, 4), floats(3, 2, 4, 5, seed=1)
    want = tf.nn.conv2d(x, w, 1, [[0, 0], [1, 2], [0, 1], [0, 0]])
    got = tf.nn.conv2d(first(x), w, 1, [[0, 0], [0, 0], [1, 2], [0, 1]], "NCHW")
    np.testing.assert_allclose(got.numpy(), first(want), rtol=1e-6)


def test_more_batch_axes() -> None:
    x, w = floats(2, 3, 5, 6, 4), floats(3, 2, 4, 5, seed=1)
    got = tf.nn.conv2d(x, w, 1, "SAME")
    assert got.shape == (2, 3, 5, 6, 5)
    want = tf.nn.conv2d(x[1], w, 1, "SAME")
    np.testing.assert_allclose(got.numpy()[1], want.numpy(), rtol=1e-6)
    assert tf.nn.conv1d(x[:, :, 0], floats(3, 4, 2), 1, "SAME").shape == (2, 3, 6, 2)


@pytest.mark.parametrize("strides", [2, [2], [2, 2], [1, 2, 2, 1], (2, 2), np.int64(2)])
def test_forms_of_strides(strides: Any) -> None:
    x, w = floats(2, 5, 6, 4), floats(3, 2, 4, 5, seed=1)
    want = tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME").numpy()
    np.testing.assert_array_equal(tf.nn.conv2d(x, w, strides, "SAME").numpy(), want)


def test_lists_take_the_type_of_the_other() -> None:
    y = tf.nn.conv2d(tf.ones([1, 1, 1, 1], tf.float64), [[[[2.0]]]], 1, "SAME")
    assert y.dtype == tf.float64 and y.numpy().item() == 2.0


def test_dilated_pool() -> None:
    x = floats(1, 7, 6, 2)
    got = tf.nn.pool(x, [2, 2], "AVG", dilations=[3, 2])
    want = (x[:, :4, :4] + x[:, 3:, :4] + x[:, :4, 2:] + x[:, 3:, 2:]) / 4
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-5, atol=1e-6)
    top = tf.nn.pool(x, [1, 3], "MAX", dilations=[1, 2])
    want = np.maximum(np.maximum(x[:, :, :2], x[:, :, 2:4]), x[:, :, 4:])
    np.testing.assert_array_equal(top.numpy(), want)


def test_integers_convolve_exactly() -> None:
    x = np.arange(2 * 4 * 4 * 2, dtype=np.int32).reshape(2, 4, 4, 2)
    w = np.arange(2 * 2 * 2 * 3, dtype=np.int32).reshape(2, 2, 2, 3)
    got = tf.nn.conv2d(x, w, 1, "VALID")
    want = tf.nn.conv2d(x.astype(np.float64), w.astype(np.float64), 1, "VALID")
    assert got.dtype == tf.int32
    np.testing.assert_array_equal(got.numpy(), want.numpy().astype(np.int32))
