"""Programs run by real tf.keras and by rillet alike; what they give is compared.

Each function of `PROGRAMS` takes the module (`tensorflow` or `rillet`) and returns
plain data. `make_training.py` runs them with tf.keras and keeps the results.
"""

from __future__ import annotations

import io
import sys
import time
from typing import Any
from unittest import mock

import numpy as np


def _lines(model: Any, **options: Any) -> list[str]:
    out: list[str] = []
    model.summary(print_fn=lambda line, *_, **__: out.append(line), **options)
    return "\n".join(out).split("\n")


def summaries(tf: Any) -> dict[str, Any]:
    """Tables of layers, in many forms."""
    layers, keras = tf.keras.layers, tf.keras
    keras.backend.clear_session()
    found: dict[str, Any] = {}
    long = keras.Sequential(
        [
            layers.Dense(
                512,
                activation="relu",
                name="a_very_long_name_for_a_layer_indeed",
                input_shape=(784,),
            ),
            layers.Dense(10, name="second_quite_long_name"),
        ]
    )
    found["long names"] = _lines(long)
    frozen = keras.Sequential(
        [
            layers.InputLayer((28, 28)),
            layers.Flatten(),
            layers.Dense(16326),
            layers.ReLU(),
            layers.Dense(10, trainable=False),
        ],
        name="x",
    )
    found["line length"] = _lines(frozen, line_length=80)
    found["positions"] = _lines(frozen, positions=[0.3, 0.6, 1.0])
    found["trainable"] = _lines(frozen, show_trainable=True)
    found["range"] = _lines(frozen, layer_range=["flatten", "dense"])
    inner = keras.Sequential(
        [layers.Dense(4), layers.Dense(3, name="inner_dense_with_long_name_here_x")],
        name="inner",
    )
    middle = keras.Sequential([inner, layers.Dropout(0.5)], name="mid")
    outer = keras.Sequential([keras.Input((5,)), middle, layers.Dense(1)], name="outer")
    found["nested"] = _lines(outer)
    found["expanded"] = _lines(outer, expand_nested=True)
    found["expanded, trainable"] = _lines(
        outer, expand_nested=True, show_trainable=True
    )
    shape = layers.Reshape((8, 7, 6, 5, 4, 3, 2))
    found["wide shape"] = _lines(
        keras.Sequential([keras.Input((2, 3, 4, 5, 6, 7, 8)), shape])
    )
    late = keras.Sequential([layers.Dense(5), layers.Dense(2)])
    late(np.zeros((4, 3)))
    found["called once"] = _lines(late)
    late(np.zeros((6, 3)))
    found["called twice"] = _lines(late)
    model = _two_layers(tf)
    model(np.zeros((2, 3)))
    found["subclass"] = _lines(model)
    built = _two_layers(tf)
    built.build((None, 3))
    found["subclass, built"] = _lines(built)
    return found


