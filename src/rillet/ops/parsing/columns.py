"""Columns of features: how values of many examples become one tensor, or several.

The kernels of `examples` and `sequences` read each example's values and call here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype, float32, int64, string
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import as_shape
from rillet.core.tensor import Tensor
from rillet.ops.host import is_symbolic
from rillet.ops.parsing.messages import Span, values

Array = np.ndarray[Any, Any]
KINDS = (float32, int64, string)


class Dense:
    """How a feature becomes a dense tensor.

    Args:
        key: its name.
        dtype: its type.
        shape: of one example; the first size is None where any number of rows may come.
        default: what a missing one is, or what pads; None where it must be there.

    Attributes:
        grows: whether any number of rows may come.
        row: the shape of a row, or of the whole where that is fixed.
    """

    __slots__ = ("default", "dtype", "grows", "key", "row", "shape")

    def __init__(
        self, key: str, dtype: DType, shape: tuple[int | None, ...], default: Any
    ) -> None:
        self.key = key
        self.dtype = dtype
        self.shape = shape
        self.default = default
        self.grows = bool(shape) and shape[0] is None
        dims = shape[1:] if self.grows else shape
        self.row: tuple[int, ...] = tuple([int(d or 0) for d in dims])


def kind_of(op: str, key: str, dtype: Any) -> DType:
    """The type of a feature.

    Raises:
        InvalidArgumentError: where no feature has it.
    """
    if dtype is None:
        raise ValueError(house_message(op, f"Missing type for feature {key}"))
    kind = as_dtype(dtype)
    if kind not in KINDS:
        raise InvalidArgumentError(
            house_message(
                op,
                f"the type of feature {key}, {kind.name}, is not in the list of allowed"
                " values: float32, int64, string",
                fix="Parse it as one of these and convert it with tf.cast",
            )
        )
    return kind


def fixed(op: str, key: str, feature: Any) -> Dense:
    """How a `FixedLenFeature` becomes a dense tensor."""
    kind = kind_of(op, key, feature.dtype)
    dims = as_shape(_shape_given(op, key, feature)).as_list()
    if dims and dims[0] is None:
        raise ValueError(
            house_message(
                op,
                f"First dimension of shape for feature {key} unknown",
                repr(feature),
                "Use tf.io.FixedLenSequenceFeature",
            )
        )
    _need_known(op, key, feature, dims)
    default = feature.default_value
    if default is not None:
        default = _default(op, key, default, kind)
        count = math.prod([d or 0 for d in dims])
        if default.shape != tuple(dims):
            if default.size != count:
                raise InvalidArgumentError(
                    house_message(
                        op,
                        f"the default value of feature {key} has another shape",
                        f"a tensor with {default.size} values, but the requested shape"
                        f" has {count}",
                    )
                )
            default = default.reshape(dims)
    return Dense(key, kind, tuple(dims), default)


def growing(op: str, key: str, feature: Any) -> Dense:
    """How a `FixedLenSequenceFeature` becomes a padded tensor."""
    kind = kind_of(op, key, feature.dtype)
    dims = as_shape(_shape_given(op, key, feature)).as_list()
    _need_known(op, key, feature, dims)
    default = feature.default_value
    if default is None:
        default = np.array(b"" if kind is string else 0, kind.numpy_dtype)
    else:
        default = _default(op, key, default, kind)
        if default.size != 1:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"the default value of feature {key} pads, so it is one element",
                    f"its shape is {list(default.shape)}",
                )
            )
        default = default.reshape(())
    return Dense(key, kind, (None, *dims), default)


def _need_known(op: str, key: str, feature: Any, dims: list[int | None]) -> None:
    if None in dims:
        raise ValueError(
            house_message(
                op,
                f"All dimensions of shape for feature {key} need to be known",
                repr(feature),
            )
        )


def _shape_given(op: str, key: str, feature: Any) -> Any:
    if feature.shape is None:
        raise ValueError(house_message(op, f"Missing shape for feature {key}"))
    return feature.shape


def _default(op: str, key: str, value: Any, kind: DType) -> Array:
    if is_symbolic(value):
        raise ValueError(
            house_message(
                op,
                f"the default value of feature {key} must be known when parsing begins",
                f"{value!r} gets its value when the function runs",
            )
        )
    if isinstance(value, Tensor):
        value = value._array
    found: Array = to_tensor(value, kind)._array
    return found


def read(
    op: str, data: bytes, span: Span | None, key: str, kind: DType, where: str
) -> Any:
    """The values of a feature, of the type that is wanted; None where it is missing.

    Raises:
        InvalidArgumentError: where they have another type.
    """
    if span is None:
        return None
    name, found = values(data, span)
    if found is None:
        return None
    if name != _short(kind):
        raise InvalidArgumentError(
            house_message(
                op,
                f"{where}Key: {key}. Data types don't match. Expected type:"
                f" {_short(kind)}, Actual type: {name}",
            )
        )
    return found


def _short(kind: DType) -> str:
    return "float" if kind is float32 else kind.name


def required(op: str, key: str, kind: DType, where: str) -> InvalidArgumentError:
    """The error for a feature that is missing."""
    return InvalidArgumentError(
        house_message(
            op,
            f"{where}Feature: {key} (data type: {_short(kind)}) is required but could"
            " not be found",
            fix="Give the feature a default_value, or write it into every example",
        )
    )


def joined(rows: list[Any], kind: DType) -> Array:
    """The values of all rows, one after another; a missing row has none."""
    if kind is string:
        texts = [text for row in rows if row is not None for text in row]
        out = np.empty(len(texts), object)
        out[:] = texts
        return out
    held = [row for row in rows if row is not None]
    return np.concatenate([*held, np.zeros(0, kind.numpy_dtype)])


def lengths(rows: list[Any]) -> Array:
    """How many values each row has."""
    return np.array([0 if row is None else len(row) for row in rows], np.int64)


def splits(counts: Array, dtype: Any = np.int64) -> Array:
    """Where rows begin and end among their joined values."""
    out = np.zeros(len(counts) + 1, dtype)
    np.cumsum(counts, out=out[1:])
    return out


def as_sparse(rows: list[Any], kind: DType) -> tuple[Array, Array, Array]:
    """Rows as places, values and shape of a sparse matrix."""
    counts = lengths(rows)
    ends = splits(counts)
    row = np.repeat(np.arange(len(rows)), counts)
    column = np.arange(int(ends[-1])) - ends[:-1][row]
    shape = np.array([len(rows), counts.max(initial=0)], np.int64)
    return np.stack([row, column], 1), joined(rows, kind), shape


def as_dense(op: str, rows: list[Any], column: Dense, places: list[str]) -> Array:
    """Rows as a dense tensor; missing ones have the default, short ones are padded."""
    count = math.prod(column.row)
    if column.grows:
        return _padded(op, rows, column, places, count)
    if all([row is not None and len(row) == count for row in rows]):
        return _whole(rows, column, count).reshape((len(rows), *column.row))
    out = np.empty((len(rows), count), column.dtype.numpy_dtype)
    for i, row in enumerate(rows):
        if row is None:
            if column.default is None:
                raise required(op, column.key, column.dtype, places[i])
            out[i] = column.default.reshape(-1)
        elif len(row) != count:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"{places[i]}Key: {column.key}. Number of"
                    f" {_short(column.dtype)} values != expected. Values size:"
                    f" {len(row)} but output shape: {list(column.shape)}",
                    fix="Use tf.io.VarLenFeature for features of many lengths",
                )
            )
        else:
            out[i] = row
    return out.reshape((len(rows), *column.row))


def as_one(op: str, row: Any, column: Dense) -> Array:
    """The values of a lone example as a dense tensor without a batch axis."""
    if row is None or column.grows or len(row) != math.prod(column.row):
        found: Array = as_dense(op, [row], column, [""])[0]
        return found
    out = np.empty(column.row, column.dtype.numpy_dtype)
    if column.row:
        out.reshape(-1)[:] = row
    else:
        out[()] = row[0]
    return out


def _whole(rows: list[Any], column: Dense, count: int) -> Array:
    """The values of rows that all have as many as they should."""
    kind = column.dtype.numpy_dtype
    if count == 1 and rows:
        rows = [[row[0] for row in rows]]
    if len(rows) == 1 or column.dtype is string:
        texts = rows[0] if len(rows) == 1 else [text for row in rows for text in row]
        out = np.empty(len(texts), kind)
        out[:] = texts
        return out
    return np.concatenate([*rows, np.zeros(0, kind)])


def _padded(
    op: str, rows: list[Any], column: Dense, places: list[str], stride: int
) -> Array:
    counts = lengths(rows)
    wrong = counts % stride if stride else counts
    if wrong.any():
        at = int(np.argmax(wrong != 0))
        raise InvalidArgumentError(
            house_message(
                op,
                f"{places[at]}Key: {column.key}. Number of {_short(column.dtype)}"
                f" values is not a multiple of stride length. Saw {counts[at]} values"
                f" but output shape is: {[None, *column.row]}",
            )
        )
    longest = int(counts.max(initial=0))
    out = np.full((len(rows), longest), column.default, column.dtype.numpy_dtype)
    for i, row in enumerate(rows):
        if row is not None and len(row):
            out[i, : len(row)] = row
    steps = longest // stride if stride else 0
    return out.reshape((len(rows), steps, *column.row))
