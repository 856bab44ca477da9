"""Preprocessing layers: files, configurations, graphs, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

L = tf.keras.layers


def _adapted():
    scale = L.Normalization()
    scale.adapt(np.arange(12.0).reshape(4, 3))
    bins = L.Discretization(num_bins=3, epsilon=0.1)
    bins.adapt(np.arange(12.0).reshape(4, 3))
    words = L.StringLookup(output_mode="tf_idf")
    words.adapt(np.array([["a", "b", "b"]], object))
    texts = L.TextVectorization(ngrams=2, output_sequence_length=4)
    texts.adapt(["a b c", "b"])
    return [
        (scale, np.ones((2, 3))),
        (bins, np.array([[1.0, 5.0, 40.0]])),
        (words, [["b", "q", "q"]]),
        (texts, ["b c", "a"]),
    ]


@pytest.mark.parametrize("place", range(4))
def test_what_was_learnt_is_saved(place, tmp_path):
    layer, data = _adapted()[place]
    data = np.asarray(data, object) if place > 1 else np.asarray(data)
    if place == 3:
        data = data[:, None]
    kind = tf.string if place > 1 else tf.float32
    inputs = tf.keras.Input(shape=data.shape[1:], dtype=kind)
    model = tf.keras.Model(inputs, layer(inputs))
    path = tmp_path / "model.keras"
    model.save(path)
    again = tf.keras.models.load_model(path)
    given = tf.constant(data.tolist())
    np.testing.assert_array_equal(again(given), model(given))


def test_a_function_sees_what_is_learnt_later():
    layer = L.StringLookup(vocabulary=["a"])
    seen = tf.function(lambda x: layer(x))
    assert seen(tf.constant(["b"])).numpy().tolist() == [0]
    layer.set_vocabulary(["b"])
    assert seen(tf.constant(["b"])).numpy().tolist() == [1]


def test_words_from_a_file_but_not_from_a_configuration(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\nb\n")
    layer = L.StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
    config = {**layer.get_config(), "vocabulary": str(path)}
    with pytest.raises(ValueError, match="may not name a file"):
        L.StringLookup.from_config(config)
    with pytest.raises(ValueError, match="may not name a file"):
        L.TextVectorization.from_config({"vocabulary": str(path)})


REFUSED = [
    (lambda: L.StringLookup(max_tokens=1), "greater than 1"),
    (lambda: L.StringLookup(vocabulary=["a", "a"]), "repeated term"),
    (lambda: L.StringLookup(vocabulary=["a", "[UNK]"]), "unexpected locations"),
    (lambda: L.StringLookup(max_tokens=2, vocabulary=["a", "b"]), "larger than"),
    (lambda: L.StringLookup(output_mode="some"), "invalid value 'some'"),
    (lambda: L.StringLookup(sparse=True), "`sparse` may only be true"),
    (lambda: L.StringLookup(invert=True, output_mode="count"), "int"),
    (lambda: L.IntegerLookup(pad_to_max_tokens=True), "must set `max_tokens`"),
    (lambda: L.TextVectorization(standardize="up"), "unknown `standardize`"),
    (lambda: L.TextVectorization(split="comma"), "unknown `split`"),
    (lambda: L.TextVectorization()([["a", "b"]]), "last shape dimension must be 1"),
    (lambda: L.CategoryEncoding(), "`num_tokens` must be set"),
    (lambda: L.CategoryEncoding(2)([[2]]), "num_tokens=2"),
    (lambda: L.CategoryEncoding(9, "one_hot")([[[1, 2]]]), "maximum supported output"),
    (lambda: L.Hashing(), "`num_bins` cannot be"),
    (lambda: L.Hashing(3, salt="x"), "can only be a tuple of size 2"),
    (lambda: L.HashedCrossing(3, output_mode="count"), "invalid value"),
    (lambda: L.Discretization(), "exactly one of"),
    (lambda: L.Discretization([1.0]).adapt([1.0]), "use `num_bins` instead"),
    (lambda: L.Normalization(mean=1.0), "both `mean` and `variance`"),
    (lambda: L.Normalization(mean=1.0, variance=1.0).adapt([1.0]), "Cannot `adapt`"),
    (lambda: L.Normalization(axis=3)(np.ones((2, 2))), r"range \[-ndim, ndim\)"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_refused(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_data_sets_with_targets_are_refused():
    data = tf.data.Dataset.from_tensor_slices(([1.0, 2.0], [0, 1])).batch(2)
    with pytest.raises(ValueError, match="Take the inputs alone"):
        L.Normalization(axis=None).adapt(data)
