"""GatherV2 and UnsortedSegmentSum: rows taken by index, and rows summed back.

Each is the other's gradient, so both stand here. `tf.gather`, embeddings, masks and
`IndexedSlices` are made of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.dtypes import ANY, INDEX, NUMERIC, int16, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.shapes import Dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import gathering_loops, moving_loops
from rillet.ops.array import stack
from rillet.ops.compare import greater_equal_op
from rillet.ops.elementwise import add_op, cast, maximum_op
from rillet.ops.host import integer
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import transpose_op
from rillet.ops.zero_safe import mul_no_nan_op

Array = np.ndarray[Any, Any]

#: The types of indices that gathers take.
INDICES = INDEX | type_set(int16)

_UNSIGNED: dict[Any, Any] = {
    np.dtype(np.int32): np.uint32,
    np.dtype(np.int16): np.uint16,
}


def _gather_shape(
    p: Dims, i: Dims, axis: int, batch_dims: int
) -> tuple[int, int, Dims]:
    """Axis and batch dimensions from the front, and the result's sizes."""
    rank = len(p)
    if not rank:
        raise _refused("params must be at least 1 dimensional", "params is a scalar")
    if not -rank <= axis < rank:
        need = axis + 1 if axis >= 0 else -axis
        raise _refused(
            f"Shape must be at least rank {need} but is rank {rank}",
            f"axis={axis}, params has shape {list(p)}",
            f"Axes run from {-rank} to {rank - 1}",
        )
    at = axis % rank
    batch = batch_dims + len(i) if batch_dims < 0 else batch_dims
    if not 0 <= batch <= len(i) or batch > at:
        raise _refused(
            "batch_dims must be in the ranks of indices and at most axis",
            f"batch_dims={batch_dims}, axis={axis}, params has shape {list(p)},"
            f" indices {list(i)}",
        )
    for d in range(batch):
        if p[d] != i[d] and None not in (p[d], i[d]):
            raise _refused(
                f"params.shape[{d}]: {p[d]} should be equal to indices.shape[{d}]:"
                f" {i[d]}",
                f"batch_dims={batch_dims}",
            )
    return at, batch, p[:at] + i[batch:] + p[at + 1 :]


def _refused(rule: str, values: str, fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("gather", rule, values, fix))


def _infer_gather(params: Spec, indices: Spec, axis: Any, batch_dims: int = 0) -> Spec:
    if params.shape is None or indices.shape is None or isinstance(axis, Spec):
        return Spec(None, params.dtype)
    return Spec(
        _gather_shape(params.shape, indices.shape, axis, batch_dims)[2], params.dtype
    )


def check_indices(op: str, indices: Array, size: int) -> None:
    """Refuse indices that are not in [0, size), in TensorFlow's words."""
    wrong = (indices < 0) | (indices >= size)
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        shown = ",".join(str(int(p)) for p in place)
        raise InvalidArgumentError(
            house_message(
                op,
                f"indices[{shown}] = {int(indices[place])} is not in [0, {size})"
                if indices.ndim
                else f"indices = {int(indices[()])} is not in [0, {size})",
                f"indices have shape {list(indices.shape)}",
            )
        )


def take(x: Array, indices: Array, axis: int) -> Any:
    """`np.take` without negative indices, of which NumPy counts from the end."""
    unsigned = _UNSIGNED.get(indices.dtype)
    try:
        if unsigned is not None:
            found: Any = x.take(indices.view(unsigned), axis)
        else:
            if indices.size and indices.min() < 0:
                raise IndexError("negative")
            found = x.take(indices, axis)
    except IndexError:
        if not 0 <= axis < x.ndim:
            raise
        shape = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
        if 0 in shape:  # nothing is read
            return np.empty(shape, x.dtype)
        check_indices("gather", indices, x.shape[axis])
        raise
    if type(found) is not np.ndarray:
        return _scalar(found, x.dtype)
    return found


def _scalar(value: Any, dtype: Any) -> Array:
    out = np.empty((), dtype)
    out[()] = value
    return out


def _gather(params: Array, indices: Array, axis: int, batch_dims: int = 0) -> Any:
    if batch_dims == 0 and axis >= 0 and params.ndim:
        return take(params, indices, axis)
    at, batch, _ = _gather_shape(params.shape, indices.shape, axis, batch_dims)
    if batch == 0:
        return take(params, indices, at)
    size = params.shape[at]
    check_indices("gather", indices, size)
    lead = _count(params.shape[:batch])
    between = _count(params.shape[batch:at])
    rows = params.reshape(lead, between, size, _count(params.shape[at + 1 :]))
    flat = indices.reshape(lead, 1, _count(indices.shape[batch:]))
    found = rows[
        np.arange(lead)[:, None, None], np.arange(between)[None, :, None], flat
    ]
    return found.reshape(
        (*params.shape[:at], *indices.shape[batch:], *params.shape[at + 1 :])
    )


