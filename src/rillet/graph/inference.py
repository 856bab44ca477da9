"""What tracing knows of a node's results: specs, and values where they are small.

Op records infer the specs; sizes and other small integers that depend on nothing
unknown are computed at once, so that programs can use them as host values. Called by
`trace`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.quiet import restore, silence
from rillet.core.spec import Spec
from rillet.graph.ir import Node, SymbolicTensor

#: Values that tracing computes at once have at most as many elements.
SMALL = 256
#: Ops whose result has the shape that one of their inputs says, and which input.
_SHAPED = {
    "Reshape": 1,
    "BroadcastTo": 1,
    "Conv2DBackpropInput": 0,
    "Conv3DBackpropInputV2": 0,
    "DepthwiseConv2dNativeBackpropInput": 0,
    **dict.fromkeys(
        (
            "Fill",
            "RandomUniform",
            "RandomUniformInt",
            "RandomStandardNormal",
            "TruncatedNormal",
            "StatelessRandomUniformV2",
            "StatelessRandomUniformIntV2",
            "StatelessRandomUniformFullIntV2",
            "StatelessRandomNormalV2",
            "StatelessTruncatedNormalV2",
        ),
        0,
    ),
}
#: Ops that make images of a size that their second input says.
_RESIZES = frozenset(
    ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")
)


def inferred(op: Any, lifted: tuple[Any, ...], attrs: dict[str, Any]) -> list[Spec]:
    """What the op's rule says of its outputs."""
    specs = [x.spec if isinstance(x, SymbolicTensor) else x for x in lifted]
    unsure = False
    for i in range(len(specs)):
        want = None
        if not op.variadic:
            want = op.types[i] if i < len(op.types) else ()
        elif i and not isinstance(lifted[i], SymbolicTensor):
            continue
        elif i < len(specs) - (len(op.types) - 1):
            continue
        if want is None and isinstance(lifted[i], SymbolicTensor):
            if lifted[i].known is not None:
                specs[i] = host_value(lifted[i].known)
            elif op.name == "StridedSlice" and lifted[i].partial is not None:
                specs[i] = lifted[i].partial
            else:
                unsure = True
    if op.variadic:
        count = len(specs) - (len(op.types) - 1)
        args: list[Any] = [specs[:count], *specs[count:]]
    else:
        args = specs
    try:
        found = op.infer(*args, **attrs)
    except (TypeError, AttributeError, IndexError):
        if not unsure and not _vague(specs):
            raise
        found = _guess(op, lifted, attrs)
    if isinstance(found, Spec):
        found = [found]
    out = list(found)
    at = _SHAPED.get(op.name)
    if at is not None and (out[0].shape is None or None in out[0].shape):
        sizes = lifted[at]
        if isinstance(sizes, SymbolicTensor):
            out[0] = Spec(_vector(sizes), out[0].dtype)
    elif op.name in _RESIZES and out[0].shape is None and specs[0].shape is not None:
        if isinstance(lifted[1], SymbolicTensor):
            batch, _, _, channels = specs[0].shape
            space = _numbers(lifted[1], (None, None))
            out[0] = Spec((batch, *space, channels), out[0].dtype)
    elif op.name == "Slice" and out[0].shape is None:
        out[0] = Spec(_sliced(*lifted[:3]), out[0].dtype)
    return out


def _vague(specs: list[Any]) -> bool:
    return any(
        isinstance(s, Spec) and (s.shape is None or None in s.shape) for s in specs
    )


def _guess(op: Any, lifted: tuple[Any, ...], attrs: dict[str, Any]) -> list[Spec]:
    """Specs of unknown shape where the rule needs a value that is not there yet."""
    kind = next((x.dtype for x in lifted if isinstance(x, SymbolicTensor)), None)
    for name in ("dtype", "DstT", "out_type", "T"):
        kind = attrs.get(name, kind)
    count = max(op.outputs, 1)
    return [Spec(None, kind)] * count  # type: ignore[arg-type]


def _vector(sizes: SymbolicTensor) -> Any:
    """The shape that a symbolic vector of sizes stands for, as far as it is known."""
    if sizes.partial is not None:
        return tuple(None if d is None or d < 0 else int(d) for d in sizes.partial)
    dims = sizes.spec.shape
    if dims is not None and len(dims) == 1 and dims[0] is not None:
        return (None,) * dims[0]
    return None


