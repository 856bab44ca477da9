"""`tf.sets`: the last axis of tensors as sets; their common and other elements.

Results are sparse tensors whose rows are in rising order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import INDEX, STRING, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define
from rillet.ops.sparse.places import (
    check_order,
    check_parts,
    flat_of,
    made,
    places_of,
    rank_of,
    sparse,
    sparse_specs,
)

Array = np.ndarray[Any, Any]
#: A table of rows: the shape of the leading axes, and the elements of each row.
Rows = tuple[tuple[int, ...], dict[int, Array]]
_KINDS = STRING | type_set(
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    dtypes.uint8,
    dtypes.uint16,
)


def _refused(rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("sets", rule, values))


def _dense_rows(x: Array) -> Rows:
    if x.ndim < 2:
        raise _refused(f"Shape {list(x.shape)} has rank {x.ndim} < 2")
    flat = x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
    return x.shape[:-1], dict(enumerate(flat))


def _sparse_rows(indices: Array, values: Array, shape: Array, validate: bool) -> Rows:
    check_parts("sets", indices, values, shape)
    if len(shape) < 2:
        raise _refused(f"Shape {shape.tolist()} has rank {len(shape)} < 2")
    if validate:
        check_order("sets", indices, shape)
    row = flat_of("sets", indices[:, :-1], shape[:-1])
    order = np.argsort(row, kind="stable")
    found, starts = np.unique(row[order], return_index=True)
    parts = np.split(values[order], starts[1:])
    return tuple(shape[:-1].tolist()), dict(zip(found.tolist(), parts, strict=False))


def _combined(
    a: Rows, b: Rows, operation: str, kind: Any
) -> tuple[Array, Array, Array]:
    if a[0] != b[0]:
        raise _refused(f"Mismatched shapes {list(a[0])} vs {list(b[0])}")
    none = np.zeros(0, kind)
    places, held, most = [], [], 0
    for row in sorted({*a[1], *b[1]}):
        one, other = a[1].get(row, none), b[1].get(row, none)
        if operation == "intersection":
            found = np.intersect1d(one, other)
        elif operation == "union":
            found = np.union1d(one, other)
        elif operation == "a-b":
            found = np.setdiff1d(one, other)
        else:
            found = np.setdiff1d(other, one)
        if len(found):
            places.append((row, len(found)))
            held.append(found)
            most = max(most, len(found))
    rows = np.array([r for r, n in places for _ in range(n)], np.int64)
    column = [k for _, n in places for k in range(n)]
    lead = places_of(rows, np.array(a[0], np.int64))
    indices = np.column_stack([lead, np.array(column, np.int64)])
    shape = np.array([*a[0], most], np.int64)
    return indices, np.concatenate([*held, none]).astype(kind), shape


def _dense_dense(
    a: Array, b: Array, set_operation: str, validate_indices: bool = True
) -> Any:
    return _combined(_dense_rows(a), _dense_rows(b), set_operation, a.dtype)


def _dense_sparse(
    a: Array,
    indices: Array,
    values: Array,
    shape: Array,
    set_operation: str,
    validate_indices: bool = True,
) -> Any:
    rows = _sparse_rows(indices, values, shape, validate_indices)
    return _combined(_dense_rows(a), rows, set_operation, a.dtype)


def _sparse_sparse(
    ai: Array,
    av: Array,
    a_shape: Array,
    bi: Array,
    bv: Array,
    b_shape: Array,
    set_operation: str,
    validate_indices: bool = True,
) -> Any:
    one = _sparse_rows(ai, av, a_shape, validate_indices)
    other = _sparse_rows(bi, bv, b_shape, validate_indices)
    return _combined(one, other, set_operation, av.dtype)


def _infer_dense(a: Spec, *rest: Spec, **attrs: Any) -> tuple[Spec, ...]:
    rank = None if a.shape is None else len(a.shape)
    return sparse_specs(rank, a.dtype)


_ATTRS = {"set_operation": "union", "validate_indices": True}
dense_dense_op: Op = define(
    "DenseToDenseSetOperation",
    types=(_KINDS, 0),
    kernel=_dense_dense,
    infer=_infer_dense,
    attrs=_ATTRS,
    outputs=3,
    quiet=False,
)
dense_sparse_op: Op = define(
    "DenseToSparseSetOperation",
    types=(_KINDS, INDEX, 0, INDEX),
    kernel=_dense_sparse,
    infer=_infer_dense,
    attrs=_ATTRS,
    outputs=3,
    quiet=False,
)
sparse_sparse_op: Op = define(
    "SparseToSparseSetOperation",
    types=(INDEX, _KINDS, INDEX, INDEX, 1, INDEX),
    kernel=_sparse_sparse,
    infer=lambda ai, av, shape, *rest, **attrs: sparse_specs(rank_of(shape), av.dtype),
    attrs=_ATTRS,
    outputs=3,
    quiet=False,
)


def _size(
    indices: Array, values: Array, shape: Array, validate_indices: bool = True
) -> Array:
    lead, rows = _sparse_rows(indices, values, shape, validate_indices)
    out = np.zeros(math.prod(lead), np.int32)
    for row, held in rows.items():
        out[row] = len(np.unique(held))
    return out.reshape(lead)


size_op: Op = define(
    "SetSize",
    types=(INDEX, _KINDS, INDEX),
    kernel=_size,
    infer=lambda indices, values, shape, **attrs: Spec(
        None if rank_of(shape) is None else (None,) * (rank_of(shape) - 1), dtypes.int32
    ),
    attrs={"validate_indices": True},
    quiet=False,
)


def size(a: Any, validate_indices: bool = True) -> Tensor:
    """How many different elements each set of a sparse tensor has.

    Args:
        a: a sparse tensor of rank 2 or more.
        validate_indices: whether to check that places are in order.

    Returns:
        int32, without the last axis.

    Raises:
        TypeError: where `a` is not sparse.

    Example:
        >>> import rillet as tf
        >>> sets = tf.sets.union([[1, 2], [3, 3]], [[2, 9], [3, 3]])
        >>> tf.sets.size(sets).numpy().tolist()
        [3, 1]
    """
    x = sparse("sets.size", a)
    found: Tensor = size_op.run(
        x.indices, x.values, x.dense_shape, validate_indices=validate_indices
    )
    return found


def _operation(name: str, a: Any, b: Any, operation: str, validate: bool) -> Any:
    first = a if isinstance(a, SparseTensor) else to_tensor(a)
    second = b if isinstance(b, SparseTensor) else to_tensor(b, hint=first.dtype)
    for label, x in (("a", first), ("b", second)):
        if x.dtype.numpy_dtype not in _KINDS or x.dtype is not first.dtype:
            raise TypeError(
                house_message(
                    f"sets.{name}",
                    f"'{label}' has invalid dtype `{x.dtype!r}` not in supported"
                    " dtypes, or not that of the other",
                    f"they are {_KINDS.names()}",
                )
            )
    if isinstance(first, SparseTensor) and not isinstance(second, SparseTensor):
        first, second = second, first
        operation = {"a-b": "b-a", "b-a": "a-b"}.get(operation, operation)
    attrs = {"set_operation": operation, "validate_indices": validate}
    if isinstance(first, SparseTensor):
        parts = [*first._flat_tensors(), *second._flat_tensors()]
        found = sparse_sparse_op.run(*parts, **attrs)
    elif isinstance(second, SparseTensor):
        found = dense_sparse_op.run(first, *second._flat_tensors(), **attrs)
    else:
        found = dense_dense_op.run(first, second, **attrs)
    lead = first.shape.as_list()[:-1] if first.shape.rank else None
    return made(found, TensorShape(None if lead is None else [*lead, None]))


def intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The elements that are in a set and in the other one, row by row.

    Args:
        a: a dense or sparse tensor of rank 2 or more, whose last axis are sets.
        b: another of the same leading sizes and type.
        validate_indices: whether to check that places are in order.

    Returns:
        A sparse tensor; each row in rising order.

    Raises:
        TypeError: where the type is neither string nor of integers.
        InvalidArgumentError: where leading sizes differ.

    Example:
        >>> import rillet as tf
        >>> tf.sets.intersection([[1, 2, 3]], [[3, 2, 9]]).values.numpy().tolist()
        [2, 3]
    """
    found: SparseTensor = _operation(
        "intersection", a, b, "intersection", validate_indices
    )
    return found


def union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The elements that are in a set or in the other one; see `intersection`.

    Example:
        >>> import rillet as tf
        >>> tf.sets.union([[1, 2, 3]], [[3, 2, 9]]).values.numpy().tolist()
        [1, 2, 3, 9]
    """
    found: SparseTensor = _operation("union", a, b, "union", validate_indices)
    return found


def difference(
    a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True
) -> SparseTensor:
    """The elements that are in one set and not in the other; see `intersection`.

    Args:
        a: a dense or sparse tensor of rank 2 or more, whose last axis are sets.
        b: another of the same leading sizes and type.
        aminusb: whether `b` is taken off `a`, else `a` off `b`.
        validate_indices: whether to check that places are in order.

    Returns:
        A sparse tensor; each row in rising order.

    Example:
        >>> import rillet as tf
        >>> tf.sets.difference([[1, 2, 3]], [[3, 2, 9]]).values.numpy().tolist()
        [1]
    """
    which = "a-b" if aminusb else "b-a"
    found: SparseTensor = _operation("difference", a, b, which, validate_indices)
    return found
