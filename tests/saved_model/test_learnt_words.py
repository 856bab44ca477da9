"""Words that lookups learnt, and the weights of words, through files and back."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

K = tf.keras.layers
TEXTS = tf.constant(["the cat sat", "the dog ran fast", "a cat and a dog"])
PAIRS = tf.constant([["a", "z"], ["c", "b"]])


def learnt(mode, **arguments):
    layer = K.TextVectorization(output_mode=mode, **arguments)
    layer.adapt(TEXTS)
    return layer


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_a_loaded_lookup_may_learn_again(mode, tmp_path, caplog, monkeypatch):
    layers = [tf.keras.Input((1,), dtype="string"), learnt(mode)]
    layers += [K.Embedding(12, 3), K.Flatten()] if mode == "int" else []
    if mode == "int":
        layers[1] = learnt(mode, output_sequence_length=4)
    model = tf.keras.Sequential([*layers, K.Dense(2)])
    model.save(tmp_path)
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    again = tf.keras.models.load_model(tmp_path, compile=False)
    assert not caplog.records
    x = tf.reshape(TEXTS, [-1, 1])
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())
    again.layers[0].adapt(["x y z"])
    assert again.layers[0].get_vocabulary()[-3:] == ["z", "y", "x"]


def test_a_lookup_of_given_words_stays_so(tmp_path):
    x = tf.keras.Input((1,), dtype="string")
    tf.keras.Model(x, K.StringLookup(vocabulary=["a"])(x)).save(tmp_path)
    again = tf.keras.models.load_model(tmp_path, compile=False)
    with pytest.raises(ValueError, match="was given a vocabulary"):
        again.layers[1].adapt(["x"])


def test_weights_of_words_come_back_from_checkpoints(tmp_path):
    kept = K.StringLookup(
        output_mode="tf_idf", vocabulary=["a", "b"], idf_weights=[0.5, 0.25]
    )
    path = tf.train.Checkpoint(layer=kept).write(str(tmp_path / "c"))
    assert ("layer/idf_weights/.ATTRIBUTES/VARIABLE_VALUE", [3]) in [
        *tf.train.list_variables(path)
    ]
    layer = K.StringLookup(
        output_mode="tf_idf", vocabulary=["a", "b"], idf_weights=[3.0, 4.0]
    )
    tf.train.Checkpoint(layer=layer).read(path).assert_consumed()
    # an unknown word weighs what the known ones weigh in the mean
    wanted = [[0.375, 0.5, 0.0], [0.375, 0.0, 0.25]]
    np.testing.assert_array_equal(layer(PAIRS).numpy(), wanted)


def test_weights_of_other_words_are_refused_and_change_nothing(tmp_path):
    kept = learnt("tf_idf")
    path = tf.train.Checkpoint(layer=kept).write(str(tmp_path / "c"))
    layer = K.TextVectorization(
        output_mode="tf_idf", vocabulary=["a"], idf_weights=[2.0]
    )
    with pytest.raises(ValueError, match=r"shape \(9,\), the layer .* has 2 words"):
        tf.train.Checkpoint(layer=layer).read(path)
    np.testing.assert_array_equal(layer(tf.constant(["a"])).numpy(), [[0.0, 2.0]])


def test_weights_wait_where_there_are_no_words_yet(tmp_path):
    path = tf.train.Checkpoint(layer=learnt("tf_idf")).write(str(tmp_path / "c"))
    layer = K.TextVectorization(output_mode="tf_idf")
    tf.train.Checkpoint(layer=layer).read(path).assert_consumed()
    again = tf.train.Checkpoint(layer=layer).write(str(tmp_path / "d"))
    name = "layer/_lookup_layer/idf_weights/.ATTRIBUTES/VARIABLE_VALUE"
    one, two = [tf.train.load_variable(p, name) for p in (path, again)]
    np.testing.assert_array_equal(one, two)
    with pytest.raises(RuntimeError, match="vocabulary size must be known"):
        layer(TEXTS)
