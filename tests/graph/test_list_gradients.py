"""Functions that hold gradients of loops with arrays, called in functions and saved."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf


class Training(tf.Module):
    """A step that trains one weight through a loop which writes an array."""

    def __init__(self):
        self.w = tf.Variable(0.5)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def step(self, x):
        count = tf.shape(x)[0]
        with tf.GradientTape() as tape:
            rows = tf.TensorArray(tf.float32, count).unstack(x)
            out = tf.TensorArray(tf.float32, count)
            for i in tf.range(count):
                out = out.write(i, rows.read(i) * self.w * self.w)
            loss = tf.reduce_sum(out.stack())
        slope = tape.gradient(loss, self.w)
        self.w.assign_sub(0.1 * slope)
        return slope


X = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.mark.parametrize("jit", [None, False])
def test_a_function_calls_one_that_holds_the_gradient(jit):
    model = Training()
    outer = tf.function(lambda x: model.step(x) + 0.0, jit_compile=jit)
    # the loss is w² times the sum, its slope 2 w times the sum
    np.testing.assert_allclose(outer(tf.constant(X)), 2 * 0.5 * X.sum(), rtol=1e-6)
    np.testing.assert_allclose(model.w.numpy(), 0.5 - 0.1 * X.sum(), rtol=1e-6)


def test_one_that_was_saved_goes_on(tmp_path):
    tf.saved_model.save(Training(), str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    found = [float(loaded.step(tf.constant(X))) for _ in range(2)]
    np.testing.assert_allclose(found, [15.0, 2 * (0.5 - 0.1 * 15.0) * 15.0], rtol=1e-5)
