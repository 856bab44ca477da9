"""Write training.json: what `training_programs.py` gives under real tf.keras.

Run with an interpreter that has TensorFlow and tf_keras 2:
``python tests/golden/keras/make_training.py``
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(Path(__file__).parent))

import tensorflow as tf  # noqa: E402  the environment must be set before
from training_programs import PROGRAMS  # noqa: E402

if __name__ == "__main__":
    found = {name: program(tf) for name, program in PROGRAMS.items()}
    target = Path(__file__).with_name("training.json")
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{target}: {target.stat().st_size} bytes, tensorflow {tf.__version__}")
