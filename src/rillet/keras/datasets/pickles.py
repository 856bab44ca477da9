"""A restricted reader of pickles: integers, text, lists, dictionaries, NumPy's arrays.

Keras's IMDB and Reuters keep lists of integers in pickled object arrays, CIFAR keeps
pickled dictionaries. A pickle is a program; this module reads the bytes first and
refuses every instruction, name, length and memo slot that such data do not need, and
then lets Python's unpickler run it with stand-ins for NumPy's constructors. Nothing but
the stand-ins can be called. In: bytes. Out: plain objects and fresh arrays. `npz` and
`cifar` call it.
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from .refusals import RefusedFileError, refusal

_NUMERIC: Final = "biuf"
_MAX_RANK: Final = 8


def read_object_array(data: bytes, source: str) -> np.ndarray[Any, Any]:
    """Read one pickled object array of lists or arrays.

    Args:
        data: the pickle, as `numpy.save` writes it.
        source: the file's name, for error messages.

    Returns:
        An object array with the pickle's shape.

    Raises:
        ValueError: the pickle is damaged or holds anything else.

    Example:
        >>> import pickle
        >>> ragged = np.array([[1], [2, 3]], dtype=object)
        >>> read_object_array(pickle.dumps(ragged, 2), "ragged").tolist()
        [[1], [2, 3]]
    """
    value = read_pickle(data, source)
    if not isinstance(value, np.ndarray):
        raise refusal(source, "it holds no array", type(value).__name__)
    return value


def read_pickle(data: bytes, source: str, encoding: str = "ASCII") -> Any:
    """Read a pickle that need not be trusted.

    Args:
        data: the pickle, protocol 2 to 5.
        source: the file's name, for error messages.
        encoding: how Python 2's strings are read; `"bytes"` leaves them alone.

    Returns:
        Integers, text, bytes, None, tuples, lists, dictionaries and NumPy arrays.

    Raises:
        ValueError: the pickle is damaged or asks for anything else.

    Example:
        >>> import pickle
        >>> read_pickle(pickle.dumps({"labels": [1, 2]}, 4), "labels")
        {'labels': [1, 2]}
    """
    _check_instructions(data, source)
    try:
        return _finish(_Reader(data, source, encoding).load(), source)
    except RefusedFileError:
        raise
    except Exception as error:
        # A damaged pickle can raise almost anything, from IndexError to MemoryError.
        values = f"{type(error).__name__}: {error}"
        raise refusal(source, "its pickle is damaged", values) from None


# --- the instructions, before anything runs ------------------------------------------

# Instructions of a fixed length that only make data: a run of them is one match.
_PLAIN = re.compile(
    rb"(?s:[()\]}\x85\x86\x87\x88\x89\x93\x94NReabdltsu012]"
    rb"|[Kqh].|M..|[Jj]....|\x80[\x02-\x05])++"
)
# Instructions that say how many bytes follow, and the width of that number.
_COUNTED: Final = {
    **dict.fromkeys((b"C", b"U", b"\x8a", b"\x8c"), 1),
    **dict.fromkeys((b"B", b"T", b"X"), 4),
    **dict.fromkeys((b"\x8d", b"\x8e", b"\x96"), 8),
}
# Instructions that take memory for the number they name: a memo slot, a frame's length.
_RESERVING: Final = {b"r": 4, b"\x95": 8}
_LONG: Final = b"\x8a"
_LONGEST: Final = 9  # bytes of a 64-bit integer, with room for a sign
_GLOBAL = re.compile(rb"c[\w.]{1,80}\n[\w.]{1,80}\n")


def _check_instructions(data: bytes, source: str) -> None:
    """Walk the pickle's instructions without running them.

    The unpickler takes memory for the length or the memo slot that an instruction names
    before it looks whether the data are there; so those are compared with the data
    here.
    """
    at, end = 0, len(data)
    while at < end:
        run = _PLAIN.match(data, at) or _GLOBAL.match(data, at)
        if run:
            at = run.end()
            continue
        code = data[at : at + 1]
        if code == b".":
            return
        width = _COUNTED.get(code) or _RESERVING.get(code)
        if width is None:
            rule = "its pickle holds an instruction that data do not need"
            raise refusal(source, rule, f"{code!r} at byte {at}")
        number = int.from_bytes(data[at + 1 : at + 1 + width], "little")
        if number > end or (code == _LONG and number > _LONGEST):
            rule = "its pickle declares more than it can hold"
            raise refusal(source, rule, f"{number} at byte {at} of {end}")
        at += 1 + width + (number if code in _COUNTED else 0)
    raise refusal(source, "its pickle is cut short", f"{end} bytes")


# --- the stand-ins -------------------------------------------------------------------


class _DType:
    """What a pickle says of a dtype."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, align: Any = False, copy: Any = False) -> None:
        self.code = code.decode("ascii") if isinstance(code, bytes) else code
        self.order = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1]
        self.order = order.decode("ascii") if isinstance(order, bytes) else order
        if any(part is not None for part in state[2:5]):
            raise ValueError("a dtype with fields or a shape")

    def finish(self) -> np.dtype[Any]:
        if not isinstance(self.code, str) or self.order not in ("<", ">", "|", "="):
            raise ValueError("a dtype without a name")
        if self.code in ("O", "O8", "O4"):
            return np.dtype(object)
        dtype = np.dtype(self.code)
        if dtype.kind not in _NUMERIC:
            raise ValueError(f"dtype {self.code!r}, which is no number's")
        order: Any = self.order
        return dtype if order in "|=" else dtype.newbyteorder(order)


