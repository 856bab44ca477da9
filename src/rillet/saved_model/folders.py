"""Where a model's folder stands. `load` asks, `replacing` puts new ones there.

A new model that moves into a folder which others use lies whole inside it before its
parts get their names one by one; who finds one there that was left moves on.
"""

from __future__ import annotations

import contextlib
import os

from rillet.core import scratch

#: What a model's folder holds; other files in it are kept. The graph comes last.
OURS = (
    "variables assets assets.extra debug fingerprint.pb keras_metadata.pb"
    " saved_model.pbtxt saved_model.pb"
).split()
#: How the names of folders begin that are filled inside one that stays, the name of
#: one that is whole, and of the file in it that names its parts.
INSIDE = ".saving."
_WHOLE, _PARTS = INSIDE + "whole", ".parts"
#: What the name of a folder ends in that gives way to a new one.
PREVIOUS = ".previous"


def standing(folder: str) -> str:
    """Where the model of a folder stands: a save may have ended between two steps."""
    if os.path.isdir(os.path.join(folder, _WHOLE)):
        with contextlib.suppress(OSError), scratch.turn(folder):
            _go_on(folder)
    previous = os.path.abspath(folder) + PREVIOUS
    if not os.path.exists(folder) and os.path.isdir(previous):
        return previous
    return folder


def move_in(begun: str, folder: str) -> None:
    """Rename what a new model holds into a folder; what else the old one held goes.

    Args:
        begun: a folder with the new model inside `folder`, which is gone afterwards.
        folder: where the model's parts go.
    """
    with open(os.path.join(begun, _PARTS), "w", encoding="utf-8") as file:
        file.write("\n".join(sorted(os.listdir(begun))))
        file.flush()
        os.fsync(file.fileno())
    with scratch.turn(folder):
        _go_on(folder)
        os.rename(begun, os.path.join(folder, _WHOLE))
        _go_on(folder)


def _go_on(folder: str) -> None:
    """Move the parts of a whole model, as far as they are not moved yet."""
    whole = os.path.join(folder, _WHOLE)
    if os.path.islink(whole) or not os.path.isdir(whole):
        return
    import shutil  # loading a model has no other use for it

    try:
        with open(os.path.join(whole, _PARTS), encoding="utf-8") as file:
            parts = file.read().split("\n")
    except FileNotFoundError:
        parts = OURS  # all were moved
    for name in OURS:
        new, old = os.path.join(whole, name), os.path.join(folder, name)
        comes = os.path.lexists(new)
        if name in parts and not comes:
            continue
        if os.path.isdir(old) and not os.path.islink(old):
            gone = f"{new}.{scratch.mark()}"
            os.rename(old, gone)
            if comes:
                os.rename(new, old)
            shutil.rmtree(gone, ignore_errors=True)
        elif comes:
            os.replace(new, old)
        elif os.path.lexists(old):
            os.remove(old)
    shutil.rmtree(whole, ignore_errors=True)
