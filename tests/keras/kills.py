"""Writers of models that are killed at random moments, and what they leave.

`test_kills` kills a few; the foreign tests kill two hundred. Run alone it kills as
often as it is told, and counts: ``python tests/keras/kills.py 200``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import rillet as tf

#: By kind: the name of what is written. All weights hold one number, a higher one at
#: each save, so a file that is half old and half new shows.
NAMES = {
    "save .keras": "m.keras",
    "save .h5": "m.h5",
    "weights": "m.weights.h5",
    "checkpoint": "m",
    "callback .keras": "best.keras",
    "callback weights": "best.weights.h5",
    "backup": "backup",
}
_WRITER = """
import sys, numpy as np, rillet as tf
keras, kind, path = tf.keras, sys.argv[1], sys.argv[2]
model = keras.Sequential([keras.layers.Dense(64, input_shape=(64,))])
model.compile(keras.optimizers.SGD(0.0), "mse")

def fill(count):
    model.set_weights([w * 0 + count for w in model.get_weights()])

fill(0)
save = {
    "save .keras": model.save,
    "save .h5": model.save,
    "weights": model.save_weights,
    "checkpoint": model.save_weights,
}.get(kind)
print("ready", flush=True)
count = 0
while save is not None:
    count += 1
    fill(count)
    save(path)
callbacks = keras.callbacks
keeper = {
    "callback .keras": lambda: callbacks.ModelCheckpoint(path),
    "callback weights": lambda: callbacks.ModelCheckpoint(
        path, monitor="loss", save_weights_only=True
    ),
    "backup": lambda: callbacks.BackupAndRestore(path),
}[kind]()
before = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: fill(epoch + 1))
x = np.zeros((1, 64), "float32")
model.fit(x, x, epochs=10**6, verbose=0, callbacks=[before, keeper])
"""


def made() -> Any:
    """The model that is written."""
    keras = tf.keras
    model = keras.Sequential([keras.layers.Dense(64, input_shape=(64,))])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


def is_whole(kind: str, path: Path) -> bool:
    """Whether what is there can be read, and holds the weights of one save."""
    keras = tf.keras
    if kind == "backup":
        if not path.exists() or not any(path.iterdir()):
            return True
        seen: list[float] = []

        class Stop(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                weights = self.model.get_weights()
                seen.extend([epoch, *{float(v) for w in weights for v in w.ravel()}])
                raise KeyboardInterrupt

        x = np.zeros((1, 64), "float32")
        keeper = keras.callbacks.BackupAndRestore(path)
        try:
            made().fit(x, x, epochs=10**6, verbose=0, callbacks=[keeper, Stop()])
        except KeyboardInterrupt:
            pass
        return len(seen) == 2 and seen[0] == seen[1]
    there = path if kind != "checkpoint" else path.with_suffix(".index")
    if not there.exists():
        # Killed before the first one was whole: there was no old file to lose.
        return True
    if kind in ("save .keras", "save .h5", "callback .keras"):
        model = keras.models.load_model(path)
    else:
        model = made()
        model.load_weights(path)
    return len({float(v) for w in model.get_weights() for v in w.ravel()}) == 1


def whole_after_kills(kind: str, path: Path, times: int, seed: int) -> int:
    """How often what was written was whole after its writer was killed."""
    rng = np.random.default_rng(seed)
    source = str(Path(tf.__file__).parents[1])
    whole = 0
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, kind, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": source},
        )
        assert writer.stdout is not None and writer.stdout.readline()
        time.sleep(float(rng.uniform(0.02, 0.3)))
        writer.kill()
        writer.wait()
        writer.stdout.close()
        whole += is_whole(kind, path)
    return whole


if __name__ == "__main__":
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    share = -(-total // len(NAMES))
    with tempfile.TemporaryDirectory() as folder:
        for at, (kind, name) in enumerate(NAMES.items()):
            place = Path(folder, f"kind{at}", name)
            place.parent.mkdir()
            whole = whole_after_kills(kind, place, share, at)
            print(f"{kind}: {whole} of {share} whole", flush=True)
