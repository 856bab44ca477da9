"""Arrays of tensors as TensorFlow 1's loops hold them, on rillet's tensor lists.

There a handle names the array, and a number called flow says in which order it is
read and written. Here the flow is the list itself, and the handle what is known of its
elements. Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.spec import Spec
from rillet.graph.ir import SymbolicTensor
from rillet.ops.casting import cast
from rillet.ops.checks import assert_less_equal
from rillet.ops.compare import less
from rillet.ops.elementwise import maximum
from rillet.ops.gather import gather
from rillet.ops.list_stacks import resize_op, zero_rows_op
from rillet.ops.registry import Op
from rillet.ops.sizes import shape
from rillet.ops.tensor_lists import (
    ListTensor,
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


def _run(op: Op, *inputs: Any, **attrs: Any) -> Any:
    """Run an op on lists; while a model begins there is no graph to put it in."""
    if context.state.tracer is not None:
        return op.run(*inputs, **attrs)
    found = op.kernel(*[to_tensor(x)._array for x in inputs], **attrs)
    if isinstance(found, tuple):
        return ListTensor(found)  # type: ignore[arg-type]
    return to_tensor(found)


#: What TensorFlow writes into an array of gradients, once for each that it asks for.
#: The flow is then that of the array itself; what reads gets the flow of gradients.
_BEGINNING = frozenset(("TensorArrayWriteV3", "TensorArrayScatterV3"))


def _checked(step: Any, handle: Any, flow: Any) -> tuple[ArrayHandle, Any]:
    if not isinstance(handle, ArrayHandle) or not is_list(flow):
        raise damaged(f"{step.op} of something that is no array", step.name)
    if handle.is_gradient and step.op in _BEGINNING:
        flow = _run(zero_rows_op, flow)
    return handle, flow


@reads("TensorArrayV3")
def _array(reader: Any, step: Any, inputs: list[Any]) -> Any:
    kind = step.attrs.get("dtype") or dtypes.float32
    dims = step.attrs.get("element_shape")
    handle = ArrayHandle(kind, dims, bool(step.attrs.get("dynamic_size")))
    found = _run(list_reserve_op, inputs[0], element_dtype=kind, element_shape=dims)
    return handle, found


@reads("TensorArrayGradV3")
def _grad(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, *inputs[:2])
    return handle._replace(is_gradient=True, grows=True), flow


@reads("TensorArrayWriteV3")
def _write(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[3])
    return (_run(list_set_op, flow, inputs[1], inputs[2], resize=handle.grows),)


@reads("TensorArrayReadV3")
def _read(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[2])
    found = _run(
        list_get_op,
        flow,
        inputs[1],
        element_dtype=handle.dtype,
        element_shape=handle.shape,
    )
    return (found,)


@reads("TensorArrayGatherV3")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, inputs[0], inputs[2])
    dims = step.attrs.get("element_shape")
    rows = _run(
        list_stack_op,
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
        size = _run(list_length_op, flow)
        if not handle.grows and not _fits(total, size):
            text = f"{step.op}: Max scatter index must be < array size"
            assert_less_equal(total, size, text)
        return (_run(resize_op, _run(list_from_op, items), maximum(size, total)),)

    def once(at: Any, rows: Any) -> list[Any]:
        rows = _run(
            list_set_op,
            rows,
            gather(places, at),
            gather(items, at),
            resize=handle.grows,
        )
        return [at + 1, rows]

    service = tracing("graph.loop")
    start = [to_tensor(0, hint=dtypes.int32), flow]
    specs = [Spec((), dtypes.int32), Spec((), dtypes.variant)]
    found = service(lambda at, rows: less(at, total), once, start, specs)
    return (found[1],)


def _fits(total: Any, size: Any) -> bool:
    """Whether both numbers are known, and an array has room for the rows."""
    known = [hosted(x) for x in (total, size)]
    return all(isinstance(x, int) for x in known) and known[0] <= known[1]


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
    return (_run(list_length_op, flow),)


@reads("TensorArrayConcatV3")
def _concat(reader: Any, step: Any, inputs: list[Any]) -> Any:
    handle, flow = _checked(step, *inputs[:2])
    found = _run(
        list_concat_op, flow, element_dtype=handle.dtype, element_shape=handle.shape
    )
    return found, _lengths(step, handle, flow)


def _lengths(step: Any, handle: ArrayHandle, flow: Any) -> Any:
    """How long each element is along its first axis."""
    total = _run(list_length_op, flow)

    def once(at: Any, found: Any) -> list[Any]:
        item = _run(
            list_get_op,
            flow,
            at,
            element_dtype=handle.dtype,
            element_shape=handle.shape,
        )
        length = cast(shape(item)[0], dtypes.int64)
        return [at + 1, _run(list_set_op, found, at, length)]

    service = tracing("graph.loop")
    lengths = _run(list_reserve_op, total, element_dtype=dtypes.int64, element_shape=())
    start = [to_tensor(0, hint=dtypes.int32), lengths]
    specs = [Spec((), dtypes.int32), Spec((), dtypes.variant)]
    found = service(lambda at, _: less(at, total), once, start, specs)
    return _run(list_stack_op, found[1], element_dtype=dtypes.int64, element_shape=())


@reads("TensorArraySplitV3")
def _split(reader: Any, step: Any, inputs: list[Any]) -> Any:
    _checked(step, inputs[0], inputs[3])
    return (_run(list_split_op, inputs[1], inputs[2]),)


@reads("TensorArrayCloseV3")
def _close(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return ()
