"""Restorations that wait for objects yet to be made.

`restoration` puts them here; whoever attaches an object or makes a variable (modules,
layers, optimizers) calls `attend`, and costs nothing where none waits.
"""

from __future__ import annotations

from typing import Any

#: Restorations that have values left, oldest first.
waiting: list[Any] = []
_busy = False


def attend() -> None:
    """Let every waiting restoration look whether what it waits for is there."""
    global _busy
    if _busy:
        return
    _busy = True
    try:
        for restoration in list(waiting):
            restoration.advance()
    finally:
        _busy = False
