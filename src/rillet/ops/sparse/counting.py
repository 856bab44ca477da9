"""`tf.sparse.bincount`: how often each number occurs, without the zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import INDEX, REAL, int32, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_parts,
    made,
    rank_of,
    refused,
    sparse_specs,
)

Array = np.ndarray[Any, Any]
_OP = "sparse.bincount"


def _counted(
    rows: Array,
    values: Array,
    weights: Array,
    count: int | None,
    minlength: int,
    maxlength: int,
    binary_output: bool,
) -> tuple[Array, Array, Array]:
    if values.size and values.min() < 0:
        raise refused(_OP, "Input values must all be non-negative", f"{values.min()}")
    weighted = weights.size > 0
    if weighted and weights.shape != values.shape:
        raise refused(
            _OP,
            "Weights and values must have the same shape",
            f"they have {list(weights.shape)} and {list(values.shape)}",
        )
    width = int(values.max(initial=-1)) + 1
    kept = np.ones(len(values), bool)
    if maxlength >= 0:
        kept = values < maxlength
        width = maxlength
    else:
        width = max(width, minlength)
    pairs = np.stack([rows[kept], values[kept].astype(np.int64)], 1)
    found, which = np.unique(pairs, axis=0, return_inverse=True)
    which = which.reshape(-1)
    out: Array
    if binary_output:
        out = np.ones(len(found), weights.dtype)
    elif weighted:
        out = np.zeros(len(found), weights.dtype)
        np.add.at(out, which, weights[kept])
    else:
        out = np.bincount(which, minlength=len(found)).astype(weights.dtype)
    if count is None:
        return found[:, 1:], out, np.array([width], np.int64)
    return found, out, np.array([count, width], np.int64)


def _dense(
    values: Array,
    weights: Array,
    minlength: int = -1,
    maxlength: int = -1,
    binary_output: bool = False,
) -> tuple[Array, Array, Array]:
    if values.ndim not in (1, 2):
        raise refused(
            _OP, "Input must be a 1 or 2-dimensional tensor", f"{list(values.shape)}"
        )
    if weights.size and weights.shape != values.shape:
        raise refused(
            _OP,
            "Weights and values must have the same shape",
            f"they have {list(weights.shape)} and {list(values.shape)}",
        )
    count = values.shape[0] if values.ndim == 2 else None
    rows = np.repeat(np.arange(count or 1), values.shape[-1])
    flat, held = values.reshape(-1), weights.reshape(-1)
    return _counted(rows, flat, held, count, minlength, maxlength, binary_output)


def _sparse(
    indices: Array,
    values: Array,
    shape: Array,
    weights: Array,
    minlength: int = -1,
    maxlength: int = -1,
    binary_output: bool = False,
) -> tuple[Array, Array, Array]:
    check_parts(_OP, indices, values, shape)
    check_bounds(_OP, indices, shape)
    count = int(shape[0]) if len(shape) == 2 else None
    rows = indices[:, 0] if count is not None else np.zeros(len(values), np.int64)
    return _counted(rows, values, weights, count, minlength, maxlength, binary_output)


_ATTRS = {"minlength": -1, "maxlength": -1, "binary_output": False}
dense_op: Op = define(
    "DenseCountSparseOutput",
    types=(INDEX, REAL),
    kernel=_dense,
    infer=lambda values, weights, **attrs: sparse_specs(
        None if values.shape is None else len(values.shape), weights.dtype
    ),
    attrs=_ATTRS,
    outputs=3,
    quiet=False,
)
sparse_op: Op = define(
    "SparseCountSparseOutput",
    types=(INDEX, INDEX, INDEX, REAL),
    kernel=_sparse,
    infer=lambda indices, values, shape, weights, **attrs: sparse_specs(
        rank_of(shape), weights.dtype
    ),
    attrs=_ATTRS,
    outputs=3,
    quiet=False,
)


@placed("sparse.bincount")
def bincount(
    values: Any,
    weights: Any = None,
    axis: int | None = 0,
    minlength: int | None = None,
    maxlength: int | None = None,
    binary_output: bool = False,
    name: str | None = None,
) -> SparseTensor:
    """How often each number occurs, as a sparse tensor.

    Args:
        values: integers, dense of rank 1 or 2, sparse or ragged.
        weights: what each counts for, of the same form; 1 where None.
        axis: 0 counts all, -1 each row for itself.
        minlength: the smallest size of the last axis.
        maxlength: its size; greater numbers are left out.
        binary_output: whether to give 1 for what occurs.
        name: ignored when eager.

    Returns:
        A sparse tensor: int32, or of the weights' type.

    Raises:
        ValueError: where `axis` is another.
        InvalidArgumentError: where a number is negative.

    Example:
        >>> import rillet as tf
        >>> x = tf.sparse.bincount([[1, 2, 2], [0, 0, 5]], axis=-1)
        >>> x.indices.numpy().tolist(), x.values.numpy().tolist()
        ([[0, 1], [0, 2], [1, 0], [1, 5]], [1, 2, 2, 1])
    """
    if axis not in (0, -1, None):
        raise ValueError(
            house_message(
                _OP,
                f"Unsupported value for argument axis={axis}. Only 0 and -1 are"
                " currently supported",
            )
        )
    attrs = {
        "minlength": -1 if minlength is None else int(minlength),
        "maxlength": -1 if maxlength is None else int(maxlength),
        "binary_output": binary_output,
    }
    none = Tensor(np.zeros(0, np.int32))
    x = _open(values)
    held = none if weights is None else _open(weights)
    if isinstance(x, SparseTensor):
        if axis != -1:
            x = x.values
            held = held.values if isinstance(held, SparseTensor) else held
        else:
            given = held.values if isinstance(held, SparseTensor) else held
            parts = [x.indices, _whole(x.values), x.dense_shape, given]
            found = sparse_op.run(*parts, **attrs)
            return made(found, TensorShape([None] * (x.shape.rank or 2)))
    if axis != -1:
        x = reshape(x, [-1])
        held = reshape(held, [-1])
    found = dense_op.run(_whole(x), held, **attrs)
    rank = x.shape.rank
    return made(found, TensorShape(None if rank is None else [None] * rank))


def _open(values: Any) -> Any:
    if isinstance(values, SparseTensor):
        return values
    if isinstance(values, CompositeTensor):
        return values.to_sparse()  # type: ignore[attr-defined]
    return to_tensor(values)


def _whole(x: Any) -> Any:
    return x if x.dtype in (int32, int64) else cast(x, int32)
