"""Arrays of tensors as TensorFlow 1's loops hold them, on rillet's tensor lists.

There a handle names the array, and a number called flow says in which order it is
read and written. Here the flow is the list itself, and the handle what is known of its
elements. Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.spec import Spec
from rillet.graph.ir import SymbolicTensor
from rillet.ops.casting import cast
from rillet.ops.compare import less
from rillet.ops.elementwise import maximum
from rillet.ops.gather import gather
from rillet.ops.list_stacks import resize_op
from rillet.ops.sizes import shape
from rillet.ops.tensor_lists import (
    list_concat_op,
    list_from_op,
    list_get_op,
    list_length_op,
    list_reserve_op,
    list_set_op,
    list_split_op,
    list_stack_op,
)
from rillet.saved_model.op_readers import reads, tracing
from rillet.saved_model.records import hosted
from rillet.saved_model.resources import ArrayHandle, is_list
from rillet.saved_model.tensors import damaged


def _checked(step: Any, handle: Any, flow: Any) -> tuple[ArrayHandle, Any]:
    if not isinstance(handle, ArrayHandle) or not is_list(flow):
        raise damaged(f"{step.op} of something that is no array", step.name)
    return handle, flow


@reads("TensorArrayV3")
def _array(reader: Any, step: Any, inputs: list[Any]) -> Any:
    kind = step.attrs.get("dtype") or dtypes.float32
    dims = step.attrs.get("element_shape")
    handle = ArrayHandle(kind, dims, bool(step.attrs.get("dynamic_size")))
    found = list_reserve_op.run(inputs[0], element_dtype=kind, element_shape=dims)
    return handle, found


@reads("TensorArrayWriteV3")
def _write(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[3])
    return (list_set_op.run(flow, inputs[1], inputs[2], resize=handle.grows),)


@reads("TensorArrayReadV3")
def _read(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[2])
    found = list_get_op.run(
        flow, inputs[1], element_dtype=handle.dtype, element_shape=handle.shape
    )
    return (found,)


@reads("TensorArrayGatherV3")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[2])
    dims = step.attrs.get("element_shape")
    rows = list_stack_op.run(
        flow,
        element_dtype=handle.dtype,
        element_shape=handle.shape if dims is None else dims,
    )
    return (gather(rows, inputs[1]),)


@reads("TensorArrayScatterV3")
def _scatter(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[3])
    places, items = inputs[1:3]
    total = shape(places)[0]
    if _is_fresh(flow) and _counts_up(places):
        found = list_from_op.run(items)
        return (resize_op.run(found, maximum(list_length_op.run(flow), total)),)

    def once(at: Any, rows: Any) -> list[Any]:
        rows = list_set_op.run(
            rows, gather(places, at), gather(items, at), resize=handle.grows
        )
        return [at + 1, rows]

    service = tracing("graph.loop", step)
    start = [to_tensor(0, hint=dtypes.int32), flow]
    specs = [Spec((), dtypes.int32), Spec((), dtypes.variant)]
    found = service(lambda at, rows: less(at, total), once, start, specs)
    return (found[1],)


def _is_fresh(flow: Any) -> bool:
    """Whether nobody has written to a list."""
    return isinstance(flow, SymbolicTensor) and flow.node.type == "TensorListReserve"


def _counts_up(places: Any) -> bool:
    """Whether places are 0, 1, 2 and so on."""
    if not isinstance(places, SymbolicTensor):
        return False
    if places.known is not None:
        return np.array_equal(places.known, np.arange(len(places.known)))
    if places.node.type != "Range":
        return False
    start, _, step = [hosted(x) for x in places.node.inputs[:3]]
    return isinstance(start, int) and start == 0 and step == 1


@reads("TensorArraySizeV3")
def _size(reader: Any, step: Any, inputs: list[Any]) -> Any:
    _, flow = _checked(step, *inputs[:2])
    return (list_length_op.run(flow),)


@reads("TensorArrayConcatV3")
def _concat(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, *inputs[:2])
    found = list_concat_op.run(
        flow, element_dtype=handle.dtype, element_shape=handle.shape
    )
    return found, _lengths(step, handle, flow)


def _lengths(step: Any, handle: ArrayHandle, flow: Any) -> Any:
    """How long each element is along its first axis."""
    total = list_length_op.run(flow)

    def once(at: Any, found: Any) -> list[Any]:
        item = list_get_op.run(
            flow, at, element_dtype=handle.dtype, element_shape=handle.shape
        )
        length = cast(shape(item)[0], dtypes.int64)
        return [at + 1, list_set_op.run(found, at, length)]

    service = tracing("graph.loop", step)
    lengths = list_reserve_op.run(total, element_dtype=dtypes.int64, element_shape=())
    start = [to_tensor(0, hint=dtypes.int32), lengths]
    specs = [Spec((), dtypes.int32), Spec((), dtypes.variant)]
    found = service(lambda at, _: less(at, total), once, start, specs)
    return list_stack_op.run(found[1], element_dtype=dtypes.int64, element_shape=())


@reads("TensorArraySplitV3")
def _split(reader: Any, step: Any, inputs: list[Any]) -> Any:
    _checked(step, inputs[0], inputs[3])
    return (list_split_op.run(inputs[1], inputs[2]),)


@reads("TensorArrayCloseV3")
def _close(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return ()
