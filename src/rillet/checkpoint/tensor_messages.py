"""Arrays and shapes as messages.

Writers of SavedModels and of events call it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.checkpoint.graph_messages import TENSOR
from rillet.checkpoint.messages import DIM, SHAPE
from rillet.checkpoint.wire import Record
from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.errors import InvalidArgumentError, house_message


def shape_message(dims: Any) -> Record:
    """Sizes as a message; None is an unknown rank, None among them an unknown size."""
    if dims is None:
        return Record(SHAPE, unknown_rank=True)
    return Record(
        SHAPE, dim=[Record(DIM, size=-1 if d is None else int(d)) for d in dims]
    )


def tensor_message(value: Any, dtype: DType) -> Record:
    """An array as a message."""
    array = np.asarray(value)
    record = Record(
        TENSOR, dtype=dtype.as_datatype_enum, tensor_shape=shape_message(array.shape)
    )
    if dtype is dtypes.string:
        record.string_val = [
            x if isinstance(x, bytes) else str(x).encode() for x in array.flat
        ]
        return record
    if dtype.numpy_dtype.kind == "O":
        raise InvalidArgumentError(
            house_message("TensorProto", "a constant cannot be written", dtype.name)
        )
    array = np.ascontiguousarray(array, dtype.numpy_dtype)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    record.tensor_content = array.tobytes()
    return record
