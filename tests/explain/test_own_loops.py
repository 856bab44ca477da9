"""Loops of the program's own under `tf.debugging.enable_check_numerics()`."""

import re

import numpy as np
import pytest

import rillet as tf

K = tf.keras
Dense = K.layers.Dense
RNG = np.random.default_rng(0)
FAR = (50 * RNG.normal(size=(200, 1))).astype("float32")
NEAR = RNG.normal(size=(64, 4)).astype("float32")


@pytest.fixture(autouse=True)
def watched():
    K.utils.set_random_seed(0)
    tf.debugging.enable_check_numerics()
    yield
    tf.debugging.disable_check_numerics()


class Line(tf.Module):
    """What the course fits by hand."""

    def __init__(self, size):
        super().__init__()
        self.W = tf.Variable(tf.zeros((size, 1)), name="W")
        self.b = tf.Variable(tf.zeros(1), name="b")

    def __call__(self, x):
        return x @ self.W + self.b


def network():
    return K.Sequential([Dense(50, "relu", name="dense1"), Dense(1, name="dense2")])


def loop(model, x, y, rate, traced=False, steps=100):
    optimizer = K.optimizers.SGD(rate)

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(slopes, model.trainable_variables, strict=True))
        return loss

    step = tf.function(step) if traced else step
    return [float(step()) for _ in range(steps)]


def broken(*args, **kwargs):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        loop(*args, **kwargs)
    return str(caught.value)


CASES = [
    (lambda: Line(1), FAR, 3 * FAR + 2, 0.1, "step 7; ", "W"),
    (lambda: Line(1), FAR * 100, FAR, 0.1, "step 4; ", "W"),
    (lambda: Line(4), NEAR, NEAR[:, :1], 100.0, "step 9; ", "W"),
    (network, NEAR, NEAR[:, :1], 50.0, "step 4, in layer dense", "dense./kernel"),
]


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(("make", "x", "y", "rate", "place", "weight"), CASES)
def test_a_rate_that_is_too_large(make, x, y, rate, place, weight, traced) -> None:
    text = broken(make(), x, y, rate, traced)
    assert f"  in {place}" in text
    found = re.search(
        rf"likely cause: the learning rate {rate:g} is too large \({weight} has grown"
        r" to \S+, the second update was \S+ times as long as the first\); try"
        r" ([^\s,]+)",
        text,
    )
    losses = loop(make(), x, y, float(found[1]))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("hidden", [1, 3])
@pytest.mark.parametrize("scale", [1, 100])
def test_the_rate_to_try_is_not_too_small_either(hidden, scale) -> None:
    """Behind hidden layers updates grow by factors of millions."""
    x, y = NEAR * scale, NEAR[:, :1] * scale

    def deep():
        tf.random.set_seed(3)
        return K.Sequential([Dense(50, "relu") for _ in range(hidden)] + [Dense(1)])

    text = broken(deep(), x, y, 50.0 / scale)
    rate = float(re.search(r"; try ([^\s,]+)", text)[1])
    losses = loop(deep(), x, y, rate)
    assert losses[-1] < 0.8 * losses[0]


def test_weights_that_hold_nan_before() -> None:
    model = network()
    model.build((None, 4))
    model.layers[0].kernel.assign(np.full((4, 50), np.nan))
    text = broken(model, NEAR, NEAR[:, :1], 0.1)
    assert "\n  dense1/kernel holds NaN before training; build the model anew\n" in text
    line = Line(1)
    line.W.assign([[np.inf]])
    text = broken(line, FAR, FAR, 0.1)
    assert "\n  W holds infinity before training; build the model anew\n" in text
    assert 'eagerly-executing op "ReadVariableOp"' in text


def test_an_update_that_leaves_nan() -> None:
    w = tf.Variable(1.0, name="w")
    for _ in range(2):
        w.assign_sub(0.5 * w)
    w.assign(tf.constant(np.inf))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="the update of step 2 left"
    ):
        w.read_value()


