"""How the C library keeps freed memory: for the next step, not for the system.

Arrays of a few megabytes come and go with every op. glibc gives the top of its heap
back once 128 KB of it are free, so each step faults the same pages in again: 3,600 of
them, 7 of 25 ms, in a step of logistic regression on 60,000 images. The package calls
`keep_freed` when it is imported.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1  # glibc's numbers, malloc.h
_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 1 << 28
_LARGEST_IN_HEAP: Final = 1 << 25  # the most that glibc allows
_VARIABLES: Final = (
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_MMAP_THRESHOLD_",
    "GLIBC_TUNABLES",
)


def keep_freed() -> bool:
    """Lets glibc keep up to 256 MB of freed memory for reuse.

    Returns:
      Whether it was done: not without glibc, and not where the environment already
      says how memory is kept.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _VARIABLES):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    kept = mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
    return bool(kept and mallopt(_MMAP_THRESHOLD, _LARGEST_IN_HEAP))
