"""Which layers a training trains: those that were trainable when it was compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers
_X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
_Y = np.ones((20, 1), "float32")


def _stack(units: int = 1) -> Any:
    model = tf.keras.Sequential(
        [layers.Dense(units, kernel_initializer="ones", input_shape=(4,))]
    )
    model.compile("sgd", "mse")
    return model


def _trains(model: Any, watched: Any, way: str) -> bool:
    before = watched.get_weights()
    if way == "fit":
        model.fit(_X, _Y, verbose=0)
    else:
        model.train_on_batch(_X, _Y)
    after = watched.get_weights()
    return any((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("way", ["fit", "train_on_batch"])
def test_a_model_frozen_after_compile_goes_on_training(way: str) -> None:
    # As adversarial programs do: the critic learns alone, and stands still in the pair.
    critic = _stack()
    critic.trainable = False
    pair = tf.keras.Sequential([_stack(4), critic])
    pair.compile("sgd", "mse")
    assert _trains(critic, critic, way)
    assert not critic.trainable and critic.trainable_weights == []
    assert not _trains(pair, critic, way)
    assert _trains(pair, pair.layers[0], way)
    assert _trains(critic, critic, way)


@pytest.mark.parametrize("way", ["fit", "train_on_batch"])
def test_unfreezing_needs_compile(way: str) -> None:
    model = _stack()
    model.layers[0].trainable = False
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    model.layers[0].trainable = True
    assert not _trains(model, model.layers[0], way)
    assert model.layers[0].trainable
    model.compile("sgd", "mse")
    assert _trains(model, model.layers[0], way)


def test_an_error_in_a_step_leaves_trainable_as_it_was() -> None:
    model = _stack()
    model.trainable = False
    with pytest.raises(ValueError):
        model.train_on_batch(_X[:, :2], _Y)
    assert not model.trainable and not model.layers[0].trainable
