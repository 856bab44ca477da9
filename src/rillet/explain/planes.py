"""Operations as geometry: what they do to points, and how layers uncrumple two sheets.

In: points, or nothing. Out: plots with the points at each stage.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.explain.picture import (
    COLOURS,
    Array,
    Plot,
    beside,
    floats,
    new_figure,
    number,
    refuse,
    write,
)
from rillet.explain.player import played

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: How far points may lie; no axis is as long as all numbers.
_FAR: Final = 1e100


def _letter() -> Array:
    """A cloud in the form of an F, which shows turns and mirrors ``(n, 2)``."""
    up = np.stack([np.zeros(40), np.linspace(0, 1, 40)], 1)
    top = np.stack([np.linspace(0, 0.6, 25), np.ones(25)], 1)
    middle = np.stack([np.linspace(0, 0.45, 18), np.full(18, 0.55)], 1)
    return np.concatenate([up, top, middle])


class Geometry(Plot):
    """Points, and where operations take them.

    Attributes:
        points: before ``(n, 2)``.
        results: by operation, after ``(n, 2)``.
    """

    size = (11.0, 2.8)

    def __init__(self, points: Array, results: dict[str, Array]) -> None:
        self.points = points
        self.results = results

    def __repr__(self) -> str:
        lines = [f"<geometry: {len(self.points)} points>"]
        for name, moved in self.results.items() if len(self.points) else ():
            (x, y), (u, v) = self.points[0], moved[0]
            lines.append(
                f"  {name}: ({number(x)}, {number(y)}) goes to"
                f" ({number(u)}, {number(v)})"
            )
        return "\n".join(lines)

    def _draw(self, figure: Figure) -> None:
        axes = np.atleast_1d(figure.subplots(1, len(self.results), sharey=True))
        everything = np.concatenate([self.points, *self.results.values()])
        low, high = everything.min(axis=0), everything.max(axis=0)
        half = 0.56 * (float((high - low).max()) or 1.0)
        (left, right), (foot, top) = ((m - half, m + half) for m in (low + high) / 2)
        size = float(np.clip(36 / np.sqrt(len(self.points)), 3, 9))
        for axis, (name, points) in zip(axes, self.results.items(), strict=True):
            axis.axhline(0, color="lightgray", lw=0.8)
            axis.axvline(0, color="lightgray", lw=0.8)
            axis.plot(*self.points.T, ".", color="silver", ms=size)
            axis.plot(*points.T, ".", color=COLOURS[0], ms=size)
            axis.set(title=name, xlim=(left, right), ylim=(foot, top), aspect="equal",
                     xlabel="x")  # fmt: skip
        axes[0].set_ylabel("y")


def geometry(
    points: Any = None,
    shift: Any = (-0.5, 0.4),
    angle: float = 45.0,
    scale: Any = (1.5, 0.5),
    matrix: Any = ((1.0, 0.7), (-0.8, 0.9)),
) -> Geometry:
    """Tensor operations on points: translation, rotation, scaling, affine map, ReLU.

    Args:
        points: ``(n, 2)``; the letter F where None.
        shift: what the translation and the affine map add.
        angle: of the rotation, in degrees, counterclockwise.
        scale: factors of both coordinates.
        matrix: of the affine map ``x -> matrix x + shift``.

    Raises:
        ValueError: where points are not finite and ``(n, 2)``, or an operation's
            numbers are not as many as it takes.

    Example:
        >>> import rillet as tf
        >>> found = tf.explain.geometry([[1.0, 0.0]], angle=90)
        >>> found.results["rotation"].round(6).tolist()
        [[0.0, 1.0]]
    """
    op = "explain.geometry"
    given = _letter() if points is None else floats(op, "points", points)
    if given.ndim != 2 or given.shape[1] != 2:
        raise refuse(op, "points must be (n, 2)", given.shape)
    if not len(given) or not np.isfinite(given).all():
        raise refuse(
            op,
            "there must be points, and their coordinates finite numbers",
            "none" if not len(given) else "NaN or infinity",
        )
    moved, degrees, factors, rows = (
        _operand(called, value, shape)
        for called, value, shape in (
            ("shift", shift, (2,)), ("angle", angle, ()), ("scale", scale, (2,)),
            ("matrix", matrix, (2, 2)),
        )
    )  # fmt: skip
    turn = np.deg2rad(degrees)
    rotation = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    before = tf.constant(given)

    def mapped(by: Any) -> Any:
        return tf.matmul(before, tf.constant(np.asarray(by)), transpose_b=True)

    affine = mapped(rows) + moved
    results = {
        "translation": before + moved,
        "rotation": mapped(rotation),
        "scaling": mapped(np.diag(factors)),
        "affine": affine,
        "affine, then ReLU": tf.nn.relu(affine),
    }
    found = {name: value.numpy() for name, value in results.items()}
    for name, value in {"points": given, **found}.items():
        # NaN is not below it either.
        if not np.abs(value).max() < _FAR:
            raise refuse(
                op,
                f"points must stay within {_FAR:g}, before and after",
                f"{number(np.abs(value).max())} in {name}",
                "Take smaller numbers",
            )
    return Geometry(given, found)


def _operand(called: str, value: Any, shape: tuple[int, ...]) -> Array:
    found = floats("explain.geometry", called, value)
    if found.shape != shape or not np.isfinite(found).all():
        raise refuse(
            "explain.geometry",
            f"{called} must be finite, of shape {shape}",
            found.shape if found.shape != shape else "NaN or infinity",
        )
    return found


_FRAMES: Final = 12
#: Stages side by side.
_ACROSS: Final = 6


class Uncrumpling(Plot):
    """Two sheets of paper, crumpled together, on their way through a network.

    Attributes:
        stages: the points before, and after each layer ``(n, 2)``; the last stage is
            what a straight line can part.
        labels: which sheet a point is on, 0 or 1.
        overlaps: by stage, how much of the two sheets the best straight line gets
            wrong: about 0.5 when crumpled, 0 when parted.
    """

    def __init__(self, stages: list[Array], labels: Array) -> None:
        self.stages = stages
        self._across = min(len(stages), _ACROSS)
        self._rows = -(-len(stages) // self._across)
        self.size = (2.2 * self._across, 2.7 * self._rows)
        self.labels = labels
        self.overlaps = [_overlap(points, labels) for points in stages]

    def frame(self, at: float) -> Array:
        """The points between two stages: 0.0 is the first, 1.5 half past the second."""
        low = int(np.clip(np.floor(at), 0, len(self.stages) - 1))
        high = min(low + 1, len(self.stages) - 1)
        part = at - low
        return (1 - part) * self.stages[low] + part * self.stages[high]

    def _scatter(self, axis: Any, points: Array) -> None:
        for sheet in (0, 1):
            axis.plot(*points[self.labels == sheet].T, ".", color=COLOURS[sheet], ms=3)
        axis.set(xticks=[], yticks=[])

    def __repr__(self) -> str:
        mixed = ", ".join(f"{100 * share:.0f} %" for share in self.overlaps)
        return f"<uncrumple: after each layer mixed {mixed}>"

    def _draw(self, figure: Figure) -> None:
        axes = np.ravel(figure.subplots(self._rows, self._across, squeeze=False))
        for axis in axes[len(self.stages) :]:
            axis.axis("off")
        for axis, points, said in zip(axes, self.stages, self._said(), strict=False):
            self._scatter(axis, points)
            axis.set_title(said, fontsize=9)

    def animation(self) -> Any:
        """The way from stage to stage as a matplotlib animation.

        Raises:
            ImportError: where matplotlib is not installed.
        """
        figure = new_figure((4.0, 4.0))
        from matplotlib.animation import FuncAnimation

        axis = figure.subplots()
        steps = np.linspace(0, self._layers, _FRAMES * self._layers)
        times = [*[0.0] * 6, *steps, *[steps[-1]] * 12]

        def show(at: float) -> list[Any]:
            axis.clear()
            self._scatter(axis, self.frame(at))
            axis.set_title(self._said()[round(at)])
            return []

        return FuncAnimation(figure, show, frames=times, interval=90)

    def save(self, path: Any) -> None:
        """Write the stages side by side, or, as ``.gif`` or ``.html``, the animation.

        Raises:
            ImportError: where it is no ``.html``, and matplotlib is not installed.
            ValueError: where the ending is unknown.
            OSError: where the file cannot be written.
        """
        ending = Path(os.fspath(path)).suffix
        if ending == ".html":
            title = "Two sheets, uncrumpled"
            page = (
                '<!doctype html><html lang="en"><meta charset="utf-8">'
                '<meta name="color-scheme" content="light dark">'
                f"<title>{title}</title>\n{self._repr_html_()}\n</html>\n"
            )
            write(path, page.encode())
        elif ending == ".gif":
            with beside(path) as new:
                self.animation().save(new, writer="pillow")
        else:
            super().save(path)

    def _said(self) -> list[str]:
        places = ["crumpled", *(f"after layer {k + 1}" for k in range(self._layers))]
        return [
            f"{place}: {100 * share:.0f} % mixed"
            for place, share in zip(places, self.overlaps, strict=True)
        ]

    @property
    def _layers(self) -> int:
        return len(self.stages) - 1

    def _repr_html_(self) -> str:
        title = "Two sheets on their way through a network"
        return played(title, self.stages, self.labels, self._said())


def _overlap(points: Array, labels: Array) -> float:
    """The share that the least-squares line between the sheets gets wrong."""
    rows = np.concatenate([points, np.ones((len(points), 1))], 1)
    wanted = 2.0 * labels - 1.0
    found = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    said = (rows * found).sum(axis=1) > 0
    return float((said != labels).mean())


def _crumpled(count: int, rng: Any) -> tuple[Array, Array]:
    """Two sheets that are rolled into each other ``(n, 2)``."""
    labels = np.arange(count) % 2
    along = np.sqrt(rng.uniform(0.03, 1.0, count)) * 2.4 * np.pi
    turn = along + np.pi * labels
    radius = along / (1.6 * np.pi)
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn)], 1)
    return points + rng.normal(scale=0.02, size=points.shape), labels


def uncrumple(
    layers: int = 4, points: int = 500, epochs: int = 250, seed: int = 0
) -> Uncrumpling:
    """Two crumpled sheets that a network smooths out, layer by layer.

    The network is trained here; each hidden layer adds a little to its input, so that
    points move rather than jump, and two coordinates are shown.

    Args:
        layers: how many layers smooth.
        points: on both sheets together.
        epochs: of the training.
        seed: of points and first weights.

    Raises:
        ValueError: where a number is too small.
    """
    given_counts = (layers, points, epochs, seed)
    whole = all(isinstance(n, (int, np.integer)) for n in given_counts)
    if not whole or layers < 1 or points < 10 or epochs < 1 or seed < 0:
        raise refuse(
            "explain.uncrumple",
            "layers and epochs must be whole numbers from 1 on, points from 10 on, the"
            " seed from 0 on",
            given_counts,
        )
    x, labels = _crumpled(points, np.random.default_rng(seed))
    given = keras.Input((2,))
    flow, stages = given, []
    for k in range(layers):
        start = keras.initializers.GlorotUniform(seed=seed + 2 * k)
        hidden = keras.layers.Dense(24, activation="tanh", kernel_initializer=start)
        small = keras.initializers.GlorotUniform(seed=seed + 2 * k + 1)
        flow = keras.layers.Add()(
            [flow, keras.layers.Dense(2, kernel_initializer=small)(hidden(flow))]
        )
        stages.append(flow)
    last = keras.layers.Dense(
        1, activation="sigmoid", kernel_initializer=keras.initializers.GlorotUniform(1)
    )
    model = keras.Model(given, last(flow))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    rows = x.astype(np.float32)
    model.fit(rows, labels, batch_size=50, epochs=epochs, verbose=0, shuffle=False)
    seen = keras.Model(given, stages).predict(rows, batch_size=points, verbose=0)
    seen = [seen] if isinstance(seen, np.ndarray) else seen
    return Uncrumpling([x, *(np.asarray(s, np.float64) for s in seen)], labels)
