"""What rillet draws against what TensorFlow drew, program by program.

The programs and the script that ran them with TensorFlow stand in tests/golden/random.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parents[2] / "golden" / "random"


def _programs() -> Any:
    """What stands beside the golden file; other folders hold `programs`, too."""
    spec = importlib.util.spec_from_file_location("drawn", GOLDEN / "programs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


programs = _programs()

# Logarithms, sines and exponentials come from another library, each within a unit in
# the last place or so; they are multiplied, and TensorFlow rounds sines less well.
TOLERANCE = {"float16": 2e-3, "bfloat16": 1e-2, "float32": 6e-7, "float64": 2e-15}


@functools.cache
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "random.npz") as data:
        return {key: data[key] for key in data.files}


def drawn(program: Callable[[Any], list[Any]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of what rillet and TensorFlow drew, bfloat16 as such on both sides."""
    found = []
    for i, value in enumerate(program(tf)):
        have = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
        have, want = np.asarray(have), golden()[f"{program.__name__}.{i}"]
        if have.dtype.name == "bfloat16":
            want = want.view(have.dtype)
        assert have.dtype == want.dtype, (program.__name__, i)
        assert have.shape == want.shape, (program.__name__, i)
        found.append((have, want))
    return found


@pytest.mark.parametrize("program", programs.EXACT, ids=lambda p: p.__name__)
def test_bit_for_bit(program: Callable[[Any], list[Any]]) -> None:
    for i, (have, want) in enumerate(drawn(program)):
        assert have.tobytes() == want.tobytes(), i


@pytest.mark.parametrize("program", programs.NEAR, ids=lambda p: p.__name__)
def test_to_the_last_place_or_so(program: Callable[[Any], list[Any]]) -> None:
    for i, (have, want) in enumerate(drawn(program)):
        if have.dtype.kind in "iu":
            np.testing.assert_array_equal(have, want, err_msg=str(i))
            continue
        rtol = TOLERANCE[have.dtype.name]
        a, b = have.astype(np.float64), want.astype(np.float64)
        # Near a zero of sine or cosine only the absolute error is small.
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol / 2, err_msg=str(i))


def test_every_program_was_kept() -> None:
    names = {key.rsplit(".", 1)[0] for key in golden()}
    assert names == {p.__name__ for p in (*programs.EXACT, *programs.NEAR)}
