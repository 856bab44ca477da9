"""Arrays, shapes and types as messages, and messages as those.

The writers and readers of graphs, structures and objects call it. Messages may be
hostile: sizes are checked before memory is taken.
"""

from __future__ import annotations

import math
import threading
import weakref
from typing import Any

import numpy as np

from rillet.checkpoint.tensor_messages import shape_message as shape_message
from rillet.checkpoint.tensor_messages import tensor_message as tensor_message
from rillet.checkpoint.wire import Record
from rillet.core import dtypes
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import (
    DataLossError,
    UnimplementedError,
    house_message,
)

Array = np.ndarray[Any, Any]
#: Elements of a constant that stands in a file as one value.
_MOST = 1 << 26
#: Bytes that a few values may stand for, in all constants that are in use at a time;
#: small ones are not counted.
_ROOM = 1 << 30
_SMALL = 1 << 12
_MOST_AXES = 254
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int32": "int_val",
    "int16": "int_val",
    "int8": "int_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "qint8": "int_val",
    "quint8": "int_val",
    "qint16": "int_val",
    "quint16": "int_val",
    "qint32": "int_val",
}


def dims_of(message: Record) -> tuple[int | None, ...] | None:
    """The sizes in a message.

    Raises:
        DataLossError: where they are none.
    """
    if message.unknown_rank:
        return None
    dims = [None if d.size < 0 else d.size for d in message.dim]
    if len(dims) > _MOST_AXES or any(d is not None and d >= 1 << 62 for d in dims):
        raise damaged("a shape has impossible sizes", f"{len(dims)} axes")
    return tuple(dims)


def dtype_of(number: int) -> DType:
    """The type of a number in a file.

    Raises:
        UnimplementedError: where rillet has no such type.
    """
    # Numbers from 101 on are references of TensorFlow 1.
    plain = number - 100 if number > 100 else number
    try:
        return as_dtype(plain)
    except TypeError:
        raise UnimplementedError(
            house_message("SavedModel", "a tensor has an unknown type", f"{number}")
        ) from None


def damaged(what: str, values: str = "") -> DataLossError:
    """The error for a model whose files are damaged."""
    return DataLossError(
        house_message("SavedModel", f"the model is damaged: {what}", values)
    )


def array_of(message: Record) -> Array:
    """The array in a message.

    Raises:
        DataLossError: where its sizes and its bytes do not fit each other.
        UnimplementedError: where its type is unknown.
    """
    kind = dtype_of(message.dtype)
    dims = dims_of(message.tensor_shape)
    if dims is None or None in dims:
        raise damaged("a constant has no whole shape")
    sizes = [d or 0 for d in dims]
    count = math.prod(sizes)
    if kind is dtypes.string:
        return _texts(message.string_val, sizes, count)
    field = _FIELDS.get(kind.name)
    if field is None:
        raise UnimplementedError(
            house_message("SavedModel", "a constant's type cannot be read", kind.name)
        )
    given = kind.numpy_dtype
    if message.has("tensor_content") and message.tensor_content:
        content = message.tensor_content
        if len(content) != count * given.itemsize:
            raise damaged(
                "a constant's bytes do not fit its shape",
                f"{len(content)} bytes, shape {sizes}, {kind.name}",
            )
        return np.frombuffer(content, given).reshape(sizes)
    return _spread(_numbers(getattr(message, field), kind), sizes, count)


class _Room:
    """Memory that constants may take beyond what they take in their file."""

    def __init__(self) -> None:
        self._left = _ROOM
        self._lock = threading.RLock()  # what is given back may come in between

    def take(self, size: int) -> bool:
        """Whether so many bytes were left, which are taken then."""
        with self._lock:
            fits = size <= self._left
            self._left -= size * fits
        return fits

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._left += size


_room = _Room()


def _numbers(values: list[Any], kind: DType) -> Array:
    given = kind.numpy_dtype
    try:
        if kind.name in ("float16", "bfloat16"):
            return np.asarray([v & 0xFFFF for v in values], np.uint16).view(given)
        if kind.name in ("complex64", "complex128"):
            part = np.float32 if kind.name == "complex64" else np.float64
            return np.asarray(values[: len(values) // 2 * 2], part).view(given)
        if kind.name == "uint64":
            values = [v & 0xFFFFFFFFFFFFFFFF for v in values]
        return np.asarray(values, given)
    except (OverflowError, ValueError):
        raise damaged("a constant's numbers do not fit its type", kind.name) from None


def _spread(found: Array, sizes: list[int], count: int) -> Array:
    """Values in their shape; the last one stands for all that are missing."""
    if len(found) > count:
        raise damaged("a constant has too many values", f"{len(found)} for {sizes}")
    if len(found) == count:
        return found.reshape(sizes)
    if count > _MOST:
        raise damaged("a constant is impossibly large", f"shape {sizes}")
    if len(found) < 2:
        one = found[0] if len(found) else np.zeros((), found.dtype)
        return np.broadcast_to(one, sizes)  # one value in memory, too
    size = count * found.itemsize
    if size > _SMALL and not _room.take(size):
        raise damaged(
            "a few values of constants stand for far more", f"{len(found)} for {sizes}"
        )
    try:
        whole = np.full(count, found[-1], found.dtype)
    except MemoryError:
        _room.give(size * (size > _SMALL))
        raise
    if size > _SMALL:
        weakref.finalize(whole, _room.give, size).atexit = False
    whole[: len(found)] = found
    return whole.reshape(sizes)


def _texts(values: list[bytes], sizes: list[int], count: int) -> Array:
    if len(values) > count or count > _MOST:
        raise damaged("a constant has too many texts", f"{len(values)} for {sizes}")
    whole = np.empty(count, object)
    whole[:] = values[-1] if values else b""
    for i, value in enumerate(values):
        whole[i] = value
    return whole.reshape(sizes)
