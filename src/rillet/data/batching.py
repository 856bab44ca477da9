"""A traced function of one element, run on many at once.

In flow the function's graph; out flows a `Batched`, which takes columns: arrays with a
first axis of elements. Each node has a rule that says what it does with such a first
axis, the same numbers to the last bit; where a node has none, or its sizes depend on
the data, the function is run element by element instead (`NotBatchable`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.quiet import restore, silence
from rillet.data.drawing import NotBatchable, drawing
from rillet.graph.inference import host_value
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Graph, Node, SymbolicTensor
from rillet.graph.passes import live_nodes
from rillet.graph.places import point_out
from rillet.ops.registry import Op

Array = np.ndarray[Any, Any]
#: What a node does: the values of its inputs, the number of elements -> its outputs.
Run = Callable[[list[Any], int], Any]

#: Each number of the result comes from the numbers at the same place, by broadcasting.
_POINTWISE = frozenset(
    """Abs Acos Acosh AddV2 Angle Asin Asinh Atan Atan2 Atanh BitwiseAnd BitwiseOr
    BitwiseXor Cast Ceil Complex ComplexAbs Conj Cos Cosh Digamma DivNoNan Elu Equal Erf
    Erfc Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual Identity Imag Invert
    IsFinite IsInf IsNan LeakyRelu LeftShift Less LessEqual Lgamma Log Log1p LogicalAnd
    LogicalNot LogicalOr Maximum Minimum Mul MulNoNan Neg NotEqual OnesLike Pow Real
    RealDiv Reciprocal Relu Relu6 RightShift RilletAtLeast RilletBelow RilletClamp
    RilletLogicalXor Rint Round Rsqrt SelectV2 Selu Sigmoid Sign Sin Sinh Softplus
    Softsign Sqrt Square SquaredDifference StopGradient StringLength StringLower
    StringStrip StringToHashBucket StringToHashBucketFast StringToHashBucketStrong
    StringToNumber StringUpper Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py Xlogy
    ZerosLike""".split()
)
#: The same numbers in another shape, which is known.
_RESHAPING = frozenset({"Reshape", "ExpandDims", "Squeeze", "EnsureShape"})
#: Reductions whose result does not depend on the order of what they combine.
_REDUCING = frozenset({"Max", "Min", "All", "Any"})
#: Over a batch of images; a batch of batches is one longer batch.
_IMAGES = frozenset(
    {"ResizeBilinear", "ResizeNearestNeighbor", "ResizeArea", "ResizeBicubic"}
)


class Batched:
    """A graph run on columns.

    Args:
        graph: the graph of a function of one element; captures come last.
        inputs: those of its inputs that are of the element.
        chance: whether it may draw random numbers. Calls must then be given all
            elements in their order: each gets the numbers that it would get alone.

    Raises:
        NotBatchable: where a node has no rule.
    """

    def __init__(self, graph: Graph, inputs: list[Any], chance: bool = False) -> None:
        if graph.writes:
            raise NotBatchable("it writes variables")
        self._slots: dict[int, int] = {}
        self._columns: set[int] = set()
        self._constants: list[tuple[int, Any]] = []
        self._inputs = [self._slot(x) for x in graph.inputs]
        self._columns = {id(x) for x in inputs}
        self._steps: list[tuple[Run, list[int], list[int]]] = []
        self._nodes: list[Node] = []
        wanted = _needed(graph, chance)
        for node in graph.nodes:
            if id(node) in wanted:
                self._add(node)
                # the node of each step, for errors
                self._nodes += [node] * (len(self._steps) - len(self._nodes))
        self._outputs = [(self._slot(y), id(y) in self._columns) for y in graph.outputs]

    def _slot(self, tensor: SymbolicTensor) -> int:
        return self._slots.setdefault(id(tensor), len(self._slots))

    def _add(self, node: Node) -> None:
        if node.op is PLACEHOLDER:
            return
        outs = [self._slot(y) for y in node.outputs]
        if node.op is CONST:
            self._constants.append((outs[0], node.attrs["value"]))
            return
        if len(node.outputs) == 1 and node.outputs[0].known is not None:
            self._constants.append((outs[0], node.outputs[0].known))
            return
        ins = [self._slot(x) for x in node.tensors()]
        if node.op is READ and not node.inputs:
            cell = node.attrs["variable"]._cell
            self._steps.append((lambda args, n: cell.read()._array, ins, outs))
            return
        if isinstance(node.op, Op) and node.op.effects == "random":
            self._steps.append((drawing(node), ins, outs))
            self._columns.update(id(y) for y in node.outputs)
            return
        if not isinstance(node.op, Op) or node.op.effects:
            raise NotBatchable(node.name)
        many = [id(x) in self._columns for x in node.tensors()]
        if not any(many):
            self._steps.append((_plain(node), ins, outs))
            return
        self._steps.append((_rule(node, many), ins, outs))
        self._columns.update(id(y) for y in node.outputs)

    def __call__(self, columns: list[Any], held: list[Any], count: int) -> list[Any]:
        """Run.

        Args:
            columns: an array (count, ...) for each input of the element.
            held: what was captured.
            count: the number of elements.

        Returns:
            An array (count, ...) for each output.
        """
        values: list[Any] = [None] * len(self._slots)
        for slot, value in zip(self._inputs, [*columns, *held], strict=True):
            values[slot] = value
        for slot, value in self._constants:
            values[slot] = value
        token = silence()
        at = -1
        try:
            for run, ins, outs in self._steps:
                at += 1
                found = run([values[i] for i in ins], count)
                if len(outs) == 1:
                    values[outs[0]] = found
                else:
                    for slot, part in zip(outs, found, strict=True):
                        values[slot] = part
        except Exception as error:
            point_out(self._nodes[at], error)
            raise
        finally:
            restore(token)
        return [
            values[slot] if many else _repeated(values[slot], count)
            for slot, many in self._outputs
        ]


def _needed(graph: Graph, chance: bool) -> set[int]:
    """The nodes that outputs depend on; any with effects forbid batches."""
    allowed = ("", "read", "random") if chance else ("", "read")
    for node in graph.nodes:
        if node.op.effects not in allowed:
            raise NotBatchable(node.name)
    return {id(node) for node in live_nodes(graph, graph.outputs)}


def _repeated(value: Any, count: int) -> Array:
    array = np.asarray(value)
    return np.broadcast_to(array, (count, *array.shape))


def _plain(node: Node) -> Run:
    """A node that no element goes into: as for one element."""
    call = _caller(node, {})
    return lambda args, n: call(args)


def _caller(node: Node, hosts: dict[int, Any]) -> Callable[[list[Any]], Any]:
    """The kernel of a node on the values of its tensors.

    Args:
        node: the node.
        hosts: host inputs to use instead of the node's, by place.
    """
    op, attrs = node.op, node.attrs
    fixed: list[Any] = []
    head = len(node.inputs) - (len(op.types) - 1) if op.variadic else 0
    for i, x in enumerate(node.inputs):
        place = i - head + 1 if op.variadic else i
        hosted = place < len(op.types) and op.types[place] is None and i >= head
        if i in hosts:
            fixed.append((1, hosts[i]))
        elif not isinstance(x, SymbolicTensor):
            fixed.append((1, x))
        elif hosted:
            fixed.append((1, _host(x)))
        else:
            fixed.append((0, None))

    def call(args: list[Any]) -> Any:
        left = iter(args)
        flat = []
        for (known, value), x in zip(fixed, node.inputs, strict=True):
            given = next(left) if isinstance(x, SymbolicTensor) else None
            flat.append(value if known else given)
        if op.variadic:
            flat = [flat[:head], *flat[head:]]
        return op.kernel(*flat, **attrs)

    return call


def _host(x: Any) -> Any:
    """A host input's value, which tracing must have found."""
    if not isinstance(x, SymbolicTensor):
        return x
    if x.known is None:
        raise NotBatchable("a size depends on data")
    return host_value(x.known)


