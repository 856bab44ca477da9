"""What data preparation refuses, and models fed by it."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

U = tf.keras.utils
P = tf.keras.preprocessing


def _folder(path):
    for name in ("a", "b"):
        (path / name).mkdir()
        for i in range(2):
            U.save_img(path / name / f"{i}.png", np.full((4, 4, 3), i * 50.0 + 1))
            (path / name / f"{i}.txt").write_text("word")
    return path


REFUSED = [
    (lambda d: U.image_dataset_from_directory(d, label_mode="x"), "`label_mode` must"),
    (lambda d: U.image_dataset_from_directory(d, color_mode="x"), "`color_mode` must"),
    (lambda d: U.image_dataset_from_directory(d, class_names=["a"]), "did not match"),
    (lambda d: U.image_dataset_from_directory(d, labels=[1]), "match the number"),
    (lambda d: U.image_dataset_from_directory(d, subset="training"), "must be set"),
    (
        lambda d: U.image_dataset_from_directory(
            d, subset="training", validation_split=0.5
        ),
        "must provide a `seed`",
    ),
    (lambda d: U.text_dataset_from_directory(d / "a"), "No files found"),
    (lambda d: U.load_img(d / "a" / "0.png", color_mode="x"), "color_mode must be"),
    (
        lambda d: U.load_img(d / "a/0.png", target_size=(1, 1), interpolation="x"),
        "Invalid interpolation",
    ),
    (lambda d: U.array_to_img(np.ones((2, 2))), "rank 3"),
    (lambda d: U.array_to_img(np.ones((2, 2, 2))), "Unsupported channel number"),
    (lambda d: U.img_to_array(np.ones(3)), "Unsupported image shape"),
    (lambda d: U.split_dataset(np.ones(3)), "must be specified"),
    (lambda d: U.split_dataset(np.ones(3), left_size=3), "both parts"),
    (
        lambda d: U.timeseries_dataset_from_array(np.ones(3), None, 0),
        "`sequence_length` must be higher than 0",
    ),
    (
        lambda d: U.timeseries_dataset_from_array(np.ones(3), None, 1, end_index=9),
        "must lie in the data",
    ),
    (
        lambda d: P.text.Tokenizer().texts_to_matrix(["a"]),
        "fit on some text data first",
    ),
    (
        lambda d: P.sequence.TimeseriesGenerator([1, 2], [1], 1),
        "have to be of same length",
    ),
]


@pytest.mark.parametrize(("run", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_refused(run, words, tmp_path):
    with pytest.raises((ValueError, TypeError), match=words):
        run(_folder(tmp_path))


def test_a_model_learns_from_a_folder(tmp_path):
    data = U.image_dataset_from_directory(
        _folder(tmp_path), image_size=(4, 4), batch_size=2, seed=1
    )
    layers = [tf.keras.layers.Rescaling(1 / 255), tf.keras.layers.Flatten()]
    model = tf.keras.Sequential([*layers, tf.keras.layers.Dense(2)])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(data, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_what_learnt_no_word_stays_known():
    """A layer that saw unknown words only may be asked, also once it was copied."""
    layer = tf.keras.layers.StringLookup(num_oov_indices=2)
    layer.adapt(tf.constant([["[UNK]"]]))
    for one in (layer, type(layer).from_config(layer.get_config())):
        assert one.get_vocabulary() == ["[UNK]", "[UNK]"]
        assert one(tf.constant(["a"])).shape == (1,)
    texts = tf.keras.layers.TextVectorization()
    texts.adapt(["", " "])
    again = type(texts).from_config(texts.get_config())
    assert again(["new"]).numpy().tolist() == [[1]]


def test_words_stay_until_others_are_learnt():
    layer = tf.keras.layers.StringLookup()
    layer.adapt(tf.constant([["a"]]))
    layer.reset_state()
    assert layer.get_vocabulary() == ["[UNK]", "a"]
    layer.adapt(tf.constant([["b"], ["b"], ["c"]]))
    assert layer.get_vocabulary() == ["[UNK]", "b", "c"]
