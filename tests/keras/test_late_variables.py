"""Layers and variables made anew at each call are refused, as tf.keras refuses them.

Which programs it refuses was looked up by running them with TensorFlow 2.21.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
X, Y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")


class AnewModel(K.Model):
    def call(self, x: Any) -> Any:
        return K.layers.Dense(2)(x)


class AnewLayer(K.layers.Layer):
    def call(self, x: Any) -> Any:
        return K.layers.Dense(2)(x)


class AnewWeight(K.layers.Layer):
    def call(self, x: Any) -> Any:
        return x @ self.add_weight(shape=(3, 2), name="w")


class Once(K.Model):
    def call(self, x: Any) -> Any:
        if not hasattr(self, "dense"):
            self.dense = K.layers.Dense(2)
        return self.dense(x)


class Plain(K.Model):
    def call(self, x: Any) -> Any:
        return K.layers.ReLU()(x)[:, :2]


def fitted(model: Any) -> Any:
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    return model


def functional(layer: Any) -> Any:
    inputs = K.Input((3,))
    return K.Model(inputs, layer(inputs))


@tf.function
def metric(x: Any) -> Any:
    return K.metrics.Mean()(x)


@tf.function
def dense(x: Any) -> Any:
    return K.layers.Dense(2)(x)


@tf.function
def branch(x: Any) -> Any:
    if tf.reduce_sum(x) > 0:
        return K.layers.Dense(2)(x)
    return x[:, :2]


REFUSED: dict[str, Callable[[], Any]] = {
    "model": lambda: fitted(AnewModel()),
    "predict": lambda: AnewModel().predict(X, verbose=0),
    "layer": lambda: fitted(K.Sequential([AnewLayer(), K.layers.Dense(2)])),
    "weight": lambda: fitted(K.Sequential([AnewWeight()])),
    "functional": lambda: fitted(functional(AnewLayer())),
    "metric": lambda: metric(1.0),
    "function": lambda: dense(tf.constant(X)),
    "branch": lambda: branch(tf.constant(X)),
}


@pytest.mark.parametrize("run", REFUSED.values(), ids=list(REFUSED))
def test_what_is_made_at_each_call_is_refused(run: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="only supports singleton tf.Variables"):
        run()


def test_what_is_made_once_trains() -> None:
    assert len(fitted(Once()).trainable_weights) == 2
    fitted(Plain())


def test_eager_calls_may_make_layers() -> None:
    assert AnewModel()(X).shape == (4, 2)


def test_lambda_refuses_variables_that_nobody_would_train() -> None:
    words = "created within a Lambda layer, but are not tracked.*kernel:0"
    layer = K.layers.Lambda(lambda x: K.layers.Dense(2)(x))
    with pytest.raises(ValueError, match=words):
        layer(X)
    with pytest.raises(ValueError, match=words):
        functional(K.layers.Lambda(lambda x: K.layers.Dense(2)(x)))
    known = K.layers.Dense(2)
    known(X)
    assert K.layers.Lambda(lambda x: known(x))(X).shape == (4, 2)


def test_an_ordinary_fit_is_traced_once() -> None:
    calls = []

    class Counting(K.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = K.layers.Dense(2)

        def call(self, x: Any) -> Any:
            calls.append(1)
            return self.dense(x)

    fitted(Counting())
    assert len(calls) == 1
