"""What TensorFlow itself says of calls that do not fit, and of models both ways.

One program runs in TensorFlow: it writes checkpoints and models, calls signatures
wrongly, and reads what rillet wrote.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rillet as tf

sys.path.insert(0, str(Path(__file__).parents[1] / "saved_model"))
from test_lookups import GIVEN, Asking  # noqa: E402
from test_signature_calls import REFUSED, TAKEN, Model  # noqa: E402

PROGRAM = """
import json, os, sys
import tensorflow as tf
top, found = sys.argv[1], {}
K = tf.keras.layers
model = tf.saved_model.load(top + "/calls")
two = model.signatures["two"]
x, y = tf.ones([2, 3]), tf.constant([1, 2])
def plain(v):
    if isinstance(v, tf.SparseTensor):
        v = tf.sparse.to_dense(v)
    return v.to_list() if isinstance(v, tf.RaggedTensor) else v.numpy().tolist()
calls = {
    "type": lambda: two(x=tf.cast(x, tf.float64), y=y),
    "missing": lambda: two(x=x), "surplus": lambda: two(x=x, y=y, q=y),
    "name": lambda: two(x=x, w=y), "nothing": lambda: two(),
    "text": lambda: two(x="abc", y=y), "none": lambda: two(x=None, y=y),
    "float": lambda: two(x=x, y=[1.5, 2.0]),
    "ragged": lambda: two(x=tf.ragged.constant([[1.0, 2.0, 3.0]]), y=y),
    "scalar": lambda: two(x=x, y=tf.constant(1)), "place": lambda: two(x, y=y),
    "sizes": lambda: two(x=tf.ones([2, 4]), y=y),
    "rank": lambda: two(x=tf.ones([3]), y=y),
    "more": lambda: two(x=x, y=tf.constant([1, 2, 3])),
    "array": lambda: two(x=x.numpy().astype("float64"), y=y.numpy()),
    "list": lambda: two(x=[[1, 2, 3]], y=[1, 2]),
    "variable": lambda: two(x=tf.Variable(x), y=y),
    "declared": lambda: model.two(tf.ones([2, 4]), y),
}
for name, call in calls.items():
    try:
        call()
        found[name] = "ok"
    except Exception as error:
        found[name] = type(error).__name__
given = {
    "ragged": tf.ragged.constant([["a"], ["b", "z"]]),
    "sparse": tf.sparse.from_dense([["a", ""], ["b", "z"]]),
}
for kind, words in given.items():
    loaded = tf.saved_model.load(top + "/own_" + kind)
    found["own_" + kind] = plain(loaded(words))
    entered = tf.keras.Input((None,), dtype=tf.string, **{kind: True})
    lookup = K.StringLookup(vocabulary=["a", "b"])
    tf.keras.Model(entered, lookup(entered)).save(top + "/theirs_" + kind)
    found["theirs_" + kind] = plain(lookup(words))
