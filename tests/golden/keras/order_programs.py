"""In which order `fit`, `evaluate` and `predict` take a shuffled dataset's elements.

Each function of `PROGRAMS` takes the module and gives lists of element numbers;
`make_training.py` keeps what tf.keras gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def shuffled(tf: Any, seed: int | None = 5, **options: Any) -> Any:
    """Ten numbers, shuffled and in batches of four."""
    data = tf.data.Dataset.range(10).map(lambda i: (tf.cast(i, tf.float32), 0.0))
    return data.shuffle(10, seed, **options).batch(4)


def noting(tf: Any, seen: dict[str, list[int]], eager: bool = True) -> Any:
    """A model that notes what it is given to train, to test and to predict on."""

    class Noting(tf.keras.Model):
        def note(self, kind: str, x: Any) -> None:
            tf.py_function(
                lambda x: seen[kind].extend(x.numpy().ravel().astype(int).tolist()),
                [x],
                [],
            )

        def train_step(self, data: Any) -> Any:
            self.note("train", data[0])
            return {"loss": tf.constant(0.0)}

        def test_step(self, data: Any) -> Any:
            self.note("test", data[0])
            return {"loss": tf.constant(0.0)}

        def predict_step(self, data: Any) -> Any:
            data = data[0] if isinstance(data, tuple) else data
            self.note("predict", data)
            return data

    model = Noting()
    model.compile(run_eagerly=eager)
    return model


def run(tf: Any, what: Callable[[Any], Any], seed: int = 3, **options: Any) -> Any:
    """What a model is given while something happens to it."""
    found: dict[str, list[int]] = {"train": [], "test": [], "predict": []}
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(seed)
    what(noting(tf, found, **options))
    return found


def datasets(tf: Any) -> dict[str, Any]:
    """Datasets given to `fit` and its kin."""

    def twice(model: Any) -> None:
        data = shuffled(tf)
        model.fit(data, epochs=2, verbose=0)
        model.fit(data, epochs=1, verbose=0)

    def mixed(model: Any) -> None:
        data = shuffled(tf)
        model.fit(data, epochs=1, verbose=0)
        model.evaluate(data, verbose=0)
        model.predict(data, verbose=0)
        model.evaluate(data, verbose=0)

    def iterated_before(model: Any) -> None:
        data = shuffled(tf)
        for _ in data:
            pass
        model.fit(data, epochs=2, verbose=0)

    def validated(model: Any) -> None:
        model.fit(shuffled(tf), validation_data=shuffled(tf, 8), epochs=3, verbose=0)

    def same(model: Any) -> None:
        data = shuffled(tf)
        model.fit(data, validation_data=data, epochs=2, verbose=0)

    def steps(model: Any) -> None:
        model.fit(
            shuffled(tf).repeat(),
            validation_data=shuffled(tf, 8).repeat(),
            validation_steps=2,
            steps_per_epoch=2,
            epochs=3,
            verbose=0,
        )

    def short(model: Any) -> None:
        model.fit(shuffled(tf), steps_per_epoch=1, epochs=3, verbose=0)

    def validation_steps(model: Any) -> None:
        model.fit(
            shuffled(tf),
            validation_data=shuffled(tf, 8),
            validation_steps=1,
            validation_freq=2,
            epochs=4,
            verbose=0,
        )

    kinds: dict[str, Callable[[Any], Any]] = {
        "seeded": lambda m: m.fit(shuffled(tf), epochs=3, verbose=0),
        "global seed": lambda m: m.fit(shuffled(tf, None), epochs=3, verbose=0),
        "once": lambda m: m.fit(
            shuffled(tf, reshuffle_each_iteration=False), epochs=2, verbose=0
        ),
        "before repeat": lambda m: m.fit(shuffled(tf).repeat(2), epochs=2, verbose=0),
        "twice": twice,
        "mixed": mixed,
        "iterated before": iterated_before,
        "validated": validated,
        "same": same,
        "steps": steps,
        "short": short,
        "whole steps": lambda m: m.fit(
            shuffled(tf), steps_per_epoch=3, epochs=2, verbose=0
        ),
        "mapped": lambda m: m.fit(
            shuffled(tf).map(lambda x, y: (x, y)).prefetch(1), epochs=2, verbose=0
        ),
        "validation steps": validation_steps,
    }
    found = {name: run(tf, what) for name, what in kinds.items()}
    found["compiled"] = run(tf, kinds["seeded"], eager=False)
    found["compiled mixed"] = run(tf, mixed, eager=False)
    return found


def arrays(tf: Any) -> dict[str, Any]:
    """Arrays, which `fit` shuffles itself, with and without validation."""
    x = np.arange(10, dtype="float32")[:, None]

    def fitted(**options: Any) -> Callable[[Any], Any]:
        given = {"batch_size": 4, "epochs": 2, "verbose": 0, **options}
        return lambda model: model.fit(x, x, **given)

    def twice(model: Any) -> None:
        fitted()(model)
        fitted(epochs=1)(model)

    def validated_first(model: Any) -> None:
        model.evaluate(x, x, verbose=0)
        model.predict(x, verbose=0)
        fitted()(model)

    kinds = {
        "plain": fitted(),
        "split": fitted(validation_split=0.3),
        "validated": fitted(validation_data=(x, x)),
        "twice": twice,
        "after others": validated_first,
        "steps": fitted(steps_per_epoch=2, epochs=3, batch_size=3),
    }
    return {name: run(tf, what) for name, what in kinds.items()}


def adapted(tf: Any) -> dict[str, Any]:
    """Shuffled datasets that layers learnt from, and what is drawn after that."""
    layers = tf.keras.layers

    def numbers(seed: int | None = None) -> Any:
        data = tf.data.Dataset.range(10).shuffle(10, seed)
        return data.map(lambda i: tf.cast(i, tf.float32))

    def run(layer: Any, data: Any, again: int = 1, **options: Any) -> list[int]:
        for _ in range(again):
            layer.adapt(data.batch(3), **options)
        return [int(v) for _ in range(2) for v in data]

    def words(data: Any) -> Any:
        return data.map(lambda v: tf.strings.as_string(tf.cast(v, tf.int32)))

    kinds = {
        "Normalization": lambda: run(layers.Normalization(axis=None), numbers()),
        "seeded": lambda: run(layers.Normalization(axis=None), numbers(4)),
        "twice": lambda: run(layers.Discretization(num_bins=3), numbers(), 2),
        "StringLookup": lambda: run(layers.StringLookup(), words(numbers())),
        "TextVectorization": lambda: run(layers.TextVectorization(), words(numbers())),
        "all steps": lambda: run(layers.Normalization(axis=None), numbers(), steps=4),
        "some steps": lambda: run(layers.Normalization(axis=None), numbers(), steps=2),
    }
    found = {}
    for name, what in kinds.items():
        tf.keras.backend.clear_session()
        tf.keras.utils.set_random_seed(3)
        found[name] = what()
    return found


PROGRAMS = {"datasets": datasets, "arrays": arrays, "adapted": adapted}
