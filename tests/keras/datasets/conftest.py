"""Shared by the tests of data sets: this folder is importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
