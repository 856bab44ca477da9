"""Protocol-buffer messages as bytes: read with bounds, written by their tables.

A `Schema` lists a message's fields by number. `decode` makes a `Record` from bytes,
`encode` bytes from a record. Checkpoints and saved models call it; files may be
hostile, so lengths, nesting and varints are checked, and unknown fields are skipped.

Source: the encoding that developers.google.com/protocol-buffers/docs/encoding gives.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

from rillet.core.errors import DataLossError, house_message
from rillet.core.varints import bytes_field, varint

#: Messages in messages, at most.
_DEEPEST = 100
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_WIRES = {
    "int": _VARINT,
    "bool": _VARINT,
    "fixed32": _FOUR,
    "float": _FOUR,
    "fixed64": _EIGHT,
    "double": _EIGHT,
    "string": _LENGTH,
    "bytes": _LENGTH,
}
#: How a field's bytes are read; a number or a truth comes first.
_NUMBER, _TRUTH, _TEXT, _BYTES, _MESSAGE, _UNREAD, _FIXED = range(7)
_HOWS = {"int": _NUMBER, "bool": _TRUTH, "string": _TEXT, "bytes": _BYTES}
_PACKS = {
    "fixed32": struct.Struct("<I"),
    "float": struct.Struct("<f"),
    "fixed64": struct.Struct("<Q"),
    "double": struct.Struct("<d"),
}
_ZEROS: dict[str, Any] = {
    "int": 0,
    "bool": False,
    "fixed32": 0,
    "fixed64": 0,
    "float": 0.0,
    "double": 0.0,
    "string": "",
    "bytes": b"",
}


class Field:
    """One field of a message.

    Args:
        number: its number.
        name: its name.
        kind: ``int``, ``bool``, ``string``, ``bytes``, ``float``, ``double``,
            ``fixed32``, ``fixed64``; a `Schema`, or a function that gives it where
            messages hold one another.
        repeated: whether it is a list.
        presence: whether zero is written too, where it was set.
        later: whether its messages are read only when somebody asks for them.
    """

    __slots__ = ("number", "name", "_kind", "repeated", "wire", "presence", "later")

    def __init__(
        self,
        number: int,
        name: str,
        kind: str | Schema | Callable[[], Schema],
        repeated: bool = False,
        presence: bool = False,
        later: bool = False,
    ) -> None:
        self.later = later
        self.presence = presence
        self.number = number
        self.name = name
        self._kind = kind
        self.repeated = repeated
        self.wire = _WIRES[kind] if isinstance(kind, str) else _LENGTH

    @property
    def kind(self) -> str | Schema:
        """A scalar's name, or the message."""
        if not isinstance(self._kind, str | Schema):
            self._kind = self._kind()
        return self._kind


class Schema:
    """A message: its name and fields.

    Example:
        >>> tags = Field(2, "tags", "string", repeated=True)
        >>> point = Schema("Point", Field(1, "x", "int"), tags)
        >>> encode(point, Record(point, x=3, tags=["a"])).hex()
        '0803120161'
        >>> decode(point, bytes.fromhex("0803120161")).tags
        ['a']
    """

    __slots__ = ("name", "by_number", "by_name", "in_order", "_by_tag")

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        self.by_number = {f.number: f for f in fields}
        self.by_name = {f.name: f for f in fields}
        self.in_order = sorted(self.by_number.items())
        self._by_tag: dict[int, tuple[str, int, Any, bool]] | None = None

    @property
    def by_tag(self) -> dict[int, tuple[str, int, Any, bool]]:
        """For the tag of each field its name, how it is read, its kind, its repeats."""
        found = self._by_tag
        if found is None:
            found = self._by_tag = {
                f.number << 3 | f.wire: (f.name, _how(f), f.kind, f.repeated)
                for f in self.by_number.values()
            }
        return found


def _how(field: Field) -> int:
    if isinstance(field.kind, Schema):
        return _UNREAD if field.later else _MESSAGE
    return _HOWS.get(field.kind, _FIXED)


