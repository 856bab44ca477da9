"""Unpacking archives that need not be trusted, inside one folder.

In: a tar (plain, gzip, bzip2, xz) or zip archive. Out: its files, below the given
folder and nowhere else; all of them or none. Absolute names, names that climb out,
links that lead out, devices and bombs are refused. `downloads` calls it.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

from rillet.core.errors import house_message

if TYPE_CHECKING:
    import tarfile
    import zipfile

FORMATS: Final = ("tar", "zip")
_CHUNK: Final = 1 << 20
# What no data set has in its names, and what Windows takes for a stream or a pattern.
_UNPORTABLE: Final = re.compile(r"[\x00-\x1f\\]|^[A-Za-z]:")
_UNPORTABLE_HERE: Final = re.compile(r'[:*?"<>|]' if os.name == "nt" else r"\0")


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold: none of these is near what a data set needs.

    Attributes:
        least: bytes that any archive may unpack to.
        ratio: beyond `least`, how many times its own size it may unpack to.
        members: how many files, folders and links.
    """

    least: int = 4 << 30
    ratio: int = 200
    members: int = 5_000_000


@dataclass(frozen=True)
class _Member:
    """One entry of an archive, whatever its format."""

    name: PurePosixPath
    kind: str  # "file", "folder", "symbolic" or "hard"
    size: int
    target: str
    executable: bool
    handle: Any


def recognise(
    path: str | os.PathLike[str], formats: tuple[str, ...] = FORMATS
) -> str | None:
    """Recognise an archive by its content.

    Args:
        path: the file.
        formats: the formats to try, of `"tar"` and `"zip"`.

    Returns:
        The first format that fits, or None.

    Example:
        >>> recognise(__file__) is None
        True
    """
    import zipfile

    tests = {"tar": _is_tar, "zip": zipfile.is_zipfile}
    return next((name for name in formats if tests[name](path)), None)


