"""The doctor: what it finds, what it leaves alone, and where a NaN came from."""

import re
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet import explain

Dense = tf.keras.layers.Dense
RNG = np.random.default_rng(0)
X = RNG.normal(size=(256, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


FOUR = np.arange(256) % 4
PIXELS = RNG.integers(0, 256, (256, 8, 8)).astype(np.uint8)
PIXELS[:, 0] = 0
Conv2D = tf.keras.layers.Conv2D


def pictures(*layers, built=True):
    given = [tf.keras.layers.Flatten(), *layers, Dense(1)]
    if built:
        given.insert(0, tf.keras.Input((8, 8)))
    model = tf.keras.Sequential(given)
    model.compile("adam", "mse")
    return model


def made(*layers, loss="mse", optimizer="adam"):
    model = tf.keras.Sequential(layers)
    model.build((None, 4))
    model.compile(optimizer, loss)
    return model


def relu(units=8, **kwargs):
    return Dense(units, activation="relu", **kwargs)


def cce(logits=False):
    return tf.keras.losses.SparseCategoricalCrossentropy(from_logits=logits)


def constant(size):
    fill = tf.keras.initializers.Constant(size)
    return Dense(1, activation="elu", kernel_initializer=fill)


SICK = [
    ("linear", lambda: made(Dense(8), Dense(1)), X, Y),
    ("softmax missing", lambda: made(relu(), Dense(2), loss=cce()), X, Y),
    ("softmax twice",
     lambda: made(relu(), Dense(2, activation="softmax"), loss=cce(True)), X, Y),
    ("softmax twice",
     lambda: made(relu(), Dense(2, activation="softmax"), tf.keras.layers.Softmax(),
                  loss=cce()), X, Y),
    ("sigmoid missing",
     lambda: made(relu(), Dense(1), loss="binary_crossentropy"), X, Y),
    ("sigmoid twice",
     lambda: made(relu(), Dense(1, activation="sigmoid"),
                  loss=tf.keras.losses.BinaryCrossentropy(True)), X, Y),
    ("loss", lambda: made(relu(), Dense(1, activation="softmax")), X, Y),
    ("loss", lambda: made(relu(), Dense(1, activation="sigmoid"),
                          loss="categorical_crossentropy"), X, Y[:, None]),
    ("loss", lambda: made(relu(), Dense(2, activation="softmax")), X, Y),
    ("labels", lambda: made(relu(), Dense(1, activation="sigmoid"),
                            loss="binary_crossentropy"), X, 2 * Y - 1),
    ("labels", lambda: made(relu(), Dense(2, activation="softmax"), loss=cce()),
     X, Y + 1),
    ("regression", lambda: made(relu(), Dense(2, activation="softmax"), loss=cce()),
     X, Y + 0.5),
    ("labels", lambda: made(relu(), Dense(2, activation="softmax"),
                            loss="categorical_crossentropy"), X, np.ones((256, 2))),
    ("labels", lambda: made(relu(), Dense(1)), X, np.where(Y, np.nan, 0.0)),
    ("inputs", lambda: made(relu(), Dense(1)), np.where(X > 2, np.nan, X), Y),
    ("unscaled", lambda: made(relu(), Dense(1)), X * 1e5, Y),
    ("dead relu hidden",
     lambda: made(relu(bias_initializer=tf.keras.initializers.Constant(-99.0),
                       name="hidden"), Dense(1)), X, Y),
    ("vanishing",
     lambda: made(*[Dense(8, activation="sigmoid") for _ in range(10)], Dense(1)),
     X, Y),
    ("loss", lambda: made(relu(), Dense(4, activation="softmax"),
                          loss="binary_crossentropy"), X, np.eye(4)[FOUR]),
    ("loss", lambda: made(relu(), Dense(4, activation="softmax"),
                          loss="binary_crossentropy"), X, FOUR),
    ("loss", lambda: made(relu(), Dense(2), tf.keras.layers.Activation("softmax"),
                          loss="binary_crossentropy"), X, Y),
    ("softmax missing", lambda: made(relu(), relu(4), loss=cce()), X, FOUR),
    ("sigmoid missing", lambda: made(relu(), Dense(1, activation="tanh"),
                                     loss="binary_crossentropy"), X, Y),
    ("labels", lambda: made(relu(), Dense(1, activation="sigmoid"),
                            loss="binary_crossentropy"), X, FOUR),
    ("labels", lambda: made(relu(), Dense(4, activation="softmax"), loss=cce()),
     X, np.eye(4)[FOUR]),
    ("labels", lambda: made(relu(), Dense(4, activation="softmax"),
                            loss="categorical_crossentropy"), X, FOUR),
    ("range", lambda: made(relu(), relu(1)), X, X[:, 0]),
    ("range", lambda: made(relu(), Dense(1, activation="sigmoid")), X, FOUR),
    ("range", lambda: made(relu(), Dense(1, activation="tanh")), X, 9 * X[:, 0]),
    ("shapes", lambda: made(relu(), Dense(1)), X, np.eye(4)[FOUR]),
    ("shapes", lambda: made(relu(), Dense(4)), X, FOUR),
    ("frozen", lambda: made(relu(trainable=False), Dense(1, trainable=False)), X, Y),
    ("learning rate",
     lambda: made(relu(), Dense(1), optimizer=tf.keras.optimizers.Adam(10.0)), X, Y),
    ("learning rate",
     lambda: made(Dense(1), optimizer=tf.keras.optimizers.RMSprop(10.0)), X, Y),
    ("same weights",
     lambda: made(relu(kernel_initializer="zeros"), Dense(1)), X, Y),
    ("same weights",
     lambda: made(Dense(8, activation="tanh", kernel_initializer="ones"),
                  Dense(1, kernel_initializer="ones")), X, Y),
    ("unscaled", lambda: pictures(Dense(3, activation="relu")), PIXELS, Y),
    ("unscaled", lambda: pictures(Dense(3, activation="relu"), built=False),
     PIXELS.astype(np.float32), Y),
    ("exploding", lambda: made(*map(constant, (1e-8, 1e4, 1e4, 1.0))), X + 2, Y),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "make", "x", "y"), SICK)
def test_what_is_found(kind, make, x, y):
    tf.keras.utils.set_random_seed(1)
    found = explain.examine(make(), x, y)
    assert [f.kind for f in found] == [kind]
    assert found[0].message and found[0].fix


HEALTHY = [
    (lambda: made(relu(), Dense(1)), X, Y),
    (lambda: made(Dense(1)), X, Y),
    (lambda: made(Dense(1, activation="sigmoid"), loss="binary_crossentropy"), X, Y),
    (lambda: made(relu(), Dense(2), loss=cce(True)), X, Y),
    (lambda: made(relu(), Dense(2, activation="softmax"), loss=cce()), X, Y),
    (lambda: made(Dense(2), Dense(4)), X, X),  # a linear bottleneck is no disguise
    (lambda: made(tf.keras.layers.Normalization(), relu(), Dense(1)), X * 1e5, Y),
    (lambda: made(relu(), tf.keras.layers.Dropout(0.5), Dense(1)), X, Y),
    (lambda: made(relu(), Dense(1)), X, X[:, :1]),
    (lambda: made(relu(), relu(1)), X, np.abs(X[:, 0])),
    (lambda: made(relu(), Dense(1, activation="tanh")), X, np.sin(X[:, 0])),
    (
        lambda: made(
            relu(), Dense(4, activation="sigmoid"), loss="binary_crossentropy"
        ),
        X,
        (X > 0).astype(int),
    ),  # several labels
    (
        lambda: made(
            relu(), Dense(2, activation="softmax"), loss="binary_crossentropy"
        ),
        X,
        np.eye(2)[Y],
    ),  # for two classes it comes to the same
    (lambda: made(relu(trainable=False), Dense(1)), X, Y),
    (lambda: made(relu(), Dense(1, kernel_initializer="zeros")), X, Y),
    (lambda: made(Dense(1), optimizer=tf.keras.optimizers.Adam(0.5)), X, Y),
    (lambda: made(relu(), Dense(1), optimizer=tf.keras.optimizers.SGD(10.0)), X, Y),
    (lambda: pictures(relu(3)), PIXELS / 255.0, Y),
    (lambda: pictures(tf.keras.layers.Rescaling(1 / 255), relu(3)), PIXELS, Y),
    (lambda: pictures(tf.keras.layers.BatchNormalization(), relu(3)), PIXELS, Y),
]


@pytest.mark.parametrize(("make", "x", "y"), HEALTHY)
def test_what_is_left_alone(make, x, y):
    assert explain.examine(make(), x, y) == []


def test_fit_tells_once(said):
    model = made(Dense(8), Dense(1))
    model.fit(X, Y, verbose=0)
    model.fit(X, Y, verbose=0)
    (line,) = said()
    assert line.startswith("doctor: ") and "one linear layer in disguise" in line
    assert "explain.doctor(False)" in line


def test_fixes_name_what_to_write():
    def fix(model, x, y):
        (found,) = explain.examine(model, x, y)
        return found

    made_of = made(relu(), Dense(1, activation="sigmoid", name="out"))
    found = fix(made_of, X, FOUR)
    assert "out ends in sigmoid, which gives numbers from 0 to 1" in found.message
    assert "the targets are from 0 to 3" in found.message
    assert 'For 4 classes use Dense(4, activation="softmax")' in found.fix
    found = fix(made(relu(), Dense(4, activation="softmax"), loss=cce()), X,
                np.eye(4)[FOUR])  # fmt: skip
    assert "the targets are one-hot rows of 4" in found.message
    assert 'Use loss="categorical_crossentropy"' in found.fix
    found = fix(made(relu(), Dense(1)), X, np.eye(4)[FOUR])
    assert "targets of shape (n, 4) are stretched over outputs of shape (n, 1)" in str(
        found
    )


def test_data_with_nan_is_named_before_the_weights_it_spoiled():
    bad = np.where(X > 2, np.nan, X)
    model = made(relu(), Dense(1))
    model.fit(bad, Y, verbose=0)
    first, second = explain.examine(model, bad, Y)
    assert first.kind == "inputs" and second.kind == "weights"
    assert "as the data does" in str(second) and "before training" not in str(second)


def test_a_short_fit_on_pictures_that_are_not_scaled(said):
    pictures(relu(3)).fit(PIXELS, Y, verbose=0)
    (line,) = said()
    assert "the inputs go from 0 to 255" in line and "Divide images by 255" in line


def test_a_net_frozen_after_compile_still_learns(said):
    model = made(relu(), Dense(1))
    model.trainable = False  # as the parts of a GAN are
    model.fit(X, Y, verbose=0)
    assert said() == []


def test_it_can_be_switched_off(said):
    explain.doctor(False)
    try:
        made(Dense(8), Dense(1)).fit(X, Y, verbose=0)
    finally:
        explain.doctor(True)
    assert said() == []


def test_no_learning(said):
    model = made(relu(), Dense(1), optimizer=tf.keras.optimizers.SGD(1e-12))
    model.fit(X, Y, epochs=6, verbose=0)
    (line,) = said()
    assert "the loss has not fallen in 5 epochs" in line and "rate is 1e-12" in line


def test_nan_without_on_nan(said):
    big = tf.keras.optimizers.SGD(10.0)
    made(relu(), Dense(1), optimizer=big).fit(X * 10, Y * 1e3, epochs=3, verbose=0)
    (line,) = said()
    assert "the loss of epoch 1 is nan. Repeated from its first weights, step" in line
    assert "the first op that made infinity is" in line
    assert "the learning rate 10 is too large; scale the inputs to about" in line
    assert "20 steps of it lower this batch's loss. Without scaling, 1e-05" in line


def test_overfitting():
    from rillet.explain.course import Course

    course = Course(True)
    found = []
    for epoch in range(12):
        logs = {"loss": 1 / (epoch + 1), "val_loss": 1.0 + max(0, epoch - 2) * 0.2}
        found += course.after(None, epoch, logs)
    assert found and found[0].kind == "overfitting"
    assert "best in epoch 1" in found[0].message


def explained(model, x, y, **kwargs):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        model.fit(x, y, on_nan="explain", verbose=0, **kwargs)
    return caught.value.message


def test_nan_in_the_data():
    bad = X.copy()
    bad[5, 2] = np.nan
    text = explained(made(relu(), Dense(1)), bad, Y, shuffle=False)
    assert text == (
        "fit: NaN or infinity in step 1 of epoch 1: the inputs of the batch hold it,"
        " 1 of 128; the first in row 5. Leave such rows out, or fill them in."
    )


def test_nan_of_an_earlier_run():
    model = made(relu(name="dense1"), Dense(1))
    model.layers[0].kernel.assign(np.full((4, 8), np.nan))
    text = explained(model, X, Y)
    assert text == "fit: dense1/kernel holds NaN before training; build the model anew."


def test_nan_of_a_learning_rate():
    tf.keras.utils.set_random_seed(2)
    model = made(relu(), Dense(1), optimizer=tf.keras.optimizers.SGD(0.1))
    text = explained(model, X * 100, Y * 100.0, shuffle=False, epochs=3)
    assert text.startswith("fit: NaN or infinity in step ") and "of epoch 1" in text
    assert "learning rate 0.1 is too large; scale the inputs to about -1 to 1" in text
    assert "and try 0.001: 20 steps of it lower this batch's loss" in text
    assert "dense" in text and "has grown to" in text
    assert float(model.optimizer.learning_rate) == np.float32(0.1)
    # what it names works indeed
    rate = float(re.search(r"Without scaling, (\S+) works", text)[1])
    model = made(relu(), Dense(1), optimizer=tf.keras.optimizers.SGD(rate))
    losses = model.fit(X * 100, Y * 100.0, epochs=3, verbose=0).history["loss"]
    assert losses[2] < losses[0]


def test_nan_of_a_learning_rate_on_scaled_inputs():
    tf.keras.utils.set_random_seed(2)
    model = made(Dense(1), optimizer=tf.keras.optimizers.SGD(5.0))
    text = explained(model, X, X[:, 0] * 3, shuffle=False, epochs=30)
    assert "the learning rate 5 is too large; try 0.05: 20 steps of it" in text or (
        "try 0.5: 20 steps of it" in text
    )
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_nan_of_a_softmax_by_hand():
    def softmax(z):
        e = tf.exp(z * 1000.0)
        return e / tf.reduce_sum(e, -1, keepdims=True)

    model = made(relu(), Dense(2, activation=softmax, name="said"), loss=cce())
    before = model.get_weights()
    text = explained(model, X, Y)
    assert "in step 1 of epoch 1: the first op that made infinity is Exp" in text
    assert "in layer said" in text and "tf.nn.softmax" in text
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_check_numerics_in_fit_and_alone():
    tf.debugging.enable_check_numerics()
    try:
        model = made(relu(), Dense(1), optimizer=tf.keras.optimizers.SGD(0.1))
        with pytest.raises(tf.errors.InvalidArgumentError, match="NaN or infinity in"):
            model.fit(X * 100, Y * 100.0, verbose=0, epochs=3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="in layer logs; like"):
            Dense(3, activation=tf.math.log, name="logs")(X)
        model.layers[0].kernel.assign(np.full((4, 8), np.nan))
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="kernel holds NaN bef"
        ):
            model(X)
    finally:
        tf.debugging.disable_check_numerics()


def test_on_nan_does_not_change_training():
    runs = []
    for on_nan in (None, "explain"):
        tf.keras.utils.set_random_seed(3)
        model = made(relu(), Dense(1))
        history = model.fit(X, Y, epochs=2, verbose=0, on_nan=on_nan)
        runs.append(history.history["loss"])
    np.testing.assert_allclose(*runs, rtol=1e-5)


def test_refusals():
    with pytest.raises(ValueError, match="`on_nan` must be None or 'explain'"):
        made(Dense(1)).fit(X, Y, on_nan="stop")
    with pytest.raises(ValueError, match=r"explain.examine: a model is needed"):
        explain.examine(3)


def test_the_page_has_every_finding():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "pictures.md").read_text("utf-8").split("## The doctor")[1]
    told = set()
    for file in (root / "src" / "rillet" / "explain").glob("*.py"):
        text = file.read_text("utf-8")
        told.update(re.findall(r"Finding\(\s*f?\"([a-z ]+?)[ {]*(?:\{|\")", text))
    assert len(told) >= 18
    assert {kind for kind in told if f"`{kind}`" not in page} == set()
