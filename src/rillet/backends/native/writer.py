"""Writes LLVM IR as text: numbered values, blocks and loops.

In flow operations as strings; out flows the body of one function. The callers are the
generators of kernels whose loops are written by hand (`products_ir`).

Loops test at their end, behind a guard, so that the innermost ones are single blocks
whatever passes run later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

HEAD: Final = (
    "define void @kernel(ptr noalias %args, i64 %lo, i64 %hi, i64 %block, i64 %step, "
    "ptr %scratch) {"
)
VECTORISED: Final = "; vectorised"
"""The first line of a text whose loops shall stay as they are written."""

_WORD: Final = 8
Carried = Sequence[tuple[str, str]]


def fixed_mask(count: int, lanes: int) -> str:
    """The constant mask of a vector's first `count` lanes."""
    return f"<{', '.join(f'i1 {int(lane < count)}' for lane in range(lanes))}>"


class Writer:
    """The text of a function's body, block by block.

    Values are strings: names of registers (`%12`) or constants (`8`).

    Example:
      >>> body = Writer()
      >>> total = body.add("%lo", "1")
      >>> print(body.text())
      entry:
        %v1 = add i64 %lo, 1
    """

    def __init__(self) -> None:
        self._lines = ["entry:"]
        self._count = 0
        self.block = "entry"

    def text(self) -> str:
        """The lines so far."""
        return "\n".join(self._lines)

    def op(self, operation: str) -> str:
        """Writes an operation and returns the name of its result."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {operation}")
        return name

    def do(self, operation: str) -> None:
        """Writes an operation without a result."""
        self._lines.append(f"  {operation}")

    def name(self, stem: str) -> str:
        """A label that stands nowhere yet."""
        self._count += 1
        return f"{stem}{self._count}"

    def at(self, label: str) -> None:
        """Begins a block."""
        self._lines.append(f"{label}:")
        self.block = label

    def go(self, label: str) -> None:
        """Ends the block with a jump."""
        self.do(f"br label %{label}")

    def branch(self, condition: str, then: str, other: str) -> None:
        """Ends the block with a choice of two."""
        self.do(f"br i1 {condition}, label %{then}, label %{other}")

    def add(self, a: str, b: str) -> str:
        """The sum of two 64-bit integers."""
        if b == "0":
            return a
        return b if a == "0" else self.op(f"add i64 {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        """The difference of two 64-bit integers."""
        return a if b == "0" else self.op(f"sub i64 {a}, {b}")

    def mul(self, a: str, b: str) -> str:
        """The product of two 64-bit integers."""
        if "0" in (a, b):
            return "0"
        if b == "1":
            return a
        return b if a == "1" else self.op(f"mul i64 {a}, {b}")

    def least(self, a: str, b: str) -> str:
        """The smaller of two 64-bit integers."""
        test = self.op(f"icmp slt i64 {a}, {b}")
        return self.op(f"select i1 {test}, i64 {a}, i64 {b}")

    def compare(self, kind: str, a: str, b: str) -> str:
        """An `icmp` of two 64-bit integers."""
        return self.op(f"icmp {kind} i64 {a}, {b}")

    def move(self, pointer: str, count: str, size: int = 1) -> str:
        """The pointer `count` steps of `size` bytes on."""
        if count == "0":
            return pointer
        kind = {1: "i8", 2: "i16", 4: "i32", 8: "i64"}[size]
        return self.op(f"getelementptr {kind}, ptr {pointer}, i64 {count}")

    def word(self, number: int, kind: str = "i64") -> str:
        """A word of `%args`: an integer, or an address where `kind` is `ptr`."""
        return self.op(f"load {kind}, ptr {self.move('%args', str(number), _WORD)}")

    def first_lanes(self, count: str, lanes: int) -> str:
        """The mask of a vector's first `count` lanes."""
        wide = f"<{lanes} x i64>"
        first = self.op(f"insertelement {wide} poison, i64 {count}, i64 0")
        spread = self.op(
            f"shufflevector {wide} {first}, {wide} poison, <{lanes} x i32> "
            "zeroinitializer"
        )
        numbers = ", ".join(f"i64 {lane}" for lane in range(lanes))
        return self.op(f"icmp slt {wide} <{numbers}>, {spread}")

    def loop(
        self,
        begin: str,
        end: str,
        step: str,
        body: Callable[[str], None],
    ) -> None:
        """Writes `for index in range(begin, end, step): body(index)`."""

        def turn(index: str, _: list[str]) -> list[str]:
            body(index)
            return []

        self.carry(begin, end, step, (), turn)

    def carry(
        self,
        begin: str,
        end: str,
        step: str,
        carried: Carried,
        body: Callable[[str, list[str]], list[str]],
    ) -> list[str]:
        """The same with values that each turn takes from the one before.

        Args:
          begin: the first index.
          end: the index before which to stop.
          step: what is added to the index.
          carried: a type and the value before the first turn, for each.
          body: given the index and the values, writes a turn; returns the next values.

        Returns:
          The values after the last turn.
        """
        before = self.block
        inside, after = self.name("turn"), self.name("after")
        self.branch(self.compare("slt", begin, end), inside, after)
        self.at(inside)
        place = len(self._lines)
        self._count += 1
        index = f"%i{self._count}"
        values = []
        for _ in carried:
            self._count += 1
            values.append(f"%c{self._count}")
        results = body(index, list(values))
        following = self.add(index, step)
        more = self.compare("slt", following, end)
        last = self.block
        self.branch(more, inside, after)
        phis = [f"  {index} = phi i64 [ {begin}, %{before} ], [ {following}, %{last} ]"]
        finals = []
        self.at(after)
        for (kind, start), value, result in zip(carried, values, results, strict=True):
            phis.append(
                f"  {value} = phi {kind} [ {start}, %{before} ], [ {result}, %{last} ]"
            )
            finals.append(
                self.op(f"phi {kind} [ {start}, %{before} ], [ {result}, %{last} ]")
            )
        self._lines[place:place] = phis
        return finals

    def when(self, condition: str, body: Callable[[], None]) -> None:
        """Writes `if condition: body()`."""
        then, after = self.name("then"), self.name("after")
        self.branch(condition, then, after)
        self.at(then)
        body()
        self.go(after)
        self.at(after)

    def either(
        self, condition: str, then: Callable[[], None], other: Callable[[], None]
    ) -> None:
        """Writes `if condition: then() else: other()`."""
        first, second, after = self.name("then"), self.name("else"), self.name("after")
        self.branch(condition, first, second)
        self.at(first)
        then()
        self.go(after)
        self.at(second)
        other()
        self.go(after)
        self.at(after)
