"""Shared by all tests: the folder `tests` is importable (`cases`)."""

import gc
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of the collections that tests make.

    Keras's `clear_session` collects; looking through all tests each time would take
    most of the suite's time.
    """
    gc.collect()
    gc.freeze()
