"""Where the elements of sparse tensors stand: checks, order, keys that compare rows.

Arrays flow in and out; the kernels of `ops.sparse` call.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.dtypes import int64
from rillet.core.errors import InvalidArgumentError, OperandTypeError, house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor

Array = np.ndarray[Any, Any]
_MOST = 1 << 62


def refused(
    op: str, rule: str, values: str = "", fix: str = ""
) -> InvalidArgumentError:
    """The error for values that break a rule."""
    return InvalidArgumentError(house_message(op, rule, values, fix))


def sparse(op: str, value: Any) -> SparseTensor:
    """A value as a sparse tensor.

    Raises:
        TypeError: where it is none.
    """
    if isinstance(value, SparseTensor):
        return value
    if isinstance(value, tuple) or hasattr(value, "dense_shape"):
        return SparseTensor.from_value(value)
    raise OperandTypeError(
        house_message(
            op,
            "Input must be a SparseTensor",
            f"got {type(value).__name__}",
            "Make one with tf.sparse.from_dense(x)",
        )
    )


def check_parts(op: str, indices: Array, values: Array, shape: Array) -> None:
    """Refuse components whose shapes do not fit."""
    count, rank = indices.shape if indices.ndim == 2 else (-1, -1)
    if indices.ndim != 2 or values.shape != (count,) or shape.shape != (rank,):
        raise refused(
            op,
            "indices (n, rank), values (n,) and the shape (rank,) must fit",
            f"their shapes are {list(indices.shape)}, {list(values.shape)} and"
            f" {list(shape.shape)}",
        )
    if (shape < 0).any():
        raise refused(op, "sizes are not negative", f"dense_shape is {shape.tolist()}")


def check_bounds(op: str, indices: Array, shape: Array) -> None:
    """Refuse places outside the tensor."""
    wrong = ((indices < 0) | (indices >= shape)).any(axis=1)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise refused(
            op,
            f"indices[{at}] = {_row(indices[at])} is out of bounds: need 0 <= index <"
            f" {_row(shape)}",
        )


def check_order(op: str, indices: Array, shape: Array) -> None:
    """Refuse places outside, out of row-major order, or named twice."""
    check_bounds(op, indices, shape)
    if len(indices) < 2:
        return
    steps = np.diff(indices, axis=0)
    moved = steps != 0
    first = np.argmax(moved, axis=1) if moved.shape[1] else np.zeros(len(steps), int)
    sign = (
        np.sign(np.take_along_axis(steps, first[:, None], 1)[:, 0])
        if (moved.shape[1])
        else np.zeros(len(steps))
    )
    if (sign <= 0).any():
        at = int(np.argmax(sign <= 0))
        again = sign[at] == 0
        raise refused(
            op,
            f"indices[{at + 1}] = {_row(indices[at + 1])} is"
            f" {'repeated' if again else 'out of order'}",
            fix=""
            if again
            else "Use tf.sparse.reorder to create a correctly ordered copy",
        )


def _row(row: Array) -> str:
    return "[" + ",".join(map(str, row.tolist())) + "]"


def order_of(indices: Array) -> Array:
    """What puts places into row-major order."""
    if not indices.shape[1]:
        return np.arange(len(indices))
    return np.lexsort(indices.T[::-1])


def size_of(shape: Array) -> int:
    """The number of elements of a tensor, exactly."""
    return math.prod(shape.tolist())


def flat_of(op: str, indices: Array, shape: Array) -> Array:
    """The number of each place in row-major order.

    Raises:
        InvalidArgumentError: where they do not fit into 64 bits.
    """
    if size_of(shape) >= _MOST:
        raise refused(op, "the tensor has too many elements", f"{shape.tolist()}")
    strides = np.ones(len(shape), np.int64)
    np.cumprod(shape[:0:-1], out=strides[:-1][::-1]) if len(shape) > 1 else None
    return (indices * strides).sum(axis=1)


def places_of(flat: Array, shape: Array) -> Array:
    """The places that numbers in row-major order stand for."""
    out = np.empty((len(flat), len(shape)), np.int64)
    rest = flat
    for axis in range(len(shape) - 1, -1, -1):
        size = max(int(shape[axis]), 1)
        out[:, axis] = rest % size
        rest = rest // size
    return out


def keys_of(*tables: Array) -> list[Array]:
    """Numbers, equal and in the order of places of several tensors of one rank."""
    whole = np.concatenate(tables)
    if whole.shape[1] == 0:
        found = np.zeros(len(whole), np.int64)
    elif whole.size == 0:
        found = np.zeros(0, np.int64)
    else:
        low = whole.min(axis=0)
        spans = whole.max(axis=0) - low + 1
        if math.prod(spans.tolist()) < _MOST:
            found = flat_of("sparse", whole - low, spans)
        else:
            _, found = np.unique(whole, axis=0, return_inverse=True)
            found = found.reshape(-1)
    ends = np.cumsum([len(t) for t in tables])[:-1]
    return list(np.split(found, ends))


def sparse_specs(rank: Any, kind: Any) -> tuple[Spec, Spec, Spec]:
    """What is known of the components of a result: nothing but rank and type."""
    return Spec((None, rank), int64), Spec((None,), kind), Spec((rank,), int64)


def rank_of(shape: Any) -> Any:
    """The rank that the spec of a `dense_shape` tells."""
    dims = getattr(shape, "shape", None)
    return dims[0] if dims else None


def made(parts: Any, shape: Any = None) -> SparseTensor:
    """Components as a sparse tensor, of a shape as far as it is known."""
    found = SparseTensor(*parts)
    if shape is not None and type(parts[2]) is not Tensor:
        found._known = found._known.merge_with(shape)
    return found


def told(tensor: Any, shape: Any) -> Any:
    """A tensor, of which a graph is told the shape."""
    if type(tensor) is not Tensor and hasattr(tensor, "spec"):
        tensor.set_shape(shape)
    return tensor
