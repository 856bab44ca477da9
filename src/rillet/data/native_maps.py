"""A map over rows as native code: rows gathered and the function run in one call.

In flow the graph of a map's function, whole columns and the numbers of the rows wanted;
out flow columns. Only ops whose native results have NumPy's very bits take part
(`_EXACT`), and only where the compiler is loaded and there is enough to do. `mapping`
makes a `NativeMap`; `rows.MappedRows` asks it where Keras wants many batches at a time.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.core import context, dtypes
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.data.drawing import NotBatchable
from rillet.data.rows import ArrayRows, size_of
from rillet.graph.call import GraphCall
from rillet.graph.inference import host_value
from rillet.graph.ir import CONST, PLACEHOLDER, Graph, Node, SymbolicTensor
from rillet.graph.passes import live_nodes
from rillet.graph.trace import Tracer
from rillet.ops.registry import Op
from rillet.ops.shaping import reshape

Array = np.ndarray[Any, Any]
#: Bytes of results from which on a native call is worth its overhead.
_ENOUGH: Final = 1 << 18
#: Rows that one step of the call takes at least, where their number allows it.
_STEP: Final = 256
#: One IEEE operation, or none, for each number: the same bits whoever does it.
_EXACT: Final = frozenset(
    """Abs AddV2 Cast Equal Greater GreaterEqual Identity Less LessEqual LogicalAnd
    LogicalNot LogicalOr Mul Neg NotEqual RealDiv SelectV2 Sqrt Square StopGradient
    Sub""".split()
)
_RESHAPING: Final = frozenset({"Reshape", "ExpandDims", "Squeeze"})
#: A sum of products may become one operation that rounds once (contraction).
_PRODUCTS: Final = frozenset({"Mul", "Square"})
_SUMS: Final = frozenset({"AddV2", "Sub"})
#: That leave numbers as they are, so that there is nothing to gain.
_IDLE: Final = frozenset({"Identity", "StopGradient"})
_KINDS: Final = frozenset(
    {
        dtypes.bool_, dtypes.float32, dtypes.float64,
        dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64,
        dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64,
    }
)  # fmt: skip


class Part(NamedTuple):
    """Rows of whole columns.

    Attributes:
        columns: an array for each input of the element.
        which: the numbers of the rows, or a slice with its start, stop and step set.
        size: the number of rows a batch; the rows are several batches of it.
    """

    columns: list[Array]
    which: slice | Array
    size: int


class _Concrete:
    """What the service ``"native.steps"`` runs: a graph and what it captured."""

    def __init__(self, call: GraphCall, captured: list[Any]) -> None:
        self.graph = call.graph
        self._call = call
        self._captured = captured

    def run_flat(self, tensors: list[Any]) -> list[Any]:
        """The outputs for one batch."""
        return self._call([*tensors, *self._captured])


class NativeMap:
    """The graph of a function of one element, to be run natively on many.

    Args:
        graph: the graph; captures come last.
        inputs: those of its inputs that are of the element.

    Raises:
        NotBatchable: where native code could give other bits than NumPy, or nothing
            would be gained.
    """

    def __init__(self, graph: Graph, inputs: list[Any]) -> None:
        nodes = _worth(graph)
        own = {id(x): at for at, x in enumerate(inputs)}
        #: For each output the number of the input that it is; -1 where it is computed.
        self._given = [own.get(id(y), -1) for y in graph.outputs]
        made = [y for y, at in zip(graph.outputs, self._given, strict=True) if at < 0]
        used = {id(x) for node in nodes for x in node.tensors()}
        self._used = [at for at, x in enumerate(inputs) if id(x) in used]
        held = graph.inputs[len(inputs) :]
        tracer = Tracer(f"{graph.name}_of_rows", None, isolated=True)
        with tracer:
            table: dict[int, Any] = {}
            for at in self._used:
                dims = (None, *_dims(inputs[at]))
                spec = Spec(dims, inputs[at].spec.dtype)
                table[id(inputs[at])] = tracer.graph.placeholder(spec)
            columns = set(table)
            for x in held:
                table[id(x)] = tracer.graph.placeholder(x.spec)
            for node in nodes:
                _add(tracer, node, table, columns)
            if any(id(y) not in columns for y in made):
                raise NotBatchable("an output is the same for all elements")
            tracer.graph.outputs = [tracer.lift(table[id(y)]) for y in made]
            tracer.graph.writes = tracer.written()
        self._graph = tracer.graph
        self._row_bytes = sum([_row_bytes(y) for y in made])
        self._call: GraphCall | None = None

    def __call__(self, part: Part, held: list[Any]) -> list[Array] | None:
        """Run on rows.

        Args:
            part: which rows of which columns.
            held: what was captured.

        Returns:
            An array with a first axis of rows for each output; None where it is not
            worth it, or cannot be done here.
        """
        columns, which, size = part
        count = size_of(which)
        steps = context.service("native.steps")
        if steps is None or count * self._row_bytes < _ENOUGH or count % size:
            return None
        wholes = [columns[at] for at in self._used]
        if not all(w.flags.carray and w.dtype.isnative for w in wholes):
            return None
        if isinstance(which, slice) and (which.step or 1) != 1:
            which = np.arange(which.start, which.stop, which.step)
        while size < _STEP and count // size % 2 == 0:
            size *= 2
        batches = _Batches(which, size, count // size)
        concrete = _Concrete(self._compiled(), [Tensor(x) for x in held])
        found = steps(concrete, [Tensor(w) for w in wholes], batches, True)
        if found is None:
            return None
        made = iter(found)
        return [
            next(made)._array if at < 0 else ArrayRows([columns[at]]).take(which)[0]
            for at in self._given
        ]

    def _compiled(self) -> GraphCall:
        if self._call is None:
            from rillet.backends.native.program import BACKEND

            self._call = GraphCall(self._graph, BACKEND)
        return self._call


class _Batches(NamedTuple):
    """What ``"native.steps"`` is told of batches."""

    rows: slice | Array
    size: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs

    def one(self, at: int) -> slice | Array:
        """The rows of one batch."""
        first = at * self.size
        if isinstance(self.rows, slice):
            first += self.rows.start
            return slice(first, first + self.size)
        return self.rows[first : first + self.size]


def _worth(graph: Graph) -> list[Node]:
    """The nodes that outputs depend on, where native code is exact and gains."""
    if graph.writes:
        raise NotBatchable("it writes variables")
    live = live_nodes(graph, graph.outputs)
    found = [node for node in live if node.op is not PLACEHOLDER]
    products: set[int] = set()
    work = False
    for node in found:
        if node.op is CONST or _known(node):
            continue
        _check(node)
        name = node.op.name
        behind = any(id(x) in products for x in node.tensors())
        floats = node.outputs[0].spec.dtype.is_floating
        if behind and name in _SUMS and floats:
            raise NotBatchable("a sum of products")
        if behind or (name in _PRODUCTS and floats):
            products.add(id(node.outputs[0]))
        work = work or not (name in _IDLE or _reshapes(node))
    if not work:
        raise NotBatchable("nothing to compute")
    return found


def _known(node: Node) -> bool:
    return len(node.outputs) == 1 and node.outputs[0].known is not None


def _check(node: Node) -> None:
    """Raise where a node's native result might have other bits."""
    if not isinstance(node.op, Op) or node.op.effects:
        raise NotBatchable(node.name)
    name = node.op.name
    reshapes = _reshapes(node)
    if name not in _EXACT and not reshapes:
        raise NotBatchable(node.name)
    values = node.tensors()[:1] if reshapes else node.tensors()
    kinds = [x.spec.dtype for x in (*values, *node.outputs)]
    if any(kind not in _KINDS for kind in kinds):
        raise NotBatchable(f"{node.name}: a type of which the bits may differ")
    if name == "Cast" and kinds[0].is_floating and kinds[-1].is_integer:
        raise NotBatchable(f"{node.name}: numbers beyond the range")