def _two_layers(tf: Any) -> Any:
    class Two(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a = tf.keras.layers.Dense(4)
            self.b = tf.keras.layers.Dense(3)
            self.unused = tf.keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.b(self.a(x))

    return Two()


class _Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class _Clock:
    """A clock that programs set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


#: By name: arguments of Progbar, then steps (seconds, current, values, finalize).
BARS: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "an epoch": (
        {"target": 469, "stateful_metrics": ["loss", "acc"]},
        [
            (0.5, 1, [("loss", 2.34567), ("acc", 0.1)], False),
            (0.01, 5, [("loss", 2.2), ("acc", 0.2)], False),
            (0.1, 40, [("loss", 1.2), ("acc", 0.02)], False),
            (0.1, 400, [("loss", 0.00012), ("acc", 1.0)], False),
            (1.9, 469, [("loss", 0.5), ("acc", 0.2), ("val_loss", 1e-5)], True),
        ],
    ),
    "averages": (
        {"target": 10},
        [(0.3, i, [("x", float(i))], None) for i in range(1, 11)],
    ),
    "unknown target": (
        {"target": None, "unit_name": "sample"},
        [(1.0, 3, [("x", 1.0)], False), (1.0, 7, [("x", 2.0)], False)],
    ),
    "a line an epoch": (
        {"target": 469, "verbose": 2, "stateful_metrics": ["loss"]},
        [
            (0.6, 1, [("loss", 0.3)], False),
            (0.6, 200, [("loss", 0.3)], False),
            (0.6, 468, [("loss", 0.3)], False),
            (0.6, 469, [("loss", 0.25), ("val_loss", 1e-4)], True),
        ],
    ),
    "hours": (
        {"target": 1000},
        [
            (4000.0, 1, None, False),
            (100.0, 2, None, False),
            (100.0, 900, None, False),
            (100.0, 999, None, False),
            (1.0, 1000, None, None),
        ],
    ),
    "no time": ({"target": 1}, [(1e-7, 1, [("l", 5.0)], None)]),
    "nan": (
        {"target": 3},
        [
            (0.0004, 1, [("l", 5.0)], False),
            (0.0500004, 2, [("l", float("nan"))], False),
            (2.0, 3, [("l", 1e6)], True),
        ],
    ),
    "slow lines": (
        {"target": 5, "verbose": 2},
        [(70.0, i, [("l", 2.0)], None) for i in range(1, 6)],
    ),
    "silent": ({"target": 2, "verbose": 0}, [(1.0, 2, [("l", 2.0)], True)]),
}


def progress(tf: Any) -> dict[str, Any]:
    """What progress bars print on a terminal."""
    found: dict[str, Any] = {}
    for name, (arguments, steps) in BARS.items():
        clock, out = _Clock(), _Terminal()
        with (
            mock.patch.object(time, "time", clock),
            mock.patch.object(sys, "stdout", out),
        ):
            bar = tf.keras.utils.Progbar(**arguments)
            for seconds, current, values, finalize in steps:
                clock.now += seconds
                bar.update(current, values, finalize)
        found[name] = out.getvalue()
    return found


def orders(tf: Any) -> dict[str, Any]:
    """In which order `fit` gives the rows, by seed."""
    seen: list[int] = []

    class Noting(tf.keras.Model):
        def train_step(self, data: Any) -> Any:
            seen.extend(data[0].numpy().ravel().astype(int).tolist())
            return {"loss": tf.constant(0.0)}

    found: dict[str, Any] = {}
    rows: list[tuple[str, int, dict[str, Any]]] = [
        ("seed 5", 5, {"batch_size": 4, "epochs": 2}),
        ("seed 7", 7, {"batch_size": 1, "epochs": 2}),
        ("in order", 7, {"batch_size": 5, "epochs": 2, "shuffle": False}),
        (
            "steps",
            7,
            {"batch_size": 5, "epochs": 3, "shuffle": False, "steps_per_epoch": 2},
        ),
        ("only steps", 7, {"epochs": 1, "shuffle": False, "steps_per_epoch": 5}),
    ]
    for name, seed, arguments in rows:
        seen.clear()
        tf.random.set_seed(seed)
        model = Noting()
        model.compile(run_eagerly=True)
        x = np.arange(12, dtype="float32")[:, None]
        model.fit(x, np.zeros(12), verbose=0, **arguments)
        found[name] = list(seen)
    return found


def _data(rows: int = 50) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype("float32")
    labels = rng.integers(0, 3, rows)
    return x, labels, rng.uniform(0.5, 2.0, rows).astype("float32")


def _net(tf: Any, activation: str = "softmax", units: int = 3) -> Any:
    rng = np.random.default_rng(1)
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(8, activation="tanh", input_shape=(6,)),
            tf.keras.layers.Dense(units, activation=activation),
        ]
    )
    model.set_weights(
        [rng.normal(0, 0.4, w.shape).astype("float32") for w in model.get_weights()]
    )
    return model


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return float(value) if np.ndim(value) == 0 else np.asarray(value).tolist()


def histories(tf: Any) -> dict[str, Any]:
    """What `fit`, `evaluate` and the single steps give."""
    x, labels, weights = _data()
    found: dict[str, Any] = {}
    one_hot = np.eye(3, dtype="float32")[labels]
    rows: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
        "plain": ({}, {}, labels),
        "metrics": ({"metrics": ["accuracy", "ce"]}, {"batch_size": 16}, labels),
        "one hot": (
            {"loss": "categorical_crossentropy", "metrics": ["acc"]},
            {"validation_split": 0.3},
            one_hot,
        ),
        "sample weights": (
            {"metrics": ["ce"], "weighted_metrics": ["accuracy"]},
            {"sample_weight": weights, "batch_size": 7},
            labels,
        ),
        "class weights": (
            {"weighted_metrics": ["accuracy"]},
            {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
            labels,
        ),
        "validation": (
            {"metrics": ["accuracy"]},
            {"validation_data": (x[:9], labels[:9], weights[:9])},
            labels,
        ),
        "every other": (
            {},
            {"validation_data": (x[:9], labels[:9]), "validation_freq": 2},
            labels,
        ),
        "momentum": (
            {"optimizer": tf.keras.optimizers.SGD(0.1, momentum=0.9)},
            {"batch_size": 10},
            labels,
        ),
        "loss weights": ({"loss_weights": [0.3]}, {}, labels),
    }
    for name, (compiled, fitted, y) in rows.items():
        model = _net(tf)
        arguments = {
            "optimizer": "sgd",
            "loss": "sparse_categorical_crossentropy",
            **compiled,
        }
        model.compile(**arguments)
        options = {"epochs": 3, "shuffle": False, "verbose": 0, **fitted}
        history = model.fit(x, y, **options)
        found[name] = _plain(history.history)
        found[f"{name}: weights"] = _plain(model.get_weights()[1])
    return found


def single_steps(tf: Any) -> dict[str, Any]:
    """What `train_on_batch` and its kin give."""
    x, labels, weights = _data()
    model = _net(tf)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found: dict[str, Any] = {"names before": list(model.metrics_names)}
    found["train"] = _plain(model.train_on_batch(x, labels))
    found["train, dict"] = _plain(model.train_on_batch(x, labels, return_dict=True))
    found["train, kept"] = _plain(
        model.train_on_batch(x[:5], labels[:5], reset_metrics=False)
    )
    found["train, weights"] = _plain(
        model.train_on_batch(x, labels, sample_weight=weights)
    )
    found["train, classes"] = _plain(
        model.train_on_batch(x, labels, class_weight={0: 1.0, 1: 3.0, 2: 1.0})
    )
    found["test"] = _plain(model.test_on_batch(x, labels))
    found["evaluate"] = _plain(model.evaluate(x, labels, verbose=0))
    found["evaluate, weights"] = _plain(
        model.evaluate(x, labels, sample_weight=weights, batch_size=11, verbose=0)
    )
    found["evaluate, steps"] = _plain(
        model.evaluate(x, labels, batch_size=10, steps=2, verbose=0)
    )
    found["predict"] = _plain(model.predict(x[:3], verbose=0))
    found["predict on batch"] = _plain(model.predict_on_batch(x[:3]))
    found["names"] = list(model.metrics_names)
    return found


def chances(tf: Any) -> dict[str, Any]:
    """Histories after a seed of nets that draw numbers as they train, and Nadam's.

    They run eagerly: inside a graph tf.keras draws other numbers.
    """
    keras, layers = tf.keras, tf.keras.layers
    x = np.random.default_rng(0).random((64, 3)).astype("float32")
    y = x[:, :1] * 2 - 1
    found: dict[str, Any] = {}
    for name in ("sgd", "adam", "nadam"):
        for drops in (False, True):
            keras.backend.clear_session()
            keras.utils.set_random_seed(3)
            model = keras.Sequential(
                [
                    layers.Dense(8, "relu"),
                    *([layers.Dropout(0.5)] if drops else []),
                    layers.Dense(1),
                ]
            )
            model.compile(name, "mse", run_eagerly=True)
            history = model.fit(x, y, epochs=3, batch_size=16, verbose=0)
            found[f"{name}, {drops}"] = _plain(history.history)
    return found


PROGRAMS = {
    "chances": chances,
    "summaries": summaries,
    "progress": progress,
    "orders": orders,
    "histories": histories,
    "single_steps": single_steps,
}
