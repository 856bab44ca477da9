"""Archives of endpoints: what is served, which variables are held, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
ROWS = [tf.TensorSpec([None, 3], tf.float32)]


def built() -> Any:
    model = K.Sequential([K.layers.BatchNormalization(), K.layers.Dense(2)])
    model(tf.ones([1, 3]))
    return model


def test_endpoints_are_served_and_the_first_by_default(tmp_path: Path, capsys) -> None:
    model = built()
    archive = K.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("infer", lambda x: model(x, training=False), ROWS)
    archive.add_endpoint("learn", lambda x: model(x, training=True), ROWS)
    archive.add_variable_collection("kernel", [model.layers[1].kernel])
    archive.write_out(tmp_path / "model")
    assert "'infer', 'learn'" in capsys.readouterr().out
    again = tf.saved_model.load(tmp_path / "model")
    assert set(again.signatures) == {"infer", "learn", "serving_default"}
    x = tf.constant([[1.0, 2.0, 3.0], [0.0, 1.0, 5.0]])
    wanted = model(x, training=False).numpy()
    np.testing.assert_allclose(again.infer(x), wanted, rtol=1e-6)
    served = again.signatures["serving_default"](x=x)
    np.testing.assert_allclose(served["output_0"], wanted, rtol=1e-6)
    np.testing.assert_array_equal(again.kernel[0], model.layers[1].kernel)
    counts = [again.variables, again.trainable_variables, again.non_trainable_variables]
    assert [len(c) for c in counts] == [6, 4, 2]
    again.learn(x)
    moved = 0.01 * x.numpy().mean(axis=0)  # a momentum of 0.99 from zero
    means = [v for v in again.variables if "moving_mean" in v.name]
    np.testing.assert_allclose(means[0], moved, rtol=1e-5)


def test_tables_of_tracked_layers_are_held(tmp_path: Path) -> None:
    look = K.layers.StringLookup(vocabulary=["a", "b"])
    look(tf.constant(["a"]))
    archive = K.export.ExportArchive()
    words = [tf.TensorSpec([None], tf.string)]
    archive.track_and_add_endpoint("words", look, words)
    archive.write_out(tmp_path, verbose=False)
    again = tf.saved_model.load(tmp_path)
    np.testing.assert_array_equal(again.words(tf.constant(["b", "z"])), [2, 0])


def test_nested_arguments_and_called_functions(tmp_path: Path) -> None:
    model = built()
    both = {"x": ROWS[0], "more": tf.TensorSpec([], tf.float32)}
    called = tf.function(lambda x: model(x) * 2.0)
    called(tf.ones([2, 3]))
    archive = K.export.ExportArchive()
    archive.add_endpoint("both", lambda d: model(d["x"]) + d["more"], [both])
    archive.add_endpoint("called", called)
    archive.write_out(tmp_path, verbose=False)
    again = tf.saved_model.load(tmp_path)
    x = tf.ones([2, 3])
    wanted = model(x).numpy()
    more = again.both({"x": x, "more": tf.constant(1.0)})
    np.testing.assert_allclose(more, wanted + 1.0, rtol=1e-6)
    np.testing.assert_allclose(again.called(x), wanted * 2.0, rtol=1e-6)


def test_what_is_refused(tmp_path: Path) -> None:
    archive = K.export.ExportArchive()
    with pytest.raises(ValueError, match="No endpoints have been set yet"):
        archive.write_out(tmp_path)
    with pytest.raises(ValueError, match="Invalid resource type"):
        archive.track(3)
    with pytest.raises(ValueError, match="has not yet been built.*Call it"):
        archive.track(K.layers.Dense(1))
    with pytest.raises(ValueError, match="is no tf.function.*input_signature"):
        archive.add_endpoint("f", lambda x: x)
    with pytest.raises(ValueError, match="has never been called"):
        archive.add_endpoint("f", tf.function(lambda x: x))
    archive.add_endpoint("f", lambda x: x, ROWS)
    with pytest.raises(ValueError, match="'f' is already taken"):
        archive.add_endpoint("f", lambda x: x, ROWS)
    for variables, kind in ((3, "int"), ([3.0], "float")):
        with pytest.raises(ValueError, match=f"list/tuple/set.*got {kind}"):
            archive.add_variable_collection("v", variables)
