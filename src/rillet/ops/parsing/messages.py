"""The bytes of `tf.train.Example` and `SequenceExample`, read without making objects.

Bytes flow in; where features stand in them, and their values as arrays, flow out. Bytes
may be hostile: every length is held against what there is.

Source: the encoding that developers.google.com/protocol-buffers/docs/encoding gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.errors import InvalidArgumentError, house_message

Array = np.ndarray[Any, Any]
#: Where a message stands: begin and end.
Span = tuple[int, int]
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_NAMES = {1: "string", 2: "float", 3: "int64"}
NUMBERS = {name: number for number, name in _NAMES.items()}


class Damaged(Exception):
    """Bytes that are no such message."""


def malformed(op: str, data: bytes, why: object) -> InvalidArgumentError:
    """The error for them, in the op's words."""
    shown = repr(data[:30]) + ("..." if len(data) > 30 else "")
    return InvalidArgumentError(
        house_message(op, f"Could not parse example input, value: {shown}", str(why))
    )


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise Damaged(f"a number is longer than 10 bytes, at byte {at}")
    raise Damaged(f"the bytes end inside a number, at byte {at}")


def fields(data: bytes, span: Span) -> Iterator[tuple[int, int, int, int]]:
    """The fields of a message: number, wire type, where the content begins and ends."""
    at, end = span
    while at < end:
        tag = data[at]
        if tag < 128:
            at += 1
        else:
            tag, at = _varint(data, at, end)
        wire = tag & 7
        if wire == _LENGTH:
            if at < end and data[at] < 128:
                length = data[at]
                at += 1
            else:
                length, at = _varint(data, at, end)
            stop = at + length
        elif wire == _VARINT:
            _, stop = _varint(data, at, end)
        elif wire in (_FOUR, _EIGHT):
            stop = at + (4 if wire == _FOUR else 8)
        else:
            raise Damaged(f"a field is of an unknown kind, {wire}, at byte {at}")
        if stop > end:
            raise Damaged(f"the bytes end inside a field, at byte {at}")
        if tag < 8:
            raise Damaged(f"a field has the number 0, at byte {at}")
        yield tag >> 3, wire, at, stop
        at = stop


def entries(data: bytes, span: Span) -> dict[bytes, Span]:
    """A map from names to messages: where each message stands; the last one counts."""
    found: dict[bytes, Span] = {}
    for number, wire, at, stop in fields(data, span):
        if number != 1 or wire != _LENGTH:
            continue
        key, value = b"", (stop, stop)
        for inner, kind, begin, end in fields(data, (at, stop)):
            if kind == _LENGTH and inner == 1:
                key = data[begin:end]
            elif kind == _LENGTH and inner == 2:
                value = (begin, end)
        found[key] = value
    return found


def parts(data: bytes) -> tuple[dict[bytes, Span], dict[bytes, Span]]:
    """The features of an example (a sequence's context), and its feature lists."""
    found: list[dict[bytes, Span]] = [{}, {}]
    for number, wire, at, stop in fields(data, (0, len(data))):
        if number in (1, 2) and wire == _LENGTH:
            found[number - 1].update(entries(data, (at, stop)))
    return found[0], found[1]


def features(data: bytes) -> dict[bytes, Span]:
    """The features of an example, as `parts` finds them.

    Nearly all writers lay them out in one way: one message of entries, each a name and
    then a feature. That way is walked without generators, any other by `parts`.
    """
    try:
        found = _plain_features(data)
    except (IndexError, Damaged):
        found = None
    return parts(data)[0] if found is None else found


def _plain_features(data: bytes) -> dict[bytes, Span] | None:
    """The features in the usual layout; None, or IndexError, where it is another."""
    size, at = len(data), 2
    if not size:
        return {}
    length = data[1]
    if length > 127:
        length, at = _varint(data, 1, size)
    if data[0] != 10 or at + length != size:
        return None
    found: dict[bytes, Span] = {}
    while at < size:
        stop = data[at + 1]
        if data[at] != 10:
            return None
        at += 2
        if stop > 127:
            stop, at = _varint(data, at - 1, size)
        stop += at
        end = at + 2 + data[at + 1]
        value = end + 2
        if data[at] != 10 or data[at + 1] > 127 or data[end] != 18:
            return None
        length = data[end + 1]
        if length > 127:
            length, value = _varint(data, end + 1, size)
        if value + length != stop or stop > size:
            return None
        found[data[at + 2 : end]] = (value, stop)
        at = stop
    return found


