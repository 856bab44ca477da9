"""The program of a network: it runs, and gives the network's own losses."""

from __future__ import annotations

import contextlib
import io
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


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_it_gives_the_same_losses(fragment: str) -> None:
    lab = trained(read(fragment))
    # `predict` and the page's own function may differ in the last digit of a float32.
    assert run(program(lab.address)) == pytest.approx(lab.losses, rel=1e-5)


@pytest.mark.parametrize("values", [False, True])
def test_data_of_ones_own_stand_in_it(values: bool) -> None:
    rng = np.random.default_rng(0)
    labels = rng.uniform(-1, 1, 60) if values else rng.integers(0, 3, 60)
    rows = "\n".join(
        f"{x},{y},{label}"
        for (x, y), label in zip(rng.uniform(0, 90, (60, 2)), labels, strict=True)
    )
    own, _ = own_data.table(rows)
    lab = Lab(Address(Settings(data="own", own=own)))
    lab.run(4)
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
    assert max(map(len, text.splitlines()[6:])) <= 100


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


@pytest.mark.foreign
@pytest.mark.parametrize("fragment", FRAGMENTS[:8])
def test_it_runs_with_tensorflow(fragment: str, tmp_path: Path) -> None:
    lab = trained(read(fragment))
    text = program(lab.address).replace(
        "import rillet as tf", "import tensorflow as tf"
    )
    path = tmp_path / "program.py"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [os.environ["RILLET_TENSORFLOW_PYTHON"], str(path)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    # Sums in another order: some epochs of small steps stay close.
    assert losses(done.stdout) == pytest.approx(lab.losses, rel=2e-3)
