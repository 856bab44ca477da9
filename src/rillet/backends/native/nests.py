"""Loop nests: what one kernel computes, before it is code.

In flow stores of expressions over counters, from `lower`; out flow the same with fewer
counters, or two nests made one. `codegen` prints them, `schedule` joins them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from rillet.backends.native.sizes import same
from rillet.ops.expressions import Expr
from rillet.ops.indices import Index, Opaque, Parted, Var, flat, index_of
from rillet.ops.lowering import Buffer, Fold

#: Kinds of expressions that need no others, and those that end with a position.
_LEAVES: Final = frozenset(["acc", "const", "number", "step"])
_PLACES: Final = frozenset(["index", "load"])


class Store:
    """An element of a buffer that a nest writes."""

    __slots__ = ("buffer", "expr", "index")

    def __init__(self, buffer: Buffer, index: Index, expr: Expr) -> None:
        self.buffer = buffer
        self.index = index
        self.expr = expr


class Nest:
    """Counters around stores.

    Attributes:
        domain: the counters, the outermost first.
        stores: what is written at each turn.
        label: the op that it came from, for `explain`.
    """

    __slots__ = ("_expressions", "_folds", "_indexes", "_reads", "domain", "label",
                 "stores")  # fmt: skip

    def __init__(self, domain: list[Var], stores: list[Store], label: str = "") -> None:
        self.domain = domain
        self.stores = stores
        self.label = label
        # a nest never changes: what is found in it is kept
        self._expressions: list[Expr] | None = None
        self._folds: list[Fold] | None = None
        self._indexes: list[Index] | None = None
        self._reads: list[tuple[Buffer, Index]] | None = None

    def folds(self) -> list[Fold]:
        """The folds inside, those that others use first."""
        if self._folds is None:
            found: dict[int, Fold] = {}
            for expr in self.expressions():
                if expr.kind == "folded":
                    found.setdefault(id(expr.args[0]), expr.args[0])
            self._folds = list(found.values())
        return self._folds

    def expressions(self) -> list[Expr]:
        """Every expression of the nest, those in folds and positions too."""
        if self._expressions is None:
            roots = [s.expr for s in self.stores]
            roots += [x for s in self.stores for x in _in_index(s.index)]
            self._expressions = walk(roots)
        return self._expressions

    def reads(self) -> list[tuple[Buffer, Index]]:
        """The loads."""
        if self._reads is None:
            found = {(id(e.args[0]), e.args[1]): e.args
                     for e in self.expressions() if e.kind == "load"}  # fmt: skip
            self._reads = list(found.values())
        return self._reads

    def indexes(self) -> list[Index]:
        """Every position that is computed."""
        if self._indexes is None:
            found = [s.index for s in self.stores]
            for expr in self.expressions():
                found += [x for x in expr.args if isinstance(x, Index)]
            out = dict.fromkeys(found)
            while found:
                index = found.pop()
                inner = [a.index for a in index.terms if isinstance(a, Parted)]
                out.update(dict.fromkeys(inner))
                found += inner
            self._indexes = list(out)
        return self._indexes


def _in_index(index: Index) -> Iterator[Expr]:
    for atom in index.terms:
        if isinstance(atom, Opaque):
            yield atom.expr
        elif isinstance(atom, Parted):
            yield from _in_index(atom.index)


def parts(expr: Expr) -> Iterator[Expr]:
    """The expressions that one needs at once."""
    for x in expr.args:
        if isinstance(x, Expr):
            yield x
        elif isinstance(x, Index):
            yield from _in_index(x)
        elif isinstance(x, Fold) and expr.kind == "folded":
            yield from x.updates
            yield from x.inits
            if x.first is not None:
                yield from x.first


def walk(roots: Iterable[Expr]) -> list[Expr]:
    """Every expression below, each once, operands before what uses them."""
    seen: set[int] = set()
    out: list[Expr] = []
    stack: list[Expr | None] = [*roots]
    stack.reverse()
    while stack:
        expr = stack.pop()
        if expr is None:  # what is below the next one is done
            out.append(stack.pop())  # type: ignore[arg-type]
            continue
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        below = _below(expr)
        if below:
            stack += (expr, None, *below)
        else:
            out.append(expr)
    return out


def _below(expr: Expr) -> list[Expr]:
    """What `parts` gives, sooner."""
    kind, args = expr.kind, expr.args
    if kind in _LEAVES:
        return []
    if kind in _PLACES:
        for atom in args[-1].terms:
            if type(atom) is not Var:
                return list(parts(expr))
        return []
    return list(parts(expr)) if kind == "folded" else expr.operands()


class Rewriting:
    """Expressions made anew with counters replaced and loads answered.

    Args:
        table: what stands in place of counters.
        answer: ``(buffer, index) -> expression`` or None, for each load.
    """

    def __init__(
        self,
        table: dict[Any, Index],
        answer: Callable[[Buffer, Index], Expr | None] | None = None,
    ) -> None:
        self._table = table
        self._answer = answer
        self._done: dict[int, tuple[Expr, Expr]] = {}
        self._folds: dict[int, Fold] = {}

    def expr(self, expr: Expr) -> Expr:
        """The expression made anew."""
        for e in walk([expr]):
            if id(e) not in self._done:
                self._done[id(e)] = (e, self._made(e))
        return self._done[id(expr)][1]

    def index(self, index: Index) -> Index:
        """The position made anew."""
        table = self._table
        for atom in index.terms:
            if atom in table or type(atom) is not Var:
                break
        else:
            return index
        out = Index({}, index.const)
        for atom, c in index.terms.items():
            if isinstance(atom, Parted):
                inner = self.index(atom.index)
                part = inner // atom.by if atom.quotient else inner % atom.by
                out = out + part * c
            elif isinstance(atom, Opaque):
                new = Opaque(self.expr(atom.expr), atom.extent)
                out = out + Index({new: c})
            elif atom in self._table:
                out = out + self._table[atom] * c
            else:
                out = out + Index({atom: c})
        return out

    def _made(self, e: Expr) -> Expr:
        if e.kind == "load":
            buffer, index = e.args
            place = self.index(index)
            found = self._answer(buffer, place) if self._answer else None
            if found is not None:
                return found
            return e if place is index else Expr("load", (buffer, place), e.type)
        if e.kind == "index":
            place = self.index(e.args[0])
            return e if place is e.args[0] else Expr("index", (place,), e.type)
        if e.kind == "folded":
            return Expr("folded", (self._fold(e.args[0]), e.args[1]), e.type)
        if not e.args or e.kind in ("const", "acc"):
            return e
        args = [self._of(x) for x in e.args]
        for new, old in zip(args, e.args, strict=True):
            if new is not old:
                return Expr(e.kind, tuple(args), e.type)
        return e

    def _of(self, x: Any) -> Any:
        if isinstance(x, Expr):
            return self._done[id(x)][1]
        return self.index(x) if isinstance(x, Index) else x

    def _fold(self, fold: Fold) -> Fold:
        found = self._folds.get(id(fold))
        if found is None:
            found = self._folds[id(fold)] = Fold.__new__(Fold)
            found.vars = [v for v in fold.vars if v not in self._table]
            extra = {a for v in fold.vars for a in self._table.get(v, Index({})).terms}
            found.vars = sorted(
                [*found.vars, *extra], key=lambda v: _order(fold, self._table, v)
            )
            found.how = fold.how
            found.accs = fold.accs
            found.inits = [self.expr(x) for x in fold.inits]
            found.updates = [self.expr(x) for x in fold.updates]
            found.first = None
            if fold.first is not None:
                found.first = (self.expr(fold.first[0]), self.expr(fold.first[1]))
        return found


def _order(fold: Fold, table: dict[Any, Index], var: Any) -> int:
    for at, old in enumerate(fold.vars):
        if old is var or (old in table and var in table[old].terms):
            return at
    return 0


def rewritten(nest: Nest, table: dict[Any, Index], domain: list[Var]) -> Nest:
    """A nest with counters replaced."""
    made = Rewriting(table)
    stores = [
        Store(s.buffer, made.index(s.index), made.expr(s.expr)) for s in nest.stores
    ]
    return Nest(domain, stores, nest.label)


def simplified(nest: Nest) -> Nest:
    """A nest without counters that stand still, and neighbours made one."""
    table: dict[Any, Index] = {}
    for var in nest.domain:
        if same(var.extent, 1):
            table[var] = Index({})
    for fold in nest.folds():
        for var in fold.vars:
            if not var.leading and same(var.extent, 1):
                table[var] = Index({})
    if table:
        nest = rewritten(nest, table, [v for v in nest.domain if v not in table])
    indexes = nest.indexes()
    table = {}
    domain = _collapsed(nest.domain, indexes, table)
    for fold in nest.folds():
        if fold.first is None:
            _collapsed(fold.vars, indexes, table)
    if not table:
        return nest
    return rewritten(nest, table, domain)


def _collapsed(
    dims: list[Var], indexes: list[Index], table: dict[Any, Index]
) -> list[Var]:
    """Counters with neighbours made one where every position allows it."""
    groups: list[list[Var]] = []
    for var in dims:
        if groups and _joins(groups[-1][-1], var, indexes):
            groups[-1].append(var)
        else:
            groups.append([var])
    out: list[Var] = []
    for group in groups:
        if len(group) == 1:
            out.append(group[0])
            continue
        extent = 1
        for var in group:
            extent *= var.extent
        joined = Var(group[0].name, extent, group[0].leading)
        whole = index_of(joined)
        step = 1
        for at in range(len(group) - 1, -1, -1):
            var = group[at]
            # positions are linear in the joined counter: only the last one stands
            table[var] = whole if at == len(group) - 1 else Index({})
            step *= var.extent
        out.append(joined)
    return out


def _joins(outer: Var, inner: Var, indexes: list[Index]) -> bool:
    return all(
        i.terms.get(outer, 0) == i.terms.get(inner, 0) * inner.extent for i in indexes
    )


def joined(first: Nest, second: Nest, dropped: set[int]) -> Nest | None:
    """Two pointwise nests over the same counters as one; None where that is wrong.

    Args:
        first: runs before.
        second: may read what the first writes, at the same place.
        dropped: ids of buffers that nobody else reads: not stored.
    """
    if _turns(first) != _turns(second) or first.folds() or second.folds():
        return None
    if len(first.domain) < len(second.domain):
        first = _split_as(first, second.domain) or first
    elif len(second.domain) < len(first.domain):
        second = _split_as(second, first.domain) or second
    domain = first.domain
    if [v.extent for v in domain] != [v.extent for v in second.domain] or not domain:
        return None
    table = {b: index_of(a) for a, b in zip(domain, second.domain, strict=True)}
    moved = rewritten(second, table, domain)
    written = {(id(s.buffer), s.index): s for s in first.stores}
    whose = {id(s.buffer) for s in first.stores}
    for buffer, index in moved.reads():
        if id(buffer) in whose and (id(buffer), index) not in written:
            return None
    places = {id(s.buffer): s.index for s in moved.stores}
    for buffer, index in first.reads():
        if id(buffer) in places and index != places[id(buffer)]:
            return None
    for one in moved.stores:
        for other in first.stores:
            if one.buffer is other.buffer and not apart(one.index, other.index):
                return None
    if not all(_covers(s.index, domain) for s in (*first.stores, *moved.stores)):
        return None

    def answer(buffer: Buffer, index: Index) -> Expr | None:
        store = written.get((id(buffer), index))
        return store.expr if store is not None else None

    made = Rewriting({}, answer)
    stores = [s for s in first.stores if id(s.buffer) not in dropped]
    stores += [Store(s.buffer, s.index, made.expr(s.expr)) for s in moved.stores]
    parts = [*first.label.split("+"), *second.label.split("+")]
    return Nest(domain, stores, "+".join(dict.fromkeys(parts)))


def _turns(nest: Nest) -> int:
    """How often a nest's body runs."""
    return math.prod([v.extent for v in nest.domain])


