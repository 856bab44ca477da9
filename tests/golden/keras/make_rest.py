"""Write `rest.json`: what real tf.keras gives for the rows of the `*_rows` files.

Run with TensorFlow 2.21 and tf_keras: ``python tests/golden/keras/make_rest.py``. Needs
no network.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
#: The files of rows that are there.
FILES = ("backend_rows", "feature_rows", "preparing_rows", "score_rows")


def plain(value: Any) -> Any:
    """Tensors, arrays and structures of them as JSON can write them."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        array = value
        return {
            "dtype": "string" if array.dtype.kind in "OSU" else array.dtype.name,
            "shape": list(array.shape),
            "values": [plain(v) for v in array.reshape(-1).tolist()],
        }
    return value


def main() -> None:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import importlib

    import tensorflow as tf

    sys.path.insert(0, str(HERE))
    found = {}
    for name in FILES:
        for row in importlib.import_module(name).ROWS:
            found[f"{name}.{row.__name__}"] = plain(row(tf))
    (HERE / "rest.json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
