"""Runs a layer the same way in rillet and in TensorFlow: outputs, gradients, words.

A row is a function of the library that makes a layer named "layer", its inputs and the
arguments of its call. Weights get fixed numbers, the loss is a fixed weighting of the
outputs. `make_layers.py` keeps TensorFlow's answers; tests compare rillet's with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Row:
    """A layer to make, its inputs, and how to call it."""

    make: Callable[[Any], Any]
    inputs: Any
    call: dict[str, Any] = field(default_factory=dict)
    #: How often to call the layer before the call that counts.
    warm: int = 0
    #: Whether `compute_output_shape` is asked.
    shape: bool = True
    #: Whether the inputs have gradients.
    slopes: bool = True
    #: Whether the configuration is the same whatever runs it.
    config: bool = True


def numbers(*shape: int, start: int = 0) -> Any:
    """Fixed float32 numbers about zero, none near another."""
    count = int(np.prod(shape))
    at = np.arange(start, start + count, dtype=np.float64)
    return (1.3 * np.sin(at * 1.618 + 0.4)).astype("float32").reshape(shape)


def weight(name: str, shape: Any, at: int) -> Any:
    """The value that a layer's weight gets."""
    count = int(np.prod(shape))
    value = 0.6 * np.cos(np.arange(count) * 0.77 + at)
    if "variance" in name:
        value = 0.5 + np.abs(value)
    return value.astype("float32").reshape(shape)


def flat(tf: Any, value: Any) -> list[Any]:
    """The tensors of a nest that are there."""
    return [x for x in tf.nest.flatten(value) if x is not None]


def joined(values: list[Any]) -> Any:
    """All numbers of arrays in one row."""
    parts = [np.asarray(v, "float32").ravel() for v in values]
    return np.concatenate(parts) if parts else np.zeros(0, "float32")


def dense(tf: Any, slope: Any, like: Any) -> Any:
    """A gradient as an array, zeros where there is none."""
    if slope is None:
        return np.zeros(like.shape, "float32")
    return tf.convert_to_tensor(slope)


def tensors(tf: Any, value: Any) -> Any:
    """Arrays, in lists or alone, as tensors."""
    if isinstance(value, list):
        return [tensors(tf, v) for v in value]
    return tf.constant(value) if isinstance(value, np.ndarray) else value


def run(
    tf: Any, row: Row, compiled: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a row gives: arrays, and words and shapes.

    `compiled` says that the call and its gradients are one `tf.function`.
    """
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(7)
    layer = row.make(tf.keras.layers)
    inputs = tf.nest.map_structure(tf.constant, row.inputs)
    call = {k: tensors(tf, v) for k, v in row.call.items()}
    layer(inputs, **call)
    for at, variable in enumerate(layer.weights):
        variable.assign(weight(variable.name, variable.shape, at))
    tf.keras.utils.set_random_seed(7)
    for _ in range(row.warm):
        layer(inputs, **call)
    masks: list[Any] = []

    def step(inputs: Any) -> Any:
        sources = tf.nest.flatten(inputs) if row.slopes else []
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs = flat(tf, layer(inputs, **call))
            loss = tf.add_n(list(layer.losses) or [0.0])
            for at, y in enumerate(outputs):
                ray = weight("", y.shape, at + 3)
                loss += tf.reduce_sum(y * ray)
        sources = [*sources, *layer.trainable_weights]
        slopes = tape.gradient(loss, sources)
        masks[:] = [getattr(y, "_keras_mask", None) for y in outputs]
        return outputs, [
            dense(tf, g, v) for g, v in zip(slopes, sources, strict=True)
        ]

    outputs, slopes = (tf.function(step) if compiled else step)(inputs)
    arrays = {
        "outputs": joined(outputs),
        "slopes": joined(slopes),
        "weights": joined([v.numpy() for v in layer.non_trainable_weights]),
    }
    words = {
        "names": [v.name for v in layer.weights],
        "sizes": [list(v.shape) for v in layer.weights],
        "trained": len(layer.trainable_weights),
        "outputs": [list(y.shape) for y in outputs],
        "masks": [
            None if m is None or compiled else np.asarray(m).astype(int).tolist()
            for m in masks
        ],
    }
    if row.config:
        words["config"] = plain(layer.get_config())
    if row.shape:
        given = tf.nest.map_structure(lambda x: tf.TensorShape(x.shape), row.inputs)
        told = layer.compute_output_shape(given)
        words["shape"] = plain(told)
    return arrays, words


def plain(value: Any) -> Any:
    """Configurations and shapes as JSON would hold them."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple) or type(value).__name__ == "TensorShape":
        return [plain(v) for v in value]
    if type(value).__name__ == "ListWrapper":
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
