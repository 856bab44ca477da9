"""Ops that are rillet's own, told in ops that TensorFlow has.

A node flows in; out flows a graph of other nodes, or None where the node can stand.
`graph_writer` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64, uint64
from rillet.graph.ir import Graph, Node, SymbolicTensor
from rillet.graph.trace import Tracer
from rillet.ops.array import stack
from rillet.ops.casting import cast
from rillet.ops.compare import (
    equal,
    greater,
    greater_equal,
    is_finite,
    less,
    logical_not,
    not_equal,
)
from rillet.ops.cumulative import cumsum
from rillet.ops.elementwise import add, log, maximum, minimum
from rillet.ops.filling import zeros_like
from rillet.ops.identity import bitcast
from rillet.ops.mask import where
from rillet.ops.quotients import realdiv
from rillet.ops.reduce import reduce_max
from rillet.ops.sequences import range as sequence
from rillet.ops.shaping import reduce_sum, reshape
from rillet.ops.sorting import upper_bound_op
from rillet.saved_model.composed import RULES
from rillet.saved_model.expanding import by_elements, settle
from rillet.saved_model.node_inputs import refused

#: Functions of tensors and attributes that give the node's outputs.
REWRITES: dict[str, Callable[..., Any]] = dict(RULES)
#: Marks a node that a rule ran on what TensorFlow's op can take.
_TOLD = "_told"


def told_graph(node: Node) -> Graph | None:
    """What a node that calls Python does, traced; None where nobody said it."""
    told = getattr(node.attrs["host"], "told", None)
    return None if told is None else _traced(node, told, list(node.inputs), {})


def rewritten(node: Node) -> Graph | None:
    """A graph that computes what a node does; its inputs are the node's tensors."""
    rule = REWRITES.get(node.type) or by_elements(node)
    if rule is None or _TOLD in node.attrs or not _needs(node):
        return None
    attrs = {k: v for k, v in node.attrs.items() if not k.startswith("_")}
    try:
        graph = _traced(node, rule, node.tensors(), attrs)
    except NotImplementedError as error:
        raise refused(node, f"has no form in TensorFlow's ops: {error}") from None
    for inner in graph.nodes:
        if inner.type == node.type:
            inner.attrs = {**inner.attrs, _TOLD: True}
    return graph


def _needs(node: Node) -> bool:
    """Whether a rule that only dilations need has to run."""
    if not node.type.startswith("DepthwiseConv2dNative"):
        return True
    return any(step != 1 for step in node.attrs.get("dilations") or ())


def _traced(node: Node, rule: Any, tensors: Any, attrs: dict[str, Any]) -> Graph:
    tracer = Tracer(node.name, None, isolated=True)
    with tracer:
        # One placeholder a place: a tensor may stand in two.
        inner = [tracer.graph.placeholder(x.spec, "x") for x in tensors]
        tracer.graph.inputs = list(inner)
        given = iter(inner)
        args = [
            next(given) if isinstance(x, SymbolicTensor) else x for x in node.inputs
        ]
        found = rule(*args, **attrs)
        flat = found if isinstance(found, tuple | list) else [found]
        tracer.graph.outputs = [tracer.lift(to_tensor(y)) for y in flat]
    settle(tracer.graph)
    return tracer.graph


def _flag(x: Any, like: Any) -> Any:
    return cast(x, like.dtype)


def _clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    if low is not None:
        x = maximum(x, to_tensor(low, hint=x.dtype))
    if high is not None:
        x = minimum(x, to_tensor(high, hint=x.dtype))
    return x


def _clamp_grad(g: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    return where(equal(_clamp(x, low, high), x), g, zeros_like(g))


def _below(x: Any, y: Any) -> Any:
    return _flag(logical_not(greater_equal(x, y)), x)


def _log_or_zero(x: Any) -> Any:
    return where(greater(x, 0), log(x), zeros_like(x))


def _ratio(y: Any, x: Any, limit: float = 0.0) -> Any:
    return where(equal(x, 0), to_tensor(limit, hint=x.dtype), realdiv(y, x))


def _finite_max(x: Any, axis: Any) -> Any:
    top = reduce_max(x, axis, keepdims=True)
    return where(is_finite(top), top, zeros_like(top))


def _repeated(counts: Any) -> Any:
    """For each place the number of the row that it is in, from rows' lengths."""
    ends = cumsum(cast(counts, int64))
    places = sequence(reduce_sum(cast(counts, int64)), dtype=int64)
    rows = [reshape(x, [1, -1]) for x in (ends, places)]
    return reshape(upper_bound_op.run(*rows, out_type=int64), [-1])


def _advanced(state: Any, blocks: Any) -> Any:
    """A generator's state some blocks further on: its counter has 128 bits."""
    low, high = [bitcast(state[i], uint64) for i in (0, 1)]
    later = add(low, cast(blocks, uint64))
    high = add(high, cast(less(later, low), uint64))
    return stack([bitcast(later, int64), bitcast(high, int64), state[2]])


def _key_and_counter(state: Any) -> Any:
    return bitcast(state[2:3], uint64), bitcast(state[:2], uint64)


REWRITES |= {
    "RilletRngAdvance": _advanced,
    "RilletRngKeyCounter": _key_and_counter,
    "RilletRepeatPlaces": _repeated,
    "RilletLogicalXor": not_equal,
    "RilletAtLeast": lambda x, y: _flag(greater_equal(x, y), x),
    "RilletBelow": _below,
    "RilletIsNotZero": lambda x: _flag(not_equal(x, 0), x),
    "RilletIsNegative": lambda x: _flag(less(x, 0), x),
    "RilletClamp": _clamp,
    "RilletClampGrad": _clamp_grad,
    "RilletLogOrZero": _log_or_zero,
    "RilletRatio": _ratio,
    "RilletFiniteMax": _finite_max,
}
