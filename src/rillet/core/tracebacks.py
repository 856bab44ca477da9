"""Tracebacks that show the program's lines: `tf.debugging.enable_traceback_filtering`.

In: an error on its way to a program. Out: its traceback without rillet's frames but the
innermost, where that is rillet's. Functions, layers, models and datasets call it.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _Setting(threading.local):
    """Whether this thread wants inner frames left out, as TensorFlow keeps it."""

    filtering = True


_setting = _Setting()


def enable_traceback_filtering() -> None:
    """Leave rillet's frames out of tracebacks, as at first."""
    _setting.filtering = True


def disable_traceback_filtering() -> None:
    """Leave tracebacks whole."""
    _setting.filtering = False


def is_traceback_filtering_enabled() -> bool:
    """What was asked for last; true at first."""
    return _setting.filtering


def trim(error: BaseException) -> None:
    """Take rillet's frames out of an error's traceback; the innermost stays.

    Call it where the error leaves rillet, and raise the error again with a bare
    ``raise``.

    Args:
        error: caught just now.
    """
    trace = error.__traceback__
    if trace is None or not _setting.filtering:
        return
    kept: list[TracebackType] = []
    while trace is not None:
        if trace.tb_next is None or not _is_ours(trace):
            kept.append(trace)
        trace = trace.tb_next
    below: TracebackType | None = None
    for entry in reversed(kept):
        below = TracebackType(below, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    error.__traceback__ = below


def _is_ours(trace: TracebackType) -> bool:
    return trace.tb_frame.f_code.co_filename.startswith(_HOME)
