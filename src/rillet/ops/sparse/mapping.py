"""`tf.map_fn` over the rows of sparse tensors; `operators` signs it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import nest
from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64
from rillet.core.sparse_tensor import SparseTensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.filling import zeros_like
from rillet.ops.functional import map_fn
from rillet.ops.gather import gather
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import reshape as reshape_dense
from rillet.ops.sparse.cutting import slice_
from rillet.ops.sparse.moving import reshape
from rillet.ops.sparse.places import made


def row_of(x: SparseTensor, i: Any) -> SparseTensor:
    """One row of a sparse tensor, without the first axis.

    Args:
        x: a sparse tensor of rank 1 or more.
        i: the row's number, an int64 scalar.
    """
    place = reshape_dense(i, [1])
    rest = x.dense_shape[1:]
    one = to_tensor([1], int64)
    start = concat([place, zeros_like(rest)], 0)
    part = slice_(x, start, concat([one, rest], 0))
    row = reshape(part, rest)
    known = x.shape
    return made(row._flat_tensors(), None if known.rank is None else known[1:])


def map_sparse_fn(
    fn: Callable[..., Any], elems: Any, dtype: Any = None, **kwargs: Any
) -> Any:
    """`tf.map_fn` where a sparse tensor is among the elements."""
    flat = nest.flatten(elems)
    others = [x for x in flat if isinstance(x, CompositeTensor)]
    if not all(isinstance(x, SparseTensor) for x in others):
        return NotImplemented
    first: Any = others[0]
    signature = kwargs.pop("fn_output_signature", None) or dtype
    if signature is None:
        signature = nest.map_structure(lambda x: x.dtype, elems)

    def one(i: Any) -> Any:
        rows = [
            row_of(x, i) if isinstance(x, SparseTensor) else gather(x, i) for x in flat
        ]
        return fn(nest.pack_sequence_as(elems, rows))

    count = cast(first.dense_shape[0], int64)
    known = first.shape[0] if first.shape.rank else None
    places = range_(to_tensor(known, int64) if known is not None else count)
    return map_fn(one, places, fn_output_signature=signature, **kwargs)
