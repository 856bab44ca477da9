"""Makes FAMILY_layers.npz and .json: tf.keras's answers to FAMILY_rows.py.

Run it from the repository with TensorFlow and tf_keras in their own environment:

    python tests/golden/keras/make_layers.py FAMILY ...
"""

import importlib
import json
import os
import sys
import warnings
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import layer_runs
import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
warnings.simplefilter("ignore")

for family in sys.argv[1:]:
    rows = importlib.import_module(f"{family}_rows").ROWS
    arrays, words = {}, {}
    for name, row in rows.items():
        try:
            found, said = layer_runs.run(tf, row)
        except Exception as error:
            sys.exit(f"{family}/{name}: {type(error).__name__}: {error}")
        arrays.update({f"{name}/{k}": v for k, v in found.items() if v.size})
        words[name] = said
    np.savez_compressed(HERE / f"{family}_layers.npz", **arrays)
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in words.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (HERE / f"{family}_layers.json").write_text(text, encoding="utf-8")
    print(family, len(words))
