"""Plans of convolutions and their gradients: kernels, words and how rows are cut.

In flow `Sizes` and a dtype; out flow `Plan`s, to be run one after the other, and the
temporary buffers between them. The caller is the native backend's lowering.

The number of images is in no text: a smaller last batch runs the same code.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from rillet.backends.native import conv_forms
from rillet.backends.native.calls import Kernel
from rillet.backends.native.conv_forms import Sliding, element_for
from rillet.backends.native.conv_shapes import Sizes
from rillet.backends.native.conv_writer import Element
from rillet.backends.native.host import Facts, facts
from rillet.ops.conv_rules import Plan as Placed

_GHZ: Final = 4.0
_EFFICIENCY: Final = 0.85
_BYTES_PER_NS: Final = 40
_BYTES_PER_NS_FAR: Final = 20  # of what lies beyond the second cache
_BLOCK_NS: Final = 20_000
_FEWEST_BLOCKS: Final = 8
_MOST_PARTS: Final = 16
_FEWEST_PARTS: Final = 4
_PASSES: Final = 3
_PARTS_BYTES: Final = 1 << 26
_FEW_IMAGES: Final = 8
_MUCH: Final = 5_000_000  # multiply-adds
_UNIT: Final = 256  # numbers of a row of a sum of parts


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


def sizes_of(
    placed: Placed, channels: int, filters: tuple[int, ...], is_depthwise: bool = False
) -> Sizes:
    """The sizes of a convolution over two axes, as `ops.conv_rules` places its windows.

    Args:
      placed: the windows, groups and format.
      channels: of the input.
      filters: the filters' shape.
      is_depthwise: whether its last two axes are a channel and its filters.
    """
    at = placed.at
    count, groups = filters[-1], placed.groups
    if is_depthwise:
        count, groups = channels * filters[-1], channels
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
        count,
        two[2],
        two[3],
        two[4],
        two[5],
        groups,
        placed.channels_first,
    )


def convolution(
    sizes: Sizes,
    images: int,
    dtype: np.dtype,
    by_lines: bool | None = None,
    host: Facts | None = None,
) -> Steps:
    """Plans a convolution: buffers "x", "w" and "out".

    Args:
      sizes: the convolution's.
      images: in the batch.
      dtype: float32 or float64.
      by_lines: the extent counts lines of outputs, `images * outputs[0]`, not images,
        where they can be done apart; if None, where few images take long.
      host: the machine; this one, if None.

    Returns:
      Plans, and a temporary "packed" where filters are laid out anew.

    Example:
      >>> sizes = Sizes((13, 13), 32, (3, 3), 64, (1, 1), (1, 1), (0, 0), (11, 11))
      >>> plan = convolution(sizes, 128, np.dtype("float32")).plans[-1]
      >>> plan.kernel.name, plan.extent
      ('conv_3x3_32to64_on_13x13', 128)
    """
    host = host or facts()
    by_lines = _by_lines(by_lines, sizes, images) and not sizes.channels_first
    if sizes.is_pointwise and not by_lines:
        sizes = conv_forms.flat(sizes)
    made = conv_forms.forward(sizes, dtype.name, by_lines, host)
    return _slide(made, sizes, images, by_lines, ("x", "w", "out"))


def input_gradient(
    sizes: Sizes,
    images: int,
    dtype: np.dtype,
    by_lines: bool | None = None,
    host: Facts | None = None,
) -> Steps:
    """Plans the gradient of a convolution's input: buffers "dy", "w" and "out".

    Args:
      sizes: the convolution's.
      images: in the batch.
      dtype: float32 or float64.
      by_lines: the extent counts lines of the input, as many together as the stride
        is, not images, where they can be done apart; if None, where few images take
        long.
      host: the machine; this one, if None.

    Returns:
      Plans, and a temporary "packed" of filters turned round.

    Example:
      >>> sizes = Sizes((13, 13), 32, (3, 3), 64, (1, 1), (1, 1), (0, 0), (11, 11))
      >>> input_gradient(sizes, 128, np.dtype("float32")).plans[-1].words
      ('dy', 'packed', 'out')
    """
    host = host or facts()
    staged = sizes.channels_first or (sizes.is_depthwise and sizes.each > 1)
    by_lines = _by_lines(by_lines, sizes, images) and not staged
    if sizes.is_pointwise and not by_lines:
        sizes = conv_forms.flat(sizes)
    made = conv_forms.backward(sizes, dtype.name, by_lines, host)
    return _slide(made, sizes, images, by_lines, ("dy", "w", "out"))


def filter_gradient(
    sizes: Sizes,
    images: int,
    dtype: np.dtype,
    by_lines: bool | None = None,
    host: Facts | None = None,
) -> Steps:
    """Plans the gradient of a convolution's filters: buffers "x", "dy" and "out".

    Args:
      sizes: the convolution's.
      images: in the batch.
      dtype: float32 or float64.
      by_lines: the extent counts lines of the result, not images; if None, where few
        images take long.
      host: the machine; this one, if None.

    Returns:
      A plan in which each block writes a part to the temporary "parts", and one that
      adds them.

    Example:
      >>> sizes = Sizes((13, 13), 32, (3, 3), 64, (1, 1), (1, 1), (0, 0), (11, 11))
      >>> steps = filter_gradient(sizes, 128, np.dtype("float32"))
      >>> [plan.words[:3] for plan in steps.plans]
      [('x', 'dy', 'parts'), ('parts', 'out', 16)]
    """
    host = host or facts()
    by_lines = _by_lines(by_lines, sizes, images)
    if sizes.is_pointwise and not by_lines:
        sizes = conv_forms.flat(sizes)
    made = conv_forms.filters(sizes, dtype.name, by_lines, host)
    size = sizes.taps * sizes.depth * sizes.filters
    each = ns_per_image(sizes, made.form.element)
    # Parts are written and read again: a quarter of the time at most.
    each_part = size * dtype.itemsize * _PASSES / _BYTES_PER_NS_FAR
    worth = max(_FEWEST_PARTS, int(images * each / 4 / max(1.0, each_part)))
    room = _PARTS_BYTES // max(1, size * dtype.itemsize)
    most = max(1, min(_MOST_PARTS, worth, room))
    extent = images
    if by_lines:
        extent *= sizes.outputs[0]
        each /= max(1, sizes.outputs[0])
    block = max(-(-extent // most), block_of(extent, each))
    parts = -(-extent // block)
    plan = Plan(
        made.kernel,
        ("x", "dy", "parts"),
        extent,
        {"x": not by_lines, "dy": True, "parts": False},
        each,
        block,
        made.form.scratch,
    )
    return Steps((plan, total(sizes, parts, dtype, host)), {"parts": parts * size})


def total(sizes: Sizes, parts: int, dtype: np.dtype, host: Facts | None = None) -> Plan:
    """Plans the sum of parts of filters, in their order: buffers "parts" and "out".

    Args:
      sizes: the convolution's.
      parts: how many there are.
      dtype: float32 or float64.
      host: the machine; this one, if None.
    """
    host = host or facts()
    size = sizes.taps * sizes.depth * sizes.filters
    element = element_for(dtype.name, size, host)
    turned = 1
    if conv_forms.is_turned(sizes, dtype.name, host):
        turned = sizes.filters
    unit = size if turned > 1 or size % _UNIT else _UNIT
    extent = size // max(1, unit)
    each = unit * (parts + 1) * dtype.itemsize / _BYTES_PER_NS_FAR
    return Plan(
        conv_forms.total_kernel(element, turned),
        ("parts", "out", parts, size, unit),
        extent,
        {"parts": False, "out": True},
        each,
        block_of(extent, each),
        0,
    )


def _slide(
    made: Sliding,
    sizes: Sizes,
    images: int,
    by_lines: bool,
    names: tuple[str, str, str],
) -> Steps:
    """The plans of a convolution, or of a gradient that is one."""
    source, filters, out = names
    form = made.form
    extent = images * form.lines if by_lines else images
    each = ns_per_image(sizes, form.element)
    if by_lines:
        each /= max(1, form.lines)
    plans = []
    temporaries = {}
    if made.packing is not None:
        align = {filters: False, "packed": False}
        work = sizes.depth * sizes.filters / 4
        plans.append(
            Plan(made.packing, (filters, "packed"), made.taps, align, work, 1, 0)
        )
        temporaries["packed"] = made.packed
        filters = "packed"
    aligned = not by_lines or form.height % form.vertical.period == 0
    align = {source: not by_lines, filters: False, out: aligned}
    words = (source, filters, out)
    block = block_of(extent, each)
    plans.append(Plan(made.kernel, words, extent, align, each, block, form.scratch))
    return Steps(tuple(plans), temporaries)


def _by_lines(wanted: bool | None, sizes: Sizes, images: int) -> bool:
    """Whether to cut images: where there are few of them, and each takes long."""
    if wanted is not None:
        return wanted
    return images < _FEW_IMAGES and sizes.multiplications > _MUCH


def ns_per_image(sizes: Sizes, element: Element) -> float:
    """Nanoseconds that an image takes a thread: to multiply, or to read and write."""
    rate = 2 * element.lanes * _GHZ * _EFFICIENCY
    numbers = math.prod(sizes.size) * sizes.channels
    numbers += math.prod(sizes.outputs) * sizes.filters
    moved = numbers * element.size / _BYTES_PER_NS
    return max(1.0, moved, sizes.multiplications / rate)


def block_of(extent: int, ns_per_row: float) -> int:
    """Rows of a block: worth the claim, but not too few blocks."""
    wanted = math.ceil(_BLOCK_NS / max(1.0, ns_per_row))
    return max(1, min(wanted, -(-extent // _FEWEST_BLOCKS)))
