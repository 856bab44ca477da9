"""Strings: case, length, parts, joining, and numbers as text and back.

In flow tensors of bytes; `tf.strings` shows these functions. Patterns stand in
`ops.regex`, hashes in `ops.string_hash`, encodings in `ops.unicode`.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import BOOL, INDEX, NUMERIC, STRING, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input, same_shape
from rillet.ops.string_rules import filled, mapped, not_allowed, texts

Array = np.ndarray[Any, Any]

_UNITS: Final = ("BYTE", "UTF8_CHAR")
_SPACES: Final = b" \t\n\v\f\r"
_NUMBERS: Final = ("float32", "float64", "int32", "int64", "uint32", "uint64")


def _checked_encoding(op: str, encoding: str) -> None:
    if encoding not in ("", "utf-8"):
        raise InvalidArgumentError(
            house_message(
                op,
                "only utf-8 or '' (no encoding) is supported",
                f"received {encoding}",
            )
        )


def _lower(x: Array, encoding: str = "") -> Array:
    _checked_encoding("strings.lower", encoding)
    if not encoding:
        return mapped(bytes.lower, x)
    return mapped(lambda v: v.decode("utf-8", "replace").lower().encode(), x)


def _upper(x: Array, encoding: str = "") -> Array:
    _checked_encoding("strings.upper", encoding)
    if not encoding:
        return mapped(bytes.upper, x)
    return mapped(lambda v: v.decode("utf-8", "replace").upper().encode(), x)


lower_op: Op = define(
    "StringLower",
    types=(STRING,),
    kernel=_lower,
    infer=same_as_input,
    attrs={"encoding": ""},
    quiet=False,
)
upper_op: Op = define(
    "StringUpper",
    types=(STRING,),
    kernel=_upper,
    infer=same_as_input,
    attrs={"encoding": ""},
    quiet=False,
)


def lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in lower case.

    Args:
        input: strings.
        encoding: ``"utf-8"`` to change every letter, ``""`` those of ASCII alone.
        name: ignored when eager.

    Returns:
        Strings in the same shape.

    Raises:
        InvalidArgumentError: for another encoding.

    Example:
        >>> import rillet as tf
        >>> tf.strings.lower("CamelCase").numpy()
        b'camelcase'
    """
    return lower_op.run(texts(input), encoding=encoding)


def upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in upper case; see `lower`."""
    return upper_op.run(texts(input), encoding=encoding)


strip_op: Op = define(
    "StringStrip",
    types=(STRING,),
    kernel=lambda x: mapped(lambda v: v.strip(_SPACES), x),
    infer=same_as_input,
    quiet=False,
)


def strip(input: Any, name: str | None = None) -> Tensor:
    """Strings without white space at both ends.

    Args:
        input: strings.
        name: ignored when eager.

    Returns:
        Strings in the same shape.

    Example:
        >>> import rillet as tf
        >>> tf.strings.strip(["  a b ", "c\\n"]).numpy().tolist()
        [b'a b', b'c']
    """
    return strip_op.run(texts(input))


def _characters(value: bytes) -> int:
    """How many characters a UTF-8 string has: the bytes that continue none."""
    return sum(1 for byte in value if byte & 0xC0 != 0x80)


def _length(x: Array, unit: str = "BYTE") -> Array:
    if unit not in _UNITS:
        raise not_allowed("strings.length", "unit", unit, _UNITS)
    return mapped(len if unit == "BYTE" else _characters, x, np.int32)


length_op: Op = define(
    "StringLength",
    types=(STRING,),
    kernel=_length,
    infer=same_shape(dtypes.int32),
    attrs={"unit": "BYTE"},
    quiet=False,
)


def length(input: Any, unit: str = "BYTE", name: str | None = None) -> Tensor:
    """How long strings are.

    Args:
        input: strings.
        unit: ``"BYTE"`` to count bytes, ``"UTF8_CHAR"`` characters.
        name: ignored when eager.

    Returns:
        Numbers, int32, in the same shape.

    Raises:
        InvalidArgumentError: for another unit.

    Example:
        >>> import rillet as tf
        >>> tf.strings.length(["abc", "né"], unit="UTF8_CHAR").numpy().tolist()
        [3, 2]
    """
    return length_op.run(texts(input), unit=unit)


def _infer_substr(x: Spec, pos: Spec, len: Spec, **attrs: Any) -> Spec:
    if x.shape is None or pos.shape is None or len.shape is None:
        return Spec(None, x.dtype)
    if pos.shape != len.shape and None not in (*pos.shape, *len.shape):
        raise InvalidArgumentError(
            house_message(
                "strings.substr",
                "pos and len should have the same shape",
                f"got {list(pos.shape)} vs. {list(len.shape)}",
            )
        )
    return Spec(broadcast_dims("strings.substr", x.shape, pos.shape), x.dtype)


def _substr(x: Array, pos: Array, len: Array, unit: str = "BYTE") -> Array:
    if unit not in _UNITS:
        raise not_allowed("strings.substr", "unit", unit, _UNITS)
    if pos.shape != len.shape:
        raise ValueError("pos and len should have the same shape")
    whole, starts, counts = np.broadcast_arrays(x, pos, len)
    rows = zip(
        whole.reshape(-1).tolist(),
        starts.reshape(-1).tolist(),
        counts.reshape(-1).tolist(),
        strict=True,
    )
    parts = [_part(i, *row, unit == "UTF8_CHAR") for i, row in enumerate(rows)]
    return filled(parts, whole.shape)


def _part(
    index: int, value: bytes, start: int, count: int, by_character: bool
) -> bytes:
    text: Any = value.decode("utf-8", "surrogateescape") if by_character else value
    if not -len(text) <= start <= len(text):
        raise InvalidArgumentError(
            house_message(
                "strings.substr",
                f"pos {start} out of range for string {value!r} at index {index}",
            )
        )
    start = start + len(text) if start < 0 else start
    part = text[start : start + count] if count >= 0 else text[start:]
    return part.encode("utf-8", "surrogateescape") if by_character else part


substr_op: Op = define(
    "Substr",
    types=(STRING, INDEX, 1),
    kernel=_substr,
    infer=_infer_substr,
    attrs={"unit": "BYTE"},
    quiet=False,
)


def substr(
    input: Any, pos: Any, len: Any, unit: str = "BYTE", name: str | None = None
) -> Tensor:
    """Parts of strings.

    Args:
        input: strings.
        pos: where each part starts; negative to count from the end. Its shape
            broadcasts with that of `input`.
        len: how long each part is at most, in the shape of `pos`.
        unit: ``"BYTE"`` to count bytes, ``"UTF8_CHAR"`` characters.
        name: ignored when eager.

    Returns:
        Strings.

    Raises:
        InvalidArgumentError: where a part starts outside its string.

    Example:
        >>> import rillet as tf
        >>> tf.strings.substr(["hello", "world"], 1, 3).numpy().tolist()
        [b'ell', b'orl']
    """
    return substr_op.run(texts(input), pos, len, unit=unit)


def _directive(
    x: Array, precision: int, scientific: bool, shortest: bool, width: int, fill: str
) -> str:
    """The format that `as_string` words its elements with, as in C."""

    def refuse(rule: str) -> InvalidArgumentError:
        return InvalidArgumentError(house_message("as_string", rule))

    kind = dtypes.FROM_NUMPY[x.dtype]
    fractional = kind.is_floating or kind.is_complex
    if len(fill) > 1:
        raise refuse("Fill string must be one or fewer characters")
    if fill not in ("", " ", "+", "-", "0", "#"):
        raise refuse(f'Fill argument not supported: "{fill}"')
    if scientific and shortest:
        raise refuse("Cannot select both scientific and shortest notation")
    if not fractional and (scientific or shortest):
        raise refuse(
            "scientific and shortest format not supported for datatype " + kind.name
        )
    if not fractional and precision >= 0:
        raise refuse(f"precision not supported for datatype {kind.name}")
    size = f"%{fill}{width if width > -1 else ''}"
    size += f".{precision}" if precision > -1 else ""
    if not fractional:
        return size + ("s" if kind is dtypes.string else "d")
    return size + ("e" if scientific else "g" if shortest else "f")


def _as_string(
    x: Array,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
) -> Array:
    form = _directive(x, precision, scientific, shortest, width, fill)
    # As in C, zeros fill up numbers only.
    other = form.replace("%0", "%", 1) if fill == "0" else form

    def shown(v: float) -> str:
        return (form if math.isfinite(v) else other) % v

    if x.dtype.kind == "b":
        return mapped(lambda v: b"true" if v else b"false", x)
    if x.dtype.kind == "c":
        return mapped(lambda v: f"({shown(v.real)},{shown(v.imag)})".encode(), x)
    if x.dtype.kind == "O":
        return mapped(lambda v: other.encode() % v, x)
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":
        x = x.astype(np.float32)
    return mapped(lambda v: shown(v).encode(), x)


as_string_op: Op = define(
    "AsString",
    types=(NUMERIC | BOOL | STRING,),
    kernel=_as_string,
    infer=same_shape(dtypes.string),
    attrs={
        "precision": -1,
        "scientific": False,
        "shortest": False,
        "width": -1,
        "fill": "",
    },
    quiet=False,
)


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Numbers as text.

    Args:
        input: a tensor of numbers, booleans or strings.
        precision: how many digits a fraction has; 6 by default.
        scientific: write floats with an exponent.
        shortest: write floats the shorter way of the two.
        width: how long a text is at least.
        fill: what fills it: ``"0"``, a space, or ``"-"`` to put the number left.
        name: ignored when eager.

    Returns:
        Strings in the same shape.

    Raises:
        InvalidArgumentError: for settings that do not go together or with the type.

    Example:
        >>> import rillet as tf
        >>> tf.strings.as_string([3.1415926, 2.71828], precision=2).numpy().tolist()
        [b'3.14', b'2.72']
    """
    return as_string_op.run(
        input,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill,
    )


