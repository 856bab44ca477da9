"""The functions of a model as messages: each trace once, with what it captured.

In flow the objects of a model; out flow what the object graph says of functions and the
library of graphs. `save` and `main_graph` call it.
"""

from __future__ import annotations

from typing import Any

from rillet.checkpoint.wire import Record
from rillet.core import nest
from rillet.core.composite import CompositeSpec
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.spec import TensorSpec
from rillet.core.variable import Variable
from rillet.functions import Function
from rillet.graph.concrete import ConcreteFunction
from rillet.graph.ir import Graph, SymbolicTensor
from rillet.ops.tensor_lists import ListTensor
from rillet.saved_model import messages
from rillet.saved_model.assets import Asset
from rillet.saved_model.function_library import Library
from rillet.saved_model.objects import Node, SignatureMap, argument_spec, concretes_of
from rillet.saved_model.saved_tables import (
    TableFunction,
    holds_table,
    no_arguments,
    result_of,
    written,
)
from rillet.saved_model.structures import structure_message
from rillet.saved_model.written_gradients import CustomCalls, WrittenCall


class FunctionMessages:
    """Writes the functions of a model.

    Args:
        nodes: the model's objects.
        keeps_gradients: whether gradients that programs gave to functions are written.

    Attributes:
        library: the graphs.
        concretes: what the object graph says of each trace, by its name.
        assets: the files that the model carries along.
        kept: tensors that gradients take, objects to list after the model's.
    """

    def __init__(self, nodes: list[Node], keeps_gradients: bool = True) -> None:
        self.library = Library()
        self.kept: list[Record] = []
        self._keeps_gradients = keeps_gradients
        self._count = len(nodes)
        self._kept_numbers: dict[tuple[str, str], int] = {}
        self.concretes: dict[str, Record] = {}
        self.variables = [n.item for n in nodes if isinstance(n.item, Variable)]
        self.assets = [n.item for n in nodes if isinstance(n.item, Asset)]
        self._numbers = {
            id(n.item._cell): n.number for n in nodes if isinstance(n.item, Variable)
        }
        self._assets = {
            id(n.item._tensor): n for n in nodes if isinstance(n.item, Asset)
        }
        #: The tables, and the numbers of their objects.
        self.stores = [n.item._store for n in nodes if holds_table(n.item)]
        self._tables = {
            id(n.item._store): n.number for n in nodes if holds_table(n.item)
        }
        self._names: dict[int, str] = {}
        self._signatures = {
            id(concrete): concrete
            for n in nodes
            if isinstance(n.item, SignatureMap)
            for concrete in n.item.values()
        }

    def name_of(self, concrete: ConcreteFunction) -> str:
        """A trace's name in the library, written there on the first call."""
        name = self._names.get(id(concrete))
        if name is None:
            name = self._names[id(concrete)] = self._add(concrete)
        return name

    def names_of(self, function: Any) -> list[str]:
        """The names of all traces of a function."""
        return [self.name_of(c) for c in concretes_of(function)]

    def captured(self, concrete: ConcreteFunction) -> list[Any]:
        """What a trace takes after its arguments: variables, assets, then tables."""
        held = [x for x in concrete._captured if id(x) in self._assets]
        assets = [self._assets[id(x)].item for x in held]
        return [
            *concrete.variables,
            *assets,
            *self.library.stores_of(concrete.graph),
        ]

    def _add(self, concrete: ConcreteFunction) -> str:
        graph, library = concrete.graph, self.library
        self._check(graph, list(concrete.variables))
        count = len(graph.inputs) - len(concrete._captured)
        library.calls = CustomCalls(graph, self._keeps_gradients)
        first = len(library.written)
        name, bound = self._write(
            graph,
            f"{graph.name}_{graph.serial}",
            list(zip(concrete._captured, graph.inputs[count:], strict=True)),
            list(concrete.variables),
        )
        self.concretes[name] = Record(
            messages.CONCRETE,
            bound_inputs=bound,
            canonicalized_input_signature=structure_message(
                concrete.structured_input_signature
            ),
            output_signature=structure_message(_outputs_of(concrete)),
        )
        # writing a gradient may note others, of calls inside it
        while first < len(library.written):
            self._add_gradient(library.written[first])
            first += 1
        return name

    def _write(
        self,
        graph: Graph,
        name: str,
        captures: list[tuple[Any, SymbolicTensor]],
        variables: list[Any],
        around: tuple[str, ...] = (),
    ) -> tuple[str, list[int]]:
        """Write a graph; return its name and the numbers of what it is bound to."""
        constants: dict[int, Any] = {}
        files, bound, assets = [], [], []
        for outer, inner in captures:
            if id(outer) in self._assets:
                files.append(inner)
                assets.append(self._assets[id(outer)].number)
            elif isinstance(outer, ListTensor):
                raise UnimplementedError(
                    house_message(
                        "saved_model.save", "a function captured a list", graph.name
                    )
                )
            elif isinstance(outer, SymbolicTensor):
                bound.append(self._kept(outer, around, graph.name))
            else:
                constants[id(inner)] = outer._array
        stores = self.library.stores_of(graph)
        name = self.library.add(
            graph, name, variables, constants, files, stores=stores, around=around
        )
        bound += [self._numbers[id(v._cell)] for v in variables]
        bound += assets
        bound += [self._tables[id(store)] for store in stores]
        return name, bound

    def _add_gradient(self, written: WrittenCall) -> None:
        """Write the gradient that a program gave to a function."""
        call = written.call
        graph = call.gradient
        if graph is None:
            return
        variables = graph.variables()
        self._check(graph, variables)
        try:
            name, bound = self._write(
                graph,
                f"{graph.name}_{graph.serial}",
                graph.captures,
                variables,
                written.functions,
            )
        except UnimplementedError as error:
            error.add_note(
                "This is the gradient of a function under tf.custom_gradient:"
                " tf.saved_model.SaveOptions(experimental_custom_gradients=False)"
                " leaves it out"
            )
            raise
        count = len(call.outputs) + len(call.inputs)
        given = [TensorSpec(x.shape, x.dtype, x.node.name) for x in graph.inputs]
        results = [TensorSpec(x.shape, x.dtype) for x in graph.outputs]
        self.concretes[name] = Record(
            messages.CONCRETE,
            bound_inputs=bound,
            canonicalized_input_signature=structure_message(
                ((None, *given[:count]), {})
            ),
            output_signature=structure_message([None] * len(call.outputs) + results),
        )
        self.library.gradients[written.name] = name

    def _kept(self, tensor: SymbolicTensor, around: tuple[str, ...], name: str) -> int:
        """The number of a tensor that a gradient takes."""
        place = self.library.place_of(tensor, around)
        if place is None:
            raise ValueError(
                house_message(
                    "saved_model.save",
                    "Cannot save a custom gradient that takes a tensor from outside"
                    " the function",
                    f"{name} takes {tensor.name}",
                    "Let the function take it as an argument, or give"
                    " tf.saved_model.SaveOptions(experimental_custom_gradients=False)",
                )
            )
        number = self._kept_numbers.get(place)
        if number is None:
            number = self._kept_numbers[place] = self._count + len(self.kept)
            function, node = place
            held = Record(messages.CAPTURED, name=node, concrete_function=function)
            self.kept.append(Record(messages.OBJECT, captured_tensor=held))
        return number

    def _check(self, graph: Graph, variables: list[Any]) -> None:
        for variable in variables:
            if id(variable._cell) not in self._numbers:
                raise _untracked(graph, f"variable '{variable.name}'")
        for store in self.library.stores_of(graph):
            if id(store) not in self._tables:
                raise _untracked(graph, f"table '{store.name}'")

    def table_function(self, part: TableFunction) -> Record:
        """What the object graph says of a function of a table."""
        name = written(self.library, part)
        bound = []
        if part.name == "_initialize":
            bound = [self._tables[id(part.store)]]
            if part.asset is not None:
                bound.append(self._assets[id(part.asset._tensor)].number)
        self.concretes[name] = Record(
            messages.CONCRETE,
            bound_inputs=bound,
            canonicalized_input_signature=structure_message(((), {})),
            output_signature=structure_message(TensorSpec((), result_of(part))),
        )
        return Record(
            messages.SAVED_FUNCTION,
            concrete_functions=[name],
            function_spec=_arguments_message(no_arguments(), None),
        )

    def function(self, function: Function) -> Record:
        """What the object graph says of a function."""
        names = self.names_of(function)
        return Record(
            messages.SAVED_FUNCTION,
            concrete_functions=names,
            function_spec=_spec_message(function),
        )

    def bare(self, concrete: ConcreteFunction) -> Record:
        """What the object graph says of a concrete function or signature."""
        _, by_name = concrete.structured_input_signature
        names = list(by_name) if id(concrete) in self._signatures else []
        names = names or list(concrete._names)
        positional = len(names)
        if id(concrete) in self._signatures:
            positional = 1 if len(names) == 1 else 0
        return Record(
            messages.BARE_FUNCTION,
            concrete_function_name=self.name_of(concrete),
            argument_keywords=names,
            allowed_positional_arguments=positional,
        )