def _dims(tensor: Any) -> tuple[int, ...]:
    """A tensor's sizes for one element, all known."""
    dims = tensor.spec.shape
    if dims is None or None in dims:
        raise NotBatchable("a shape is not known")
    found: tuple[int, ...] = dims
    return found


def _rule(node: Node, many: list[bool]) -> Run:
    """What a node does where some of its inputs are columns."""
    name = node.op.name
    if name in _POINTWISE:
        return _pointwise(node, many)
    if name in _RESHAPING:
        dims = _dims(node.outputs[0])
        return lambda args, n: args[0].reshape(n, *dims)
    if name in _REDUCING:
        return _reduction(node)
    if name in _IMAGES:
        return _images(node)
    if name == "GatherV2" and not many[0] and not node.attrs.get("batch_dims", 0):
        if _host(node.inputs[2]) == 0:  # a table, looked up for each element
            call = _caller(node, {})
            return lambda args, n: call(args)
    made = _OTHERS.get(name)
    if made is None or not many[0]:
        raise NotBatchable(node.name)
    return made(node, many)


def _pointwise(node: Node, many: list[bool]) -> Run:
    """Columns of lower rank get axes after the first, as broadcasting wants them."""
    call = _caller(node, {})
    tensors = node.tensors()
    shapes = [_dims(x) for x in tensors]
    rank = max([len(s) for s in shapes])
    lifts = [
        (1,) * (rank - len(s)) + s if m and len(s) < rank else None
        for s, m in zip(shapes, many, strict=True)
    ]
    if not any(lifts):
        return lambda args, n: call(args)

    def run(args: list[Any], n: int) -> Any:
        return call(
            [
                x if dims is None else x.reshape(n, *dims)
                for x, dims in zip(args, lifts, strict=True)
            ]
        )

    return run


