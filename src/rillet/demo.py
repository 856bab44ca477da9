"""`rillet demo`: a first network, trained on MNIST, evaluated, and drawn.

Words of a command line flow in; a trained network's accuracy is printed and a picture
of its curves and predictions is written. `rillet.cli` calls it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_PICTURE = "rillet-demo.png"
_CLASSES = 10
_SIDE = 28
_SHOWN = 12
_BLUE, _ORANGE, _INK, _GREY = "#1f6f9f", "#d9822b", "#22303c", "#8a97a3"
_NO_PICTURE = (
    "No picture was drawn: it needs matplotlib, which is not installed.\n"
    "Install it with: pip install matplotlib pillow"
)


def main(arguments: list[str] | None = None) -> int:
    """Train the first network and draw what it learned.

    Args:
        arguments: the words after ``rillet demo``; none where None.

    Returns:
        The exit status.
    """
    options = _parser().parse_args([] if arguments is None else arguments)
    if options.epochs < 1 or options.batch_size < 1:
        print("rillet demo: --epochs and --batch-size are 1 or more", file=sys.stderr)
        return 2
    out = Path(options.out).expanduser().absolute()
    if out.is_dir():
        out = out / _PICTURE
    elif not out.suffix:
        out = out.with_suffix(".png")
    if not out.parent.is_dir():
        print(f"rillet demo: there is no folder {out.parent}", file=sys.stderr)
        return 2
    started = time.perf_counter()
    images, labels, history, probabilities, accuracy = train(
        options.epochs, options.batch_size, options.seed
    )
    spent = time.perf_counter() - started
    print(f"test accuracy: {accuracy:.4f}")
    try:
        draw(out, images, labels, probabilities, history, accuracy)
    except ImportError:
        print(_NO_PICTURE)
    else:
        print(f"picture: {out}")
    print(f"done in {spent:.1f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rillet demo",
        description="Train a network of 784, 512 and 10 units on MNIST, say how many of"
        " 10,000 unseen digits it reads right, and draw its curves and predictions.",
    )
    parser.add_argument(
        "--epochs", type=int, default=5, help="passes over the data (5)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=128, help="images a step (128)"
    )
    # RMSprop's last epoch may fall anywhere from 0.968 to 0.982, in TensorFlow as
    # here; a fixed seed keeps the demonstration from showing a bad day.
    parser.add_argument(
        "--seed", type=int, default=2, help="seed of the weights and the order (2)"
    )
    parser.add_argument(
        "--out", default=_PICTURE, help=f"the picture's file or folder ({_PICTURE})"
    )
    return parser


def train(
    epochs: int, batch_size: int, seed: int
) -> tuple[Array, Array, dict[str, list[float]], Array, float]:
    """Train the network and let it read the test images.

    Args:
        epochs: passes over the 60,000 training images.
        batch_size: images a step.
        seed: a seed for the weights and the order of images.

    Returns:
        Test images ``(10000, 28, 28)``, their labels, the history of losses and
        accuracies by epoch, the predicted probabilities ``(10000, 10)``, and the share
        read right.
    """
    from rillet import keras

    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    flat_train, flat_test = (
        x.reshape(-1, _SIDE * _SIDE).astype("float32") / 255 for x in (x_train, x_test)
    )
    model = keras.Sequential(
        [
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(_CLASSES, activation="softmax"),
        ]
    )
    model.compile(
        optimizer="rmsprop",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(
        flat_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(flat_test, y_test),
    )
    _, accuracy = model.evaluate(flat_test, y_test, verbose=0)
    probabilities = model.predict(flat_test, batch_size=1024, verbose=0)
    return x_test, y_test, history.history, probabilities, float(accuracy)


def draw(
    out: Path,
    images: Array,
    labels: Array,
    probabilities: Array,
    history: dict[str, list[float]],
    accuracy: float,
) -> None:
    """Draw curves, right predictions and the worst mistakes into a PNG.

    Args:
        out: the file to write.
        images: test images ``(n, 28, 28)``.
        labels: what they show ``(n,)``.
        probabilities: what the network says ``(n, 10)``.
        history: lists by epoch: loss, accuracy, val_loss, val_accuracy.
        accuracy: the share read right.

    Raises:
        ImportError: where matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.6), facecolor="white")
    FigureCanvasAgg(figure)
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.35])
    left, right = halves
    figure.suptitle(
        f"MNIST, 784 – 512 – 10 units: {accuracy:.2%} of the test digits read right",
        color=_INK,
        fontsize=14,
    )
    curves = left.subplots(2, 1, sharex=True)
    _curve(curves[0], history, "loss")
    _curve(curves[1], history, "accuracy")
    curves[1].set_xlabel("epoch", color=_INK)
    left.subplots_adjust(left=0.15, right=0.97, top=0.88, bottom=0.1, hspace=0.18)
    guesses = probabilities.argmax(axis=1)
    truth = np.asarray(labels).astype(int)
    # The more a wrong answer was believed, and the right one not, the worse it is.
    rows = np.arange(len(truth))
    regret = probabilities[rows, guesses] - probabilities[rows, truth]
    wrong = np.flatnonzero(guesses != truth)
    worst = wrong[np.argsort(-regret[wrong], kind="stable")][:_SHOWN]
    hits = np.flatnonzero(guesses == truth)[:_SHOWN]
    top, bottom = right.subfigures(2, 1)
    for part, title, which in (
        (top, "read right", hits),
        (bottom, f"the worst of {len(wrong)} mistakes", worst),
    ):
        _grid(part, title, which, images, truth, guesses, probabilities)
    figure.savefig(out, dpi=110)


def _curve(axes: Any, history: dict[str, list[float]], name: str) -> None:
    """One metric by epoch, in training and on the test images."""
    epochs = range(1, len(history[name]) + 1)
    axes.plot(epochs, history[name], "o-", color=_BLUE, label="training")
    axes.plot(epochs, history[f"val_{name}"], "o--", color=_ORANGE, label="test")
    axes.set_ylabel(name, color=_INK)
    axes.set_xticks(list(epochs) if len(epochs) <= 12 else [1, len(epochs)])
    axes.grid(color="#e3e8ec")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=_GREY)


def _grid(
    part: Any,
    title: str,
    which: Array,
    images: Array,
    truth: Array,
    guesses: Array,
    probabilities: Array,
) -> None:
    """A grid of digits, each with what the network says and how sure it is."""
    part.suptitle(title, color=_INK, fontsize=11, y=0.86)
    cells = part.subplots(2, _SHOWN // 2).ravel()
    part.subplots_adjust(left=0.02, right=0.98, top=0.7, bottom=0.03, hspace=0.6)
    for axes in cells:
        axes.axis("off")
    for axes, i in zip(cells, which, strict=False):
        axes.imshow(images[i], cmap="gray_r", vmin=0, vmax=255)
        sure = f"{probabilities[i, guesses[i]]:.0%}"
        right = guesses[i] == truth[i]
        said = f"{guesses[i]} ({sure})"
        text = said if right else f"{said}, is {truth[i]}"
        axes.set_title(text, fontsize=9, color=_BLUE if right else _ORANGE)
