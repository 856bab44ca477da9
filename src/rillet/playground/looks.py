"""Pictures of what a network computes, by one native function.

In: a model and its points. Out: losses; what every neuron says at each place of a grid
over [-6, 6]², as bytes. `lab` holds a `Look` for each network it builds.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import rillet as tf
from rillet.playground.networks import Points
from rillet.playground.points import inputs
from rillet.playground.settings import Settings

Array = np.ndarray[Any, Any]

#: Places along a side of the large picture, and half the side's length.
SIDE: Final = 100
EDGE: Final = 6.0
#: Bytes that all small pictures together may have.
_BUDGET = 131_072
_LOG_FLOOR = 1e-7


def grid() -> Array:
    """The places ``(10000, 2)``, from the upper left, row by row."""
    steps = (np.arange(SIDE) + 0.5) * (2 * EDGE / SIDE) - EDGE
    x1, x2 = np.meshgrid(steps, -steps)
    return np.stack([x1.ravel(), x2.ravel()], axis=1)


def small_side(neurons: int) -> int:
    """Places along a side of the small pictures of so many neurons.

    Example:
        >>> small_side(17), small_side(320)
        (50, 20)
    """
    return next(s for s in (50, 25, 20) if neurons * s * s <= _BUDGET or s == 20)


def _bytes(values: Any) -> Any:
    """Values from -1 to 1 as 0 to 254; what is no number as 127."""
    values = tf.where(tf.math.is_nan(values), tf.zeros_like(values), values)
    scaled = (tf.clip_by_value(values, -1.0, 1.0) + 1.0) * 127.0
    return tf.cast(tf.round(scaled), tf.uint8)


class Look:
    """Looks at one model.

    Args:
        model: the model.
        settings: what it was made of.
        points: what it learns.
    """

    def __init__(self, model: Any, settings: Settings, points: Points) -> None:
        self._layers = model.layers
        self._softmax = settings.softmax
        self.side = small_side(sum(settings.layers))
        places = inputs(grid(), settings.features)
        cut = SIDE // self.side
        few = places.reshape(SIDE, SIDE, -1)[cut // 2 :: cut, cut // 2 :: cut]
        few = few.reshape(self.side**2, -1)
        count = points.train_count
        self._places = tf.constant(places)
        self._few = tf.constant(few)
        data = (
            points.x[:count],
            points.targets[:count],
            points.x[count:],
            points.targets[count:],
        )
        self._data = [tf.constant(part) for part in data]
        self._losses = tf.function(self._both, autograph=False)
        self._pictures = tf.function(self._draw, autograph=False)

    def losses(self) -> tuple[float, float]:
        """The loss over the training points, and over the test points."""
        train, test = self._losses(*self._data)
        return float(train), float(test)

    def pictures(self) -> tuple[Array, Array]:
        """What the outputs and all neurons say.

        Returns:
            uint8 ``(outputs, 100, 100)``, and ``(neurons, side, side)`` in the order of
            layers.
        """
        large, small = self._pictures(self._places, self._few)
        sides = (-1, SIDE, SIDE), (-1, self.side, self.side)
        return large.numpy().reshape(sides[0]), small.numpy().reshape(sides[1])

    def neuron(self, layer: int, unit: int) -> Array:
        """What one neuron says, uint8 ``(1, 100, 100)``."""
        values = self._places
        for each in self._layers[: layer + 1]:
            values = each(values)
        return _bytes(values[:, unit]).numpy().reshape(1, SIDE, SIDE)

    def _draw(self, places: Any, few: Any) -> tuple[Any, Any]:
        said = []
        for layer in self._layers:
            places, few = layer(places), layer(few)
            said.append(_bytes(few))
        return (
            tf.transpose(_bytes(places)),
            tf.transpose(tf.concat(said, axis=1)),
        )

    def _both(self, x: Any, y: Any, test_x: Any, test_y: Any) -> tuple[Any, Any]:
        return self._loss(x, y), self._loss(test_x, test_y)

    def _loss(self, x: Any, targets: Any) -> Any:
        for layer in self._layers:
            x = layer(x)
        return mean_loss(x, targets, self._softmax)


def mean_loss(said: Any, targets: Any, softmax: bool) -> Any:
    """The loss that the playground shows, without what large weights cost.

    Args:
        said: what the network says ``(..., n, outputs)``.
        targets: ``(n, 1)``, or numbers of classes ``(n,)``.
        softmax: whether outputs are probabilities.

    Returns:
        The mean over points ``(...)``.
    """
    if not softmax:
        return 0.5 * tf.reduce_mean(tf.square(said - targets), axis=(-2, -1))
    hits = tf.one_hot(targets, said.shape[-1]) * said
    right = tf.maximum(tf.reduce_sum(hits, axis=-1), _LOG_FLOOR)
    return -tf.reduce_mean(tf.math.log(right), axis=-1)
