"""The text of small kernels beside convolutions: packed filters, and sums of parts.

In flow shapes; out flows LLVM IR. The caller is `conv`.
"""

from __future__ import annotations

from collections.abc import Sequence

from rillet.backends.native.conv_shapes import Sizes
from rillet.backends.native.conv_writer import Element, TileWriter


def packing(
    element: Element,
    sizes: Sizes,
    order: Sequence[tuple[int, int]],
    across: int,
    backward: bool,
) -> str:
    """Returns the IR that packs filters in blocks of channels.

    Words: the filters' address, `(*window, depth, filters)`, and the packed ones',
    `(groups, blocks, taps, reduced, across)`, where what is reduced and what lies
    across are depth and a group's filters, or the other way round. The extent is the
    taps.

    Args:
      element: what the numbers are.
      sizes: of the convolution.
      order: the taps, as the packed filters have them.
      across: channels in a block; those that are missing are zeros.
      backward: whether depth lies across.
    """
    w = TileWriter(element)
    source, packed = w.word(0, "ptr"), w.word(1, "ptr")
    reduced, wide = sizes.depth, sizes.each
    if backward:
        reduced, wide = wide, reduced
    blocks = -(-wide // across)
    numbers = [y * sizes.window[1] + x for y, x in order]
    table = w.table("taps", [numbers])

    def tap(at: str) -> None:
        number = w.op(f"load i64, ptr {w.move(table, at, 8)}")
        of = w.ahead(source, w.mul(number, str(sizes.depth * sizes.filters)))

        def group(g: str) -> None:
            start = w.ahead(of, w.mul(g, str(sizes.each)))

            def block(b: str) -> None:
                first = w.mul(b, str(across))
                panel = w.add(w.mul(g, str(blocks)), b)
                place = w.add(w.mul(panel, str(len(order))), at)
                to = w.ahead(packed, w.mul(place, str(reduced * across)))
                _panel(w, sizes, start, to, (reduced, wide, across), first, backward)

            w.loop("0", str(blocks), "1", block)

        w.loop("0", str(sizes.groups), "1", group)

    w.loop("%lo", "%hi", "1", tap)
    return w.kernel()


def _panel(
    w: TileWriter,
    sizes: Sizes,
    source: str,
    to: str,
    extents: tuple[int, int, int],
    first: str,
    backward: bool,
) -> None:
    reduced, wide, across = extents
    lanes = w.element.lanes

    def row(r: str) -> None:
        at = w.ahead(to, w.mul(r, str(across)))
        if not backward:
            start = w.ahead(source, w.add(w.mul(r, str(sizes.filters)), first))
            for v in range(across // lanes):
                place = w.add(first, str(v * lanes))
                whole = wide % across == 0
                mask = "" if whole else w.lanes_below(place, str(wide))
                value = w.load_masked(w.ahead(start, str(v * lanes)), mask)
                w.store(value, w.ahead(at, str(v * lanes)))
            return
        start = w.ahead(source, w.add(r, w.mul(first, str(sizes.filters))))
        count = w.least(str(across), w.sub(str(wide), first))

        def number(i: str) -> None:
            of = w.ahead(start, w.mul(i, str(sizes.filters)))
            w.store(w.load(of, w.element.scalar), w.ahead(at, i), w.element.scalar)

        def nothing(i: str) -> None:
            w.store("0.0", w.ahead(at, i), w.element.scalar)

        w.loop("0", count, "1", number)
        w.loop(count, str(across), "1", nothing)

    w.loop("0", str(reduced), "1", row)


def total(element: Element) -> str:
    """Returns the IR that adds parts in their order.

    Words: the parts' address, the result's, how many parts there are, numbers of a
    part, numbers of a unit of the extent.
    """
    w = TileWriter(element)
    parts, out = w.word(0, "ptr"), w.word(1, "ptr")
    count, size, unit = (w.word(i) for i in range(2, 5))
    begin, end = w.mul("%lo", unit), w.mul("%hi", unit)
    lanes = element.lanes

    def turn(kind: str, at: str) -> None:
        start = w.ahead(parts, at)
        first = w.load(start, kind)

        def part(number: str, sums: list[str]) -> list[str]:
            value = w.load(w.ahead(start, w.mul(number, size)), kind)
            return [w.op(f"fadd {kind} {sums[0]}, {value}")]

        sums = w.carry("1", count, "1", [(kind, first)], part)
        w.store(sums[0], w.ahead(out, at), kind)

    whole = w.sub(end, w.op(f"urem i64 {w.sub(end, begin)}, {lanes}"))
    w.loop(begin, whole, str(lanes), lambda at: turn(element.vector, at))
    w.loop(whole, end, "1", lambda at: turn(element.scalar, at))
    return w.kernel()
