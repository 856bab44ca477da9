"""A process that is killed while it saves leaves a model or checkpoint that loads.

`RILLET_KILLS=200` is the number that a release is held to.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rillet as tf

KILLS = int(os.environ.get("RILLET_KILLS", 4))
SOURCE = Path(__file__).resolve().parents[2] / "src"
SAVER = """
import os, sys
import numpy as np
import rillet as tf

kind, folder, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
K = tf.keras

def module(n):
    made = tf.Module()
    # More or fewer variables each time: a mixture of two models would not load.
    made.parts = [tf.Variable(np.full(5000, n, "float32")) for _ in range(1 + n % 3)]
    n_then = float(n)
    made.f = tf.function(
        lambda: [tf.reduce_sum(v) / 5000.0 - n_then for v in made.parts],
        input_signature=[],
    )
    return made

def network(n):
    layers = [K.layers.Dense(4, input_shape=(4,)) for _ in range(1 + n % 3)]
    model = K.Sequential(layers)
    model.set_weights([np.full(w.shape, n, "float32") for w in model.get_weights()])
    return model

print("ready", flush=True)
while True:
    n += 1
    if kind == "model":
        tf.saved_model.save(module(n), folder)
    elif kind == "keras":
        network(n).save(folder)
    else:
        held = tf.Variable(np.full(50000, n, "float32"))
        checkpoint = tf.train.Checkpoint(v=held, w=tf.Variable(float(n)))
        if kind == "checkpoint":
            checkpoint.write(os.path.join(folder, "ckpt"))
        else:
            manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=2)
            manager.save(checkpoint_number=n)
"""


def look(kind: str, folder: Path) -> int:
    """Load what stands, check that it is of one piece; say which save it was of."""
    if kind == "model":
        loaded = tf.saved_model.load(folder)
        assert [float(x) for x in loaded.f()] == [0.0] * len(loaded.parts)
        found = {float(v.numpy().min()) for v in loaded.parts}
        n = int(found.pop())
        assert not found and len(loaded.parts) == 1 + n % 3
        return n
    if kind == "keras":
        model = tf.keras.models.load_model(folder)
        found = {float(x) for w in model.get_weights() for x in w.ravel()}
        n = int(found.pop())
        assert not found and len(model.layers) == 1 + n % 3
        return n
    held = tf.Variable(np.zeros(50000, "float32"))
    checkpoint = tf.train.Checkpoint(v=held, w=tf.Variable(0.0))
    path = folder / "ckpt"
    if kind == "manager":
        manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=2)
        assert manager.latest_checkpoint == tf.train.latest_checkpoint(folder)
        for kept in manager.checkpoints:
            tf.train.load_checkpoint(kept).get_tensor("v/.ATTRIBUTES/VARIABLE_VALUE")
        path = Path(manager.latest_checkpoint)
    checkpoint.read(str(path)).assert_existing_objects_matched().expect_partial()
    assert {float(held.numpy().min()), float(held.numpy().max())} == {
        float(checkpoint.w)
    }
    return int(checkpoint.w)


@pytest.mark.parametrize("kind", ["model", "keras", "checkpoint", "manager"])
def test_a_kill_leaves_what_stood(kind, tmp_path):
    draw = random.Random(kind)
    folder, n, moved = tmp_path / "saved", 0, 0
    folder.mkdir()
    for _ in range(max(1, KILLS // 4)):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVER, kind, str(folder), str(n)],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        if not n:
            # Something must stand before the first kill.
            for _ in range(1000):
                if any(folder.iterdir()) and not _unready(kind, folder):
                    break
                time.sleep(0.02)
        time.sleep(draw.uniform(0.0, 0.15))
        child.kill()
        child.wait()
        child.stdout.close()
        found = look(kind, folder)
        assert found >= n
        moved += found > n
        n = found
    assert moved


def _unready(kind: str, folder: Path) -> bool:
    try:
        return look(kind, folder) < 1
    except Exception:
        return True  # the first save is not done
