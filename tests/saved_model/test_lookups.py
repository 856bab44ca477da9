"""Lookups and encodings of Keras in SavedModels: what is loaded finds the same."""

from __future__ import annotations

import lookup_models
import numpy as np
import pytest

import rillet as tf

MODELS = lookup_models.models()


@pytest.mark.parametrize("name", MODELS)
def test_lookups_are_saved_and_loaded(name, tmp_path):
    model, x = MODELS[name]
    wanted = lookup_models.plain(model(x))
    model.save(tmp_path / name)
    loaded = tf.saved_model.load(tmp_path / name)
    served = loaded.signatures["serving_default"](x)
    again = tf.keras.models.load_model(tmp_path / name)
    for found in (loaded(x), *served.values(), again(x)):
        found = lookup_models.plain(found)
        if name == "network":
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
        else:
            assert found == wanted


def test_an_unknown_word_without_a_place_is_an_error_there_too(tmp_path):
    model, _ = MODELS["known"]
    model.save(tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    with pytest.raises(tf.errors.InvalidArgumentError, match="in vocabulary"):
        loaded(tf.constant([[5, 6]], tf.int64))


def test_words_that_change_are_saved_as_they_stand(tmp_path):
    layer = tf.keras.layers.StringLookup(vocabulary=["a", "b"])
    x = tf.keras.Input((1,), dtype="string")
    model = tf.keras.Model(x, layer(x))
    model.save(tmp_path / "one")
    layer.set_vocabulary(["b", "a", "c"])
    model.save(tmp_path / "two")
    given = tf.constant([["a"], ["c"]])
    for name, wanted in (("one", [[1], [0]]), ("two", [[2], [3]])):
        found = tf.saved_model.load(tmp_path / name)(given)
        assert found.numpy().tolist() == wanted
