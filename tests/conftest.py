"""Shared by all tests: the folder `tests` is importable (`cases`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
