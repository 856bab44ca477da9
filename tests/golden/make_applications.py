"""Make applications.json.gz and applications.npz: what tf.keras builds, some outputs.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON tests/golden/make_applications.py

For each architecture its layers by name, the sizes of its weights, and the number of
parameters; built in graphs, where variables cost nothing. For small settings also
outputs, with weights that `application_rows` makes.
"""

import gc
import gzip
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from application_rows import ARCHITECTURES, SMALL, filled, picture  # noqa: E402

only = sys.argv[1:]  # names; "-" for outputs alone
found, outputs = {}, {}
for name, settings in ARCHITECTURES:
    if only and name not in only:
        continue
    tf.keras.backend.clear_session()
    with tf.Graph().as_default():
        model = getattr(tf.keras.applications, name)(weights=None, **settings)
        found[f"{name} {json.dumps(settings)}"] = {
            "name": model.name,
            "layers": " ".join(x.name for x in model.layers),
            "weights": " ".join("x".join(map(str, w.shape)) for w in model.weights),
            "trainable": int(sum(np.prod(w.shape) for w in model.trainable_weights)),
        }
    del model
    gc.collect()
    print(name, flush=True)
if not only:
    data = gzip.compress(json.dumps(found, indent=0).encode(), 9, mtime=0)
    (HERE / "keras" / "applications.json.gz").write_bytes(data)
for name, settings in SMALL:
    if only and only != ["-"]:
        continue
    tf.keras.backend.clear_session()
    model = getattr(tf.keras.applications, name)(weights=None, **settings)
    filled(model)
    outputs[name] = model.predict(picture(settings["input_shape"]), verbose=0)
    print(name, outputs[name].ravel()[:4], flush=True)
if outputs:
    np.savez_compressed(HERE / "keras" / "applications.npz", **outputs)
