"""The doctor judges learning rates by what they do to the model at hand."""

import numpy as np
import pytest

import rillet as tf
from rillet.explain.course import Course

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5)).astype("float32")
LINE = X[:, :1]
CLASS = RNG.integers(0, 3, 300)
SPOTS = 4 * np.float32(np.eye(3, 5)[CLASS] + 0.3 * RNG.normal(size=(300, 5)))
SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture(autouse=True)
def seeded():
    K.utils.set_random_seed(0)


def fitted(layers, optimizer, x=X, y=LINE, loss="mse", epochs=20, **options):
    model = K.Sequential(layers)
    model.compile(optimizer, loss)
    return model.fit(x, y, epochs=epochs, verbose=0, **options).history["loss"]


def relus(*widths, **options):
    return [Dense(n, "relu", **options) for n in widths]


def normal(deviation):
    return K.initializers.RandomNormal(stddev=deviation, seed=3)


@pytest.mark.parametrize(
    ("layers", "rate", "y"),
    [
        (lambda: [*relus(16), Dense(1)], 5.0, 300 + 80 * LINE),
        (lambda: [*relus(16), Dense(1)], 0.5, LINE),
        (lambda: [Dense(1)], 20.0, LINE),
        (lambda: [Dense(1)], 1000.0, 300 + 80 * LINE),
    ],
)
def test_large_rates_that_learn(said, layers, rate, y) -> None:
    losses = fitted(layers(), K.optimizers.Adam(rate), y=y)
    assert losses[-1] < 0.3 * y.var() and not said()


@pytest.mark.parametrize(
    ("kind", "layers", "rate", "y", "fix"),
    [
        ("Adam", lambda: [*relus(32, 32), Dense(1)], 1.0, LINE, "Try Adam("),
        ("Adam", lambda: [*relus(16), Dense(1)], 1e3, 300 + 80 * LINE, "y.std(), and"),
        ("RMSprop", lambda: [Dense(1)], 5.0, LINE, "Try RMSprop("),
    ],
)
def test_large_rates_that_do_not(said, kind, layers, rate, y, fix) -> None:
    optimizer = getattr(K.optimizers, kind)
    losses = fitted(layers(), optimizer(rate), y=y)
    (line,) = lines = said()
    assert losses[-1] > 0.5 * y.var()
    assert f"moves each weight by about {rate:g} a step" in line and fix in line
    if "y.std()" in fix:
        y = (y - y.mean()) / y.std()
    losses = fitted(layers(), optimizer(0.001), y=y, epochs=60)
    assert losses[-1] < 0.3 * losses[0] and said() == lines


@pytest.mark.parametrize("epochs", [2, 20])
def test_a_rate_below_zero(said, epochs) -> None:
    fitted([*relus(16), Dense(1)], K.optimizers.SGD(-0.01), epochs=epochs)
    (line,) = said()
    assert "rate -0.01 is negative" in line and "Try SGD(learning_rate=0.01)" in line


def test_a_rate_below_zero_that_is_explained() -> None:
    model = K.Sequential([*relus(16), Dense(1)])
    model.compile(K.optimizers.SGD(-0.01), "mse")
    with pytest.raises(tf.errors.InvalidArgumentError, match="-0.01 is negative"):
        model.fit(X, LINE, epochs=20, verbose=0, on_nan="explain")


def test_a_rate_below_zero_in_a_loop() -> None:
    tf.debugging.enable_check_numerics()
    try:
        w, optimizer = tf.Variable(tf.ones((5, 1))), K.optimizers.SGD(-0.3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="-0.3 is negative"):
            for _ in range(500):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(X @ w - LINE))
                optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    finally:
        tf.debugging.disable_check_numerics()


@pytest.mark.parametrize(
    ("rate", "losses", "said", "fix"),
    [
        (10.0, (2.0, 4.0, 9.0, 9.0, 9.0), "has risen", "ten times smaller (now 10)"),
        (10.0, (2.0, 2.1, 2.0, 2.1, 2.0), "has not", "larger or smaller (now 10)"),
        (1e-9, (2.0, 2.0, 2.0, 2.0, 2.0), "for the learning rate is 1e-09", "=0.01"),
    ],
)
def test_the_way_a_loss_goes(rate, losses, said, fix) -> None:
    model, course = K.Sequential([Dense(1)]), Course(True)
    model.compile(K.optimizers.SGD(rate), "mse")
    found = [course.after(model, i, {"loss": loss}) for i, loss in enumerate(losses)]
    assert found[:4] == [[]] * 4
    (finding,) = found[4]
    assert said in finding.message and fix in finding.fix


def test_a_rate_that_kills_relus(said) -> None:
    """Biases that began at 0 are not to blame."""
    layers = [*relus(64, 64), Dense(3, "softmax")]
    fitted(layers, K.optimizers.SGD(50.0), SPOTS, CLASS, SPARSE, epochs=8)
    (line,) = said()
    assert "learning rate" in line and "start them at 0" not in line


@pytest.mark.parametrize("epochs", [3, 10])
def test_validation_of_another_scale_is_not_learned_by_heart(said, epochs) -> None:
    layers = [*relus(32), Dense(3, "softmax")]
    other = (100 * SPOTS[:100], (CLASS[:100] + 1) % 3)
    fitted(layers, "adam", SPOTS, CLASS, SPARSE, epochs, validation_data=other)
    (line,) = said()
    assert "the validation loss is" in line and "the data differ" in line


def test_first_weights_that_are_too_large(said) -> None:
    """Clipping gradients would not help: the loss would stay in the millions."""
    fitted([*relus(*8 * (64,), kernel_initializer=normal(1.0)), Dense(1)], "sgd")
    (line,) = said()
    assert "smaller first weights" in line and "clipnorm" not in line
    assert fitted([*relus(*8 * (64,)), Dense(1)], "sgd")[-1] < 0.5 and said() == [line]


class Attention(K.Model):
    """Attends to words that begin nearly alike, so that its queries learn late."""

    def __init__(self):
        super().__init__()
        self.words, self.attend = L.Embedding(50, 32), L.MultiHeadAttention(2, 32)
        self.joined = L.GlobalAveragePooling1D()
        self.hidden, self.last = Dense(20, "relu"), Dense(2, "softmax")

    def call(self, inputs):
        words = self.words(inputs)
        words = words + self.attend(words, words)
        return self.last(self.hidden(self.joined(words)))


def test_queries_that_learn_late_vanish_not() -> None:
    x = RNG.integers(1, 50, (64, 20))
    model = Attention()
    model.compile("adam", SPARSE)
    model.fit(x, (x[:, 0] > 25).astype(int), verbose=0)
    query = model.attend.trainable_weights[0]
    query.assign(1e-8 * query)
    found = tf.explain.examine(model, x, (x[:, 0] > 25).astype(int))
    assert found == []


@pytest.mark.parametrize(
    ("layers", "fix"),
    [
        (lambda: [Dense(8, "sigmoid") for _ in range(9)], "Use relu instead"),
        (
            lambda: relus(*6 * (8,), kernel_initializer=normal(0.01)),
            "Use larger first weights",
        ),
    ],
)
def test_gradients_that_vanish(layers, fix) -> None:
    model = K.Sequential([*layers(), Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.build((None, 5))
    (finding,) = tf.explain.examine(model, X, (LINE > 0).astype(int))
    assert finding.kind == "vanishing" and finding.fix.startswith(fix)
