"""Every op case, saved by one framework, loaded and run by the other.

A model holds a family's functions and their gradients. One process of TensorFlow does
several families, because starting it costs as much as running them.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rillet as tf

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))
import saved_ops  # noqa: E402

FAMILIES = saved_ops.families()
GROUPS = [FAMILIES[k::6] for k in range(6)]
THERE = """
import pickle, sys
import tensorflow as tf
sys.path.insert(0, sys.argv[2])
import saved_ops
found = {}
for family in sys.argv[4:]:
    folder = f"{sys.argv[1]}/{family}"
    if sys.argv[3] == "save":
        module = saved_ops.module_of(tf, family, saved_ops.differentiable_there)
        tf.saved_model.save(module, folder)
    else:
        module = tf.saved_model.load(folder)
    found[family] = saved_ops.results(tf, module, family)
with open(f"{sys.argv[1]}/found", "wb") as file:
    pickle.dump(found, file)
"""


def there(python: str, place: Path, what: str, group: list[str]) -> Any:
    """Results of a group's families in TensorFlow, which saves or loads them."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONPATH", None)
    command = [python, "-c", THERE, str(place), str(TESTS), what, *group]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with open(place / "found", "rb") as file:
        return pickle.load(file)


@pytest.mark.parametrize("group", GROUPS, ids="-".join)
def test_tensorflow_runs_what_rillet_saved(
    group: list[str], tensorflow_python: str, tmp_path: Path
) -> None:
    wanted = {}
    for family in group:
        module = saved_ops.module_of(tf, family, saved_ops.differentiated)
        wanted[family] = saved_ops.results(tf, module, family)
        tf.saved_model.save(module, tmp_path / family)
    found = there(tensorflow_python, tmp_path, "load", group)
    for family in group:
        assert not saved_ops.differences(family, found[family], wanted[family])


@pytest.mark.parametrize("group", GROUPS, ids="-".join)
def test_rillet_runs_what_tensorflow_saved(
    group: list[str], tensorflow_python: str, tmp_path: Path
) -> None:
    wanted = there(tensorflow_python, tmp_path, "save", group)
    trusted = tf.saved_model.LoadOptions(allowed_ops=["PrintV2"])
    for family in group:
        module = tf.saved_model.load(tmp_path / family, options=trusted)
        found = saved_ops.results(tf, module, family)
        assert not saved_ops.differences(family, found, wanted[family])
