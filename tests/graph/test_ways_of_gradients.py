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


def _assigned(x, w):
    def changed():
        w.assign(x * 3.0)
        return w * x * w

    return tf.cond(x > 0.0, changed, lambda: x * w) + w


def _rounds(x, w):
    def body(i, s):
        w.assign_add(x)
        s = s + w * x
        w.assign(w * 2.0)
        return i + 1, s * w

    return tf.while_loop(lambda i, s: i < 3, body, [0, x])[1] + w


def _nested_rounds(x, w):
    def inner(i, s):
        w.assign_add(0.5)
        return i + 1, s * w

    def body(i, s):
        return i + 1, tf.while_loop(lambda j, t: j < 2, inner, [0, s])[1] + w

    return tf.while_loop(lambda i, s: i < 2, body, [0, x])[1]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # The value and the slopes for x and w, as real TensorFlow 2.21 gives them.
        (_assigned, (2.625, 2.25, 2.5)),
        (_rounds, (1520.0, 3002.0, 930.25)),
        (_nested_rounds, (56.0, 52.5, 67.625)),
    ],
)
def test_reads_after_writes_lead_to_the_variable(function, expected):
    w = tf.Variable(1.5)

    @tf.function
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x, w)
        return [y, *tape.gradient(y, [x, w])]

    for _ in range(2):
        w.assign(1.5)
        found = [float(value) for value in run(tf.constant(0.5))]
        assert found == pytest.approx(expected)
