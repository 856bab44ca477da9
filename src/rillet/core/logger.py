"""The logger `tf.get_logger()`, silent on stderr below warnings.

``TF_CPP_MIN_LOG_LEVEL`` is honoured: 2 and above leave errors only.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def _handler() -> logging.Handler:
    """Writes to what `sys.stderr` is by then: the first one may be closed."""
    import logging

    class Stderr(logging.StreamHandler):  # type: ignore[type-arg]
        def __init__(self) -> None:
            super().__init__()
            self._usual = self.stream

        def emit(self, record: logging.LogRecord) -> None:
            if self.stream is self._usual:  # else a program chose another
                self.stream = self._usual = sys.stderr
            super().emit(record)

    return Stderr()


def get_logger() -> logging.Logger:
    """The logger that rillet's messages go through.

    Returns:
        The logger named ``tensorflow``, as programs that set its level expect.
    """
    import logging  # only where there is something to say

    logger = logging.getLogger("tensorflow")
    if not logger.handlers:
        handler = _handler()
        handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
        if logger.level == logging.NOTSET:
            quiet = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0") not in ("0", "1")
            logger.setLevel(logging.ERROR if quiet else logging.WARNING)
    return logger
