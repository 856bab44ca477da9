"""Kernels that go through values in order: scatters and running sums.

In flow expressions from `lower`; out flow calls. Threads share columns or rows of what
is written, never values, so that what falls together adds up in one order however many
threads there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.codegen import Printer
from rillet.backends.native.element_types import llvm_type
from rillet.backends.native.nests import Nest, Store
from rillet.ops.expressions import Expr, b
from rillet.ops.indices import Index, Var, flat, index_of
from rillet.ops.lowering import Buffer

#: From so many columns on threads share these, else rows.
_COLUMNS: Final = 32
#: Columns of a block at least: a line of the cache.
_LEAST: Final = 16
#: Nanoseconds for an element and for a value's index, and work worth two threads.
_ELEMENT: Final = 0.4
_VALUE: Final = 1.5
_SHARED: Final = 20_000.0

Place = tuple[Index, ...]


class _Held:
    """The accumulator of a run, as expressions name it."""

    def __init__(self) -> None:
        self.accs: list[Expr] = []


class _Sweeps(Printer):
    """Prints loops that go through values in their order."""

    def _when(self, condition: str, body: Callable[[], None]) -> None:
        """``if condition: body()``."""
        self._loops += 1
        at = f"W{self._loops}"
        self._lines.append(f"  br i1 {condition}, label %{at}, label %{at}.end")
        self._lines.append(f"{at}:")
        self._scopes.append({})
        body()
        self._scopes.pop()
        self._lines.append(f"  br label %{at}.end")
        self._lines.append(f"{at}.end:")

    def _turns(self, counters: Sequence[Var], body: Callable[[], None]) -> None:
        """Loops over counters, the outermost first; the outer one's part of it."""
        if not counters:
            body()
            return
        var, rest = counters[0], counters[1:]
        start, stop = "0", self._stop(var)
        if self._nest.domain and var is self._nest.domain[0]:
            start, stop = "%start", "%stop"

        def turn(counter: str) -> None:
            self._vars[var] = counter
            self._turns(rest, body)

        # LLVM vectorises where it pays; a hint would make it tell where it does not
        self._loop(start, stop, turn)

    def scattered(
        self,
        counters: Sequence[Var],
        target: tuple[Expr, Expr],
        row: Var,
        column: Var,
        how: str,
    ) -> KernelCall:
        """Values gathered into rows.

        Args:
            counters: of the values.
            target: the row of a value, and whether there is one.
            row: stands for that row in the store's position.
            column: the element of a row; the outer counter where threads share columns.
            how: as in `Lowering.scatter`.
        """
        (store,) = self._nest.stores
        by_rows = self._nest.domain[0] is row

        def element() -> None:
            value = self._value(store.expr)
            type = store.expr.type
            if how != "last":
                old = self._load(store.buffer, store.index)
                value = self._new(self._combined(how, type, old, value))
            self._store(store.buffer, store.index, value, type)

        def value() -> None:
            where, good = self._value(target[0]), self._value(target[1])
            if by_rows:
                low = self._new(f"icmp sge i64 {where}, %start")
                high = self._new(f"icmp slt i64 {where}, %stop")
                both = self._new(f"and i1 {low}, {high}")
                good = self._new(f"and i1 {good}, {both}")
            self._vars[row] = where
            self._when(good, lambda: self._turns([column], element))

        self._turns(counters, value)
        return self._finished()

    def scanned(
        self,
        before: Sequence[Var],
        along: Var,
        after: Sequence[Var],
        first: Store,
        held: _Held,
    ) -> KernelCall:
        """What gathers up along a counter.

        Args:
            before: counters around it.
            along: the counter; what the nest stores holds from its second value on.
            after: counters inside.
            first: what is stored at its first value.
            held: what was stored last, for runs without counters inside.
        """
        (store,) = self._nest.stores
        kind = llvm_type(first.expr.type)
        slot = self._accs[(id(held.accs), 0)] = self._alloca(kind)

        def write(one: Store) -> Callable[[], None]:
            def body() -> None:
                value = self._value(one.expr)
                self._store(one.buffer, one.index, value, one.expr.type)
                if not after:
                    self._lines.append(f"  store {kind} {value}, ptr {slot}")

            return body

        def line() -> None:
            self._vars[along] = "0"
            self._scopes.append({})
            self._turns(after, write(first))
            self._scopes.pop()
            stop = self._stop(along)

            def turn(counter: str) -> None:
                self._vars[along] = counter
                self._turns(after, write(store))

            self._loop("1", stop, turn)

        if self._nest.domain:
            self._turns(before, line)
        else:
            self._loop("%lo", "%hi", lambda _: line())
        return self._finished()


