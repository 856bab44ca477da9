"""`explain.graph`: a computation as boxes and arrows, with values and gradients.

In: a function, a tape or a model. Out: a `Computation`: nodes with what they hold, and
edges with the derivative along each. `passage` runs functions; `graph_drawing` draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.autodiff.backward import gradients
from rillet.explain.batches import first_batch
from rillet.explain.folding import fold_by_layer, fold_differences
from rillet.explain.graph_drawing import (
    LENGTHS,
    drawn,
    gradient_said,
    has_lengths,
    length,
)
from rillet.explain.passage import Passage, Ran, taped
from rillet.explain.picture import Drawing, number, refuse, shown

#: Computations of more nodes are folded by layer.
LARGE: Final = 24
_SIGNS: Final = {
    "Mul": "*", "AddV2": "+", "Add": "+", "Sub": "-", "RealDiv": "/", "MatMul": "@",
    "BiasAdd": "+", "Pow": "**", "Div": "/",
}  # fmt: skip


@dataclass(eq=False)
class Node:
    """A value of the computation.

    Attributes:
        name: what the program calls it; a number where it has no name.
        kind: ``"variable"``, ``"input"``, ``"constant"``, the name of an op, or the
            name of a layer's class where a layer is one box.
        value: what it holds, as a NumPy array.
        gradient: the result's gradient by this value; None where there is none.
    """

    name: str
    kind: str
    value: Any
    gradient: Any = None
    is_result: bool = False
    count: int = 1

    @property
    def is_source(self) -> bool:
        """Whether it was given rather than computed."""
        return self.kind in ("variable", "input", "constant")


@dataclass(eq=False)
class Edge:
    """A value that flows into another.

    Attributes:
        source: where it comes from.
        target: where it goes.
        derivative: how the target changes with the source, where both are numbers.
        gradient: the part of the result's gradient that comes back along this edge.
    """

    source: Node
    target: Node
    derivative: float | None = None
    gradient: Any = None

    def said(self) -> str:
        """The derivative, or how large the gradient is."""
        if self.derivative is not None:
            return number(self.derivative)
        if self.gradient is None:
            return ""
        return length(self.gradient)


@dataclass(eq=False)
class Computation(Drawing):
    """A computation graph with its values and gradients.

    Attributes:
        nodes: in the order they were computed.
        edges: between them.
        name: of the function.
    """

    name: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def __getitem__(self, name: str) -> Node:
        """The node of a name.

        Raises:
            KeyError: where there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise KeyError(f"explain.graph: no node is called {name!r}; there are {known}")

    def edge(self, source: str, target: str) -> Edge:
        """The edge between two nodes, by their names.

        Raises:
            KeyError: where there is none.
        """
        for edge in self.edges:
            if edge.source.name == source and edge.target.name == target:
                return edge
        raise KeyError(f"explain.graph: no edge goes from {source!r} to {target!r}")

    @property
    def svg(self) -> str:
        """The graph as SVG, the values given at the top."""
        return drawn(self)

    def __str__(self) -> str:
        lines = [f"{self.name}: {len(self.nodes)} values"]
        for node in self.nodes:
            line = f"  {node.name} = {self._formula(node)}{shown(node.value)}"
            if node.gradient is not None and not node.is_result:
                line += f"    gradient {gradient_said(node.gradient)}"
            lines.append(line)
            for edge in self.edges:
                if edge.target is node and edge.said():
                    lines.append(
                        f"      d {node.name} / d {edge.source.name} = {edge.said()}"
                        if edge.derivative is not None
                        else f"      back to {edge.source.name}: {edge.said()}"
                    )
        if has_lengths(self):
            lines.append(f"  {LENGTHS}")
        return "\n".join(lines)

    __repr__ = __str__

    def said(self, node: Node) -> str:
        """What computes a node, with the graph's own names where it names any."""
        if node.kind != "|a - b|":
            return node.kind
        return f"|{' - '.join(e.source.name for e in self.edges if e.target is node)}|"

    def _formula(self, node: Node) -> str:
        given = [edge.source.name for edge in self.edges if edge.target is node]
        if not given:
            return ""
        sign = _SIGNS.get(node.kind)
        if sign and len(given) == 2:
            return f"{given[0]} {sign} {given[1]} = "
        if node.kind == "|a - b|":
            return f"{self.said(node)} = "
        return f"{node.kind}({', '.join(given)}) = "


