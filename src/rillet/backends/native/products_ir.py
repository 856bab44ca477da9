"""The text of the kernels of matrix products: register tiles in loops.

In flows a `Form`, which says everything that is constant in the code; out flows
LLVM IR. The caller is `products`, which chooses forms and lays out the words.

A kernel walks panels of `vectors` vectors of columns; where `packs` says so, it first
copies b's rows of a panel into its scratch, turned or widened. Down a panel it walks
tiles of `rows` rows, whose sums stay in registers while k runs: a vector of b's row
times one element of a's, read from where it lies. The last tile of a block is moved up
to end with the block; rows done before are not stored again. Where k is long it is
cut, and the sums pass through `out`.

Words of `%args`: a, b, out (addresses); m and k; whether to add to out; rows of b in a
cut of k; then for partial sums the elements of a part, or for stacks the rows of a
unit of the extent and, innermost dimension first, extent and steps of a and b.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native.products_form import Cut, Form, Panel, Place
from rillet.backends.native.products_memory import Memory
from rillet.backends.native.products_packing import Packing
from rillet.backends.native.writer import HEAD, VECTORISED, Writer, fixed_mask

_STACK_WORD: Final = 7


def text(form: Form) -> str:
    """Returns the IR of a form's kernel."""
    return _Product(form).text()


