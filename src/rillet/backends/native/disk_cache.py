"""Machine code kept on disk, so that a program compiles once for all its runs.

In flow bytes under a key of hexadecimal digits; out flow the same bytes, or None. The
caller is `jit`. What is read is run, so only files are believed whose folder and file
belong to the user and can be written by nobody else, and whose digest is right.
Nothing here fails: a cache that cannot be read or written is a cache without a file.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_VARIABLE: Final = "RILLET_CACHE_DIR"
_FOLDER: Final = "native"
_MAGIC: Final = b"rillet code 1\n"
_DIGEST: Final = hashlib.sha256().digest_size
_LARGEST: Final = 64 << 20
_LIMIT: Final = 1 << 30
_CHECKED_EVERY: Final = 32 << 20  # bytes written between two looks at the total
_STALE: Final = 3600.0  # seconds: what a crash left behind, a use to be noted
_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_BY_FOLDER: Final = os.open in os.supports_dir_fd and os.unlink in os.supports_dir_fd


def default_folder() -> Path | None:
    """Returns where machine code is kept: None where the user wants none kept.

    `RILLET_CACHE_DIR` names the folder, empty for none; else it is where the system
    keeps what can be made again.
    """
    chosen = os.environ.get(_VARIABLE)
    if chosen is not None:
        return Path(chosen) / _FOLDER if chosen else None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base) / "rillet" / _FOLDER if base else None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "rillet" / _FOLDER
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if os.path.isabs(base) else home / ".cache"
    return root / "rillet" / _FOLDER


class DiskCache:
    """Bytes under keys, in one folder.

    Example:
      >>> cache = DiskCache(None)
      >>> cache.put("00ff", b"code")
      >>> cache.get("00ff") is None  # no folder, nothing kept
      True
    """

    def __init__(self, folder: Path | None, limit: int = _LIMIT) -> None:
        """Chooses a folder; it is made when something is first put into it.

        Args:
          folder: where, or None to keep nothing.
          limit: how many bytes at most.
        """
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._unchecked = _CHECKED_EVERY  # so that the first writing looks

    def get(self, key: str) -> bytes | None:
        """Returns what was put under a key; None where nothing good is there."""
        try:
            with self._opened() as folder:
                data = _read(folder, key)
                if data is None:
                    folder.remove(key)
                return data
        except (OSError, ValueError):
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keeps bytes under a key, if that is possible."""
        if self._folder is None or len(data) > _LARGEST:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._opened() as folder:
                _write(folder, key, data)
                with self._lock:
                    self._unchecked += len(data)
                    due = self._unchecked >= _CHECKED_EVERY
                    if due:
                        self._unchecked = 0
                if due:
                    _prune(folder, self._limit)
        except (OSError, ValueError):
            return

    @contextmanager
    def _opened(self) -> Iterator[_Folder]:
        """The folder, looked at through the handle that is then used."""
        if self._folder is None:
            raise FileNotFoundError
        folder = _Folder(self._folder)
        try:
            yield folder
        finally:
            folder.close()


class _Folder:
    """A folder that only its owner can write, with files of the same kind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        if _BY_FOLDER:
            flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _FLAGS
            self._handle = os.open(path, flags)
        try:
            status = os.lstat(path) if self._handle is None else os.fstat(self._handle)
            if not (stat.S_ISDIR(status.st_mode) and _own(status)):
                raise PermissionError(f"{path} can be written by others")
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Lets the handle go."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def open(self, name: str, flags: int) -> int:
        """Opens a regular file of this folder that only its owner can write."""
        handle = (
            os.open(self._path / name, flags | _FLAGS, 0o600)
            if self._handle is None
            else os.open(name, flags | _FLAGS, 0o600, dir_fd=self._handle)
        )
        status = os.fstat(handle)
        if stat.S_ISREG(status.st_mode) and _own(status):
            return handle
        os.close(handle)
        raise PermissionError(f"{self._path / name} can be written by others")

    def remove(self, name: str) -> None:
        """Deletes a file, if it is there."""
        try:
            if self._handle is None:
                os.unlink(self._path / name)
            else:
                os.unlink(name, dir_fd=self._handle)
        except FileNotFoundError:
            return

    def rename(self, old: str, new: str) -> None:
        """Gives a file its name, at once."""
        if self._handle is None:
            os.replace(self._path / old, self._path / new)
        else:
            os.replace(old, new, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def files(self) -> list[tuple[float, int, str]]:
        """When each file was last used, its bytes, its name."""
        found = []
        with os.scandir(self._path if self._handle is None else self._handle) as items:
            for item in items:
                try:
                    status = item.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime, status.st_size, item.name))
        return found


def _own(status: os.stat_result) -> bool:
    """Whether only this user can write it; Windows' profiles are private by rule."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _read(folder: _Folder, key: str) -> bytes | None:
    """A file's bytes; None where they are not what was written."""
    handle = folder.open(_name(key), os.O_RDONLY)
    with os.fdopen(handle, "rb") as file:
        content = file.read(_LARGEST + 1024)
        status = os.fstat(handle)
        now = time.time()
        if now - status.st_mtime > _STALE and os.utime in os.supports_fd:
            try:
                os.utime(handle, (now, now))
            except OSError:
                pass  # a folder that cannot be written: nothing is pruned either
    head = len(_MAGIC) + _DIGEST
    data = content[head:]
    digest = hashlib.sha256(key.encode() + data).digest()
    return data if content[:head] == _MAGIC + digest else None


def _write(folder: _Folder, key: str, data: bytes) -> None:
    """Writes a file beside its place, then moves it there."""
    name = _name(key)
    beside = f"{name}.{os.getpid()}.{os.urandom(4).hex()}.new"
    handle = folder.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(key.encode() + data).digest() + data)
        folder.rename(beside, name)
    except OSError:
        folder.remove(beside)
        raise


def _prune(folder: _Folder, limit: int) -> None:
    """Deletes what a crash left, and what was used longest ago if there is too much."""
    files = sorted(folder.files())
    total = sum(size for _, size, _ in files)
    now = time.time()
    target = limit * 9 // 10 if total > limit else total
    for used, size, name in files:
        if name.endswith(".new"):
            drop = now - used > _STALE
        else:
            drop = total > target
        if drop:
            folder.remove(name)
            total -= size


def _name(key: str) -> str:
    """A key as a file's name: digits only, so that it stays in its folder."""
    if not key or not all(letter in "0123456789abcdef" for letter in key):
        raise ValueError(f"cache: a key consists of hexadecimal digits, not {key!r}")
    return key
