"""What targets are, and how to make them fit, as the doctor says it."""

import numpy as np
import pytest

import rillet as tf

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)).astype("float32")
STEPS = RNG.normal(size=(200, 10, 3)).astype("float32")
SIGN = (X[:, 0] > 0).astype(int)
PRICES = 3e5 + 8e4 * X[:, 0]
THREE = (X[:, 0] > 0) + (X[:, 1] > 0) * 1
BINARY, SPARSE = "binary_crossentropy", "sparse_categorical_crossentropy"


@pytest.fixture(autouse=True)
def seeded():
    K.utils.set_random_seed(0)


def made(units=1, activation=None, loss=BINARY):
    model = K.Sequential([Dense(8, "relu"), Dense(units, activation)])
    model.compile("adam", loss)
    return model


@pytest.mark.parametrize("y", [PRICES, PRICES.astype(int), X[:, 1:2] + 2])
@pytest.mark.parametrize(
    ("units", "activation", "loss"),
    [(1, None, BINARY), (1, "sigmoid", BINARY), (1, None, SPARSE),
     (3, "softmax", SPARSE), (3, "softmax", "categorical_crossentropy")],
)  # fmt: skip
def test_numbers_under_a_loss_for_classes(units, activation, loss, y) -> None:
    (found,) = tf.explain.examine(made(units, activation, loss), X, y)
    assert found.kind == "regression" and 'Use loss="mse"' in found.fix
    assert ("Dense(1) without" in found.fix) == (activation is not None)
    assert ("scale the targets" in found.fix) == (y.max() > 100)


@pytest.mark.parametrize(
    ("y", "fix"),
    [
        (SIGN + 1, "y = (y == 2) * 1.0"),
        (2 * SIGN - 1, "y = (y == 1) * 1.0"),
        (255 * SIGN, "y = (y == 255) * 1.0"),
        (THREE, 'Dense(3, activation="softmax")'),
        (THREE + 1, 'return_inverse=True)[1]. For 3 classes use Dense(3, activation="'),
        (np.abs(255 * np.tanh(X)), "Divide the targets by 255"),
        (X, 'for other numbers use loss="mse"'),
    ],
)
def test_targets_of_a_binary_crossentropy(y, fix) -> None:
    units = y.shape[1] if y.ndim > 1 else 1
    (found,) = tf.explain.examine(made(units, "sigmoid"), X, y)
    assert found.kind == "labels" and fix in found.fix
    code = fix[4:] if fix.startswith("y = ") else "(y == y) * 1.0"
    assert set(eval(code, {"y": y}).reshape(-1)) <= {0, 1}


@pytest.mark.parametrize(
    ("y", "fix"),
    [
        (THREE + 1, "as in y - 1"),
        (THREE + 5, "as in y - 5"),
        (2 * THREE - 1, "as in np.unique(y, return_inverse=True)[1]"),
        (np.arange(300) % 5, "Give the last layer 5 units"),
        (np.arange(300) % 5 - 1, "[1], and give the last layer 5 units"),
    ],
)
def test_targets_of_a_sparse_crossentropy(y, fix) -> None:
    (found,) = tf.explain.examine(made(3, "softmax", SPARSE), X, y)
    assert found.kind == "labels" and found.fix.endswith(fix)


@pytest.mark.parametrize("loss", ["poisson", "msle"])
@pytest.mark.parametrize("activation", [None, "exponential"])
def test_losses_of_what_is_never_negative(loss, activation) -> None:
    model = made(1, activation, loss)
    (found,) = tf.explain.examine(model, X, X[:, 0])
    assert found.kind == "labels" and "expects targets from 0 up" in found.message
    assert ("leave the activation" in found.fix) == (activation is not None)
    assert tf.explain.examine(model, X, np.abs(X[:, 0])) == []
    assert tf.explain.examine(made(1, None, "mse"), X, X[:, 0]) == []


def test_divergence_from_class_numbers() -> None:
    (found,) = tf.explain.examine(made(3, "softmax", "kl_divergence"), X, THREE)
    assert found.kind == "loss" and SPARSE in found.fix
    rows = RNG.dirichlet(np.ones(3), 300)
    assert tf.explain.examine(made(3, "softmax", "kl_divergence"), X, rows) == []


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y"),
    [
        (1, "sigmoid", BINARY, np.abs(np.tanh(X[:, 0]))),
        (3, "softmax", SPARSE, THREE.astype("float32")),
        (90, "softmax", SPARSE, np.arange(300) % 90),
        (2000, "softmax", SPARSE, RNG.integers(0, 2000, 300)),
        (3, "softmax", "categorical_crossentropy", RNG.dirichlet(np.ones(3), 300)),
        (4, "sigmoid", BINARY, (X > 0) * 1.0),
    ],
)
def test_classes_and_shares_are_no_numbers(units, activation, loss, y) -> None:
    assert tf.explain.examine(made(units, activation, loss), X, y) == []


