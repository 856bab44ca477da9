"""The spatial part of `tf.keras.backend`: convolutions, pools, padding, resizing.

In: tensors in either layout. Out: tensors. Users' own layers call them; Keras's do not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.keras.settings import image_data_format
from rillet.ops import convolutions, resize, tiling
from rillet.ops.array import stack
from rillet.ops.conv_transposes import conv2d_transpose as _transposed
from rillet.ops.pool_functions import avg_pool, max_pool
from rillet.ops.products import matmul
from rillet.ops.shaping import reshape, static_dims
from rillet.ops.tiling import repeat
from rillet.ops.transposes import transpose

Pair = tuple[int, int]


def _is_first(op: str, data_format: Any) -> bool:
    found = data_format or image_data_format()
    if found not in ("channels_first", "channels_last"):
        raise ValueError(house_message(op, "Unknown data_format", f"{found}"))
    return bool(found == "channels_first")


def _padding(op: str, padding: Any) -> str:
    if padding not in ("valid", "same"):
        raise ValueError(house_message(op, "Invalid padding", f"{padding}"))
    return str(padding).upper()


def _last(x: Any, first: bool, run: Callable[[Any], Any]) -> Any:
    """What `run` makes of a tensor with channels last, in the layout it came in."""
    x = to_tensor(x)
    if not first:
        return run(x)
    rank = len(x.shape)
    found = run(transpose(x, (0, *range(2, rank), 1)))
    return transpose(found, (0, rank - 1, *range(1, rank - 1)))


def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: int = 1,
) -> Any:
    """`tf.nn.conv1d` by Keras's arguments; ``"causal"`` padding is before the first."""
    first = _is_first("conv1d", data_format)
    kernel = to_tensor(kernel)
    before = 0
    if padding == "causal":
        before = dilation_rate * (static_dims(kernel)[0] - 1)
        padding = "valid"
    form = _padding("conv1d", padding)

    def run(x: Any) -> Any:
        if before:
            x = tiling.pad(x, [[0, 0], [before, 0], [0, 0]])
        return convolutions.convolution(
            x, kernel, strides=[strides], padding=form, dilations=[dilation_rate]
        )

    return _last(x, first, run)


def conv2d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """`tf.nn.conv2d` by Keras's arguments."""
    return _convolved("conv2d", x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:
    """`tf.nn.conv3d` by Keras's arguments."""
    return _convolved("conv3d", x, kernel, strides, padding, data_format, dilation_rate)


def _convolved(
    op: str, x: Any, kernel: Any, strides: Any, padding: str, form: Any, dilation: Any
) -> Any:
    name = _padding(op, padding)

    def run(x: Any) -> Any:
        return convolutions.convolution(
            x, kernel, strides=list(strides), padding=name, dilations=list(dilation)
        )

    return _last(x, _is_first(op, form), run)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """`tf.nn.conv2d_transpose` by Keras's arguments.

    Args:
        x: the input.
        kernel: ``(height, width, channels out, channels in)``.
        output_shape: the whole shape of the result, in the layout of `x`.
        strides: steps of the windows.
        padding: ``"valid"`` or ``"same"``.
        data_format: the layout; Keras's own where None.
        dilation_rate: distances within the windows.
    """
    first = _is_first("conv2d_transpose", data_format)
    name = _padding("conv2d_transpose", padding)
    shape = list(output_shape)
    if first:
        shape = [shape[0], *shape[2:], shape[1]]

    def run(x: Any) -> Any:
        whole = [static_dims(x)[0] if shape[0] is None else shape[0], *shape[1:]]
        return _transposed(
            x, kernel, whole, list(strides), name, dilations=list(dilation_rate)
        )

    return _last(x, first, run)


def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """`tf.nn.depthwise_conv2d` by Keras's arguments."""
    name = _padding("depthwise_conv2d", padding)

    def run(x: Any) -> Any:
        return convolutions.depthwise_conv2d(
            x, depthwise_kernel, [1, *strides, 1], name, dilations=list(dilation_rate)
        )

    return _last(x, _is_first("depthwise_conv2d", data_format), run)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """`tf.nn.separable_conv2d` by Keras's arguments."""
    name = _padding("separable_conv2d", padding)

    def run(x: Any) -> Any:
        return convolutions.separable_conv2d(
            x,
            depthwise_kernel,
            pointwise_kernel,
            [1, *strides, 1],
            name,
            dilations=list(dilation_rate),
        )

    return _last(x, _is_first("separable_conv2d", data_format), run)


def pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    pool_mode: str = "max",
) -> Any:
    """The largest, or the mean, of each window of two axes."""
    return _pooled("pool2d", x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: Any = None,
    pool_mode: str = "max",
) -> Any:
    """The largest, or the mean, of each window of three axes."""
    return _pooled("pool3d", x, pool_size, strides, padding, data_format, pool_mode)


