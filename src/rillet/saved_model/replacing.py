"""A folder that takes another's place at once: at every moment one whole model stands.

In flows a path; a folder beside it is filled, then both change places in one step where
the system has such a step, else in two, of which `folders` knows. A folder that others
use too stays where it is, and `folders` moves the parts of the new model into it.
`saving` calls it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator

from rillet.core import scratch
from rillet.core.errors import FailedPreconditionError, house_message
from rillet.saved_model.folders import INSIDE, OURS, PREVIOUS, move_in


@contextlib.contextmanager
def replaced(folder: str) -> Iterator[str]:
    """Give a folder to fill; afterwards it stands at `folder`.

    Args:
        folder: the path, links followed; what is there stays until the new folder is
            whole, and stays for good where filling fails.

    Raises:
        FailedPreconditionError: where a file stands at the path.
    """
    folder = os.path.realpath(folder)
    parent, name = os.path.split(folder)
    if os.path.lexists(folder) and not os.path.isdir(folder):
        rule = "a file stands where the model's folder should"
        raise FailedPreconditionError(
            house_message("saved_model.save", rule, f"{folder} is not a directory")
        )
    os.makedirs(parent, exist_ok=True)
    begun = os.path.join(parent, f".{name}.{scratch.mark()}")
    inside = os.path.isdir(folder) and _has_others(folder)
    if not inside:
        try:
            os.mkdir(begun)
        except OSError:
            inside = True  # nothing may be made beside it
    if inside:
        begun = os.path.join(folder, INSIDE + scratch.mark())
        os.makedirs(begun)
    try:
        yield begun
        if inside:
            move_in(begun, folder)
        else:
            _take_place(begun, folder)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    scratch.sweep(parent, re.escape(f".{name}."))
    scratch.sweep(folder, re.escape(INSIDE))


def _has_others(folder: str) -> bool:
    """Whether others use a folder: their files, a process that works in it, a mount."""
    here = None
    with contextlib.suppress(OSError):  # a process may work in a folder that is gone
        here = os.path.realpath(os.curdir)
    if os.path.ismount(folder) or (
        here and f"{here}{os.sep}".startswith(folder + os.sep)
    ):
        return True
    names = os.listdir(folder)
    return any(name not in OURS and not name.startswith(INSIDE) for name in names)


def _take_place(begun: str, folder: str) -> None:
    if not os.path.isdir(folder):
        os.rename(begun, folder)
        return
    _be_like(begun, folder)
    if _exchanged(begun, folder):
        return
    previous = folder + PREVIOUS
    shutil.rmtree(previous, ignore_errors=True)
    os.rename(folder, previous)
    os.rename(begun, folder)
    shutil.rmtree(previous, ignore_errors=True)


def _be_like(folder: str, other: str) -> None:
    """Give a folder the group and the rights of another, as far as we may."""
    told = os.stat(other)
    with contextlib.suppress(OSError, AttributeError):
        os.chown(folder, -1, told.st_gid)
    with contextlib.suppress(OSError):
        os.chmod(folder, stat.S_IMODE(told.st_mode))


def _exchanged(one: str, other: str) -> bool:
    """Let two folders change places in one step; False where the system has none."""
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return int(library.renamex_np(first, second, 2)) == 0
        if sys.platform.startswith("linux"):
            here = -100  # the working directory, as the system call names it
            return int(library.renameat2(here, first, here, second, 2)) == 0
    except (OSError, TypeError, AttributeError):
        pass
    return False
