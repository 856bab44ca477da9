"""Examples in Protocol Buffers' JSON as the bytes of messages.

Source: protobuf.dev, ProtoJSON format; names are in camel case or as the messages have
them, 64-bit integers may be texts, bytes are base64. Numbers are written one by one, as
TensorFlow writes them.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import Any

from rillet.core.varints import bytes_field, varint

_KINDS = {
    "bytesList": 1,
    "bytes_list": 1,
    "floatList": 2,
    "float_list": 2,
    "int64List": 3,
    "int64_list": 3,
}
_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def example_of(value: Any) -> bytes:
    """A `tf.train.Example` message of what `json.loads` gave.

    Raises:
        ValueError: where it is none.
    """
    fields = _object(value, "Example", ("features",))
    if fields.get("features") is None:
        return b""
    features = _object(fields["features"], "Features", ("feature",))
    table = features.get("feature")
    if table is None:
        return bytes_field(1, b"")
    if not isinstance(table, dict):
        raise ValueError("feature: expected an object")
    entries = [
        bytes_field(1, bytes_field(1, key.encode()) + bytes_field(2, _feature(feature)))
        for key, feature in table.items()
    ]
    return bytes_field(1, b"".join(entries))


def _feature(value: Any) -> bytes:
    fields = _object(value, "Feature", tuple(_KINDS))
    given = {name: held for name, held in fields.items() if held is not None}
    if len(given) > 1:
        raise ValueError(f"Feature: only one of {sorted(given)} may be set")
    for name, held in given.items():
        inner = _object(held, name, ("value",))
        values = inner.get("value") or []
        if not isinstance(values, list):
            raise ValueError(f"{name}.value: expected a list")
        number = _KINDS[name]
        return bytes_field(number, (_texts, _floats, _integers)[number - 1](values))
    return b""


def _object(value: Any, name: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected an object, got {type(value).__name__}")
    for key in value:
        if key not in known:
            raise ValueError(f"{name}: no such field: {key!r}")
    return value


def _texts(values: list[Any]) -> bytes:
    out = []
    for value in values:
        if not isinstance(value, str):
            raise ValueError(f"bytes: expected base64, got {value!r}")
        plain = value.translate(str.maketrans("-_", "+/")).rstrip("=")
        try:
            data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except binascii.Error as error:
            raise ValueError(f"bytes: {error}") from None
        out.append(bytes_field(1, data))
    return b"".join(out)


def _floats(values: list[Any]) -> bytes:
    out = []
    for value in values:
        number = _NAMED.get(value) if isinstance(value, str) else value
        if number is None and isinstance(value, str):
            number = float(value)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"float: expected a number, got {value!r}")
        try:
            out.append(b"\x0d" + struct.pack("<f", number))
        except OverflowError:
            raise ValueError(f"float: out of range: {value!r}") from None
    return b"".join(out)


def _integers(values: list[Any]) -> bytes:
    out = []
    for value in values:
        if isinstance(value, bool) or (isinstance(value, float) and value % 1):
            raise ValueError(f"int64: expected a whole number, got {value!r}")
        if not isinstance(value, int | float | str):
            raise ValueError(f"int64: expected a number, got {value!r}")
        number = int(value)
        if not -(1 << 63) <= number < 1 << 63:
            raise ValueError(f"int64: out of range: {value!r}")
        out.append(b"\x08" + varint(number))
    return b"".join(out)
