"""Every name that programs use gives what it gives in TensorFlow."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rillet as tf

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import running  # noqa: E402 - the path above comes first

ROOT = HERE.parents[1]
GOLDEN: dict[str, Any] = json.loads(
    (HERE.parent / "golden" / "coverage.json").read_text("utf-8")
)
ROWS = running.rows()
_ALONE = """
import json, running, sys
import rillet as tf
print(json.dumps(running.outcome(tf, running.rows()[sys.argv[1]])))
"""


def same(found: Any, wanted: Any) -> bool:
    """Whether two values are equal, floats to float32's accuracy over a few sums."""
    if isinstance(wanted, float) and isinstance(found, (int, float)):
        return math.isclose(found, wanted, rel_tol=2e-5, abs_tol=1e-6)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = found.keys() == wanted.keys()
        return keys and all(same(found[k], wanted[k]) for k in wanted)
    return type(found) is type(wanted) and bool(found == wanted)


@pytest.mark.parametrize("name", list(ROWS))
def test_row(name: str) -> None:
    if name in running.FRESH:
        paths = os.pathsep.join([str(HERE), *sys.path])
        text = subprocess.check_output(
            [sys.executable, "-c", _ALONE, name],
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
        found = json.loads(text.splitlines()[-1])
    else:
        found = json.loads(json.dumps(running.outcome(tf, ROWS[name])))
    assert same(found, GOLDEN[name]), f"{found}\nTensorFlow gives\n{GOLDEN[name]}"


def test_each_row_has_been_run_in_tensorflow() -> None:
    assert GOLDEN.keys() == ROWS.keys()


def test_the_page_is_up_to_date() -> None:
    script = ROOT / "scripts" / "write_coverage.py"
    subprocess.run([sys.executable, script, "--check"], check=True)


def test_tests_that_are_named_exist() -> None:
    lines = (HERE / "elsewhere.tsv").read_text("utf-8").splitlines()
    assert all((ROOT / line.split("\t")[1]).is_file() for line in lines)
