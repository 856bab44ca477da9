"""What items take: bytes they read and write, operations, the time expected.

In flow nests and calls of a schedule; out flow figures for `explain`. They are counted
from expressions and sizes, not measured: `timing` measures.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.element_types import item_bytes
from rillet.backends.native.nests import Nest, walk
from rillet.ops.expressions import FLOATS, Expr
from rillet.ops.indices import Index, Opaque, Parted, Var
from rillet.ops.lowering import Buffer

#: Operations on floats that count, and how often. Signs, choices and casts do not.
_COUNTED: Final = {
    "add": 1, "sub": 1, "mul": 1, "div": 1, "remainder": 1, "maximum": 1, "minimum": 1,
    "sqrt": 1, "floor": 1, "ceil": 1, "trunc": 1, "rint": 1, "fma": 2,
}  # fmt: skip
_GATHERED: Final = frozenset(["sum", "product", "maximum", "minimum"])
_NOTHING: Final[frozenset[Var]] = frozenset()


class Cost(NamedTuple):
    """What one kernel takes in one run.

    Attributes:
        read: bytes, each element of memory counted once.
        written: bytes, likewise.
        flops: operations on floating-point numbers; `exp` and its kin count as the
            polynomials that they are computed by.
        ns: nanoseconds of one thread, as the scheduler estimates them.
    """

    read: int
    written: int
    flops: float
    ns: float


def cost(item: Nest | KernelCall, call: KernelCall) -> Cost:
    """What an item takes.

    Args:
        item: a loop nest, or a call that a kernel writer made.
        call: the call that runs it.
    """
    ns = call.work * call.extent
    if isinstance(item, Nest):
        counts = _Counts(item)
        return Cost(counts.read(), counts.written(), counts.flops(), ns)
    written = {id(x) for x in call.writes}
    buffers = {id(x): x for x in call.buffers()}
    read = sum(_bytes(x) for key, x in buffers.items() if key not in written)
    return Cost(read, sum(map(_bytes, call.writes)), call.flops, ns)


def _bytes(buffer: Buffer, elements: int | None = None) -> int:
    count = buffer.size if elements is None else min(buffer.size, elements)
    return count * item_bytes(buffer.type)


class _Counts:
    """How often each expression of a nest has to be computed.

    An expression that does not depend on a counter is computed before its loop.
    """

    def __init__(self, nest: Nest) -> None:
        self._nest = nest
        self._counters: dict[int, frozenset[Var]] = {}
        self._held: dict[int, frozenset[Var]] = {}
        for fold in nest.folds():
            self._held[id(fold.accs)] = frozenset([*nest.domain, *fold.vars])
        for expr in nest.expressions():
            self._counters[id(expr)] = self._of(expr)

    def _of(self, expr: Expr) -> frozenset[Var]:
        """The counters that an expression depends on."""
        if expr.kind == "acc":
            return self._held.get(id(expr.args[0].accs), _NOTHING)
        if expr.kind == "folded":
            fold = expr.args[0]
            inner = [*fold.updates, *fold.inits, *(fold.first or ())]
            found = frozenset().union(*[self._counters[id(x)] for x in inner])
            return found - frozenset(fold.vars)
        found = _NOTHING
        for x in expr.args:
            if isinstance(x, Expr):
                found |= self._counters[id(x)]
            elif isinstance(x, Index):
                found |= self._of_index(x)
        return found

    def _of_index(self, index: Index) -> frozenset[Var]:
        found = _NOTHING
        for atom in index.terms:
            if isinstance(atom, Parted):
                found |= self._of_index(atom.index)
            elif isinstance(atom, Opaque):
                found |= self._counters[id(atom.expr)]
            else:
                found |= {atom}
        return found

    def flops(self) -> float:
        """Operations on floats."""
        total = 0.0
        for expr in self._nest.expressions():
            if expr.type in FLOATS and expr.kind in _COUNTED:
                total += _COUNTED[expr.kind] * _turns(self._counters[id(expr)])
        for fold in self._nest.folds():
            if fold.how in _GATHERED:
                for update in fold.updates:
                    if update.type in FLOATS:
                        total += _turns(self._counters[id(update)] | {*fold.vars})
        return total

    def read(self) -> int:
        """Bytes loaded, each element once."""
        loads: dict[int, tuple[Buffer, int]] = {}
        for expr in walk([s.expr for s in self._nest.stores]):
            if expr.kind == "load":
                buffer: Any = expr.args[0]
                before = loads.get(id(buffer), (buffer, 0))[1]
                loads[id(buffer)] = (
                    buffer,
                    before + _turns(self._counters[id(expr)]),
                )
        return sum(_bytes(buffer, count) for buffer, count in loads.values())

    def written(self) -> int:
        """Bytes stored."""
        return sum(
            _bytes(s.buffer, _turns(self._of_index(s.index))) for s in self._nest.stores
        )


def _turns(counters: frozenset[Var]) -> int:
    total = 1
    for var in counters:
        total *= var.extent
    return total
