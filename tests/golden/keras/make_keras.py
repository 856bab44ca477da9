"""Makes FAMILY.npz beside it: tf.keras's answers to programs.py and its kin.

Run it from the repository with TensorFlow and tf_keras in their own environment:

    python tests/golden/keras/make_keras.py [FAMILY ...]
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import own_rows
import programs
import tensorflow as tf
import trajectory_rows

FAMILIES = {**programs.FAMILIES, **trajectory_rows.FAMILIES, **own_rows.FAMILIES}

for family in sys.argv[1:] or FAMILIES:
    found = {}
    for name, run in FAMILIES[family](tf):
        try:
            found[name] = np.asarray(run())
        except Exception as error:
            sys.exit(f"{family}/{name}: {error}")
    np.savez_compressed(Path(__file__).parent / f"{family}.npz", **found)
    print(family, len(found))
