"""No kernel reads or writes beside its buffers: each lies between forbidden pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = str(Path(__file__).with_name("guarded_rows.py"))
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="guards are POSIX's")


def run(*arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        env={
            **os.environ,
            "RILLET_GUARD": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]),
        },
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.mark.parametrize("place", [-1, 3])
def test_guards_bite(place: int) -> None:
    touch = (
        "import ctypes, numpy as np\n"
        "from rillet.backends.native import memory\n"
        "x = memory.guarded((3,), np.uint8)\n"
        "before = memory.guarded((4096 * 4,), np.uint8)\n"
        "at = x.ctypes.data + 3 if PLACE > 0 else before.ctypes.data - 1\n"
        "x[2] = 1; before[0] = 1\n"
        "print('inside', flush=True)\n"
        "ctypes.string_at(at, 1)\n"
        "print('beside')\n"
    )
    done = run("-c", touch.replace("PLACE", str(place)))
    assert done.stdout.split() == ["inside"] and done.returncode != 0


def test_a_sample_of_op_cases() -> None:
    seed = os.environ.get("RILLET_FOREIGN_SEED") or "0"
    done = run(ROWS, seed, "80")
    assert done.returncode == 0, done.stdout.splitlines()[-1:] + [done.stderr]


@pytest.mark.foreign
def test_all_op_cases() -> None:
    done = run(ROWS, "0", "0")
    assert done.returncode == 0, done.stdout.splitlines()[-1:] + [done.stderr]


MODELS = """
import numpy as np, rillet as tf
layers, rng = tf.keras.layers, np.random.default_rng(0)
images = rng.normal(size=(37, 13, 11, 3)).astype(np.float32)
rows = rng.normal(size=(37, 9, 5)).astype(np.float32)
labels = rng.integers(0, 7, 37)
for x, inner in (
    (images, [layers.Conv2D(5, 3, activation="relu"), layers.MaxPool2D(),
              layers.Conv2D(9, 3, strides=2, padding="same"),
              layers.BatchNormalization(), layers.Flatten()]),
    (images, [layers.SeparableConv2D(4, 3), layers.AveragePooling2D(3, 2, "same"),
              layers.Conv2DTranspose(3, 3, 2), layers.GlobalAveragePooling2D()]),
    (rows, [layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.GRU(5), layers.Dropout(0.3)]),
    (rows, [layers.Conv1D(3, 2), layers.LayerNormalization(), layers.Flatten(),
            layers.Dense(17, "gelu")]),
):
    net = tf.keras.Sequential([*inner, layers.Dense(7, "softmax")])
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(x, labels, batch_size=8, epochs=2, verbose=0)
    net.evaluate(x, labels, batch_size=8, verbose=0)
    assert np.isfinite(net.predict(x, batch_size=8, verbose=0)).all()
print("done")
"""


def test_models_of_odd_sizes() -> None:
    done = run("-c", MODELS)
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
