"""Gradients and steps of training that rillet saved, run on by the real TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from trained_functions import FUNCTIONS, LOOPS, OPTIMIZERS, X, Y, loops, slopes, steps

import rillet as tf

READER = """
import json, sys
import numpy as np
import tensorflow as tf
given = np.load(sys.argv[3])
x, y = tf.constant(given["x"]), tf.constant(given["y"])
found = {}
loaded = tf.saved_model.load(sys.argv[1])
for name in sys.argv[4].split(","):
    found[name] = getattr(loaded, name)(x).numpy().tolist()
loaded = tf.saved_model.load(sys.argv[2])
for name in sys.argv[5].split(","):
    held = getattr(loaded, name)
    losses = [float(held.step(x, y)) for _ in range(3)]
    found[name] = [losses, held.w.numpy().tolist()]
loaded = tf.saved_model.load(sys.argv[6])
for name in sys.argv[7].split(","):
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(tf.sin(getattr(loaded, name)(x)))
    found["through " + name] = tape.gradient(total, x).numpy().tolist()
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def answers(asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("trained")
    gradients, training = slopes(), steps()
    tf.saved_model.save(gradients, top / "slopes")
    tf.saved_model.save(training, top / "steps")
    tf.saved_model.save(loops(), top / "loops")
    np.savez(top / "io.npz", x=X, y=Y)
    methods = [name.replace(" ", "_") for name in FUNCTIONS]
    wanted: dict[str, Any] = {
        name: getattr(gradients, name)(tf.constant(X)).numpy() for name in methods
    }
    for name in OPTIMIZERS:
        held = getattr(training, name)
        losses = [float(held.step(tf.constant(X), tf.constant(Y))) for _ in range(3)]
        wanted[name] = [losses, held.w.numpy()]
    paths = [str(top / name) for name in ("slopes", "steps", "io.npz")]
    names = [",".join(methods), ",".join(OPTIMIZERS)]
    found = asked(READER, *paths, *names, str(top / "loops"), ",".join(LOOPS))
    return wanted, found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_the_same(name, answers):
    wanted, found = [side[name.replace(" ", "_")] for side in answers]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LOOPS)
def test_tensorflow_differentiates_loops(name, answers):
    np.testing.assert_allclose(
        answers[1][f"through {name}"], answers[0][name], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_in_tensorflow(name, answers):
    for mine, theirs in zip(answers[0][name], answers[1][name], strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-5, atol=1e-5)
