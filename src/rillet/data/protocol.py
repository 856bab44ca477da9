"""Messages as objects, with the ways of the protobuf package.

A class names its `Schema`; its objects take fields by name, hold lists and maps that
make their messages on first touch, and turn into bytes and back. `examples` defines
TensorFlow's with it.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Self, SupportsIndex

import numpy as np

from rillet.checkpoint.wire import Record, Schema, decode, encode
from rillet.core.errors import DataLossError


class DecodeError(ValueError):
    """Bytes that are no message of the kind."""


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(
            f"expected bytes, {type(value).__name__} found. Encode texts:"
            " 'text'.encode()"
        )
    return bytes(value)


def _float(value: Any) -> float:
    if np.ndim(value):
        raise TypeError(
            f"{value!r} has type {type(value).__name__}, but expected one of: float."
            " Give a flat list: array.reshape(-1)"
        )
    if isinstance(value, str | bytes):
        raise TypeError(f"must be real number, not {type(value).__name__}")
    number = float(value)
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _int(value: Any) -> int:
    if isinstance(value, np.bool_):
        value = bool(value)
    found = operator.index(value)
    if not -(1 << 63) <= found < 1 << 63:
        raise ValueError(f"Value out of range: {found}")
    return found


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "bytes": _bytes,
    "float": _float,
    "int": _int,
}


class Values(list[Any]):
    """A list of numbers or bytes that lets nothing else in.

    Args:
        check: gives a value as it is kept, or raises.
        touched: called when something is put in.
    """

    def __init__(self, check: Callable[[Any], Any], touched: Callable[[], None]):
        super().__init__()
        self._check = check
        self._touched = touched

    def append(self, value: Any) -> None:
        """Add a value."""
        self.extend([value])

    def extend(self, values: Iterable[Any]) -> None:
        """Add values."""
        try:
            items = iter(values)
        except TypeError:
            raise TypeError("must assign iterable: give a list of values") from None
        checked = [self._check(value) for value in items]
        super().extend(checked)
        self._touched()

    def insert(self, place: SupportsIndex, value: Any) -> None:
        """Put a value in at a place."""
        super().insert(place, self._check(value))
        self._touched()

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(place, slice):
            super().__setitem__(place, [self._check(v) for v in value])
        else:
            super().__setitem__(place, self._check(value))

    def __iadd__(self, values: Iterable[Any]) -> Self:  # type: ignore[misc]
        self.extend(values)
        return self

    MergeFrom = extend


class Messages(list[Any]):
    """A list of messages of one class.

    Args:
        kind: the class.
        touched: called when something is put in.
    """

    def __init__(self, kind: type[Message], touched: Callable[[], None]) -> None:
        super().__init__()
        self._kind = kind
        self._touched = touched

    def add(self, **fields: Any) -> Any:
        """Add a new message and return it."""
        made = self._kind(**fields)
        super().append(made)
        self._touched()
        return made

    def append(self, value: Any) -> None:
        """Add a copy of a message."""
        self.add().CopyFrom(value)

    def extend(self, values: Iterable[Any]) -> None:
        """Add copies of messages."""
        for value in values:
            self.append(value)


class Map:
    """Messages by their names; asking for one makes it.

    Args:
        kind: the messages' class.
        touched: called when one is made.
    """

    def __init__(self, kind: type[Message], touched: Callable[[], None]) -> None:
        self._kind = kind
        self._touched = touched
        self._held: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if not isinstance(key, str):
            raise TypeError(f"expected str, {type(key).__name__} found")
        if key not in self._held:
            self._held[key] = self._kind()
            self._touched()
        return self._held[key]

    get_or_create = __getitem__

    def __setitem__(self, key: str, value: Any) -> None:
        raise ValueError(
            "Message objects may not be assigned: write feature[key].CopyFrom(value)"
        )

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __eq__(self, other: object) -> bool:
        held = other._held if isinstance(other, Map) else other
        return self._held == held

    __hash__ = None  # type: ignore[assignment]

    def get(self, key: str, default: Any = None) -> Any:
        """The message of a name, or `default`."""
        return self._held.get(key, default)

    def keys(self) -> Any:
        """The names."""
        return self._held.keys()

    def values(self) -> Any:
        """The messages."""
        return self._held.values()

    def items(self) -> Any:
        """Names and messages."""
        return self._held.items()

    def __repr__(self) -> str:
        return repr(self._held)


class Message:
    """A message; subclasses name its schema, and its fields' classes.

    Args:
        **fields: values by name; messages, lists of them, dictionaries for maps.

    Raises:
        ValueError: where a field is unknown.
        TypeError: where a value is of another type.
    """

    _schema: ClassVar[Schema]
    #: The class of a field's messages, or of a map's.
    _kinds: ClassVar[dict[str, type[Message]]] = {}
    _maps: ClassVar[frozenset[str]] = frozenset()
    #: Fields of which only one is set.
    _one_of: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **fields: Any) -> None:
        self.__dict__["_set"] = {}
        self.__dict__["_touched"] = lambda: None
        for name, value in fields.items():
            if name not in self._schema.by_name:
                raise ValueError(
                    f'Protocol message {type(self).__name__} has no "{name}" field.'
                )
            if value is not None:
                self._take(name, value)

    def _take(self, name: str, value: Any) -> None:
        held = getattr(self, name)
        if name in self._maps:
            for key, item in value.items():
                held[key].CopyFrom(item)
        elif isinstance(held, list):
            held.extend(value)
        else:
            held.CopyFrom(value)

    def __getattr__(self, name: str) -> Any:
        field = type(self)._schema.by_name.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__} has no field {name}")
        held = self._set.get(name) or self.__dict__.get(f"_unset_{name}")
        if held is None:
            held = self._make(name, field)
            # Kept apart until something is put in: reading sets no field.
            self.__dict__[f"_unset_{name}"] = held
        return held

    def _make(self, name: str, field: Any) -> Any:
        def touched() -> None:
            self._mark(name)

        kind = self._kinds.get(name)
        if kind is None:
            return Values(_CHECKS[field.kind], touched)
        if name in self._maps:
            return Map(kind, touched)
        if field.repeated:
            return Messages(kind, touched)
        made = kind()
        made.__dict__["_touched"] = touched
        return made

    def _mark(self, name: str) -> None:
        """Say that a field is set now, and so is this message in the one above."""
        if name not in self._set:
            held = self.__dict__.pop(f"_unset_{name}", None)
            if name in self._one_of:
                for other in self._one_of:
                    self._set.pop(other, None)
            self._set[name] = (
                self._make(name, self._schema.by_name[name]) if held is None else held
            )
        self._touched()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._schema.by_name:
            raise AttributeError(f"{type(self).__name__} has no field {name}")
        raise AttributeError(
            f"Assignment not allowed to field {name!r} of {type(self).__name__}: use"
            " CopyFrom, append or extend"
        )

    def HasField(self, name: str) -> bool:
        """Whether a message is set."""
        return name in self._set

    def WhichOneof(self, group: str) -> str | None:
        """Which of the fields is set that exclude each other."""
        return next((name for name in self._one_of if name in self._set), None)

    def ClearField(self, name: str) -> None:
        """Unset a field."""
        self._set.pop(name, None)
        self.__dict__.pop(f"_unset_{name}", None)

    def Clear(self) -> None:
        """Unset all fields."""
        for name in self._schema.by_name:
            self.ClearField(name)

    def CopyFrom(self, other: Any) -> None:
        """Become a copy of another message of this class."""
        if type(other) is not type(self):
            raise TypeError(
                "Parameter to CopyFrom() must be instance of same class: expected"
                f" {type(self).__name__} got {type(other).__name__}."
            )
        if other is not self:
            data = other._record()
            self.Clear()
            self._fill(data)

    def MergeFrom(self, other: Any) -> None:
        """Take over what is set in another message; lists are joined."""
        self._fill(other._record())

    def _record(self) -> Record:
        record = Record(self._schema)
        for name, held in self._set.items():
            if name in self._maps:
                inner: Any = self._schema.by_name[name].kind
                rows = [(key, held[key]) for key in sorted(held)]
                record.values[name] = [
                    Record(inner, key=key, value=item._record()) for key, item in rows
                ]
            elif isinstance(held, Messages):
                record.values[name] = [item._record() for item in held]
            elif isinstance(held, Values):
                record.values[name] = list(held)
            else:
                record.values[name] = held._record()
        return record

    def _fill(self, record: Record) -> None:
        self._touched()
        for name, value in record.values.items():
            held = getattr(self, name)
            if name in self._maps:
                for row in value:
                    held[row.key].Clear()
                    held[row.key]._fill(row.value)
            elif isinstance(held, Messages):
                for row in value:
                    held.add()._fill(row)
            elif isinstance(held, Values):
                held.extend(value)
            else:
                held._fill(value)

    def SerializeToString(self, **kwargs: Any) -> bytes:
        """The message as bytes; maps in the order of their keys."""
        return encode(self._schema, self._record())

    SerializePartialToString = SerializeToString

    def ByteSize(self) -> int:
        """How many bytes the message has."""
        return len(self.SerializeToString())

    def MergeFromString(self, serialized: bytes) -> int:
        """Take over what bytes hold.

        Raises:
            DecodeError: where they are no such message.
        """
        try:
            record = decode(self._schema, serialized)
        except DataLossError as error:
            raise DecodeError(
                f"Error parsing message with type 'tensorflow.{type(self).__name__}':"
                f" {error.message}"
            ) from None
        self._fill(record)
        return len(serialized)

    def ParseFromString(self, serialized: bytes) -> int:
        """Become what bytes hold; see `MergeFromString`."""
        self.Clear()
        return self.MergeFromString(serialized)

    @classmethod
    def FromString(cls, serialized: bytes) -> Self:
        """The message that bytes hold; see `MergeFromString`."""
        made = cls()
        made.MergeFromString(serialized)
        return made

    def IsInitialized(self) -> bool:
        """Always true: no field is required."""
        return True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._record() == other._record()

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return type(self).FromString, (self.SerializeToString(),)

    def __deepcopy__(self, memo: Any) -> Self:
        return self.FromString(self.SerializeToString())

    def __repr__(self) -> str:
        return "".join(f"{line}\n" for line in _lines(self._record()))

    __str__ = __repr__


def _lines(record: Record) -> Iterator[str]:
    """A message in protobuf's text form."""
    for number in sorted(record.schema.by_number):
        field = record.schema.by_number[number]
        if not record.has(field.name):
            continue
        value = record.values[field.name]
        for item in value if field.repeated else [value]:
            if isinstance(item, Record):
                yield f"{field.name} {{"
                yield from (f"  {line}" for line in _lines(item))
                yield "}"
            else:
                yield f"{field.name}: {_shown(item)}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        plain = {34: '\\"', 39: "\\'", 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t"}
        out = (
            plain.get(b) or (chr(b) if 31 < b < 127 else f"\\{b:03o}") for b in value
        )
        return f'"{"".join(out)}"'
    if isinstance(value, float):
        short = f"{value:.6g}"
        exact = value != value or float(np.float32(short)) == value
        return short if exact else f"{value:.9g}"
    return str(value)
