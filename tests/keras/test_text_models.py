"""Models that take strings: the words inside the model train as numbers beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

L = tf.keras.layers
LINES = ["the cat sat", "a dog ran", "the dog sat", "a cat ran", "the cat", "dog"]
LABELS = np.array([0, 1, 1, 0, 0, 1])


def classifier(front: list[Any]) -> Any:
    tf.keras.utils.set_random_seed(3)
    after = [L.Embedding(20, 4), L.GlobalAveragePooling1D(), L.Dense(2)]
    model = tf.keras.Sequential([*front, *after])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize("form", ["line", "column", "dataset"])
def test_training_on_strings_is_training_on_their_numbers(form: str) -> None:
    words = L.TextVectorization(max_tokens=20, output_sequence_length=6)
    words.adapt(LINES)
    lines = tf.constant(LINES)
    wanted = classifier([]).fit(
        words(lines), LABELS, batch_size=4, epochs=3, shuffle=False, verbose=0
    )
    model = classifier([words])
    if form == "dataset":
        data = tf.data.Dataset.from_tensor_slices((lines, LABELS)).batch(4)
        found = model.fit(data, epochs=3, verbose=0)
    else:
        x = lines if form == "line" else lines[:, tf.newaxis]
        found = model.fit(x, LABELS, batch_size=4, epochs=3, shuffle=False, verbose=0)
    for key, values in wanted.history.items():
        np.testing.assert_allclose(found.history[key], values, rtol=1e-5)
    assert np.isfinite(model.evaluate(lines, LABELS, verbose=0)).all()
    assert np.isfinite(model.train_on_batch(lines, LABELS)).all()


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_texts_without_words_say_nothing(mode: str) -> None:
    words = L.TextVectorization(max_tokens=10, output_mode=mode)
    words.adapt(["a b", "c"])
    np.testing.assert_array_equal(words(tf.constant(["", " "])), np.zeros((2, 4)))
