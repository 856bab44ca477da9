"""Ragged tensors against what TensorFlow gives for the same expressions."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

import rillet as tf

GOLDEN = Path(__file__).parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))
import ragged_rows  # noqa: E402
import ragged_text  # noqa: E402

sys.path.pop(0)
FOUND = json.loads((GOLDEN / "ragged.json").read_text(encoding="utf-8"))


def same(a: Any, b: Any) -> bool:
    """Whether two outcomes agree; floats to six digits, as float32 has them."""
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, int | float) and math.isclose(a, b, rel_tol=2e-6)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("row", ragged_rows.ROWS)
def test_gives_what_tensorflow_gives(row: str) -> None:
    assert same(ragged_text.outcome(row, tf), FOUND[row]), (
        ragged_text.outcome(row, tf),
        FOUND[row],
    )
