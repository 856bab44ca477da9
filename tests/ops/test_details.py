"""Fine points against what TensorFlow gives for the same expressions."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

import rillet as tf

FOLDER = Path(__file__).parents[1] / "golden" / "details"
sys.path.insert(0, str(FOLDER))
import rows as detail_rows  # noqa: E402

sys.path.pop(0)
sys.modules.pop("rows")
FOUND = json.loads((FOLDER / "details.json").read_text(encoding="utf-8"))


def same(a: Any, b: Any) -> bool:
    """Whether two outcomes agree; floats to six digits, as float32 has them."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=2e-6)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("row", detail_rows.ROWS)
def test_gives_what_tensorflow_gives(row: str, tmp_path: Path) -> None:
    found = detail_rows.outcome(row, tf, tmp_path)
    assert same(found, FOUND[row]), (found, FOUND[row])
