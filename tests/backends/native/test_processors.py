"""Code for lesser processors gives the same results, on the processor that there is."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import rillet as tf
from rillet.backends.native import host

ROOT = Path(__file__).parents[3]
ROWS = str(Path(__file__).with_name("compared_rows.py"))
X86 = platform.machine().lower() in ("x86_64", "amd64")
LEVELS = ["x86-64"]
if X86 and "+avx2" in host.facts().features:
    LEVELS.append("x86-64-v3")


def run(level: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        env={**os.environ, "RILLET_CPU": level, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )


def agree(level: str, count: int) -> None:
    seed = os.environ.get("RILLET_FOREIGN_SEED") or "0"
    done = run(level, ROWS, seed, str(count))
    assert (done.returncode, done.stdout.split()) == (0, [level]), done.stderr


x86 = pytest.mark.skipif(not X86, reason="levels are x86's")


@x86
@pytest.mark.parametrize("level", LEVELS)
def test_a_sample_of_op_cases(level: str) -> None:
    agree(level, 80)


@x86
@pytest.mark.foreign
@pytest.mark.parametrize("level", LEVELS)
def test_all_op_cases(level: str) -> None:
    agree(level, 0)


def test_unknown_levels_are_refused() -> None:
    done = run("pentium", "-c", "from rillet.backends.native import host; host.facts()")
    assert "ValueError: RILLET_CPU: no such level of processors: 'pent" in done.stderr


HALVES = """
import sys
sys.path.insert(0, FOLDER)
import test_processors
for name in ("float16", "bfloat16"):
    test_processors.test_every_half_float_is_converted(name)
print("done")
"""


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_half_float_is_converted(name: str) -> None:
    """There and back; NumPy and ml_dtypes say what is right, ties and all."""
    dtype = np.float16 if name == "float16" else ml_dtypes.bfloat16
    every = np.arange(1 << 16, dtype=np.uint16)
    wide = every.astype(np.uint32)
    ties = [wide << 16, (wide << 16) + 0x8000, (wide << 13) + 0x38001000]
    small = [wide << 13, (wide << 11) + 0x33000000, (wide << 11) + 0x47000000]
    floats = np.concatenate([*ties, *small]).view(np.float32)
    up = tf.function(lambda x: tf.cast(x, tf.float32), autograph=False)
    down = tf.function(lambda x: tf.cast(x, getattr(tf, name)), autograph=False)
    with np.errstate(all="ignore"):
        pairs = [
            (up(every.view(dtype)).numpy(), every.view(dtype).astype(np.float32)),
            (down(floats).numpy(), floats.astype(dtype)),
        ]
    for have, want in pairs:
        none = np.isnan(want.astype(np.float32))
        np.testing.assert_array_equal(np.isnan(have.astype(np.float32)), none)
        whole = f"u{have.itemsize}"
        np.testing.assert_array_equal(
            have.view(whole)[~none], want.view(whole)[~none]
        )


@x86
def test_every_half_float_is_converted_without_instructions() -> None:
    folder = repr(str(Path(__file__).parent))
    done = run("x86-64", "-c", HALVES.replace("FOLDER", folder))
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
