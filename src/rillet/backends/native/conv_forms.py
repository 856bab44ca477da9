"""The forms of convolutions: which code suits a convolution's sizes, and its kernels.

In flow `Sizes`, a dtype's name and what the machine offers; out flow forms, kernels and
the sizes of packed filters. The caller is `conv`.
"""

from __future__ import annotations

import functools
from typing import Final, NamedTuple

from rillet.backends.native import conv_filter_ir, conv_ir, conv_packing_ir
from rillet.backends.native.calls import Kernel
from rillet.backends.native.conv_copy_ir import Source
from rillet.backends.native.conv_shapes import (
    Axis,
    Sizes,
    Tile,
    backward_axis,
    best_tile,
    forward_axis,
)
from rillet.backends.native.conv_writer import Element
from rillet.backends.native.host import Facts

_DIRECT_BYTES: Final = 1 << 18  # filters that are read where they lie
_FEW: Final = 8  # channels for which lanes may run along what is summed
_WIDE: Final = 14  # places that a tile has at most, about
_LONG: Final = 256  # places of lines made one
_MANY: Final = 128  # filters of which panels are copied, to lie closely
_ADDING_UP: Final = 8  # operations that adding up a vector's lanes is worth


class Sliding(NamedTuple):
    """A convolution's code, or that of the gradient of its input.

    Attributes:
      form: what is constant in it.
      kernel: its text.
      packing: the kernel that packs filters; None where they are read as they lie.
      packed: numbers of packed filters.
      taps: that are packed; some may meet no place of a small input.
    """

    form: conv_ir.Form
    kernel: Kernel
    packing: Kernel | None
    packed: int
    taps: int


class Filtering(NamedTuple):
    """The code of the gradient of a convolution's filters."""

    form: conv_filter_ir.Form
    kernel: Kernel


def element_for(name: str, channels: int, host: Facts) -> Element:
    """The numbers, in vectors no wider than the channels need."""
    lanes = _lanes(name, host)
    while lanes > 1 and channels <= lanes // 2:
        lanes //= 2
    return Element(_scalar(name), lanes)


def _scalar(name: str) -> str:
    return {"float32": "float", "float64": "double"}[name]


def _lanes(name: str, host: Facts) -> int:
    return host.vector_bytes // (4 if name == "float32" else 8)


def _source(
    size: tuple[int, int], channels: int, first: bool, down: Axis, along: Axis
) -> Source:
    inside = down.is_inside(size[0]) and along.is_inside(size[1])
    end = max([1, *(along.end(kind) for kind in along.kinds if kind.taps)])
    return Source(
        size[0],
        size[1],
        channels,
        first or not inside,
        -down.low,
        -along.low,
        end - along.low,
        first,
    )


@functools.lru_cache(maxsize=512)
def forward(sizes: Sizes, dtype: str, by_lines: bool, host: Facts) -> Sliding:
    """The code of a convolution."""
    axes = forward_axis(sizes, 0), forward_axis(sizes, 1)
    return _sliding("conv", sizes, axes, dtype, by_lines, host, backward=False)


@functools.lru_cache(maxsize=512)
def backward(sizes: Sizes, dtype: str, by_lines: bool, host: Facts) -> Sliding:
    """The code of the gradient of a convolution's input."""
    axes = backward_axis(sizes, 0), backward_axis(sizes, 1)
    return _sliding("conv_input", sizes, axes, dtype, by_lines, host, backward=True)


def _sliding(
    kind: str,
    sizes: Sizes,
    axes: tuple[Axis, Axis],
    dtype: str,
    by_lines: bool,
    host: Facts,
    backward: bool,
) -> Sliding:
    ends = [sizes.size, sizes.outputs]
    channels = [sizes.channels, sizes.filters]
    reduced, wide = sizes.depth, sizes.each
    if backward:
        ends.reverse()
        channels.reverse()
        reduced, wide = wide, reduced
    first = sizes.channels_first
    source = _source(ends[0], channels[0], first, *axes)
    form = conv_ir.Form(
        element_for(dtype, wide, host), source, *axes, *ends[1], channels[1],
        sizes.groups, Tile(1, 1, 1), 1, 0, 0, 1, not by_lines, first,
    )  # fmt: skip
    if sizes.is_depthwise:
        made, order = _each(form, sizes, dtype, backward, host)
    elif _sums_along(sizes.groups, wide, reduced, axes, dtype, host):
        made, order = _dots(form, (wide, reduced), dtype, backward, host)
    else:
        made, order = _spread(form, sizes, wide, reduced, backward, host)
    form = made._replace(band=_band(made, host))
    name = _name(kind, sizes)
    text = conv_packing_ir.packing(order, sizes) if order is not None else ""
    packing = Kernel(f"{name}_filters", text) if order is not None else None
    packed, taps = (order.size, len(order.order)) if order is not None else (0, 0)
    return Sliding(form, Kernel(name, conv_ir.text(form)), packing, packed, taps)


def _grid(form: conv_ir.Form) -> tuple[int, int]:
    """Lines and columns that every kind of place has."""
    high = min(kind.places for kind in form.vertical.kinds)
    wide = min(kind.places for kind in form.horizontal.kinds)
    return (min(high, 16) if form.whole else 1), wide