class _Product:
    """Writes one kernel."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.w = Writer()
        self.m = Memory(form, self.w)
        self.packing = Packing(self.m)
        self.words: list[str] = []

    def text(self) -> str:
        """The whole text."""
        self._body()
        self.w.do("ret void")
        declared = sorted(self.m.declared)
        return "\n".join([VECTORISED, *declared, HEAD, self.w.text(), "}", ""])

    # The walk down to a tile.

    def _body(self) -> None:
        w, form = self.w, self.form
        kinds = ["ptr"] * 3 + ["i64"] * 4
        self.words = [w.word(i, kind) for i, kind in enumerate(kinds)]
        a, b, out, m, k = self.words[:5]
        self._take_sizes()
        n = self.n
        if form.kind == "partial":
            rows_a = self.step_a if form.transposed_a else "1"
            rows_b = "1" if form.transposed_b else self.step_b
            part = w.mul("%block", w.word(_STACK_WORD))
            place = Place(
                w.move(a, w.mul("%lo", rows_a), self.m.size),
                w.move(b, w.mul("%lo", rows_b), self.m.size),
                w.move(out, part, self.m.size),
                w.sub("%hi", "%lo"),
                ("0", m),
                ("0", n),
            )
            self._segment(place)
        elif form.kind == "columns":
            self._segment(Place(a, b, out, k, ("0", m), ("%lo", "%hi")))
        elif form.stack:
            self._stack()
        else:
            self._segment(Place(a, b, out, k, ("%lo", "%hi"), ("0", n)))

    def _take_sizes(self) -> None:
        """n and the steps: numbers, or words after all others."""
        form, w = self.form, self.w
        sizes = (form.columns, form.step_a, form.step_b, form.step_out)
        found = [str(size) for size in sizes]
        if form.open:
            first = _STACK_WORD + (form.kind == "partial")
            if form.stack:
                first += 1 + 3 * form.stack
            found = [w.word(first + i) for i in range(len(sizes))]
        self.n, self.step_a, self.step_b, self.step_out = found
        self.packing.step_b = self.step_b

    def _times(self, step: str, factor: int) -> str:
        """A multiple of a step."""
        if step.isdecimal():
            return str(int(step) * factor)
        return self.w.mul(step, str(factor))

    def _stack(self) -> None:
        """Walks the matrices of a stack that the rows belong to."""
        w, form = self.w, self.form
        a, b, out, m, k = self.words[:5]
        unit = w.word(_STACK_WORD)
        first, last = w.mul("%lo", unit), w.mul("%hi", unit)
        sizes = [
            tuple(w.word(_STACK_WORD + 1 + 3 * d + i) for i in range(3))
            for d in range(form.stack)
        ]
        # Matrices of no rows have no segments; the division needs one.
        height = w.op(f"call i64 @llvm.smax.i64(i64 {m}, i64 1)")
        self.m.declared.add("declare i64 @llvm.smax.i64(i64, i64)")
        begin = w.op(f"udiv i64 {first}, {height}")
        end = w.op(f"udiv i64 {w.sub(w.add(last, height), '1')}, {height}")
        area = w.mul(height, self.step_out)

        def matrix(number: str) -> None:
            top = w.mul(number, height)
            upper = w.op(f"call i64 @llvm.smax.i64(i64 {w.sub(first, top)}, i64 0)")
            lower = w.least(w.sub(last, top), height)
            left, at_a, at_b = number, "0", "0"
            for extent, steps_a, steps_b in sizes:
                index = w.op(f"urem i64 {left}, {extent}")
                left = w.op(f"udiv i64 {left}, {extent}")
                at_a = w.add(at_a, w.mul(index, steps_a))
                at_b = w.add(at_b, w.mul(index, steps_b))
            self._segment(
                Place(
                    w.move(a, at_a, self.m.size),
                    w.move(b, at_b, self.m.size),
                    w.move(out, w.mul(number, area), self.m.size),
                    k,
                    (upper, lower),
                    ("0", self.n),
                )
            )

        w.loop(begin, end, "1", matrix)

    def _segment(self, place: Place) -> None:
        """One matrix, or a block of it: cuts of k, at least one."""
        w = self.w
        add, deep = self.words[5:7]
        if not self.form.adds:
            self._panels(place, Cut("0", place.k, ""))
            return
        # A product over no terms writes zeros.
        turns = w.op(f"call i64 @llvm.smax.i64(i64 {place.k}, i64 1)")
        self.m.declared.add("declare i64 @llvm.smax.i64(i64, i64)")
        plain = w.compare("eq", add, "0")

        def cut(begin: str) -> None:
            count = w.least(w.sub(place.k, begin), deep)
            at_start = w.compare("eq", begin, "0")
            fresh = w.op(f"and i1 {plain}, {at_start}")
            self._panels(place, Cut(begin, count, fresh))

        w.loop("0", turns, deep, cut)

    def _panels(self, place: Place, cut: Cut) -> None:
        w, form = self.w, self.form
        first, last = place.columns
        width = form.vectors * form.lanes
        count = w.op(f"udiv i64 {w.sub(last, first)}, {width}")
        whole = w.add(first, w.mul(count, str(width)))
        moving = form.open or form.kind == "columns"
        if moving or form.columns >= width:
            w.loop(first, whole, str(width), lambda j: self._panel(place, cut, j, ()))
        if moving:
            left = w.sub(last, whole)
            some = w.compare("sgt", left, "0")
            w.when(
                some, lambda: self._panel(place, cut, whole, self._moving_masks(left))
            )
        elif form.tail_vectors:
            self._panel(place, cut, whole, self._fixed_masks())

    def _fixed_masks(self) -> tuple[str, ...]:
        form = self.form
        masks = [""] * form.tail_vectors
        if form.tail_lanes < form.lanes:
            masks[-1] = fixed_mask(form.tail_lanes, form.lanes)
        return tuple(masks)

    def _moving_masks(self, left: str) -> tuple[str, ...]:
        lanes = self.form.lanes
        return tuple(
            self.w.first_lanes(self.w.sub(left, str(vector * lanes)), lanes)
            for vector in range(self.form.vectors)
        )

    def _panel(
        self, place: Place, cut: Cut, column: str, masks: tuple[str, ...]
    ) -> None:
        """Packs b's rows of a panel, or not, and walks down the rows."""
        w, form = self.w, self.form
        masks = masks or ("",) * form.vectors
        out = w.move(place.out, column, self.m.size)
        step = self.step_b
        if form.transposed_b:
            index = w.add(w.mul(column, step), cut.begin)
        else:
            index = w.add(w.mul(cut.begin, step), column)
        source = w.move(place.b, index, self.m.size)
        panel = Panel(source, self._times(step, self.m.size), out, masks)
        if form.packs:
            packed = len(masks) * form.lanes * self.m.sum_size
            if form.transposed_b:
                left = w.sub(place.columns[1], column)
                self.packing.turned(source, left, cut, masks)
            else:
                self.packing.rows(source, cut, masks)
            panel = panel._replace(b="%scratch", step_b=str(packed))
        self._rows(place, cut, panel)

    def _rows(self, place: Place, cut: Cut, panel: Panel) -> None:
        w, form = self.w, self.form
        first, last = place.rows
        if form.rows == 1:
            w.loop(first, last, "1", lambda i: self._tile(place, cut, panel, i, "0", 1))
            return
        top = w.sub(last, str(form.rows))

        def tile(row: str) -> None:
            begin = w.least(row, top)
            self._tile(place, cut, panel, begin, w.sub(row, begin), form.rows)

        w.either(
            w.compare("sge", top, first),
            lambda: w.loop(first, last, str(form.rows), tile),
            lambda: w.loop(
                first, last, "1", lambda i: self._tile(place, cut, panel, i, "0", 1)
            ),
        )

    # A tile of sums in registers.

    def _tile(
        self, place: Place, cut: Cut, panel: Panel, row: str, done: str, rows: int
    ) -> None:
        """Sums of `rows` rows, stored from the row `done` on."""
        w, form = self.w, self.form
        wide = len(panel.masks)
        step = self.step_a
        near, far = str(self.m.size), self._times(step, self.m.size)
        if form.transposed_a:
            index = w.add(w.mul(cut.begin, step), row)
        else:
            index = w.add(w.mul(row, step), cut.begin)
            near, far = far, near
        a = w.move(place.a, index, self.m.size)
        first = w.move(panel.out, w.mul(row, self.step_out), self.m.size)
        lines = [
            w.move(first, self._times(self.step_out, i), self.m.size)
            for i in range(rows)
        ]
        sums = self._first_sums(cut, panel, lines)
        chains = max(1, 8 // wide) if form.rows == 1 else 1

        def turn(count: int, p: str, values: list[str]) -> list[str]:
            results: list[str] = []
            for chain in range(count):
                deep = w.add(p, str(chain))
                at_a = w.move(a, w.mul(deep, far))
                at_b = w.move(panel.b, w.mul(deep, panel.step_b))
                if form.ahead:
                    self._fetch(at_a)
                part = values[chain * rows * wide : (chain + 1) * rows * wide]
                results += self._terms(at_a, near, at_b, panel, part)
            return results

        size = rows * wide
        start = "0"
        if chains > 1:
            whole = w.sub(cut.extent, w.op(f"urem i64 {cut.extent}, {chains}"))
            zeros = ["zeroinitializer"] * (size * (chains - 1))
            values = w.carry(
                "0",
                whole,
                str(chains),
                [(self.m.vector, value) for value in (*sums, *zeros)],
                lambda p, values: turn(chains, p, values),
            )
            sums, others = values[:size], values[size:]
            for i, value in enumerate(others):
                sums[i % size] = w.op(f"fadd {self.m.vector} {sums[i % size]}, {value}")
            start = whole
        sums = w.carry(
            start,
            cut.extent,
            "1",
            [(self.m.vector, value) for value in sums],
            lambda p, values: turn(1, p, values),
        )
        self._store_rows(panel, lines, sums, done)

    def _terms(
        self, a: str, near: str, b: str, panel: Panel, sums: list[str]
    ) -> list[str]:
        """Adds one term to each sum of a tile."""
        w, form = self.w, self.form
        wide = len(panel.masks)
        vectors = [
            self.m.load_sum(w.move(b, str(v * form.lanes), self.m.sum_size), mask)
            for v, mask in enumerate(panel.masks)
        ]
        results = []
        for i in range(len(sums) // wide):
            line = w.move(a, self._times(near, i))
            factor = self.m.spread(self.m.scalar_at(line))
            for v in range(wide):
                product = w.op(f"fmul contract {self.m.vector} {factor}, {vectors[v]}")
                results.append(
                    w.op(
                        f"fadd contract {self.m.vector} {sums[i * wide + v]}, {product}"
                    )
                )
        return results

    def _fetch(self, a: str) -> None:
        """Asks for what is read of the same row of a some strips later."""
        w = self.w
        self.m.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        place = w.move(a, str(self.form.ahead))
        w.do(f"call void @llvm.prefetch.p0(ptr {place}, i32 0, i32 3, i32 1)")

    def _first_sums(self, cut: Cut, panel: Panel, lines: list[str]) -> list[str]:
        """Zeros, or what stands in out where it is added to."""
        w = self.w
        if not cut.fresh:
            return ["zeroinitializer"] * (len(lines) * len(panel.masks))
        new, old, begin = w.name("new"), w.name("old"), w.name("begin")
        w.branch(cut.fresh, new, old)
        w.at(new)
        w.go(begin)
        w.at(old)
        values = [
            self.m.load(w.move(line, str(v * self.form.lanes), self.m.size), mask)
            for line in lines
            for v, mask in enumerate(panel.masks)
        ]
        w.go(begin)
        w.at(begin)
        return [
            w.op(
                f"phi {self.m.vector} [ zeroinitializer, %{new} ], [ {value}, %{old} ]"
            )
            for value in values
        ]

    def _store_rows(
        self, panel: Panel, lines: list[str], sums: list[str], done: str
    ) -> None:
        w = self.w
        wide = len(panel.masks)
        if len(lines) > 1:
            labels = [w.name("store") for _ in lines]
            cases = " ".join(
                f"i64 {i}, label %{label}" for i, label in enumerate(labels)
            )
            w.do(f"switch i64 {done}, label %{labels[0]} [ {cases} ]")
        for i, line in enumerate(lines):
            if len(lines) > 1:
                if i:
                    w.go(labels[i])
                w.at(labels[i])
            for v, mask in enumerate(panel.masks):
                place = w.move(line, str(v * self.form.lanes), self.m.size)
                self.m.store(sums[i * wide + v], place, mask)
