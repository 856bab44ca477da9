"""A folder that takes another's place at once: at every moment one whole model stands.

In flows a path; a folder beside it is filled, then both change places in one step where
the system has such a step, else in two, of which `folders` knows. `saving` calls it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import uuid
from collections.abc import Iterator

from rillet.saved_model.folders import PREVIOUS

#: What a model's folder holds; other files in it are kept.
_OURS = frozenset(
    "saved_model.pb saved_model.pbtxt keras_metadata.pb fingerprint.pb variables assets"
    " assets.extra debug".split()
)


@contextlib.contextmanager
def replaced(folder: str) -> Iterator[str]:
    """Give a folder to fill; afterwards it stands at `folder`.

    Args:
        folder: the path; what is there stays until the new folder is whole, and stays
            for good where filling fails.
    """
    folder = os.path.abspath(folder)
    parent = os.path.dirname(folder)
    os.makedirs(parent, exist_ok=True)
    scratch = os.path.join(parent, f".{os.path.basename(folder)}.{uuid.uuid4().hex}")
    try:
        os.mkdir(scratch)
    except OSError:
        # Nothing may be made beside it: the files are replaced one by one.
        os.makedirs(folder, exist_ok=True)
        yield folder
        return
    try:
        yield scratch
        _keep_others(folder, scratch)
        _take_place(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _keep_others(folder: str, scratch: str) -> None:
    """Bring what is not of the model along."""
    if not os.path.isdir(folder):
        return
    for entry in os.scandir(folder):
        target = os.path.join(scratch, entry.name)
        if entry.name in _OURS or os.path.exists(target):
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.copytree(entry.path, target, symlinks=True)
        else:
            shutil.copy2(entry.path, target, follow_symlinks=False)


def _take_place(scratch: str, folder: str) -> None:
    if not os.path.isdir(folder):
        os.rename(scratch, folder)
        return
    if _exchanged(scratch, folder):
        return
    previous = folder + PREVIOUS
    shutil.rmtree(previous, ignore_errors=True)
    os.rename(folder, previous)
    os.rename(scratch, folder)
    shutil.rmtree(previous, ignore_errors=True)


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