def scatter(
    out: Buffer,
    count: Sequence[int],
    target: Callable[[Place], tuple[Expr, Expr]],
    rows: int,
    value: Callable[[Place, Index], Expr],
    how: str,
    label: str,
) -> KernelCall:
    """A call that gathers values into rows of a buffer that is filled already.

    Args:
        out: what is written.
        count: how many values there are, along some axes.
        target: position among the values -> the row, and whether there is one.
        rows: the number of rows.
        value: position among the values, element of the row -> what comes in.
        how: "sum", "product", "maximum", "minimum", or "last" to replace.
        label: the op.
    """
    width = out.size // rows
    counters = [Var(f"n{k}", n, k == 0) for k, n in enumerate(count)]
    place = tuple([index_of(v) for v in counters])
    row, column = Var("row", rows, True), Var("column", width)
    index = index_of(row) * width + index_of(column)
    store = Store(out, index, value(place, index_of(column)))
    shares = width >= _COLUMNS
    printer = _Sweeps(Nest([column if shares else row], [store], label))
    call = printer.scattered(counters, target(place), row, column, how)
    values = math.prod(count)
    if shares:
        call.work = values * (_ELEMENT + _VALUE / width)
        call.block = max(_LEAST, -(-width // 4))
        return call
    work = values * (width * _ELEMENT + _VALUE)
    call.work = work / rows
    call.rigid = True
    if work > _SHARED and rows > 1:
        call.cut = -(-rows // 2)
    return call


def scan(
    out: Buffer,
    axis: int,
    start: Callable[[Place], Expr],
    following: Callable[[Place, Place, Expr], Expr],
    reverse: bool,
    label: str,
) -> KernelCall:
    """A call that gathers up along an axis of a buffer.

    Args:
        out: what is written.
        axis: the axis.
        start: the first place -> its element.
        following: a place, the one before it, the element there -> the element.
        reverse: whether to run from the end.
        label: the op.
    """
    shape = out.shape
    vars = [Var(f"i{k}", n, k == 0) for k, n in enumerate(shape)]
    before, along, after = vars[:axis], vars[axis], vars[axis + 1 :]
    place = [index_of(v) for v in vars]
    back = [*place]
    last = shape[axis] - 1
    if reverse:
        place[axis] = place[axis] * -1 + last
        back[axis] = place[axis] + 1
    else:
        back[axis] = place[axis] - 1
    begin = [*place]
    begin[axis] = Index({}, last if reverse else 0)
    held = _Held()
    old = b.load(out, flat(back, shape))
    if not after:
        # memory would take five times as long as a register
        old = Expr("acc", (held, 0), old.type)
    store = Store(out, flat(place, shape), following(tuple(place), tuple(back), old))
    first = Store(out, flat(begin, shape), start(tuple(begin)))
    shared = before[:1] or after[:1]
    domain = [*shared, *[v for v in vars if v not in shared]] if shared else []
    printer = _Sweeps(Nest(domain, [store], label))
    call = printer.scanned(before, along, after, first, held)
    turns = out.size / max(shared[0].extent if shared else 1, 1)
    call.work = turns * (0.2 if after else 2.0)
    return call
