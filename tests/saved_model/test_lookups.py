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


class Asking(tf.keras.layers.Layer):
    """A layer of one's own that asks a table."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        keys, values = tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64)
        filled = tf.lookup.KeyValueTensorInitializer(keys, values)
        self.table = tf.lookup.StaticHashTable(filled, -1)

    def call(self, words):
        return self.table.lookup(words)


class Open(tf.keras.Model):
    """A model of no declared inputs."""

    def __init__(self):
        super().__init__()
        self.asking = Asking()

    def call(self, words):
        return self.asking(words)


GIVEN = {
    "ragged": tf.ragged.constant([["a"], ["b", "z"]]),
    "sparse": tf.sparse.from_dense([["a", ""], ["b", "z"]]),
}


@pytest.mark.parametrize("asks", [Asking, Open, "StringLookup"])
@pytest.mark.parametrize("kind", GIVEN)
def test_models_of_rows_and_places_are_saved_as_such(kind, asks, tmp_path):
    x = GIVEN[kind]
    if asks is Open:
        model = Open()
    else:
        words = tf.keras.Input((None,), dtype="string", **{kind: True})
        lookup = tf.keras.layers.StringLookup(vocabulary=["a", "b"])
        model = tf.keras.Model(words, (lookup if asks != Asking else Asking())(words))
    wanted = lookup_models.plain(model(x))
    model.save(tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    served = loaded.signatures["serving_default"]
    parts = tf.nest.flatten(x, expand_composites=True)
    # the names that TensorFlow 2.21 gives the parts of an input
    names = ["args_0", "args_0_1", "args_0_2"][: len(parts)]
    assert sorted(served.structured_input_signature[1]) == names
    again = tf.keras.models.load_model(tmp_path, compile=False)
    (told,) = served(**dict(zip(names, parts, strict=True))).values()
    for found in (loaded(x), again(x), told):
        assert lookup_models.plain(found) == wanted
