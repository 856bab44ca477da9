"""Ops on ragged rows in TensorFlow's graphs, on rillet's ragged tensors.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.tensor import Tensor
from rillet.saved_model.op_readers import reads
from rillet.saved_model.records import hosted, run_op
from rillet.saved_model.tensors import damaged


@reads("RaggedTensorToTensor")
def _to_tensor(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.ragged.tensor import RaggedTensor

    shape, values, default, *parts = inputs
    kinds = [k.decode("latin-1") for k in step.attrs.get("row_partition_types") or ()]
    if len(kinds) != len(parts) or not kinds:
        raise damaged("rows have no partition", step.name)
    if kinds[0] == "FIRST_DIM_SIZE":
        first, kinds, parts = parts[0], kinds[1:], parts[1:]
    else:
        first = None
    found: Any = values
    for depth in range(len(kinds) - 1, -1, -1):
        if kinds[depth] == "ROW_SPLITS":
            found = RaggedTensor.from_row_splits(found, parts[depth], validate=False)
            continue
        if kinds[depth] != "VALUE_ROWIDS" or depth or first is None:
            raise damaged("rows are parted in an unknown way", kinds[depth])
        found = RaggedTensor.from_value_rowids(
            found, parts[depth], nrows=first, validate=False
        )
    sizes = hosted(shape)
    if isinstance(sizes, Tensor) and shape.shape.rank != 0:
        return (_shaped(step, found, default, shape),)
    wanted = None
    if isinstance(sizes, list | tuple) and any(d != -1 for d in sizes):
        wanted = [None if d == -1 else d for d in sizes]
    return (found.to_tensor(default_value=default, shape=wanted),)


def _shaped(step: Any, rows: Any, default: Any, sizes: Any) -> Any:
    """Rows as a tensor of sizes that the model computes; -1 is the longest row's."""
    from rillet.ops.array import stack
    from rillet.ops.compare import less
    from rillet.ops.elementwise import maximum
    from rillet.ops.filling import zeros_like
    from rillet.ops.mask import where
    from rillet.ops.sizes import shape as size_of
    from rillet.ops.strided import slice_
    from rillet.ops.tiling import pad

    whole = rows.to_tensor(default_value=default)
    rank = whole.shape.rank
    if sizes.shape.as_list() != [rank] or default.shape.rank != 0:
        raise UnimplementedError(
            house_message(
                "SavedModel",
                f"{step.op} to a computed shape needs a size for each axis, and one"
                " value to fill up with",
                f"node '{step.name}' has sizes of shape {sizes.shape}, and values of"
                f" shape {default.shape}",
            )
        )
    held = size_of(whole, out_type=sizes.dtype)
    wanted = where(less(sizes, zeros_like(sizes)), held, sizes)
    more = maximum(wanted - held, zeros_like(held))
    rims = stack([zeros_like(more), more], axis=1)
    filled = pad(whole, rims, constant_values=default)
    return slice_(filled, zeros_like(wanted), wanted)


@reads("UnicodeDecode")
def _decode(reader: Any, step: Any, inputs: list[Any]) -> Any:
    splits, points, *_ = run_op("UnicodeDecodeWithOffsets", step.attrs, inputs)
    return splits, points


@reads("RaggedRange")
def _ranges(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.ragged.ranges import range as ranges

    kind = step.attrs.get("Tsplits") or dtypes.int64
    starts, limits, deltas = inputs
    found = ranges(starts, limits, deltas, row_splits_dtype=kind)
    return found.row_splits, found.values


@reads("RaggedGather")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.ragged.gathering import gather
    from rillet.ops.ragged.tensor import RaggedTensor

    *splits, values, indices = inputs
    rows = RaggedTensor.from_nested_row_splits(values, splits, validate=False)
    found = gather(rows, indices)
    return [*found.nested_row_splits, found.flat_values]
