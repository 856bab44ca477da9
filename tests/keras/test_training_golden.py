"""Whole programs beside real tf.keras: summaries, progress, orders, histories."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

_FOLDER = Path(__file__).parents[1] / "golden" / "keras"
_GOLDEN = json.loads((_FOLDER / "training.json").read_text("utf-8"))


def _programs() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(
        "training_programs", _FOLDER / "training_programs.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.PROGRAMS
    return found


def _same(found: Any, wanted: Any, where: str) -> None:
    """Numbers to 1e-5, since sums are taken in another order; all else exactly."""
    if isinstance(wanted, dict):
        assert list(found) == list(wanted), where
        for key in wanted:
            _same(found[key], wanted[key], f"{where}/{key}")
    elif isinstance(wanted, float) or (
        isinstance(wanted, list) and wanted and not isinstance(wanted[0], str)
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=where)
    else:
        assert found == wanted, where


@pytest.mark.parametrize("name", list(_GOLDEN))
def test_program_gives_what_tf_keras_gives(name: str) -> None:
    _same(_programs()[name](tf), _GOLDEN[name], name)
