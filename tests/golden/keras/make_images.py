"""Makes images.npz beside it: what tf.keras gives for the rows of image_rows.

Run it from the repository with TensorFlow and tf_keras in their own environment:

    python tests/golden/keras/make_images.py
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import image_rows as rows
import numpy as np
import tensorflow as tf

found = {
    f"{name}/{i}": value
    for name in rows.ROWS
    for i, value in enumerate(rows.answers(tf.keras.layers, name))
}
where = Path(__file__).parent / "images.npz"
np.savez_compressed(where, **found)
print(len(found), where.stat().st_size)
