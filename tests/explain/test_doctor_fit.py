"""What the doctor says in `fit`: of short runs, of any kind of data, of a NaN loss."""

import re

import numpy as np
import pytest
from tests.explain.healthy_networks import Adversaries

import rillet as tf
from rillet import explain

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(3)
X = RNG.normal(size=(256, 4)).astype("float32")
LINE = X[:, 0] - X[:, 1]
SIGN = (LINE > 0).astype("int64")
FOUR = np.arange(256) % 4
HOT = np.eye(4, dtype="float32")[FOUR]
PIXELS = RNG.integers(0, 256, (256, 8, 8)).astype("float32")
PIXELS[:, 0] = 0
HOLES = X.copy()
HOLES[3::8, 2] = np.nan
SPARSE = "sparse_categorical_crossentropy"
SUNK = K.initializers.Constant(-100.0)


@pytest.fixture(autouse=True)
def seeded():
    K.utils.set_random_seed(1)


class Own(K.Model):
    """A model with a step of its own, whose loss nobody compiled."""

    def __init__(self, *layers):
        super().__init__()
        self.parts = list(layers)
        self.lost = K.losses.MeanSquaredError()

    def call(self, inputs):
        for layer in self.parts:
            inputs = layer(inputs)
        return inputs

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.lost(y, self(x))
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(
            zip(slopes, self.trainable_variables, strict=True)
        )
        return {"loss": loss}


def chain(*layers, loss="mse", optimizer="adam", own=False):
    model = Own(*layers) if own else K.Sequential(list(layers))
    model.compile(optimizer, None if own else loss)
    return model


def as_arrays(x, y):
    return {"x": x, "y": y}


def as_dataset(x, y):
    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).batch(32)}


def as_generator(x, y):
    def batches():
        while True:
            for at in range(0, 256, 32):
                yield x[at : at + 32], y[at : at + 32]

    return {"x": batches(), "steps_per_epoch": 4}


def as_sequence(x, y):
    class Batches(K.utils.Sequence):
        def __len__(self):
            return 4

        def __getitem__(self, at):
            return x[at * 32 : at * 32 + 32], y[at * 32 : at * 32 + 32]

    return {"x": Batches()}


FORMS = [as_arrays, as_dataset, as_generator, as_sequence]
MISTAKES = [
    (lambda: chain(L.Flatten(), Dense(8, "relu"), Dense(1)), PIXELS, LINE,
     "the inputs go from 0 to 255"),
    (lambda: chain(Dense(8, "relu"), Dense(1)), HOLES, LINE,
     "the inputs hold NaN or infinity. Leave such rows out, or fill them in"),
    (lambda: chain(Dense(8, "relu"), Dense(1)), X, np.where(SIGN, np.nan, 1.0),
     "the targets hold NaN or infinity"),
    (lambda: chain(Dense(8, "relu"), Dense(1, "sigmoid"), loss="binary_crossentropy"),
     X, 2.0 * SIGN - 1, "expects targets from 0 to 1, and they are from -1 to 1"),
    (lambda: chain(Dense(8, "relu"), Dense(1, "sigmoid")), X, 5.0 * LINE,
     "ends in sigmoid, which gives numbers from 0 to 1"),
    (lambda: chain(Dense(8), Dense(1)), X, LINE, "one linear layer in disguise"),
    (lambda: chain(Dense(8, "relu", bias_initializer=SUNK, name="low"), Dense(1)), X,
     LINE, "8 of 8 ReLUs of low give 0 for all of"),
    (lambda: chain(*[Dense(32, "sigmoid") for _ in range(12)], Dense(1),
                   optimizer="sgd"), X, LINE, "the gradient vanishes"),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("make", "x", "y", "text"), MISTAKES)
def test_one_short_epoch_of_any_data(said, form, make, x, y, text) -> None:
    make().fit(**form(x, y), verbose=0)
    (line,) = said()
    assert text in line


def spread(size):
    return K.initializers.RandomNormal(stddev=size)


def deep(count, activation, size):
    layers = [
        Dense(32, activation, kernel_initializer=spread(size)) for _ in range(count)
    ]
    return chain(*layers, Dense(1))