@pytest.mark.parametrize("ignored", [-1, 255, None])
def test_classes_that_a_loss_ignores(said, ignored) -> None:
    loss = K.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
    model = made(3, "softmax", loss)
    y = np.where(X[:, 3] > 1, -1 if ignored is None else ignored, THREE)
    kinds = [found.kind for found in tf.explain.examine(model, X, y)]
    assert kinds == ["labels"] * (ignored is None)
    if ignored is not None:
        model.fit(X, y, epochs=2, verbose=0)
        assert not said()


@pytest.mark.parametrize(
    ("y", "kinds"),
    [
        (np.eye(3)[THREE] * X[:, :1], []),  # what actions gained
        (np.eye(3)[THREE] * (X[:, :1] > 0), []),
        ((X[:, :3] > 0) * 1.0, ["labels"]),
    ],
)
def test_one_hot_rows_with_weights(y, kinds) -> None:
    model = made(3, "softmax", "categorical_crossentropy")
    assert [found.kind for found in tf.explain.examine(model, X, y)] == kinds


@pytest.mark.parametrize("embeds", [True, False])
def test_numbers_that_are_looked_up_are_not_scaled(said, embeds) -> None:
    words = RNG.integers(0, 30, (200, 10)).astype("float32")
    first = L.Embedding(30, 8) if embeds else L.Reshape((10, 1))
    model = K.Sequential([first, L.LSTM(4), Dense(3, "softmax")])
    model.compile(K.optimizers.SGD(1e-5), SPARSE)
    model.fit(words, RNG.integers(0, 3, 200), epochs=6, verbose=0)
    (line,) = said()
    assert ("the inputs go from" in line) is not embeds


@pytest.mark.parametrize("form", [(-1,), (-1, 1)])
@pytest.mark.parametrize("subclassed", [False, True])
def test_a_sequence_where_one_is_due(said, form, subclassed) -> None:
    layers = [L.LSTM(4, return_sequences=True, name="steps"), Dense(1)]
    model = Own(*layers) if subclassed else K.Sequential(layers)
    model.compile("adam", "mse")
    model.fit(STEPS, STEPS[:, -1, 0].reshape(form), epochs=2, verbose=0)
    (line,) = said()
    assert "Set return_sequences=False in steps" in line


def two(**last):
    given = K.Input((4,))
    hidden = Dense(8, "relu")(given)
    kind, price = Dense(3, "softmax", name="kind"), Dense(1, name="price", **last)
    model = K.Model(given, [kind(hidden), price(hidden)])
    model.compile("adam", [SPARSE, "mse"])
    return model


def test_findings_name_the_output() -> None:
    (found,) = tf.explain.examine(two(), X, [THREE, 1e6 * X[:, 0] + 3e6])
    assert found.message.startswith("output price: the targets go from ")
    (found,) = tf.explain.examine(two(), X, [THREE + 1, X[:, 0]])
    assert found.message.startswith("output kind: the loss sparse")
    (found,) = tf.explain.examine(two(), X, [X[:, 0], THREE])
    assert found.fix.startswith("Give the targets in the order of the outputs: kind, p")
    assert tf.explain.examine(two(), X, [THREE, X[:, 0]]) == []


def relative(y, p):
    return tf.reduce_mean(tf.abs((y - p) / y))


def hand_softmax(y, p):
    e = tf.exp(p - 200.0)
    return tf.reduce_mean(y - e / tf.reduce_sum(e, axis=-1, keepdims=True))


@pytest.mark.parametrize(
    ("loss", "y", "text"),
    [
        (relative, np.where(X[:, :1] > 0, X[:, 1:2], 0.0), "divides by targets, and "),
        (
            lambda y, p: tf.reduce_mean(y / (0 * p)),
            1 + SIGN[:, None],
            "a division by 0 (",
        ),
        (hand_softmax, SIGN[:, None], "use tf.nn.softmax"),
    ],
)
def test_divisions_by_zero(said, loss, y, text) -> None:
    model = K.Sequential([Dense(1)])
    model.compile("sgd", loss)
    model.fit(X, y.astype("float32"), epochs=1, verbose=0)
    (line,) = said()
    assert text in line and ("tf.nn.softmax" in line) == (loss is hand_softmax)


class Own(K.Model):
    """Layers in a call of the program's own."""

    def __init__(self, *steps):
        super().__init__()
        self.steps = list(steps)

    def call(self, inputs):
        for step in self.steps:
            inputs = step(inputs)
        return inputs


def examined(model, loss, x, y):
    model.compile("adam", loss)
    model.fit(x, y, verbose=0)
    return tf.explain.examine(model, x, y)


