"""What the doctor's advice costs: `fit` with it and without it, in turns.

    python benchmarks/advice.py [--repeats N] [--epochs N] [--rows N] [CASE ...]

Each repeat trains two new models of a case, one with `rillet.explain.doctor(True)` and
one with `doctor(False)`, in an order that changes each time: tracing, reading compiled
code and all epochs count, so does what the doctor does once a model. `again` stands for
a further `fit` of one epoch on a model that has been trained. Figures are ratios of
medians, in wall-clock time and in processor time of the whole process; beside them
stands what the doctor itself took, measured inside, as a share of `fit`: its median and
the worst repeat. On a busy machine only the last two mean something.
Data are MNIST's, so that the doctor has nothing to say: a warning costs time once.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import rillet as tf
from rillet.explain import advice

layers = tf.keras.layers
Dense = layers.Dense
TARGET = 0.02


def wide() -> Any:
    """784-512-10."""
    return [Dense(512, "relu"), Dense(10, "softmax")]


def small() -> Any:
    """784-25-15-10."""
    return [Dense(25, "relu"), Dense(15, "relu"), Dense(10, "softmax")]


def convolutions() -> Any:
    """Two convolutions, 28x28."""
    return [
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(10, "softmax"),
    ]


#: Layers, and which share of the rows is trained on.
CASES: dict[str, tuple[Callable[[], Any], float]] = {
    "mlp512": (wide, 1.0),
    "mlp25": (small, 1.0),
    "cnn": (convolutions, 0.05),
}


def model_of(make: Callable[[], Any]) -> Any:
    """A new compiled model."""
    tf.keras.utils.set_random_seed(1)
    model = tf.keras.Sequential([tf.keras.Input((784,)), *make()])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Inside:
    """Sums up the time that passes in the doctor's methods."""

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in ("__init__", "begin", "reads", "runner", "end", "done"):
            setattr(advice.Doctor, name, self._timed(getattr(advice.Doctor, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            begun = time.perf_counter()
            try:
                return method(*args)
            finally:
                self.seconds += time.perf_counter() - begun

        return run


def timed(fit: Callable[[], Any]) -> tuple[float, float]:
    """Wall-clock and processor seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    fit()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(
    start: Callable[[], Callable[[], Any]], inside: Inside, repeats: int
) -> str:
    """The line of figures for one case.

    Args:
        start: makes what is timed.
        inside: the doctor's own time.
        repeats: how many pairs.
    """
    times: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    shares = []
    for i in range(repeats + 1):
        for on in (i % 2 == 0, i % 2 != 0):
            fit = start()
            tf.explain.doctor(on)
            inside.seconds = 0.0
            found = timed(fit)
            if not i:
                continue  # the first pair warms up
            times[on].append(found)
            if on:
                shares.append(inside.seconds / found[0])
    (wall, cpu), (wall_off, cpu_off) = (
        [statistics.median(column) for column in zip(*times[on], strict=True)]
        for on in (True, False)
    )
    own = statistics.median(shares)
    return (
        f"{wall_off * 1e3:9.1f} {wall / wall_off - 1:+8.1%} {cpu / cpu_off - 1:+8.1%}"
        f" {own:8.2%} {max(shares):8.2%}   {'met' if own <= TARGET else 'MISSED'}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=60000)
    given = parser.parse_args()
    (pictures, labels), _ = tf.keras.datasets.mnist.load_data()
    x = pictures[: given.rows].reshape(-1, 784).astype(np.float32) / 255
    y = labels[: given.rows]
    inside = Inside()
    print(f"target: the doctor takes {TARGET:.0%} of fit at most")
    print(f"{'':16}{'fit, ms':>9} {'wall':>8} {'cpu':>8} {'inside':>8} {'worst':>8}")
    for name in given.cases:
        make, share = CASES[name]
        rows = int(share * given.rows)

        def data(rows: int = rows) -> dict[str, Any]:
            return {"x": x[:rows], "y": y[:rows], "batch_size": 128, "verbose": 0}

        def first(make: Any = make, data: Any = data) -> Callable[[], Any]:
            model = model_of(make)
            return lambda: model.fit(**data(), epochs=given.epochs)

        def again(make: Any = make, data: Any = data) -> Callable[[], Any]:
            model = model_of(make)
            tf.explain.doctor(True)
            model.fit(**data())
            return lambda: model.fit(**data())

        for kind, start in (("new", first), ("again", again)):
            print(f"{name + ', ' + kind:16}{measure(start, inside, given.repeats)}")


if __name__ == "__main__":
    main()
