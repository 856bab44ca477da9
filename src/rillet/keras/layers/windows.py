"""What layers with windows share: their arguments checked, and sizes worked out.

In flow what users pass (a number, or one number a spatial axis; "valid" and "same";
"channels_last" and "channels_first"); out flow tuples, lowercase names and the sizes of
outputs. Convolutions, pools, paddings, croppings and upsamplings call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.settings import LAYOUTS, image_data_format
from rillet.ops.sizes import shape

#: What `tf.nn` calls the two layouts, by the number of spatial axes.
_FORMATS = {
    "channels_last": {1: "NWC", 2: "NHWC", 3: "NDHWC"},
    "channels_first": {1: "NCW", 2: "NCHW", 3: "NCDHW"},
}


def numbers(
    owner: str, name: str, value: Any, count: int, least: int = 1
) -> tuple[int, ...]:
    """One whole number for each of `count` axes.

    Args:
        owner: the layer's class, for the message.
        name: the argument, for the message.
        value: a number for all axes, or one for each.
        count: how many axes there are.
        least: the smallest number allowed.

    Raises:
        ValueError: another count, another sort of value, or a number too small.
    """
    wholes = (int, np.integer)
    given = [value] * count if isinstance(value, wholes) else value
    try:
        found = tuple(given)
    except TypeError:
        found = ()
    sound = all(isinstance(n, wholes) and not isinstance(n, bool) for n in found)
    if len(found) != count or not sound or any(n < least for n in found):
        several = f"a tuple of {count} integers" if count > 1 else "an integer"
        raise ValueError(
            house_message(
                owner,
                f"The `{name}` argument must be {several}, each {least} or more",
                f"Received: {name}={value!r}",
            )
        )
    return tuple(int(n) for n in found)


def padding_name(owner: str, value: Any, causal: bool = False) -> str:
    """The name of a padding in lower case.

    Args:
        owner: the layer's class, for the message.
        value: what the user gave.
        causal: whether the layer can pad what comes before only.

    Raises:
        ValueError: where there is no such padding, or not in this layer.
    """
    found = value.lower() if isinstance(value, str) else value
    if found == "causal" and not causal:
        raise ValueError(
            house_message(
                owner,
                "Causal padding is only supported for `Conv1D` and `SeparableConv1D`",
                f"Received: padding={value!r}",
                'Use "valid" or "same"',
            )
        )
    if found not in ("valid", "same", "causal"):
        raise ValueError(
            house_message(
                owner,
                'The `padding` argument must be one of "valid", "same"'
                + (', "causal"' if causal else ""),
                f"Received: padding={value!r}",
                "For other paddings put a ZeroPadding layer before this one",
            )
        )
    return str(found)


def layout_name(owner: str, value: Any, fallback: str | None = None) -> str:
    """The name of a layout in lower case.

    Args:
        owner: the layer's class, for the message.
        value: what the user gave; None for the default.
        fallback: the layer's default; Keras's setting where None.

    Raises:
        ValueError: where there is no such layout.
    """
    if value is None:
        return fallback or image_data_format()
    found = str(value).lower()
    if found not in LAYOUTS:
        raise ValueError(
            house_message(
                owner,
                'The `data_format` argument must be one of "channels_first",'
                ' "channels_last"',
                f"Received: data_format={value!r}",
            )
        )
    return found


def op_format(layout: str, space: int) -> str:
    """The layout as `tf.nn` calls it, for `space` spatial axes."""
    return _FORMATS[layout][space]


def on_all_axes(layout: str, values: Sequence[int], rest: int = 1) -> tuple[int, ...]:
    """One number an axis: `values` for the spatial axes, `rest` for the others."""
    if layout == "channels_first":
        return (rest, rest, *values)
    return (rest, *values, rest)


def channels_of(owner: str, layout: str, input_shape: Any, space: int) -> int:
    """How many channels inputs of a shape have.

    Raises:
        ValueError: where that is not known.
    """
    dims = as_shape(input_shape).as_list()
    axis = -1 if layout == "channels_last" else -1 - space
    size = dims[axis]
    if size is None:
        raise ValueError(
            house_message(
                owner,
                "The channel dimension of the inputs should be defined",
                f"The input_shape received is {tuple(dims)}, where axis {axis} is the"
                f" channel dimension under {layout}",
            )
        )
    return size


def with_space(
    layout: str, dims: Sequence[Any], space: Sequence[Any], channels: Any
) -> TensorShape:
    """The shape with other spatial sizes and channels; batch axes are kept."""
    batch = list(dims[: len(dims) - len(space) - 1])
    if layout == "channels_first":
        return TensorShape([*batch, channels, *space])
    return TensorShape([*batch, *space, channels])


def space_of(layout: str, dims: Sequence[Any], space: int) -> list[Any]:
    """The spatial sizes of a shape, which may have several batch axes."""
    end = len(dims) if layout == "channels_first" else len(dims) - 1
    return list(dims[end - space : end])


def refuse_empty(layer: Any, input_shape: Any, window: str, words: str = "") -> None:
    """Raise where a layer's windows are larger than its inputs.

    Args:
        layer: the layer; it has `rank` axes of space.
        input_shape: what it is given.
        window: the attribute that holds the windows' size.
        words: what else the error says of it.

    Raises:
        ValueError: there.
    """
    found = layer.compute_output_shape(input_shape).as_list()
    if 0 in space_of(layer.data_format, found, layer.rank):
        raise ValueError(
            house_message(
                type(layer).__name__,
                "One of the dimensions in the output is <= 0 due to downsampling"
                f" in {layer.name}{words}",
                f"Received input shape {as_shape(input_shape).as_list()}, which"
                f" would give {found} with {window}={getattr(layer, window)}",
                f'Use larger inputs, a smaller {window} or padding="same"',
            )
        )


def window_length(
    length: int | None, taps: int, stride: int, padding: str, rate: int = 1
) -> int | None:
    """How many windows lie along an axis of `length`; None where that is unknown."""
    if length is None:
        return None
    if padding == "valid":
        length = length - (taps - 1) * rate
    return max(0, -(-length // stride))


def spread_length(
    length: Any,
    taps: int,
    stride: int,
    padding: str,
    extra: int | None = None,
    rate: int = 1,
) -> Any:
    """How long the output of a transposed convolution is along an axis.

    Args:
        length: the input's size, maybe a tensor; None where unknown.
        taps: the window's size.
        stride: from where one element is put to where the next is.
        padding: ``"valid"`` or ``"same"``.
        extra: how much is added at the end; None for the length that a convolution
            with the same stride leads back from.
        rate: from a tap to the next.

    Returns:
        The size, of the sort of `length`.
    """
    if length is None:
        return None
    reach = (taps - 1) * rate + 1
    if extra is None:
        return length * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    cut = 2 * (reach // 2) if padding == "same" else 0
    return (length - 1) * stride + reach - cut + extra


def sizes_of(x: Any) -> list[Any]:
    """The sizes of a tensor: numbers where they are known, else scalars of a graph."""
    dims: list[Any] = list(x.shape)
    if None in dims:
        known = shape(x)
        dims = [known[i] if d is None else d for i, d in enumerate(dims)]
    return dims
