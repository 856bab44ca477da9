"""What the doctor says is said where it is new, and is true of weighted losses, too."""

import threading

import numpy as np
import pytest

import rillet as tf
from rillet.explain.findings import Finding, forget, tell

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(7)
X = RNG.normal(size=(512, 8)).astype("float32")
LINE = (X @ RNG.normal(size=(8, 1))).astype("float32")


class Bare:
    """What findings are told of."""

    optimizer = None


@pytest.fixture(autouse=True)
def seeded():
    K.utils.set_random_seed(2)


def fitted(model, x=X, y=LINE, epochs=1):
    model.compile("adam", "mse")
    model.fit(x, y, epochs=epochs, verbose=0)


def test_a_helper_that_trains_is_called_for_other_data(said) -> None:
    def trained(x):
        fitted(K.Sequential([Dense(1)]), x, LINE, epochs=1)

    spoiled = X.copy()
    spoiled[3, 1] = np.nan
    trained(spoiled)
    trained(spoiled)
    assert len(said()) == 2


def test_what_is_typed_again_is_told_again(said) -> None:
    typed = "fitted(K.Sequential([Dense(9), Dense(1)]), epochs=1)"
    for _ in range(2):
        exec(compile(typed, "<stdin>", "single"), globals())
    assert len(said()) == 2


def test_advice_goes_on_while_it_is_switched() -> None:
    """Switching forgets what was told, on another thread than the one that tells."""

    def switch() -> None:
        while not done.is_set():
            forget()

    done = threading.Event()
    other = threading.Thread(target=switch)
    other.start()
    try:
        told = [tell(Bare(), Finding("a", "message", "fix")) for _ in range(5000)]
    finally:
        done.set()
        other.join()
    assert any(told)


@pytest.mark.parametrize("weights", ["rows", "classes", "normalised"])
def test_losses_that_are_counted_otherwise(said, weights) -> None:
    """Weights make the loss of training small, batches that are normalised, too."""
    layers, given = [Dense(1, "sigmoid")], {"class_weight": {0: 0.02, 1: 0.02}}
    x, y, loss, rate = X, LINE > 0, "binary_crossentropy", 1e-3
    if weights == "rows":
        given = {"sample_weight": np.full(len(X), 0.02)}
    elif weights == "normalised":
        slow = L.BatchNormalization(momentum=0.9999)
        layers, given = [slow, Dense(16, "relu"), Dense(1)], {}
        x, y, loss, rate = X + 1000, LINE, "mse", 1e-2
    model = K.Sequential(layers)
    model.compile(K.optimizers.Adam(rate), loss)
    run = model.fit(x, y, epochs=5, validation_data=(x, y), verbose=0, **given)
    assert min(run.history["val_loss"]) > 10 * max(run.history["loss"])
    assert not said()


def test_targets_that_are_all_one_large_number(said) -> None:
    fitted(K.Sequential([Dense(8, "relu"), Dense(1)]), X, 0 * LINE + 1e6, epochs=2)
    (line,) = said()
    assert "y = y - y.mean()" in line and "std" not in line
