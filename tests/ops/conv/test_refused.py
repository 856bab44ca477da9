"""What convolutions and pools refuse: TensorFlow's classes, the house's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

X, W = np.zeros((1, 5, 5, 4), np.float32), np.zeros((3, 3, 4, 8), np.float32)
UP = np.zeros((3, 3, 8, 4), np.float32)
ONES = [1, 1, 1, 1]
WRONG, LATER = tf.errors.InvalidArgumentError, tf.errors.UnimplementedError

REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda n: n.conv2d(X, W, 0, "SAME"), WRONG, "Stride must be > 0"),
    (lambda n: n.conv2d(X, W, 1, "same"), WRONG, 'Did you mean "SAME"'),
    (
        lambda n: n.conv2d(X, W, 1, "FOO"),
        WRONG,
        "'padding' of 'FOO' is not in the list",
    ),
    (lambda n: n.conv2d(X, W, [1, 2, 3], "SAME"), ValueError, "of length 1, 2 or 4"),
    (lambda n: n.conv2d(X, W, [2, 1, 1, 1], "SAME"), LATER, "batch and depth"),
    (lambda n: n.conv2d(X, W, "2", "SAME"), TypeError, "must be an integer"),
    (lambda n: n.conv2d(X, W, 1, "VALID", "NHCW"), WRONG, '"NHWC", "NCHW"'),
    (lambda n: n.conv2d(X, W, 1, [[1, 1], [2, 2]]), ValueError, "must be of size 4"),
    (
        lambda n: n.conv2d(X, W, 1, [[1, 0], [1, 1], [2, 2], [0, 0]]),
        WRONG,
        "batch or depth dimensions is not supported",
    ),
    (
        lambda n: n.conv2d(X, W, 1, [[0, 0], [-1, 1], [2, 2], [0, 0]]),
        WRONG,
        "must be nonnegative",
    ),
    (lambda n: n.conv2d(X[0], W, 1, "SAME"), WRONG, r"x\[tf.newaxis\]"),
    (
        lambda n: n.conv2d(X[..., :0], W[:, :, :0], 1, "SAME"),
        WRONG,
        "strictly positive",
    ),
    (lambda n: n.conv1d(X[0], W[0], 1, "SAME", "NHWC"), ValueError, '"NWC" or "NCW"'),
    (lambda n: n.conv1d(X[0], W[0], 1, [[1, 1]] * 3), TypeError, "Expected string"),
    (lambda n: n.conv3d(X[None], W[None], 1, "SAME"), TypeError, "Expected list"),
    (
        lambda n: n.conv3d(X[None], W[None, :, :, :3], [1] * 5, "SAME"),
        WRONG,
        "input depth must be evenly divisible",
    ),
    (
        lambda n: n.convolution(X, W, 2, "SAME", dilations=2),
        ValueError,
        "not supported in conjunction",
    ),
    (lambda n: n.convolution(X, W[0, 0]), ValueError, "1, 2 or 3 spatial axes"),
    (lambda n: n.conv2d_transpose(X, UP, [1, 12, 10, 8], 2), WRONG, "out_backprop"),
    (lambda n: n.conv2d_transpose(X, UP, [2, 10, 10, 8], 2), WRONG, "out_backprop"),
    (
        lambda n: n.conv2d_transpose(X, UP[..., :3], [1, 10, 10, 8], 2),
        WRONG,
        "out_depth",
    ),
    (lambda n: n.conv2d_transpose(X, UP, [1, 10, 10, 7], 2), WRONG, "divisible"),
    (lambda n: n.conv2d_transpose(X, UP, [1.5, 10, 10, 8], 2), TypeError, "integer"),
    (
        lambda n: n.depthwise_conv2d(X, W[..., :3, :2], ONES, "SAME"),
        WRONG,
        "same depth",
    ),
    (lambda n: n.depthwise_conv2d(X, W, 1, "SAME"), TypeError, "Expected list"),
    (
        lambda n: n.separable_conv2d(X, W[..., :2], W[:1, :1, :3], ONES, "SAME"),
        WRONG,
        "input depth must be evenly divisible by filter depth",
    ),
    (
        lambda n: n.separable_conv2d(X, W[..., :2], W, ONES, "SAME"),
        ValueError,
        "1 by 1",
    ),
    (lambda n: n.max_pool2d(X, 9, 1, "VALID"), WRONG, "output size would be negative"),
    (lambda n: n.max_pool2d(X, 0, 1, "VALID"), WRONG, "ksize must be positive"),
    (lambda n: n.max_pool2d(X, 2, 0, "VALID"), WRONG, "Stride must be > 0"),
    (lambda n: n.max_pool2d(X, [2, 1, 1, 1], 1, "VALID"), LATER, "batch dimension"),
    (
        lambda n: n.max_pool2d(X, [1, 2, 1, 2], [1, 1, 1, 2], "VALID"),
        LATER,
        "exactly one of pooling across depth",
    ),
    (
        lambda n: n.avg_pool2d(X, [1, 1, 1, 2], [1, 1, 1, 2], "VALID"),
        LATER,
        "Non-spatial pooling",
    ),
    (lambda n: n.max_pool2d(X[0], 2, 2, "VALID"), WRONG, "2 spatial dimensions"),
    (lambda n: n.max_pool2d(X, 2, 2, "BAR"), WRONG, "'padding' of 'BAR'"),
    (lambda n: n.avg_pool2d(X, 2, 2, [[0, 0]] * 4), TypeError, "Expected string"),
    (
        lambda n: n.max_pool2d(X, 2, 2, [[0, 0], [2, 1], [1, 1], [0, 0]]),
        WRONG,
        "smaller than the window size",
    ),
    (
        lambda n: n.avg_pool2d(X.astype(np.int32), 2, 2, "SAME"),
        WRONG,
        "not in the list",
    ),
    (lambda n: n.max_pool(X, [2, 2, 2], 1, "SAME"), ValueError, "of length 1, 2 or 4"),
    (lambda n: n.max_pool(X[0, 0], 2, 1, "SAME"), ValueError, "spatial axes"),
    (
        lambda n: n.pool(X, [2, 2], "FOO"),
        ValueError,
        "2-D FOO pooling is not supported",
    ),
    (
        lambda n: n.pool(X, [2, 2], "AVG", dilations=[2, 2], padding="SAME"),
        ValueError,
        "'SAME' padding is not implemented",
    ),
    (
        lambda n: n.pool(X, [2, 2], "MAX", dilations=[2, 2], strides=[2, 2]),
        ValueError,
        "not supported in conjunction",
    ),
    (lambda n: n.max_pool_with_argmax(X, 2, 2, "SAME", "NCHW"), ValueError, "NHWC"),
    (
        lambda n: n.dilation2d(X, W[..., 0], ONES, "SAME", "NCHW", ONES),
        ValueError,
        "NHWC",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=range(len(REFUSED)))
def test_refused(case: Any) -> None:
    call, error, text = case
    with pytest.raises(error, match=text):
        call(tf.nn)