#: Models that begin badly, and what is said of their first epoch.
STARTS = [
    (lambda: deep(6, "relu", 10.0), "numbers explode on their way: up to"),
    (lambda: deep(6, "relu", 1e-3), "Use larger first weights"),
    (lambda: deep(15, "tanh", 0.05), "Use relu instead of sigmoid or tanh"),
    (lambda: chain(Dense(8, bias_initializer=SUNK), L.ReLU(), Dense(1)),
     "8 of 8 ReLUs of re_lu"),
    (lambda: chain(L.Reshape((2, 2, 1)), L.Conv2D(8, 2, activation="relu",
                   bias_initializer=SUNK), L.Flatten(), Dense(1)), "ReLUs of conv2d"),
    (lambda: chain(Dense(8, "relu"), Dense(1), loss="categorical_crossentropy"),
     "compares classes, and dense"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy")
@pytest.mark.parametrize(("make", "text"), STARTS)
def test_models_that_begin_badly(said, make, text) -> None:
    make().fit(X, SIGN[:, None], verbose=0)
    (line,) = said()
    assert text in line


def test_weights_that_no_rate_can_help(said) -> None:
    model = deep(8, "relu", 1.0)
    model.compile("sgd", "mse")
    model.fit(X, LINE, verbose=0)
    (line,) = said()
    assert "too large for these weights: use smaller first weights (leave" in line


#: Data with which training cannot go on: advice comes before the error.
REFUSED = [
    (HOT, SPARSE, "the targets are one-hot rows of 4", ValueError),
    (FOUR + 1, SPARSE, "the targets are from 1 to 4", tf.errors.InvalidArgumentError),
    (FOUR, "categorical_crossentropy", "the targets are class numbers", ValueError),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("y", "loss", "text", "error"), REFUSED)
def test_advice_comes_before_the_error(said, form, y, loss, text, error) -> None:
    model = chain(Dense(8, "relu"), Dense(4, "softmax"), loss=loss)
    with pytest.raises(error):
        model.fit(**form(X, y), verbose=0)
    (line,) = said()
    assert text in line


def test_a_dataset_is_read_no_further_than_training_reads_it(said) -> None:
    read = []

    def batches():
        for at in range(0, 256, 32):
            read.append(at)
            yield X[at : at + 32], LINE[at : at + 32]

    chain(Dense(8, "relu"), Dense(1)).fit(batches(), verbose=0)
    assert read == list(range(0, 256, 32)) and said() == []
    model = chain(Dense(8, "relu"), Dense(1))
    data = tf.data.Dataset.from_tensor_slices((X * 1e5, LINE)).batch(32)
    assert [f.kind for f in explain.examine(model, data)] == ["unscaled"]


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ((Dense(8, "relu", bias_initializer=SUNK), Dense(1)), "Its biases are about"),
        ((Dense(8), Dense(1)), "one linear layer in disguise"),
        (tuple(Dense(32, "sigmoid") for _ in range(12)) + (Dense(1),), "vanishes"),
    ],
)
def test_steps_of_the_program(said, layers, text) -> None:
    chain(*layers, own=True, optimizer="sgd").fit(X, LINE[:, None], verbose=0)
    (line,) = said()
    assert text in line


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("form", [as_arrays, as_dataset])
@pytest.mark.parametrize("built", [False, True])
def test_a_rate_that_overflows(said, own, form, built) -> None:
    def model(rate):
        parts = Dense(16, "relu", name="first"), Dense(1, name="second")
        made = chain(*parts, own=own, optimizer=K.optimizers.SGD(rate))
        if built:
            made.build((None, 4))
        return made

    y = LINE[:, None]
    sick = model(50.0)
    sick.fit(**form(X, y), verbose=0, epochs=2)
    (line,) = said()
    assert "the loss of epoch 1 is nan. Repeated from" in line
    assert re.search(
        r"weights, step [2-8] goes wrong: the first op that made inf", line
    )
    assert re.search(r"(first|second)/kernel has grown to", line)
    works = re.search(r"rate 50 is too large; try (\S+): 20 steps of it lower", line)
    assert np.isnan(sick.get_weights()[0]).any()  # left as training left it
    assert float(sick.optimizer.learning_rate) == 50.0
    losses = model(float(works[1])).fit(**form(X, y), verbose=0, epochs=3)
    losses = losses.history["loss"]
    assert losses[-1] < losses[0]


def test_a_rate_of_a_schedule(said) -> None:
    schedule = K.optimizers.schedules.ExponentialDecay(50.0, 10, 0.9)
    optimizer = K.optimizers.SGD(schedule)
    chain(Dense(8, "relu"), Dense(1), optimizer=optimizer).fit(X, LINE, verbose=0)
    (line,) = said()
    assert re.search(r"is too large; try 0\.0\d+: 20 steps of it", line)
    assert optimizer._learning_rate is schedule


def test_a_rate_that_makes_the_loss_larger(said) -> None:
    model = chain(Dense(16, "relu"), Dense(4, "softmax"), loss=SPARSE,
                  optimizer=K.optimizers.SGD(50.0))  # fmt: skip
    model.fit(X, FOUR, verbose=0)
    line = said()[0]
    assert "training made the loss larger" in line and "rate 50 is too large" in line
    assert re.search(r"Try 0\.\d+: 20 steps of it lower a batch's loss", line)


def test_nan_in_a_row_that_no_sample_holds(said) -> None:
    x = RNG.normal(size=(5000, 4)).astype("float32")
    x[4321, 1] = np.nan
    chain(Dense(8, "relu"), Dense(1)).fit(x, x[:, 0] * 0, verbose=0, epochs=3)
    (line,) = said()
    assert "the inputs hold NaN or infinity, 1 of 20000; the first in row 4321" in line


def test_nan_of_a_softmax_by_hand(said) -> None:
    def softmax(z):
        return tf.exp(99.0 * z) / tf.reduce_sum(tf.exp(99.0 * z), -1, keepdims=True)

    model = chain(Dense(8, "relu"), Dense(4, softmax, name="by_hand"), loss=SPARSE)
    model.fit(X, FOUR, verbose=0)
    (line,) = said()
    assert "step 1 goes wrong: the first op that made infinity is Exp" in line
    assert "in layer by_hand" in line and "use tf.nn.softmax" in line


