"""What messages hold: lists of numbers or bytes, lists of messages, messages by name.

Values are checked as they are put in. `protocol` makes these for messages' fields.
"""

from __future__ import annotations

import operator
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self, SupportsIndex

import numpy as np

if TYPE_CHECKING:
    from rillet.data.protocol import Message


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


CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "bytes": _bytes,
    "float": _float,
    "int": _int,
}
_WHOLE: Final = frozenset({int, bool, np.int64, np.int32, np.uint8})
_REAL: Final = _WHOLE | {float, np.float32, np.float64}


def _checked(check: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    """All of some values as they are kept; the usual types at once."""
    kinds = {type(items[0])} if len(items) == 1 else set(map(type, items))
    if check is _bytes and kinds <= {bytes}:
        return items
    if check is _int and kinds <= _WHOLE:
        items = list(map(int, items))
        if not items or (min(items) >= -(1 << 63) and max(items) < 1 << 63):
            return items
    if check is _float and kinds <= _REAL:
        return array("f", items).tolist()
    return [check(value) for value in items]


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
        if isinstance(values, np.ndarray) and values.ndim == 1:
            items: list[Any] = values.tolist()
        else:
            try:
                items = list(values)
            except TypeError:
                raise TypeError("must assign iterable: give a list of values") from None
        super().extend(_checked(self._check, items))
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

    def put(self, key: str, message: Any) -> None:
        """Enter a message that nobody else holds."""
        if not isinstance(key, str):
            raise TypeError(f"expected str, {type(key).__name__} found")
        self._held[key] = message
        self._touched()

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
