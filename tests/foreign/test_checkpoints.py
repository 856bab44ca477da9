"""Checkpoints pass between the real TensorFlow and rillet, both ways.

`checkpoint_cases.py` runs under each: what one saved the other restores, trains on, and
comes to the same numbers as the one that saved.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
SCRIPT = HERE / "checkpoint_cases.py"
# Two or three steps in float32, after which both libraries differ in the last digits.
CLOSE = 1e-5


def names() -> list[str]:
    """The cases by name, read from the script: importing it needs TensorFlow."""
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    found = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        if node.decorator_list:
            found.append(node.name)
        elif node.name == "_optimizers":
            table = next(n for n in ast.walk(node) if isinstance(n, ast.Dict))
            found += [ast.literal_eval(key) for key in table.keys]
    return found


def run(command: list[str], *args: str) -> dict[str, object]:
    done = subprocess.run(
        [*command, str(SCRIPT), *args],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def exchanged(tensorflow_python, tmp_path_factory):
    """What each library printed after saving, and the other after loading."""
    theirs, ours = [tensorflow_python], [sys.executable, "-m", "rillet", "run"]
    found = {}
    for saver, loader, way in ((theirs, ours, "in"), (ours, theirs, "out")):
        folder = str(tmp_path_factory.mktemp(way))
        saved = run(saver, "save", folder)
        found[way] = saved, run(loader, "load", folder)
    return found


@pytest.mark.parametrize("way", ["in", "out"])
@pytest.mark.parametrize("name", names())
def test_training_goes_on_elsewhere(name, way, exchanged):
    saved, loaded = exchanged[way]
    assert_same(saved[name], loaded[name])


def assert_same(one: object, other: object) -> None:
    assert not isinstance(one, str), one
    assert not isinstance(other, str), other
    left, right = np.asarray(one, object), np.asarray(other, object)
    assert left.shape == right.shape
    for a, b in zip(one, other, strict=True):
        try:
            np.testing.assert_allclose(b, a, rtol=CLOSE, atol=CLOSE)
        except (TypeError, ValueError):
            assert a == b
