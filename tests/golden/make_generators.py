"""Make keras/generators.npz: what tf.keras's image generators give.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON tests/golden/make_generators.py

The Python needs SciPy and Pillow too.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from generator_rows import results  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    found = results(tf, Path(folder))
np.savez_compressed(HERE / "keras" / "generators.npz", **found)
print(len(found), "arrays")
