"""The text of the kernels of products with few columns, fewer than fill a vector.

In flows a `Form` of the kind "narrow" or "narrow_partial"; out flows LLVM IR. The
caller is `products`. Vectors run along the long side of a, where every lane has work:

- "narrow", rows of out: along the terms. A few rows of a are multiplied with every
  column of b at once, which is turned into the scratch first; the lanes of a sum are
  added up by a tree of shuffles that leaves a row of out in a vector.
- "narrow_partial", a part of out for a block of terms, a stored as `(k, m)`: along the
  rows of out. The sums, a column of out in each, pass through the scratch and are
  turned as they are stored.

Words of `%args`: a, b, out (addresses); m and k; whether to add to out; one that is not
looked at; then for partial sums the elements of a part.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native.products_form import Form
from rillet.backends.native.products_memory import Memory
from rillet.backends.native.products_packing import Packing
from rillet.backends.native.writer import HEAD, VECTORISED, Writer, fixed_mask

_PART_WORD: Final = 7
_LINE: Final = 64


def text(form: Form) -> str:
    """Returns the IR of a form's kernel."""
    return _Narrow(form).text()


class _Narrow:
    """Writes one kernel."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.w = Writer()
        self.m = Memory(form, self.w)
        self.packing = Packing(self.m)

    def text(self) -> str:
        """The whole text."""
        if self.form.kind == "narrow":
            self._whole()
        else:
            self._partial()
        self.w.do("ret void")
        declared = sorted(self.m.declared)
        return "\n".join([VECTORISED, *declared, HEAD, self.w.text(), "}", ""])

    # Vectors along the terms.

    def _whole(self) -> None:
        w, form = self.w, self.form
        a, b, out = (w.word(i, "ptr") for i in range(3))
        k, adds = w.word(4), w.compare("ne", w.word(5), "0")
        if form.packs:
            w.when(w.compare("slt", "%lo", "%hi"), lambda: self._pack(b, k))
            b = "%scratch"
        rest = w.op(f"urem i64 {w.sub('%hi', '%lo')}, {form.rows}")
        whole = w.sub("%hi", rest)
        sources = a, b, out, k

        def rows(row: str, count: int) -> None:
            self._rows(sources, adds, row, count)

        w.loop("%lo", whole, str(form.rows), lambda row: rows(row, form.rows))
        if form.rows > 1:
            w.loop(whole, "%hi", "1", lambda row: rows(row, 1))

    def _pack(self, b: str, k: str) -> None:
        """Turns b: the terms of a vector lie side by side, column after column."""
        w, form = self.w, self.form
        lanes, step = form.lanes, str(form.step_b)
        last = w.sub(k, "1")

        def strip(first: str, lines: list[str]) -> None:
            target = w.move(
                "%scratch", w.mul(first, str(form.columns)), self.m.sum_size
            )
            self.packing.turn(lines, target, lanes, str(form.columns), "")

        def full(first: str) -> None:
            top = w.move(b, w.mul(first, step), self.m.size)
            rows = range(lanes)
            strip(first, [w.move(top, str(i * form.step_b), self.m.size) for i in rows])

        def end(first: str) -> None:  # terms past the last are not looked at
            numbers = [w.least(w.add(first, str(i)), last) for i in range(lanes)]
            strip(first, [w.move(b, w.mul(i, step), self.m.size) for i in numbers])

        whole = w.sub(k, w.op(f"urem i64 {k}, {lanes}"))
        w.loop("0", whole, str(lanes), full)
        w.loop(whole, k, str(lanes), end)

    def _rows(
        self, sources: tuple[str, str, str, str], adds: str, row: str, rows: int
    ) -> None:
        """A few rows of out."""
        w, form = self.w, self.form
        a, b, out, k = sources
        lanes, columns = form.lanes, form.columns
        top = w.move(a, w.mul(row, str(form.step_a)), self.m.size)
        lines = [w.move(top, str(i * form.step_a), self.m.size) for i in range(rows)]

        def factor(p: str, column: int, mask: str) -> str:
            if form.packs:
                index = w.add(w.mul(p, str(columns)), str(column * lanes))
            else:
                index = w.add(p, str(column * form.step_b))
            return self.m.load(w.move(b, index, self.m.size), mask)

        def turn(p: str, sums: list[str], mask: str) -> list[str]:
            terms = [self.m.load(w.move(line, p, self.m.size), mask) for line in lines]
            if form.ahead and not mask:
                for line in lines:
                    self._fetch(w.move(line, p, self.m.size), form.ahead)
            results = list(sums)
            for column in range(columns):
                here = factor(p, column, mask)
                for i, term in enumerate(terms):
                    at = i * columns + column
                    results[at] = self._added(results[at], term, here)
            return results

        whole = w.sub(k, w.op(f"urem i64 {k}, {lanes}"))
        zeros = [(self.m.vector, "zeroinitializer")] * (rows * columns)
        sums = w.carry("0", whole, str(lanes), zeros, lambda p, sums: turn(p, sums, ""))
        sums = w.carry(
            whole,
            k,
            str(lanes),
            [(self.m.vector, value) for value in sums],
            lambda p, sums: turn(p, sums, w.first_lanes(w.sub(k, p), lanes)),
        )
        place = w.move(out, w.mul(row, str(form.step_out)), self.m.size)
        for i in range(rows):
            for first in range(0, columns, lanes):
                last = min(first + lanes, columns)
                total = self._tree(sums[i * columns + first : i * columns + last])
                target = w.move(place, str(i * form.step_out + first), self.m.size)
                self._put(total, target, last - first, adds)

    def _tree(self, sums: list[str]) -> str:
        """A vector of the sums of the lanes of each.

        At every step the halves of two vectors' groups are added, which leaves groups
        of half the size, of both, in one; each sum adds its lanes in the same order.
        """
        w, lanes = self.w, self.form.lanes
        bits = lanes.bit_length() - 1
        vectors = [*sums, *[""] * (lanes - len(sums))]
        group = lanes
        while group > 1:
            half = group // 2
            starts = range(0, lanes, group)
            low = [s + i + o for s in starts for o in (0, lanes) for i in range(half)]
            high = [i + half for i in low]
            vectors = [
                self._halves(x, y, low, high)
                for x, y in zip(vectors[::2], vectors[1::2], strict=True)
            ]
            group = half
        # Groups of two vectors alternate, at every step: the bits of a sum's number
        # stand in the other order now.
        order = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(lanes)]
        return w.op(
            f"shufflevector {self.m.vector} {vectors[0]}, {self.m.vector} poison, "
            f"<{lanes} x i32> <{', '.join(f'i32 {i}' for i in order)}>"
        )

    def _halves(self, x: str, y: str, low: list[int], high: list[int]) -> str:
        """The sum of the lanes `low` and `high` of two vectors, of which some lack."""
        w = self.w
        if not x and not y:
            return ""
        kind, lanes = self.m.vector, self.form.lanes
        both = [
            w.op(
                f"shufflevector {kind} {x or 'poison'}, {kind} {y or 'poison'}, "
                f"<{lanes} x i32> <{', '.join(f'i32 {i}' for i in order)}>"
            )
            for order in (low, high)
        ]
        return w.op(f"fadd {kind} {both[0]}, {both[1]}")

    def _put(self, total: str, target: str, count: int, adds: str) -> None:
        """Stores the first lanes, added to what stands there where that is asked."""
        w, form = self.w, self.form
        mask = fixed_mask(count, form.lanes) if count < form.lanes else ""
        old, new, end = w.name("old"), w.name("new"), w.name("end")
        w.branch(adds, old, new)
        w.at(old)
        before = self.m.load(target, mask)
        self.m.store(w.op(f"fadd {self.m.vector} {before}, {total}"), target, mask)
        w.go(end)
        w.at(new)
        self.m.store(total, target, mask)
        w.go(end)
        w.at(end)

    # Vectors along the rows of out.

    def _partial(self) -> None:
        w, form = self.w, self.form
        a, b, out = (w.word(i, "ptr") for i in range(3))
        m = w.word(3)
        a = w.move(a, w.mul("%lo", str(form.step_a)), self.m.size)
        b = w.move(b, w.mul("%lo", str(form.step_b)), self.m.size)
        out = w.move(out, w.mul("%block", w.word(_PART_WORD)), self.m.size)
        count = w.sub("%hi", "%lo")
        sources = a, b, out, count
        width = form.vectors * form.lanes
        whole = w.sub(m, w.op(f"urem i64 {m}, {width}"))
        w.loop(
            "0",
            whole,
            str(width),
            lambda row: self._strip(sources, row, str(width), [""] * form.vectors),
        )

        def end(row: str) -> None:
            left = w.least(w.sub(m, row), str(form.lanes))
            mask = w.first_lanes(left, form.lanes)
            self._strip(sources, row, left, [mask])

        w.loop(whole, m, str(form.lanes), end)

    def _strip(
        self,
        sources: tuple[str, str, str, str],
        row: str,
        extent: str,
        masks: list[str],
    ) -> None:
        """Rows of out that vectors cover, over all of the block's terms."""
        w, form = self.w, self.form
        a, b, out, count = sources
        lanes, columns, wide = form.lanes, form.columns, len(masks)
        top = w.move(a, row, self.m.size)

        def turn(p: str, sums: list[str]) -> list[str]:
            line = w.move(top, w.mul(p, str(form.step_a)), self.m.size)
            here = w.move(b, w.mul(p, str(form.step_b)), self.m.size)
            terms = [
                self.m.load(w.move(line, str(v * lanes), self.m.size), mask)
                for v, mask in enumerate(masks)
            ]
            if form.ahead and wide > 1:
                for start in range(0, wide * lanes * self.m.size, _LINE):
                    self._fetch(line, form.ahead + start)
            results = []
            for column in range(columns):
                place = w.move(here, str(column), self.m.size)
                factor = self.m.spread(self.m.scalar_at(place))
                results += [
                    self._added(sums[column * wide + v], term, factor)
                    for v, term in enumerate(terms)
                ]
            return results

        zeros = [(self.m.vector, "zeroinitializer")] * (columns * wide)
        sums = w.carry("0", count, "1", zeros, turn)
        places = [
            w.move("%scratch", str(i * wide * lanes), self.m.size)
            for i in range(columns)
        ]
        for at, value in enumerate(sums):
            place = w.move(places[at // wide], str(at % wide * lanes), self.m.size)
            self.m.store(value, place, "")
        target = w.move(out, w.mul(row, str(form.step_out)), self.m.size)
        for first in range(0, columns, lanes):
            lines = places[first : first + lanes]
            mask = fixed_mask(len(lines), lanes) if len(lines) < lanes else ""
            begin = w.move(target, str(first), self.m.size)
            self.packing.turn(lines, begin, form.step_out, extent, mask)

    # Both.

    def _added(self, total: str, x: str, y: str) -> str:
        product = self.w.op(f"fmul contract {self.m.vector} {x}, {y}")
        return self.w.op(f"fadd contract {self.m.vector} {total}, {product}")

    def _fetch(self, place: str, ahead: int) -> None:
        """Asks for what is read later; an address past the end does no harm."""
        w = self.w
        self.m.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        # into the second cache: the first has no room for what is not needed yet
        target = w.move(place, str(ahead))
        w.do(f"call void @llvm.prefetch.p0(ptr {target}, i32 0, i32 2, i32 1)")
