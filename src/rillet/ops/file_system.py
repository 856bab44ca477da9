"""Files and folders by name: what stands where, opened, copied, moved, removed.

Names flow in as text, bytes or paths, with ``file://`` before them or not; errors are
TensorFlow's. `tf.io.gfile` shows these functions, ops of files call them.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from rillet.core.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
)

_KINDS: dict[int, type[OpError]] = {
    errno.ENOENT: NotFoundError,
    errno.EEXIST: AlreadyExistsError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.EISDIR: FailedPreconditionError,
    errno.ENOTDIR: FailedPreconditionError,
    errno.ENOTEMPTY: FailedPreconditionError,
    errno.ENOSPC: ResourceExhaustedError,
}


class FileStatistics(NamedTuple):
    """What `stat` tells: `length` in bytes, `mtime_nsec`, `is_directory`."""

    length: int
    mtime_nsec: int
    is_directory: bool


def local_name(path: Any) -> str:
    """A path as the system knows it.

    Raises:
        UnimplementedError: where it names another scheme than ``file://``.
    """
    if hasattr(path, "numpy"):
        path = path.numpy()
    text = os.fsdecode(path)
    scheme, found, rest = text.partition("://")
    if not found or not scheme.isalnum():
        return text
    if scheme == "file":
        return rest
    raise UnimplementedError(
        f"File system scheme '{scheme}' not implemented (file: '{text}')"
    )


@contextmanager
def errors_of(path: str) -> Iterator[None]:
    """Turn the system's errors into TensorFlow's, with the path in them."""
    try:
        yield
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, UnknownError)
        words = os.strerror(error.errno) if error.errno else str(error)
        raise kind(f"{path}; {words}") from None


def matches(pattern: str) -> list[str]:
    """The names that a pattern matches; ``*``, ``?``, ``[...]`` stay in one folder."""
    if not any(c in pattern for c in "*?["):
        return [pattern] if os.path.exists(pattern) else []
    folder, last = os.path.split(pattern)
    folders = [folder]
    if any(c in folder for c in "*?["):
        folders = [f for f in matches(folder) if os.path.isdir(f)]
    out = []
    for place in folders:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        hidden = last.startswith(".")
        out += [
            os.path.join(place, name)
            for name in names
            if fnmatch.fnmatchcase(name, last) and (hidden or name[0] != ".")
        ]
    return out


def exists(path: Any) -> bool:
    """Whether there is a file or folder of that name.

    Example:
        >>> exists("no such file")
        False
    """
    return os.path.exists(local_name(path))


def isdir(path: Any) -> bool:
    """Whether there is a folder of that name."""
    return os.path.isdir(local_name(path))


def join(path: Any, *paths: Any) -> Any:
    """Parts of a path as one, text or bytes as they come.

    Example:
        >>> join("logs", "run").replace("\\\\", "/")
        'logs/run'
    """
    return os.path.join(path, *paths)


def glob(pattern: Any) -> list[str]:
    """The files and folders that a pattern, or each of a list, matches, sorted.

    Args:
        pattern: with ``*``, ``?`` and ``[...]``, which stand for parts of one name.
    """
    given = pattern if isinstance(pattern, list | tuple) else [pattern]
    return [name for one in given for name in sorted(matches(local_name(one)))]


def listdir(path: Any) -> list[str]:
    """The names in a folder, in any order.

    Raises:
        NotFoundError: where there is no such folder.
    """
    place = local_name(path)
    if not os.path.isdir(place):
        raise NotFoundError(f"Could not find directory {place}")
    with errors_of(place):
        return os.listdir(place)


def mkdir(path: Any) -> None:
    """Make a folder in one that exists; no error where it is there already.

    Raises:
        NotFoundError: where the folder around it is missing.
    """
    place = local_name(path)
    if not os.path.isdir(place):
        with errors_of(place):
            os.mkdir(place)


def makedirs(path: Any) -> None:
    """Make a folder and those around it; no error where it is there already."""
    place = local_name(path)
    with errors_of(place):
        os.makedirs(place, exist_ok=True)


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file.

    Args:
        src: its name.
        dst: the copy's name.
        overwrite: whether a file of that name may go.

    Raises:
        NotFoundError: where there is no such file.
        AlreadyExistsError: where the other is there and may not go.
    """
    old, new = _pair(src, dst, overwrite)
    with errors_of(old):
        shutil.copyfile(old, new)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Give a file or folder another name; arguments and errors as those of `copy`."""
    old, new = _pair(src, dst, overwrite)
    with errors_of(old):
        os.replace(old, new)


def _pair(src: Any, dst: Any, overwrite: bool) -> tuple[str, str]:
    old, new = local_name(src), local_name(dst)
    if not overwrite and os.path.exists(new):
        raise AlreadyExistsError("file already exists")
    return old, new


def remove(path: Any) -> None:
    """Remove a file.

    Raises:
        NotFoundError: where there is none.
        FailedPreconditionError: where it is a folder.
    """
    place = local_name(path)
    if os.path.isdir(place) and not os.path.islink(place):
        raise FailedPreconditionError(f"{place}; Is a directory")
    with errors_of(place):
        os.remove(place)


def rmtree(path: Any) -> None:
    """Remove a folder with all in it, or a file.

    Raises:
        NotFoundError: where there is none.
    """
    place = local_name(path)
    if not os.path.lexists(place):
        raise NotFoundError(f"{place} not found")
    with errors_of(place):
        if os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place)
        else:
            os.remove(place)


def stat(path: Any) -> FileStatistics:
    """The size of a file, when it was changed, whether it is a folder.

    Raises:
        NotFoundError: where there is none.
    """
    place = local_name(path)
    with errors_of(place):
        found = os.stat(place)
        return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(place))


def walk(
    top: Any,
    topdown: bool = True,
    onerror: Callable[[OpError], Any] | None = None,
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Every folder below one: its name, its folders, its files.

    Args:
        top: where to begin.
        topdown: whether a folder comes before those in it.
        onerror: called with the error of a folder that cannot be read.
    """
    try:
        names = listdir(top)
    except OpError as error:
        if onerror is not None:
            onerror(error)
        return
    place = os.fsdecode(top)
    folders = [n for n in names if isdir(os.path.join(place, n))]
    files = [n for n in names if n not in set(folders)]
    if topdown:
        yield place, folders, files
    for name in folders:
        yield from walk(os.path.join(place, name), topdown, onerror)
    if not topdown:
        yield place, folders, files


def get_registered_schemes() -> list[str]:
    """The schemes of names that are understood: plain names and ``file://``."""
    return ["file", ""]
