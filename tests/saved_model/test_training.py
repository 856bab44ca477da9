"""Gradients and steps of training that were saved go on as they were."""

from __future__ import annotations

import numpy as np
import pytest
from trained_functions import FUNCTIONS, OPTIMIZERS, X, Y, slopes, steps

import rillet as tf


@pytest.fixture(scope="module")
def gradients(tmp_path_factory):
    made, folder = slopes(), tmp_path_factory.mktemp("slopes")
    tf.saved_model.save(made, folder)
    return made, tf.saved_model.load(folder)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_of_any_batch(name, gradients):
    made, loaded = gradients
    x, method = tf.constant(X), name.replace(" ", "_")
    wanted = getattr(made, method)(x)
    np.testing.assert_allclose(getattr(loaded, method)(x), wanted, atol=1e-5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made, folder = steps(), tmp_path_factory.mktemp("steps")
    tf.saved_model.save(made, folder)
    return made, tf.saved_model.load(folder)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_of_training(name, trained):
    one, other = [getattr(module, name) for module in trained]
    x, y = tf.constant(X), tf.constant(Y)
    losses = [[float(m.step(x, y)) for _ in range(3)] for m in (one, other)]
    assert losses[0][2] != losses[0][0]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    np.testing.assert_allclose(other.w, one.w, atol=1e-5)
