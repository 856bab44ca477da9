"""Losses, metrics, optimizers and their kin give tf.keras's numbers."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRAJECTORIES = load("trajectory_rows")
FAMILIES = {**load("programs").FAMILIES, **TRAJECTORIES.FAMILIES}
ROWS = {
    f"{family}/{name}": run
    for family, make in FAMILIES.items()
    for name, run in make(tf)
}
COMPILED = dict(TRAJECTORIES.trajectories(tf, compiled=True))
GOLDEN = {
    f"{family}/{name}": value
    for family in FAMILIES
    for name, value in np.load(FOLDER / f"{family}.npz").items()
}

# Sums of some dozen float32 numbers in another order, and another library's powers.
LOOSE = {"rtol": 3e-6, "atol": 2e-6}
# Nine steps carry the last digits on; roots of small moments magnify them.
FITTED = {"rtol": 2e-5, "atol": 5e-6}


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
    limits = FITTED if key.startswith("fits/") else LOOSE
    np.testing.assert_allclose(found, wanted, **limits)


@pytest.mark.parametrize("name", [n for n in COMPILED if not n.endswith("slots")])
def test_trajectory_of_a_compiled_step(name):
    np.testing.assert_allclose(
        COMPILED[name](), GOLDEN[f"trajectories/{name}"], **LOOSE
    )
