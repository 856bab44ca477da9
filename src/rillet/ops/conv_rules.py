"""The rules of sliding windows over tensors: attributes, shapes, words of refusal.

In flow shapes (sizes may be None), filters' shapes and TensorFlow's attributes; out
flow output shapes for `infer` and a `Plan` for kernels. The callers are the records in
`ops.conv`, `ops.pools` and `ops.morphology`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from rillet.core.errors import InvalidArgumentError, UnimplementedError, house_message
from rillet.core.shapes import Dims
from rillet.ops.windows import Windows, windows

_FORMATS: Final = {
    1: ("NWC", "NCW"),
    2: ("NHWC", "NCHW"),
    3: ("NDHWC", "NCDHW"),
}

Pairs = tuple[tuple[int, int], ...]


class Window(NamedTuple):
    """The attributes of an op with windows, all of them for every axis of the input.

    Attributes:
      op: the public name that messages bear.
      strides: one an axis.
      padding: "SAME", "VALID" or "EXPLICIT".
      explicit: before and after for every axis, flat; empty unless explicit.
      data_format: for instance "NHWC".
      dilations: one an axis.
    """

    op: str
    strides: tuple[int, ...]
    padding: str
    explicit: tuple[int, ...]
    data_format: str
    dilations: tuple[int, ...]

    @property
    def channels(self) -> int:
        """The axis of channels."""
        return 1 if self.data_format.startswith("NC") else len(self.strides) - 1

    @property
    def spatial(self) -> tuple[int, ...]:
        """The axes that windows slide along."""
        rank = len(self.strides)
        return tuple(range(2, rank) if self.channels == 1 else range(1, rank - 1))


class Plan(NamedTuple):
    """What a convolution's kernel needs to know."""

    at: Windows
    groups: int
    channels_first: bool


def window(
    op: str,
    rank: int,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str | None = None,
    dilations: Sequence[int] | None = None,
) -> Window:
    """Checks the attributes that need no shape.

    Raises:
      InvalidArgumentError: a format, padding, stride or dilation that is none.
      UnimplementedError: strides or dilations over batch or channels.
    """
    return _window(
        op,
        rank,
        tuple(strides),
        padding,
        tuple(explicit_paddings),
        data_format or _FORMATS[rank - 2][0],
        tuple(dilations or (1,) * rank),
    )


@functools.lru_cache(maxsize=512)
def _window(
    op: str,
    rank: int,
    strides: tuple[int, ...],
    padding: str,
    explicit: tuple[int, ...],
    data_format: str,
    dilations: tuple[int, ...],
) -> Window:
    if data_format not in _FORMATS[rank - 2]:
        raise _not_allowed(op, "data_format", data_format, _FORMATS[rank - 2])
    if padding not in ("SAME", "VALID", "EXPLICIT"):
        raise _not_allowed(op, "padding", padding, ("SAME", "VALID", "EXPLICIT"))
    made = Window(op, strides, padding, explicit, data_format, dilations)
    for name, values in (("strides", strides), ("dilations", dilations)):
        if len(values) != rank:
            raise refuse(op, f"{name} need one number for each of {rank} axes",
                         f"{name}={list(values)}")  # fmt: skip
        if min(values) < 1:
            raise refuse(op, f"{name} should be larger than 0 (Stride must be > 0)",
                         f"{name}={list(values)}")  # fmt: skip
    _check_explicit(made, rank)
    return made


def _check_explicit(made: Window, rank: int) -> None:
    if made.padding != "EXPLICIT":
        if made.explicit:
            raise refuse(made.op, "explicit_paddings go with padding='EXPLICIT' only",
                         f"padding={made.padding!r}")  # fmt: skip
        return
    shown = f"explicit_paddings={list(made.explicit)}"
    if len(made.explicit) != 2 * rank:
        raise refuse(made.op, f"explicit_paddings need {2 * rank} numbers", shown)
    if min(made.explicit) < 0:
        raise refuse(made.op, "All elements of explicit_paddings must be nonnegative",
                     shown)  # fmt: skip
    if any(made.explicit[:2]) or any(pairs(made)[made.channels]):
        raise refuse(
            made.op,
            "Nonzero explicit padding in the batch or depth dimensions is not "
            "supported",
            shown,
        )


def slides_in_space_only(made: Window) -> None:
    """Refuses strides and dilations along batch and channels.

    Raises:
      UnimplementedError: where there are some.
    """
    for name, values in (("strides", made.strides), ("dilations", made.dilations)):
        if values[0] != 1 or values[made.channels] != 1:
            raise UnimplementedError(
                house_message(
                    made.op,
                    f"does not support {name} in the batch and depth dimensions",
                    f"{name}={list(values)} with data_format={made.data_format!r}",
                    "Use 1 there",
                )
            )


def pairs(made: Window) -> Pairs:
    """Explicit paddings as (before, after) an axis."""
    flat = made.explicit
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def refuse(op: str, rule: str, values: str, fix: str = "") -> InvalidArgumentError:
    """The error for a shape or attribute that breaks a rule."""
    return InvalidArgumentError(house_message(op, rule, values, fix))


def _not_allowed(
    op: str, name: str, value: Any, allowed: Sequence[str]
) -> InvalidArgumentError:
    choices = ", ".join(f'"{choice}"' for choice in allowed)
    fix = ""
    if isinstance(value, str) and value.upper() in allowed:
        fix = f'Did you mean "{value.upper()}"?'
    return refuse(
        op,
        f"Value for attr '{name}' of {value!r} is not in the list of allowed values",
        f"allowed are {choices}",
        fix,
    )


