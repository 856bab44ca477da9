"""The doctor's trials of sick models move nothing that a program can see."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

import rillet as tf
from rillet import explain
from rillet.explain import advice
from rillet.explain.unchanged import unchanged

K = tf.keras
L = K.layers


class Drawing(K.Model):
    """Draws from a generator of its own, from one outside, and drops."""

    def __init__(self, outside, eager=False):
        super().__init__()
        self.dense, self.drop = L.Dense(8, activation="relu"), L.Dropout(0.5)
        self.noise, self.norm = L.GaussianNoise(0.1), L.BatchNormalization()
        self.last = L.Dense(1)
        self.own = tf.random.Generator.from_seed(3)
        self.outside = outside
        self.calls = 0
        self.eager = eager

    def call(self, x, training=None):
        self.calls += 1
        x = self.norm(self.drop(self.noise(self.dense(x))))
        shift = self.own.normal([1]) + self.outside.uniform([1])
        shift += tf.random.normal([1])
        if self.eager:
            shift += np.float32(np.random.rand() + random.random())
        return self.last(x) + 0.0 * shift


def fitted(on, eager, recurrent=False):
    """All that a fit of a sick model leaves behind."""
    K.utils.set_random_seed(1)
    outside = tf.random.Generator.from_seed(4)
    explain.doctor(on)
    try:
        draw = np.random.default_rng(0)
        x = draw.normal(size=(96, 4)).astype("float32") * 50
        y = draw.normal(size=(96, 1)).astype("float32")
        if recurrent:
            x = x.reshape(96, 2, 2)
            layers = [L.LSTM(4, stateful=True, dropout=0.3), L.Dense(1)]
            model = K.Sequential([K.Input((2, 2), batch_size=32), *layers])
        else:
            model = Drawing(outside, eager)
        model.compile(K.optimizers.SGD(5.0), "mse", ["mae"], run_eagerly=eager)
        history = model.fit(x, y, epochs=2, verbose=0, batch_size=32)
    finally:
        explain.doctor(True)
    states = [v.numpy() for v in model.variables]
    states += [v.numpy() for v in model.optimizer.variables()]
    if not recurrent:
        states += [model.own.state.numpy(), outside.state.numpy()]
        states.append(model.calls if eager else 0)
    drawn = [random.random(), np.random.rand(), tf.random.normal([3]).numpy()]
    drawn.append(L.Dense(2)(np.ones((1, 3), "float32")).numpy())
    return [history.history, states, drawn]


@pytest.mark.parametrize("share", [0.0, 1e6], ids=["few trials", "many trials"])
@pytest.mark.parametrize(
    ("eager", "recurrent"), [(False, False), (True, False), (False, True)]
)
def test_a_fit_with_advice_is_the_fit_without(
    eager, recurrent, share, said, monkeypatch
):
    monkeypatch.setattr(advice, "_SHARE", share)
    with_advice = fitted(True, eager, recurrent)
    assert said(), "the model is not sick enough"
    without = fitted(False, eager, recurrent)
    np.testing.assert_equal(with_advice, without)


def test_other_threads_draw_what_they_would_have_drawn():
    model = K.Sequential([K.Input((2,)), L.Dense(1)])
    model.compile("sgd", "mse")
    wanted, found = [], []

    def draw(out):
        for _ in range(4):
            out.append([random.random(), float(tf.random.normal([])), np.random.rand()])

    K.utils.set_random_seed(7)
    draw(wanted)
    draw(wanted)
    K.utils.set_random_seed(7)
    draw(found)
    with unchanged(model):
        tf.random.normal([5])
        thread = threading.Thread(target=draw, args=[found])
        thread.start()
        thread.join()
    assert found == wanted


def test_numbers_in_a_trial_are_those_that_would_come_next():
    K.utils.set_random_seed(7)
    generator = tf.random.Generator.from_seed(1)
    model = K.Sequential([K.Input((2,)), L.Dense(1)])
    model.compile("sgd", "mse")
    with unchanged(model):
        tried = [generator.normal([2]).numpy() for _ in range(2)]
    np.testing.assert_equal([generator.normal([2]).numpy() for _ in range(2)], tried)
