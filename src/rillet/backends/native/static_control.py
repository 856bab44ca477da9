"""Branches and loops made anew for inputs of known sizes.

In flow a node that holds graphs, and what goes into it; out flows the same with graphs
whose sizes are numbers where they follow, or the nodes of the branch that is known to
run. Loops whose rounds can be counted beforehand say how many they run. `static` calls
this; `control` makes native code of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from rillet.backends.native.list_specs import ListSpec, same_lists
from rillet.backends.reference import ReferenceProgram
from rillet.core import dtypes
from rillet.core.errors import OpError
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.graph.control import CASE, IF, WHILE
from rillet.graph.ir import PLACEHOLDER, Graph, Node, SymbolicTensor
from rillet.graph.passes import has_effects, is_pure
from rillet.graph.trace import Tracer

#: The attribute that says how many rounds a loop runs.
ROUNDS: Final = "_rounds"
_MOST_ROUNDS: Final = 1 << 14
_TRIES: Final = 4
#: What a graph says that only breaks for these sizes, perhaps in a branch never taken.
_BREAKS: Final = (ValueError, TypeError, IndexError, NotImplementedError, OpError)

Static = Callable[..., tuple[Graph, list[SymbolicTensor]]]
Inline = Callable[[Graph, Sequence[SymbolicTensor]], list[SymbolicTensor]]


def made(
    tracer: Tracer, node: Node, args: Sequence[Any], static: Static, inline: Inline
) -> tuple[Any, ...] | None:
    """A branch or loop in the graph under construction.

    Args:
        tracer: builds that graph.
        node: the node.
        args: what goes in, in that graph.
        static: makes an inner graph anew: `static.static`.
        inline: puts a graph's nodes into the one under construction.

    Returns:
        What comes out; None where the node had better stay as it is.
    """
    try:
        if node.op is WHILE:
            return _loop(tracer, node, args, static)
        if node.op in (IF, CASE):
            return _branch(tracer, node, args, static, inline)
    except _BREAKS:
        return None
    return None


def _branch(
    tracer: Tracer, node: Node, args: Sequence[Any], static: Static, inline: Inline
) -> tuple[Any, ...]:
    branches = node.attrs["branches"]
    chosen = args[0].known
    if isinstance(chosen, np.ndarray) and chosen.size == 1:
        at = _number(node.op is CASE, chosen, len(branches))
        return tuple(inline(branches[at], args[1:]))
    specs = [x.spec for x in args[1:]]
    known = [x.known for x in args[1:]]
    graphs = [static(g, g.outputs, specs, known)[0] for g in branches]
    first, *rest = [[y.spec for y in g.outputs] for g in graphs]
    for other in rest:
        first = [_common(a, b) for a, b in zip(first, other, strict=True)]
    attrs = {**node.attrs, "branches": tuple(graphs)}
    return tracer.add_form(node.op, list(args), attrs, first, node.name)


def _number(by_number: bool, chosen: Any, count: int) -> int:
    if not by_number:
        return 0 if bool(chosen) else 1
    at = int(chosen.reshape(()))
    return at if 0 <= at < count else count - 1


def _common(a: Spec, b: Spec) -> Spec:
    if a.dtype is dtypes.variant:
        return same_lists(a, b)
    shape = TensorShape.of(a.shape).most_specific_compatible_shape(
        TensorShape.of(b.shape)
    )
    return Spec(shape._dims, a.dtype)


def _loop(
    tracer: Tracer, node: Node, args: Sequence[Any], static: Static
) -> tuple[Any, ...] | None:
    test, body, carried = (node.attrs[key] for key in ("cond", "body", "carried"))
    count = len(args)
    specs = _grown(args, node)
    known = [None if i in carried else x.known for i, x in enumerate(args)]
    for _ in range(_TRIES):
        inner = static(body, body.outputs, specs, known)[0]
        ends = [y.spec for y in inner.outputs]
        wider = [
            _common(s, ends[i]) if i in carried else s for i, s in enumerate(specs)
        ]
        if wider == specs:
            break
        specs = wider
    else:
        return None
    goes_on = static(test, test.outputs, specs, known)[0]
    found = _simulated(args, goes_on, inner, carried, [])
    rounds = None if found is None else found[0]
    out = [_settled(spec) for spec in specs]
    kept = [specs[i] for i in carried] + ends[count:]
    out += [_stacked(spec, rounds) for spec in kept]
    attrs = {**node.attrs, "cond": goes_on, "body": inner, ROUNDS: rounds}
    return tracer.add_form(WHILE, list(args), attrs, out, node.name)


def _stacked(spec: Spec, rounds: int | None) -> Spec:
    """What a history is."""
    if spec.dtype is dtypes.variant:
        element = spec if isinstance(spec, ListSpec) else None
        return ListSpec(rounds, None, element)
    return Spec(None if spec.shape is None else (rounds, *spec.shape), spec.dtype)


# How often a loop runs


def _grown(args: Sequence[Any], node: Node) -> list[Spec]:
    """What goes into a loop; lists that it makes longer are as long as at its end."""
    test, body, carried = (node.attrs[key] for key in ("cond", "body", "carried"))
    specs = [x.spec for x in args]
    for i in carried:
        spec, last = specs[i], body.outputs[i].node
        if not isinstance(spec, ListSpec) or spec.length is None:
            continue
        if last.type != "TensorListSetItem" or not last.attrs.get("resize"):
            continue
        reads = [x for n in body.nodes for x in n.inputs if x is body.inputs[i]]
        if last.inputs[0] is not body.inputs[i] or len(reads) != 1:
            continue
        found = _simulated(args, test, body, carried, [last.inputs[1]])
        if found is not None:
            length = max(spec.length, found[1] + 1)
            specs[i] = ListSpec(length, spec.element, spec.inner, True)
    return specs


def _settled(spec: Spec) -> Spec:
    """What is known of a list when the loop that makes it longer is over."""
    if isinstance(spec, ListSpec):
        return ListSpec(spec.length, spec.element, spec.inner)
    return spec


def _simulated(
    args: Sequence[Any],
    test: Graph,
    body: Graph,
    carried: Sequence[int],
    watched: list[SymbolicTensor],
) -> tuple[int, int] | None:
    """How many rounds a loop runs, where that follows from what is known now.

    Args:
        args: what goes in.
        test: the condition.
        body: the body.
        carried: the loop variables that change.
        watched: whole numbers in the body.

    Returns:
        The rounds, and the largest of the watched numbers; None where a run is needed.
    """
    needed = _needed(test, body, carried, watched)
    if needed is None:
        return None
    values: list[Any] = [None] * len(args)
    for i in needed:
        if not isinstance(args[i].known, np.ndarray):
            return None
        values[i] = args[i].known
    moving = [i for i in carried if i in needed]
    goes_on = ReferenceProgram(_bare(test), test.outputs)
    wanted = [*[body.outputs[i] for i in moving], *watched]
    follow = ReferenceProgram(_bare(body), wanted)
    top = -1
    for at in range(_MOST_ROUNDS):
        if not bool(goes_on(values)[0]):
            return at, top
        found = follow(values)
        for i, value in zip(moving, found, strict=False):
            values[i] = value
        for number in found[len(moving) :]:
            if int(number) < 0:
                return None
            top = max(top, int(number))
    return None


def _needed(
    test: Graph, body: Graph, carried: Sequence[int], watched: list[SymbolicTensor]
) -> set[int] | None:
    """The loop variables that say when it ends; None where more than they do."""
    found: set[int] = set()
    todo, others = _inputs(test, test.outputs), _inputs(body, watched)
    if todo is None or others is None:
        return None
    todo |= others
    while todo:
        fresh = todo - found
        found |= fresh
        todo = set()
        for i in fresh:
            if i in carried:
                more = _inputs(body, [body.outputs[i]])
                if more is None:
                    return None
                todo |= more - found
    return found


def _inputs(graph: Graph, outputs: list[SymbolicTensor]) -> set[int] | None:
    """The inputs that tensors depend on; None where they are no plain arithmetic."""
    places = {id(x): i for i, x in enumerate(graph.inputs)}
    needed = {id(y.node) for y in outputs}
    found: set[int] = set()
    for node in reversed(graph.nodes):
        if id(node) not in needed:
            continue
        if node.op is PLACEHOLDER:
            found.add(places[id(node.outputs[0])])
            continue
        if node.inputs and not is_pure(node):
            return None
        if any(y.spec.shape is None or len(y.spec.shape) for y in node.outputs):
            return None
        needed.update(id(x.node) for x in node.tensors())
    return found


def _bare(graph: Graph) -> Graph:
    """A graph without what it does besides giving outputs."""
    out = Graph(graph.name)
    out.inputs = graph.inputs
    out.nodes = [n for n in graph.nodes if not has_effects(n)]
    return out
