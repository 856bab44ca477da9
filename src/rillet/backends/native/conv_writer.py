"""Register tiles in LLVM IR, and what surrounds them in convolutions and pools.

In flow addresses, steps and counts; out flows text in a `Writer`. The callers are the
generators of kernels of convolutions and pools.

A tile holds `rows` times `vectors` sums in registers. A turn of its loops takes a
vector row of `b` and, for each of its rows, one element of `a` for all lanes (`spread`)
or a vector of `a`, as many as the tile has. `dots` are for few channels: lanes run
along what is summed, and are added up in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rillet.backends.native.writer import Writer

Loop = tuple[str, str, str]  # how often, and the steps of a and b, in elements
_UNROLLED: Final = 32  # sums' turns written one after the other; more would spill
_MARK: Final = "; vectorised"  # for `jit`: few passes will do
_HEAD: Final = (
    "define void @kernel(ptr noalias %args, i64 %lo, i64 %hi, i64 %block, i64 %step, "
    'ptr %scratch) nounwind "no-builtins" {'
)


class Element(NamedTuple):
    """The numbers that a kernel computes with.

    Attributes:
      scalar: "float" or "double".
      lanes: in a vector.
    """

    scalar: str
    lanes: int

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return 4 if self.scalar == "float" else 8

    @property
    def vector(self) -> str:
        """LLVM's name of a vector."""
        return f"<{self.lanes} x {self.scalar}>"

    @property
    def flags(self) -> str:
        """LLVM's name of a mask."""
        return f"<{self.lanes} x i1>"

    @property
    def short(self) -> str:
        """How intrinsics call a vector."""
        return f"v{self.lanes}f{8 * self.size}"


