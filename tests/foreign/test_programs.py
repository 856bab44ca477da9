"""One program, run by the real TensorFlow and by `rillet run`, prints the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
PROGRAMS = sorted((HERE / "programs").glob("*.py"))

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
# float32 sums in another order differ in the last digits, and training carries it on.
RELATIVE = 2e-4
ABSOLUTE = 2e-5


def output(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def pieces(line: str) -> tuple[list[str], list[float]]:
    """Split a line into its words and its numbers."""
    return NUMBER.sub(" # ", line).split(), [float(n) for n in NUMBER.findall(line)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_prints_the_same(program, tensorflow_python, tmp_path):
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": "1"}
    theirs = output([tensorflow_python, str(program)], tmp_path, **quiet)
    ours = output(
        [sys.executable, "-m", "rillet", "run", str(program)],
        tmp_path,
        PYTHONPATH=str(SOURCE),
    )
    assert len(ours.splitlines()) == len(theirs.splitlines())
    for mine, real in zip(ours.splitlines(), theirs.splitlines(), strict=True):
        my_words, my_numbers = pieces(mine)
        real_words, real_numbers = pieces(real)
        assert my_words == real_words
        assert my_numbers == pytest.approx(real_numbers, rel=RELATIVE, abs=ABSOLUTE)
