"""LevelDB's table format, in which a checkpoint's index stands: sorted keys and values.

`write_table` makes the bytes, `Table` reads them: data blocks with shared prefixes, an
index block, a footer. `bundle` calls both. Every length is checked and every block's
checksum; a damaged file raises `DataLossError`.

Source: the table format in LevelDB's documentation (doc/table_format.md).
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from rillet.checkpoint.wire import read_varint
from rillet.core.checksums import masked
from rillet.core.errors import DataLossError, UnimplementedError, house_message
from rillet.core.varints import varint

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5
_BLOCK = 262144
_RESTART = 16
#: Bytes of keys in a block: these, and so many for each byte of it. Keys share their
#: beginnings, so that forged ones could grow with the square of their number.
_ROOM, _LONGEST = 1 << 20, 64
_CRC = struct.Struct("<I")


class _BlockWriter:
    """Entries that share prefixes with the one before, and where sharing restarts."""

    def __init__(self, restart: int) -> None:
        self._restart = restart
        self._out = bytearray()
        self._starts = [0]
        self._last = b""
        self._count = 0

    @property
    def size(self) -> int:
        return len(self._out) + 4 * len(self._starts) + 4

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count < self._restart:
            most = min(len(key), len(self._last))
            while shared < most and key[shared] == self._last[shared]:
                shared += 1
        else:
            self._starts.append(len(self._out))
            self._count = 0
        rest = key[shared:]
        self._out += varint(shared) + varint(len(rest)) + varint(len(value))
        self._out += rest + value
        self._last = key
        self._count += 1

    def finish(self) -> bytes:
        starts = [*self._starts, len(self._starts)]
        body = bytes(self._out) + struct.pack(f"<{len(starts)}I", *starts)
        return body + b"\0" + _CRC.pack(masked(body + b"\0"))


def write_table(rows: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A table of keys and values.

    Args:
        rows: pairs in the order of their keys, each key once.

    Example:
        >>> Table(write_table([(b"a", b"1"), (b"ab", b"2")])).get(b"ab")
        b'2'
    """
    out = bytearray()
    index = _BlockWriter(1)
    block, last = _BlockWriter(_RESTART), None

    def end(key: bytes) -> None:
        body = block.finish()
        index.add(key, varint(len(out)) + varint(len(body) - _TRAILER))
        out.extend(body)

    for key, value in rows:
        if last is not None and block.size >= _BLOCK:
            end(last)
            block = _BlockWriter(_RESTART)
        block.add(key, value)
        last = key
    if last is not None:
        end(last)
    handles = b""
    for writer in (_BlockWriter(_RESTART), index):
        body = writer.finish()
        handles += varint(len(out)) + varint(len(body) - _TRAILER)
        out += body
    footer = handles.ljust(_FOOTER - 8, b"\0") + struct.pack("<Q", _MAGIC)
    return bytes(out + footer)


def _damaged(what: str, name: str) -> DataLossError:
    return DataLossError(
        house_message("checkpoint", f"the index file is damaged: {what}", name)
    )


class Table:
    """A table that is read from bytes.

    Args:
        data: the whole file.
        name: the file's name, for messages.

    Raises:
        DataLossError: where the bytes are no such table.
    """

    def __init__(self, data: bytes, name: str = "") -> None:
        self._data = data
        self._name = name
        if len(data) < _FOOTER or data[-8:] != struct.pack("<Q", _MAGIC):
            raise _damaged("not an sstable (bad magic number)", name)
        end = len(data) - 8
        at = len(data) - _FOOTER
        _, at = read_varint(data, at, end)
        _, at = read_varint(data, at, end)
        start, at = read_varint(data, at, end)
        size, at = read_varint(data, at, end)
        self._blocks: list[tuple[bytes, int, int]] = []
        self._held: dict[int, list[tuple[bytes, bytes]]] = {}
        for key, handle in self._entries(start, size):
            begin, place = read_varint(handle, 0, len(handle))
            length, _ = read_varint(handle, place, len(handle))
            self._blocks.append((key, begin, length))
        self._lasts = [key for key, _, _ in self._blocks]

    def _entries(self, start: int, size: int) -> list[tuple[bytes, bytes]]:
        """The pairs of a block."""
        data, name = self._data, self._name
        stop = start + size
        if stop + _TRAILER > len(data) - _FOOTER:
            raise _damaged("a block lies outside the file", name)
        if _CRC.unpack_from(data, stop + 1)[0] != masked(data[start : stop + 1]):
            raise _damaged("a block's checksum does not match", name)
        if data[stop]:
            raise UnimplementedError(
                house_message(
                    "checkpoint",
                    "compressed index files are not read",
                    f"{name} has a block of compression {data[stop]}",
                )
            )
        if size < 4:
            raise _damaged("a block is too short", name)
        (count,) = _CRC.unpack_from(data, stop - 4)
        end = stop - 4 - 4 * count
        if end < start:
            raise _damaged("a block has too many restarts", name)
        rows: list[tuple[bytes, bytes]] = []
        at, key = start, b""
        room = _ROOM + _LONGEST * size
        while at < end:
            shared, at = read_varint(data, at, end)
            rest, at = read_varint(data, at, end)
            length, at = read_varint(data, at, end)
            if shared > len(key) or at + rest + length > end:
                raise _damaged("an entry lies outside its block", name)
            room -= shared + rest
            if room < 0:
                raise _damaged("its keys are impossibly long", name)
            following = key[:shared] + data[at : at + rest]
            if rows and following <= key:
                raise _damaged("its keys are not in order", name)
            key = following
            rows.append((key, data[at + rest : at + rest + length]))
            at += rest + length
        return rows

    def _block(self, number: int) -> list[tuple[bytes, bytes]]:
        held = self._held.get(number)
        if held is None:
            _, start, size = self._blocks[number]
            held = self._held[number] = self._entries(start, size)
        return held

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        number = bisect.bisect_left(self._lasts, key)
        if number == len(self._lasts):
            return None
        rows: Any = self._block(number)
        at = bisect.bisect_left(rows, (key,))
        if at < len(rows) and rows[at][0] == key:
            return bytes(rows[at][1])
        return None

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        for number in range(len(self._blocks)):
            yield from self._block(number)
