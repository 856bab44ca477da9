"""Recurrent layers over many steps: a loop gives what steps one by one give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.keras.layers import recurrent

L = tf.keras.layers
WORDS = np.random.default_rng(5).integers(0, 50, (40, 11))
TARGETS = np.random.default_rng(6).normal(size=(40, 1))

LAYERS = {
    "lstm": lambda: L.LSTM(5, recurrent_dropout=0.1),
    "lstm backwards": lambda: L.LSTM(5, go_backwards=True, return_sequences=True),
    "gru both ways": lambda: L.Bidirectional(L.GRU(5, dropout=0.2)),
    "rnn of rows": lambda: L.Bidirectional(L.SimpleRNN(5, return_sequences=True)),
}


def trained(layer: Any, masked: bool) -> tuple[Any, Any]:
    tf.keras.utils.set_random_seed(1)
    embedding = L.Embedding(50, 6, mask_zero=masked)
    model = tf.keras.Sequential([embedding, layer(), L.Dense(1)])
    model.compile("adam", lambda y, p: tf.reduce_mean(tf.square(p)) + 0.0 * y[0, 0])
    history = model.fit(WORDS, TARGETS, batch_size=16, epochs=2, verbose=0)
    return history.history["loss"], model.predict(WORDS, verbose=0)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_a_loop_gives_what_steps_give(
    name: str, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent, "_UNROLLED_MASKED", 100)
    losses, outputs = trained(LAYERS[name], masked)
    monkeypatch.setattr(recurrent, "_UNROLLED", 4)
    monkeypatch.setattr(recurrent, "_UNROLLED_MASKED", 4)
    again, looped = trained(LAYERS[name], masked)
    np.testing.assert_allclose(again, losses, rtol=1e-4)
    np.testing.assert_allclose(looped, outputs, atol=1e-5)


def test_long_sequences_become_loops_unless_unrolled() -> None:
    def nodes(unroll: bool) -> list[str]:
        layer = L.LSTM(3, unroll=unroll)
        graph = tf.function(layer).get_concrete_function(tf.ones([2, 70, 4])).graph
        return [op.type for op in graph.get_operations()]

    assert "While" in nodes(unroll=False) or "StatelessWhile" in nodes(unroll=False)
    assert nodes(unroll=True).count("MatMul") > 70
