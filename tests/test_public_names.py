"""The public names: each resolves, is listed, and is known to type checkers."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import rillet as tf
from rillet import exports

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
    "tf.zzz": r"module 'tensorflow' has no attribute 'zzz'\.$",
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_name(name):
    space, _, last = name.rpartition(".")
    holder = eval(space, {"tf": tf})
    assert not hasattr(holder, last)
    with pytest.raises(AttributeError, match=MISSING[name]) as caught:
        getattr(holder, last)
    assert str(caught.value).startswith(f"{name}: ")


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


CHECKED = """
import rillet as tf

total: tf.Tensor = tf.reduce_sum(tf.constant([1.0, 2.0]))
half = tf.nn.relu(total)
layer = tf.keras.layers.Dense(3)
reveal_type(total)
reveal_type(half)
tf.reduce_meen(total)
"""


def test_a_type_checker_knows_the_names(tmp_path):
    pytest.importorskip("mypy", reason="mypy comes with the extra `types`")
    program = tmp_path / "program.py"
    program.write_text(CHECKED, "utf-8")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--no-error-summary"),
            *("--follow-imports=silent", "--cache-dir", tmp_path / "cache"),
            *("--config-file", ROOT / "pyproject.toml", program),
        ],
        cwd=tmp_path,
        env={**_environment(), "MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    told = ran.stdout + ran.stderr
    assert told.count('Revealed type is "rillet.core.tensor.Tensor"') == 2, told
    assert 'has no attribute "reduce_meen"' in told, told
    assert told.count("error:") == 1, told


def _environment():
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}
