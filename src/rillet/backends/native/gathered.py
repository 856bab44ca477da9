"""Sums that a loop gathers, row by row or product by product: added in place.

In flow the graphs of a loop; out flow the nodes that may write into what the loop
carries. The gradient of `x[t]` in a loop is a tensor of zeros with one row, and each
round adds it to what was gathered before: done as it stands, a loop over all rows would
take a time that grows with their square. `control` asks, `lower` and `offers` do so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rillet.graph.ir import Graph, Node, SymbolicTensor
from rillet.ops.expressions import FLOATS, TYPES
from rillet.ops.lowering import Buffer, Lazy

_SUM: Final = "UnsortedSegmentSum"
_PRODUCT: Final = "MatMul"


def in_place(
    test: Graph, body: Graph, carried: Iterable[int], states: Mapping[int, Buffer]
) -> dict[int, Lazy]:
    """Nodes of a loop's body that may write into what it carries.

    Args:
        test: the loop's condition.
        body: its body.
        carried: the loop variables that change.
        states: where they lie.

    Returns:
        By id, what holds the result of a sum over segments, or of a product, and of the
        addition of it to what the loop carries.
    """
    uses: dict[int, int] = {}
    for graph in (test, body):
        for x in [*[x for n in graph.nodes for x in n.tensors()], *graph.outputs]:
            uses[id(x)] = uses.get(id(x), 0) + 1
    out: dict[int, Lazy] = {}
    for i in carried:
        state = states.get(i)
        if state is None or state.type not in TYPES or state.type == "bool":
            continue
        if 0 in state.shape:
            continue
        if uses.get(id(body.inputs[i])) != 1 or uses.get(id(test.inputs[i])):
            continue
        total = body.outputs[i].node
        added = _added(total, body.inputs[i])
        if added is None or uses.get(id(body.outputs[i])) != 1 or uses[id(added)] != 1:
            continue
        if added.spec == body.outputs[i].spec and added.spec.shape == state.shape:
            rows = Lazy(state.shape, state.type, buffer=state)
            out[id(total)] = out[id(added.node)] = rows
    return out


def _added(total: Node, carried: SymbolicTensor) -> SymbolicTensor | None:
    """The sum or product that is added to a loop variable; None for all else."""
    if total.type not in ("Add", "AddV2"):
        return None
    x, y = total.inputs
    other = y if x is carried else x if y is carried else None
    if not isinstance(other, SymbolicTensor):
        return None
    if other.node.type == _PRODUCT and other.spec.dtype.name not in FLOATS:
        return None  # what is added up is wider than what is stored
    return other if other.node.type in (_SUM, _PRODUCT) else None
