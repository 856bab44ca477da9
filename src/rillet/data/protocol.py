"""Messages as objects, with the ways of the protobuf package.

A class names its `Schema`; its objects take fields by name, hold lists and maps that
make their messages on first touch, and turn into bytes and back. A copy is kept as
bytes until somebody looks into it: most are only written. `examples` defines
TensorFlow's messages with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from rillet.checkpoint.wire import Record, Schema, decode, list_bytes
from rillet.core.errors import DataLossError
from rillet.core.varints import bytes_field
from rillet.data.protocol_fields import CHECKS, Map, Messages, Values


class DecodeError(ValueError):
    """Bytes that are no message of the kind."""


def _nobody() -> None:
    """What a message calls that is in no other one."""


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
        self.__dict__["_touched"] = _nobody
        for name, value in fields.items():
            if name not in self._schema.by_name:
                raise ValueError(
                    f'Protocol message {type(self).__name__} has no "{name}" field.'
                )
            if value is not None:
                self._take(name, value)

    @classmethod
    def _of_bytes(cls, data: bytes, touched: Callable[[], Any]) -> Self:
        """A message that reads its bytes, which are valid, when somebody looks."""
        made = cls.__new__(cls)
        made.__dict__["_bytes"] = data
        made.__dict__["_touched"] = touched
        return made

    def _read_bytes(self) -> dict[str, Any]:
        """Read the bytes that this is a copy of; the fields."""
        own = self.__dict__
        found: dict[str, Any] = {}
        data = own.pop("_bytes")
        own["_set"] = found
        # Looking into a field is no change of the message above.
        touched, own["_touched"] = own["_touched"], _nobody
        self._fill(decode(self._schema, data))
        own["_touched"] = touched
        return found

    def _take(self, name: str, value: Any) -> None:
        kind = self._kinds.get(name)
        if kind is not None and type(value) is kind and name not in self._maps:
            if not self._schema.by_name[name].repeated:
                data = value.SerializeToString()
                self._mark(name, kind._of_bytes(data, partial(self._mark, name)))
                return
        held = getattr(self, name)
        if name in self._maps:
            for key, item in value.items():
                if kind is None or type(item) is not kind:
                    held[key].CopyFrom(item)
                else:
                    held.put(key, kind._of_bytes(item.SerializeToString(), _nobody))
        elif isinstance(held, list):
            held.extend(value)
        else:
            held.CopyFrom(value)

    def __getattr__(self, name: str) -> Any:
        if name == "_set" and "_bytes" in self.__dict__:
            return self._read_bytes()
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
        touched = partial(self._mark, name)
        kind = self._kinds.get(name)
        if kind is None:
            return Values(CHECKS[field.kind], touched)
        if name in self._maps:
            return Map(kind, touched)
        if field.repeated:
            return Messages(kind, touched)
        made = kind()
        made.__dict__["_touched"] = touched
        return made

    def _mark(self, name: str, given: Any = None) -> None:
        """Say that a field is set now, and so is this message in the one above.

        Args:
            name: the field.
            given: what it holds, where it is none that was asked for before.
        """
        if name not in self._set:
            held = self.__dict__.pop(f"_unset_{name}", given)
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
        given: bytes | None = self.__dict__.get("_bytes")
        if given is not None:
            return given
        out: list[bytes] = []
        fields = self._set.items()
        if len(fields) > 1:
            by_name = self._schema.by_name
            fields = sorted(fields, key=lambda item: by_name[item[0]].number)
        for name, value in fields:
            field = self._schema.by_name[name]
            number = field.number
            if isinstance(value, Values):
                out.append(list_bytes(field, value))
            elif isinstance(value, Map):
                for key in sorted(value):
                    entry = bytes_field(1, key.encode())
                    entry += bytes_field(2, value[key].SerializeToString())
                    out.append(bytes_field(number, entry))
            else:
                parts = value if isinstance(value, Messages) else [value]
                out += [bytes_field(number, part.SerializeToString()) for part in parts]
        return b"".join(out)

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
