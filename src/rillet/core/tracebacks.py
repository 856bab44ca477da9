"""The setting of `tf.debugging.enable_traceback_filtering`.

rillet leaves tracebacks whole: between a program's line and the error stand a few
frames of rillet at most. Programs that switch TensorFlow's filter find the setting.
"""

from __future__ import annotations

import threading


class _Setting(threading.local):
    """Whether this thread wants inner frames left out, as TensorFlow keeps it."""

    filtering = True


_setting = _Setting()


def enable_traceback_filtering() -> None:
    """Ask for tracebacks without inner frames."""
    _setting.filtering = True


def disable_traceback_filtering() -> None:
    """Ask for whole tracebacks, which rillet gives anyway."""
    _setting.filtering = False


def is_traceback_filtering_enabled() -> bool:
    """What was asked for last; true at first."""
    return _setting.filtering
