"""Losses, metrics, optimizers and their kin give tf.keras's numbers."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"


def load():
    spec = importlib.util.spec_from_file_location("programs", FOLDER / "programs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROGRAMS = load()
ROWS = {
    f"{family}/{name}": run
    for family, make in PROGRAMS.FAMILIES.items()
    for name, run in make(tf)
}
GOLDEN = {
    f"{family}/{name}": value
    for family in PROGRAMS.FAMILIES
    for name, value in np.load(FOLDER / f"{family}.npz").items()
}

# Sums of some dozen float32 numbers in another order, and another library's powers.
LOOSE = {"rtol": 3e-6, "atol": 2e-6}


def test_every_row_has_an_answer():
    assert set(ROWS) == set(GOLDEN)


@pytest.mark.parametrize("key", GOLDEN)
def test_number(key):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.asarray(ROWS[key]())
    wanted = GOLDEN[key]
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, **LOOSE)