def steps(data: bytes, span: Span) -> list[Span]:
    """Where the features of a feature list stand."""
    return [
        (at, stop)
        for number, wire, at, stop in fields(data, span)
        if number == 1 and wire == _LENGTH
    ]


def values(data: bytes, span: Span) -> tuple[str, Any]:
    """The values of a feature.

    Returns:
        Their type's name and an array, or a list (always of strings, and of a lone
        integer); ``("", None)`` where the feature is of no kind.
    """
    try:
        quick = _plain_values(data, span)
    except (IndexError, Damaged):
        quick = None
    if quick is not None:
        return quick
    kind = 0
    held: list[Span] = []
    for number, wire, at, stop in fields(data, span):
        if number in _NAMES and wire == _LENGTH:
            if number != kind:
                kind, held = number, []
            held.append((at, stop))
    if not kind:
        return "", None
    read = (_texts, _floats, _integers)[kind - 1]
    found = [read(data, part) for part in held]
    if kind == 1:
        return "string", [text for part in found for text in part]
    return _NAMES[kind], found[0] if len(found) == 1 else np.concatenate(found)


def _plain_values(data: bytes, span: Span) -> tuple[str, Any] | None:
    """The values in the usual layout, one packed list; None where it is another."""
    at, end = span
    if end - at < 4:
        return None
    tag, size = data[at], data[at + 1]
    at += 2
    if size > 127:
        size, at = _varint(data, at - 1, end)
    if at + size != end or data[at] != 10:
        return None
    if tag == 10:
        found: list[bytes] = []
        while at < end:
            size = data[at + 1]
            if data[at] != 10:
                return None
            at += 2
            if size > 127:
                size, at = _varint(data, at - 1, end)
            if at + size > end:
                return None
            found.append(data[at : at + size])
            at += size
        return "string", found
    size = data[at + 1]
    at += 2
    if size > 127:
        size, at = _varint(data, at - 1, end)
    if at + size != end:
        return None
    if tag == 18 and not size & 3:
        packed = np.frombuffer(data, "<f4", size >> 2, at)
        return "float", packed.astype(np.float32, copy=False)
    if tag != 26:
        return None
    if size == 1 and data[at] < 128:
        return "int64", [data[at]]
    return "int64", varints(data, at, end)


def _texts(data: bytes, span: Span) -> list[bytes]:
    return [
        data[at:stop]
        for number, wire, at, stop in fields(data, span)
        if number == 1 and wire == _LENGTH
    ]


def _floats(data: bytes, span: Span) -> Array:
    found: list[Array] = []
    for number, wire, at, stop in fields(data, span):
        if number == 1 and wire in (_LENGTH, _FOUR):
            if (stop - at) % 4:
                raise Damaged(f"packed floats are cut off, at byte {at}")
            found.append(np.frombuffer(data, "<f4", (stop - at) // 4, at))
    if len(found) == 1:
        return found[0].astype(np.float32)
    return np.concatenate([*found, np.zeros(0, np.float32)]).astype(np.float32)


def _integers(data: bytes, span: Span) -> Array:
    found: list[Array] = []
    for number, wire, at, stop in fields(data, span):
        if number == 1 and wire in (_LENGTH, _VARINT):
            found.append(varints(data, at, stop))
    if len(found) == 1:
        return found[0]
    return np.concatenate([*found, np.zeros(0, np.int64)])


def varints(data: bytes, at: int, stop: int) -> Array:
    """Numbers of variable length that stand together, as int64."""
    raw = np.frombuffer(data, np.uint8, stop - at, at)
    ends = np.flatnonzero(raw < 128)
    if len(ends) == len(raw):
        return raw.astype(np.int64)
    if not len(raw) or ends.size == 0 or ends[-1] != len(raw) - 1:
        raise Damaged(f"packed numbers are cut off, at byte {at}")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    longest = int(lengths.max())
    if longest > 10:
        raise Damaged(f"a number is longer than 10 bytes, at byte {at}")
    out = np.zeros(len(starts), np.uint64)
    for k in range(longest):
        there = lengths > k
        bits = (raw[starts[there] + k] & 127).astype(np.uint64)
        out[there] |= bits << np.uint64(7 * k)
    return out.view(np.int64)
