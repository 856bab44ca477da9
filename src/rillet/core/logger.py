"""The logger `tf.get_logger()`, silent on stderr below warnings.

``TF_CPP_MIN_LOG_LEVEL`` is honoured: 2 and above leave errors only.
"""

from __future__ import annotations

import logging
import os

_LEVELS = {"0": logging.WARNING, "1": logging.WARNING, "2": logging.ERROR}


def get_logger() -> logging.Logger:
    """The logger that rillet's messages go through.

    Returns:
        The logger named ``tensorflow``, as programs that set its level expect.
    """
    logger = logging.getLogger("tensorflow")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
        if logger.level == logging.NOTSET:
            wanted = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0")
            logger.setLevel(_LEVELS.get(wanted, logging.ERROR))
    return logger
