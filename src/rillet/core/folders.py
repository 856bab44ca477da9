"""Where rillet keeps files between runs.

Environment variables flow in; paths flow out. Called by the compiler, which keeps
native code there, and by ``rillet info``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder for files that can be made again; it need not exist yet.

    ``RILLET_CACHE`` names it outright; else it is ``rillet`` in the system's folder
    for caches: ``XDG_CACHE_HOME`` or ``~/.cache``, ``~/Library/Caches`` on macOS,
    ``LOCALAPPDATA`` on Windows.

    Returns:
        An absolute path.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    chosen = os.environ.get("RILLET_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    home = Path.home()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
        return Path(base) / "rillet" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "rillet"
    # The XDG rules say that a relative path there is to be ignored.
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else home / ".cache") / "rillet"