def _pooled(
    op: str, x: Any, size: Any, strides: Any, padding: str, form: Any, mode: str
) -> Any:
    name = _padding(op, padding)
    if mode not in ("max", "avg"):
        raise ValueError(house_message(op, "Invalid pooling mode", f"{mode}"))
    pool = max_pool if mode == "max" else avg_pool
    return _last(
        x, _is_first(op, form), lambda x: pool(x, list(size), list(strides), name)
    )


def local_conv1d(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: Any = None
) -> Any:
    """A convolution of one axis with weights of its own for each window.

    Args:
        inputs: ``(batch, steps, channels)``, or channels first.
        kernel: ``(windows, kernel size · channels, filters)``.
        kernel_size: the windows' size, in a tuple.
        strides: the windows' steps, in a tuple.
        data_format: the layout; Keras's own where None.
    """
    windows = (static_dims(to_tensor(kernel))[0],)
    name = "local_conv1d"
    return _local(name, inputs, kernel, kernel_size, strides, windows, data_format)


def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Any,
    strides: Any,
    output_shape: Any,
    data_format: Any = None,
) -> Any:
    """A convolution of two axes with weights of its own for each window.

    Args:
        inputs: ``(batch, height, width, channels)``, or channels first.
        kernel: ``(windows, kernel size · channels, filters)``.
        kernel_size: the windows' height and width.
        strides: the windows' steps.
        output_shape: rows and columns of windows.
        data_format: the layout; Keras's own where None.
    """
    windows = tuple(output_shape)
    name = "local_conv2d"
    return _local(name, inputs, kernel, kernel_size, strides, windows, data_format)


def _local(
    op: str,
    inputs: Any,
    kernel: Any,
    size: Any,
    strides: Any,
    windows: tuple[int, ...],
    form: Any,
) -> Any:
    first = _is_first(op, form)
    x, weights = to_tensor(inputs), to_tensor(kernel)
    places, depth, filters = static_dims(weights)
    rows = []
    for place in itertools.product(*map(range, windows)):
        cut = [
            slice(at * step, at * step + length)
            for at, step, length in zip(place, strides, size, strict=True)
        ]
        window = x[(slice(None), slice(None), *cut) if first else (slice(None), *cut)]
        rows.append(reshape(window, (-1, depth)))
    found = matmul(stack(rows), weights)  # (windows, batch, filters)
    rank = len(windows)
    found = reshape(found, (*windows, -1, filters))
    order = (rank, rank + 1, *range(rank)) if first else (rank, *range(rank), rank + 1)
    return transpose(found, order)


def resize_images(
    x: Any,
    height_factor: int,
    width_factor: int,
    data_format: Any,
    interpolation: str = "nearest",
) -> Any:
    """Pictures in another size, by whole factors; see `tf.image.resize`."""

    def run(x: Any) -> Any:
        _, height, width, _ = static_dims(x)
        size = (height * height_factor, width * width_factor)
        return resize.resize(x, size, interpolation)

    return _last(x, _is_first("resize_images", data_format), run)


def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: Any
) -> Any:
    """Volumes in another size: each element as often as the factors say."""
    start = 2 if _is_first("resize_volumes", data_format) else 1
    found = to_tensor(x)
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), start):
        found = repeat(found, factor, axis=axis)
    return found


def temporal_padding(x: Any, padding: Pair = (1, 1)) -> Any:
    """Zeros before and after the steps of ``(batch, steps, channels)``."""
    return tiling.pad(to_tensor(x), [[0, 0], list(padding), [0, 0]])


def spatial_2d_padding(
    x: Any, padding: tuple[Pair, ...] = ((1, 1), (1, 1)), data_format: Any = None
) -> Any:
    """Zeros around pictures: rows, then columns."""
    return _padded("spatial_2d_padding", x, padding, data_format)


def spatial_3d_padding(
    x: Any,
    padding: tuple[Pair, ...] = ((1, 1), (1, 1), (1, 1)),
    data_format: Any = None,
) -> Any:
    """Zeros around volumes, axis by axis."""
    return _padded("spatial_3d_padding", x, padding, data_format)


def _padded(op: str, x: Any, padding: tuple[Pair, ...], form: Any) -> Any:
    inner = [list(pair) for pair in padding]
    none = [0, 0]
    first = _is_first(op, form)
    around = [none, none, *inner] if first else [none, *inner, none]
    return tiling.pad(to_tensor(x), around)