def graph(
    fn_or_tape: Any,
    *args: Any,
    target: Any = None,
    names: dict[str, Any] | None = None,
    fold: bool | None = None,
) -> Computation:
    """The computation graph of a function, a model's loss, or what a tape recorded.

    Args:
        fn_or_tape: a function to run on `args`; a compiled model, whose arguments are
            a batch ``x, y`` or a dataset; or a `tf.GradientTape` whose gradient was not
            yet taken, with `target`.
        *args: arguments of the function. Floating-point tensors and arrays get
            gradients, as variables do.
        target: the tensor that the tape's gradients are of.
        names: names of values, as in ``{"x": x}``. A function's own variables have
            theirs.
        fold: whether each layer is one box; where None, if there are over 24 values.

    Returns:
        Nodes, edges, values and gradients; SVG in a notebook, text where printed.

    Raises:
        ValueError: where the result has no gradient, or the tape holds nothing.

    Example:
        >>> import rillet as tf
        >>> x, y = tf.constant(2.0), tf.constant(4.0)
        >>> w, b = tf.Variable(3.0, name="w"), tf.Variable(1.0, name="b")
        >>> def loss(x, y):
        ...     x1 = x * w
        ...     x2 = x1 + b
        ...     return abs(y - x2)
        >>> picture = tf.explain.graph(loss, x, y)
        >>> float(picture["x2"].value), float(picture["w"].gradient)
        (7.0, 2.0)
        >>> picture.edge("w", "x1").derivative
        2.0
    """
    known = dict(names or {})
    if isinstance(fn_or_tape, tf.GradientTape):
        ran, title = taped(fn_or_tape, target), "tape"
        return _pictured(title, ran, target, {id(v): n for n, v in known.items()}, fold)
    if isinstance(fn_or_tape, keras.Model):
        return _of_model(fn_or_tape, args, fold)
    if not callable(fn_or_tape):
        raise refuse(
            "explain.graph",
            "a function, a model or a tape is needed",
            f"{type(fn_or_tape).__name__}",
        )
    given = [_as_tensor(arg) for arg in args]
    passage = Passage()
    with tf.GradientTape() as tape:
        tape.watch([t for t in given if _floats(t)])
        result = passage.run_named(fn_or_tape, *given)
    if target is not None:
        result = target
    found = {**passage.names, **{id(v): n for n, v in known.items()}}
    title = getattr(fn_or_tape, "__name__", type(fn_or_tape).__name__)
    return _pictured(title, passage.ran, result, found, fold)


def _of_model(model: Any, args: Sequence[Any], fold: bool | None) -> Computation:
    if not args:
        raise refuse("explain.graph", "a model needs a batch", "none", "Give x, y")
    x, y = first_batch("explain.graph", args[0], args[1] if len(args) > 1 else None)
    x = as_tensors(x)
    y = None if y is None else as_tensors(y)
    passage = Passage()

    def forward() -> Any:
        said = model(x, training=False)
        return said if y is None else batch_loss(model, y, said)

    names = {id(t): f"x{i or ''}" for i, t in enumerate(tf.nest.flatten(x))}
    names |= {id(t): f"y{i or ''}" for i, t in enumerate(tf.nest.flatten(y))}
    result = passage.run(forward)
    return _pictured(model.name, passage.ran, result, names, fold)


def batch_loss(model: Any, y: Any, said: Any) -> Any:
    """The model's loss on a batch as `fit` counts it, without a trace in its metrics.

    All outputs' losses and those of regularizers are in it. The model ran just before.
    """
    compiled = model.compiled_loss
    if compiled is None:
        raise refuse("explain", "the model must be compiled with a loss", "none")
    try:
        return compiled.of(y, said, model.losses)
    except ValueError as error:
        raise ValueError(f"explain: {str(error).removeprefix('fit: ')}") from None


def as_tensors(x: Any) -> Any:
    """Inputs or targets as tensors; a list of numbers is one of them, not several.

    Numbers of double precision become those of Keras, as in `fit`.
    """
    if isinstance(x, list) and not any(hasattr(part, "shape") for part in x):
        return _of_keras(np.asarray(x))
    return tf.nest.map_structure(_of_keras, x)


def _of_keras(value: Any) -> Any:
    found = tf.convert_to_tensor(value)
    double = found.dtype is tf.float64
    return tf.cast(found, keras.backend.floatx()) if double else found


def _as_tensor(value: Any) -> Any:
    if isinstance(value, (np.ndarray, float)):
        return tf.convert_to_tensor(value)
    return value


def _floats(value: Any) -> bool:
    return isinstance(value, (tf.Tensor, tf.Variable)) and value.dtype.is_floating


