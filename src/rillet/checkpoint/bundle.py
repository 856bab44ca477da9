"""TensorFlow's tensor bundle: an index of tensors by name, and files of their bytes.

Arrays flow in and lie down as ``PREFIX.index`` and ``PREFIX.data-00000-of-00001``;
`BundleReader` gives them back, whoever wrote them. Files are written beside and
renamed: whenever the process dies, the checkpoint that stood under the prefix is still
whole. `checkpoint` and `saved_model` call it.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rillet.checkpoint.messages import DIM, ENTRY, HEADER, SHAPE, VERSION
from rillet.checkpoint.strings import pack_strings, unpack_strings
from rillet.checkpoint.table import Table, write_table
from rillet.checkpoint.wire import Record, decode, encode
from rillet.core import dtypes, scratch
from rillet.core.checksums import crc32c, mask
from rillet.core.errors import (
    DataLossError,
    NotFoundError,
    UnimplementedError,
    house_message,
)
from rillet.core.plain_files import bytes_of, need_plain

Array = np.ndarray[Any, Any]
#: Bytes that are handed to the system, and summed, at once.
_PIECE = 1 << 20
#: How often a reader looks for bytes that writers may be renaming, and how many files
#: of bytes it holds from the beginning.
_TRIES, _HELD = 20, 16


def data_file(prefix: str, shard: int, shards: int) -> str:
    """The name of a file of bytes."""
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def index_file(prefix: str) -> str:
    """The name of the index."""
    return f"{prefix}.index"


def write_bundle(prefix: str, tensors: Mapping[str, Any]) -> None:
    """Write arrays as a checkpoint under a prefix; one that stands there is replaced.

    Args:
        prefix: the path that the files' names begin with; its folder is made.
        tensors: arrays by name; those of type object hold bytes.

    Raises:
        OSError: where the files cannot be written; what stood there is untouched.
    """
    folder = os.path.dirname(prefix) or os.curdir
    os.makedirs(folder, exist_ok=True)
    mark = f".{scratch.mark()}.tmp"
    try:
        entries = _write_data(f"{prefix}.data{mark}", tensors)
        with scratch.turn(folder):
            _take_place(prefix, entries, mark)
    except BaseException:
        for path in (f"{prefix}.data{mark}", index_file(prefix) + mark):
            _remove(path)
        raise
    scratch.sweep(folder, r".+\.(?:data|index)\.", r"\.tmp")


def _take_place(prefix: str, entries: list[tuple[bytes, Record]], mark: str) -> None:
    """Give written files their names, and remove those that stood there."""
    old = _shards_there(prefix)
    # Beside files that are in use, under names that the old index does not know.
    shards = 2 if old == 1 else 1
    beside = index_file(prefix) + mark
    _write_whole(beside, _index(entries, shards))
    os.replace(f"{prefix}.data{mark}", data_file(prefix, 0, shards))
    os.replace(beside, index_file(prefix))
    if old is not None:
        for shard in range(old):
            _remove(data_file(prefix, shard, old))
        if shards == 2:
            _rename_to_one(prefix, entries, mark)


def _rename_to_one(prefix: str, entries: list[tuple[bytes, Record]], mark: str) -> None:
    """Give the new file of bytes its usual name; both names are there meanwhile."""
    two, one = data_file(prefix, 0, 2), data_file(prefix, 0, 1)
    beside = index_file(prefix) + mark
    try:
        os.link(two, one)
        _write_whole(beside, _index(entries, 1))
        os.replace(beside, index_file(prefix))
    except OSError:
        # No links on this disk: the other name says the same.
        _remove(beside)
        if _shards_there(prefix) == 2:
            _remove(one)
            return
    _remove(two)


def _shards_there(prefix: str) -> int | None:
    """How many files of bytes the checkpoint under a prefix has; None without one."""
    try:
        reader = BundleReader(prefix)
        reader.close()
        return reader.shards
    except (NotFoundError, DataLossError, UnimplementedError, OSError):
        return None


def _remove(path: str) -> None:
    # Windows refuses while a reader has it open: the file stays, and harms nobody.
    with contextlib.suppress(OSError):
        os.remove(path)


def _write_data(path: str, tensors: Mapping[str, Any]) -> list[tuple[bytes, Record]]:
    """Write the bytes of all tensors; return their entries in the order of names."""
    entries: list[tuple[bytes, Record]] = []
    offset = 0
    with open(path, "wb", buffering=0) as file:
        for name in sorted(tensors, key=str.encode):
            array = np.asarray(tensors[name])
            if array.dtype == object or array.dtype.kind in "SU":
                data, checksum = pack_strings(array)
                size = _put(file, memoryview(data))[0]
                kind = dtypes.string
            else:
                kind = dtypes.as_dtype(array.dtype)
                flat = np.ascontiguousarray(array).reshape(-1)
                size, checksum = _put(file, flat.view(np.uint8).data)
            shape = Record(SHAPE, dim=[Record(DIM, size=n) for n in array.shape])
            entry = Record(
                ENTRY,
                dtype=kind.as_datatype_enum,
                shape=shape,
                offset=offset,
                size=size,
                crc32c=mask(checksum),
            )
            entries.append((name.encode(), entry))
            offset += size
        os.fsync(file.fileno())
    return entries


def _put(file: Any, data: memoryview) -> tuple[int, int]:
    """Write and sum bytes, piece by piece, while they are in the cache."""
    checksum = 0
    for at in range(0, len(data), _PIECE):
        piece = data[at : at + _PIECE]
        checksum = crc32c(piece, checksum)
        while len(piece):
            piece = piece[file.write(piece) :]
    return len(data), checksum


def _index(entries: list[tuple[bytes, Record]], shards: int) -> bytes:
    header = Record(HEADER, num_shards=shards, version=Record(VERSION, producer=1))
    rows = [(b"", encode(HEADER, header))]
    rows += [(name, encode(ENTRY, entry)) for name, entry in entries]
    return write_table(rows)


def _write_whole(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


class BundleReader:
    """A checkpoint that is read.

    Args:
        prefix: the path that its files' names begin with.

    Raises:
        NotFoundError: where there is none.
        DataLossError: where the index is damaged.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._files: dict[int, int] = {}
        self._entries: dict[str, Record] = {}
        data, lost = self._index_bytes(), 0
        # Bytes that stay away are nobody's; their names can be told all the same.
        while lost < _TRIES:
            self._understand(data)
            found = self._open_files()
            again = self._index_bytes()
            if again == data and found:
                return
            # A writer was here in between: its index came before the old bytes went.
            self.close()
            if again == data:
                lost += 1
                time.sleep(0.001)
            data = again

    def _open_files(self) -> bool:
        """Hold the files of bytes while a writer takes them away; False without one."""
        try:
            for shard in range(min(self.shards, _HELD)):
                self._file(shard)
        except NotFoundError:
            return False
        except OSError:
            pass  # told to whoever reads from it
        return True

    def _index_bytes(self) -> bytes:
        path = index_file(self.prefix)
        try:
            return bytes_of(path, "checkpoint")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFoundError(
                house_message(
                    "checkpoint",
                    "Unsuccessful TensorSliceReader constructor: Failed to find any"
                    " matching files",
                    f"for {self.prefix}",
                )
            ) from None

    def _understand(self, data: bytes) -> None:
        self._table = Table(data, index_file(self.prefix))
        found = self._table.get(b"")
        if found is None:
            raise self._damaged("it has no header")
        header = decode(HEADER, found)
        if header.endianness:
            raise UnimplementedError(
                house_message(
                    "checkpoint",
                    "the checkpoint was written on a big-endian machine",
                    self.prefix,
                )
            )
        self.shards: int = header.num_shards
        if not 0 < self.shards < 100_000:
            raise self._damaged(f"it has {self.shards} shards")

    def _damaged(self, what: str) -> DataLossError:
        return DataLossError(
            house_message(
                "checkpoint", f"the checkpoint is damaged: {what}", self.prefix
            )
        )

    def keys(self) -> list[str]:
        """The names of all tensors, in order."""
        return [name for name, _ in self._rows()]

    def _rows(self) -> Iterator[tuple[str, bytes]]:
        for key, value in self._table:
            # Slices of a larger tensor have names that begin with a zero.
            if key and key[0]:
                try:
                    yield key.decode(), value
                except UnicodeDecodeError:
                    raise self._damaged(f"a name is not UTF-8: {key!r}") from None

    def __contains__(self, name: str) -> bool:
        return self._table.get(name.encode()) is not None

    def entry(self, name: str) -> Record:
        """What the index says of a tensor.

        Raises:
            NotFoundError: where there is no such tensor.
        """
        held = self._entries.get(name)
        if held is not None:
            return held
        found = self._table.get(name.encode()) if name else None
        if found is None:
            raise NotFoundError(
                house_message("checkpoint", f"Key {name} not found in checkpoint")
            )
        entry = decode(ENTRY, found)
        self._check(name, entry)
        self._entries[name] = entry
        return entry

    def _check(self, name: str, entry: Record) -> None:
        shape = [dim.size for dim in entry.shape.dim]
        far = any(n < 0 for n in shape) or math.prod(n or 1 for n in shape) >> 58
        if len(shape) > 254 or far or entry.shape.unknown_rank:
            raise self._damaged(f"tensor {name} has a shape of {shape}")
        if min(entry.offset, entry.size, entry.shard_id) < 0:
            raise self._damaged(f"tensor {name} lies nowhere")
        if entry.shard_id >= self.shards:
            raise self._damaged(f"tensor {name} is in shard {entry.shard_id}")

    def dtype(self, name: str) -> dtypes.DType:
        """The type of a tensor."""
        number = self.entry(name).dtype
        try:
            return dtypes.as_dtype(number)
        except TypeError:
            raise self._damaged(f"tensor {name} has type {number}") from None

    def shape(self, name: str) -> list[int]:
        """The sizes of a tensor."""
        return [dim.size for dim in self.entry(name).shape.dim]

    def read(self, name: str) -> Array:
        """The values of a tensor.

        Args:
            name: its name.

        Returns:
            An array of its own; of type object with bytes for strings.

        Raises:
            NotFoundError: where there is no such tensor.
            DataLossError: where its bytes are damaged.
        """
        entry = self.entry(name)
        if entry.slices:
            from rillet.checkpoint.slices import read_sliced

            return read_sliced(self, name, entry)
        return self.read_entry(name, entry)

    def read_entry(self, name: str, entry: Record) -> Array:
        """The values that an entry stands for; as `read`."""
        try:
            kind = dtypes.as_dtype(entry.dtype)
        except TypeError:
            raise self._damaged(f"tensor {name} has type {entry.dtype}") from None
        shape = tuple(dim.size for dim in entry.shape.dim)
        count = 1
        for size in shape:
            count *= size
        if kind is dtypes.string:
            if count > entry.size:
                raise self._damaged(f"tensor {name} is cut off")
            return self._strings(name, entry, count).reshape(shape)
        if kind.name in ("variant", "resource"):
            raise UnimplementedError(
                house_message(
                    "checkpoint",
                    f"tensor {name} holds values of type {kind.name}, which only"
                    " TensorFlow's own ops can read",
                    self.prefix,
                )
            )
        if count * kind.numpy_dtype.itemsize != entry.size:
            raise self._damaged(
                f"tensor {name} of shape {list(shape)} and type {kind.name} has"
                f" {entry.size} bytes"
            )
        self._fits(name, entry)
        array = np.empty(shape, kind.numpy_dtype)
        flat = array.reshape(-1).view(np.uint8)
        self._get(name, entry, flat.data, verify=True)
        return array

    def _strings(self, name: str, entry: Record, count: int) -> Array:
        self._fits(name, entry)
        data = bytearray(entry.size)
        self._get(name, entry, memoryview(data), verify=False)
        try:
            array, checksum = unpack_strings(bytes(data), count)
        except DataLossError as error:
            raise self._damaged(f"tensor {name}: {error}") from None
        if mask(checksum) != entry.crc32c:
            raise self._damaged(f"the checksum of {name} does not match")
        return array

    def _fits(self, name: str, entry: Record) -> None:
        """Raise where the file is too short, before memory is taken for a tensor."""
        size = os.fstat(self._file(entry.shard_id)).st_size
        if entry.offset + entry.size > size:
            raise self._damaged(
                f"tensor {name} ends at byte {entry.offset + entry.size} of"
                f" {data_file(self.prefix, entry.shard_id, self.shards)}, which has"
                f" {size}"
            )

    def _get(self, name: str, entry: Record, into: memoryview, verify: bool) -> None:
        checksum, offset = 0, entry.offset
        with open(self._file(entry.shard_id), "rb", 0, closefd=False) as file:
            file.seek(offset)
            for at in range(0, len(into), _PIECE):
                piece = into[at : at + _PIECE]
                rest = piece
                while len(rest):
                    got = file.readinto(rest)
                    if not got:
                        raise self._damaged(f"tensor {name} is cut off")
                    rest = rest[got:]
                if verify:
                    checksum = crc32c(piece, checksum)
        if verify and mask(checksum) != entry.crc32c:
            raise self._damaged(f"the checksum of {name} does not match")

    def _file(self, shard: int) -> int:
        """A file of bytes, open until the reader goes."""
        held = self._files.get(shard)
        if held is None:
            path = data_file(self.prefix, shard, self.shards)
            flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
            try:
                need_plain(path, "checkpoint")
                held = os.open(path, flags)
            except FileNotFoundError:
                raise NotFoundError(
                    house_message("checkpoint", "No such file or directory", path)
                ) from None
            self._files[shard] = held
        return held

    def close(self) -> None:
        """Let go of the files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def __del__(self) -> None:
        if "_files" in self.__dict__:
            self.close()
