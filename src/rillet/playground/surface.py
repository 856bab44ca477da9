"""The loss surface around a network's present weights, with the path that led there.

In: settings, points, weights, earlier weights. Out: losses over a plane through the
present weights, and the path on that plane. The plane's directions are the two in which
the path went furthest (Li et al., "Visualizing the Loss Landscape of Neural Nets",
2018, section 7); where there is no path yet, two random ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.playground.looks import mean_loss
from rillet.playground.networks import Points, last_activation
from rillet.playground.settings import Settings

Array = np.ndarray[Any, Any]

#: Places along a side.
SIDE: Final = 31
#: Weights kept of a path; past it every second one goes.
PATH: Final = 200
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class View:
    """A plane of the loss surface.

    Attributes:
        losses: float32 ``(31, 31)``, the top row first; the present weights are in the
            middle.
        path: earlier weights on the plane ``(n, 2)``, in units of half its side.
        reach: half its side, as a distance between weights.
    """

    losses: Array
    path: Array
    reach: float


class Surface:
    """Computes planes of one network's loss surface.

    Args:
        settings: what the network was made of.
        points: what it learns.
    """

    def __init__(self, settings: Settings, points: Points) -> None:
        sizes = (len(settings.features), *settings.layers)
        self._shapes = list(zip(sizes, sizes[1:], strict=False))
        names = [settings.activation] * len(settings.hidden)
        names.append(last_activation(settings))
        self._activations = [keras.activations.get(name) for name in names]
        self._softmax = settings.softmax
        self._x = tf.constant(points.x[: points.train_count])
        self._targets = tf.constant(points.targets[: points.train_count])
        self._losses = tf.function(self._row, autograph=False)

    def _row(self, weights: Any, x: Any, targets: Any) -> Any:
        """Losses of several networks ``(k,)``, whose weights are rows ``(k, p)``."""
        at = 0
        said = tf.tile(x[None], (weights.shape[0], 1, 1))
        for (before, after), activation in zip(
            self._shapes, self._activations, strict=True
        ):
            kernel = weights[:, at : at + before * after]
            at += before * after
            bias = weights[:, None, at : at + after]
            at += after
            kernel = tf.reshape(kernel, (-1, before, after))
            said = activation(tf.matmul(said, kernel) + bias)
        return mean_loss(said, targets, self._softmax)

    def view(self, weights: Array, path: Array) -> Iterator[View | None]:
        """The plane through some weights, computed row by row.

        Args:
            weights: all of them, flat ``(p,)``.
            path: earlier ones ``(n, p)``.

        Yields:
            None after each row, so that the caller may do something else, and at last
            the plane.
        """
        directions = _directions(weights, path)
        away = (path - weights).astype(np.float64)
        on_plane = np.stack([(away * d).sum(axis=1) for d in directions], axis=1)
        furthest = float(np.abs(on_plane).max()) if len(path) else 0.0
        norm = float(np.sqrt((weights.astype(np.float64) ** 2).sum()))
        reach = max(1.25 * furthest, 0.25 * norm, 0.1)
        steps = np.linspace(-reach, reach, SIDE)
        rows = []
        for up in -steps:
            row = weights + steps[:, None] * directions[0] + up * directions[1]
            losses = self._losses(
                tf.constant(row.astype(np.float32)), self._x, self._targets
            )
            rows.append(losses.numpy())
            yield None
        yield View(np.stack(rows), (on_plane / reach).astype(np.float32), reach)


def _directions(weights: Array, path: Array) -> tuple[Array, Array]:
    """Two directions ``(p,)`` of length 1 at right angles."""
    rng = np.random.default_rng(0)
    found: list[Array] = []
    away = (path - weights).astype(np.float64)
    if len(path) > 2:
        found = [
            # A sign that does not flip from one look to the next.
            each * (1 if each[np.abs(each).argmax()] > 0 else -1)
            for each in _axes(away)
        ]
    while len(found) < 2:
        row = np.asarray(rng.normal(size=weights.shape))
        for other in found:
            row = row - float((row * other).sum()) * other
        size = float(np.sqrt(np.square(row).sum()))
        # A network of one weight has only one direction.
        found.append(row / size if size > _TINY else np.zeros_like(row))
    return found[0], found[1]


def _axes(away: Array) -> list[Array]:
    """The first two principal axes of differences ``(n, p)``, as far as there are two.

    By products of the few differences with each other: the decomposition of all would
    take seconds for large networks, in which no other page has a turn.
    """
    products = tf.matmul(away, away, transpose_b=True).numpy()
    squares, mixtures = np.linalg.eigh(products)
    found: list[Array] = []
    for k in (-1, -2):
        # Of what is a millionth as long the products hold rounding alone.
        if np.sqrt(max(squares[k], 0.0)) <= max(_TINY, 1e-6 * np.sqrt(squares[-1])):
            break
        axis = (mixtures[:, k : k + 1 or None] * away).sum(axis=0)
        for other in found:
            axis -= float((axis * other).sum()) * other
        found.append(axis / np.sqrt(np.square(axis).sum()))
    return found