def _reshapes(node: Node) -> bool:
    """Whether the same numbers come out, in their order."""
    if node.op.name != "StridedSlice":
        return node.op.name in _RESHAPING
    # x[..., tf.newaxis] and its kin
    steps = node.inputs[3]
    if isinstance(steps, SymbolicTensor):
        if steps.known is None:
            return False
        steps = host_value(steps.known)
    sizes = [math.prod(_dims(x)) for x in (node.inputs[0], node.outputs[0])]
    return sizes[0] == sizes[1] and all(step == 1 for step in steps)


def _dims(tensor: Any) -> tuple[int, ...]:
    dims = tensor.spec.shape
    if dims is None or None in dims or 0 in dims:
        raise NotBatchable("a shape is not known, or empty")
    found: tuple[int, ...] = dims
    return found


def _row_bytes(tensor: Any) -> int:
    return math.prod(_dims(tensor)) * int(
        np.dtype(tensor.spec.dtype.numpy_dtype).itemsize
    )


def _add(tracer: Tracer, node: Node, table: dict[int, Any], columns: set[int]) -> None:
    """Trace a node again, on columns where its inputs are columns."""
    out = node.outputs[0]
    if node.op is CONST or _known(node):
        value = node.attrs["value"] if node.op is CONST else out.known
        table[id(out)] = tracer.lift(Tensor(value), captured=False)
        return
    dims = _dims(out)
    many = [id(x) in columns for x in node.tensors()]
    if _reshapes(node):
        first = node.tensors()[0]
        lead = (-1,) if id(first) in columns else ()
        if any(many[1:]):
            raise NotBatchable(node.name)
        table[id(out)] = reshape(table[id(first)], (*lead, *dims))
    else:
        args = [_lifted(x, table, columns, node) for x in node.inputs]
        table[id(out)] = node.op.run(*args, **node.attrs)
    if any(many):
        columns.add(id(out))


def _lifted(x: Any, table: dict[int, Any], columns: set[int], node: Node) -> Any:
    """An input, with axes after the first where broadcasting wants them."""
    if not isinstance(x, SymbolicTensor):
        return x
    value = table[id(x)]
    rank = max([len(_dims(t)) for t in node.tensors()])
    own = _dims(x)
    if id(x) not in columns or len(own) == rank:
        return value
    return reshape(value, (-1, *(1,) * (rank - len(own)), *own))
