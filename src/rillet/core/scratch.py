"""Files that are written beside others: their names, who may rename, what is left over.

In flow folders and names; a writer that was killed leaves a file or folder with the
number of its process in the name, which the next one that comes through removes.
Checkpoints, models and files of weights call it.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # a system without locks of files
    fcntl = None  # type: ignore[assignment]

_MARK = r"(\d+)-[0-9a-f]{12}"
#: Seconds after which nobody writes any more: another machine's process has no number
#: here, and numbers are given again.
_QUIET, _FORGOTTEN = 60.0, 86400.0
_TURN = threading.Lock()


def mark() -> str:
    """A part of a name that no other writer has.

    Example:
        >>> mark() == mark()
        False
    """
    return f"{os.getpid()}-{os.urandom(6).hex()}"


@contextlib.contextmanager
def turn(folder: str) -> Iterator[None]:
    """Rename files of a folder while no other thread or process does.

    Args:
        folder: the folder, which exists.
    """
    place = _locked(folder)
    if place is None:
        with _TURN:
            yield
        return
    try:
        yield
    finally:
        os.close(place)


def _locked(folder: str) -> int | None:
    """A folder that is open and ours until it is closed; None where disks lock none.

    Without locks only threads of one process take turns.
    """
    if fcntl is None:
        return None
    place = None
    try:
        place = os.open(folder, os.O_RDONLY)
        fcntl.flock(place, fcntl.LOCK_EX)
    except OSError:
        if place is not None:
            os.close(place)
        return None
    return place


def sweep(folder: str, before: str, after: str = "") -> None:
    """Remove what writers that are gone have left in a folder.

    Args:
        folder: where to look.
        before: a regular expression for what stands before the mark in a name.
        after: one for what stands after it.
    """
    pattern = re.compile(before + _MARK + after)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = pattern.fullmatch(entry.name)
            if found and _is_left(entry.path, int(found[1])):
                _remove(entry.path)


def _is_left(path: str, process: int) -> bool:
    age = time.time() - _last_change(path)
    return age > (_FORGOTTEN if _lives(process) else _QUIET)


def _last_change(path: str) -> float:
    """When a file was changed, or the newest in a folder."""
    newest = os.lstat(path).st_mtime
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                changed = os.lstat(os.path.join(folder, name)).st_mtime
                newest = max(newest, changed)
    return newest


def _lives(process: int) -> bool:
    """Whether a process of this machine has the number."""
    if os.name == "nt":
        return True  # asking there would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        os.remove(path)
