"""The program of a network: it runs, and gives the network's own losses."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rillet import keras
from rillet.playground import own_data
from rillet.playground.address import Address, Change, read
from rillet.playground.lab import Lab, trained
from rillet.playground.listing import program, weights_file
from rillet.playground.settings import Settings

FRAGMENTS = [
    "data=spiral&features=x1,x2,sin_x1,sin_x2&hidden=8-8&epoch=20"
    "&changes=5:rate:0.1,7:w.0.1.2:0.5,7:b.1.0:-0.25,9:batch:7",
    "data=circle&noise=20&share=70&epoch=5&optimizer=momentum",
    "data=xor&features=x1_x2&hidden=none&penalty=l1&penalty_rate=0.01&epoch=5",
    "data=gauss&output=softmax&activation=relu&penalty=l2&penalty_rate=0.1&epoch=5",
    "data=clouds&classes=5&hidden=6&optimizer=adam&epoch=5",
    "data=arms&classes=3&features=x1,x2,x1_squared,x2_squared&epoch=5",
    "data=plane&hidden=3&activation=sigmoid&optimizer=nesterov&rate=0.01&epoch=3",
    "data=hills&hidden=4&optimizer=adagrad&epoch=3",
    "data=hills&hidden=4&optimizer=rmsprop&rate=0.003&epoch=3",
    "data=hills&hidden=4&optimizer=rmsprop&epoch=0",
]


def losses(printed: str) -> list[float]:
    """The training and the test loss that a program printed."""
    return [float(text) for text in re.findall(r"loss: (\S+)", printed)]


def run(text: str) -> list[float]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    return losses(printed.getvalue())


def own_lab(values: bool) -> Lab:
    """A network that trained on a table of 60 rows with three classes, or values."""
    rng = np.random.default_rng(0)
    labels = rng.uniform(-1, 1, 60) if values else rng.integers(0, 3, 60)
    rows = "\n".join(
        f"{x},{y},{label}"
        for (x, y), label in zip(rng.uniform(0, 90, (60, 2)), labels, strict=True)
    )
    own, *_ = own_data.table(rows)
    lab = Lab(Address(Settings(data="own", own=own)))
    lab.run(4)
    return lab


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_it_gives_the_same_losses(fragment: str) -> None:
    lab = trained(read(fragment))
    # `predict` and the page's own function may differ in the last digit of a float32.
    assert run(program(lab.address)) == pytest.approx(lab.losses, rel=1e-5)


@pytest.mark.parametrize("values", [False, True])
def test_data_of_ones_own_stand_in_it(values: bool) -> None:
    lab = own_lab(values)
    assert run(program(lab.address)) == pytest.approx(lab.losses, rel=1e-5)


def test_names_of_classes_cannot_become_code() -> None:
    made = own_data.drawn([[1, 2, 0], [3, 4, 1], [5, 6, 1]])
    own = replace(made, classes=("a\nimport os", '"""\r\nimport os'))
    text = program(Address(Settings(data="own", own=own)))
    assert not any(line.strip().startswith("import os") for line in text.splitlines())
    assert len(run(text)) == 2


def test_every_line_is_short() -> None:
    changes = tuple(Change(i, "rate", 0.1 + i / 3) for i in range(3))
    settings = Settings(hidden=(8,) * 6, data="spiral", features=("x1", "sin_x1"))
    text = program(Address(settings, 9, changes))
    assert max(map(len, text.splitlines()[7:])) <= 100


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(program(read("data=xor&epoch=2")), encoding="utf-8")
    source = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [sys.executable, str(path)],
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == "" and len(losses(done.stdout)) == 2


def test_the_weights_load(tmp_path: Path) -> None:
    lab = trained(read("data=xor&hidden=4-3&epoch=3"))
    path = tmp_path / "playground.weights.h5"
    path.write_bytes(weights_file(lab.model))
    fresh = keras.Sequential(
        [keras.Input((2,)), *[keras.layers.Dense(n) for n in (4, 3, 1)]]
    )
    fresh.load_weights(str(path))
    for found, wanted in zip(fresh.get_weights(), lab.model.get_weights(), strict=True):
        assert (found == wanted).all()


#: Runs each program of a folder as it stands, and reads each file of weights.
RUNNER = """
import contextlib, io, json, sys
from pathlib import Path

found = []
for path in sorted(Path(sys.argv[1]).glob("*.py")):
    printed, space = io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), space)
    model = space["model"]
    fresh = type(model).from_config(model.get_config())
    fresh.load_weights(str(path.with_suffix(".weights.h5")))
    weights = [weight.tolist() for weight in fresh.get_weights()]
    found.append([space["tf"].__name__, printed.getvalue(), weights])
print(json.dumps(found))
"""


@pytest.mark.foreign
@pytest.mark.parametrize("legacy", ["0", "1"], ids=["Keras 3", "tf_keras"])
def test_they_run_unchanged_with_tensorflow(legacy: str, tmp_path: Path) -> None:
    labs = [trained(read(fragment)) for fragment in FRAGMENTS]
    labs += [own_lab(values=False), own_lab(values=True)]
    for number, lab in enumerate(labs):
        path = tmp_path / f"{number:02}.py"
        path.write_text(program(lab.address), encoding="utf-8")
        path.with_suffix(".weights.h5").write_bytes(weights_file(lab.model))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": legacy}
    done = subprocess.run(
        [os.environ["RILLET_TENSORFLOW_PYTHON"], "-c", RUNNER, str(tmp_path)],
        env=os.environ | quiet | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    for lab, (module, printed, weights) in zip(labs, found, strict=True):
        assert module == "tensorflow"
        # Sums in another order: some epochs of small steps stay close.
        assert losses(printed) == pytest.approx(lab.losses, rel=2e-3), lab.address
        for one, other in zip(weights, lab.model.get_weights(), strict=True):
            assert np.array_equal(np.array(one, np.float32), other)