def _spread(
    form: conv_ir.Form,
    sizes: Sizes,
    wide: int,
    reduced: int,
    backward: bool,
    host: Facts,
) -> tuple[conv_ir.Form, conv_packing_ir.Packing | None]:
    """Vectors of the output's channels."""
    element = form.element
    vectors = -(-wide // element.lanes)
    tile = best_tile(*_grid(form), vectors, host.registers)
    across = tile.vectors * element.lanes
    blocks = -(-vectors // tile.vectors)
    form = form._replace(tile=tile, blocks=blocks)
    order = conv_ir.turned(form.vertical.kinds, form.horizontal.kinds)
    panel = len(order) * reduced * across
    size = sizes.groups * blocks * panel
    direct = not backward and sizes.groups == 1 and wide % across == 0
    if direct and (blocks == 1 or size * element.size <= _DIRECT_BYTES):
        return form._replace(filter_row=wide, filter_block=across), None
    way = "across depth" if backward else "across filters"
    packing = conv_packing_ir.Packing(element, way, tuple(order), across, size)
    return form._replace(filter_row=across, filter_block=panel), packing


def _each(
    form: conv_ir.Form, sizes: Sizes, dtype: str, backward: bool, host: Facts
) -> tuple[conv_ir.Form, conv_packing_ir.Packing | None]:
    """Vectors of channels that are filtered singly."""
    channels = sizes.filters
    element = element_for(dtype, channels, host)
    lanes = element.lanes
    source = form.source._replace(
        channels=lanes,
        copied=True,
        sliced=form.source.channels,
        repeat=1 if backward else sizes.each,
    )
    blocks = -(-channels // lanes)
    form = form._replace(
        element=element,
        source=source,
        channels=channels,
        groups=1,
        tile=best_tile(*_grid(form), 1, host.registers, False),
        blocks=blocks,
        filter_row=blocks * lanes,
        filter_block=lanes,
        way="each",
        fold=sizes.each if backward else 1,
    )
    if channels % lanes == 0 and not backward:
        return form, None
    order = conv_ir.turned(form.vertical.kinds, form.horizontal.kinds)
    row = blocks * lanes
    size = len(order) * row
    return form, conv_packing_ir.Packing(element, "each", tuple(order), row, size)


def _sums_along(
    groups: int,
    wide: int,
    reduced: int,
    axes: tuple[Axis, Axis],
    dtype: str,
    host: Facts,
) -> bool:
    """Whether lanes had better run along what is summed."""
    if groups > 1 or wide > _FEW:
        return False
    lanes = _lanes(dtype, host)
    taps = max(kind.taps for kind in axes[1].kinds)
    run = reduced * (taps if axes[1].tap_step == 1 else 1)
    runs = max(kind.taps for kind in axes[0].kinds)
    if axes[1].tap_step > 1:
        runs *= taps
    along = wide * (runs * -(-run // lanes) + _ADDING_UP)
    return along < run * runs * -(-wide // lanes)


def _dots(
    form: conv_ir.Form,
    channels: tuple[int, int],
    dtype: str,
    backward: bool,
    host: Facts,
) -> tuple[conv_ir.Form, conv_packing_ir.Packing | None]:
    """Vectors of what is summed."""
    wide, reduced = channels
    element = Element(_scalar(dtype), _lanes(dtype, host))
    order = conv_ir.turned(form.vertical.kinds, form.horizontal.kinds)
    window = len(order) * reduced
    form = form._replace(
        element=element,
        tile=best_tile(*_grid(form), wide, host.registers, whole=True),
        filter_row=1,
        filter_block=window,
        way="dots",
    )
    way = "along filters" if backward else "along depth"
    return form, conv_packing_ir.Packing(element, way, tuple(order), 0, wide * window)


def _band(form: conv_ir.Form, host: Facts) -> int:
    """Lines done together: as many as a quarter of the second cache holds."""
    line = max(1, form.source.line * form.element.size * form.vertical.step)
    room = host.l2 // 4
    if form.way == "each":
        room = host.l1 * 3 // 4
        room -= (form.vertical.reach - form.vertical.step) * line
    band = max(1, min(form.lines, room // line))
    high = form.tile.lines
    if high == 1:
        return band
    # The last band must have as many lines as a tile, too.
    counts = {kind.places for kind in form.vertical.kinds}
    for wanted in range(max(band, high), min(counts)):
        if all((count - high) % wanted + high <= wanted for count in counts):
            return wanted
    return form.lines


@functools.lru_cache(maxsize=512)
def filters(sizes: Sizes, dtype: str, by_lines: bool, host: Facts) -> Filtering:
    """The code of the gradient of a convolution's filters."""
    axes = forward_axis(sizes, 0), forward_axis(sizes, 1)
    first = sizes.channels_first
    source = _source(sizes.size, sizes.channels, first, *axes)
    width = sizes.outputs[1]
    gradient = Source(*sizes.outputs, sizes.filters, first, 0, 0, width, first)
    merged = sizes.groups == 1 and sizes.dilations[1] == 1
    run = (sizes.window[1] if merged else 1) * sizes.depth
    form = conv_filter_ir.Form(
        element_for(dtype, sizes.each, host), sizes, source, gradient, Tile(1, 1, 1),
        run, 1, sizes.outputs[0], "spread",
    )  # fmt: skip
    if sizes.is_depthwise:
        form = _filters_each(form, dtype, host)
    elif is_turned(sizes, dtype, host):
        form = _filters_turned(form, dtype, host)
    else:
        form = _filters_spread(form, host)
    form = _chunk(form, host)
    if by_lines:
        form = form._replace(images=1, whole=False)
    kernel = Kernel(_name("conv_filters", sizes), conv_filter_ir.text(form))
    return Filtering(form, kernel)


def _filters_spread(form: conv_filter_ir.Form, host: Facts) -> conv_filter_ir.Form:
    """Vectors of filters."""
    sizes, gradient = form.sizes, form.gradient
    vectors = -(-sizes.each // form.element.lanes)
    tile = best_tile(sizes.window[0], form.run, vectors, host.registers)
    across = tile.vectors * form.element.lanes
    if sizes.filters >= _MANY and not sizes.channels_first:
        gradient = gradient._replace(channels=across, sliced=sizes.filters, copied=True)
    elif sizes.each % across:
        gradient = gradient._replace(copied=True)
    return form._replace(tile=tile, gradient=gradient)


def _filters_each(
    form: conv_filter_ir.Form, dtype: str, host: Facts
) -> conv_filter_ir.Form:
    """Vectors of channels that are filtered singly."""
    sizes, gradient = form.sizes, form.gradient
    element = element_for(dtype, sizes.filters, host)
    lanes = element.lanes
    source = form.source._replace(
        channels=lanes, copied=True, sliced=sizes.channels, repeat=sizes.each
    )
    if sizes.filters % lanes or sizes.channels_first:
        gradient = gradient._replace(channels=lanes, sliced=sizes.filters, copied=True)
    run = sizes.window[1]
    tile = best_tile(sizes.window[0], run, 1, host.registers, False)
    return form._replace(
        element=element, source=source, gradient=gradient, tile=tile, run=run,
        way="each",
    )  # fmt: skip


def _filters_turned(
    form: conv_filter_ir.Form, dtype: str, host: Facts
) -> conv_filter_ir.Form:
    """Vectors of taps and channels of the input."""
    each, source = form.sizes.each, form.source
    element = element_for(dtype, form.run, host)
    vectors = -(-form.run // element.lanes)
    across = min(vectors, (host.registers - 2) // (each + 1))
    across = -(-vectors // -(-vectors // across))
    if form.run % (across * element.lanes):
        source = source._replace(copied=True)
    tile = Tile(1, each, across)
    return form._replace(element=element, source=source, tile=tile, way="turned")


def is_turned(sizes: Sizes, dtype: str, host: Facts) -> bool:
    """Whether lanes run along taps and channels of the input, for few filters."""
    if sizes.is_depthwise or sizes.groups > 1 or sizes.each > _FEW:
        return False
    run = sizes.depth * (sizes.window[1] if sizes.dilations[1] == 1 else 1)
    return run >= _lanes(dtype, host) // 2


def _chunk(form: conv_filter_ir.Form, host: Facts) -> conv_filter_ir.Form:
    """Images, or lines of one, that half of the second cache holds."""
    room = host.l2 // 2 // form.element.size
    line = form.source.line * form.sizes.strides[0] + form.gradient.line
    lines = max(1, room // max(1, line))
    outputs = form.sizes.outputs[0]
    if form.gradient.sliced:  # the first cache, for as long as a panel is multiplied
        lines = min(lines, host.l1 // 2 // form.element.size // form.gradient.line)
        lines = max(1, lines)
    if lines >= 2 * outputs:
        return form._replace(images=min(16, lines // max(1, outputs)))
    return form._replace(band=max(1, min(outputs, lines)))


@functools.lru_cache(maxsize=64)
def total_kernel(element: Element, turned: int) -> Kernel:
    """The kernel that adds parts, which have so many rows that are columns."""
    return Kernel("conv_parts", conv_packing_ir.total(element, turned))


def flat(sizes: Sizes) -> Sizes:
    """Windows of one element over lines that tiles fit: whole lines made one."""
    height, width = sizes.size

    def waste(lines: int) -> float:
        tiles = -(-width * lines // _WIDE)
        return tiles * max(_WIDE * 0.6, -(-width * lines // tiles)) / (width * lines)

    best = min(
        (round(waste(lines) * 20), lines)
        for lines in range(1, max(1, height) + 1)
        if height % lines == 0 and (lines == 1 or lines * width <= _LONG)
    )[1]
    line = (height // best, width * best)
    return sizes._replace(size=line, outputs=line)


def _name(kind: str, sizes: Sizes) -> str:
    window = "x".join(str(tap) for tap in sizes.window)
    size = "x".join(str(extent) for extent in sizes.size)
    return f"{kind}_{window}_{sizes.channels}to{sizes.filters}_on_{size}"
