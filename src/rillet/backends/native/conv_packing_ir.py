"""The text of small kernels beside convolutions: packed filters, and sums of parts.

In flow shapes; out flows LLVM IR. The caller is `conv`.
"""

from __future__ import annotations

from typing import NamedTuple

from rillet.backends.native.conv_copy_ir import transpose
from rillet.backends.native.conv_shapes import Sizes
from rillet.backends.native.conv_writer import Element, TileWriter


class Packing(NamedTuple):
    """How filters are laid out anew.

    Attributes:
      element: what the numbers are.
      way: "across filters" or "across depth": in blocks of so many channels, `(groups,
        blocks, taps, reduced, across)`; "along depth" or "along filters": what is
        summed is innermost, `(channels, taps, reduced)`; "each": `(taps, across)`.
      order: the taps, as the packed filters have them.
      across: channels in a block; those that are missing are zeros.
      size: numbers in all.
    """

    element: Element
    way: str
    order: tuple[tuple[int, int], ...]
    across: int
    size: int


def packing(form: Packing, sizes: Sizes) -> str:
    """Returns the IR that packs filters.

    Words: the filters' address, `(*window, depth, filters)`, and the packed ones'. The
    extent is the taps.
    """
    w = TileWriter(form.element)
    source, packed = w.word(0, "ptr"), w.word(1, "ptr")
    numbers = [y * sizes.window[1] + x for y, x in form.order]
    table = w.table("taps", [numbers])

    def tap(at: str) -> None:
        number = w.op(f"load i64, ptr {w.move(table, at, 8)}")
        of = w.ahead(source, w.mul(number, str(sizes.depth * sizes.filters)))
        if form.way == "each":
            to = w.ahead(packed, w.mul(at, str(form.across)))
            w.copy(to, of, sizes.filters)
            rest = w.ahead(to, str(sizes.filters))
            w.fill(rest, form.across - sizes.filters)
        elif form.way.startswith("along"):
            _along(w, form, sizes, of, packed, at)
        else:
            _across(w, form, sizes, of, packed, at)

    w.loop("%lo", "%hi", "1", tap)
    return w.kernel()


def _along(
    w: TileWriter, form: Packing, sizes: Sizes, of: str, packed: str, at: str
) -> None:
    backward = form.way == "along filters"
    kept, reduced = sizes.filters, sizes.depth
    to_kept, to_next = "1", str(sizes.filters)
    if backward:
        kept, reduced, to_kept, to_next = reduced, kept, to_next, to_kept

    def channel(number: str) -> None:
        start = w.ahead(of, w.mul(number, to_kept))
        place = w.add(w.mul(number, str(len(form.order))), at)
        to = w.ahead(packed, w.mul(place, str(reduced)))

        def copied(i: str) -> None:
            value = w.load(w.ahead(start, w.mul(i, to_next)), w.element.scalar)
            w.store(value, w.ahead(to, i), w.element.scalar)

        w.loop("0", str(reduced), "1", copied)

    w.loop("0", str(kept), "1", channel)


def _across(
    w: TileWriter, form: Packing, sizes: Sizes, of: str, packed: str, at: str
) -> None:
    backward = form.way == "across depth"
    reduced, wide = sizes.depth, sizes.each
    if backward:
        reduced, wide = wide, reduced
    across = form.across
    blocks = -(-wide // across)

    def group(g: str) -> None:
        start = w.ahead(of, w.mul(g, str(sizes.each)))

        def block(b: str) -> None:
            panel = w.add(w.mul(g, str(blocks)), b)
            place = w.add(w.mul(panel, str(len(form.order))), at)
            to = w.ahead(packed, w.mul(place, str(reduced * across)))
            extents = (reduced, wide, across)
            _panel(w, sizes, start, to, extents, w.mul(b, str(across)), backward)

        w.loop("0", str(blocks), "1", block)

    w.loop("0", str(sizes.groups), "1", group)


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
    if backward and wide % across == 0:
        start = w.ahead(source, w.mul(first, str(sizes.filters)))
        transpose(w, to, start, across, reduced, sizes.filters, across)
        return

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


def total(element: Element, turned: int) -> str:
    """Returns the IR that adds parts in their order.

    Args:
      element: what the numbers are.
      turned: rows of a part, which are columns of the result; 1, where both lie alike.

    Words: the parts' address, the result's, how many parts there are, numbers of a
    part, numbers of a unit of the extent.
    """
    w = TileWriter(element)
    parts, out = w.word(0, "ptr"), w.word(1, "ptr")
    count, size, unit = (w.word(i) for i in range(2, 5))
    begin, end = w.mul("%lo", unit), w.mul("%hi", unit)
    lanes = element.lanes

    def total_at(kind: str, at: str) -> str:
        start = w.ahead(parts, at)

        def part(number: str, sums: list[str]) -> list[str]:
            value = w.load(w.ahead(start, w.mul(number, size)), kind)
            return [w.op(f"fadd {kind} {sums[0]}, {value}")]

        zero = "0.0" if kind == element.scalar else "zeroinitializer"
        return w.carry("0", count, "1", [(kind, zero)], part)[0]

    def turn(kind: str, at: str) -> None:
        w.store(total_at(kind, at), w.ahead(out, at), kind)

    if turned > 1:
        columns = w.op(f"udiv i64 {size}, {turned}")

        def element_of(row: str, column: str) -> None:
            place = w.add(w.mul(row, columns), column)
            value = total_at(element.scalar, place)
            to = w.add(w.mul(column, str(turned)), row)
            w.store(value, w.ahead(out, to), element.scalar)

        def row(number: str) -> None:
            w.loop("0", columns, "1", lambda at: element_of(number, at))

        w.loop("0", str(turned), "1", row)
        return w.kernel()
    whole = w.sub(end, w.op(f"urem i64 {w.sub(end, begin)}, {lanes}"))
    w.loop(begin, whole, str(lanes), lambda at: turn(element.vector, at))
    w.loop(whole, end, "1", lambda at: turn(element.scalar, at))
    return w.kernel()
