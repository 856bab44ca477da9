"""Plans of convolutions and their gradients: kernels, words and how rows are cut.

In flow `Sizes` and a dtype; out flow `Plan`s, to be run one after the other, and the
temporary buffers between them. The caller is the native backend's lowering.

The number of images is in no text: a smaller last batch runs the same code.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import numpy as np

from rillet.backends.native import conv_filter_ir, conv_ir, conv_packing_ir
from rillet.backends.native.calls import Kernel
from rillet.backends.native.conv_ir import Source
from rillet.backends.native.conv_shapes import (
    Axis,
    Sizes,
    Tile,
    backward_axis,
    best_tile,
    forward_axis,
)
from rillet.backends.native.conv_writer import Element
from rillet.backends.native.host import Facts, facts
from rillet.ops.conv_rules import Plan as Placed

_GHZ: Final = 4.0
_EFFICIENCY: Final = 0.7
_BLOCK_NS: Final = 20_000
_FEWEST_BLOCKS: Final = 8
_MOST_PARTS: Final = 16
_PARTS_BYTES: Final = 1 << 26
_DIRECT_BYTES: Final = 1 << 18  # filters that are read where they lie


class Plan(NamedTuple):
    """A call of a kernel, but for its buffers.

    Attributes:
      kernel: its text.
      words: of `%args`, in order: names of buffers, and integers.
      extent: rows of the partition.
      align: for each buffer, whether rows `[lo, hi)` touch only their share of it.
      ns_per_row: an estimate.
      block: rows that a block has at best.
      scratch: bytes of scratch.
    """

    kernel: Kernel
    words: tuple[str | int, ...]
    extent: int
    align: dict[str, bool]
    ns_per_row: float
    block: int
    scratch: int


class Steps(NamedTuple):
    """Plans that follow each other, each when the one before is whole.

    Attributes:
      plans: what to call.
      temporaries: buffers between plans, and their numbers of elements; those of
        "parts" are for the plan's own `block`.
    """

    plans: tuple[Plan, ...]
    temporaries: dict[str, int]


def sizes_of(placed: Placed, channels: int, filters: tuple[int, ...]) -> Sizes:
    """The sizes of a convolution over two axes, as `ops.conv_rules` places its windows.

    Args:
      placed: the windows, groups and format.
      channels: of the input.
      filters: the filters' shape.
    """
    at = placed.at
    two = [
        (pair[0], pair[1])
        for pair in (
            at.sizes,
            at.window,
            at.strides,
            at.dilations,
            at.before,
            at.outputs,
        )
    ]
    return Sizes(
        two[0],
        channels,
        two[1],
        filters[-1],
        two[2],
        two[3],
        two[4],
        two[5],
        placed.groups,
        placed.channels_first,
    )


def convolution(
    sizes: Sizes,
    images: int,
    dtype: np.dtype,
    by_lines: bool = False,
    host: Facts | None = None,
) -> Steps:
    """Plans a convolution: buffers "x", "w" and "out".

    Args:
      sizes: the convolution's.
      images: in the batch.
      dtype: float32 or float64.
      by_lines: the extent counts lines of outputs, `images * outputs[0]`, not images.
      host: the machine; this one, if None.

    Returns:
      Plans, and a temporary "packed" where filters are laid out anew.
    """
    host = host or facts()
    if sizes.is_pointwise and not by_lines:
        sizes = _flat(sizes)
    made, packed, kernel, packing = _forward(sizes, dtype.name, by_lines, host)
    return _slide(
        made, sizes, images, by_lines, packed, kernel, packing, ("x", "w", "out"), host
    )


def input_gradient(
    sizes: Sizes,
    images: int,
    dtype: np.dtype,
    by_lines: bool = False,
    host: Facts | None = None,
) -> Steps:
    """Plans the gradient of a convolution's input: buffers "dy", "w" and "out".

    Args:
      sizes: the convolution's.
      images: in the batch.
      dtype: float32 or float64.
      by_lines: the extent counts lines of the input; only where strides are 1.
      host: the machine; this one, if None.

    Returns:
      Plans, and a temporary "packed" of filters turned round.
    """
    host = host or facts()
    if sizes.is_pointwise and not by_lines:
        sizes = _flat(sizes)
    by_lines = by_lines and sizes.strides[0] == 1
    made, packed, kernel, packing = _backward(sizes, dtype.name, by_lines, host)
    return _slide(
        made, sizes, images, by_lines, packed, kernel, packing, ("dy", "w", "out"), host
    )


def filter_gradient(
    sizes: Sizes, images: int, dtype: np.dtype, host: Facts | None = None
) -> Steps:
    """Plans the gradient of a convolution's filters: buffers "x", "dy" and "out".

    Args:
      sizes: the convolution's.
      images: in the batch.
      dtype: float32 or float64.
      host: the machine; this one, if None.

    Returns:
      A plan in which each block writes a part to the temporary "parts", and one that
      adds them.
    """
    host = host or facts()
    if sizes.is_pointwise:
        sizes = _flat(sizes)
    form, kernel = _filters(sizes, dtype.name, host)
    size = sizes.taps * sizes.depth * sizes.filters
    most = max(1, min(_MOST_PARTS, _PARTS_BYTES // (size * dtype.itemsize)))
    each = _ns(sizes.multiplications, form.element)
    block = max(-(-images // most), block_of(images, each))
    parts = max(1, -(-images // block))
    plan = Plan(
        kernel,
        ("x", "dy", "parts"),
        images,
        {"x": True, "dy": True, "parts": False},
        each,
        block,
        form.scratch,
    )
    return Steps((plan, total(size, parts, dtype, host)), {"parts": parts * size})


def total(size: int, parts: int, dtype: np.dtype, host: Facts | None = None) -> Plan:
    """Plans the sum of parts, in their order: buffers "parts" and "out".

    Args:
      size: numbers of a part.
      parts: how many there are.
      dtype: float32 or float64.
      host: the machine; this one, if None.
    """
    element = element_for(dtype.name, size, host or facts())
    unit = min(size, 256)
    extent = -(-size // unit)
    if size % unit:
        unit, extent = size, 1
    each = unit * (parts + 1) * dtype.itemsize / 20
    return Plan(
        _total_kernel(element),
        ("parts", "out", parts, size, unit),
        extent,
        {"parts": False, "out": True},
        each,
        block_of(extent, each),
        0,
    )


@functools.lru_cache(maxsize=64)
def _total_kernel(element: Element) -> Kernel:
    return Kernel("conv_parts", conv_packing_ir.total(element))


def _flat(sizes: Sizes) -> Sizes:
    """A window of one element over an image as one line."""
    line = (1, math.prod(sizes.size))
    return sizes._replace(size=line, outputs=line)


def element_for(name: str, channels: int, host: Facts) -> Element:
    """The numbers, in vectors no wider than the channels need."""
    size = 4 if name == "float32" else 8
    lanes = host.vector_bytes // size
    while lanes > 1 and channels <= lanes // 2:
        lanes //= 2
    return Element("float" if size == 4 else "double", lanes)


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
def _forward(
    sizes: Sizes, dtype: str, by_lines: bool, host: Facts
) -> tuple[conv_ir.Form, int, Kernel, Kernel | None]:
    element = element_for(dtype, sizes.each, host)
    down, along = forward_axis(sizes, 0), forward_axis(sizes, 1)
    vectors = -(-sizes.each // element.lanes)
    high = 1 if by_lines else sizes.outputs[0]
    tile = best_tile(min(high, 16), sizes.outputs[1], vectors, host.registers)
    across = tile.vectors * element.lanes
    blocks = -(-vectors // tile.vectors)
    order = conv_ir.turned(down.kinds, along.kinds)
    packed = sizes.groups * blocks * sizes.taps * sizes.depth * across
    direct = (
        sizes.groups == 1
        and sizes.each % across == 0
        and (blocks == 1 or packed * element.size <= _DIRECT_BYTES)
    )
    row = sizes.filters if direct else across
    form = conv_ir.Form(
        element,
        _source(sizes.size, sizes.channels, sizes.channels_first, down, along),
        down,
        along,
        *sizes.outputs,
        sizes.filters,
        sizes.groups,
        tile,
        blocks,
        row,
        across if direct else sizes.taps * sizes.depth * across,
        1,
        not by_lines,
        sizes.channels_first,
    )
    form = form._replace(band=_band(form, host))
    name = _name("conv", sizes)
    packing = None
    if not direct:
        source = conv_packing_ir.packing(element, sizes, order, across, False)
        packing = Kernel(f"{name}_filters", source)
    return form, 0 if direct else packed, Kernel(name, conv_ir.text(form)), packing


@functools.lru_cache(maxsize=512)
def _backward(
    sizes: Sizes, dtype: str, by_lines: bool, host: Facts
) -> tuple[conv_ir.Form, int, Kernel, Kernel | None]:
    element = element_for(dtype, sizes.depth, host)
    down, along = backward_axis(sizes, 0), backward_axis(sizes, 1)
    vectors = -(-sizes.depth // element.lanes)
    high = 1 if by_lines else min(kind.places for kind in down.kinds)
    wide = min(kind.places for kind in along.kinds)
    tile = best_tile(min(high, 16), wide, vectors, host.registers)
    across = tile.vectors * element.lanes
    blocks = -(-vectors // tile.vectors)
    order = conv_ir.turned(down.kinds, along.kinds)
    panel = len(order) * sizes.each * across
    form = conv_ir.Form(
        element,
        _source(sizes.outputs, sizes.filters, sizes.channels_first, down, along),
        down,
        along,
        *sizes.size,
        sizes.channels,
        sizes.groups,
        tile,
        blocks,
        across,
        panel,
        1,
        not by_lines,
        sizes.channels_first,
    )
    form = form._replace(band=_band(form, host))
    name = _name("conv_input", sizes)
    source = conv_packing_ir.packing(element, sizes, order, across, True)
    packed = sizes.groups * blocks * panel
    kernel = Kernel(name, conv_ir.text(form))
    return form, packed, kernel, Kernel(f"{name}_filters", source)


def _band(form: conv_ir.Form, host: Facts) -> int:
    """Lines done together: as many as a quarter of the second cache holds."""
    if form.tile.lines > 1:
        return form.lines
    line = max(1, form.source.line * form.element.size * form.vertical.step)
    return max(1, min(form.lines, host.l2 // 4 // line))


@functools.lru_cache(maxsize=512)
def _filters(
    sizes: Sizes, dtype: str, host: Facts
) -> tuple[conv_filter_ir.Form, Kernel]:
    element = element_for(dtype, sizes.each, host)
    down, along = forward_axis(sizes, 0), forward_axis(sizes, 1)
    source = _source(sizes.size, sizes.channels, sizes.channels_first, down, along)
    merged = sizes.groups == 1 and sizes.dilations[1] == 1
    run = (sizes.window[1] if merged else 1) * sizes.depth
    vectors = -(-sizes.each // element.lanes)
    tile = best_tile(sizes.window[0], run, vectors, host.registers)
    across = tile.vectors * element.lanes
    first = sizes.channels_first
    ragged = sizes.each % across != 0
    width = sizes.outputs[1]
    gradient = Source(
        *sizes.outputs, sizes.filters, first or ragged, 0, 0, width, first
    )
    form = conv_filter_ir.Form(
        element, sizes, source, gradient, tile, run, 1, sizes.outputs[0]
    )
    room = host.l2 // 2 // element.size
    x_line = source.line * sizes.strides[0]
    lines = max(1, room // max(1, x_line + gradient.line))
    if lines >= 2 * sizes.outputs[0]:
        form = form._replace(images=min(16, lines // max(1, sizes.outputs[0])))
    else:
        form = form._replace(band=max(1, min(sizes.outputs[0], lines)))
    name = _name("conv_filters", sizes)
    return form, Kernel(name, conv_filter_ir.text(form))


def _slide(
    form: conv_ir.Form,
    sizes: Sizes,
    images: int,
    by_lines: bool,
    packed: int,
    kernel: Kernel,
    packing: Kernel | None,
    names: tuple[str, str, str],
    host: Facts,
) -> Steps:
    """The plans of a convolution, or of a gradient that is one."""
    source, filters, out = names
    extent = images * form.lines if by_lines else images
    each = _ns(sizes.multiplications, form.element)
    if by_lines:
        each /= max(1, form.lines)
    plans = []
    temporaries = {}
    if packing is not None:
        plans.append(
            Plan(
                packing,
                (filters, "packed"),
                sizes.taps,
                {filters: False, "packed": False},
                sizes.depth * sizes.filters / 4,
                1,
                0,
            )
        )
        temporaries["packed"] = packed
        filters = "packed"
    align = {source: not by_lines, filters: False, out: True}
    plans.append(
        Plan(
            kernel,
            (source, filters, out),
            extent,
            align,
            each,
            block_of(extent, each),
            form.scratch,
        )
    )
    return Steps(tuple(plans), temporaries)


def _ns(multiplications: int, element: Element) -> float:
    rate = 2 * element.lanes * _GHZ * _EFFICIENCY
    return max(1.0, multiplications / rate)


def block_of(extent: int, ns_per_row: float) -> int:
    """Rows of a block: worth the claim, but not too few blocks."""
    wanted = math.ceil(_BLOCK_NS / max(1.0, ns_per_row))
    return max(1, min(wanted, -(-extent // _FEWEST_BLOCKS)))


def _name(kind: str, sizes: Sizes) -> str:
    window = "x".join(str(tap) for tap in sizes.window)
    size = "x".join(str(extent) for extent in sizes.size)
    return f"{kind}_{window}_{sizes.channels}to{sizes.filters}_on_{size}"


__all__ = [
    "Plan",
    "Steps",
    "Tile",
    "convolution",
    "filter_gradient",
    "input_gradient",
    "sizes_of",
    "total",
]