def _untracked(graph: Any, what: str) -> AssertionError:
    return AssertionError(
        house_message(
            "saved_model.save",
            "Tried to export a function which references an 'untracked' resource."
            " TensorFlow objects (e.g. tf.Variable) captured by functions must be"
            " 'tracked' by assigning them to an attribute of a tracked object or"
            " assigned to an attribute of the main object directly",
            f"function {graph.name}, {what}",
        )
    )


def _outputs_of(concrete: ConcreteFunction) -> Any:
    found = concrete.structured_outputs
    for leaf in nest.flatten(found):
        if leaf is not None and not isinstance(leaf, TensorSpec | CompositeSpec):
            raise UnimplementedError(
                house_message(
                    "saved_model.save",
                    "a function returns what files cannot hold",
                    f"{concrete.graph.name} returns {leaf!r}",
                    "Return tensors, or nests of them",
                )
            )
    return found


def _spec_message(function: Function) -> Record:
    return _arguments_message(argument_spec(function), function.input_signature)


def _arguments_message(spec: dict[str, Any], given: Any) -> Record:
    pairs = [
        Record(messages.PAIR, key=key, value=_value(value))
        for key, value in spec.items()
    ]
    named = Record(messages.NAMED, name="FullArgSpec", pairs=pairs)
    return Record(
        messages.FUNCTION_SPEC,
        fullargspec=Record(messages.STRUCTURE, named_tuple_value=named),
        input_signature=structure_message(None if given is None else tuple(given)),
    )


def _value(value: Any) -> Record:
    """A default, or None where files cannot hold it: it is never used by itself."""
    try:
        return structure_message(value)
    except UnimplementedError:
        if isinstance(value, tuple):
            return Record(
                messages.STRUCTURE,
                tuple_value=Record(messages.LIST, items=[_value(v) for v in value]),
            )
        return structure_message(None)


__all__ = ["FunctionMessages"]
