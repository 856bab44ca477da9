"""Run `space_rows.py` with real tf.keras; writes `space.json`.

TF_USE_LEGACY_KERAS=1 python tests/golden/keras/make_space.py
"""

import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import tensorflow as tf
from space_rows import results

found = results(tf)
lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()]
path = Path(__file__).with_name("space.json")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
