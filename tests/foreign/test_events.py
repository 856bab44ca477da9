"""TensorFlow's own iterator reads what `tf.summary` and `TensorBoard` wrote."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np

import rillet as tf

READ = """
import glob, json, sys
import tensorflow as tf
found = []
pattern = sys.argv[1] + "/**/events.out.tfevents.*"
for path in sorted(glob.glob(pattern, recursive=True)):
    for event in tf.compat.v1.train.summary_iterator(path):
        found += [
            [event.step, v.tag, v.metadata.plugin_data.plugin_name]
            for v in event.summary.value
        ]
        if event.graph_def:
            graph = tf.compat.v1.GraphDef.FromString(event.graph_def)
            found.append([event.step, "graph", len(graph.node) > 0])
print("FOUND" + json.dumps(found))
"""


def test_summary_iterator(tmp_path: Path, tensorflow_python: str) -> None:
    keras = tf.keras
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="d")])
    model.compile("sgd", "mse")
    board = keras.callbacks.TensorBoard(tmp_path, histogram_freq=1, update_freq=1)
    x, y = np.ones((4, 2)), np.ones((4, 1))
    model.fit(x, y, batch_size=2, verbose=0, callbacks=[board])
    done = subprocess.run(
        [tensorflow_python, "-c", READ, str(tmp_path)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.partition("FOUND")[2])
    assert found == [
        [0, "keras", "graph_keras_model"],
        [0, "graph", True],
        [1, "batch_loss", "scalars"],
        [2, "batch_loss", "scalars"],
        [0, "epoch_loss", "scalars"],
        [0, "d/kernel_0/histogram", "histograms"],
        [0, "d/bias_0/histogram", "histograms"],
    ]
