"""The functions of a model's file, each under a name of its own.

In flow graphs; out flow messages by name, those of branches and loops among them.
`graph_writer` writes each and comes back with the parts. `function_messages` calls.
"""

from __future__ import annotations

from typing import Any

from rillet.checkpoint.wire import Record
from rillet.graph.ir import Graph, Node, SymbolicTensor
from rillet.ops.lookup.store import Store
from rillet.saved_model import table_writers as table_writers
from rillet.saved_model.graph_writer import FunctionWriter
from rillet.saved_model.list_kinds import ListKinds
from rillet.saved_model.loop_writer import Stacks
from rillet.saved_model.naming import clean
from rillet.saved_model.rewriting import told_graph
from rillet.saved_model.written_gradients import CustomCall, CustomCalls, WrittenCall


class Library:
    """The functions of a model, each under a name of its own.

    Attributes:
        functions: the messages by name.
        kinds: which tensors are lists in the file.
        calls: the calls, in what is being written, whose gradients programs gave.
        written: those that were added.
        places: the nodes of tensors that gradients take, by function and tensor's id.
        gradients: the functions of gradients, by the names that nodes call them.
    """

    def __init__(self) -> None:
        self.kinds = ListKinds()
        self.calls = CustomCalls(Graph("none"), False)
        self.written: list[WrittenCall] = []
        self.places: dict[tuple[str, int], str] = {}
        self.gradients: dict[str, str] = {}
        self._around: tuple[str, ...] = ()
        self.functions: dict[str, Record] = {}
        self._taken: set[str] = set()
        self._told: dict[int, tuple[Node, Graph]] = {}

    def free_name(self, name: str) -> str:
        """`name`, with a number where it is taken."""
        name = clean(name)
        found, at = name, 0
        while found in self._taken:
            at += 1
            found = f"{name}_{at}"
        self._taken.add(found)
        return found

    def told(self, node: Node) -> Graph | None:
        """What a node that calls Python does, in ops; None where nobody said it."""
        found = self._told.get(id(node))
        if found is None:
            graph = told_graph(node)
            if graph is None:
                return None
            found = self._told[id(node)] = node, graph
        return found[1]

    def stores_of(self, graph: Graph) -> list[Store]:
        """The tables that a graph asks or changes, branches and loops included."""
        found: dict[int, Store] = {}
        line = [graph]
        while line:
            for node in line.pop(0).nodes:
                attrs = node.attrs
                if isinstance(attrs.get("table"), Store):
                    found.setdefault(id(attrs["table"]), attrs["table"])
                line += attrs.get("branches", ())
                line += [attrs[key] for key in ("cond", "body") if key in attrs]
                told = self.told(node) if "host" in attrs else None
                line += [] if told is None else [told]
        return list(found.values())

    def add(
        self,
        graph: Graph,
        name: str,
        variables: list[Any] | None = None,
        constants: dict[int, Any] | None = None,
        files: list[SymbolicTensor] | None = None,
        stacks: Stacks | None = None,
        stores: list[Store] | None = None,
        passes_stores: bool = False,
        around: tuple[str, ...] = (),
    ) -> str:
        """Write a graph as a function.

        Args:
            graph: the graph.
            name: what to call it.
            variables: those that are passed in after the arguments.
            constants: arrays of inputs that no caller gives, by the inputs' ids.
            files: inputs that are paths of assets, passed in after the variables.
            stacks: what a loop keeps of its rounds.
            stores: tables that are passed in last.
            passes_stores: whether these are results too.
            around: further functions around it, for one that is a gradient.

        Returns:
            The function's name.
        """
        name = self.free_name(name)
        writer = FunctionWriter(self, graph, name, variables or [], constants or {})
        writer.files = files or []
        writer.stacks = stacks or Stacks()
        writer.stores = stores or []
        writer.passes_stores = passes_stores
        kept = self._around
        self._around = (*kept, *around, name)
        try:
            self.functions[name] = writer.message()
        finally:
            self._around = kept
        return name

    def note_call(self, call: CustomCall) -> str:
        """Note that a call was added; return the name of its gradient."""
        number = len(self.written) + 1
        # no name that TensorFlow gives to gradients of other files when it loads them
        name = f"CustomGradient-{self._around[0]}-{number}"
        self.written.append(WrittenCall(call, name, self._around))
        return name

    def place_of(self, tensor: SymbolicTensor, functions: tuple[str, ...]) -> Any:
        """The innermost of some functions that holds a tensor, and its name there.

        Args:
            tensor: the tensor.
            functions: the functions, the innermost last.

        Returns:
            The function's name and the tensor's; None where it stands in none.
        """
        for name in reversed(functions):
            if (name, id(tensor)) in self.places:
                return name, self.places[name, id(tensor)]
        return None
