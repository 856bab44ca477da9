"""Make data.json and data.tfrecord: what real TensorFlow's pipelines give.

Run with an interpreter that has TensorFlow 2.21: ``python make_data.py``.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import tensorflow as tf  # noqa: E402
from pipelines import RECORDS, ROWS, facts, write_files  # noqa: E402

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    write_files(folder)
    for file, zipped in (("records.tfrecord", ""), ("records.gz", "GZIP")):
        with tf.io.TFRecordWriter(str(folder / file), zipped) as writer:
            for record in RECORDS:
                writer.write(record)
        shutil.copy(folder / file, HERE / f"data_{file}")
    out = {}
    for key, row in ROWS.items():
        try:
            out[key] = facts(row(tf, str(folder)))
        except Exception as error:
            print(key, type(error).__name__, str(error)[:300])
(HERE / "data.json").write_text(json.dumps(out, indent=0) + "\n", encoding="utf-8")
print(len(out), "pipelines")
