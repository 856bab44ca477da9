"""Slices at computed places: `x[i]` where only the run knows `i`.

In flow a slice's node whose single indices are tensors; out flow a lazy tensor. Other
bounds must be known. `lower` calls this before it gives a node to the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rillet.backends.native.list_specs import OnHost
from rillet.graph.inference import host_value
from rillet.graph.ir import Node, SymbolicTensor
from rillet.ops.expressions import HALVES, Expr, b
from rillet.ops.indices import Index
from rillet.ops.lowering import Lazy, whole
from rillet.ops.moving_loops import checked_index

if TYPE_CHECKING:
    from rillet.backends.native.lower import Lowering

#: Slices, and where their bounds stand among the inputs.
_BEGINS: Final = {"StridedSlice": 1, "StridedSliceGrad": 1}


def is_computed(node: Node) -> bool:
    """Whether a node is a slice at a place that the run computes."""
    at = _BEGINS.get(node.type)
    if at is None:
        return False
    begin = node.inputs[at]
    return isinstance(begin, SymbolicTensor) and begin.known is None


def lowered(ctx: Lowering, node: Node) -> Lazy:
    """The slice, or its gradient.

    Raises:
        OnHost: more than single indices is computed.
    """
    masks = {k: v for k, v in node.attrs.items() if not k.startswith("_")}
    begin, end, strides = node.inputs[1:4]
    if node.type == "StridedSlice":
        x: Lazy = ctx.value(node.inputs[0])
        shape = x.shape
    else:
        shape = _sizes(node.inputs[0])
    places = _single(ctx, begin, shape, masks)
    begins, ends = _bounds(begin, places, 0), _bounds(end, places, 1)
    steps = _bounds(strides, {}, 1)
    axes = {axis: index for axis, index in places.values()}
    small = tuple([1 if k in axes else n for k, n in enumerate(shape)])
    where = {k: _position(index, shape[k]) for k, index in axes.items()}

    def there(place: tuple[Index, ...]) -> tuple[Index, ...]:
        return tuple([where.get(k, p) for k, p in enumerate(place)])

    if node.type == "StridedSlice":
        part = ctx.pointwise(small, x.type, lambda place: x.at(there(place)))
        found: Lazy = node.op.lower(ctx, part, begins, ends, steps, **masks)
        return found
    return _spread(ctx, node, (small, begins, ends, steps), masks, axes)


def _spread(
    ctx: Lowering,
    node: Node,
    key: tuple[Any, ...],
    masks: dict[str, Any],
    axes: dict[int, Lazy],
) -> Lazy:
    """Zeros with the gradient at the place."""
    (shape, type), *_ = kept = ctx.outputs
    ctx.outputs = [(key[0], type)]
    value: Lazy = ctx.value(node.inputs[4])
    part: Lazy = node.op.lower(ctx, *key, value, **masks)
    ctx.outputs = kept
    numbers = {k: _number(index, shape[k]) for k, index in axes.items()}
    zero = b.const(0, "float32" if type in HALVES else type)

    def at(place: tuple[Index, ...]) -> Expr:
        here = b.const(True, "bool")
        for k, number in numbers.items():
            here = here & b.eq(b.at(place[k]), number)
        inner = tuple([Index({}) if k in numbers else p for k, p in enumerate(place)])
        return b.select(here, part.at(inner), zero)

    return ctx.pointwise(shape, type, at)


def _sizes(value: Any) -> tuple[int, ...]:
    if isinstance(value, SymbolicTensor):
        if value.known is None:
            raise OnHost("sizes are computed")
        value = host_value(value.known)
    return tuple([whole(n) for n in value])


def _single(
    ctx: Lowering, begin: SymbolicTensor, shape: tuple[int, ...], masks: dict[str, Any]
) -> dict[int, tuple[int, Lazy]]:
    """For each position of the key with a computed index its axis and the index."""
    if begin.node.type != "Pack":
        raise OnHost("bounds of a slice are computed")
    parts = begin.node.tensors()
    new, dots = masks.get("new_axis_mask", 0), masks.get("ellipsis_mask", 0)
    single = masks.get("shrink_axis_mask", 0)
    count = len(parts)
    used = sum(1 for k in range(count) if not (new | dots) >> k & 1)
    out: dict[int, tuple[int, Lazy]] = {}
    axis = 0
    for k, part in enumerate(parts):
        if dots >> k & 1:
            axis += len(shape) - used
        elif not new >> k & 1:
            if part.known is None:
                if not single >> k & 1:
                    raise OnHost("bounds of a slice are computed")
                out[k] = (axis, ctx.settled(ctx.value(part)))
            axis += 1
    return out


def _bounds(value: Any, places: dict[int, Any], at: int) -> tuple[int, ...]:
    """A key's bounds, with `at` for those that single computed indices have."""
    if not isinstance(value, SymbolicTensor):
        found = [whole(v) for v in value]
    elif value.known is not None:
        found = [whole(v) for v in host_value(value.known)]
    elif value.node.type == "Pack":
        found = [
            at if k in places or x.known is None else int(host_value(x.known))
            for k, x in enumerate(value.node.tensors())
        ]
    else:
        raise OnHost("bounds of a slice are computed")
    return tuple([at if k in places else v for k, v in enumerate(found)])


def _number(index: Lazy, size: int) -> Expr:
    """The index, counted from the start where it is negative."""
    number = b.cast(index.at([Index({})] * index.rank), "int64")
    length = b.number(size)
    number = b.select(number < 0, number + length, number)
    return checked_index(number, length)


def _position(index: Lazy, size: int) -> Index:
    return b.position(_number(index, size), size)
