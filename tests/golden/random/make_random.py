"""Write random.npz: what real TensorFlow draws for the programs beside this file.

Run with TensorFlow 2.21: ``python tests/golden/random/make_random.py``. One thread,
because TensorFlow's categorical draws depend on how rows are shared among threads.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import programs
import tensorflow as tf


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    kept = {}
    for program in (*programs.EXACT, *programs.NEAR):
        for i, value in enumerate(program(tf)):
            array = np.asarray(value)
            if array.dtype.name == "bfloat16":
                array = array.view(np.uint16)
            kept[f"{program.__name__}.{i}"] = array
    np.savez_compressed(Path(__file__).with_name("random.npz"), **kept)


if __name__ == "__main__":
    main()