def _number(value: bytes, kind: Any) -> Any:
    """One string as a number; None where it is none of that type."""
    text = value.strip(_SPACES)
    if b"_" in text:
        return None
    try:
        if kind.is_integer:
            number = int(text)
            return number if kind.min <= number <= kind.max else None
        if text.lower().lstrip(b"+-").startswith(b"0x"):
            return float.fromhex(text.decode("ascii"))
        return float(text)
    except (ValueError, UnicodeDecodeError):
        return None
    except OverflowError:
        return -np.inf if text.startswith(b"-") else np.inf


def _to_number(x: Array, out_type: Any) -> Array:
    kind = as_dtype(out_type)
    if kind.name not in _NUMBERS:
        raise InvalidArgumentError(
            house_message(
                "strings.to_number",
                f"Value for attr 'out_type' of {kind.name} is not in the list of"
                f" allowed values: {', '.join(_NUMBERS)}",
            )
        )

    def convert(value: bytes) -> Any:
        number = _number(value, kind)
        if number is None:
            shown = value.decode("utf-8", "replace")
            raise InvalidArgumentError(
                house_message(
                    "strings.to_number",
                    f"StringToNumberOp could not correctly convert string: {shown}",
                )
            )
        return number

    return mapped(convert, x, kind.numpy_dtype)


to_number_op: Op = define(
    "StringToNumber",
    types=(STRING,),
    kernel=_to_number,
    infer=lambda x, out_type: Spec(x.shape, as_dtype(out_type)),
    attrs={"out_type": dtypes.float32},
)


def to_number(
    input: Any, out_type: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """The numbers that strings hold.

    Args:
        input: strings; white space around a number does not matter.
        out_type: float32, float64, int32, int64, uint32 or uint64.
        name: ignored when eager.

    Returns:
        Numbers in the same shape.

    Raises:
        InvalidArgumentError: where a string holds no number of the type.

    Example:
        >>> import rillet as tf
        >>> tf.strings.to_number(["1.5", "2e3"]).numpy().tolist()
        [1.5, 2000.0]
    """
    return to_number_op.run(texts(input), out_type=as_dtype(out_type))