class _Builder:
    """Nodes and edges of what ran."""

    def __init__(self, names: dict[int, str], result: Any) -> None:
        self.names = names
        self.result = result
        self.nodes: dict[int, Node] = {}
        self.edges: list[Edge] = []
        self.taken: set[str] = set(names.values())
        self.owner: dict[int, Ran] = {}

    def free(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        return name

    def given(self, value: Any, kind: str) -> Node:
        node = self.nodes.get(id(value))
        if node is None:
            name = self.names.get(id(value))
            if name is None:
                own = getattr(value, "name", None) if kind == "variable" else None
                array = np.asarray(value)
                plain = kind == "constant" and array.size == 1
                name = own.split(":")[0] if own else (
                    number(float(array.reshape(-1)[0]))
                    if plain and array.dtype.kind in "fiu"
                    else self.free(kind)
                )  # fmt: skip
            node = Node(name, kind, np.asarray(value))
            self.nodes[id(value)] = node
        return node


def _needed(ran: list[Ran], result: Any) -> tuple[list[Ran], set[int]]:
    """What the result was made of: ops, and the ids of values."""
    wanted = {id(result)}
    found = []
    for each in reversed(ran):
        if any(id(y) in wanted for y in each.outputs):
            found.append(each)
            if each.op is not None:
                wanted.update(id(x) for x in each.inputs if isinstance(x, tf.Tensor))
    return found[::-1], wanted


def _pictured(
    title: str, ran: list[Ran], result: Any, names: dict[int, str], fold: bool | None
) -> Computation:
    if not isinstance(result, tf.Tensor):
        raise refuse(
            "explain.graph", "the result must be one tensor", type(result).__name__
        )
    ran, wanted = _needed(ran, result)
    build = _Builder(names, result)
    reads = {id(r.outputs[0]): r.inputs[0] for r in ran if r.op is None}
    adjoints = _adjoints(ran, result)
    unnamed = 0
    for each in ran:
        if each.op is None:
            continue
        inputs = list({id(x): x for x in each.inputs}.values())
        sources = [_source(build, x, reads) for x in inputs]
        slopes, parts = _slopes(each, inputs, adjoints)
        for y in [y for y in each.outputs if id(y) in wanted]:
            name = names.get(id(y))
            if name is None and y is not result:
                unnamed += 1
                while f"x{unnamed}" in build.taken:
                    unnamed += 1
                name = build.free(f"x{unnamed}")
            elif name is None or y is result:
                own = "result" if y.shape.rank else "loss"
                name = names.get(id(y)) or build.free(own)
            node = Node(name, each.op.name, y.numpy(), _array(adjoints.get(id(y))))
            node.is_result = y is result
            build.nodes[id(y)] = node
            build.owner[id(node)] = each
            for source, slope, part in zip(sources, slopes, parts, strict=True):
                if source is not None:
                    build.edges.append(Edge(source, node, slope, part))
    for key, variable in reads.items():
        node_, part = build.nodes.get(id(variable)), _array(adjoints.get(key))
        if node_ is not None and part is not None:
            # each read has its part of the gradient
            before = node_.gradient
            node_.gradient = part if before is None else before + part
    for key, value in adjoints.items():
        node_ = build.nodes.get(key)
        if node_ is not None and node_.gradient is None:
            node_.gradient = _array(value)
    found = Computation(title, list(build.nodes.values()), build.edges)
    fold_differences(found, names.values())
    if fold or (fold is None and len(found.nodes) > LARGE):
        fold_by_layer(found, build.owner, names.values())
    return found


def _source(build: _Builder, x: Any, reads: dict[int, Any]) -> Node | None:
    variable = reads.get(id(x))
    if variable is not None:
        return build.given(variable, "variable")
    if not isinstance(x, tf.Tensor):
        return None
    if id(x) in build.nodes:
        return build.nodes[id(x)]
    kind = "input" if id(x) in build.names else "constant"
    return build.given(x, kind)


def _array(value: Any) -> Any:
    if value is None:
        return None
    return np.asarray(tf.convert_to_tensor(value))


def _adjoints(ran: list[Ran], result: Any) -> dict[int, Any]:
    """The result's gradient by every value that flows into it."""
    if not result.dtype.is_floating:
        return {}
    asked: dict[int, Any] = {}
    entries: list[Any] = []
    for each in ran:
        for x in (*each.outputs, *(() if each.op is None else each.inputs)):
            if isinstance(x, tf.Tensor) and (x.dtype.is_floating or x.dtype.is_complex):
                asked[id(x)] = x
        if each.op is not None and each.op.grad is not None:
            entries.append((each.op, each.inputs, each.outputs, each.attrs or None))
    keys = list(asked)
    found = gradients(entries, [(result, tf.ones_like(result))], keys)
    return {k: g for k, g in zip(keys, found, strict=True) if g is not None}


def _slopes(
    ran: Ran, inputs: list[Any], adjoints: dict[int, Any]
) -> tuple[list[float | None], list[Any]]:
    """Along each input of an op: its derivative, and the gradient that comes back."""
    nothing: list[Any] = [None] * len(inputs)
    given = [(y, adjoints[id(y)]) for y in ran.outputs if id(y) in adjoints]
    if ran.op.grad is None or not given:
        return list(nothing), nothing
    parts = [_array(part) for part in _back(ran, inputs, given)]
    tensors = [x for x in (*inputs, *ran.outputs) if isinstance(x, tf.Tensor)]
    if any(x.shape.rank or x.dtype.is_complex for x in tensors):
        return list(nothing), parts
    ones = [(y, tf.ones_like(y)) for y, _ in given]
    slopes = [_array(part) for part in _back(ran, inputs, ones)]
    return [None if each is None else float(each) for each in slopes], parts


def _back(ran: Ran, inputs: list[Any], given: list[Any]) -> list[Any]:
    entry = (ran.op, ran.inputs, ran.outputs, ran.attrs or None)
    return gradients([entry], given, [id(x) for x in inputs])
