"""Ragged and sparse tensors in Keras, against what tf.keras gives."""

from __future__ import annotations

import pickle

import pytest
from ops.test_ragged import FOUND, ragged_rows, ragged_text, same

import rillet as tf


@pytest.mark.parametrize("row", ragged_rows.KERAS_ROWS)
def test_gives_what_keras_gives(row: str) -> None:
    found = ragged_text.outcome(row, tf)
    assert same(found, FOUND[row]), (found, FOUND[row])


def test_models_of_ragged_inputs_travel() -> None:
    model = ragged_rows.joined(tf.keras, tf)
    rows = tf.ragged.constant([[1, 2], [3], [4, 1, 2]])
    wanted = model.predict(rows, verbose=0).tolist()
    again = tf.keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert again.inputs[0].type_spec == model.inputs[0].type_spec
    assert again.predict(rows, verbose=0).tolist() == wanted
    copied = pickle.loads(pickle.dumps(model))
    assert copied.predict(rows, verbose=0).tolist() == wanted


def test_losses_refuse_other_rows() -> None:
    loss = tf.keras.losses.MeanSquaredError()
    with pytest.raises(ValueError, match="the same rows"):
        loss(tf.ragged.constant([[1.0], [2.0]]), tf.ragged.constant([[1.0]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="the same rows"):
        loss(tf.ragged.constant([[1.0]]), tf.ragged.constant([[1.0, 2.0]]))


def test_sample_weights_of_ragged_losses() -> None:
    loss = tf.keras.losses.MeanSquaredError(reduction="sum")
    true = tf.ragged.constant([[[1.0], [2.0]], [[3.0]]], ragged_rank=1)
    found = loss(true, true + 1.0, sample_weight=[1.0, 10.0])
    assert float(found) == 12.0
