"""Freed memory stays with the process, unless the environment says otherwise."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rillet.core import memory

FAULTS = """
import resource, sys
import numpy as np
from rillet.core import memory
kept = memory.keep_freed()

def step():
    parts = [np.ones(500_000) for _ in range(4)]
    del parts

for _ in range(4):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has these settings")
def test_steps_fault_no_pages_in_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], check=True, timeout=60, capture_output=True
    )
    kept, faults = done.stdout.split()
    # 16 MB a step are 3,900 pages; without glibc nothing is promised.
    assert kept == b"False" or int(faults) < 1000


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_the_environment_has_the_first_word(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    assert not memory.keep_freed()