def test_a_softmax_by_hand() -> None:
    def softmax(z):
        return tf.exp(z) / tf.reduce_sum(tf.exp(z), -1, keepdims=True)

    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        softmax(tf.constant([[1.0, 107.9]]))
    assert "likely cause: exp overflows above 88" in str(caught.value)
    assert "use tf.nn.softmax" in str(caught.value)


def test_data_that_hold_nan() -> None:
    model = network()
    bad = NEAR.copy()
    bad[5, 2] = np.nan
    text = broken(model, bad, NEAR[:, :1], 0.1)
    assert "in layer dense1; NaN or infinity came in with the layer's inputs" in text


@pytest.mark.parametrize(
    "run",
    [
        lambda m, x, y: m.evaluate(x, y, verbose=0),
        lambda m, x, y: m.predict(x, verbose=0),
        lambda m, x, y: m.train_on_batch(x, y),
        lambda m, x, y: m.test_on_batch(x, y),
        lambda m, x, y: m.predict_on_batch(x),
        lambda m, x, y: tf.function(m)(x),
    ],
)
def test_all_methods_of_models(run) -> None:
    model = network()
    model.compile("sgd", "mse")
    model.build((None, 4))
    model.layers[1].kernel.assign(np.full((50, 1), np.nan))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="dense2/kernel holds NaN before training"
    ):
        run(model, NEAR, NEAR[:, :1])


def test_functions_run_compiled_again_afterwards() -> None:
    ran = []

    @tf.function
    def double(x):
        ran.append(tf.executing_eagerly())
        return 2.0 * x

    double(tf.constant(1.0))
    assert not tf.config.functions_run_eagerly()
    tf.debugging.disable_check_numerics()
    double(tf.constant(1.0))
    double(tf.constant(1.0))
    assert ran == [True, False]
    tf.config.run_functions_eagerly(True)
    tf.debugging.enable_check_numerics()
    tf.debugging.disable_check_numerics()
    double(tf.constant(1.0))
    tf.config.run_functions_eagerly(False)
    assert ran == [True, False, True]


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_rate_is_that_of_the_optimizer_that_moved_the_weights(by_hand) -> None:
    other = network()
    other.compile(K.optimizers.Adam(0.001), "mse")
    other.fit(NEAR, NEAR[:, :1], epochs=1, verbose=0)
    unused = K.optimizers.Adam(0.002)
    model, optimizer = Line(1), K.optimizers.SGD(0.1)
    assert unused.learning_rate != optimizer.learning_rate
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        for _ in range(100):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(3 * FAR - model(FAR)))
            slopes = tape.gradient(loss, model.trainable_variables)
            pairs = list(zip(slopes, model.trainable_variables, strict=True))
            if not by_hand:
                optimizer.apply_gradients(pairs)
            for slope, variable in pairs if by_hand else ():
                variable.assign_sub(0.1 * slope)
    said = "a learning rate that is" if by_hand else "the learning rate 0.1 is"
    assert f"{said} too large" in str(caught.value)


class Masked(K.Model):
    """Puts infinity into what it computes."""

    def __init__(self):
        super().__init__()
        self.last = K.layers.Dense(4)

    def call(self, inputs):
        return tf.nn.softmax(tf.where(inputs > 0, self.last(inputs), -np.inf))


def test_infinity_that_a_program_puts_in() -> None:
    model = Masked()
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        model(NEAR)
    text = f"in the call of {model.name}; likely cause: a mask or constant of the"
    assert text in str(caught.value) and "-1e9" in str(caught.value)


def test_large_targets_are_to_be_scaled() -> None:
    model, optimizer = network(), K.optimizers.SGD(0.01)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        for _ in range(20):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(3e8 * NEAR[:, :1] - model(NEAR)))
            slopes = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(
                zip(slopes, model.trainable_variables, strict=True)
            )
    assert "or scale inputs and targets to about -1 to 1" in str(caught.value)
