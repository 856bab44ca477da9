"""The text of the kernel that multiplies a matrix, stored in rows, with a vector.

In flows a `DotForm`; out flows LLVM IR. The caller is `products`. Sums run along the
rows, a vector register of terms at a time, four rows together.

Words of `%args`: the matrix, the vector, out (addresses); k; whether to add to out. The
extent is of the matrix's rows.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native.products_form import DotForm
from rillet.backends.native.writer import HEAD, VECTORISED, Writer

_ROWS: Final = 4
_SIZES: Final = {"float": 4, "double": 8}
_SHORT: Final = {"float": "f32", "double": "f64"}


def text(form: DotForm) -> str:
    """Returns the IR of a form's kernel."""
    return _Dot(form).text()


class _Dot:
    """Writes one kernel."""

    def __init__(self, form: DotForm) -> None:
        self.form = form
        self.w = Writer()
        self.size = _SIZES[form.element]
        self.vector = f"<{form.lanes} x {form.element}>"
        kind = f"v{form.lanes}{_SHORT[form.element]}"
        self.add_up = f"@llvm.vector.reduce.fadd.{kind}"
        self.masked_load = f"@llvm.masked.load.{kind}.p0"

    def text(self) -> str:
        """The whole text."""
        w, element = self.w, self.form.element
        kinds = ["ptr"] * 3 + ["i64"] * 2
        words = [w.word(i, kind) for i, kind in enumerate(kinds)]
        rest = w.op(f"urem i64 {w.sub('%hi', '%lo')}, {_ROWS}")
        whole = w.sub("%hi", rest)
        w.loop("%lo", whole, str(_ROWS), lambda row: self._rows(words, row, _ROWS, 2))
        w.loop(whole, "%hi", "1", lambda row: self._rows(words, row, 1, 4))
        w.do("ret void")
        declared = [f"declare {element} {self.add_up}({element}, {self.vector})"]
        if self.form.masked:
            flags = f"<{self.form.lanes} x i1>"
            declared.append(
                f"declare {self.vector} {self.masked_load}"
                f"(ptr, i32 immarg, {flags}, {self.vector})"
            )
        return "\n".join([VECTORISED, *declared, HEAD, w.text(), "}", ""])

    def _rows(self, words: list[str], row: str, rows: int, chains: int) -> None:
        """The sums of a few rows, each in several chains of additions."""
        w, form = self.w, self.form
        matrix, vector, out, k, adds = words
        first = w.move(matrix, w.mul(row, str(form.step)), self.size)
        lines = [w.move(first, str(i * form.step), self.size) for i in range(rows)]
        many = chains * form.lanes
        whole = w.sub(k, w.op(f"urem i64 {k}, {many}"))

        def turn(p: str, sums: list[str]) -> list[str]:
            results = list(sums)
            for chain in range(chains):
                here = w.add(p, str(chain * form.lanes))
                factor = self._load(w.move(vector, here, self.size))
                for i, line in enumerate(lines):
                    terms = self._load(w.move(line, here, self.size))
                    at = chain * rows + i
                    results[at] = self._added(results[at], terms, factor, self.vector)
            return results

        zeros = [(self.vector, "zeroinitializer")] * (rows * chains)
        sums = w.carry("0", whole, str(many), zeros, turn)
        for at in range(rows, rows * chains):
            sums[at % rows] = w.op(f"fadd {self.vector} {sums[at % rows]}, {sums[at]}")
        totals = self._ends(lines, vector, whole, k, sums[:rows])
        place = w.move(out, row, self.size)
        adding = w.compare("ne", adds, "0")
        for i, total in enumerate(totals):
            target = w.move(place, str(i), self.size)
            self._put(total, target, adding)

    def _ends(
        self, lines: list[str], vector: str, begin: str, k: str, sums: list[str]
    ) -> list[str]:
        """Adds the terms from `begin` on, and each row's lanes."""
        w, form = self.w, self.form
        kind = form.element
        if form.masked:

            def part(p: str, sums: list[str]) -> list[str]:
                mask = w.first_lanes(w.sub(k, p), form.lanes)
                factor = self._load(w.move(vector, p, self.size), mask)
                return [
                    self._added(
                        total,
                        self._load(w.move(line, p, self.size), mask),
                        factor,
                        self.vector,
                    )
                    for line, total in zip(lines, sums, strict=True)
                ]

            carried = [(self.vector, value) for value in sums]
            sums = w.carry(begin, k, str(form.lanes), carried, part)
        totals = [
            w.op(
                f"call reassoc {kind} {self.add_up}({kind} -0.0, {self.vector} {value})"
            )
            for value in sums
        ]
        if form.masked:
            return totals

        def single(p: str, totals: list[str]) -> list[str]:
            factor = self._scalar(w.move(vector, p, self.size))
            return [
                self._added(
                    total, self._scalar(w.move(line, p, self.size)), factor, kind
                )
                for line, total in zip(lines, totals, strict=True)
            ]

        return w.carry(begin, k, "1", [(kind, total) for total in totals], single)

    def _put(self, total: str, target: str, adding: str) -> None:
        """Stores a sum, added to what stands there where that is asked for."""
        w, kind = self.w, self.form.element
        new, old, end = w.name("new"), w.name("old"), w.name("end")
        w.branch(adding, old, new)
        w.at(old)
        both = w.op(f"fadd {kind} {self._scalar(target)}, {total}")
        w.do(f"store {kind} {both}, ptr {target}, align {self.size}")
        w.go(end)
        w.at(new)
        w.do(f"store {kind} {total}, ptr {target}, align {self.size}")
        w.go(end)
        w.at(end)

    def _added(self, total: str, x: str, y: str, kind: str) -> str:
        product = self.w.op(f"fmul contract {kind} {x}, {y}")
        return self.w.op(f"fadd contract {kind} {total}, {product}")

    def _scalar(self, pointer: str) -> str:
        kind = self.form.element
        return self.w.op(f"load {kind}, ptr {pointer}, align {self.size}")

    def _load(self, pointer: str, mask: str = "") -> str:
        w = self.w
        if not mask:
            return w.op(f"load {self.vector}, ptr {pointer}, align {self.size}")
        return w.op(
            f"call {self.vector} {self.masked_load}(ptr {pointer}, i32 {self.size}, "
            f"<{self.form.lanes} x i1> {mask}, {self.vector} zeroinitializer)"
        )
