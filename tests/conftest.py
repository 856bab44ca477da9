"""Shared by all tests: the folder `tests` is importable (`cases`).

Machine code is kept in the repository's `.pytest_cache` from one run to the next, and
shared by all of a run's processes.
"""

import gc
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
_CODE = Path(__file__).parents[1] / ".pytest_cache" / "code"
os.environ.setdefault("RILLET_CACHE_DIR", str(_CODE))

# A shell that runs the tests in the background has Ctrl-C ignored; some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of the collections that tests make.

    Keras's `clear_session` collects; looking through all tests each time would take
    most of the suite's time.
    """
    gc.collect()
    gc.freeze()
