"""Run the expressions of `rows.py` with real TensorFlow; writes `details.json`.

python tests/golden/details/make_details.py
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import rows
import tensorflow as tf

FILE = Path(__file__).with_name("details.json")

with tempfile.TemporaryDirectory() as name:
    found = {row: rows.outcome(row, tf, Path(name)) for row in rows.ROWS}
lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()]
FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