@pytest.mark.parametrize(
    ("x", "axis", "wrong"),
    [(X, -1, False), (X, 0, True), (STEPS, 2, False), (STEPS, 1, True)],
)
@pytest.mark.parametrize("make", [K.Sequential, lambda layers: Own(*layers)])
def test_softmax_over_another_axis(make, x, axis, wrong) -> None:
    over = L.Lambda(lambda h: tf.nn.softmax(h, axis=axis))
    model = make([Dense(8, "relu"), Dense(3), over])
    y = THREE if x is X else (STEPS[:, :, 0] > 0) * 1
    found = examined(model, SPARSE, x, y)
    assert [each.kind for each in found] == ["softmax axis"] * wrong
    assert all(f"softmax was taken over axis {axis}." in str(each) for each in found)


def test_classes_along_another_axis() -> None:
    over = L.Lambda(lambda h: tf.nn.softmax(h, axis=1))
    model = K.Sequential([Dense(8, "relu"), Dense(4), over])
    y = np.eye(10)[RNG.integers(0, 10, (200, 4))].transpose(0, 2, 1)
    assert examined(model, K.losses.CategoricalCrossentropy(axis=1), STEPS, y) == []


LOGITS = K.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize("make", [K.Sequential, lambda layers: Own(*layers)])
@pytest.mark.parametrize(
    ("units", "last", "loss"),
    [
        (3, [L.Softmax], SPARSE),
        (3, [lambda: L.Activation("softmax")], SPARSE),
        (3, [], LOGITS),
        (1, [lambda: L.Activation("sigmoid")], BINARY),
        (1, [], K.losses.BinaryCrossentropy(from_logits=True)),
    ],
)
@pytest.mark.parametrize("before", ["relu", None, "tanh"])
def test_logits_that_pass_a_relu(make, units, last, loss, before) -> None:
    layers = [
        Dense(8, "relu"),
        Dense(units, before, name="logits"),
        *(f() for f in last),
    ]
    found = examined(make(layers), loss, X, THREE if units == 3 else SIGN)
    assert [each.kind for each in found] == ["relu before softmax"] * (before == "relu")
    assert all("relu of logits leaves" in each.message for each in found)


@pytest.mark.parametrize(
    ("activation", "y", "wrong"),
    [("tanh", 20 * X[:, 0], True), ("tanh", np.tanh(X[:, 0]), False),
     ("sigmoid", PRICES, True), (None, X[:, 0], False), ("relu", X[:, 0], True)],
)  # fmt: skip
def test_what_a_subclassed_model_cannot_reach(activation, y, wrong) -> None:
    model = Own(Dense(8, "relu"), Dense(1, activation, name="last"))
    found = examined(model, "mse", X, y)
    assert [each.kind for each in found] == ["range"] * wrong
    assert all(f"last ends in {activation}, " in each.message for each in found)


@pytest.mark.parametrize(
    ("loss", "wrong"),
    [
        (lambda y, p: tf.reduce_mean(tf.square(y[:, 0] - p)), True),
        (lambda y, p: tf.reduce_mean(y * K.losses.mse(y, p)), True),
        (lambda y, p: tf.reduce_mean((y - tf.reshape(y, [-1])) * (p - p[:, 0])), False),
        (lambda y, p: tf.reduce_mean(tf.square(y - p)), False),
    ],
)
def test_columns_and_rows(loss, wrong) -> None:
    found = examined(K.Sequential([Dense(1)]), loss, X, X[:, :1])
    assert [each.kind for each in found] == ["shapes"] * wrong


@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize(
    ("widths", "unit", "far"),
    [
        ((16,), 1.0, True),
        ((16, 16), 1.0, True),
        ((64, 64, 64), 1.0, False),  # learns the mean in 600 steps
        ((16,), 1000.0, False),
        ((64,), 1e5, False),
    ],
)
def test_targets_far_from_a_subclassed_model(said, loss, widths, unit, far) -> None:
    """One epoch is enough, and what follows the last layer counts."""
    hidden = [Dense(width, "relu") for width in widths]
    model = Own(*hidden, Dense(1), lambda h: unit * h)
    model.compile("adam", loss)
    model.fit(X, PRICES, epochs=1, verbose=0)
    assert ["the targets go from " in line for line in said()] == [True] * far


@pytest.mark.parametrize(("hidden", "far"), [(1, True), (2, True), (3, False)])
def test_deep_networks_come_far(hidden, far) -> None:
    """Steps of layers multiply: three of 256 units learn prices in 300 steps."""
    model = K.Sequential([*(Dense(256, "relu") for _ in range(hidden)), Dense(1)])
    model.compile("adam", "mse")
    found = [each.kind for each in tf.explain.examine(model, X, PRICES)]
    assert found == ["far targets"] * far
    losses = model.fit(X, PRICES, epochs=30, verbose=0).history["loss"]
    assert (losses[-1] > PRICES.var()) == far
