"""Graphs: nodes in program order, the symbolic tensors between them, their text.

`trace` builds graphs, `passes` rewrite them, a backend runs them. A graph is pure in
its variables: a read names the version it sees, and what a variable holds at the end is
an output. Other effects (prints, random numbers, host calls) keep program order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.errors import OperatorNotAllowedInGraphError, house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.out_of_scope import NoArray

if TYPE_CHECKING:
    from rillet.graph.drawing import Drawing

_serial = itertools.count()


class Form:
    """What a node is that is no op of the table: an input, a branch, a loop.

    Attributes:
        name: TensorFlow's name for it.
        effects: as an op's.
        grad: as an op's joint rule; None where no gradient passes.
        takes_none: whether the rule is told of outputs that no gradient flows into.
    """

    __slots__ = ("effects", "grad", "name", "takes_none")

    def __init__(
        self,
        name: str,
        effects: str = "",
        grad: Any = None,
        takes_none: bool = False,
    ) -> None:
        self.name = name
        self.effects = effects
        self.grad = grad
        self.takes_none = takes_none

    def __repr__(self) -> str:
        return f"<Form {self.name}>"


PLACEHOLDER = Form("Placeholder")
CONST = Form("Const")
#: Attribute ``variable``; an input where the variable was written before in the graph.
READ = Form("ReadVariableOp", "read")
#: Attribute ``variable``; only before a host call, which may look at the variable.
WRITE = Form("AssignVariableOp", "write")


class SymbolicTensor(Tensor):
    """A tensor whose value is known only when its graph runs.

    Attributes:
        node: the node that gives it.
        value_index: which of the node's outputs it is.
        spec: its type and what is known of its shape.
        known: its value where tracing found it, as a NumPy array; None otherwise.
        partial: the elements found of a vector, None for the others; or None.
    """

    __slots__ = ("known", "node", "partial", "spec", "value_index")

    def __init__(self, node: Node, index: int, spec: Spec) -> None:
        self.node = node
        self.value_index = index
        self.spec = spec
        self.known: Any = None
        self.partial: tuple[Any, ...] | None = None

    @property
    def _array(self) -> Any:  # type: ignore[override]
        return self.known if self.known is not None else NoArray(self)

    @property
    def shape(self) -> TensorShape:
        """What is known of the sizes."""
        return TensorShape.of(self.spec.shape)

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def graph(self) -> Graph:
        """The graph that the tensor belongs to."""
        return self.node.graph

    @property
    def op(self) -> Node:
        """The node that gives the tensor."""
        return self.node

    @property
    def name(self) -> str:
        """The node's name and the output's number."""
        return f"{self.node.name}:{self.value_index}"

    @property
    def device(self) -> str:
        """Where the tensor is computed: not said."""
        return ""

    def set_shape(self, shape: Any) -> None:
        """Add what the program knows of the shape.

        Raises:
            ValueError: where it contradicts what is known.
        """
        merged = self.shape.merge_with(as_shape(shape))
        self.spec = Spec(merged._dims, self.spec.dtype)

    def consumers(self) -> list[Node]:  # type: ignore[override]
        """The nodes that take the tensor."""
        return [n for n in self.graph.nodes if any(x is self for x in n.inputs)]

    def numpy(self) -> NoReturn:
        """Not defined: the value is known only when the graph runs."""
        raise AttributeError(
            house_message(
                "Tensor.numpy",
                "'SymbolicTensor' object has no attribute 'numpy'",
                f"{self!r} gets its value when the function runs",
                "Return the tensor and call .numpy() on the result, or use"
                " tf.py_function",
            )
        )

    def _no_value(self, how: str) -> Exception:
        return NotImplementedError(
            house_message(
                "Tensor",
                f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array",
                f"asked for {how}; it gets its value when the function runs, and may"
                " be out of scope here",
                "Use TensorFlow's functions, tf.py_function, or return the tensor",
            )
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise self._no_value("NumPy")

    def _not_allowed(self, what: str, fix: str) -> Exception:
        return OperatorNotAllowedInGraphError(
            house_message(
                "Tensor",
                f"{what} is not allowed in Graph execution",
                f"{self!r} gets its value when the function runs",
                fix,
            )
        )

    def __bool__(self) -> NoReturn:
        raise self._not_allowed(
            "Using a symbolic `tf.Tensor` as a Python `bool`",
            "Use tf.cond, or an `if` in a function that AutoGraph converts",
        )

    def _scalar(self, to: str) -> NoReturn:
        raise TypeError(
            house_message(
                f"{to}(tensor)",
                "the tensor is symbolic: it gets its value when the function runs",
                f"got {self!r}",
                "Use tf.cast" if to != "index" else "Use tf.range, or x.shape",
            )
        )

    def __len__(self) -> int:
        raise TypeError(
            house_message(
                "len(tensor)",
                f"len is not well defined for a symbolic Tensor ({self.name})",
                fix="Use x.shape for what is known, tf.shape(x) for the rest",
            )
        )

    def __iter__(self) -> Iterator[Any]:
        dims = self.spec.shape
        if not dims or dims[0] is None:
            raise self._not_allowed(
                "Iterating over a symbolic `tf.Tensor`",
                "Use tf.while_loop or tf.map_fn, or a `for` in a function that"
                " AutoGraph converts",
            )
        return iter([self[i] for i in range(dims[0])])

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(house_message("Tensor", "a symbolic tensor cannot be pickled"))

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        dims = self.spec.shape
        shown = f", shape={self.shape}" if dims is not None else ""
        return f'Tensor("{self.name}"{shown}, dtype={self.dtype.name})'


class Node:
    """One op in a graph.

    Attributes:
        op: the op's record, or a `Form`.
        inputs: symbolic tensors and plain host values, in the record's order.
        attrs: the attributes given.
        outputs: the symbolic tensors that come out.
        where: file and line of the user's program, or None.
    """

    __slots__ = ("attrs", "graph", "inputs", "name", "op", "outputs", "where")

    def __init__(
        self,
        graph: Graph,
        op: Any,
        inputs: tuple[Any, ...],
        attrs: dict[str, Any],
        specs: list[Spec],
        name: str,
        where: tuple[str, int] | None = None,
    ) -> None:
        self.graph = graph
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.name = name
        self.where = where
        self.outputs = tuple([SymbolicTensor(self, i, s) for i, s in enumerate(specs)])

    @property
    def type(self) -> str:
        """The op's name."""
        return str(self.op.name)

    def get_attr(self, name: str) -> Any:
        """An attribute's value; ValueError where there is none."""
        try:
            return self.attrs[name]
        except KeyError:
            raise ValueError(
                house_message("Operation", f"no attr named '{name}'", self.name)
            ) from None

    def tensors(self) -> list[SymbolicTensor]:
        """The symbolic tensors that go in."""
        return [x for x in self.inputs if isinstance(x, SymbolicTensor)]

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


