"""The doctor names the cause, and following its advice helps."""

import re

import numpy as np
import pytest

import rillet as tf

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(7)
X = RNG.normal(size=(512, 8)).astype("float32")
LINE = (X @ RNG.normal(size=(8, 1))).astype("float32")
PRICES = 3e5 + 1e5 * LINE


@pytest.fixture(autouse=True)
def seeded():
    K.utils.set_random_seed(2)


def fitted(model, x=X, y=LINE, optimizer="adam", loss="mse", epochs=2, **options):
    model.compile(optimizer, loss)
    return model.fit(x, y, epochs=epochs, verbose=0, **options).history["loss"]


def network(*widths, **last):
    return K.Sequential([*(Dense(n, "relu") for n in widths), Dense(1, **last)])


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
@pytest.mark.parametrize("form", [np.asarray, lambda y: y.astype("int64")])
def test_targets_that_are_far_too_large(said, optimizer, form) -> None:
    fitted(network(64, 64), y=form(PRICES), optimizer=optimizer)
    (line,) = said()
    assert "the targets go from " in line and "y = (y - y.mean()) / y.std()" in line


def test_scaled_targets_are_learned(said) -> None:
    y = (PRICES - PRICES.mean()) / PRICES.std()
    losses = fitted(network(64, 64), y=y, epochs=20)
    assert losses[-1] < 0.1 and not said()


def test_targets_that_some_epochs_have_not_reached(said) -> None:
    """A hundred millionth a step is hopeless; else the loss after 5 epochs tells."""
    fitted(network(16), y=PRICES / 100, epochs=4)
    assert not said()
    fitted(network(16), y=PRICES / 100, epochs=5)
    (line,) = said()
    assert "the targets go from " in line


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [
        (lambda: network(16, bias_initializer=K.initializers.Constant(3e5)), "adam"),
        (lambda: network(16), K.optimizers.Adam(100.0)),
        (lambda: network(), K.optimizers.SGD(0.1)),
        (lambda: K.Sequential([Dense(9, "relu"), Dense(1), L.Rescaling(1e5)]), "adam"),
    ],
)
def test_large_targets_that_can_be_reached(said, model, optimizer) -> None:
    fitted(model(), y=np.clip(PRICES, 299_000, 301_000), optimizer=optimizer)
    assert not [line for line in said() if "the targets go" in line]


class Middle(K.Model):
    """Computes something between its layers."""

    def __init__(self, between):
        super().__init__()
        self.first, self.last = Dense(16, name="first"), Dense(1, name="last")
        self.between = between

    def call(self, inputs):
        return self.last(self.between(self.first(inputs)))


@pytest.mark.parametrize("explains", [False, True])
@pytest.mark.parametrize(
    ("between", "op", "fix"),
    [
        (tf.math.log, "Log", lambda h: tf.math.log(tf.maximum(h, 1e-7))),
        (
            lambda h: h / tf.reduce_sum(0 * h),
            "RealDiv",
            lambda h: tf.math.divide_no_nan(h, tf.reduce_sum(0 * h)),
        ),
    ],
)
def test_an_op_between_layers(said, between, op, fix, explains) -> None:
    if explains:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            fitted(Middle(between), on_nan="explain")
        text = str(caught.value)
    else:
        fitted(Middle(between))
        (text,) = said()
    place = rf"{op} between the layers of middle\w*, after first; in went"
    assert re.search(rf"that made (NaN|infinity) is {place}", text)
    assert np.isfinite(fitted(Middle(fix))).all()


def test_the_slope_of_a_root_at_zero() -> None:
    def distance(y, p):
        return tf.norm(y - p, axis=-1)

    def smooth(y, p):
        return tf.sqrt(tf.reduce_sum((y - p) ** 2, axis=-1) + 1e-12)

    model = network(8)
    aims = model(X).numpy()
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        fitted(model, y=aims, loss=distance, on_nan="explain")
    assert "SqrtGrad" in str(caught.value) and "tf.sqrt(x + 1e-12)" in str(caught.value)
    assert np.isfinite(fitted(model, y=aims, loss=smooth, on_nan="explain")).all()


@pytest.mark.parametrize(
    ("model", "x", "text"),
    [
        (lambda: network(8), X * 1e37, "the inputs reach"),
        (
            lambda: network(8, kernel_initializer=K.initializers.Constant(1e38)),
            X,
            "the first weights reach 1e+38 in",
        ),
        (
            lambda: K.Sequential([L.LSTM(8, activation="exponential"), Dense(1)]),
            np.full((64, 30, 4), 40, "float32"),
            "give lstm another activation, or scale what goes in",
        ),
    ],
)
def test_what_overflows_before_the_first_update(said, model, x, text) -> None:
    made = model()
    fitted(made, x, LINE[: len(x)], epochs=1)
    line = said()[-1].replace(made.layers[0].name, "lstm")
    if "NaN" in line or "nan" in line or "inf" in line:
        assert text in line and "learning rate" not in line
    else:
        assert "the inputs go from" in line


class Filled(K.Model):
    """Leaves NaN in its inputs out."""

    def __init__(self):
        super().__init__()
        self.last = Dense(1)

    def call(self, inputs):
        return self.last(tf.where(tf.math.is_finite(inputs), inputs, 0.0))


def known(y, p):
    good = tf.math.is_finite(y)
    return tf.reduce_mean(tf.where(good, tf.where(good, y, 0.0) - p, 0.0) ** 2)


@pytest.mark.parametrize("options", [{}, {"on_nan": "explain"}])
def test_nan_that_a_program_leaves_out(said, options) -> None:
    holes, unknown = X.copy(), LINE.copy()
    holes[::5, 0] = unknown[::3] = np.nan
    assert np.isfinite(fitted(Filled(), holes, **options)).all()
    assert np.isfinite(fitted(network(8), y=unknown, loss=known, **options)).all()
    assert not said()
    fitted(Filled(), y=unknown)
    (line,) = said()
    assert "the targets hold NaN or infinity, 171 of 512" in line


def test_one_cause_is_enough(said) -> None:
    """Nothing is learned, and why was said."""
    model = K.Sequential([Dense(16, "relu", kernel_initializer="zeros"), Dense(1)])
    fitted(model, y=np.sign(LINE), optimizer=K.optimizers.SGD(1e-9), epochs=6)
    (line,) = said()
    assert "all weights of" in line