def test_a_model_that_holds_nan_is_told_once(said) -> None:
    model = chain(Dense(8, "relu"), Dense(1), optimizer=K.optimizers.SGD(50.0))
    for _ in range(3):
        model.fit(X, LINE, verbose=0)
    first, second = said()
    assert "the loss of epoch 1 is nan" in first
    assert "kernel holds NaN or infinity before training" in second


def test_several_outputs(said) -> None:
    given = K.Input((4,))
    kind, size = Dense(4, name="kind")(given), Dense(1, "sigmoid", name="size")(given)
    model = K.Model(given, [kind, size])
    model.compile("adam", {"kind": SPARSE, "size": "mse"})
    model.fit(X, {"kind": FOUR, "size": 5 * LINE}, verbose=0)
    first, second = said()
    assert "expects probabilities, and kind gives any numbers" in first
    assert "size ends in sigmoid, which gives numbers from 0 to 1" in second


def test_what_a_look_draws_and_changes_is_put_back(said) -> None:
    class Counting(L.Layer):
        def build(self, shape):
            self.calls = self.add_weight(name="calls", shape=(), trainable=False,
                                         initializer="zeros")  # fmt: skip

        def call(self, inputs):
            self.calls.assign_add(1.0)
            return inputs + 0.0 * tf.random.normal(tf.shape(inputs))

    seen = []
    for on in (True, False):
        explain.doctor(on)
        K.utils.set_random_seed(2)
        counting = Counting()
        model = chain(counting, *[Dense(8, "sigmoid") for _ in range(12)], Dense(1))
        model.fit(X, LINE, verbose=0)
        drawn = [float(tf.random.normal(())), np.random.rand()]
        drawn.append(float(K.initializers.GlorotUniform()((1, 1))[0, 0]))
        sums = [w.sum() for w in model.get_weights()]
        seen.append((float(counting.calls), drawn, sums))
    explain.doctor(True)
    assert len(said()) == 1  # it looked
    assert seen[0] == seen[1]


@pytest.mark.parametrize("steps", [1, 4])
def test_on_nan_with_several_steps_a_call(steps) -> None:
    model = K.Sequential([Dense(8, "relu"), Dense(1)])
    model.compile(K.optimizers.SGD(50.0), "mse", steps_per_execution=steps)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="in step [2-8] of epoch 1"
    ):
        model.fit(**as_dataset(X, LINE), verbose=0, on_nan="explain")


class TwoOptimizers(Own):
    """Whose second optimizer nobody compiled."""

    second = None

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.lost(y, self(x)) * 1e30 * 1e30
        slopes = tape.gradient(loss, self.trainable_variables)
        self.second.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return {"loss": loss}


def test_optimizers_of_the_program_are_put_back(said) -> None:
    model = TwoOptimizers(Dense(4, "relu"), Dense(1))
    model.compile("sgd")
    model.second = K.optimizers.Adam(0.1)
    model.fit(X, LINE[:, None], verbose=0)
    (line,) = said()
    assert "the loss of epoch 1 is" in line
    assert int(model.second.iterations) == 8


def test_a_loss_scale_is_put_back(said) -> None:
    x = X[:8].copy()
    x[3] = 6e4
    K.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = chain(Dense(4, "relu"), Dense(1), optimizer=K.optimizers.SGD(0.1))
        model.fit(x, LINE[:8], verbose=0)
    finally:
        K.mixed_precision.set_global_policy("float32")
    assert "unscaled" in str(explain.examine(model, x, LINE[:8])) and len(said()) >= 1
    assert float(model.optimizer.loss_scale) == 2.0**14


@pytest.mark.parametrize("rate", [1e-3, 1e30])
def test_on_nan_in_models_that_cannot_be_called(rate) -> None:
    model = Adversaries()
    model.compile(K.optimizers.SGD(rate), K.optimizers.Adam(1e-3))
    x = np.repeat(X, 2, 1)
    if rate < 1:
        assert len(model.fit(x, verbose=0, on_nan="explain").history["judge"]) == 1
        return
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        model.fit(x, verbose=0, on_nan="explain")
    assert "in step 1 of epoch 1: the first op that made" in caught.value.message
    assert "a learning rate of one of the model's optimizers" in caught.value.message


def test_normalised_batches_keep_gradients_alive(said):
    """With moving averages of a fresh model, 0 and 1, they would vanish."""
    layers = []
    for seed in range(12):
        small = K.initializers.RandomNormal(stddev=0.02, seed=seed)
        layers += [Dense(8, use_bias=False, kernel_initializer=small)]
        layers += [L.BatchNormalization(), L.ReLU()]
    model = chain(*layers, Dense(1))
    assert not explain.examine(model, X, LINE)
    model.fit(X, LINE, epochs=1, verbose=0)
    assert not explain.examine(model, X, LINE)
    assert not said()
