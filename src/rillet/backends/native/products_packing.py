"""Copies of the second matrix's rows, as the tiles of a product want to read them.

In flow rows of a panel; out flow the same in the scratch, one vector after another:
as they are but widened, or turned, where the matrix is stored by columns. The caller is
`products_ir`.
"""

from __future__ import annotations

from rillet.backends.native.products_form import Cut
from rillet.backends.native.products_memory import Memory


class Packing:
    """Writes the loops that copy."""

    def __init__(self, memory: Memory) -> None:
        self.m = memory
        self.w = memory.w
        self.form = memory.form
        self.step_b = str(memory.form.step_b)

    def rows(self, source: str, cut: Cut, masks: tuple[str, ...]) -> None:
        """Copies b's rows of a panel into the scratch."""
        w, form = self.w, self.form
        step, row = self.step_b, str(len(masks) * form.lanes)

        def turn(p: str) -> None:
            line = w.move(source, w.mul(p, step), self.m.size)
            target = w.move("%scratch", w.mul(p, row), self.m.sum_size)
            for v, mask in enumerate(masks):
                value = self.m.load(
                    w.move(line, str(v * form.lanes), self.m.size), mask
                )
                place = w.move(target, str(v * form.lanes), self.m.sum_size)
                self.m.store_sum(value, place, "")

        w.loop("0", cut.extent, "1", turn)

    def turned(
        self, source: str, columns: str, cut: Cut, masks: tuple[str, ...]
    ) -> None:
        """Turns b's rows of a panel, a few columns at a time, into the scratch.

        Args:
          source: where the panel's first row lies.
          columns: columns of the product from there on.
          cut: the range of k.
          masks: of the vectors across the panel.
        """
        w, form = self.w, self.form
        lanes, step = form.lanes, self.step_b
        moving = form.open or form.kind == "columns"
        wide = len(masks)
        # Vectors across whole panels have no masks; where blocks are of columns, those
        # of the last panel are not known.
        left = form.tail_lanes if masks[-1] and not moving else lanes
        partial = wide - 1 if left < lanes else wide
        above = w.sub(columns, "1") if moving else ""

        def strip(vector: str, count: int) -> None:
            first = w.mul(vector, str(lanes))
            line = w.move(source, w.mul(first, step), self.m.size)
            lines = [
                w.move(line, str(i * form.step_b), self.m.size) for i in range(count)
            ]
            if moving:  # rows past the last are taken to be the last, and not stored
                rows = [w.least(w.add(first, str(i)), above) for i in range(count)]
                lines = [w.move(source, w.mul(i, step), self.m.size) for i in rows]
            target = w.move("%scratch", first, self.m.sum_size)
            self.turn(lines, target, wide * lanes, cut.extent, "")

        w.loop("0", str(partial), "1", lambda vector: strip(vector, lanes))
        if left < lanes:
            strip(str(partial), left)

    def turn(
        self, lines: list[str], target: str, row: int, extent: str, mask: str
    ) -> None:
        """Turns rows into columns.

        Args:
          lines: where the rows lie, at most as many as a vector has lanes.
          target: where the first of the columns goes.
          row: elements from a row at `target` to the next.
          extent: elements of each row.
          mask: of the rows that there are, to store no others; empty: all of a vector.
        """
        w = self.w
        few = 16 // self.m.sum_size

        def square(p: str) -> None:
            at = w.move(target, w.mul(p, str(row)), self.m.sum_size)
            for i, value in enumerate(self._columns(lines, p, few)):
                place = w.move(at, str(i * row), self.m.sum_size)
                self.m.store_sum(value, place, mask)

        def single(p: str) -> None:
            at = w.move(target, w.mul(p, str(row)), self.m.sum_size)
            for i, line in enumerate(lines):
                value = self.m.scalar_at(w.move(line, p, self.m.size))
                w.do(
                    f"store {self.m.scalar} {value}, ptr "
                    f"{w.move(at, str(i), self.m.sum_size)}, align {self.m.sum_size}"
                )

        whole = w.sub(extent, w.op(f"urem i64 {extent}, {few}"))
        w.loop("0", whole, str(few), square)
        w.loop(whole, extent, "1", single)

    def _columns(self, lines: list[str], p: str, few: int) -> list[str]:
        """Vectors of the elements p, p + 1, ... of all lines.

        Vector i takes a few elements of each of the lines i, few + i, 2 few + i, ...
        into its 16-byte parts; a transposition within the parts then sorts them.
        """
        w, lanes = self.w, self.form.lanes
        loaded = [
            self._few(w.move(lines[i], p, self.m.size), few) if i < len(lines) else ""
            for i in range(lanes)
        ]
        vectors = [self._joined(loaded[i::few], few) for i in range(few)]
        bits = few.bit_length() - 1
        for _ in range(bits):
            halves = [range(few // 2), range(few // 2, few)]
            orders = [
                ", ".join(
                    f"i32 {part + i}, i32 {part + i + lanes}"
                    for part in range(0, lanes, few)
                    for i in half
                )
                for half in halves
            ]
            vectors = [
                w.op(
                    f"shufflevector {self.m.vector} {vectors[i]}, {self.m.vector} "
                    f"{vectors[i + few // 2]}, <{lanes} x i32> <{order}>"
                )
                for i in range(few // 2)
                for order in orders
            ]
        return vectors

    def _few(self, pointer: str, few: int) -> str:
        """16 bytes of sums, or what becomes 16 bytes of them."""
        return self.m.widened(pointer, "", few)

    def _joined(self, parts: list[str], few: int) -> str:
        """One vector of several, which stand in a power of two."""
        w = self.w
        width = few
        while len(parts) > 1:
            kind = f"<{width} x {self.m.scalar}>"
            order = ", ".join(f"i32 {i}" for i in range(2 * width))
            parts = [
                w.op(
                    f"shufflevector {kind} {left or 'zeroinitializer'}, {kind} "
                    f"{right or 'zeroinitializer'}, <{2 * width} x i32> <{order}>"
                )
                if left or right
                else ""
                for left, right in zip(parts[::2], parts[1::2], strict=True)
            ]
            width *= 2
        return parts[0] or "zeroinitializer"
