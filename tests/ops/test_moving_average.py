"""Moving averages of variables, by their formula."""

from __future__ import annotations

import pytest

import rillet as tf


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("counted", [False, True])
def test_averages(traced: bool, counted: bool) -> None:
    v, step = tf.Variable([1.0, 2.0]), tf.Variable(0)
    ema = tf.train.ExponentialMovingAverage(0.9, step if counted else None)

    def train() -> None:
        v.assign_add([1.0, -1.0])
        ema.apply([v])
        step.assign_add(1)

    run = tf.function(train) if traced else train
    want: list[float] = []
    value = [1.0, 2.0]
    for n in range(5):
        run()
        value = [value[0] + 1, value[1] - 1]
        decay = min(0.9, (1 + n) / (10 + n)) if counted else 0.9
        before = want or (value if not traced else [1.0, 2.0])
        want = [decay * a + (1 - decay) * b for a, b in zip(before, value, strict=True)]
    average = ema.average(v)
    assert average.numpy() == pytest.approx(want, rel=1e-5)
    assert not average.trainable
    assert ema.variables_to_restore() == {ema.average_name(v): v}


def test_refusals() -> None:
    ema = tf.train.ExponentialMovingAverage(0.9)
    assert ema.average(tf.Variable(1.0)) is None
    with pytest.raises(ValueError, match="Give the variables"):
        ema.apply()
    with pytest.raises(TypeError, match="half, float, or double"):
        ema.apply([tf.Variable(1)])
