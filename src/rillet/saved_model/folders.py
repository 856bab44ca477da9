"""Where a model's folder stands. `load` asks, `replacing` puts new ones there."""

from __future__ import annotations

import os

#: What the name of a folder ends in that gives way to a new one.
PREVIOUS = ".previous"


def standing(folder: str) -> str:
    """Where the model of a folder stands: a save may have ended between two steps."""
    previous = os.path.abspath(folder) + PREVIOUS
    if not os.path.exists(folder) and os.path.isdir(previous):
        return previous
    return folder
