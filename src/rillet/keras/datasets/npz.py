"""A strict reader of NumPy's `.npz` files.

In: the path of an archive that somebody else made. Out: a dictionary of fresh,
writeable arrays. Every size is checked before memory is taken, and object arrays pass
through the restricted reader in `pickles`, so a file cannot run code. The datasets call
it.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
import zlib
from typing import IO, Any

import numpy as np

from .pickles import read_object_array
from .refusals import refusal

#: More than any dataset of Keras holds; a header that declares more is refused.
MAX_BYTES = 1 << 30

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(
    path: str | os.PathLike[str],
    names: tuple[str, ...],
    *,
    objects: tuple[str, ...] = (),
    max_bytes: int = MAX_BYTES,
) -> dict[str, np.ndarray[Any, Any]]:
    """Read named arrays of an `.npz` file that need not be trusted.

    Args:
        path: the archive.
        names: the arrays to read, all of which must be there.
        objects: those of `names` that may be object arrays (of lists of integers).
        max_bytes: the largest sum of unpacked sizes that is accepted.

    Returns:
        The arrays by name, fresh and writeable, with the file's shapes and dtypes.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, lacks a name, declares more than `max_bytes`,
            or holds objects that are not numbers, lists or arrays.

    Example:
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "pair.npz")
        ...     np.savez(path, x=np.arange(3), y=np.zeros((2, 2)))
        ...     read_npz(path, ("x",))["x"]
        array([0, 1, 2])
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path, names)
            total = sum(member.file_size for member in members.values())
            if total > max_bytes:
                raise refusal(
                    path,
                    "the declared sizes exceed what a dataset may hold",
                    f"{total} bytes, the limit is {max_bytes}",
                )
            return {
                name: _read_member(archive, member, path, name in objects)
                for name, member in members.items()
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise refusal(path, "the archive is damaged or cut short", str(error)) from None


def _members(
    archive: zipfile.ZipFile, path: str | os.PathLike[str], names: tuple[str, ...]
) -> dict[str, zipfile.ZipInfo]:
    held: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in held:
            raise refusal(path, "an array stands in it twice", repr(name))
        held[name] = member
    missing = [name for name in names if name not in held]
    if missing:
        raise refusal(
            path,
            "arrays are missing",
            f"it must hold {', '.join(names)}; it lacks {', '.join(missing)}",
        )
    return {name: held[name] for name in names}


def _read_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    path: str | os.PathLike[str],
    objects: bool,
) -> np.ndarray[Any, Any]:
    if member.flag_bits & 1 or member.compress_type not in _METHODS:
        raise refusal(
            path,
            "an array is encrypted, or compressed as NumPy does not",
            repr(member.filename),
        )
    with archive.open(member) as file:
        shape, fortran, dtype = _read_header(file, member, path)
        size = member.file_size - file.tell()
        count = math.prod(shape)
        if dtype.hasobject:
            if not objects:
                raise refusal(
                    path, "an array holds Python objects", repr(member.filename)
                )
            array = read_object_array(file.read(), str(path))
            if array.shape != shape:
                raise refusal(
                    path,
                    "a header disagrees with its array",
                    f"{member.filename!r} declares {shape}, holds {array.shape}",
                )
            return array
        if count * dtype.itemsize != size:
            raise refusal(
                path,
                "a header disagrees with its data",
                f"{member.filename!r} declares {shape} of {dtype}, holds {size} bytes",
            )
        if not size:
            return np.empty(shape, dtype)
        # A bytearray makes the array writeable without a copy of it.
        flat = np.frombuffer(_read_exactly(file, size), dtype=dtype, count=count)
    return flat.reshape(shape, order="F" if fortran else "C")


def _read_exactly(file: IO[bytes], size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    filled = 0
    while filled < size:
        # Pieces of this size stay in the cache on their way from zlib.
        piece = file.read(min(size - filled, 1 << 18))
        if not piece:
            raise EOFError(f"{size - filled} bytes are missing")
        view[filled : filled + len(piece)] = piece
        filled += len(piece)
    # The check sum is compared on the read after the last byte.
    file.read(1)
    return data


def _read_header(
    file: IO[bytes], member: zipfile.ZipInfo, path: str | os.PathLike[str]
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran, dtype = _READ_HEADER[version](file)
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        raise refusal(
            path, "an array's header cannot be read", f"{member.filename!r}: {error}"
        ) from None
    if any(extent < 0 for extent in shape):
        raise refusal(path, "a header declares a negative extent", str(shape))
    return shape, fortran, dtype


def write_npz(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]]
) -> None:
    """Write arrays to an `.npz` whose bytes depend on nothing but the arrays.

    Args:
        path: the file to make.
        arrays: the arrays by name; none may hold objects.

    Example:
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "one.npz")
        ...     write_npz(path, {"x": np.arange(2, dtype=np.uint8)})
        ...     read_npz(path, ("x",))["x"].tolist()
        [0, 1]
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            # A fixed date: `numpy.savez` would write the clock's.
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, buffer.getvalue(), compresslevel=9)
