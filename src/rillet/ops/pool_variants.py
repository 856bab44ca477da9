"""Pools of `tf.nn` beyond the plain ones: dilated windows, and maxima with positions.

In flow tensors and TensorFlow's arguments; out flow tensors. Keras calls these too.
"""

from __future__ import annotations

import functools
import itertools
import operator
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, int64
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops import pools
from rillet.ops.elementwise import maximum
from rillet.ops.pool_functions import avg_pool, max_pool
from rillet.ops.shaping import static_dims
from rillet.ops.window_arguments import (
    default_format,
    per_axis,
    plain_padding,
    rank_of,
    spatial_axes,
)


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Maxima or means of windows over 1 to 3 axes, whose taps may lie apart.

    Args:
        input: `(batch, *space, channels)`.
        window_shape: one number a spatial axis.
        pooling_type: "MAX" or "AVG".
        strides: one number, or one a spatial axis.
        padding: "SAME" or "VALID"; only "VALID" with dilations.
        data_format: channels first if it begins with "NC".
        dilations: from a tap to the next; not together with strides.
        name: ignored when eager.

    Returns:
        `(batch, *new space, channels)`.

    Raises:
        ValueError: another pooling type, or dilations with strides or "SAME".
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1.0, 2.0, 3.0, 4.0], [1, 4, 1])
        >>> tf.nn.pool(x, [2], "MAX", dilations=[2]).numpy().ravel()
        array([3., 4.], dtype=float32)
    """
    x = to_tensor(input)
    space = spatial_axes("pool", data_format, rank_of(x))
    layout = data_format or default_format(space)
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(
            house_message(
                "pool",
                f"{space}-D {pooling_type} pooling is not supported",
                f"pooling_type={pooling_type!r}",
                'Use "MAX" or "AVG"',
            )
        )
    steps = per_axis("pool", "strides", strides, space, layout)
    rates = per_axis("pool", "dilations", dilations, space, layout)
    if max(rates) == 1:
        function = max_pool if pooling_type == "MAX" else avg_pool
        return function(x, window_shape, steps, padding, layout)
    rule = ""
    if max(steps) > 1:
        rule = "`strides > 1` not supported in conjunction with `dilation_rate > 1`"
    elif padding == "SAME":
        rule = "pooling with 'SAME' padding is not implemented for `dilation_rate` > 1"
    if rule:
        shown = f"Received: strides={strides}, padding={padding}, dilations={dilations}"
        raise ValueError(house_message("pool", rule, shown))
    taps = per_axis("pool", "window_shape", window_shape, space, layout)
    return _dilated(x, taps, rates, pooling_type)


def _dilated(
    x: Tensor, taps: tuple[int, ...], rates: tuple[int, ...], pooling_type: str
) -> Tensor:
    """Windows whose taps lie apart: a fold over one shifted slice for each tap."""
    sizes = static_dims(x)
    reach = [(tap - 1) * rate for tap, rate in zip(taps, rates, strict=True)]
    shifted = []
    for place in itertools.product(*map(range, taps)):
        slices = []
        for axis, (at, rate) in enumerate(zip(place, rates, strict=True)):
            start = at * rate
            whole = reach[axis] == 0
            end = None if whole else sizes[axis] - reach[axis] + start
            slices.append(slice(None) if whole else slice(start, end))
        shifted.append(x[tuple(slices)])
    if pooling_type == "MAX":
        return functools.reduce(maximum, shifted)
    total = functools.reduce(operator.add, shifted)
    mean: Tensor = total / len(shifted)
    return mean


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    output_dtype: Any = int64,
    include_batch_in_index: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The largest element of every window, and where it lies.

    Args:
        input: `(batch, height, width, channels)`, real numbers.
        ksize: the window's size: one number, two, or four.
        strides: from a window to the next: one number, two, or four.
        padding: "SAME" or "VALID".
        data_format: "NHWC"; no other is known.
        output_dtype: int32 or int64, of the positions.
        include_batch_in_index: count positions through the whole batch.
        name: ignored when eager.

    Returns:
        The maxima, and their positions in the flattened image (or batch); both
        `(batch, new height, new width, channels)`.

    Raises:
        ValueError: another data format.
        InvalidArgumentError: a window larger than its input.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1.0, 4.0, 3.0, 2.0], [1, 2, 2, 1])
        >>> _, place = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")
        >>> place.numpy().item()
        1
    """
    op = "max_pool_with_argmax"
    if data_format != "NHWC":
        raise ValueError(
            house_message(op, 'data_format must be "NHWC"', f"got {data_format!r}")
        )
    best, place = pools.max_pool_with_argmax_op(
        input,
        ksize=per_axis(op, "ksize", ksize, 2, data_format),
        strides=per_axis(op, "strides", strides, 2, data_format),
        padding=plain_padding(op, padding),
        Targmax=as_dtype(output_dtype),
        include_batch_in_index=bool(include_batch_in_index),
    )
    return best, place