class Graph:
    """Nodes in program order.

    Attributes:
        name: the function's name.
        inputs: the symbolic tensors that a caller gives, captures after arguments.
        captures: for each captured value, what it is outside and what inside.
        outputs: the tensors that a caller gets.
        writes: what variables hold at the end: ``(variable, tensor)``.
        log: what a tape around the graph would have seen, for gradients.
        varied: whether it leaves sizes open because several have come.
        parent: the graph around this one, for branches and loop bodies.
    """

    def __init__(self, name: str, parent: Graph | None = None) -> None:
        self.name = name
        self.parent = parent
        self.serial = next(_serial)
        self.nodes: list[Node] = []
        self.inputs: list[SymbolicTensor] = []
        self.captures: list[tuple[Any, SymbolicTensor]] = []
        self.outputs: list[SymbolicTensor] = []
        self.writes: list[tuple[Any, SymbolicTensor]] = []
        self.log: Any = None
        self.varied = False
        self._names: dict[str, int] = {}

    def unique_name(self, name: str) -> str:
        """`name`, numbered from the second time on."""
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        if not count:
            return name
        return self.unique_name(f"{name}_{count}")

    def add(
        self,
        op: Any,
        inputs: tuple[Any, ...],
        attrs: dict[str, Any],
        specs: list[Spec],
        name: str = "",
        where: tuple[str, int] | None = None,
    ) -> Node:
        """Add a node at the end."""
        node = Node(
            self, op, inputs, attrs, specs, self.unique_name(name or op.name), where
        )
        self.nodes.append(node)
        return node

    def placeholder(self, spec: Spec, name: str = "") -> SymbolicTensor:
        """Add an input."""
        node = self.add(PLACEHOLDER, (), {}, [spec], name or "Placeholder")
        self.inputs.append(node.outputs[0])
        return node.outputs[0]

    def variables(self) -> list[Any]:
        """The variables that the graph reads or writes, each once."""
        found: dict[int, Any] = {}
        for node in self.nodes:
            if node.op is READ or node.op is WRITE:
                variable = node.attrs["variable"]
                found.setdefault(id(variable._cell), variable)
        for variable, _ in self.writes:
            found.setdefault(id(variable._cell), variable)
        return list(found.values())

    def get_operations(self) -> list[Node]:
        """The nodes, in order."""
        return list(self.nodes)

    def get_operation_by_name(self, name: str) -> Node:
        """The node called `name`; KeyError where there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(
            house_message("Graph", f"The name '{name}' refers to an Operation not in")
        )

    def get_tensor_by_name(self, name: str) -> SymbolicTensor:
        """The tensor called ``node:index``."""
        node, _, index = name.partition(":")
        return self.get_operation_by_name(node).outputs[int(index or 0)]

    def text(self, indent: str = "") -> str:
        """The graph in readable lines, one a node, inner graphs indented."""
        lines = [f"{indent}graph {self.name}({', '.join(map(_typed, self.inputs))})"]
        inner = indent + "  "
        for node in self.nodes:
            if node.op is PLACEHOLDER:
                continue
            lines.append(inner + _line(node))
            for value in inner_graphs(node):
                lines.append(value.text(inner + "  "))
        for variable, tensor in self.writes:
            lines.append(f"{inner}{variable.name} <- %{tensor.name}")
        outs = ", ".join(f"%{t.name}" for t in self.outputs)
        lines.append(f"{inner}return {outs}")
        return "\n".join(lines)

    def draw(self, path: Any = None) -> Drawing:
        """A picture of the graph, which notebooks show.

        Args:
            path: a file to write it to as SVG; None for none.

        Returns:
            A `Drawing`: ``svg`` is its text, ``save(path)`` writes it.
        """
        from rillet.graph.drawing import drawn

        found = drawn(self, inner_graphs)
        if path is not None:
            found.save(path)
        return found

    def __repr__(self) -> str:
        return f"<rillet Graph {self.name!r}: {len(self.nodes)} nodes>"


def inner_graphs(node: Node) -> list[Graph]:
    """The graphs that a branch or loop holds."""
    out: list[Graph] = []
    for value in node.attrs.values():
        if isinstance(value, Graph):
            out.append(value)
        elif isinstance(value, tuple):
            out.extend([v for v in value if isinstance(v, Graph)])
    return out


def _typed(tensor: SymbolicTensor) -> str:
    dims = tensor.spec.shape
    shown = (
        "?" if dims is None else ",".join("?" if d is None else str(d) for d in dims)
    )
    return f"%{tensor.name}: {tensor.dtype.name}[{shown}]"


def _line(node: Node) -> str:
    outs = ", ".join(map(_typed, node.outputs))
    args = ", ".join(
        f"%{x.name}" if isinstance(x, SymbolicTensor) else _shown(x)
        for x in node.inputs
    )
    attrs = "".join(
        f" {key}={_shown(value)}"
        for key, value in node.attrs.items()
        if not key.startswith("_")
    )
    return f"{outs + ' = ' if outs else ''}{node.type}({args}){attrs}"


def _shown(value: Any) -> str:
    if isinstance(value, Graph):
        return f"@{value.name}"
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"array{value.shape}"
    if isinstance(value, dtypes.DType):
        return value.name
    name = getattr(value, "name", None)
    text = name if isinstance(name, str) else repr(value).replace("\n", "")
    return text if len(text) <= 40 else text[:37] + "..."
