"""The order in which a function's nodes run, and what each takes.

In flow a `FunctionDef` or the nodes of a `GraphDef`; out flows a `Plan`: the nodes that
the results and effects need, inputs first. Files may be hostile: circles, missing nodes
and endless names are errors. Graphs with control flow of TensorFlow 1 go to `regions`.
`graph_reader` calls it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.checkpoint.wire import Record
from rillet.saved_model.attributes import attribute_value, has_kind
from rillet.saved_model.definitions import definition
from rillet.saved_model.heeding import Attributes
from rillet.saved_model.steps import CONTROL, Plan, Step
from rillet.saved_model.tensors import damaged

_AGAIN = ("NextIteration", "RefNextIteration")
#: The attribute that names a node's gradient; on calls it is TensorFlow's own.
_GRADIENT = "_gradient_op_type"
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


class _Nodes:
    """The nodes of a function or graph, and how they name each other's outputs."""

    def __init__(
        self,
        where: str,
        nodes: list[Record],
        arguments: list[str],
        functions: dict[str, Record],
    ) -> None:
        self.where = where
        self._functions = functions
        self.arguments = set(arguments)
        self.by_name: dict[str, Record] = {}
        for node in nodes:
            if node.name in self.by_name or node.name in self.arguments:
                raise damaged("two nodes have one name", f"{node.name} in {where}")
            self.by_name[node.name] = node
        self._attrs: dict[str, Attributes] = {}

    def attrs(self, node: Record) -> Attributes:
        found = self._attrs.get(node.name)
        if found is None:
            plain = {
                entry.key: attribute_value(entry.value)
                for entry in node.attr
                if not entry.key.startswith("_")
            }
            self._check_kinds(node, plain)
            found = self._attrs[node.name] = Attributes(plain)
        return found

    def step(self, name: str, inputs: list[tuple[str, int]]) -> Step:
        """The step that a node is, with the nodes that its inputs name."""
        node = self.by_name[name]
        gradient = ""
        if node.op not in _CALLS:
            for entry in node.attr:
                if entry.key == _GRADIENT:
                    gradient = entry.value.s.decode(errors="replace")
        return Step(name, node.op, inputs, self.attrs(node), gradient)

    def _check_kinds(self, node: Record, attrs: dict[str, Any]) -> None:
        known = definition(node.op)
        for name, kind, _ in () if known is None else known.attributes:
            value = attrs.get(name)
            if value is not None and not has_kind(value, kind):
                where = f"{name} of {node.name} in {self.where}: {value!r:.80}"
                raise damaged(f"an attribute is no {kind}", where)

    def place(self, ref: str) -> tuple[str, int]:
        """The node that a reference names, and which of its outputs."""
        name, _, rest = ref.lstrip("^").partition(":")
        if name in self.arguments and name not in self.by_name:
            return name, -1 if ref.startswith("^") else 0
        node = self.by_name.get(name)
        if node is None:
            raise damaged("a node is missing", f"{name} in {self.where}")
        if ref.startswith("^"):
            return name, -1
        output, _, index = rest.rpartition(":")
        if not (index or "0").isdigit():
            raise damaged("a reference has no number", f"{ref} in {self.where}")
        return name, self._offset(node, output) + int(index or 0)

    def goes_round(self, name: str) -> bool:
        """Whether a node gives a loop's next round a value."""
        return name in self.by_name and self.by_name[name].op in _AGAIN

    def _offset(self, node: Record, output: str) -> int:
        """Where the outputs of that name begin."""
        found = definition(node.op) if output else None
        if found is None:
            return self._result(node.op, output)
        if len(found.outputs) == 1:
            return 0
        place = 0
        for argument in found.outputs:
            if argument.name == output:
                return place
            count: Any = 1
            if argument.number_attr:
                count = self.attrs(node).get(argument.number_attr, 0)
            elif argument.is_list:
                count = len(self.attrs(node).get(argument.type_attr) or ())
            place += int(count)
        raise damaged("an op has no such output", f"{node.op} {output}")

    def _result(self, op: str, output: str) -> int:
        """Which result of a function that a node's op is, 0 for an op not known."""
        if not output or op not in self._functions:
            return 0
        signature = self._functions[op].signature
        names = [argument.name for argument in signature.output_arg]
        if output not in names:
            raise damaged("a function has no such result", f"{op} {output}")
        return names.index(output)


def plan_of_function(
    function: Record, functions: dict[str, Record], kept: Iterable[str] = ()
) -> Plan:
    """The plan of a `FunctionDef`.

    Args:
        function: the function.
        functions: all by name: nodes may bear the name of one as their op.
        kept: names of nodes that gradients take tensors of, needed or not.
    """
    signature = function.signature
    arguments = [argument.name for argument in signature.input_arg]
    nodes = _Nodes(signature.name, list(function.node_def), arguments, functions)
    returned = {entry.key: entry.value for entry in function.ret}
    results = []
    for argument in signature.output_arg:
        if argument.name not in returned:
            raise damaged("a result is missing", f"{argument.name} in {nodes.where}")
        results.append(nodes.place(returned[argument.name]))
    effects = [nodes.place(f"^{entry.value}") for entry in function.control_ret]
    beside = [(name, -1) for name in kept if name in nodes.by_name]
    return _plan(nodes, arguments, [*effects, *results, *beside])


def plan_of_graph(
    nodes: list[Record], feeds: list[str], fetches: list[str], where: str
) -> Plan:
    """The plan of a part of a graph.

    Args:
        nodes: the graph's nodes.
        feeds: tensors that are given, each the first output of its node.
        fetches: tensors that are wanted; names without a number are effects.
        where: the graph's name, for messages.
    """
    given = [feed.partition(":")[0] for feed in feeds]
    names = set(given)
    held = _Nodes(where, [n for n in nodes if n.name not in names], given, {})
    places = [held.place(fetch if ":" in fetch else f"^{fetch}") for fetch in fetches]
    return _plan(held, given, places)


def _plan(nodes: _Nodes, arguments: list[str], wanted: list[tuple[str, int]]) -> Plan:
    steps = _ordered(nodes, wanted)
    if any(step.op in CONTROL for step in steps):
        from rillet.saved_model.regions import framed_steps

        steps, results = framed_steps(nodes, wanted)
    else:
        results = [place for place in wanted if place[1] >= 0]
    return Plan(nodes.where, arguments, steps, results)


def _ordered(nodes: _Nodes, wanted: list[tuple[str, int]]) -> list[Step]:
    """The nodes that are needed, inputs before those that take them."""
    order: list[Step] = []
    done: set[str] = set()
    open_: set[str] = set()
    line = [name for name, _ in reversed(wanted)]
    places: dict[str, list[tuple[str, int]]] = {}
    while line:
        name = line[-1]
        node = nodes.by_name.get(name)
        if name in done or node is None:
            line.pop()
            continue
        if name in open_:
            line.pop()
            open_.discard(name)
            done.add(name)
            inputs = [place for place in places.pop(name) if place[1] >= 0]
            order.append(nodes.step(name, inputs))
            continue
        open_.add(name)
        found = [nodes.place(ref) for ref in node.input]
        if node.op in ("Merge", "RefMerge"):
            # What a loop's next round gets comes back to where it began.
            found = [x for x in found if not nodes.goes_round(x[0])]
        places[name] = found
        for before, _ in reversed(found):
            if before in open_:
                raise damaged("nodes stand in a circle", f"{before} in {nodes.where}")
            if before not in done:
                line.append(before)
    return order
