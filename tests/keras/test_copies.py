"""Every public object of Keras is copied and pickled: settings, weights and outputs."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
L = K.layers
S = K.optimizers.schedules

WAYS = {"copy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x))}
#: Base classes, which compute nothing, and what is no object of its home's kind.
BASES = {
    *("Loss", "Reduction", "Metric", "Initializer", "Regularizer", "Constraint"),
    *("Layer", "Optimizer", "Wrapper", "LearningRateSchedule", "LossScaleOptimizer"),
    *("InputSpec", "AbstractRNNCell", "TFSMLayer", "experimental", "Experimental"),
}
#: Arguments that constructors ask for, by their names.
ARGUMENTS: dict[str, Any] = {
    "activation": "relu",
    "axes": 1,
    "bin_boundaries": [0.0, 1.0],
    "boundaries": [1],
    "capacity": 3,
    "cell": lambda: L.LSTMCell(2),
    "cells": lambda: [L.GRUCell(2)],
    "class_id": 0,
    "decay_rate": 0.9,
    "decay_steps": 10,
    "dims": (2, 1),
    "equation": "ab,bc->ac",
    "factor": 0.2,
    "filters": 2,
    "first_decay_steps": 10,
    "function": tf.abs,
    "height": 4,
    "height_factor": 0.2,
    "initial_learning_rate": 0.1,
    "input_dim": 5,
    "kernel_size": 2,
    "key_dim": 2,
    "layer": lambda: L.LSTM(2),
    "max_value": 1.0,
    "n": 2,
    "name": "named",
    "num_bins": 3,
    "num_classes": 2,
    "num_heads": 2,
    "num_tokens": 4,
    "num_thresholds": 3,
    "output_dim": 2,
    "output_shape": 3,
    "precision": 0.5,
    "rate": 0.2,
    "recall": 0.5,
    "scale": 2.0,
    "sensitivity": 0.5,
    "shape": (4,),
    "specificity": 0.5,
    "stddev": 0.1,
    "target_class_ids": [0],
    "target_shape": (-1,),
    "units": 3,
    "value": 2.0,
    "values": [0.1, 0.2],
    "width": 4,
    "width_factor": 0.2,
}
#: Further arguments of single classes.
MORE: dict[str, dict[str, Any]] = {
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "HashedCrossing": {"num_bins": 3},
    "Hashing": {"num_bins": 3},
    "InputLayer": {"input_shape": (4,)},
    "MeanMetricWrapper": {"fn": K.metrics.mean_squared_error},
    "MeanRelativeError": {"normalizer": [1.0, 2.0]},
    "SpectralNormalization": {"layer": L.Dense(2)},
    "TimeDistributed": {"layer": L.Dense(2)},
    "StringLookup": {"vocabulary": ["a", "b"]},
    "IntegerLookup": {"vocabulary": [1, 2]},
    "TextVectorization": {"vocabulary": ["a", "b"]},
}


def classes(home: Any) -> list[str]:
    """The public classes of a namespace."""
    names = [n for n in dir(home) if inspect.isclass(getattr(home, n))]
    return [n for n in names if n[0] != "_" and n not in BASES]


def made(home: Any, name: str) -> Any:
    """An object of a class, with what its constructor asks for."""
    given = dict(MORE.get(name, {}))
    for key, argument in inspect.signature(getattr(home, name)).parameters.items():
        plain = argument.kind in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY)
        if plain and argument.default is argument.empty and key not in given:
            value = ARGUMENTS[key]
            called = inspect.isfunction(value) and key in ("cell", "cells", "layer")
            given[key] = value() if called else value
    return getattr(home, name)(**given)


def same(one: Any, other: Any) -> None:
    """Hold two objects' settings and weights against each other."""
    if hasattr(one, "get_config"):
        assert repr(one.get_config()) == repr(other.get_config())
    if hasattr(one, "get_weights"):
        pairs = zip(one.get_weights(), other.get_weights(), strict=True)
        for a, b in pairs:
            np.testing.assert_array_equal(a, b)


PLAIN = [
    pytest.param(home, name, id=f"{home.__name__.rpartition('.')[2]}-{name}")
    for home in (
        *(K.losses, K.metrics, K.initializers, K.regularizers, K.constraints),
        *(S, K.optimizers, K.optimizers.legacy),
    )
    for name in classes(home)
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("home", "name"), PLAIN)
def test_object_comes_back(home: Any, name: str, way: str) -> None:
    one = made(home, name)
    rows = tf.constant([[0.0, 1.0], [1.0, 0.0]])
    weights = tf.Variable([1.0, 2.0])
    steps = isinstance(one, K.optimizers.Optimizer | K.optimizers.legacy.Optimizer)
    if steps:
        one.apply_gradients([(tf.constant([0.1, 0.2]), weights)])
    other = WAYS[way](one)
    assert type(other) is type(one)
    same(one, other)
    if isinstance(one, S.LearningRateSchedule):
        np.testing.assert_array_equal(one(3), other(3))
    elif isinstance(one, K.losses.Loss) and not name.startswith("Sparse"):
        np.testing.assert_array_equal(one(rows, 0.7 * rows), other(rows, 0.7 * rows))
    elif steps:
        assert int(other.iterations) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", classes(L))
def test_layer_comes_back(name: str, way: str) -> None:
    one = made(L, name)
    x = None
    if not name.startswith(("Random", "Input")):
        x = fed(one)
    other = WAYS[way](one)
    assert type(other) is type(one) and other.built == one.built
    same(one, other)
    if x is not None:
        for a, b in zip(flat(one(x)), flat(other(x)), strict=True):
            np.testing.assert_array_equal(a, b)


def flat(value: Any) -> list[Any]:
    """Outputs as arrays."""
    return [np.asarray(v) for v in tf.nest.flatten(value)]


def fed(layer: Any) -> Any:
    """The first input of some that a layer takes, or None: it is built by it."""
    draw = np.random.default_rng(0).random
    for shape in ((2, 4), (2, 6, 3), (2, 6, 6, 3), (2, 5, 5, 5, 2), (2, 3, 6, 6, 3)):
        x = tf.constant(draw(shape, "float32"))
        try:
            layer(x)
        except (ValueError, TypeError, tf.errors.OpError):
            continue
        return x
    return None


@pytest.mark.parametrize("way", WAYS)
def test_compiled_model_goes_on(way: str) -> None:
    """A copy has the optimizer's state: both train on alike."""
    tf.keras.utils.set_random_seed(1)
    model = K.Sequential([L.Dense(4, activation="relu"), L.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    x = np.random.default_rng(0).random((8, 3), "float32")
    model.fit(x, x[:, :1], verbose=0)
    other = WAYS[way](model)
    np.testing.assert_array_equal(model.predict(x, verbose=0), other(x))
    histories = [m.fit(x, x[:, :1], shuffle=False, verbose=0) for m in (model, other)]
    assert histories[0].history == histories[1].history