def apart(one: Index, other: Index) -> bool:
    """Whether two positions never meet, whatever their counters say."""
    mine, theirs = _steps(one), _steps(other)
    if mine is None or mine != theirs:
        a, b = one.bottom(), one.top()
        y, z = other.bottom(), other.top()
        known = None not in (a, b, y, z)
        return known and (b < y or z < a)  # type: ignore[operator]
    return not _meets(abs(one.const - other.const), mine)


def _steps(index: Index) -> list[tuple[int, int]] | None:
    """The factors of an index with how far their counters run, the largest first."""
    if not all(isinstance(atom, Var) and c > 0 for atom, c in index.terms.items()):
        return None
    return sorted(((c, a.extent) for a, c in index.terms.items()), reverse=True)


def _meets(distance: int, steps: list[tuple[int, int]]) -> bool:
    """Whether differences of counters can add up to a distance."""
    if not steps:
        return distance == 0
    (step, extent), rest = steps[0], steps[1:]
    reach = sum(c * (n - 1) for c, n in rest)
    for turns in range(-(-(distance - reach) // step), (distance + reach) // step + 1):
        if abs(turns) < extent and _meets(abs(distance - turns * step), rest):
            return True
    return False


def _covers(index: Index, domain: list[Var]) -> bool:
    """Whether every turn of the counters writes a place of its own."""
    return all(v in index.terms for v in domain)


def _split_as(nest: Nest, domain: list[Var]) -> Nest | None:
    """A nest over one counter as one over several that count as far."""
    if len(nest.domain) != 1:
        return None
    count = 1
    whole = Index({})
    for var in reversed(domain):
        whole = whole + index_of(var) * count
        count *= var.extent
    if count != nest.domain[0].extent:
        return None
    return rewritten(nest, {nest.domain[0]: whole}, list(domain))


def elementwise_nest(buffer: Buffer, at: Any, label: str) -> Nest:
    """A nest that computes a whole buffer."""
    domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(buffer.shape)]
    place = tuple([index_of(v) for v in domain])
    return Nest(domain, [Store(buffer, flat(place, buffer.shape), at(place))], label)
