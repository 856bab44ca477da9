"""`fit`, `evaluate` and `predict` in graphs give what they give op by op."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
layers = K.layers
_RNG = np.random.default_rng(3)
X = _RNG.normal(size=(50, 6)).astype("float32")
IMAGES = _RNG.normal(size=(50, 6, 6, 2)).astype("float32")
STEPS = _RNG.normal(size=(50, 5, 3)).astype("float32")
WORDS = _RNG.integers(0, 9, (50, 7)).astype("int32")
CLASSES = _RNG.integers(0, 3, 50).astype("int32")
Y = _RNG.normal(size=(50, 2)).astype("float32")
WEIGHTS = _RNG.uniform(0.5, 2.0, 50).astype("float32")


def _stack(*parts: Any, loss: Any = "mse", optimizer: Any = "adam", **more: Any) -> Any:
    model = K.Sequential(list(parts))
    return model, {"loss": loss, "optimizer": optimizer, **more}


def _classifier(*parts: Any, **more: Any) -> Any:
    more = {"metrics": ["accuracy"], "loss": "sparse_categorical_crossentropy"} | more
    return _stack(*parts, layers.Dense(3, activation="softmax"), **more)


class TwoOutputs(K.Model):
    def __init__(self) -> None:
        super().__init__()
        self.body = layers.Dense(4, "tanh")
        self.number = layers.Dense(2)
        self.kind = layers.Dense(3, "softmax")

    def call(self, x: Any) -> Any:
        h = self.body(x)
        return {"number": self.number(h), "kind": self.kind(h)}


class TwoInputs(K.Model):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = layers.Dense(2), layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.left(x["a"]) * self.right(x["b"])


class OwnLosses(K.Model):
    """`add_loss`, `add_metric` and an activity regularizer."""

    def __init__(self) -> None:
        super().__init__()
        self.one = layers.Dense(4, activity_regularizer="l2")
        self.two = layers.Dense(2, kernel_regularizer="l1")

    def call(self, x: Any) -> Any:
        h = self.one(x)
        self.add_loss(0.1 * tf.reduce_mean(h * h))
        self.add_metric(tf.reduce_max(h), name="largest")
        return self.two(h)


class OwnStep(K.Model):
    """A `train_step` and a `test_step` of the program's own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2)
        self.seen = K.metrics.Mean(name="seen")

    def call(self, x: Any) -> Any:
        return self.dense(x)

    @property
    def metrics(self) -> list[Any]:
        return [self.seen]

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
        slopes = tape.gradient(loss, self.trainable_variables)
        if tf.reduce_sum(x) > 0.0:
            loss = loss + 1.0
        self.optimizer.apply_gradients(
            zip(slopes, self.trainable_variables, strict=True)
        )
        self.seen.update_state(loss)
        return {"seen": self.seen.result(), "raw": loss}

    def test_step(self, data: Any) -> Any:
        x, y = data
        self.seen.update_state((self(x) - y) ** 2)
        return {"seen": self.seen.result()}