def _axes(axis: Any, rank: int) -> Any:
    """Axes of one element as axes of a column."""
    if axis is None:
        return tuple(range(1, rank + 1))
    if isinstance(axis, tuple | list):
        return tuple([_axis(a, rank) for a in axis])
    return _axis(axis, rank)


def _axis(axis: int, rank: int) -> int:
    return axis % rank + 1 if rank else axis


def _reduction(node: Node) -> Run:
    rank = len(_dims(node.inputs[0]))
    axis = _host(node.inputs[1])
    if not rank:
        raise NotBatchable(node.name)
    call = _caller(node, {1: _axes(axis, rank)})
    return lambda args, n: call(args)


def _images(node: Node) -> Run:
    call = _caller(node, {})
    before, after = _dims(node.inputs[0]), _dims(node.outputs[0])

    def run(args: list[Any], n: int) -> Any:
        x = args[0].reshape(n * before[0], *before[1:])
        return call([x, *args[1:]]).reshape(n, *after)

    return run


def _transposition(node: Node, many: list[bool]) -> Run:
    perm = _host(node.inputs[1])
    rank = len(_dims(node.inputs[0]))
    order = range(rank)[::-1] if perm is None else perm
    call = _caller(node, {1: (0, *[p % rank + 1 for p in order])})
    return lambda args, n: call(args)


def _one_hot(node: Node, many: list[bool]) -> Run:
    if node.attrs.get("axis", -1) != -1 or any(many[1:]):
        raise NotBatchable(node.name)
    call = _caller(node, {})
    return lambda args, n: call(args)


def _joining(node: Node, many: list[bool]) -> Run:
    """`concat` and `stack`: parts that are no columns are repeated."""
    out = _dims(node.outputs[0])
    shapes = [_dims(x) for x in node.tensors()]
    stack = node.op.name == "Pack"
    axis = node.attrs.get("axis", 0) if stack else _host(node.inputs[-1])
    at = _axis(axis, len(out))

    def run(args: list[Any], n: int) -> Any:
        parts = [
            x if m else np.broadcast_to(x, (n, *s))
            for x, m, s in zip(args, many, shapes, strict=True)
        ]
        return np.stack(parts, at) if stack else np.concatenate(parts, at)

    return run


