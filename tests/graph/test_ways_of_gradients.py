"""Gradients take every way through branches and loops: eager runs are the measure."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

HELD = tf.constant([[0.3], [0.5]])
START = tf.constant([[0.9]])
WEIGHT = tf.Variable([[0.7]])


def _looped(x):
    h = x[:1] * WEIGHT
    for t in tf.range(2):
        h = tf.tanh(x[t] * WEIGHT * h + 0.5)
    return tf.reduce_sum(h * x)


def _collected(x):
    rows = tf.TensorArray(tf.float32, 2, element_shape=[1])
    h = START[0]
    for t in tf.range(2):
        h = tf.tanh(x[t] * WEIGHT[0] + h)
        rows = rows.write(t, h)
    return tf.reduce_sum(rows.stack() ** 2.0 * x)


def _branched(x):
    if tf.reduce_sum(x) > 0.0:
        y = tf.sin(x) * WEIGHT
    else:
        y = x
    return tf.reduce_sum(y * x)


def _within(x):
    """Tapes inside a loop's body, with loops inside."""
    total = tf.zeros([2, 1])
    for _ in tf.range(2):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = WEIGHT * x
            for _ in tf.range(2):
                y = y * WEIGHT * x
        g, h = tape.gradient(y, [WEIGHT, x])
        total = total + g * h
    return tf.reduce_sum(total)


def _first(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, [x, WEIGHT])


def _second(function, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        slope = tape.gradient(y, x)
        y = tf.reduce_sum(slope**2.0)
    return outer.gradient(y, [x, WEIGHT])


@pytest.fixture
def eagerly():
    def run(*given):
        tf.config.run_functions_eagerly(True)
        try:
            return _lists(given[0](*given[1:]))
        finally:
            tf.config.run_functions_eagerly(False)

    return run


def _lists(found):
    return [np.asarray(y) for y in found]


@pytest.mark.parametrize("compiled", [None, False])
@pytest.mark.parametrize("order", [_first, _second])
@pytest.mark.parametrize("function", [_looped, _collected, _branched, _within])
def test_graphs_agree_with_eager_runs(function, order, compiled, eagerly):
    wanted = eagerly(order, function, HELD)
    given = tf.function(lambda x: order(function, x), jit_compile=compiled)
    captured = tf.function(lambda: order(function, HELD), jit_compile=compiled)
    for found in (given(HELD), captured()):
        for mine, theirs in zip(_lists(found), wanted, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