def extract_archive(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    kind: str,
    limits: Limits | None = None,
) -> None:
    """Unpack an archive into a folder.

    The files are unpacked beside their place and moved there when all are whole; files
    of the same names are replaced.

    Args:
        path: the archive.
        folder: where its members go; it must exist.
        kind: `"tar"` or `"zip"`.
        limits: how much it may hold.

    Raises:
        ValueError: the archive is damaged, or an entry is refused; nothing is unpacked.
        OSError: the disk is full, or a file cannot be written.
    """
    folder = Path(folder)
    room = _room(Path(path), folder, limits or Limits())
    scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder))
    try:
        try:
            _unpack(path, kind, scratch, room)
        except Exception as error:
            if not _is_damage(error):
                raise
            rule = "it is damaged, encrypted or cut short"
            raise _refusal(path, rule, error) from None
        _move_into(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _is_damage(error: Exception) -> bool:
    """Tell whether an error is what Python's readers raise for a damaged archive."""
    import lzma
    import tarfile
    import zipfile
    import zlib

    if isinstance(error, OSError):
        # gzip and bzip2 raise it without a number; and one name can be given to a file
        # and to a folder. Other errors are the disk's.
        conflicts = (FileExistsError, NotADirectoryError, IsADirectoryError)
        return error.errno is None or isinstance(error, conflicts)
    damages = (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        RuntimeError,  # an encrypted zip
        NotImplementedError,
    )
    return isinstance(error, damages)


class _Meter:
    """A stream that refuses large reads: only a forged header asks for one."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def read(self, size: int = -1) -> bytes:
        import tarfile

        if not 0 <= size <= _CHUNK:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._stream.read(size)


@contextlib.contextmanager
def _open_tar(path: str | os.PathLike[str]) -> Iterator[tarfile.TarFile]:
    import bz2
    import gzip
    import lzma
    import tarfile

    with open(path, "rb") as file:
        magic = file.read(6)
    opener: Any = open
    for start, reader in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        if magic.startswith(start):
            opener = reader.open
    with opener(path, "rb") as stream:
        meter: Any = _Meter(stream)
        with tarfile.TarFile(fileobj=meter, mode="r") as archive:
            yield archive


def _is_tar(path: str | os.PathLike[str]) -> bool:
    try:
        with _open_tar(path):
            return True
    except Exception as error:
        if not _is_damage(error):
            raise
        return False


@dataclass
class _Room:
    """What is left of the limits while an archive is unpacked."""

    size: int
    members: int

    def take(self, path: str | os.PathLike[str], size: int, members: int = 0) -> None:
        self.size -= size
        self.members -= members
        if self.size < 0 or self.members < 0:
            raise _refusal(
                path, "it unpacks to more than its size allows or the disk holds", ""
            )


def _room(path: Path, folder: Path, limits: Limits) -> _Room:
    allowed = max(limits.least, limits.ratio * path.stat().st_size)
    return _Room(min(allowed, shutil.disk_usage(folder).free), limits.members)


def _tar_members(
    archive: tarfile.TarFile, path: str | os.PathLike[str]
) -> Iterator[_Member]:
    for entry in archive:
        if entry.isfile():
            kind = "file"
        elif entry.isdir():
            kind = "folder"
        elif entry.issym() or entry.islnk():
            kind = "symbolic" if entry.issym() else "hard"
        else:
            raise _refusal(path, "it holds a device or a pipe", entry.name)
        executable = bool(entry.mode & stat.S_IXUSR)
        name = _safe_name(path, entry.name)
        yield _Member(name, kind, entry.size, entry.linkname, executable, entry)


def _zip_members(
    archive: zipfile.ZipFile, path: str | os.PathLike[str]
) -> Iterator[_Member]:
    for entry in archive.infolist():
        name = _safe_name(path, entry.filename)
        mode = entry.external_attr >> 16
        kind, target = "folder" if entry.is_dir() else "file", ""
        if stat.S_ISLNK(mode):
            if entry.file_size > 4096:
                raise _refusal(path, "a link's target is no name", entry.filename)
            kind = "symbolic"
            target = os.fsdecode(archive.read(entry))
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refusal(path, "it holds a device or a pipe", entry.filename)
        executable = bool(mode & stat.S_IXUSR)
        yield _Member(name, kind, entry.file_size, target, executable, entry)


def _safe_name(path: str | os.PathLike[str], name: str) -> PurePosixPath:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    outside = name.startswith("/") or ".." in parts
    if outside or _UNPORTABLE.search(name) or _UNPORTABLE_HERE.search(name):
        raise _refusal(path, "an entry would lie outside the folder", repr(name))
    return PurePosixPath(*parts)


def _unpack(
    path: str | os.PathLike[str], kind: str, scratch: Path, room: _Room
) -> None:
    import zipfile

    links: list[_Member] = []
    opened: Any = _open_tar(path) if kind == "tar" else zipfile.ZipFile(path)
    with opened as archive:
        read = archive.extractfile if kind == "tar" else archive.open
        for member in (_tar_members if kind == "tar" else _zip_members)(archive, path):
            room.take(path, member.size if member.kind == "file" else 0, 1)
            # While files are written there are no links: none can lead a file astray.
            if member.kind == "folder":
                (scratch / member.name).mkdir(parents=True, exist_ok=True)
            elif member.kind == "file":
                with read(member.handle) as reader:
                    _write(path, reader, scratch / member.name, member)
            else:
                links.append(member)
    _make_links(path, links, scratch, room)


def _write(
    path: str | os.PathLike[str], reader: IO[bytes], place: Path, member: _Member
) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    left = member.size
    with open(place, "wb") as writer:
        while left > 0 and (chunk := reader.read(min(_CHUNK, left))):
            left -= len(chunk)
            writer.write(chunk)
    # The read after the last byte is the one that compares a zip's check sum.
    if left or reader.read(1):
        raise _refusal(path, "an entry's size is not the declared one", member.name)
    if member.executable:
        place.chmod(place.stat().st_mode | 0o100)


def _make_links(
    path: str | os.PathLike[str], links: list[_Member], scratch: Path, room: _Room
) -> None:
    names = {link.name for link in links}
    aims: list[tuple[_Member, PurePosixPath]] = []
    for link in links:
        target = link.target
        if link.kind == "symbolic" and not target.startswith("/"):
            # A symbolic link counts from its own folder, a hard link from the top.
            target = posixpath.normpath(posixpath.join(link.name.parent, target))
        aim = _safe_name(path, target)
        # No link may pass through another link, so where it leads is what it says.
        through = {aim, *aim.parents, *link.name.parents} & names
        if through or not aim.parts or not os.path.lexists(scratch / aim):
            rule = "a link leads to another link or to nothing in the archive"
            raise _refusal(path, rule, f"{link.name} -> {link.target}")
        aims.append((link, aim))
    for link, aim in aims:
        _make_link(path, scratch / link.name, scratch / aim, link.kind, room)


def _make_link(
    path: str | os.PathLike[str], place: Path, aim: Path, kind: str, room: _Room
) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        raise _refusal(path, "two entries have one name", place.name)
    if kind == "symbolic" and os.name == "posix":
        place.symlink_to(os.path.relpath(aim, place.parent))
        return
    # Hard links, and links where the system has none for everybody, become copies.
    if aim.is_dir():
        room.take(path, sum(f.stat().st_size for f in aim.rglob("*") if f.is_file()))
        if place.is_relative_to(aim):
            raise _refusal(path, "a link leads to its own folder", place.name)
        shutil.copytree(aim, place)
    else:
        room.take(path, aim.stat().st_size)
        shutil.copyfile(aim, place)


def _move_into(source: Path, target: Path) -> None:
    """Move what stands in one folder into another, entry by entry."""
    for entry in list(source.iterdir()):
        place = target / entry.name
        folder = entry.is_dir() and not entry.is_symlink()
        if folder and place.is_dir() and not place.is_symlink():
            _move_into(entry, place)
            continue
        if place.is_dir() and not place.is_symlink():
            raise IsADirectoryError(
                house_message(
                    "get_file",
                    "a folder stands where the archive has a file",
                    str(place),
                    "Remove the folder and call again",
                )
            )
        if folder and os.path.lexists(place):
            os.remove(place)
        os.replace(entry, place)


def _refusal(path: str | os.PathLike[str], rule: str, values: object) -> ValueError:
    return ValueError(
        house_message(
            "get_file",
            f"the archive {os.fspath(path)!r} was not unpacked, {rule}",
            str(values),
            "Do not use this archive, or unpack it by hand if you trust it",
        )
    )
