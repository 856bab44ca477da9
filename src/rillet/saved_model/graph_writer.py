"""rillet's graphs as TensorFlow's functions.

In flow a graph and the names of its arguments; out flows a `FunctionDef` in a library,
with those of its branches and loops beside it. Nodes keep TensorFlow's op names; host
inputs become constants; variables become resources that are passed in. `save` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.checkpoint.wire import Record
from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.graph.control import CASE, IF, WHILE
from rillet.graph.ir import CONST, PLACEHOLDER, READ, WRITE, Graph, Node, SymbolicTensor
from rillet.graph.passes import live_nodes
from rillet.ops.lookup.store import Store
from rillet.ops.registry import Op
from rillet.saved_model import messages
from rillet.saved_model import parsing_writers as _parsing  # noqa: F401
from rillet.saved_model import record_writers as _records  # noqa: F401  enters writers
from rillet.saved_model.attributes import attribute_message, node_message
from rillet.saved_model.definitions import definition
from rillet.saved_model.expanding import gradient_graph
from rillet.saved_model.list_gradients import OF_LISTS
from rillet.saved_model.list_writers import WRITERS, empty_list
from rillet.saved_model.loop_writer import Stacks, write_loop
from rillet.saved_model.messages import as_entries
from rillet.saved_model.naming import argument_name, clean_name
from rillet.saved_model.node_inputs import NodeInputs, attributes_of, refused
from rillet.saved_model.rewriting import rewritten
from rillet.saved_model.tensors import shape_message
from rillet.saved_model.written_gradients import CustomCall

RESOURCE = dtypes.as_dtype("resource").as_datatype_enum


class FunctionWriter:
    """Writes one graph."""

    def __init__(
        self,
        library: Any,
        graph: Graph,
        name: str,
        variables: list[Any],
        constants: dict[int, Any],
    ) -> None:
        self._constants = constants
        self.files: list[SymbolicTensor] = []
        self.stacks = Stacks()
        self.stores: list[Store] = []
        #: Whether the tables are results too, as those of a loop's body are.
        self.passes_stores = False
        self._kept: list[Graph] = []
        self.library = library
        self.graph = graph
        self._name = name
        self._variables = variables
        self._nodes: list[Record] = []
        self._taken: set[str] = set()
        self.refs: dict[int, str] = {}
        self._resources: dict[int, str] = {}
        self._arguments: list[Record] = []
        self._argument_attrs: dict[int, Record] = {}
        #: What must have happened before a variable is read, or written.
        self._writes: dict[int, str] = {}
        self._reads: dict[int, list[str]] = {}
        #: What variables hold after what was written so far.
        self._versions: dict[int, SymbolicTensor] = {}
        self._effects: list[str] = []

    def message(self) -> Record:
        """The function."""
        graph = self.graph
        self.library.kinds.learn(graph)
        later = {id(x) for x in self.files} | set(self._constants)
        for tensor in graph.inputs:
            if id(tensor) not in later:
                self.refs[id(tensor)] = self._argument(tensor)
        lists = [self._list_argument() for _ in range(self.stacks.extra)]
        for variable in self._variables:
            self._resource(variable)
        for tensor in self.files:
            self.refs[id(tensor)] = self._argument(tensor)
        for store in self.stores:
            self.refs[id(store)] = self.handle(f"{store.name}_handle")
        for tensor in graph.inputs:
            if id(tensor) in self._constants:
                value = self._constants[id(tensor)]
                ref = self.constant(value, tensor.dtype, tensor.node.name)
                self.refs[id(tensor)] = ref
        wanted = [*graph.outputs, *[t for _, t in graph.writes]]
        calls = self.library.calls
        for node in live_nodes(graph, [*wanted, *calls.needed(graph)]):
            self.node(node)
            for call in calls.after(node):
                self._custom(call)
        for tensor in calls.kept.values():
            self._keep(tensor)
        for variable, tensor in graph.writes:
            self._write(variable, tensor, "AssignVariableOp")
        results = [
            (self.refs[id(x)], self.kind(x), self.shape(x)) for x in graph.outputs
        ]
        for one, tensor in zip(lists, self.stacks.kept, strict=False):
            attrs = {"element_dtype": ("type", self.kind(tensor))}
            given = [one, self.ref(tensor)]
            made = self.emit("TensorListPushBack", "keep", given, attrs)
            results.append((f"{made}:output_handle:0", dtypes.variant, ()))
        if self.passes_stores:
            handle = dtypes.as_dtype("resource")
            results += [(self.refs[id(store)], handle, ()) for store in self.stores]
        return self.finished(results)

    def kind(self, tensor: Any) -> DType:
        """A tensor's type; what keeps a loop's rounds is a list."""
        return self.library.kinds.kind(tensor)

    def shape(self, tensor: Any) -> Any:
        """A tensor's dimensions; a list has none."""
        return () if self.library.kinds.is_list(tensor) else tensor.spec.shape

    def finished(self, results: list[tuple[str, DType, Any]]) -> Record:
        """The function with its results: references, their types and dimensions."""
        outputs, returned = [], {}
        taken: set[str] = {a.name for a in self._arguments}
        for i, (ref, dtype, dims) in enumerate(results):
            name = argument_name(f"output_{i}", taken)
            kind = dtype.as_datatype_enum
            outputs.append(Record(messages.ARGUMENT, name=name, type=kind))
            control = [f"^{node}" for node in self._effects]
            made = self.emit(
                "Identity",
                "Identity",
                [ref, *control],
                {"T": ("type", kind), "_output_shapes": ("list(shape)", [dims])},
            )
            returned[name] = f"{made}:output:0"
        signature = Record(
            messages.OP,
            name=self._name,
            input_arg=self._arguments,
            output_arg=outputs,
            is_stateful=bool(self._effects or self._variables),
            control_output=list(self._effects),
        )
        return Record(
            messages.FUNCTION,
            signature=signature,
            node_def=self._nodes,
            ret=as_entries(messages.TEXT_ENTRY, returned),
            control_ret=as_entries(
                messages.TEXT_ENTRY, {name: name for name in self._effects}
            ),
            arg_attr=as_entries(messages.ARGUMENT_ATTRS_ENTRY, self._argument_attrs),
        )

    def _argument(self, tensor: SymbolicTensor) -> str:
        name = argument_name(tensor.node.name.split("/")[-1], self._taken)
        shape = attribute_message("list(shape)", [self.shape(tensor)])
        text = attribute_message("string", tensor.node.name)
        entries = {"_output_shapes": shape, "_user_specified_name": text}
        self._argument_attrs[len(self._arguments)] = Record(
            messages.ARGUMENT_ATTRS, attr=as_entries(messages.ATTR_ENTRY, entries)
        )
        kind = self.kind(tensor).as_datatype_enum
        self._arguments.append(Record(messages.ARGUMENT, name=name, type=kind))
        return name

    def _list_argument(self) -> str:
        name = argument_name("rounds", self._taken)
        kind = dtypes.variant.as_datatype_enum
        self._arguments.append(Record(messages.ARGUMENT, name=name, type=kind))
        return name

    def handle(self, name: str) -> str:
        """Add an argument that is a table; return its name."""
        name = argument_name(name.split("/")[-1], self._taken)
        self._arguments.append(Record(messages.ARGUMENT, name=name, type=RESOURCE))
        return name

    def path(self, name: str) -> str:
        """Add an argument that is the path of a file; return its name."""
        name = argument_name(name, self._taken)
        kind = dtypes.string.as_datatype_enum
        self._arguments.append(Record(messages.ARGUMENT, name=name, type=kind))
        return name

    def _resource(self, variable: Any) -> None:
        tail = variable._name.split("/")[-1]
        name = argument_name(f"{tail}_resource", self._taken)
        handle = Record(
            messages.HANDLE,
            dtype=variable.dtype.as_datatype_enum,
            shape=shape_message(variable.shape._dims),
        )
        entries = {"_output_shapes": attribute_message("list(shape)", [()])}
        self._argument_attrs[len(self._arguments)] = Record(
            messages.ARGUMENT_ATTRS, attr=as_entries(messages.ATTR_ENTRY, entries)
        )
        self._arguments.append(
            Record(messages.ARGUMENT, name=name, type=RESOURCE, handle_data=[handle])
        )
        self._resources[id(variable._cell)] = name

    def emit(
        self, op: str, name: str, inputs: list[str], attrs: dict[str, tuple[str, Any]]
    ) -> str:
        """Add a node; return its name."""
        name = clean_name(name) or op
        found, at = name, 0
        while found in self._taken:
            at += 1
            found = f"{name}_{at}"
        self._taken.add(found)
        self._nodes.append(node_message(found, op, inputs, attrs))
        return found

    def effect(
        self, op: str, name: str, inputs: list[str], attrs: dict[str, tuple[str, Any]]
    ) -> str:
        """Add a node that does something, after all others that did."""
        if self._effects:
            inputs = [*inputs, f"^{self._effects[-1]}"]
        made = self.emit(op, name, inputs, attrs)
        self._effects.append(made)
        return made

    def constant(self, value: Any, dtype: DType, name: str = "Const") -> str:
        """Add a constant; return a reference to it."""
        attrs = {"value": ("tensor", (value, dtype)), "dtype": ("type", dtype)}
        return f"{self.emit('Const', name, [], attrs)}:output:0"

    # Nodes

    def node(self, node: Node) -> None:
        """Add a node of rillet's."""
        op = node.op
        if op is PLACEHOLDER:
            return
        if op is CONST:
            out = node.outputs[0]
            if self.library.kinds.is_list(out):
                # zeros that nobody wrote, or what no branch gave
                kind = self.library.kinds.element(out)
                self.refs[id(out)] = empty_list(self, kind)
            else:
                value = node.attrs["value"]
                self.refs[id(out)] = self.constant(value, out.dtype, node.name)
        elif op is READ:
            self._read(node)
        elif op is WRITE:
            self._write(node.attrs["variable"], node.inputs[0], node.name)
        elif op in (IF, CASE, WHILE):
            self._control(node)
        elif op.name == "RilletGradient":
            graph = gradient_graph(node)
            if graph is None:
                raise refused(
                    node,
                    "cannot be written where the number of dimensions is not known",
                    "Say it, with input_signature or tf.ensure_shape",
                )
            self._splice(graph, node, list(node.inputs))
        elif "host" in node.attrs:
            graph = self.library.told(node)
            if graph is not None:
                self._splice(graph, node, list(node.inputs))
                return
            raise refused(
                node,
                "calls Python, which a SavedModel cannot hold",
                "Use TensorFlow's functions in its place",
            )
        else:
            self._op(node)

    def _custom(self, call: CustomCall) -> None:
        """Add what tells the gradient that a program gave to what was added."""
        parts = [*call.outputs, *call.inputs]
        if any(id(x) not in self.refs for x in parts):
            return
        attrs: dict[str, tuple[str, Any]] = {
            "T": ("list(type)", [x.dtype for x in parts]),
            "_gradient_op_type": ("string", self.library.note_call(call)),
        }
        made = self.emit("IdentityN", "IdentityN", [self.ref(x) for x in parts], attrs)
        for place, y in enumerate(call.outputs):
            self.refs[id(y)] = f"{made}:output:{place}"

    def _keep(self, tensor: SymbolicTensor) -> None:
        """Give a tensor that gradients take a node of its own, where it stands here."""
        if id(tensor) in self.refs:
            attrs = {"T": ("type", self.kind(tensor))}
            made = self.emit("Identity", "kept", [self.ref(tensor)], attrs)
            self.library.places[self._name, id(tensor)] = f"{made}:0"

    def ref(self, tensor: Any) -> str:
        """The reference to a tensor that was made before."""
        return self.refs[id(tensor)]

    def _read(self, node: Node) -> None:
        out, variable = node.outputs[0], node.attrs["variable"]
        cell = id(variable._cell)
        if node.inputs and cell not in self._resources:
            self.refs[id(out)] = self.ref(node.inputs[0])
            return
        if node.inputs:
            # gradients of what is read after a write are the variable's
            self._write(variable, node.inputs[0], f"{node.name}/AssignVariableOp")
        inputs = [self._resources[cell]]
        if cell in self._writes:
            inputs.append(f"^{self._writes[cell]}")
        made = self.emit(
            "ReadVariableOp", f"{node.name}/ReadVariableOp", inputs, _typed(out.dtype)
        )
        self._reads.setdefault(cell, []).append(made)
        self.refs[id(out)] = f"{made}:value:0"

    def _write(self, variable: Any, value: SymbolicTensor, name: str) -> None:
        """Let a variable hold a value, if it does not hold it already."""
        cell = id(variable._cell)
        if self._versions.get(cell) is value:
            return
        self._versions[cell] = value
        inputs = [self._resources[cell], self.ref(value)]
        inputs += [f"^{read}" for read in self._reads.pop(cell, [])]
        if cell in self._writes:
            inputs.append(f"^{self._writes[cell]}")
        made = self.emit("AssignVariableOp", name, inputs, _typed(variable.dtype))
        self._writes[cell] = made
        self._effects.append(made)

    def _control(self, node: Node) -> None:
        inputs = [self.ref(x) for x in node.inputs]
        if node.op is WHILE:
            write_loop(self, node, inputs)
            return
        graphs = node.attrs["branches"]
        stores = self.stores_in(graphs)
        inputs += [self.refs[id(store)] for store in stores]
        names = [self.library.add(g, g.name, stores=stores) for g in graphs]
        kinds = [self.kind(x) for x in node.inputs[1:]]
        kinds += [dtypes.as_dtype("resource")] * len(stores)
        attrs: dict[str, tuple[str, Any]] = {
            "Tin": ("list(type)", kinds),
            "Tout": ("list(type)", [self.kind(y) for y in node.outputs]),
            "output_shapes": ("list(shape)", [self.shape(y) for y in node.outputs]),
        }
        if node.op is IF:
            attrs["Tcond"] = ("type", node.inputs[0].dtype)
            attrs["then_branch"] = ("func", names[0])
            attrs["else_branch"] = ("func", names[1])
        else:
            attrs["branches"] = ("list(func)", names)
        op = "If" if node.op is IF else "Case"
        made = self.adder(names)(op, node.name, inputs, attrs)
        self._outputs(node, made, "output")

    def stores_in(self, graphs: Any) -> list[Store]:
        """The tables of branches, or of a loop's parts, each once."""
        found = [store for graph in graphs for store in self.library.stores_of(graph)]
        return list({id(store): store for store in found}.values())

    def adder(self, names: list[str]) -> Callable[..., str]:
        """How to add a node that runs functions: in turn where these do something."""
        functions = self.library.functions
        acts = any(functions[name].control_ret for name in names)
        return self.effect if acts else self.emit

    def _outputs(self, node: Node, made: str, name: str) -> None:
        for i, y in enumerate(node.outputs):
            self.refs[id(y)] = f"{made}:{name}:{i}"

    def _op(self, node: Node) -> None:
        write = WRITERS.get(node.type)
        if node.type in OF_LISTS and self.library.kinds.is_list(node.outputs[0]):
            write = OF_LISTS[node.type]
        if write is not None:
            for y, ref in zip(node.outputs, write(self, node), strict=True):
                self.refs[id(y)] = ref
            return
        found = definition(node.type)
        special = rewritten(node) if isinstance(node.op, Op) else None
        if special is not None:
            self._splice(special, node, node.tensors())
            return
        if found is None:
            raise refused(
                node,
                "has no counterpart among TensorFlow's operations",
                "Leave the function that does this out of what is saved",
            )
        inputs, kinds = NodeInputs(self, node, found).all()
        attrs = attributes_of(node, found, kinds)
        add = self.effect if node.op.effects == "io" else self.emit
        made = add(node.type, node.name, inputs, attrs)
        place = 0
        for argument in found.outputs:
            count = 1
            if argument.number_attr:
                count = int(attrs[argument.number_attr][1])
            for k in range(count):
                if place < len(node.outputs):
                    ref = f"{made}:{argument.name}:{k}"
                    self.refs[id(node.outputs[place])] = ref
                place += 1

    def _splice(self, graph: Graph, node: Node, given: list[Any]) -> None:
        """Add another graph's nodes in a node's place."""
        self.library.kinds.learn(graph)
        for inner, outer in zip(graph.inputs, given, strict=True):
            self.library.kinds.same(inner, outer)
            self.refs[id(inner)] = self.ref(outer)
        for other in graph.nodes:
            self.node(other)
        for inner, mine in zip(graph.outputs, node.outputs, strict=True):
            self.refs[id(mine)] = self.ref(inner)
        self._kept.append(graph)


def _typed(dtype: DType) -> dict[str, tuple[str, Any]]:
    return {"dtype": ("type", dtype)}