class _Array:
    """What a pickle says of an array, until `finish` makes it one."""

    __slots__ = ("array", "dtype", "fortran", "payload", "shape")

    def __init__(self) -> None:
        self.array: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, dtype, self.fortran, self.payload = state
        self.dtype: np.dtype[Any] = dtype.finish()
        plain = isinstance(self.shape, tuple) and len(self.shape) <= _MAX_RANK
        if not plain or any(type(n) is not int or n < 0 for n in self.shape):
            raise ValueError("an array whose shape is none")

    def finish(self, source: str) -> np.ndarray[Any, Any]:
        if self.array is None:
            make = self._objects if self.dtype.hasobject else self._numbers
            # The same array may stand in several places: it is made once.
            self.array = make(source)
        return self.array

    def _numbers(self, source: str) -> np.ndarray[Any, Any]:
        data = self.payload
        if isinstance(data, str):  # Python 2's bytes, read as text
            data = data.encode("latin-1")
        size = math.prod(self.shape) * self.dtype.itemsize
        if not isinstance(data, bytes | bytearray) or len(data) != size:
            rule = "an array's data do not fill its shape"
            raise refusal(source, rule, str(self.shape))
        flat = np.frombuffer(bytearray(data), self.dtype) if size else np.empty(0)
        flat = flat.astype(self.dtype, copy=False)
        return flat.reshape(self.shape, order="F" if self.fortran else "C")

    def _objects(self, source: str) -> np.ndarray[Any, Any]:
        items, count = self.payload, math.prod(self.shape)
        if type(items) is not list or len(items) != count:
            rule = "an array's items do not fill its shape"
            raise refusal(source, rule, str(self.shape))
        flat = np.empty(count, dtype=object)
        for i, item in enumerate(items):
            if type(item) is _Array and item.dtype.hasobject:
                rule = "object arrays stand inside one another"
                raise refusal(source, rule, str(self.shape))
            flat[i] = _finish(item, source)
        # NumPy writes objects row by row, whatever their order in memory.
        return flat.reshape(self.shape)


class _StandIn:
    """What a pickle receives for a name: it can be called, and nothing else."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any] | None) -> None:
        self._call = call

    def __call__(self, *args: Any) -> Any:
        if self._call is None:
            raise ValueError("a class that is called")
        return self._call(*args)

    def __setstate__(self, state: Any) -> None:
        # Without this the unpickler would set attributes of the stand-in itself.
        raise ValueError("a function that is given a state")


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    if kind is not _NDARRAY:
        raise ValueError("an array of a subclass")
    return _Array()


def _scalar(dtype: Any, data: Any = b"") -> Any:
    made = dtype.finish()
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if made.hasobject or len(raw) != made.itemsize:
        raise ValueError("a number of the wrong size")
    return np.frombuffer(raw, made)[0].item()


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    # How protocol 2 writes bytes.
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes that are not Latin-1")
    return text.encode("latin-1")


_NDARRAY: Final = _StandIn(None)
_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(_reconstruct),
    ("numpy._core.multiarray", "_reconstruct"): _StandIn(_reconstruct),
    ("numpy.core.multiarray", "scalar"): _StandIn(_scalar),
    ("numpy._core.multiarray", "scalar"): _StandIn(_scalar),
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _StandIn(_DType),
    ("_codecs", "encode"): _StandIn(_encode),
}


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, source: str, encoding: str) -> None:
        super().__init__(io.BytesIO(data), encoding=encoding)
        self._source = source

    def find_class(self, module: str, name: str, /) -> Any:
        stand_in = _ALLOWED.get((module, name))
        if stand_in is None:
            raise refusal(self._source, "its pickle asks for code", f"{module}.{name}")
        return stand_in


def _finish(value: Any, source: str) -> Any:
    """Turn stand-ins into arrays, at the places where data files keep them."""
    if isinstance(value, _Array):
        return value.finish(source)
    if isinstance(value, _DType | _StandIn):
        raise refusal(source, "its pickle names a thing that is no data", "")
    if type(value) is dict:
        return {key: _finish(held, source) for key, held in value.items()}
    return value
