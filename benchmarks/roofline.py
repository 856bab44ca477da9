"""What bounds each row of the table: operations, memory, or how far work can be shared.

    python3 benchmarks/roofline.py --peak 540 --memory 40

Builds the rows' models in rillet, compiles their steps, and counts in the compiled
programs, as `explain` does. Nothing is timed. `--peak` are the GFLOP/s of all cores
together (the driver of the table measures them), `--memory` the GB/s of a copy. Run it
with rillet on the path; memory counts only where a step's data do not stay in cache.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import rillet as tf
from rillet.backends.native.explain import Totals, totals

#: The epoch's steps, and what builds a step and its batch.
Row = tuple[str, int, Callable[[], Totals]]
L3 = 32e6


def _of(concrete: Any) -> Totals:
    (program, _), *_ = concrete._call._programs.values()
    return totals(next(iter(program._bindings.values())))


def _fit(layers: Callable[[Any], list[Any]], optimizer: str, *shape: int) -> Totals:
    """A training step of a model on digits, `shape` with the batch."""
    model = tf.keras.Sequential(layers(tf.keras.layers))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.zeros(shape, np.float32), np.zeros(shape[0], np.uint8)
    model.explain_step((x, y))
    return _of(model.train_function.step.graphs[0])


def _function(body: Callable[..., Any], *args: Any) -> Totals:
    found = tf.function(body)
    found.explain(*args)
    return _of(found.get_concrete_function(*args))


def _dense(*units: int, activation: str = "relu") -> Callable[[Any], list[Any]]:
    def layers(kinds: Any) -> list[Any]:
        found = [kinds.Dense(n, activation=activation) for n in units]
        return [*found, kinds.Dense(10, activation="softmax")]

    return layers


def _network(kinds: Any) -> list[Any]:
    return [
        kinds.Conv2D(32, 3, activation="relu"),
        kinds.MaxPooling2D(),
        kinds.Conv2D(64, 3, activation="relu"),
        kinds.MaxPooling2D(),
        kinds.Flatten(),
        kinds.Dense(10, activation="softmax"),
    ]


def _recurrent(kinds: Any) -> list[Any]:
    return [kinds.LSTM(64), kinds.Dense(10, activation="softmax")]


def _curve() -> Totals:
    x = tf.linspace(-2.0, 2.0, 209)
    made = tf.keras.Sequential(
        [tf.keras.layers.Dense(64, activation="relu"), tf.keras.layers.Dense(1)]
    )
    made(x[:, None])
    optimizer = tf.keras.optimizers.SGD(0.001)
    optimizer.build(made.variables)

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            error = tf.reduce_mean((x**2 - made(x[:, None])[:, 0]) ** 2)
        gradients = tape.gradient(error, made.variables)
        optimizer.apply_gradients(zip(gradients, made.variables, strict=True))
        return error

    return _function(step, x)


def _logistic() -> Totals:
    w, b = tf.Variable(tf.zeros([784, 1])), tf.Variable(0.0)

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            z = tf.squeeze(x @ w + b, 1)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, z)
            loss = tf.reduce_mean(losses)
        slopes = tape.gradient(loss, [w, b])
        for variable, slope in zip((w, b), slopes, strict=True):
            variable.assign_sub(0.1 * slope)
        return loss

    return _function(step, tf.zeros([60_000, 784]), tf.zeros([60_000]))


def _elementwise() -> Totals:
    def body(x: Any) -> Any:
        return tf.reduce_sum(tf.tanh(x) * tf.exp(-(x**2)) + tf.sqrt(x + 1), 1)

    return _function(body, tf.zeros([4096, 1024]))


def _predict(rows: int) -> Totals:
    made = tf.keras.Sequential(_dense(512)(tf.keras.layers))
    x = tf.zeros([rows, 784])
    made(x)
    return _function(lambda x: made(x), x)


def rows() -> Iterator[Row]:
    """The table's rows."""
    yield "784-512-10, batch 128", 469, lambda: _fit(_dense(512), "rmsprop", 128, 784)
    yield "784-50-10, batch 256", 235, lambda: _fit(_dense(50), "sgd", 256, 784)
    sigmoids = _dense(25, 15, activation="sigmoid")
    yield "784-25-15-10, batch 32", 1875, lambda: _fit(sigmoids, "adam", 32, 784)
    yield "CNN, batch 64", 200, lambda: _fit(_network, "adam", 64, 28, 28, 1)
    yield "LSTM(64), batch 64", 100, lambda: _fit(_recurrent, "adam", 64, 28, 28)
    yield "curve model, a step", 1, _curve
    yield "logistic regression, a step", 1, _logistic
    yield "elementwise, 4096x1024", 1, _elementwise
    yield "predict one", 1, lambda: _predict(1)
    yield "predict 10,000", 1, lambda: _predict(10_000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--peak", type=float, required=True, help="GFLOP/s")
    parser.add_argument("--memory", type=float, required=True, help="GB/s")
    options = parser.parse_args()
    threads = (1, 2, 4, 8, 16, 32, 64)
    columns = ["row", "steps", "MFLOP", "MB", "FLOP/B", "by FLOPs, us", "by bytes, us"]
    columns += [f"{n}" for n in threads]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    for name, steps, build in rows():
        found = build()
        outer = found.outer
        cells = [name, str(steps), f"{found.flops / 1e6:.3g}", f"{outer / 1e6:.3g}"]
        cells.append(f"{found.flops / outer:.1f}")
        cells.append(f"{found.flops / options.peak / 1e3:.3g}")
        cells.append(
            f"{outer / options.memory / 1e3:.3g}" if outer > L3 else "in cache"
        )
        cells += [f"{found.waits[n]:.3g}" for n in threads]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
