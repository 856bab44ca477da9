"""Makes spatial_FAMILY.npz beside it: tf.keras's answers to the rows of spatial_rows.

Run it from the repository with TensorFlow and tf_keras in their own environment:

    python tests/golden/keras/make_spatial.py [FAMILY ...]
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import spatial_rows as rows
import tensorflow as tf

for family in sys.argv[1:] or rows.FAMILIES:
    found = {}
    for name, (kind, arguments, shape) in rows.FAMILIES[family].items():
        arguments, moved = rows.last(arguments)
        layer = getattr(tf.keras.layers, kind)(**arguments)
        try:
            given = rows.answers(tf, name, layer, rows.numbers(name, *shape), moved)
        except Exception as error:
            sys.exit(f"{family}/{name}: {error}")
        for i, value in enumerate(given):
            found[f"{name}/{i}"] = value
    where = Path(__file__).parent / f"spatial_{family}.npz"
    np.savez_compressed(where, **found)
    print(family, len(found), where.stat().st_size)