class Adversaries(K.Model):
    """Two networks with an optimizer each, trained in turn in one step."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = K.Sequential([layers.Dense(6)])
        self.judge = K.Sequential([layers.Dense(4, "relu"), layers.Dense(1)])

    def compile(self, optimizer: Any, **more: Any) -> None:
        super().compile(**more)
        self.first, self.second = (K.optimizers.get(o) for o in optimizer)
        self.loss_of = K.losses.BinaryCrossentropy(from_logits=True)

    def call(self, x: Any) -> Any:
        return self.judge(self.maker(x))

    def train_step(self, data: Any) -> Any:
        x, _ = data
        size = tf.shape(x)[0]
        with tf.GradientTape() as tape:
            both = tf.concat([self.judge(x), self.judge(self.maker(x[:, ::-1]))], 0)
            truth = tf.concat([tf.ones((size, 1)), tf.zeros((size, 1))], 0)
            judged = self.loss_of(truth, both)
        own = self.judge.trainable_variables
        slopes = tape.gradient(judged, own)
        self.second.apply_gradients(zip(slopes, own, strict=True))
        with tf.GradientTape() as tape:
            made = self.loss_of(tf.ones((size, 1)), self(x[:, ::-1]))
        own = self.maker.trainable_variables
        slopes = tape.gradient(made, own)
        self.first.apply_gradients(zip(slopes, own, strict=True))
        return {"judged": judged, "made": made}


class OwnLoss(OwnLosses):
    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, w: Any = None
    ) -> Any:
        return tf.reduce_mean(tf.abs(y - y_pred)) + sum(self.losses)


def _network() -> Any:
    """Two inputs, a layer that both use, two outputs, a loss and a metric inside."""
    a, b = K.Input((6,), name="a"), K.Input((3,), name="b")
    shared = layers.Dense(4, "tanh", activity_regularizer="l2")
    both = layers.Concatenate()([shared(a), shared(layers.Dense(6)(b))])
    number = layers.Dense(2, name="number")(layers.BatchNormalization()(both))
    kind = layers.Dense(3, "softmax", name="kind")(layers.Dropout(0.0)(both))
    model = K.Model([a, b], [number, kind])
    model.add_loss(tf.reduce_mean(both**2))
    return model, {
        "loss": ["mse", "sparse_categorical_crossentropy"],
        "metrics": {"kind": ["accuracy"]},
        "optimizer": "adam",
    }


def _schedule() -> Any:
    return K.optimizers.SGD(K.optimizers.schedules.ExponentialDecay(0.1, 2, 0.7))


def _mixed() -> Any:
    policy = K.mixed_precision.Policy("mixed_bfloat16")
    return _stack(layers.Dense(4, dtype=policy), layers.Dense(2, dtype="float32"))


#: What makes a model and the arguments of `compile`; the data; more for `fit`.
RUNS: dict[str, tuple[Callable[[], Any], Any, dict[str, Any]]] = {
    "dense": (lambda: _classifier(layers.Dense(4, "relu")), (X, CLASSES), {}),
    "built": (
        lambda: _classifier(layers.Dense(4, "relu", input_shape=(6,))),
        (X, CLASSES),
        {"validation_split": 0.2},
    ),
    "norms": (
        lambda: _classifier(layers.BatchNormalization(), layers.LayerNormalization()),
        (X, CLASSES),
        {},
    ),
    "images": (
        lambda: _classifier(
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
        ),
        (IMAGES, CLASSES),
        {},
    ),
    "words": (
        lambda: _classifier(layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)),
        (WORDS, CLASSES),
        {},
    ),
    "averaged words": (
        lambda: _classifier(
            layers.Embedding(9, 4), layers.GlobalAveragePooling1D(), optimizer="sgd"
        ),
        (WORDS, CLASSES),
        {},
    ),
    "sequences": (
        lambda: _stack(
            layers.Bidirectional(layers.GRU(3, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(2)),
            metrics=["mae"],
        ),
        (STEPS, STEPS[..., :2]),
        {},
    ),
    "stateful": (
        lambda: _stack(
            layers.LSTM(3, stateful=True, batch_input_shape=(10, 5, 3)), layers.Dense(2)
        ),
        (STEPS, Y),
        {"batch_size": 10},
    ),
    "row weights": (
        lambda: _classifier(
            layers.Dense(4), metrics=None, weighted_metrics=["accuracy"]
        ),
        (X, CLASSES),
        {"sample_weight": WEIGHTS},
    ),
    "class weights": (
        lambda: _classifier(layers.Dense(4)),
        (X, CLASSES),
        {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
    ),
    "two outputs": (
        lambda: (
            TwoOutputs(),
            {
                "loss": {
                    "number": "mse",
                    "kind": "sparse_categorical_crossentropy",
                },
                "loss_weights": {"number": 0.5, "kind": 2.0},
                "metrics": {"kind": "accuracy", "number": ["mae"]},
                "optimizer": "rmsprop",
            },
        ),
        (X, {"number": Y, "kind": CLASSES}),
        {},
    ),
    "two inputs": (
        lambda: (TwoInputs(), {"loss": "mae", "optimizer": "nadam"}),
        ({"a": X, "b": STEPS[:, 0]}, Y),
        {"shuffle": "batch"},
    ),
    "network": (
        _network,
        ([X, STEPS[:, 0]], [Y, CLASSES]),
        {"validation_split": 0.1},
    ),
    "own losses": (
        lambda: (OwnLosses(), {"loss": "mse", "optimizer": "adamax"}),
        (X, Y),
        {},
    ),
    "own loss": (
        lambda: (OwnLoss(), {"loss": "mse", "optimizer": "ftrl"}),
        (X, Y),
        {},
    ),
    "own step": (
        lambda: (OwnStep(), {"optimizer": "adadelta"}),
        (X, Y),
        {"validation_data": (X[:7], Y[:7])},
    ),
    "two optimizers": (
        lambda: (Adversaries(), {"optimizer": ["sgd", "adam"]}),
        (X, Y),
        {},
    ),
    "schedule": (lambda: _stack(layers.Dense(2), optimizer=_schedule()), (X, Y), {}),
    "averages": (
        lambda: _stack(
            layers.Dense(2, kernel_constraint="max_norm"),
            optimizer=K.optimizers.AdamW(use_ema=True, ema_overwrite_frequency=4),
        ),
        (X, Y),
        {},
    ),
    "clipped": (
        lambda: _stack(
            layers.Dense(2), optimizer=K.optimizers.SGD(0.1, global_clipnorm=0.1)
        ),
        (X, Y),
        {},
    ),
    "areas": (
        lambda: _stack(
            layers.Dense(1, "sigmoid"),
            loss="binary_crossentropy",
            metrics=["AUC", "Precision", "binary_accuracy"],
        ),
        (X, (CLASSES > 1).astype("float32")),
        {},
    ),
    "mixed": (_mixed, (X, Y), {}),
    "frozen": (
        lambda: _stack(layers.Dense(4, trainable=False), layers.Dense(2)),
        (X, Y),
        {},
    ),
}


def _trained(name: str, **more: Any) -> tuple[Any, dict[str, Any]]:
    """A model trained for two epochs, and all that it gave."""
    make, (x, y), extra = RUNS[name]
    K.backend.clear_session()
    K.utils.set_random_seed(5)
    model, compiled = make()
    model.compile(**compiled, **more)
    arguments = {"batch_size": 16, "epochs": 2, "verbose": 0, **extra}
    history = model.fit(x, y, **arguments).history
    size = arguments["batch_size"]
    found = {
        "history": history,
        "told": model.evaluate(x, y, size, verbose=0, return_dict=True),
        "guessed": model.predict(x, size, verbose=0),
        "weights": [w.numpy() for w in model.weights],
    }
    return model, found


def _close(found: Any, wanted: Any, tolerance: float = 2e-5) -> None:
    tf.nest.assert_same_structure(found, wanted)
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        assert np.asarray(a).shape == np.asarray(b).shape
        np.testing.assert_allclose(a, b, rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize("jit", [False, None], ids=["reference", "native"])
@pytest.mark.parametrize("name", RUNS)
def test_graphs_train_as_single_ops_do(name: str, jit: Any, log: list[str]) -> None:
    _, wanted = _trained(name, run_eagerly=True)
    model, found = _trained(name, jit_compile=jit)
    # Sums in another order, over eight steps; bfloat16 keeps 8 bits of each.
    _close(found, wanted, 2e-2 if name == "mixed" else 2e-5)
    assert log == []
    for made in (model.train_function, model.test_function, model.predict_function):
        assert len(made.step.graphs) == 1


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the log is told meanwhile."""
    gc.collect()  # a checkpoint that an earlier test dropped complains when collected
    lines: list[str] = []

    def listen(text, *rest):
        # models here are made for their graphs; what they could learn is no matter,
        # nor what a checkpoint says that an earlier test dropped
        if not text.startswith(
            ("doctor: ", "Detecting that an", "Value in checkpoint")
        ):
            lines.append(text % rest)

    monkeypatch.setattr(tf.get_logger(), "warning", listen)
    return lines
