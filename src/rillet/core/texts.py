"""Bytes and text, and the type tuples of `tf.compat`.

In flow strings of either kind, paths, dimensions; out flow plain Python values. The
callers are programs, through `rillet.compat`.
"""

from __future__ import annotations

import contextlib
import datetime
import numbers
import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape

bytes_or_text_types: Final = (bytes, str)
integral_types: Final = (numbers.Integral, np.integer)
real_types: Final = (numbers.Real, np.integer, np.floating)
complex_types: Final = (numbers.Complex, np.number)


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """A string as bytes.

    Args:
        bytes_or_text: `bytes`, `bytearray` or `str`.
        encoding: how text is written as bytes.

    Returns:
        The bytes.

    Raises:
        TypeError: where the value is no string.

    Example:
        >>> import rillet as tf
        >>> tf.compat.as_bytes("é"), tf.compat.as_text(b"ok")
        (b'\\xc3\\xa9', 'ok')
    """
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise _no_string("compat.as_bytes", bytes_or_text)


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """A string as text.

    Args:
        bytes_or_text: `bytes` or `str`.
        encoding: how the bytes are written.

    Returns:
        The text.

    Raises:
        TypeError: where the value is no string.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise _no_string("compat.as_text", bytes_or_text)


def as_str(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """The same as `as_text`."""
    return as_text(bytes_or_text, encoding)


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Any value as text: bytes decoded, all else through `str`."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """A path object as a string; other values as they are."""
    return as_str_any(os.fspath(path)) if hasattr(path, "__fspath__") else path


def _no_string(op: str, value: Any) -> TypeError:
    return TypeError(
        house_message(
            op,
            "Expected binary or unicode string",
            f"got {value!r} of type {type(value).__name__}",
        )
    )


def dimension_value(dimension: Any) -> Any:
    """A dimension's size; in TensorFlow 2 a size is a plain number already."""
    return dimension


def dimension_at_index(shape: Any, index: int) -> int | None:
    """The size at a place of a shape, None where it is not known."""
    shape = TensorShape(shape)
    size: int | None = None if shape.rank is None else shape[index]
    return size


# A date that old consumers of graphs are assumed to have been built at; nothing that
# rillet writes depends on it.
_HORIZON: Final = [datetime.date(2023, 11, 14)]


def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether consumers of graphs are newer than a date.

    Args:
        year: four digits.
        month: 1 to 12.
        day: 1 to 31.

    Returns:
        Whether the horizon lies after that date.
    """
    return _HORIZON[-1] > datetime.date(year, month, day)


@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """A ``with`` block in which `forward_compatible` reckons with another date."""
    _HORIZON.append(datetime.date(year, month, day))
    try:
        yield
    finally:
        _HORIZON.pop()
