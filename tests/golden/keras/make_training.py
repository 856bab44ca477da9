"""Write training.json and its kin: what programs give under real tf.keras.

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

import callback_programs  # noqa: E402  the environment must be set before
import order_programs  # noqa: E402
import slot_programs  # noqa: E402
import tensorflow as tf  # noqa: E402
import training_programs  # noqa: E402

FILES = {
    "training": training_programs,
    "callbacks": callback_programs,
    "orders": order_programs,
    "slots": slot_programs,
}

if __name__ == "__main__":
    for file in sys.argv[1:] or FILES:
        programs = FILES[file].PROGRAMS
        found = {name: program(tf) for name, program in programs.items()}
        target = Path(__file__).with_name(f"{file}.json")
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        target.write_text(text, "utf-8")
        print(f"{target.name}: {len(text)} letters, tensorflow {tf.__version__}")
