"""Preprocessing, utilities and kin against what real tf.keras gives for them."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.ops import seeds

GOLDEN = Path(__file__).parents[1] / "golden" / "keras"
sys.path.insert(0, str(GOLDEN))
make_rest = importlib.import_module("make_rest")
EXPECTED = json.loads((GOLDEN / "rest.json").read_text())
ROWS = [
    (f"{name}.{row.__name__}", row)
    for name in make_rest.FILES
    for row in importlib.import_module(name).ROWS
]


def same(found: Any, expected: Any, where: str) -> None:
    """Compare plain data; floats to float32's rounding of a few operations."""
    if isinstance(expected, dict) and "values" in expected:
        if isinstance(found, dict):
            assert found["shape"] == expected["shape"], where
            assert found["dtype"] == expected["dtype"], where
            found = found["values"]
        same(found, expected["values"], where)
    elif isinstance(expected, dict):
        assert sorted(found) == sorted(expected), where
        for key in expected:
            same(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        if isinstance(found, dict):
            found = found["values"]
        assert len(found) == len(expected), where
        for i, (a, b) in enumerate(zip(found, expected, strict=True)):
            same(a, b, f"{where}[{i}]")
    elif isinstance(expected, float):
        np.testing.assert_allclose(found, expected, 3e-5, 3e-6, err_msg=where)
    else:
        assert found == expected, where


@pytest.fixture(autouse=True)
def _no_seed():
    """The golden values were drawn where nobody had set a seed before."""
    seeds.set_seed(None)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_as_in_keras(name, row):
    same(make_rest.plain(row(tf)), EXPECTED[name], name)


def test_every_golden_row_is_run():
    assert sorted(EXPECTED) == sorted(name for name, _ in ROWS)