class TileWriter(Writer):
    """A `Writer` that reckons with constants, and writes vectors and tiles."""

    def __init__(self, element: Element) -> None:
        super().__init__()
        self.element = element
        self.globals: list[str] = []
        self._declared: set[str] = set()

    def kernel(self) -> str:
        """The whole text of the kernel, which ends here."""
        self.do("ret void")
        declared = sorted(self._declared)
        return "\n".join([_MARK, *self.globals, *declared, _HEAD, self.text(), "}", ""])

    # Integers.

    def add(self, a: str, b: str) -> str:
        """The sum of two 64-bit integers."""
        known = _known(a, b)
        return str(known[0] + known[1]) if known else super().add(a, b)

    def sub(self, a: str, b: str) -> str:
        """The difference of two 64-bit integers."""
        known = _known(a, b)
        return str(known[0] - known[1]) if known else super().sub(a, b)

    def mul(self, a: str, b: str) -> str:
        """The product of two 64-bit integers."""
        known = _known(a, b)
        return str(known[0] * known[1]) if known else super().mul(a, b)

    def least(self, a: str, b: str) -> str:
        """The smaller of two 64-bit integers."""
        known = _known(a, b)
        return str(min(known)) if known else super().least(a, b)

    def most(self, a: str, b: str) -> str:
        """The larger of two 64-bit integers."""
        known = _known(a, b)
        if known:
            return str(max(known))
        return self.op(f"select i1 {self.compare('sgt', a, b)}, i64 {a}, i64 {b}")

    def quotient(self, a: str, b: str) -> str:
        """The quotient of two positive 64-bit integers."""
        return a if b == "1" else self.op(f"udiv i64 {a}, {b}")

    def table(self, name: str, rows: Sequence[Sequence[int]]) -> str:
        """A constant table of 64-bit integers; returns its address."""
        flat = [f"i64 {number}" for row in rows for number in row]
        self.globals.append(
            f"@{name} = private unnamed_addr constant [{len(flat)} x i64] "
            f"[{', '.join(flat)}], align 8"
        )
        return f"@{name}"

    def carry(
        self,
        begin: str,
        end: str,
        step: str,
        carried: Sequence[tuple[str, str]],
        body: Callable[[str, list[str]], list[str]],
    ) -> list[str]:
        """A loop; one turn known as such is written without."""
        known = _known(begin, end, step)
        if known and known[0] >= known[1]:
            return [value for _, value in carried]
        if known and known[1] - known[0] <= known[2]:
            return body(begin, [value for _, value in carried])
        return super().carry(begin, end, step, carried, body)

    def ahead(self, pointer: str, count: str) -> str:
        """The address `count` elements on."""
        return self.move(pointer, count, self.element.size)

    # Vectors.

    def load(self, pointer: str, kind: str = "") -> str:
        """A vector, or what `kind` names, from memory."""
        kind = kind or self.element.vector
        return self.op(f"load {kind}, ptr {pointer}, align {self.element.size}")

    def store(self, value: str, pointer: str, kind: str = "") -> None:
        """Writes a vector, or what `kind` names, to memory."""
        kind = kind or self.element.vector
        self.do(f"store {kind} {value}, ptr {pointer}, align {self.element.size}")

    def spread(self, value: str, kind: str = "", lanes: int = 0) -> str:
        """A number in every lane."""
        kind, lanes = kind or self.element.scalar, lanes or self.element.lanes
        vector = f"<{lanes} x {kind}>"
        first = self.op(f"insertelement {vector} poison, {kind} {value}, i64 0")
        return self.op(
            f"shufflevector {vector} {first}, {vector} poison, "
            f"<{lanes} x i32> zeroinitializer"
        )

    def fused(self, a: str, b: str, c: str) -> str:
        """`a * b + c`, fused where the processor can."""
        kind = self.element
        name = f"@llvm.fmuladd.{kind.short}"
        of = ", ".join([kind.vector] * 3)
        self._declared.add(f"declare {kind.vector} {name}({of})")
        given = ", ".join(f"{kind.vector} {value}" for value in (a, b, c))
        return self.op(f"call {kind.vector} {name}({given})")

    def lanes_below(self, first: str, end: str) -> str:
        """The mask of the lanes that, counted from `first`, are below `end`."""
        lanes = self.element.lanes
        room = self.most("0", self.least(str(lanes), self.sub(end, first)))
        if room.isdecimal():
            flags = ", ".join(f"i1 {str(i < int(room)).lower()}" for i in range(lanes))
            return f"<{flags}>"
        wide = self.spread(self.op(f"trunc i64 {room} to i32"), "i32")
        counted = ", ".join(f"i32 {i}" for i in range(lanes))
        return self.op(f"icmp slt <{lanes} x i32> <{counted}>, {wide}")

    def load_masked(self, pointer: str, mask: str) -> str:
        """A vector's lanes under a mask, zeros elsewhere; all, where it is empty."""
        if not mask:
            return self.load(pointer)
        kind = self.element
        name = f"@llvm.masked.load.{kind.short}.p0"
        self._declared.add(
            f"declare {kind.vector} {name}(ptr, i32, {kind.flags}, {kind.vector})"
        )
        return self.op(
            f"call {kind.vector} {name}(ptr {pointer}, i32 {kind.size}, {kind.flags} "
            f"{mask}, {kind.vector} zeroinitializer)"
        )

    def store_masked(self, value: str, pointer: str, mask: str) -> None:
        """Writes a vector's lanes under a mask; all, where it is empty."""
        if not mask:
            self.store(value, pointer)
            return
        kind = self.element
        name = f"@llvm.masked.store.{kind.short}.p0"
        self._declared.add(
            f"declare void {name}({kind.vector}, ptr, i32, {kind.flags})"
        )
        self.do(
            f"call void {name}({kind.vector} {value}, ptr {pointer}, i32 {kind.size}, "
            f"{kind.flags} {mask})"
        )

    # Runs of numbers.

    def pieces(self, count: int, body: Callable[[str, str], None]) -> None:
        """Walks `count` neighbours: `body(position, type of a vector there)`.

        The last vector is moved back to end with them, so some are done twice.
        """
        if count <= 0:
            return
        lanes = 1 << (min(count, self.element.lanes).bit_length() - 1)
        kind = f"<{lanes} x {self.element.scalar}>"
        last = str(count - lanes)

        def turn(at: str) -> None:
            body(at if count % lanes == 0 else self.least(at, last), kind)

        self.loop("0", str(count), str(lanes), turn)

    def fill(self, pointer: str, count: int) -> None:
        """Writes zeros."""
        self.pieces(
            count,
            lambda at, kind: self.store(
                "zeroinitializer", self.ahead(pointer, at), kind
            ),
        )

    def copy(self, to: str, source: str, count: int) -> None:
        """Copies a run."""
        self.pieces(
            count,
            lambda at, kind: self.store(
                self.load(self.ahead(source, at), kind), self.ahead(to, at), kind
            ),
        )

    # Tiles.

    def tile(
        self,
        a: str,
        b: str,
        rows: Sequence[int],
        vectors: int,
        loops: Sequence[Loop],
        spread: bool = True,
    ) -> list[str]:
        """Sums of products over nested loops.

        Args:
          a: the address of the first element for a row at offset 0.
          b: the address of the first vector row.
          rows: offsets of the tile's rows in a.
          vectors: across the tile.
          loops: the outermost first.
          spread: whether an element of a meets all lanes, or each its own.

        Returns:
          The sums, a row's vectors side by side.
        """
        lanes = self.element.lanes

        def turn(a: str, b: str, sums: list[str]) -> list[str]:
            wide = [self.load(self.ahead(b, str(v * lanes))) for v in range(vectors)]
            after = []
            for number, row in enumerate(rows):
                at = self.ahead(a, str(row))
                one = self.spread(self.load(at, self.element.scalar)) if spread else ""
                for v in range(vectors):
                    factor = one or self.load(self.ahead(at, str(v * lanes)))
                    after.append(
                        self.fused(factor, wide[v], sums[number * vectors + v])
                    )
            return after

        start = ["zeroinitializer"] * (len(rows) * vectors)
        return self._nest(a, b, list(loops), start, turn)

    def dots(
        self,
        a: str,
        b: str,
        rows: Sequence[int],
        columns: Sequence[int],
        loops: Sequence[Loop],
        run: str,
    ) -> list[str]:
        """Sums of products of runs in which a's and b's elements are neighbours.

        Args:
          a: the address of the first element for a row at offset 0.
          b: the address of the first element for a column at offset 0.
          rows: offsets in a.
          columns: offsets in b.
          loops: around runs, the outermost first.
          run: elements of a run.

        Returns:
          The sums, single numbers, a row's side by side.
        """
        lanes = self.element.lanes
        vector = self.element.vector
        rest = self.op(f"and i64 {run}, {lanes - 1}")
        whole = self.sub(run, rest)
        mask = self.lanes_below(whole, run)

        def turn(a: str, b: str, mask: str, sums: list[str]) -> list[str]:
            wide = [self.load_masked(self.ahead(b, str(c)), mask) for c in columns]
            after = []
            for number, row in enumerate(rows):
                factor = self.load_masked(self.ahead(a, str(row)), mask)
                for c, other in enumerate(wide):
                    before = sums[number * len(columns) + c]
                    after.append(self.fused(factor, other, before))
            return after

        def along(a: str, b: str, sums: list[str]) -> list[str]:
            def vectors(at: str, values: list[str]) -> list[str]:
                return turn(self.ahead(a, at), self.ahead(b, at), "", values)

            carried = [(vector, value) for value in sums]
            sums = self.carry("0", whole, str(lanes), carried, vectors)
            carried = [(vector, value) for value in sums]

            def tail(_: str, values: list[str]) -> list[str]:
                return turn(self.ahead(a, whole), self.ahead(b, whole), mask, values)

            return self.carry("0", rest, str(lanes), carried, tail)

        start = ["zeroinitializer"] * (len(rows) * len(columns))
        sums = self._nest(a, b, list(loops), start, along)
        return [self._total(value) for value in sums]

    def _nest(
        self,
        a: str,
        b: str,
        loops: list[Loop],
        sums: list[str],
        turn: Callable[[str, str, list[str]], list[str]],
    ) -> list[str]:
        if not loops:
            return turn(a, b, sums)
        (count, step_a, step_b), inner = loops[0], loops[1:]
        if not inner and count.isdecimal() and int(count) * len(sums) <= _UNROLLED:
            for number in range(int(count)):
                at = self.ahead(a, self.mul(step_a, str(number)))
                sums = turn(at, self.ahead(b, self.mul(step_b, str(number))), sums)
            return sums
        vector = self.element.vector

        def body(_: str, values: list[str]) -> list[str]:
            after = self._nest(values[0], values[1], inner, values[2:], turn)
            following = self.ahead(values[0], step_a), self.ahead(values[1], step_b)
            return [*following, *after]

        carried = [("ptr", a), ("ptr", b), *((vector, value) for value in sums)]
        return self.carry("0", count, "1", carried, body)[2:]

    def _total(self, vector: str) -> str:
        """The sum of a vector's lanes."""
        kind = self.element
        name = f"@llvm.vector.reduce.fadd.{kind.short}"
        self._declared.add(
            f"declare {kind.scalar} {name}({kind.scalar}, {kind.vector})"
        )
        given = f"{kind.scalar} -0.0, {kind.vector} {vector}"
        return self.op(f"call reassoc {kind.scalar} {name}({given})")


def _known(*values: str) -> list[int]:
    """The numbers, where all of them are constants; else none."""
    try:
        return [int(value) for value in values]
    except ValueError:
        return []