class Record:
    """The values of a message; fields that were not set have their zero.

    Args:
        schema: the message.
        **values: fields by name.
    """

    __slots__ = ("schema", "values")

    schema: Schema
    values: dict[str, Any]

    def __init__(self, schema: Schema, **values: Any) -> None:
        object.__setattr__(self, "schema", schema)
        object.__setattr__(self, "values", values)

    def __getattr__(self, name: str) -> Any:
        try:
            found = self.values[name]
            if type(found) is _Later:
                found = self.values[name] = found.read()
            return found
        except KeyError:
            field = self.schema.by_name.get(name)
        if field is None:
            raise AttributeError(f"{self.schema.name} has no field {name}")
        if field.repeated:
            return self.values.setdefault(name, [])
        kind = field.kind
        return Record(kind) if isinstance(kind, Schema) else _ZEROS[kind]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.schema.by_name:
            raise AttributeError(f"{self.schema.name} has no field {name}")
        self.values[name] = value

    def has(self, name: str) -> bool:
        """Whether a field was set."""
        return name in self.values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        if self.schema is not other.schema or self.values.keys() != other.values.keys():
            return False
        return all(getattr(self, name) == getattr(other, name) for name in self.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={getattr(self, k)!r}" for k in list(self.values))
        return f"{self.schema.name}({shown})"


class _Later:
    """A message, or a list of them, that nobody has asked for yet.

    Args:
        kind: what they are.
        data: the bytes that they lie in.
        depth: how deep they lie.
        repeated: whether it is a list.
    """

    __slots__ = ("_data", "_depth", "_kind", "_repeated", "places")

    def __init__(
        self, kind: Schema, data: bytes | memoryview, depth: int, repeated: bool
    ) -> None:
        self._kind = kind
        self._data = data
        self._depth = depth
        self._repeated = repeated
        #: Where each begins and ends.
        self.places: list[tuple[int, int]] = []

    def read(self) -> list[Record] | Record:
        """The messages, read; of one that comes more than once all in one."""
        kind, data, depth = self._kind, self._data, self._depth
        found = [_decode(kind, data, at, end, depth) for at, end in self.places]
        if self._repeated:
            return found
        for other in found[1:]:
            _merge(found[0], other)
        return found[0]


def damaged(what: str, values: str = "") -> DataLossError:
    """The error for bytes that are no such message."""
    return DataLossError(house_message("protobuf", what, values))


def read_varint(data: bytes | memoryview, at: int, end: int) -> tuple[int, int]:
    """An unsigned number of variable length.

    Args:
        data: what holds it.
        at: where it begins.
        end: where the data ends.

    Returns:
        The number, and where the next thing begins.

    Raises:
        DataLossError: where it is cut off or longer than 10 bytes.
    """
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise damaged("a number is longer than 10 bytes", f"at byte {at}")
    raise damaged("the bytes end inside a number", f"at byte {at}")


def decode(schema: Schema, data: bytes | memoryview) -> Record:
    """A message from bytes.

    Raises:
        DataLossError: where the bytes are no such message.
    """
    return _decode(schema, data, 0, len(data), 0)


def _decode(
    schema: Schema, data: bytes | memoryview, at: int, end: int, depth: int
) -> Record:
    if depth > _DEEPEST:
        raise damaged("messages are nested too deep", f"more than {_DEEPEST}")
    record = Record(schema)
    values, by_tag = record.values, schema.by_tag
    while at < end:
        # Most tags, lengths and numbers are one byte: a call for each of them would
        # take half the time.
        tag = data[at]
        if tag < 128:
            at += 1
        else:
            tag, at = read_varint(data, at, end)
        row = by_tag.get(tag)
        if row is None:
            at = _unusual(schema, values, tag, data, at, end)
            continue
        name, how, kind, repeated = row
        value: Any = 128
        if how != _FIXED and at < end:
            value = data[at]
        if value < 128:
            at += 1
        elif how != _FIXED:
            value, at = read_varint(data, at, end)
        else:
            value = _PACKS[kind].size
        if how > _TRUTH:
            begun, at = at, at + value
            if at > end:
                raise _cut(schema, begun)
            if how == _MESSAGE:
                value = _decode(kind, data, begun, at, depth + 1)
            elif how == _UNREAD:
                if name not in values:
                    values[name] = _Later(kind, data, depth + 1, repeated)
                values[name].places.append((begun, at))
                continue
            else:
                value = _scalar(kind, data[begun:at])
        elif how == _TRUTH:
            value = value != 0
        elif value >> 63:
            value -= 1 << 64
        if repeated:
            values.setdefault(name, []).append(value)
        elif how == _MESSAGE and name in values:
            _merge(values[name], value)
        else:
            values[name] = value
    return record


def _cut(schema: Schema, at: int) -> DataLossError:
    return damaged(f"the bytes end inside a {schema.name}", f"at byte {at}")


def _unusual(
    schema: Schema,
    values: Any,
    tag: int,
    data: bytes | memoryview,
    at: int,
    end: int,
) -> int:
    """Pass an unknown field, or read numbers that stand together."""
    wire, field = tag & 7, schema.by_number.get(tag >> 3)
    if wire == _VARINT:
        return read_varint(data, at, end)[1]
    if wire not in (_LENGTH, _EIGHT, _FOUR):
        raise damaged("a field is of an unknown kind", f"{wire} at byte {at}")
    length = 8 if wire == _EIGHT else 4
    if wire == _LENGTH:
        length, at = read_varint(data, at, end)
    begun, stop = at, at + length
    if stop > end:
        raise _cut(schema, begun)
    if wire == _LENGTH and field is not None and field.repeated:
        held = values.setdefault(field.name, [])
        held += _packed(field, data[begun:stop])
    return stop


def _merge(into: Record, other: Record) -> None:
    """A message that comes twice: the later fields win, lists are joined."""
    for name in list(other.values):
        value = getattr(other, name)
        held = getattr(into, name) if name in into.values else None
        if isinstance(value, list) and held is not None:
            held += value
        elif isinstance(value, Record) and held is not None:
            _merge(held, value)
        else:
            into.values[name] = value


def _from_varint(kind: str, number: int) -> Any:
    if kind == "bool":
        return number != 0
    return number - (1 << 64) if number >> 63 else number


def _scalar(kind: str, data: bytes | memoryview) -> Any:
    if kind == "bytes":
        return bytes(data)
    if kind == "string":
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError:
            raise damaged("a text is not UTF-8", repr(bytes(data[:40]))) from None
    return _PACKS[kind].unpack(data)[0]


def _packed(field: Field, data: bytes | memoryview) -> list[Any]:
    """A list of numbers that stand together."""
    kind = str(field.kind)
    if field.wire == _VARINT:
        found, at = [], 0
        while at < len(data):
            number, at = read_varint(data, at, len(data))
            found.append(_from_varint(kind, number))
        return found
    pack = _PACKS[kind]
    if len(data) % pack.size:
        raise damaged("packed numbers are cut off", f"{len(data)} bytes")
    return [row[0] for row in pack.iter_unpack(data)]


def encode(schema: Schema, record: Record) -> bytes:
    """A message as bytes: fields in the order of their numbers, zeros left out."""
    out: list[bytes] = []
    for _, field in schema.in_order:
        if field.name not in record.values:
            continue
        value = getattr(record, field.name)
        kind = field.kind
        if not field.repeated:
            given = field.presence or isinstance(kind, Schema)
            if given or value != _ZEROS[kind]:  # type: ignore[index]
                out += _field(field, kind, value)
        elif isinstance(kind, Schema):
            for item in value:
                out += _field(field, kind, item)
        else:
            out.append(list_bytes(field, value))
    return b"".join(out)


def list_bytes(field: Field, values: list[Any]) -> bytes:
    """A repeated field of scalars: numbers are packed."""
    kind = str(field.kind)
    number = field.number
    if kind == "bytes":
        return b"".join([bytes_field(number, x) for x in values])
    if kind == "string":
        return b"".join([bytes_field(number, x.encode()) for x in values])
    if not values:
        return b""
    pack = _PACKS.get(kind)
    if pack is None:
        body = b"".join([varint(int(x)) for x in values])
    else:
        body = struct.pack(f"<{len(values)}{pack.format[1:]}", *values)
    return bytes_field(number, body)


def _field(field: Field, kind: str | Schema, value: Any) -> Iterable[bytes]:
    tag = varint(field.number << 3 | field.wire)
    if isinstance(kind, Schema):
        body = encode(kind, value)
    elif kind == "string":
        body = value.encode()
    elif kind == "bytes":
        body = bytes(value)
    else:
        return tag, _bare(kind, value)
    return tag, varint(len(body)), body


def _bare(kind: str, value: Any) -> bytes:
    if kind in _PACKS:
        return _PACKS[kind].pack(value)
    return varint(int(value))