texts = tf.constant(["the cat sat", "the dog ran fast", "a cat and a dog"])
table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
table.insert(["a", "b"], [3, 4])
tf.train.Checkpoint(table=table).write(top + "/their_table")
tf.train.Checkpoint(table=table).read(top + "/my_table").assert_consumed()
found["table"] = plain(table.lookup(tf.constant(["a", "b", "c"])))
layer = K.TextVectorization(output_mode="tf_idf")
layer.adapt(texts)
tf.train.Checkpoint(layer=layer).write(top + "/weights")
found["words"] = layer.get_vocabulary()
found["weights"] = plain(layer(texts))
model = tf.keras.Sequential([tf.keras.Input((1,), dtype=tf.string), layer, K.Dense(2)])
model.save(top + "/texts")
model.save_weights(top + "/texts_weights")
found["texts"] = plain(model(tf.reshape(texts, [-1, 1])))
print("FOUND" + json.dumps(found, default=lambda b: b.decode()))
"""


def table_of(keys, values):
    """A table that can be changed."""
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(keys, values)
    return table


@pytest.fixture(scope="module")
def told(tensorflow_python, tmp_path_factory):
    """What TensorFlow found, and the folder of what both wrote."""
    top = tmp_path_factory.mktemp("files")
    model = Model()
    tf.saved_model.save(model, top / "calls", {"two": model.two, "one": model.one})
    for kind in GIVEN:
        words = tf.keras.Input((None,), dtype="string", **{kind: True})
        tf.keras.Model(words, Asking()(words)).save(top / f"own_{kind}")
    tf.train.Checkpoint(table=table_of(["b", "c"], [5, 6])).write(f"{top}/my_table")
    done = subprocess.run(
        [tensorflow_python, "-c", PROGRAM, str(top)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
    )
    assert "FOUND" in done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout.split("FOUND")[1]), top


@pytest.mark.parametrize("name", [*REFUSED, *TAKEN, "declared"])
def test_calls_raise_what_tensorflow_raises(name, told):
    kind = REFUSED[name][2].__name__ if name in REFUSED else "ok"
    assert told[0][name] == ("TypeError" if name == "declared" else kind)


@pytest.mark.parametrize("kind", GIVEN)
def test_models_of_rows_and_places_go_both_ways(kind, told):
    found, top = told
    x = GIVEN[kind]
    mine = tf.saved_model.load(top / f"own_{kind}")(x)
    theirs = tf.saved_model.load(top / f"theirs_{kind}")(x)
    for value, name in ((mine, "own"), (theirs, "theirs")):
        if kind == "sparse":
            value = tf.sparse.to_dense(value).numpy().tolist()
        else:
            value = value.to_list()
        assert value == found[f"{name}_{kind}"]


def test_tables_in_checkpoints_go_both_ways(told):
    found, top = told
    assert found["table"] == [-1, 5, 6]
    table = table_of(["z"], [1])
    path = str(top / "their_table")
    tf.train.Checkpoint(table=table).read(path).assert_consumed()
    asked = table.lookup(tf.constant(["a", "b", "z"]))
    assert asked.numpy().tolist() == [3, 4, -1]


def test_weights_of_words_come_from_checkpoints(told):
    found, top = told
    layer = tf.keras.layers.TextVectorization(
        output_mode="tf_idf",
        vocabulary=found["words"][1:],
        idf_weights=[1.0] * (len(found["words"]) - 1),
    )
    # which holds empty counts besides, as the layer learnt its words there
    tf.train.Checkpoint(layer=layer).read(str(top / "weights")).expect_partial()
    texts = tf.constant(["the cat sat", "the dog ran fast", "a cat and a dog"])
    np.testing.assert_allclose(layer(texts).numpy(), found["weights"], rtol=1e-6)


def test_models_that_learnt_words_load_quietly(told, caplog, monkeypatch):
    found, top = told
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    model = tf.keras.models.load_model(top / "texts", compile=False)
    texts = tf.constant([["the cat sat"], ["the dog ran fast"], ["a cat and a dog"]])
    np.testing.assert_allclose(model(texts).numpy(), found["texts"], rtol=1e-6)
    model.load_weights(str(top / "texts_weights")).assert_existing_objects_matched()
    assert not caplog.records


def test_tensorflow_reads_what_a_lookup_learnt_with(told, tensorflow_python):
    _, top = told
    layer = tf.keras.layers.TextVectorization(output_mode="tf_idf")
    layer.adapt(["the cat sat", "the dog ran fast", "a cat and a dog"])
    tf.train.Checkpoint(layer=layer).write(str(top / "mine"))
    program = (
        "import sys, tensorflow as tf\n"
        "v = tf.keras.layers.TextVectorization(output_mode='tf_idf')\n"
        "s = tf.train.Checkpoint(layer=v).read(sys.argv[1])\n"
        "s.assert_existing_objects_matched().assert_consumed()\n"
        "print('FOUND', v._lookup_layer.idf_weights.numpy().tolist())\n"
    )
    done = subprocess.run(
        [tensorflow_python, "-c", program, str(top / "mine")],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
    )
    assert "FOUND" in done.stdout, done.stderr[-3000:]
    idf = layer.get_config()["idf_weights"]
    found = json.loads(done.stdout.split("FOUND")[1])
    np.testing.assert_allclose(found[1:], idf, rtol=1e-6)