def _count(sizes: Any) -> int:
    total = 1
    for d in sizes:
        total *= d
    return total


def _grad_gather(
    g: Any, y: Any, params: Any, indices: Any, axis: Any, batch_dims: int = 0
) -> Any:
    dims = static_dims(params)
    at = axis % len(dims)
    ids = static_dims(indices)
    batch = batch_dims % len(ids) if batch_dims < 0 else batch_dims
    if at == 0:
        values = reshape_op(g, (_size(ids), *dims[1:]))
        return IndexedSlices(
            values, reshape_op(indices, (_size(ids),)), indexed_shape(dims)
        )
    lead, between, size = _count(dims[:batch]), _count(dims[batch:at]), dims[at]
    count, inner = _count(ids[batch:]), _count(dims[at + 1 :])
    if batch:
        steps = np.arange(lead, dtype=np.int64).reshape(
            (lead,) + (1,) * (len(ids) - batch)
        )
        shape = ids[:batch] + (1,) * (len(ids) - batch)
        offsets = Tensor(steps.reshape(shape) * size)
        indices = add_op(cast(indices, "int64"), offsets)
    g = reshape_op(g, (lead, between, count, inner))
    g = reshape_op(transpose_op(g, (0, 2, 1, 3)), (lead * count, between, inner))
    out = unsorted_segment_sum_op(g, reshape_op(indices, (lead * count,)), lead * size)
    out = transpose_op(reshape_op(out, (lead, size, between, inner)), (0, 2, 1, 3))
    return reshape_op(out, dims)


def _size(dims: Any) -> int:
    """How many elements; -1, for Reshape to find out, where a size is unknown."""
    return -1 if None in dims else _count(dims)


def indexed_shape(dims: Any) -> Any:
    """The shape that `IndexedSlices` of a tensor of sizes `dims` carry."""
    if None in dims:
        return None
    if any(isinstance(d, Tensor) for d in dims):
        return stack([cast(d, "int32") for d in dims])
    return Tensor(np.array(dims, np.int32))


gather_op: Op = define(
    "GatherV2",
    types=(ANY, INDICES, None),
    kernel=_gather,
    infer=_infer_gather,
    grad=(_grad_gather, None, None),
    attrs={"batch_dims": 0},
    quiet=False,
    lower=moving_loops.gather,
)


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Tensor:
    """Slices of `params` along an axis, chosen by index.

    Args:
        params: any tensor of rank 1 or more.
        indices: integers of any shape, in ``[0, params.shape[axis])``.
        validate_indices: ignored; indices are always checked.
        axis: the axis to take from; `batch_dims` where None.
        batch_dims: how many leading axes `params` and `indices` share.
        name: ignored when eager.

    Returns:
        A tensor of shape ``params.shape[:axis] + indices.shape[batch_dims:] +
        params.shape[axis + 1:]``. Its gradient is `IndexedSlices` for axis 0.

    Raises:
        InvalidArgumentError: where an index lies outside.

    Example:
        >>> import rillet as tf
        >>> tf.gather(["p0", "p1", "p2"], [2, 0]).numpy().tolist()
        [b'p2', b'p0']
    """
    if axis is None:
        axis = batch_dims
    elif type(axis) is not int:
        axis = integer("gather", "axis", axis)
    # As in TensorFlow, whole rows (axis 0) are taken whatever batch_dims says.
    if batch_dims and axis != 0:
        return gather_op(params, indices, axis, batch_dims=int(batch_dims))
    return gather_op.run(params, indices, axis)


def infer_unsorted(data: Spec, segment_ids: Spec, num_segments: Any) -> Spec:
    """The shape that segments have; words the errors of shapes that do not fit."""
    count = None if isinstance(num_segments, Spec) else num_segments
    if count is not None and count < 0:
        raise _segments(f"Input num_segments == {count} must not be negative", "")
    if data.shape is None or segment_ids.shape is None:
        return Spec(None, data.dtype)
    rank = len(segment_ids.shape)
    head = data.shape[:rank]
    if len(head) < rank or any(
        a != b and None not in (a, b)
        for a, b in zip(head, segment_ids.shape, strict=True)
    ):
        raise _segments(
            f"data.shape = {list(data.shape)} does not start with segment_ids.shape ="
            f" {list(segment_ids.shape)}",
            "a segment id a row",
        )
    return Spec((count, *data.shape[rank:]), data.dtype)


