"""A sample of what `scripts/fuzz_models.py` does: damaged models end in plain errors.

`RILLET_FUZZ=100000` is the number that a release is held to.
"""

from __future__ import annotations

import importlib.util
import os
import random
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("RILLET_FUZZ", 300))
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fuzz_models.py"


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("fuzz_models", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, module.Models(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize("part", range(4))
def test_damage_ends_in_plain_errors(part, fuzz):
    module, models = fuzz
    for number in range(part, ROUNDS, 4):
        try:
            models.round(random.Random(f"0 {number}"))
        except module.ALLOWED:
            pass
        except Exception as error:
            error.add_note(f"round {number} of seed 0: fuzz_models.py repeats it")
            raise
