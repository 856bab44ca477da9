"""Expressions on ragged tensors, run by TensorFlow (`make_ragged.py`) and by rillet.

`values` gives the names that they use; each row of
`ragged_rows.txt` is an expression of those and of `tf`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def values(tf: Any) -> dict[str, Any]:
    """The names that expressions use."""
    constant = tf.ragged.constant
    return {
        "tf": tf,
        "a": constant([[1, 2], [], [3]]),
        "i": constant([[1, 2], [], [3]], row_splits_dtype=tf.int32),
        "v": constant([[[0], [2]], [[1]]], ragged_rank=1),
        "w": constant([[[0], [2]], [[1]]], ragged_rank=1, row_splits_dtype=tf.int32),
        "f": constant([[1.0, 2.5], [], [3.0]]),
        "g": constant([[0.5, -1.0], [], [2.0]]),
        "d": constant([[[1, 2], []], [], [[3]]]),
        "e": constant([[[1.0, 2.0], [3.0]], [], [[4.0, 5.0, 6.0]]]),
        "m": constant([[[1, 2], [3, 4]], [], [[5, 6]]], ragged_rank=1),
        "q": constant([[1, 2], [3, 4]]),
        "b": constant([[True, False], [], [True]]),
        "s": constant([["a b", "c"], [], ["d  e f"]]),
        "u": tf.RaggedTensor.from_uniform_row_length(
            constant([[1], [2, 3], [], [4]]), 2
        ),
        "h": constant(
            [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0], [9.0, 1.0]]],
            ragged_rank=1,
        ),
        "r": constant([[1, 2], [3], [4, 1, 2]]),
        "K": tf.keras,
        "joined": joined,
        "trained": trained,
        "x": tf.constant([[1, 2, 0], [3, 0, 0], [0, 0, 0]]),
    }


def trained(keras: Any, layers: list[Any], x: Any, y: Any) -> Any:
    """Losses of three epochs of a model, and what it predicts then."""
    tf_y = y if hasattr(y, "shape") else np.array(y, np.float32)
    model = keras.Sequential(layers)
    model.compile("sgd", "mse", metrics=["mae"])
    run = model.fit(x, tf_y, epochs=3, batch_size=2, shuffle=False, verbose=0)
    return [run.history["loss"], run.history["mae"], model.predict(x, verbose=0)]


def joined(keras: Any, tf: Any) -> Any:
    """A model of inputs and outputs, with functions of `tf` on ragged tensors."""
    words = keras.Input([None], ragged=True, dtype=tf.int32)
    rows = keras.layers.Embedding(5, 2, embeddings_initializer="ones")(words)
    twice = tf.concat([rows, rows * 2.0], axis=1)
    parts = [tf.reduce_sum(twice, axis=1), keras.layers.GlobalMaxPooling1D()(twice)]
    both = keras.layers.Concatenate()(parts)
    return keras.Model(words, keras.layers.Dense(1, kernel_initializer="ones")(both))


_FILE = Path(__file__).with_suffix(".txt")
ROWS = _FILE.read_text(encoding="utf-8").splitlines()
_KERAS = Path(__file__).with_name("ragged_keras.txt")
KERAS_ROWS = _KERAS.read_text(encoding="utf-8").splitlines()
