"""Tensor lists of TensorFlow's graphs, on rillet's.

TensorFlow gives the shape of elements as a tensor, rillet as an attribute. Importing
the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.graph.ir import SymbolicTensor
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
from rillet.saved_model.op_readers import constant, reads


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


def _kind(step: Any) -> Any:
    return step.attrs.get("element_dtype") or dtypes.float32


@reads("TensorListReserve")
def _reserve(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims = _dims(inputs[0])
    return (
        list_reserve_op.run(inputs[1], element_dtype=_kind(step), element_shape=dims),
    )


@reads("EmptyTensorList")
def _empty(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims = _dims(inputs[0])
    zero = constant(np.array(0, np.int32))
    return (list_reserve_op.run(zero, element_dtype=_kind(step), element_shape=dims),)


@reads("TensorListPushBack")
def _push(reader: Any, step: Any, inputs: list[Any]) -> Any:
    size = list_length_op.run(inputs[0])
    return (list_set_op.run(inputs[0], size, inputs[1], resize=True),)


@reads("TensorListSetItem")
def _set(reader: Any, step: Any, inputs: list[Any]) -> Any:
    grows = bool(step.attrs.get("resize_if_index_out_of_bounds"))
    return (list_set_op.run(*inputs[:3], resize=grows),)


@reads("TensorListGetItem")
def _get(reader: Any, step: Any, inputs: list[Any]) -> Any:
    dims = _dims(inputs[2])
    return (
        list_get_op.run(
            inputs[0], inputs[1], element_dtype=_kind(step), element_shape=dims
        ),
    )


@reads("TensorListStack")
def _stack(reader: Any, step: Any, inputs: list[Any]) -> Any:
    found = list_stack_op.run(
        inputs[0], element_dtype=_kind(step), element_shape=_dims(inputs[1])
    )
    return (found,)


@reads("TensorListConcatV2")
def _concat(reader: Any, step: Any, inputs: list[Any]) -> Any:
    found = list_concat_op.run(
        inputs[0], element_dtype=_kind(step), element_shape=_dims(inputs[1])
    )
    return (found, to_tensor(np.zeros(0, np.int64)))


@reads("TensorListFromTensor")
def _from(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_from_op.run(inputs[0]),)


@reads("TensorListSplit")
def _split(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_split_op.run(inputs[0], inputs[2]),)


@reads("TensorListLength")
def _length(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (list_length_op.run(inputs[0]),)
