"""Tests beside the real TensorFlow: `make foreign` runs them, `make test` leaves them.

`RILLET_TENSORFLOW_PYTHON` names the Python of an environment with TensorFlow 2.21 and
tf_keras. `RILLET_FOREIGN_SAMPLE` and `RILLET_FOREIGN_SEED` draw a few of the tests.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

if find_spec("sklearn") is None and "RILLET_TENSORFLOW_PYTHON" not in os.environ:
    collect_ignore = ["test_scikit_learn.py"]  # `make foreign` installs what it needs


def pytest_collection_modifyitems(config, items):
    """Mark this folder's tests foreign, and keep a seeded sample where one is asked."""
    ours = [item for item in items if HERE in Path(item.path).parents]
    for item in ours:
        item.add_marker(pytest.mark.foreign)
    size = int(os.environ.get("RILLET_FOREIGN_SAMPLE") or 0)
    if not size or size >= len(ours):
        return
    seed = int(os.environ.get("RILLET_FOREIGN_SEED") or 0)
    kept = set(random.Random(seed).sample([item.nodeid for item in ours], size))
    dropped = [item for item in ours if item.nodeid not in kept]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture(scope="session")
def tensorflow_python() -> str:
    """Return the Python that has the real TensorFlow."""
    path = os.environ.get("RILLET_TENSORFLOW_PYTHON")
    if not path:
        pytest.fail("RILLET_TENSORFLOW_PYTHON is not set: run `make foreign`.")
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def asked(tensorflow_python: str) -> Callable[..., Any]:
    """Return what runs a program in TensorFlow's environment and reads its answer."""

    def ask(program: str, *args: str, **variables: str) -> Any:
        """The JSON that a program prints behind the word FOUND."""
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            [tensorflow_python, "-c", program, *args],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [s for s in done.stdout.splitlines() if s.startswith("FOUND")]
        assert lines, done.stderr[-3000:]
        return json.loads(lines[0][len("FOUND") :])

    return ask
