"""Write `summaries.v2`: summaries of every kind, by TensorFlow and TensorBoard.

Run with an interpreter that has both: ``python make_events.py``.
"""

from __future__ import annotations

import glob
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def summaries(tf: Any, folder: str) -> None:
    """Write them by TensorFlow, or by what has its interface."""
    writer = tf.summary.create_file_writer(folder)
    ramp = np.linspace(-1, 1, 20).astype("float32")
    picture = np.linspace(0, 1, 24).astype("float32")
    with writer.as_default(step=3):
        tf.summary.scalar("loss", 0.5, description="what is minimised")
        tf.summary.scalar("whole", 3)
        tf.summary.histogram("h", np.arange(10.0), buckets=4)
        tf.summary.histogram("usual", ramp**3)
        tf.summary.histogram("one_value", np.ones(5), buckets=4)
        tf.summary.histogram("empty", np.zeros((0,)), buckets=4)
        tf.summary.histogram("no_buckets", np.arange(3.0), buckets=0)
        with tf.name_scope("outer"):
            tf.summary.image("grey", picture.reshape(4, 2, 3, 1), max_outputs=2)
            tf.summary.text("t", "hello")
        tf.summary.image("colour", picture.reshape(1, 2, 4, 3))
        tf.summary.image("clear", picture.reshape(1, 2, 3, 4))
        tf.summary.image("bytes", np.arange(6, dtype="uint8").reshape(1, 2, 3, 1))
        tf.summary.text("table", [["a", "b"]])
        tf.summary.audio("mono", ramp.reshape(2, 10, 1), 8000)
        tf.summary.audio("stereo", ramp.reshape(1, 10, 2), 8000, encoding="wav")
        tf.summary.write("raw", tf.constant([1, 2]))

        @tf.function
        def traced(x: Any) -> Any:
            tf.summary.scalar("in_function", x, step=tf.constant(9, tf.int64))
            return x + 1

        traced(tf.constant(1.0))
    writer.close()


if __name__ == "__main__":
    import tensorflow

    with tempfile.TemporaryDirectory() as made:
        summaries(tensorflow, made)
        shutil.copy(glob.glob(f"{made}/*.v2")[0], HERE / "summaries.v2")