def check_filters(made: Window, x: Dims, filters: Dims) -> None:
    """Checks the ranks and depths of a convolution's input and filters.

    Raises:
      InvalidArgumentError: where they do not fit.
    """
    rank = len(made.strides)
    if len(x) != rank:
        hint = "Add a batch dimension: x[tf.newaxis]" if len(x) == rank - 1 else ""
        raise refuse(made.op, f"convolution input must be {rank}-dimensional",
                     f"it has shape {list(x)}", hint)  # fmt: skip
    if len(filters) != rank:
        raise refuse(
            made.op,
            f"convolution filter must be {rank}-dimensional: window, input depth, "
            "output depth",
            f"it has shape {list(filters)}",
        )
    channels, (depth, count) = x[made.channels], filters[-2:]
    shown = (
        f"the input {list(x)} ({made.data_format}) has {channels} channels, the filter "
        f"{list(filters)} has depth {depth}"
    )
    if depth == 0:
        raise refuse(made.op, "filter depth must be strictly positive", shown)
    if channels is None or depth is None:
        return
    if channels % depth or channels == 0:
        raise refuse(
            made.op, "input depth must be evenly divisible by filter depth", shown
        )
    if count is not None and count % (channels // depth):
        raise refuse(
            made.op,
            "output depth must be evenly divisible by number of groups",
            f"{count} filters, {channels // depth} groups: {shown}",
        )


def outputs(made: Window, x: Dims, taps: Dims) -> Dims:
    """Sizes of the result along the spatial axes; None where they are not known.

    Args:
      made: the attributes.
      x: the input's sizes, all axes.
      taps: the window's sizes along the spatial axes.

    Raises:
      InvalidArgumentError: a window larger than its padded input.
    """
    found: list[int | None] = []
    for axis, tap in zip(made.spatial, taps, strict=True):
        size = x[axis]
        if size is None or tap is None:
            found.append(None)
        else:
            found.append(_place(made, (axis,), (size,), (tap,)).outputs[0])
    return tuple(found)


def outputs_of_all(made: Window, x: Dims, taps: tuple[int, ...]) -> Dims:
    """The same for windows over all axes, batch and channels too."""
    return tuple(
        None if size is None else _place(made, (axis,), (size,), (tap,)).outputs[0]
        for axis, (size, tap) in enumerate(zip(x, taps, strict=True))
    )


def place_all(made: Window, sizes: tuple[int, ...], taps: tuple[int, ...]) -> Windows:
    """Places windows over all axes of an input.

    Raises:
      InvalidArgumentError: a window larger than its padded input.
    """
    return _place(made, tuple(range(len(sizes))), sizes, taps)


def place_space(made: Window, sizes: tuple[int, ...], taps: tuple[int, ...]) -> Windows:
    """Places windows over the spatial axes, whose sizes are given.

    Raises:
      InvalidArgumentError: a window larger than its padded input.
    """
    return _place(made, made.spatial, sizes, taps)


def _place(
    made: Window, axes: tuple[int, ...], sizes: tuple[int, ...], taps: tuple[int, ...]
) -> Windows:
    explicit = made.padding == "EXPLICIT"
    padding: Any = [pairs(made)[a] for a in axes] if explicit else made.padding
    strides = [made.strides[axis] for axis in axes]
    dilations = [made.dilations[axis] for axis in axes]
    try:
        return windows(sizes, taps, strides, dilations, padding)
    except ValueError as error:
        raise refuse(
            made.op,
            str(error),
            f"window {list(taps)}, strides {list(made.strides)}, padding "
            f"{made.padding!r}",
            'Use padding="SAME", or a smaller window',
        ) from None


@functools.lru_cache(maxsize=512)
def plan(
    made: Window, x: tuple[int, ...], filters: tuple[int, ...], depthwise: bool
) -> Plan:
    """Places a convolution's windows over its input.

    Args:
      made: the attributes.
      x: the input's shape.
      filters: the filters' shape, `(*window, depth, count)`.
      depthwise: whether each channel has filters of its own.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    slides_in_space_only(made)
    if depthwise:
        check_depthwise(made, x, filters)
    else:
        check_filters(made, x, filters)
    sizes = tuple(x[axis] for axis in made.spatial)
    at = place_space(made, sizes, filters[:-2])
    groups = 1 if depthwise else x[made.channels] // filters[-2]
    return Plan(at, groups, made.channels == 1)


def check_depthwise(made: Window, x: Dims, filters: Dims) -> None:
    """Checks the ranks and depths of a depthwise convolution.

    Raises:
      InvalidArgumentError: where they do not fit.
    """
    rank = len(made.strides)
    for name, shape in (("input", x), ("filter", filters)):
        if len(shape) != rank:
            raise refuse(
                made.op,
                f"{name} must be {rank}-dimensional",
                f"it has shape {list(shape)}",
            )
    channels, depth = x[made.channels], filters[-2]
    if channels is not None and depth is not None and channels != depth:
        raise refuse(
            made.op,
            "input and filter must have the same depth",
            f"the input {list(x)} has {channels} channels, the filter {list(filters)} "
            f"has depth {depth}",
        )


def with_space(made: Window, batch: Any, space: Dims, channels: Any) -> Dims:
    """A shape in the data format's order."""
    if made.channels == 1:
        return (batch, channels, *space)
    return (batch, *space, channels)


def check_gradient(made: Window, g: Dims, want: Dims) -> None:
    """Checks the shape of a gradient that comes back to a convolution.

    Raises:
      InvalidArgumentError: where it is not the result's.
    """
    fits = len(g) == len(want) and all(
        a is None or b is None or a == b for a, b in zip(g, want, strict=False)
    )
    if not fits:
        raise refuse(
            made.op,
            "the size of out_backprop (a transposed convolution's input) doesn't match"
            " the one computed from the other sizes (batch, space, out_depth)",
            f"it has shape {list(g)}, computed is {list(want)}",
        )
