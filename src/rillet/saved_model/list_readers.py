"""Tensor lists of TensorFlow's graphs, on rillet's.

TensorFlow gives the shape of elements as a tensor, rillet as an attribute. Importing
the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.ir import SymbolicTensor
from rillet.ops.array import concat
from rillet.ops.elementwise import maximum
from rillet.ops.filling import fill, zeros_like
from rillet.ops.gather import gather
from rillet.ops.list_stacks import (
    blank_op,
    drop_op,
    filled_op,
    join_op,
    last_op,
    lengths_op,
    part_op,
    push_op,
    put_op,
    resize_op,
    sizes_op,
    with_part_op,
)
from rillet.ops.shaping import reshape
from rillet.ops.sizes import shape
from rillet.ops.tensor_lists import (
    list_add_op,
    list_concat_op,
    list_from_op,
    list_get_like_op,
    list_get_op,
    list_length_op,
    list_reserve_op,
    list_set_op,
    list_split_op,
    list_stack_like_op,
    list_stack_op,
    list_zeros_op,
)
from rillet.saved_model.op_readers import constant, reads, tracing
from rillet.saved_model.records import run_op
from rillet.saved_model.resources import is_list

#: Items that are written one by one; more are written in a loop.
_MOST = 16


def _dims(x: Any) -> Any:
    """The sizes that a tensor of sizes tells; None where it does not."""
    array = None
    if isinstance(x, SymbolicTensor):
        array = x.known
        if array is None:
            found = x.partial
            if found is None:
                return None
            return tuple([None if d is None or d < 0 else int(d) for d in found])
    elif isinstance(x, Tensor):
        array = x._array
    if array is None or np.ndim(array) != 1:
        return None
    return tuple([None if d < 0 else int(d) for d in array])


def _is_open(sizes: Any) -> bool:
    """Whether only the running graph knows the shape of elements."""
    if not isinstance(sizes, SymbolicTensor) or sizes.known is not None:
        return False
    dims = _dims(sizes)
    return dims is None or None in dims


def _kind(step: Any) -> Any:
    return step.attrs.get("element_dtype") or dtypes.float32


@reads("TensorListReserve")
def _reserve(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims, kind = _dims(inputs[0]), _kind(step)
    if _is_open(inputs[0]) and kind is not dtypes.variant:
        return (blank_op.run(inputs[1], inputs[0], element_dtype=kind),)
    return (list_reserve_op.run(inputs[1], element_dtype=kind, element_shape=dims),)


@reads("EmptyTensorList")
def _empty(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims = _dims(inputs[0])
    zero = constant(np.array(0, np.int32))
    return (list_reserve_op.run(zero, element_dtype=_kind(step), element_shape=dims),)


@reads("TensorListPushBack")
def _push(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if is_list(inputs[1]):
        return (push_op.run(inputs[0], inputs[1]),)
    size = list_length_op.run(inputs[0])
    return (list_set_op.run(inputs[0], size, inputs[1], resize=True),)


@reads("TensorListSetItem")
def _set(reader: Any, step: Any, inputs: list[Any]) -> Any:
    grows = bool(step.attrs.get("resize_if_index_out_of_bounds"))
    op = put_op if is_list(inputs[2]) else list_set_op
    return (op.run(*inputs[:3], resize=grows),)


def _blank(step: Any, sizes: Any) -> Any:
    """Zeros of a shape that the running graph knows."""
    return fill(sizes, to_tensor(0, hint=_kind(step)))


@reads("TensorListGetItem")
def _get(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims = _dims(inputs[2])
    if _is_open(inputs[2]):
        return (list_get_like_op.run(*inputs[:2], _blank(step, inputs[2])),)
    return (
        list_get_op.run(
            inputs[0], inputs[1], element_dtype=_kind(step), element_shape=dims
        ),
    )


@reads("TensorListStack")
def _stack(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims = _dims(inputs[1])
    if _is_open(inputs[1]):
        length = reshape(list_length_op.run(inputs[0]), [1])
        sizes = concat([length, inputs[1]], 0)
        return (list_stack_like_op.run(inputs[0], _blank(step, sizes)),)
    found = list_stack_op.run(inputs[0], element_dtype=_kind(step), element_shape=dims)
    return (found,)


@reads("TensorListConcatV2")
def _concat(reader: Any, step: Any, inputs: list[Any]) -> Any:
    rows, sizes, lengths = inputs
    if lengths.shape.as_list() != [0]:
        rows = filled_op.run(rows, lengths, sizes, element_dtype=_kind(step))
    dims = _dims(sizes)
    found = list_concat_op.run(rows, element_dtype=_kind(step), element_shape=dims)
    return found, lengths_op.run(rows)


@reads("TensorListFromTensor")
def _from(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_from_op.run(inputs[0]),)


@reads("TensorListSplit")
def _split(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_split_op.run(inputs[0], inputs[2]),)


@reads("TensorListLength")
def _length(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_length_op.run(inputs[0]),)


# Stacks of a loop's values, which its gradient takes down again


@reads("TensorListPopBack")
def _pop(reader: Any, step: Any, inputs: list[Any]) -> Any:
    kind, dims = _kind(step), _dims(inputs[1])
    if _is_open(inputs[1]) and kind is not dtypes.variant:
        last = list_length_op.run(inputs[0]) - 1
        found = list_get_like_op.run(inputs[0], last, _blank(step, inputs[1]))
        return drop_op.run(inputs[0]), found
    found = last_op.run(inputs[0], element_dtype=kind, element_shape=dims)
    return drop_op.run(inputs[0]), found


@reads("TensorListGather")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    found = list_stack_op.run(
        inputs[0], element_dtype=_kind(step), element_shape=_dims(inputs[2])
    )
    return (gather(found, inputs[1]),)


@reads("TensorListScatter", "TensorListScatterV2")
def _scatter(reader: Any, step: Any, inputs: list[Any]) -> Any:
    size = _zero()
    if step.op == "TensorListScatterV2":
        size = maximum(inputs[3], size)  # -1: as many as the places ask for
    rows = list_reserve_op.run(
        size, element_dtype=_kind(step), element_shape=_dims(inputs[2])
    )
    return (_written(step, rows, inputs[0], inputs[1]),)


@reads("TensorListScatterIntoExistingList")
def _scatter_into(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (_written(step, *inputs[:3]),)


def _zero() -> Any:
    return constant(np.array(0, np.int32))


def _written(step: Any, rows: Any, items: Any, places: Any) -> Any:
    """Items in places of a list, which grows as it must."""
    from rillet.ops.array import unstack
    from rillet.ops.compare import less

    count = items.shape[0] if items.shape.rank else None
    if count is not None and count <= _MOST:
        pairs = zip(unstack(places, count), unstack(items, count), strict=True)
        for place, item in pairs:
            rows = list_set_op.run(rows, place, item, resize=True)
        return rows
    total = shape(places)[0]

    def once(at: Any, rows: Any) -> list[Any]:
        place, item = gather(places, at), gather(items, at)
        return [at + 1, list_set_op.run(rows, place, item, resize=True)]

    service = tracing("graph.loop")
    start = [to_tensor(0, hint=dtypes.int32), rows]
    specs = [Spec((), dtypes.int32), Spec((), dtypes.variant)]
    return service(lambda at, rows: less(at, total), once, start, specs)[1]


@reads("TensorListResize")
def _resize(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (resize_op.run(inputs[0], inputs[1]),)


@reads("TensorListElementShape")
def _element_shape(reader: Any, step: Any, inputs: list[Any]) -> Any:
    kind = step.attrs.get("shape_type") or dtypes.int32
    return (sizes_op.run(inputs[0], shape_type=kind),)


@reads("TensorListConcatLists")
def _join(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (join_op.run(inputs[0], inputs[1]),)


@reads("AddN")
def _add_n(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if not is_list(inputs[0]):
        return run_op("AddN", step.attrs, inputs)
    total = inputs[0]
    for item in inputs[1:]:
        total = list_add_op.run(total, item)
    return (total,)


@reads("ZerosLike")
def _zeros(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if is_list(inputs[0]):
        return (list_zeros_op.run(inputs[0]),)
    return (zeros_like(inputs[0]),)


# Optional values: lists of their parts, or empty


@reads("OptionalNone")
def _nothing(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_reserve_op.run(_zero()),)


@reads("OptionalFromValue")
def _something(reader: Any, step: Any, inputs: list[Any]) -> Any:
    found = list_reserve_op.run(_zero())
    for part in inputs:
        found = with_part_op.run(found, part)
    return (found,)


@reads("OptionalHasValue")
def _has(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.compare import greater

    return (greater(list_length_op.run(inputs[0]), _zero()),)


@reads("OptionalGetValue")
def _parts(reader: Any, step: Any, inputs: list[Any]) -> Any:
    kinds = tuple(step.attrs.get("output_types") or ())
    shapes = tuple(step.attrs.get("output_shapes") or [None] * len(kinds))
    return [
        part_op.run(inputs[0], index=i, kinds=kinds, shapes=shapes)
        for i in range(len(kinds))
    ]
