"""Archives of endpoints that rillet wrote give the same in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import rillet as tf

THERE = """
import json, sys
import tensorflow as tf
again = tf.saved_model.load(sys.argv[1])
x = tf.ones([2, 3])
found = {"infer": again.infer(x), "served": again.signatures["infer"](x=x)["output_0"]}
again.learn(x * 9.0)
found["learnt"] = again.infer(x)
found["words"] = again.words(tf.constant(["b", "z"]))
found["held"] = [len(again.variables), len(again.optimizer)]
found["signatures"] = sorted(again.signatures)
plain = {k: v.numpy().tolist() if hasattr(v, "numpy") else v for k, v in found.items()}
print("FOUND" + json.dumps(plain))
"""


def test_tensorflow_serves_an_archive(
    asked: Callable[..., Any], tmp_path: Path
) -> None:
    K = tf.keras
    model = K.Sequential([K.layers.BatchNormalization(), K.layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones([4, 3]), np.ones([4, 2]), verbose=0)
    look = K.layers.StringLookup(vocabulary=["a", "b"])
    look(tf.constant(["a"]))
    archive = K.export.ExportArchive()
    archive.track(model)
    rows = [tf.TensorSpec([None, 3], tf.float32)]
    archive.add_endpoint("infer", lambda x: model(x, training=False), rows)
    archive.add_endpoint("learn", lambda x: model(x, training=True), rows)
    words = [tf.TensorSpec([None], tf.string)]
    archive.track_and_add_endpoint("words", look, words)
    archive.add_variable_collection("optimizer", model.optimizer.variables)
    archive.write_out(tmp_path, verbose=False)
    found = asked(THERE, str(tmp_path))
    x = tf.ones([2, 3])
    first = model(x, training=False).numpy()
    model(x * 9.0, training=True)
    learnt = model(x, training=False).numpy()
    # float32; TensorFlow sums in another order
    for name, wanted in {"infer": first, "served": first, "learnt": learnt}.items():
        np.testing.assert_allclose(found[name], wanted, rtol=1e-5, atol=1e-6)
    assert found["words"] == [2, 0]
    assert found["held"] == [6, len(model.optimizer.variables)]
    assert found["signatures"] == ["infer", "learn", "serving_default", "words"]
