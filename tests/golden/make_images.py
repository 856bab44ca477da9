"""Make images.npz: what the real TensorFlow decodes from the files of image_files.npz.

    TENSORFLOW_PYTHON tests/golden/make_images.py

A key is ``FILE/FUNCTION/ARGUMENTS``; where TensorFlow refuses, the value is the name
of the error's class.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from image_rows import decoded, rows  # noqa: E402

files = np.load(HERE / "image_files.npz")
found = {}
for key in rows(files.files):
    data = files[key.split("/")[0]].tobytes()
    try:
        found[key] = decoded(tf, key, data).numpy()
    except Exception as error:
        found[key] = np.array(type(error).__name__)
np.savez_compressed(HERE / "images.npz", **found)
print(len(found), "rows")