def _sliced(x: Any, begin: Any, size: Any) -> Any:
    """The shape of a part that starts at, or spans, numbers not known yet."""
    dims = x.spec.shape
    starts, counts = _numbers(begin, dims), _numbers(size, dims)
    if dims is None or starts is None or counts is None:
        return None
    found: list[int | None] = []
    for dim, start, count in zip(dims, starts, counts, strict=True):
        if count is not None and count >= 0:
            found.append(count)
        elif count is None or dim is None or start is None:
            found.append(None)
        else:
            found.append(dim - start)
    return tuple(found)


def _numbers(value: Any, dims: Any) -> Any:
    """The elements of a host vector, None where they are not known."""
    if not isinstance(value, SymbolicTensor):
        return value
    if value.known is not None:
        return host_value(value.known)
    if value.partial is not None:
        return value.partial
    return None if dims is None else (None,) * len(dims)


def host_value(array: Any) -> Any:
    """A host input's value from an array: an int, a float, or tuples of them."""
    if not isinstance(array, np.ndarray):
        return array
    if array.ndim == 0:
        return array[()].item() if array.dtype.kind in "iufb" else array[()]
    return _tuples(array.tolist())


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def learn(node: Node) -> None:
    """Find the values of small integer results that depend on nothing unknown."""
    op, outs = node.op, node.outputs
    if op.effects or not outs or outs[0].spec.dtype.numpy_dtype.kind not in "ib":
        return
    if op.name in ("Shape", "Size", "Rank"):
        _learn_shape(node)
        return
    args: list[Any] = []
    for i, x in enumerate(node.inputs):
        if not isinstance(x, SymbolicTensor):
            args.append(x)
        elif x.known is not None:
            hosted = not op.variadic and i < len(op.types) and op.types[i] is None
            args.append(host_value(x.known) if hosted else x.known)
        else:
            _learn_parts(node)
            return
    dims = outs[0].spec.shape
    if dims is None or None in dims or math.prod(d or 0 for d in dims) > SMALL:
        return
    if op.variadic:
        count = len(args) - (len(op.types) - 1)
        args = [args[:count], *args[count:]]
    token = silence()
    try:
        result = op.kernel(*args, **node.attrs)
    except Exception:
        return
    finally:
        restore(token)
    if len(outs) == 1:
        # an op of any number of outputs gives a list
        one = result[0] if isinstance(result, list | tuple) else result
        outs[0].known = np.asarray(one)


def _learn_shape(node: Node) -> None:
    dims = node.inputs[0].spec.shape
    out = node.outputs[0]
    kind = out.spec.dtype.numpy_dtype
    if dims is None:
        return
    if node.op.name == "Rank":
        out.known = np.array(len(dims), kind)
    elif None not in dims:
        size = node.op.name == "Size"
        out.known = np.array(math.prod(d or 0 for d in dims) if size else dims, kind)
    elif node.op.name == "Shape":
        out.partial = dims


def _learn_parts(node: Node) -> None:
    """Elements of shape vectors, through stacking, joining, slicing and casts."""
    name, out, inputs = node.op.name, node.outputs[0], node.inputs
    if name in ("Cast", "Identity"):
        out.partial = inputs[0].partial
    elif name == "Pack" and all(_rank(x) == 0 for x in node.tensors()):
        out.partial = tuple(
            [None if x.known is None else int(x.known) for x in node.tensors()]
        )
    elif name == "ConcatV2":
        parts: list[Any] = []
        for x in node.tensors():
            if x.known is not None and x.known.ndim == 1:
                parts.extend(x.known.tolist())
            elif x.partial is not None:
                parts.extend(x.partial)
            else:
                return
        out.partial = tuple(parts)
    elif name == "StridedSlice" and inputs[0].partial is not None:
        _learn_slice(node)


def _learn_slice(node: Node) -> None:
    parts, out = node.inputs[0].partial, node.outputs[0]
    places = np.arange(len(parts))
    try:
        chosen = node.op.kernel(places, *node.inputs[1:], **node.attrs)
    except Exception:
        return
    chosen = np.asarray(chosen)
    found = [parts[i] for i in chosen.reshape(-1).tolist()]
    if chosen.ndim == 1:
        out.partial = tuple(found)
    elif chosen.ndim == 0 and found[0] is not None:
        out.known = np.array(found[0], out.spec.dtype.numpy_dtype)


def _rank(x: SymbolicTensor) -> int | None:
    return None if x.spec.shape is None else len(x.spec.shape)
