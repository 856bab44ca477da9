"""Makes accumulation.npz beside it: ten steps of Keras 3's optimizers that accumulate.

Run it from the repository with Keras 3 and a backend in their own environment:

    python tests/golden/keras/make_accumulation.py
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from trajectory_rows import ACCUMULATING, data

found = {}
for name, (kind, settings) in ACCUMULATING.items():
    optimizer = getattr(keras.optimizers, kind)(**settings)
    a, b = keras.Variable(data("m", 3, 2)), keras.Variable(data("v", 3))
    rows = []
    for i in range(10):
        grads = [data(f"s{i}", 3, 2), data(f"t{i}", 3)]
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in grads], [a, b])
        rows.append(np.concatenate([np.asarray(a).ravel(), np.asarray(b)]))
    found[name] = np.stack(rows)
np.savez_compressed(Path(__file__).parent / "accumulation.npz", **found)
print(len(found), keras.__version__)
