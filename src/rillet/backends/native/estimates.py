"""What scheduling asks of a nest: how far it runs, what rows touch, how long it takes.

In flow nests; `chains` and `codegen` call this.
"""

from __future__ import annotations

from rillet.backends.native.nests import Nest
from rillet.backends.native.sizes import same, share
from rillet.ops.indices import Index, Var

#: Expressions that cost nothing once a loop is compiled, or are counted apart.
_FREE = frozenset(["const", "index", "load", "number", "step"])


def outer_extent(nest: Nest) -> int:
    """How far the outer counter of a nest runs."""
    return nest.domain[0].extent if nest.domain else 1


def aligned_buffers(nest: Nest) -> dict[int, bool]:
    """For each buffer whether turn v touches the v-th part of it and no other."""
    out: dict[int, bool] = {}
    outer = nest.domain[0] if nest.domain else None
    uses = [(s.buffer, s.index) for s in nest.stores] + nest.reads()
    for buffer, index in uses:
        good = outer is not None and _own_part(index, outer, buffer.size)
        out[id(buffer)] = out.get(id(buffer), True) and good
    return out


def _own_part(index: Index, outer: Var, size: int) -> bool:
    part = share(size, outer.extent)
    if part is None or not same(index.terms.get(outer, 0), part):
        return False
    rest = Index({a: c for a, c in index.terms.items() if a is not outer}, index.const)
    low, high = rest.bottom(), rest.top()
    return low is not None and high is not None and low >= 0 and high < part


def estimated_work(nest: Nest) -> float:
    """Nanoseconds that a turn of the outer counter takes, roughly."""
    turns = rows = 1.0
    for var in nest.domain[1:]:
        rows = turns
        turns *= var.extent
    loops = 1.0
    for fold in nest.folds():
        count = 1.0
        for var in fold.vars:
            count *= var.extent
        loops = max(loops, count)
    nodes = wide = 0
    for expr in nest.expressions():
        if expr.kind not in _FREE:
            nodes += 1
            wide += expr.type.endswith("64")
    each = 0.01 * (nodes + wide) + 0.03 * len(nest.reads()) ** 0.5
    each += 0.01 * len(nest.stores)
    return turns * loops * each + (rows * 4.0 if len(nest.domain) > 1 else 0.0)
