"""The public names: each resolves and is listed; the stub knows them.

What a type checker makes of them stands in `typing/public_names.py`.
"""

import importlib
import operator
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rillet as tf
from rillet import exports
from rillet.core import successors

ROOT = Path(__file__).resolve().parents[1]
NAMES = sorted(exports.resolve())
SPACES = [name for name in exports.NAMESPACES if exports.is_present(name)]


@pytest.mark.parametrize("name", NAMES)
def test_name_resolves(name):
    module, inner = exports.resolve()[name]
    assert getattr(tf, name) is getattr(importlib.import_module(module), inner)


@pytest.mark.parametrize("name", SPACES)
def test_namespace_resolves_and_tells_what_it_is(name):
    space = getattr(tf, name)
    assert space is importlib.import_module(f"rillet.{name}")
    assert space.__doc__
    for public in [n for n in dir(space) if not n.startswith("_")]:
        assert getattr(space, public) is not None


def test_dir_lists_what_there_is():
    listed = dir(tf)
    assert listed == sorted(listed)
    assert {*NAMES, *SPACES, "__version__", "newaxis"} <= set(listed)
    assert not [n for n in listed if n in {"core", "ops", "importlib", "annotations"}]


@pytest.mark.parametrize("name", NAMES)
def test_functions_are_documented(name):
    value = getattr(tf, name)
    if callable(value):
        assert value.__doc__, name


#: Names that must stay missing: they promise what is not there.
MISSING = {
    "tf.Session": "There are no sessions",
    "tf.reduce_meen": r"Did you mean tf\.reduce_mean\?",
    "tf.nn.sofmax": r"Did you mean tf\.nn\.softmax\?",
    "tf.keras.layers.Flaten": r"Did you mean tf\.keras\.layers\.Flatten\?",
    "tf.keras.optimisers": r"Did you mean tf\.keras\.optimizers\?",
    "tf.zzz": r"module 'rillet' has no attribute 'zzz'\.$",
    "tf.nn.zzz": r"module 'rillet\.nn' has no attribute 'zzz'\.$",
    # of TensorFlow 2, and not here yet: nothing else was meant
    "tf.raw_ops": r"TensorFlow has it, rillet does not have it yet\.$",
    "tf.train.Saver": r"Use tf\.train\.Checkpoint\.$",
    # of TensorFlow 1, of NumPy
    "tf.losses.softmax_cross_entropy": r"TensorFlow 1 had .*losses\.Categorical",
    "tf.log": r"TensorFlow 1 had it(.|\n)*Did you mean tf\.math\.log\?",
    "tf.reduce_std": r"Did you mean tf\.math\.reduce_std\?",
    "tf.math.men": r"has no attribute 'men'\.$",
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_name(name):
    space, _, last = name.rpartition(".")
    holder = eval(space, {"tf": tf})
    assert not hasattr(holder, last)
    with pytest.raises(AttributeError, match=MISSING[name]) as caught:
        getattr(holder, last)
    assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize("path", sorted(successors.rows()))
def test_successors_exist_and_replace_what_is_missing(path):
    holder, parts = tf, path.split(".")
    while parts and hasattr(holder, parts[0]):
        holder = getattr(holder, parts.pop(0))
    assert parts, f"tf.{path} is here now: drop its row from core/successors.py"
    for name in re.findall(r"tf\.([\w.]*\w)", successors.instead(path)):
        operator.attrgetter(name)(tf)


def test_python_adds_no_guess_of_its_own():
    with pytest.raises(AttributeError) as caught:
        _ = tf.reduce_meen
    assert caught.value.name is None


def test_looking_for_a_name_imports_nothing():
    code = (
        "import sys, rillet as tf\n"
        "before = set(sys.modules)\n"
        "assert not hasattr(tf, 'no_such_name')\n"
        "assert set(sys.modules) == before, set(sys.modules) - before\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_stub_is_up_to_date():
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_stub.py", "--check"], check=False
    )
    assert ran.returncode == 0, "run python scripts/make_stub.py"


def _environment():
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}
