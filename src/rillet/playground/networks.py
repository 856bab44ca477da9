"""Points and networks, made of settings.

In: `Settings`. Out: training and test points, and a compiled Keras model whose weights
are drawn from the settings' own seed, so that pages do not disturb one another. `lab`
calls it; `listing` writes the same as a program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.playground.points import SETS, inputs
from rillet.playground.settings import Settings

Array = np.ndarray[Any, Any]

#: How each optimizer is written in a program; RATE is the learning rate.
OPTIMIZERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "adagrad": ("Adagrad", {}),
    "adam": ("Adam", {}),
}
#: Biases begin with this value, weights between minus and plus a half.
BIAS: Final = 0.1
BOUND: Final = 0.5


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a network.

    Attributes:
        xy: ``(n, 2)``; the first `train_count` of them train.
        labels: ``(n,)``: numbers of classes, or values.
        targets: ``(n, 1)`` float32 for one output neuron (-1 and 1 for two classes),
            ``(n,)`` int64 for a softmax.
        x: the network's inputs, float32 ``(n, inputs)``.
        train_count: how many of them train.
    """

    xy: Array
    labels: Array
    targets: Array
    x: Array
    train_count: int


def make_points(settings: Settings) -> Points:
    """Draw the points, shuffle them and cut them in two.

    Args:
        settings: what the page says.

    Returns:
        The points.

    Example:
        >>> make_points(Settings(data="xor", share=80)).train_count
        400
    """
    rng = np.random.default_rng(settings.seed)
    own = settings.own
    if settings.data == "own" and own is not None:
        xy, labels = own.xy, own.labels
    else:
        chosen = SETS[settings.data]
        extra = (settings.classes,) if chosen.several else ()
        xy, labels = chosen.make(rng, chosen.count, settings.noise / 100, *extra)
        if not chosen.several and not chosen.regression:
            labels = (labels > 0).astype(np.int64)
    order = rng.permutation(len(xy))
    xy, labels = xy[order], labels[order]
    if settings.softmax:
        targets = labels.astype(np.int64)
    elif settings.regression:
        targets = labels[:, None].astype(np.float32)
    else:
        targets = (labels[:, None] * 2 - 1).astype(np.float32)
    count = min(max(round(len(xy) * settings.share / 100), 1), len(xy) - 1)
    return Points(xy, labels, targets, inputs(xy, settings.features), count)


def half_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Half the squared error of each point ``(batch,)``."""
    return 0.5 * tf.reduce_mean(tf.square(y_pred - y_true), axis=-1)


def penalty(settings: Settings) -> Any:
    """The regularizer of every layer, or None."""
    if settings.penalty == "none" or not settings.penalty_rate:
        return None
    if settings.penalty == "l1":
        return keras.regularizers.L1(settings.penalty_rate)
    # Its derivative is then rate * weight.
    return keras.regularizers.L2(settings.penalty_rate / 2)


def last_activation(settings: Settings) -> str:
    """The activation of the output layer."""
    if settings.softmax:
        return "softmax"
    return "linear" if settings.regression else "tanh"


def make_model(settings: Settings) -> Any:
    """A compiled model with fresh weights.

    Args:
        settings: what the page says.

    Returns:
        A `keras.Sequential` of dense layers.
    """
    units = settings.layers
    activations = [settings.activation] * len(settings.hidden)
    activations.append(last_activation(settings))
    model = keras.Sequential([keras.Input((len(settings.features),))])
    for count, activation in zip(units, activations, strict=True):
        layer = keras.layers.Dense(
            count,
            activation,
            kernel_initializer="zeros",
            kernel_regularizer=penalty(settings),
        )
        model.add(layer)
    model.set_weights(first_weights(settings))
    name, arguments = OPTIMIZERS[settings.optimizer]
    optimizer = getattr(keras.optimizers, name)
    loss: Any = half_squared_error
    if settings.softmax:
        loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer(settings.rate, **arguments), loss)
    return model


def first_weights(settings: Settings) -> list[Array]:
    """Kernels and biases, by layer, as they are before training."""
    rng = np.random.default_rng(settings.start)
    sizes = (len(settings.features), *settings.layers)
    found: list[Array] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        kernel = rng.uniform(-BOUND, BOUND, (before, after))
        found += [kernel.astype(np.float32), np.full(after, BIAS, np.float32)]
    return found
