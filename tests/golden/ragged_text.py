"""What an expression on ragged tensors gave, as plain values that JSON keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import ragged_rows


def outcome(row: str, tf: Any) -> Any:
    """The value of an expression, or the class of the error that it raised."""
    try:
        return told(eval(row, ragged_rows.values(tf)), tf)  # noqa: S307
    except Exception as error:
        return {"error": _class_of(error)}


_PUBLIC = frozenset(
    "ValueError TypeError IndexError NotImplementedError InvalidArgumentError".split()
)


def _class_of(error: Exception) -> str:
    """The nearest class of an error that programs know."""
    for kind in type(error).__mro__:
        if kind.__name__ in _PUBLIC:
            return kind.__name__
    return type(error).__name__


def told(value: Any, tf: Any) -> Any:
    """A value in lists, numbers and text."""
    if isinstance(value, tf.RaggedTensor):
        shape = value.shape.as_list()
        return {
            "ragged": _plain(value.to_list()),
            "dtype": value.dtype.name,
            "shape": shape,
            "splits": value.row_splits.dtype.name,
            "ranks": value.ragged_rank,
        }
    if isinstance(value, tf.Tensor):
        return {
            "tensor": _plain(value.numpy().tolist()),
            "dtype": value.dtype.name,
            "shape": value.shape.as_list(),
        }
    if isinstance(value, np.ndarray | np.generic):
        return {"array": _plain(value.tolist()), "dtype": str(value.dtype)}
    if isinstance(value, tf.TensorShape):
        return {"shape": value.as_list()}
    if isinstance(value, tf.DType):
        return {"type": value.name}
    if isinstance(value, list | tuple):
        return [told(v, tf) for v in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float):
        return repr(value) if value != value or abs(value) > 1e30 else value
    return value
