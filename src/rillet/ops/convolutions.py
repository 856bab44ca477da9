"""Convolutions of `tf.nn`: the public functions over the records in `ops.conv`.

In flow tensors and TensorFlow's arguments; out flow tensors. Keras's layers call these
too. Shapes below are those of channels last; with a format such as "NCHW" the channels
come after the batch.
"""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops import conv
from rillet.ops.host import integers
from rillet.ops.window_arguments import (
    default_format,
    flat_batch,
    padding_attributes,
    per_axis,
    plain_padding,
    rank_of,
    spatial_axes,
    spread_batch,
    whole_list,
    with_axis,
    without_axis,
)


def _attributes(
    op: str,
    space: int,
    strides: Any,
    padding: Any,
    data_format: str | None,
    dilations: Any,
) -> dict[str, Any]:
    """The attributes of a record with windows over `space` axes."""
    return {
        "strides": per_axis(op, "strides", strides, space, data_format),
        **padding_attributes(op, padding, space + 2),
        "data_format": data_format or default_format(space),
        "dilations": per_axis(op, "dilations", dilations, space, data_format),
    }


def _tensors(input: Any, filters: Any) -> tuple[Any, Any]:
    x = to_tensor(input)
    return x, to_tensor(filters, hint=x.dtype)


def conv1d(
    input: Any,
    filters: Any,
    stride: Any,
    padding: str,
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A convolution along one axis.

    Args:
        input: `(batch, width, in)`, floating; more batch axes may stand in front.
        filters: `(window, in, out)`.
        stride: from a window to the next.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        dilations: from a tap to the next.
        name: ignored when eager.

    Returns:
        `(batch, new width, out)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> x = [[[1.0], [2.0], [4.0]]]
        >>> tf.nn.conv1d(x, [[[1.0]], [[1.0]]], 1, "VALID").numpy()
        array([[[3.],
                [6.]]], dtype=float32)
    """
    x, w = _tensors(input, filters)
    data_format = data_format or "NWC"
    wide = {"NWC": "NHWC", "NCW": "NCHW"}.get(data_format)
    if wide is None:
        raise ValueError(
            house_message(
                "conv1d",
                '`data_format` must be "NWC" or "NCW"',
                f"Received: data_format={data_format}",
            )
        )
    x, leading = flat_batch(x, 3)
    axis = 2 if data_format == "NCW" else 1
    strides = per_axis("conv1d", "stride", stride, 1, data_format)
    steps = per_axis("conv1d", "dilations", dilations, 1, data_format)
    if rank_of(x) == 3:
        x = with_axis(x, axis)
    if rank_of(w) == 3:
        w = with_axis(w, 0)
    y = conv.conv2d_op(
        x,
        w,
        strides=(*strides[:axis], 1, *strides[axis:]),
        padding=plain_padding("conv1d", padding),
        data_format=wide,
        dilations=(*steps[:axis], 1, *steps[axis:]),
    )
    return spread_batch(without_axis(y, axis), leading)


def conv2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A convolution over two axes; in groups where filters are less deep than `input`.

    Args:
        input: `(batch, height, width, in)`; more batch axes may stand in front.
        filters: `(window height, window width, in / groups, out)`.
        strides: one number, two, or four.
        padding: "SAME", "VALID", or (before, after) for each of the four axes.
        data_format: "NHWC" or "NCHW".
        dilations: from a tap to the next: one number, two, or four.
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, out)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> image = tf.ones([1, 3, 3, 1])
        >>> tf.nn.conv2d(image, tf.ones([2, 2, 1, 1]), 1, "SAME").numpy()[0, :, :, 0]
        array([[4., 4., 2.],
               [4., 4., 2.],
               [2., 2., 1.]], dtype=float32)
    """
    x, w = _tensors(input, filters)
    x, leading = flat_batch(x, 4)
    attrs = _attributes("conv2d", 2, strides, padding, data_format, dilations)
    return spread_batch(conv.conv2d_op(x, w, **attrs), leading)


def conv3d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A convolution over three axes.

    Args:
        input: `(batch, depth, height, width, in)`; more batch axes may stand in front.
        filters: `(window depth, window height, window width, in / groups, out)`.
        strides: five numbers.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        dilations: five numbers, from a tap to the next.
        name: ignored when eager.

    Returns:
        `(batch, new depth, new height, new width, out)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> cube = tf.ones([1, 2, 2, 2, 1])
        >>> y = tf.nn.conv3d(cube, tf.ones([2, 2, 2, 1, 1]), [1, 1, 1, 1, 1], "VALID")
        >>> y.numpy().item()
        8.0
    """
    x, w = _tensors(input, filters)
    x, leading = flat_batch(x, 5)
    steps = (
        (1,) * 5 if dilations is None else whole_list("conv3d", "dilations", dilations)
    )
    y = conv.conv3d_op(
        x,
        w,
        strides=whole_list("conv3d", "strides", strides),
        padding=plain_padding("conv3d", padding),
        data_format=data_format,
        dilations=steps,
    )
    return spread_batch(y, leading)


def convolution(
    input: Any,
    filters: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A convolution over as many axes as the filters have: 1, 2 or 3.

    Args:
        input: `(batch, *space, in)`; more batch axes may stand in front.
        filters: `(*window, in / groups, out)`.
        strides: one number, or one a spatial axis.
        padding: "SAME", "VALID", or (before, after) for every axis of a 2-D one.
        data_format: channels first if it begins with "NC".
        dilations: one number, or one a spatial axis; not together with strides.
        name: ignored when eager.

    Returns:
        `(batch, *new space, out)`.

    Raises:
        ValueError: both strides and dilations above 1, or filters of another rank.
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.nn.convolution(tf.ones([1, 5, 1]), tf.ones([3, 1, 2])).shape
        TensorShape([1, 3, 2])
    """
    x, w = _tensors(input, filters)
    space = spatial_axes("convolution", None, rank_of(w))
    steps = per_axis("convolution", "strides", strides, space, data_format)
    rates = per_axis("convolution", "dilations", dilations, space, data_format)
    if max(steps) > 1 and max(rates) > 1:
        raise ValueError(
            house_message(
                "convolution",
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`",
                f"Received: strides={strides} and dilation_rate={dilations}",
            )
        )
    if space == 1:
        return conv1d(x, w, steps, padding, data_format or "NWC", rates)
    if space == 2:
        return conv2d(x, w, steps, padding, data_format or "NHWC", rates)
    return conv3d(x, w, steps, padding, data_format or "NDHWC", rates)


def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: Any, name: str | None = None
) -> Tensor:
    """A convolution over two axes whose taps lie `rate` apart.

    Args:
        value: `(batch, height, width, in)`.
        filters: `(window height, window width, in, out)`.
        rate: from a tap to the next, along both axes.
        padding: "SAME" or "VALID".
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, out)`.

    Example:
        >>> import rillet as tf
        >>> x, w = tf.ones([1, 5, 5, 1]), tf.ones([2, 2, 1, 1])
        >>> tf.nn.atrous_conv2d(x, w, 3, "VALID").shape
        TensorShape([1, 2, 2, 1])
    """
    return conv2d(value, filters, 1, padding, dilations=rate)


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A convolution over two axes in which each channel has filters of its own.

    Args:
        input: `(batch, height, width, in)`.
        filter: `(window height, window width, in, multiplier)`.
        strides: four numbers.
        padding: "SAME", "VALID", or (before, after) for each of the four axes.
        data_format: "NHWC" or "NCHW".
        dilations: from a tap to the next: one number, or two.
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, in * multiplier)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> y = tf.nn.depthwise_conv2d(
        ...     tf.ones([1, 4, 4, 2]), tf.ones([2, 2, 2, 3]), [1, 1, 1, 1], "VALID")
        >>> y.shape
        TensorShape([1, 3, 3, 6])
    """
    x, w = _tensors(input, filter)
    steps = whole_list("depthwise_conv2d", "strides", strides)
    attrs = _attributes("depthwise_conv2d", 2, steps, padding, data_format, dilations)
    y: Tensor = conv.depthwise_op(x, w, **attrs)
    return y


def depthwise_conv2d_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of a depthwise convolution's input.

    Args:
        input_sizes: the input's four sizes.
        filter: `(window height, window width, in, multiplier)`.
        out_backprop: the gradient of the convolution's result.
        strides: as for the convolution; so the others.

    Returns:
        A tensor of `input_sizes`.
    """
    op = "depthwise_conv2d"
    g = to_tensor(out_backprop)
    attrs = _attributes(op, 2, strides, padding, data_format, dilations)
    sizes = integers(op, "input_sizes", input_sizes)
    y: Tensor = conv.depthwise_input_op(sizes, filter, g, **attrs)
    return y


def depthwise_conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of a depthwise convolution's filter.

    Args:
        input: `(batch, height, width, in)`.
        filter_sizes: the filter's four sizes.
        out_backprop: the gradient of the convolution's result.
        strides: as for the convolution; so the others.

    Returns:
        A tensor of `filter_sizes`.
    """
    op = "depthwise_conv2d"
    attrs = _attributes(op, 2, strides, padding, data_format, dilations)
    sizes = integers(op, "filter_sizes", filter_sizes)
    y: Tensor = conv.depthwise_filter_op(input, sizes, out_backprop, **attrs)
    return y


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A depthwise convolution and then one with a window of 1 that mixes channels.

    Args:
        input: `(batch, height, width, in)`.
        depthwise_filter: `(window height, window width, in, multiplier)`.
        pointwise_filter: `(1, 1, in * multiplier, out)`.
        strides: four numbers.
        padding: "SAME", "VALID", or (before, after) for each of the four axes.
        data_format: "NHWC" or "NCHW".
        dilations: from a tap to the next: one number, or two.
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, out)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> y = tf.nn.separable_conv2d(
        ...     tf.ones([1, 4, 4, 2]), tf.ones([2, 2, 2, 3]), tf.ones([1, 1, 6, 5]),
        ...     [1, 1, 1, 1], "SAME")
        >>> y.shape
        TensorShape([1, 4, 4, 5])
    """
    point = to_tensor(pointwise_filter)
    if tuple(point.shape)[:2] != (1, 1):
        raise ValueError(
            house_message(
                "separable_conv2d",
                "the pointwise filter has a window of 1 by 1",
                f"its shape is {point.shape}",
            )
        )
    y = depthwise_conv2d(
        input, depthwise_filter, strides, padding, data_format, dilations
    )
    return conv2d(y, point, 1, "VALID", data_format or "NHWC")