def _slicing(node: Node, many: list[bool]) -> Run:
    if any(many[1:]):
        raise NotBatchable(node.name)
    begin, end, strides = (_host(x) for x in node.inputs[1:4])
    _dims(node.inputs[0])
    masks = {
        name: value << 1 for name, value in node.attrs.items() if name.endswith("_mask")
    }
    masks["begin_mask"] = masks.get("begin_mask", 0) | 1
    masks["end_mask"] = masks.get("end_mask", 0) | 1
    spec = ((0, *begin), (0, *end), (1, *strides))
    kernel = node.op.kernel
    return lambda args, n: kernel(args[0], *spec, **masks)


def _block(node: Node, many: list[bool]) -> Run:
    if len(many) > 1:
        return _moving_block(node, many)
    begin, size = _host(node.inputs[1]), _host(node.inputs[2])
    dims = _dims(node.inputs[0])
    where = tuple(
        [
            slice(b, d if s == -1 else b + s)
            for b, s, d in zip(begin, size, dims, strict=True)
        ]
    )
    out = _dims(node.outputs[0])
    if any(s.stop > d or s.start < 0 for s, d in zip(where, dims, strict=True)):
        raise NotBatchable(node.name)
    return lambda args, n: args[0][(slice(None), *where)].reshape(n, *out)


def _moving_block(node: Node, many: list[bool]) -> Run:
    """A block that begins elsewhere in each element."""
    begin = node.inputs[1]
    if not isinstance(begin, SymbolicTensor) or many != [True, True]:
        raise NotBatchable(node.name)
    size, kernel = _host(node.inputs[2]), node.op.kernel
    dims = _dims(node.outputs[0])

    def run(args: list[Any], n: int) -> Any:
        x, begins = args
        out = np.empty((n, *dims), x.dtype)
        for i, first in enumerate(begins.tolist()):
            out[i] = kernel(x[i], tuple(first), size)
        return out

    return run


def _reversal(node: Node, many: list[bool]) -> Run:
    rank = len(_dims(node.inputs[0]))
    axis = _host(node.inputs[1])
    call = _caller(node, {1: _axes(tuple(axis), rank)})
    return lambda args, n: call(args)


def _padding(node: Node, many: list[bool]) -> Run:
    if any(many[1:]):
        raise NotBatchable(node.name)
    rows = _host(node.inputs[1])
    call = _caller(node, {1: ((0, 0), *[tuple(r) for r in rows])})
    return lambda args, n: call(args)


def _tiling(node: Node, many: list[bool]) -> Run:
    _dims(node.inputs[0])
    call = _caller(node, {1: (1, *_host(node.inputs[1]))})
    return lambda args, n: call(args)


def _positions(node: Node, many: list[bool]) -> Run:
    rank = len(_dims(node.inputs[0]))
    call = _caller(node, {1: _axis(_host(node.inputs[1]), rank)})
    return lambda args, n: call(args)


def _last_axis(node: Node, many: list[bool]) -> Run:
    """Ops on colours: the axes before the last one are a batch already."""
    _dims(node.inputs[0])
    call = _caller(node, {})
    return lambda args, n: call(args)


_OTHERS: dict[str, Callable[[Node, list[bool]], Run]] = {
    "Transpose": _transposition,
    "OneHot": _one_hot,
    "Pack": _joining,
    "ConcatV2": _joining,
    "StridedSlice": _slicing,
    "Slice": _block,
    "ReverseV2": _reversal,
    "Pad": _padding,
    "PadV2": _padding,
    "MirrorPad": _padding,
    "Tile": _tiling,
    "ArgMax": _positions,
    "ArgMin": _positions,
    "RGBToHSV": _last_axis,
    "HSVToRGB": _last_axis,
}
