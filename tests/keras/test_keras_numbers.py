"""Losses, metrics, optimizers and their kin give tf.keras's numbers."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRAJECTORIES = load("trajectory_rows")
FAMILIES = {
    **load("programs").FAMILIES,
    **TRAJECTORIES.FAMILIES,
    **load("own_rows").FAMILIES,
}
ROWS = {
    f"{family}/{name}": run
    for family, make in FAMILIES.items()
    for name, run in make(tf)
}
COMPILED = dict(TRAJECTORIES.trajectories(tf, compiled=True))
GOLDEN = {
    f"{family}/{name}": value
    for family in FAMILIES
    for name, value in np.load(FOLDER / f"{family}.npz").items()
}

# Sums of some dozen float32 numbers in another order, and another library's powers.
LOOSE = {"rtol": 3e-6, "atol": 2e-6}
# Nine steps carry the last digits on; roots of small moments magnify them.
FITTED = {"rtol": 2e-5, "atol": 5e-6}


#: Names that Keras 3 brought, which tf.keras 2 has no answer for.
NEWER = {f"activations/{name}" for name in ("relu6", "silu", "leaky_relu")}


def test_every_row_has_an_answer():
    assert set(ROWS) - NEWER == set(GOLDEN)


@pytest.mark.parametrize("key", GOLDEN)
def test_number(key):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.asarray(ROWS[key]())
    wanted = GOLDEN[key]
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    limits = FITTED if key.startswith("fits/") else LOOSE
    np.testing.assert_allclose(found, wanted, **limits)


@pytest.mark.parametrize("name", [n for n in COMPILED if not n.endswith("slots")])
def test_trajectory_of_a_compiled_step(name):
    np.testing.assert_allclose(
        COMPILED[name](), GOLDEN[f"trajectories/{name}"], **LOOSE
    )


def test_names_that_keras_3_brought():
    x = np.array([-3.0, -0.5, 0.0, 2.0, 7.0], "float32")
    found = {n: getattr(tf.keras.activations, n) for n in ("relu6", "silu")}
    np.testing.assert_array_equal(found["relu6"](x), np.clip(x, 0, 6))
    np.testing.assert_allclose(found["silu"](x), x / (1 + np.exp(-x)), rtol=1e-6)
    leaky = tf.keras.activations.leaky_relu(x)
    np.testing.assert_allclose(leaky, np.where(x > 0, x, 0.2 * x), rtol=1e-6)


ACCUMULATED = dict(np.load(FOLDER / "accumulation.npz"))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", TRAJECTORIES.ACCUMULATING)
def test_gradients_accumulate_as_in_keras_3(name, compiled):
    kind, settings = TRAJECTORIES.ACCUMULATING[name]
    optimizer = getattr(tf.keras.optimizers, kind)(**settings)
    found = TRAJECTORIES.trajectory(tf, optimizer, compiled)
    np.testing.assert_allclose(found, ACCUMULATED[name], **LOOSE)
    again = type(optimizer).from_config(optimizer.get_config())
    assert again.gradient_accumulation_steps == settings["gradient_accumulation_steps"]


def test_accumulated_batches_are_one_large_batch():
    x = TRAJECTORIES.data("x", 8, 2)
    found = []
    for size, steps in ((2, 4), (8, None)):
        layer = tf.keras.layers.Dense(1, kernel_initializer="ones", input_shape=(2,))
        model = tf.keras.Sequential([layer])
        optimizer = tf.keras.optimizers.SGD(0.1, gradient_accumulation_steps=steps)
        model.compile(optimizer, "mse")
        model.fit(x, x[:, :1], size, 3, verbose=0, shuffle=False)
        found.append(model.get_weights()[0])
    np.testing.assert_allclose(*found, rtol=1e-5)
    with pytest.raises(ValueError, match="accumulation_steps` must be an integer"):
        tf.keras.optimizers.SGD(gradient_accumulation_steps=1)
