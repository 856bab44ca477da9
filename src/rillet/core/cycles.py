"""Work that makes many objects and drops few, without searches for cycles among them.

Those who load the compiler and make programs with it use it: with a large heap one
search takes longer than the work.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """A block during which Python does not look for unreachable cycles.

    Threads may be in such blocks at the same time; when all have left, it looks again
    if it did before.

    Example:
        >>> import gc
        >>> with uncollected():
        ...     gc.isenabled()
        False
        >>> gc.isenabled()
        True
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


__all__ = ["uncollected"]