def _segments(rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message("unsorted_segment", rule, values))


def flat_segments(
    data: Array, segment_ids: Array, num_segments: int
) -> tuple[Array, Array]:
    """Rows, one a segment id, without those of negative ids, which count nowhere."""
    shape = segment_ids.shape
    if data.shape[: len(shape)] != shape:
        raise ValueError("segment_ids do not fit the data")
    rest = data.shape[len(shape) :]
    rows = data.reshape(segment_ids.size, *rest)
    ids = segment_ids.reshape(-1)
    if ids.size:
        if int(ids.max()) >= num_segments:
            at = np.unravel_index(int(np.argmax(segment_ids >= num_segments)), shape)
            shown = ",".join(str(int(p)) for p in at)
            raise _segments(
                f"segment_ids[{shown}] = {int(segment_ids[at])} is out of range"
                f" [0, {num_segments})",
                f"num_segments={num_segments}",
            )
        if int(ids.min()) < 0:
            kept = ids >= 0
            rows, ids = rows[kept], ids[kept]
    return rows, ids


#: How many elements `combine_rows` gives indices at a time: they stay in cache.
_AT_ONCE = 1 << 15


def combine_rows(rows: Array, ids: Array, out: Array, how: Any) -> None:
    """Write rows into a fresh array by a ufunc, rows of one place all of them.

    Args:
        rows: shape ``(n, ...)``.
        ids: the row of `out` that each one meets, shape ``(n,)``.
        out: contiguous, shape ``(m, ...)``; changed in place.
        how: `np.add`, `np.subtract`, `np.multiply`, `np.minimum` or `np.maximum`.
    """
    if not rows.size:
        return
    inner = rows.size // len(rows)
    flat = out.reshape(-1)
    if inner == 1:
        how.at(flat, ids, rows.reshape(-1))
        return
    # A ufunc's `at` is fast on vectors alone, so elements get indices of their own.
    step = max(1, _AT_ONCE // inner)
    starts = ids.astype(np.int64) * inner
    columns = np.arange(inner)
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        places = (starts[part, None] + columns).reshape(-1)
        how.at(flat, places, rows[part].reshape(-1))


def _unsorted_segment_sum(data: Array, segment_ids: Array, num_segments: int) -> Array:
    rows, ids = flat_segments(data, segment_ids, num_segments)
    narrow = data.dtype.itemsize == 2 and data.dtype.kind in "fV"
    out = np.zeros(
        (num_segments, *rows.shape[1:]), np.float32 if narrow else data.dtype
    )
    combine_rows(rows.astype(np.float32) if narrow else rows, ids, out, np.add)
    return out.astype(data.dtype) if narrow else out


def gather_or_zero(g: Any, segment_ids: Any) -> Any:
    """Rows of `g` by segment id; zeros for negative ids."""
    zero = Tensor(np.zeros((), segment_ids.dtype.numpy_dtype))
    safe = maximum_op(segment_ids, zero)
    rows = gather_op(g, safe, 0)
    if type(segment_ids) is Tensor and segment_ids._array.size:
        if segment_ids._array.min() >= 0:
            return rows
    extra = len(rows.shape) - len(segment_ids.shape)
    kept = cast(greater_equal_op(segment_ids, zero), rows.dtype)
    kept = reshape_op(kept, (*static_dims(segment_ids), *(1,) * extra))
    return mul_no_nan_op(rows, kept)


unsorted_segment_sum_op: Op = define(
    "UnsortedSegmentSum",
    types=(NUMERIC, INDICES, None),
    kernel=_unsorted_segment_sum,
    infer=infer_unsorted,
    grad=(
        lambda g, y, data, segment_ids, num_segments: gather_or_zero(g, segment_ids),
        None,
        None,
    ),
    lower=gathering_loops.unsorted_segments("sum"),
)


def _densify(slices: IndexedSlices) -> Tensor:
    """The whole tensor that `IndexedSlices` stand for."""
    if slices.dense_shape is None:
        raise ValueError(
            house_message(
                "IndexedSlices",
                "Tensor conversion requested for IndexedSlices without dense_shape",
                f"values have shape {slices.values.shape}",
                "Give dense_shape=",
            )
        )
    count = integer("IndexedSlices", "dense_shape[0]", slices.dense_shape[0])
    return unsorted_segment_sum_op(slices.values, slices.indices, count)


context.register_service("ops.densify", _densify)
