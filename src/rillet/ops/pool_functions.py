"""Pools of `tf.nn`: the public functions over the records in `ops.pools`.

In flow tensors and TensorFlow's arguments; out flow tensors. Keras's layers call these
too. Shapes below are those of channels last; with a format such as "NCHW" the channels
come after the batch.
"""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops import pools
from rillet.ops.window_arguments import (
    default_format,
    padding_attributes,
    per_axis,
    plain_padding,
    rank_of,
    spatial_axes,
    with_axis,
    without_axis,
)


def _along_one(
    op: str,
    record: Any,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    layout: str,
) -> Tensor:
    """A pool along one axis, by the record for two."""
    wide = {"NWC": "NHWC", "NCW": "NCHW"}.get(layout, layout)
    axis = 2 if layout == "NCW" else 1
    taps = per_axis(op, "ksize", ksize, 1, layout)
    steps = per_axis(op, "strides", strides, 1, layout)
    x = to_tensor(input)
    y = record(
        with_axis(x, axis) if rank_of(x) == 3 else x,
        ksize=(*taps[:axis], 1, *taps[axis:]),
        strides=(*steps[:axis], 1, *steps[axis:]),
        padding=plain_padding(op, padding),
        data_format=wide,
    )
    result: Tensor = without_axis(y, axis)
    return result


def _over_space(
    op: str,
    record: Any,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    layout: str,
) -> Tensor:
    """A pool over as many axes as the layout has."""
    space = len(layout) - 2
    y: Tensor = record(
        input,
        ksize=per_axis(op, "ksize", ksize, space, layout),
        strides=per_axis(op, "strides", strides, space, layout),
        data_format=layout,
        **(
            padding_attributes(op, padding, 4)
            if op == "max_pool2d"
            else {"padding": plain_padding(op, padding)}
        ),
    )
    return y


def max_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of every window along one axis.

    Args:
        input: `(batch, width, channels)`, real numbers.
        ksize: the window's size.
        strides: from a window to the next.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        name: ignored when eager.

    Returns:
        `(batch, new width, channels)`.

    Raises:
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> tf.nn.max_pool1d([[[1.0], [3.0], [2.0]]], 2, 1, "VALID").numpy().ravel()
        array([3., 3.], dtype=float32)
    """
    layout = data_format or "NWC"
    record = pools.max_pool_op
    return _along_one("max_pool1d", record, input, ksize, strides, padding, layout)


def max_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of every window over two axes.

    Args:
        input: `(batch, height, width, channels)`, real numbers.
        ksize: the window's size: one number, two, or four.
        strides: from a window to the next: one number, two, or four.
        padding: "SAME", "VALID", or (before, after) for each of the four axes.
        data_format: "NHWC" or "NCHW".
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, channels)`. NaN is passed over.

    Raises:
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1.0, 2.0, 3.0, 4.0], [1, 2, 2, 1])
        >>> tf.nn.max_pool2d(x, 2, 2, "VALID").numpy().item()
        4.0
    """
    layout = data_format or "NHWC"
    record = pools.max_pool_op
    return _over_space("max_pool2d", record, input, ksize, strides, padding, layout)


def max_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of every window over three axes.

    Args:
        input: `(batch, depth, height, width, channels)`, floating.
        ksize: the window's size: one number, three, or five.
        strides: from a window to the next: one number, three, or five.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        name: ignored when eager.

    Returns:
        `(batch, new depth, new height, new width, channels)`.

    Raises:
        InvalidArgumentError: a window larger than its input.
    """
    layout = data_format or "NDHWC"
    record = pools.max_pool3d_op
    return _over_space("max_pool3d", record, input, ksize, strides, padding, layout)


def avg_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """The mean of every window along one axis; padding is not counted.

    Args:
        input: `(batch, width, channels)`, floating.
        ksize: the window's size.
        strides: from a window to the next.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        name: ignored when eager.

    Returns:
        `(batch, new width, channels)`.

    Raises:
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> tf.nn.avg_pool1d([[[1.0], [3.0], [2.0]]], 2, 1, "SAME").numpy().ravel()
        array([2. , 2.5, 2. ], dtype=float32)
    """
    layout = data_format or "NWC"
    record = pools.avg_pool_op
    return _along_one("avg_pool1d", record, input, ksize, strides, padding, layout)


def avg_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The mean of every window over two axes; padding is not counted.

    Args:
        input: `(batch, height, width, channels)`, floating.
        ksize: the window's size: one number, two, or four.
        strides: from a window to the next: one number, two, or four.
        padding: "SAME" or "VALID".
        data_format: "NHWC" or "NCHW".
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, channels)`.

    Raises:
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1.0, 2.0, 3.0, 6.0], [1, 2, 2, 1])
        >>> tf.nn.avg_pool2d(x, 2, 2, "VALID").numpy().item()
        3.0
    """
    layout = data_format or "NHWC"
    record = pools.avg_pool_op
    return _over_space("avg_pool2d", record, input, ksize, strides, padding, layout)


def avg_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The mean of every window over three axes; padding is not counted.

    Args:
        input: `(batch, depth, height, width, channels)`, floating.
        ksize: the window's size: one number, three, or five.
        strides: from a window to the next: one number, three, or five.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        name: ignored when eager.

    Returns:
        `(batch, new depth, new height, new width, channels)`.

    Raises:
        InvalidArgumentError: a window larger than its input.
    """
    layout = data_format or "NDHWC"
    record = pools.avg_pool3d_op
    return _over_space("avg_pool3d", record, input, ksize, strides, padding, layout)


def max_pool(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The largest element of every window over as many axes as `input` has: 1 to 3.

    Args:
        input: `(batch, *space, channels)`.
        ksize: the window's size: one number, or one a spatial axis.
        strides: from a window to the next.
        padding: "SAME" or "VALID"; for two axes also (before, after) for each.
        data_format: channels first if it begins with "NC".
        name: ignored when eager.

    Returns:
        `(batch, *new space, channels)`.

    Raises:
        ValueError: an input of another rank.
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> tf.nn.max_pool(tf.ones([1, 4, 4, 3]), 2, 2, "SAME").shape
        TensorShape([1, 2, 2, 3])
    """
    x = to_tensor(input)
    space = spatial_axes("max_pool", data_format, rank_of(x))
    function: Any = (max_pool1d, max_pool2d, max_pool3d)[space - 1]
    layout = data_format or default_format(space)
    y: Tensor = function(x, ksize, strides, padding, layout)
    return y


def avg_pool(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The mean of every window over as many axes as `input` has: 1 to 3.

    Args:
        input: `(batch, *space, channels)`, floating.
        ksize: the window's size: one number, or one a spatial axis.
        strides: from a window to the next.
        padding: "SAME" or "VALID".
        data_format: channels first if it begins with "NC".
        name: ignored when eager.

    Returns:
        `(batch, *new space, channels)`.

    Raises:
        ValueError: an input of another rank.
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> tf.nn.avg_pool(tf.ones([1, 4, 4, 3]), 2, 2, "SAME").shape
        TensorShape([1, 2, 2, 3])
    """
    x = to_tensor(input)
    space = spatial_axes("avg_pool", data_format, rank_of(x))
    function: Any = (avg_pool1d, avg_pool2d, avg_pool3d)[space - 1]
    layout = data_format or default_format(space)
    y: Tensor = function(x, ksize, strides, padding, layout)
    return y
