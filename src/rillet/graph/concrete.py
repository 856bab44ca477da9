"""One trace of a function: a graph, what it captured, and how to call it.

`function` makes concrete functions and calls `run`; programs get them from
`get_concrete_function` and call them with tensors.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context, nest
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import resource
from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.graph.call import GraphCall
from rillet.graph.ir import Graph, SymbolicTensor, inner_graphs
from rillet.graph.printed_types import (
    Parameter,
    on_one_line,
    parameters,
    unnamed,
    worded,
)
from rillet.graph.signatures import Arguments, Signature
from rillet.graph.trace import Tracer
from rillet.graph.verifier import verify
from rillet.ops.composites import Form, Place, rebuilt

_state = context.state


class ConcreteFunction:
    """A function traced for one kind of arguments.

    Attributes:
        graph: the graph.
        structured_outputs: the specs of what it returns, in its structure.
    """

    def __init__(
        self,
        signature: Signature,
        arguments: Arguments,
        specs: list[TensorSpec],
        tracer: Tracer,
        form: Form,
        count: int,
        backend: Any,
    ) -> None:
        self.graph: Graph = tracer.graph
        verify(self.graph)
        self._signature = signature
        self._specs = specs
        self._names = arguments.names
        self._args = arguments.args
        self._kwargs = arguments.kwargs
        self._form = form
        top = form.structure
        self._lone = isinstance(top, Place) and top.like is None
        self._count = count
        self.created = tracer.created
        captures = tracer.graph.captures
        self._captured = [outer for outer, _ in captures]
        self.is_local = any(isinstance(x, SymbolicTensor) for x in self._captured)
        self._outer: Any = None
        if self.is_local and tracer.parent is not None:
            self._outer = weakref.ref(tracer.parent)
        self._call = GraphCall(self.graph, backend)

    def alive(self) -> bool:
        """Whether the tensors that were captured are still within reach."""
        if self._outer is None:
            return True
        tracer = _state.tracer
        while tracer is not None:
            if tracer is self._outer():
                return True
            tracer = tracer.parent
        return False

    def run(self, tensors: list[Any]) -> Any:
        """Call the graph with the flat tensors of a call's arguments."""
        return self.packed(self.run_flat(tensors))

    def run_flat(self, tensors: list[Any]) -> list[Any]:
        """The same, with flat results."""
        return self._call([*tensors, *self._captured])

    def packed(self, found: list[Any]) -> Any:
        """Flat results in the structure that the function returns."""
        if self._lone:
            return found[0]
        return rebuilt(self._form, found)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call with tensors: all of the function's arguments, or its tensors alone.

        Raises:
            TypeError: where the arguments are not those that were traced.
        """
        if (
            not kwargs
            and len(args) == self._count
            and not any(_is_open(a) for a in args)
        ):
            return self.run(self._fitted(list(args)))
        names = list(self._names)
        if kwargs and all(k in names for k in kwargs):
            flat: list[Any] = list(args)
            for name in names[len(args) :]:
                if name not in kwargs:
                    raise TypeError(
                        house_message(
                            self.name, f"missing a required argument: '{name}'"
                        )
                    )
                flat.append(kwargs[name])
            if len(flat) == self._count:
                return self.run(self._fitted(flat))
        bound = self._signature.bind(args, kwargs)
        return self.run(self._fitted(bound.tensors))

    def _fitted(self, values: list[Any]) -> list[Any]:
        if len(values) != self._count:
            raise TypeError(
                house_message(
                    self.name,
                    f"takes {self._count} tensors",
                    f"got {len(values)}",
                )
            )
        out = []
        for value, spec in zip(values, self._specs, strict=True):
            if value is None:
                raise TypeError(house_message(self.name, "an argument is missing"))
            tensor = to_tensor(value, hint=spec.dtype)
            if not spec.is_compatible_with(tensor):
                raise TypeError(
                    house_message(
                        self.name,
                        "Binding inputs to tf.function failed",
                        f"the function was traced for {spec!r}, got"
                        f" {TensorSpec(tensor.shape, tensor.dtype)}",
                    )
                )
            out.append(tensor)
        return out

    @property
    def name(self) -> str:
        """The graph's name, numbered."""
        return f"{self.graph.name}_{self.graph.serial}"

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The graph's inputs, captures last."""
        return list(self.graph.inputs)

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The graph's outputs, flat."""
        return list(self.graph.outputs)

    @property
    def captured_inputs(self) -> list[Any]:
        """What was captured: tensors, and the cells of variables."""
        return [*self._captured, *[v.handle for v in self.variables]]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that the function uses."""
        return tuple(_variables(self.graph))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those of them that are trainable."""
        return tuple([v for v in self.variables if v.trainable])

    @property
    def structured_input_signature(self) -> tuple[Any, dict[str, Any]]:
        """The arguments as specs: positional ones, and those by name."""
        return self._with_specs(self._args), self._with_specs(self._kwargs)

    def _with_specs(self, structure: Any) -> Any:
        def one(leaf: Any) -> Any:
            if not isinstance(leaf, Place):
                return leaf
            whole = isinstance(leaf.like, CompositeSpec)
            return leaf.like if whole else self._specs[leaf.start]

        return nest.map_structure(one, structure)

    @property
    def structured_outputs(self) -> Any:
        """The results as specs."""
        tensors: list[Any] = []
        for t in self.graph.outputs:
            tensors.append(TensorSpec(t.shape, t.dtype, t.node.name))
        return self._told(lambda spec: spec, tensors)

    def _told(self, what: Callable[[Any], Any], tensors: list[Any]) -> Any:
        """Something of each result: of tensors as given, of composites by spec."""

        def one(leaf: Any) -> Any:
            if isinstance(leaf, Place) and isinstance(leaf.like, CompositeSpec):
                return what(leaf.like)
            return rebuilt(Form(leaf), tensors) if isinstance(leaf, Place) else leaf

        return nest.map_structure(one, self._form.structure)

    @property
    def output_shapes(self) -> Any:
        """The results' shapes."""
        shapes = [t.shape for t in self.graph.outputs]
        return self._told(lambda spec: spec.shape, shapes)

    @property
    def output_dtypes(self) -> Any:
        """The results' types."""
        kinds = [t.dtype for t in self.graph.outputs]
        return self._told(lambda spec: spec.dtype, kinds)

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        """The arguments and results in readable lines."""
        lines = ["Input Parameters:"]
        for name, kind, words in self._parameters():
            lines.append(f"  {name} ({kind}): {words}")
        lines += ["Output Type:", f"  {self._result_type()}", "Captures:"]
        held = [(id(c), TensorSpec(c.shape, c.dtype)) for c in self._captured]
        held += [(id(v), TensorSpec([], resource)) for v in _variables(self.graph)]
        lines += [f"  {number}: {spec!r}" for number, spec in held] or ["  None"]
        return "\n".join(lines)

    def _parameters(self) -> list[Parameter]:
        """Each parameter's name, kind and type in words."""

        def told(name: str, value: Any) -> str:
            return worded(nest.map_structure(lambda leaf: spec_of(name, leaf), value))

        def spec_of(name: str, leaf: Any) -> Any:
            if not isinstance(leaf, Place):
                return leaf
            if isinstance(leaf.like, CompositeSpec):
                return leaf.like
            # A name that begins with the parameter's was made here, not given.
            made = self._names[leaf.start]
            spec = self._specs[leaf.start]
            return unnamed(spec, made) if made.startswith(name) else spec

        signature = self._signature.signature
        return list(parameters(signature, self._args, self._kwargs, told))

    def _result_type(self) -> str:
        return worded(nest.map_structure(unnamed, self.structured_outputs))

    def explain(self, tensors: list[Any] | None = None, timed: bool = False) -> str:
        """What was traced and compiled: graph, stages, kernels, bytes and FLOPs.

        Args:
            tensors: the flat tensors of a call's arguments: their sizes are explained,
                and compiled where they were not; None for the sizes run so far.
            timed: whether to run each kernel by itself, on memory of its own, and say
                how long it takes.

        Returns:
            Lines of text.
        """
        counts: dict[str, int] = {}
        _count(self.graph, counts)
        ops = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
        count = sum(counts.values())
        if tensors is None and not self._call.used and not self._captured:
            tensors = self._examples()
        inputs = None if tensors is None else [*tensors, *self._captured]
        parts = [
            f"Function {self.name}",
            self.pretty_printed_signature(),
            f"Graph: {count} nodes\n{self.graph.text()}\n{ops}",
            self._call.explain(inputs, timed),
        ]
        return "\n\n".join(parts)

    def _examples(self) -> list[Any] | None:
        """Tensors of the sizes that were traced; None where some are unknown."""
        found = []
        for spec in self._specs:
            if not spec.shape.is_fully_defined() or spec.dtype.name == "string":
                return None
            sizes = [n or 0 for n in spec.shape.as_list()]
            array = np.zeros(sizes, spec.dtype.numpy_dtype)
            found.append(Tensor(array))
        return found

    def add_to_graph(self, g: Any = None, overwrite: bool = False) -> None:
        """Nothing to do: a graph carries its functions."""

    def set_external_captures(self, captures: Any) -> None:
        """Replace what was captured, in the order of `captured_inputs`."""
        tensors = [c for c in captures if isinstance(c, Tensor)]
        self._captured[: len(tensors)] = tensors

    def __repr__(self) -> str:
        told = on_one_line(self._parameters(), self._result_type())
        return f"<ConcreteFunction {told} at {id(self):#X}>"

    def __str__(self) -> str:
        return f"ConcreteFunction {self.pretty_printed_signature()}"


def _is_open(value: Any) -> bool:
    """Whether a value holds several tensors."""
    return nest.is_nested(value) or isinstance(value, CompositeTensor)


def _variables(graph: Graph) -> list[Any]:
    found = {id(v._cell): v for v in graph.variables()}
    for node in graph.nodes:
        for inner in inner_graphs(node):
            for variable in _variables(inner):
                found.setdefault(id(variable._cell), variable)
    return list(found.values())


def _count(graph: Graph, counts: dict[str, int]) -> None:
    for node in graph.nodes:
        host = node.attrs.get("host")
        name = node.type if host is None else repr(host)
        counts[name] = counts.get(name, 0) + 1
        for inner in inner_graphs(node):
            _count(inner, counts)
