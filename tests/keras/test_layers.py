"""Each layer by formula: values, shapes, configuration, weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers

_X = np.array([[-2.0, -0.5, 0.0], [0.5, 1.0, 3.0]], "float32")


def _softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


#: A layer, its input, what it gives.
_ROWS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "relu": (lambda: layers.ReLU(), _X, np.maximum(_X, 0)),
    "relu ceiling": (lambda: layers.ReLU(1.0), _X, np.clip(_X, 0, 1)),
    "relu slope": (
        lambda: layers.ReLU(negative_slope=0.1),
        _X,
        np.where(_X > 0, _X, 0.1 * _X),
    ),
    "relu threshold": (
        lambda: layers.ReLU(threshold=0.7, negative_slope=0.5, max_value=2.0),
        _X,
        np.where(_X >= 2, 2, np.where(_X >= 0.7, _X, 0.5 * (_X - 0.7))),
    ),
    "leaky": (lambda: layers.LeakyReLU(), _X, np.where(_X > 0, _X, 0.3 * _X)),
    "leaky, Keras 3": (
        lambda: layers.LeakyReLU(negative_slope=0.2),
        _X,
        np.where(_X > 0, _X, 0.2 * _X),
    ),
    "elu": (lambda: layers.ELU(0.5), _X, np.where(_X > 0, _X, 0.5 * np.expm1(_X))),
    "thresholded": (lambda: layers.ThresholdedReLU(0.6), _X, _X * (_X > 0.6)),
    "prelu": (
        lambda: layers.PReLU(alpha_initializer="ones"),
        _X,
        np.where(_X > 0, _X, 1.0 * _X),
    ),
    "softmax": (lambda: layers.Softmax(), _X, _softmax(_X)),
    "softmax, axis": (lambda: layers.Softmax(axis=0), _X, _softmax(_X.T).T),
    "softmax, axes": (
        lambda: layers.Softmax(axis=[0, 1]),
        _X,
        np.exp(_X) / np.exp(_X).sum(),
    ),
    "activation": (lambda: layers.Activation("tanh"), _X, np.tanh(_X)),
    "activation, function": (lambda: layers.Activation(tf.nn.relu), _X, _X * (_X > 0)),
    "flatten": (lambda: layers.Flatten(), _X.reshape(1, 2, 3), _X.reshape(1, 6)),
    "flatten, vector": (lambda: layers.Flatten(), _X[0], _X[0][:, None]),
    "flatten, channels": (
        lambda: layers.Flatten("channels_first"),
        _X.reshape(1, 2, 3),
        _X.T.reshape(1, 6),
    ),
    "reshape": (lambda: layers.Reshape((3, -1)), _X[None], _X.reshape(1, 3, 2)),
    "permute": (lambda: layers.Permute((2, 1)), _X[None], _X.T[None]),
    "repeat": (lambda: layers.RepeatVector(2), _X, np.stack([_X, _X], 1)),
    "rescaling": (lambda: layers.Rescaling(2.0, -1.0), _X, _X * 2 - 1),
    "lambda": (lambda: layers.Lambda(lambda x: x * x), _X, _X * _X),
    "dropout, at rest": (lambda: layers.Dropout(0.5), _X, _X),
    "masking": (lambda: layers.Masking(0.0), _X[None] * 0, _X[None] * 0),
    "dense": (
        lambda: layers.Dense(2, kernel_initializer="ones", bias_initializer="ones"),
        _X,
        np.repeat(_X.sum(1, keepdims=True) + 1, 2, 1),
    ),
    "dense, no bias": (
        lambda: layers.Dense(1, "relu", False, kernel_initializer="ones"),
        _X,
        np.maximum(_X.sum(1, keepdims=True), 0),
    ),
    "dense, rank 3": (
        lambda: layers.Dense(1, kernel_initializer="ones"),
        _X[None],
        _X.sum(1)[None, :, None],
    ),
    "input": (lambda: layers.InputLayer((3,)), _X, _X),
}


@pytest.mark.parametrize("name", _ROWS)
def test_values(name: str) -> None:
    make, x, wanted = _ROWS[name]
    layer = make()
    for _ in range(3):  # the third call goes the short way
        found = layer(tf.constant(x))
        # float32 arithmetic of a few operations.
        np.testing.assert_allclose(found.numpy(), wanted, rtol=2e-6, atol=1e-6)
    assert found.dtype == tf.float32


@pytest.mark.parametrize("name", _ROWS)
def test_arrays_and_other_float_types_are_cast(name: str) -> None:
    make, x, wanted = _ROWS[name]
    found = make()(x.astype("float64"))
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found.numpy(), wanted, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", _ROWS)
def test_shape_is_told_without_data(name: str) -> None:
    make, x, wanted = _ROWS[name]
    if name == "flatten, vector":
        return
    layer = make()
    found = layer.compute_output_shape((None, *x.shape[1:]))
    if isinstance(found, list):
        (found,) = found
    assert tuple(found) == (None, *wanted.shape[1:])


@pytest.mark.parametrize("name", [n for n in _ROWS if n != "lambda"])
def test_configuration_makes_an_equal_layer(name: str) -> None:
    make, x, wanted = _ROWS[name]
    layer = make()
    config = layers.serialize(layer)
    twin = layers.deserialize(config)
    assert type(twin) is type(layer)
    assert twin.get_config() == layer.get_config()
    np.testing.assert_allclose(twin(x).numpy(), wanted, rtol=2e-6, atol=1e-6)


def test_dropout_keeps_sums_and_draws_anew() -> None:
    tf.keras.utils.set_random_seed(1)
    layer = layers.Dropout(0.25)
    x = tf.ones([200, 200])
    first, second = layer(x, training=True), layer(x, training=True)
    assert not np.array_equal(first.numpy(), second.numpy())
    assert set(np.unique(first.numpy())) == {0.0, np.float32(1 / 0.75)}
    # 40,000 draws: the share kept has a deviation of 0.0022.
    assert abs(float(tf.reduce_mean(first)) - 1) < 0.015
    shared = layers.Dropout(0.5, noise_shape=(None, 1))(x, training=True).numpy()
    assert all(len(set(row)) == 1 for row in shared)
    assert not layers.Dropout(1)(x, training=True).numpy().any()


def test_dropout_follows_the_outer_mode() -> None:
    model = tf.keras.Sequential([layers.Dropout(0.5), layers.Dropout(0.5)])
    x = tf.ones([4, 50])
    assert (model(x).numpy() == 1).all()
    assert (model(x, training=True).numpy() == 0).any()
    assert (model(x).numpy() == 1).all()


def test_masks_travel() -> None:
    x = np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32")
    y = layers.Masking()(x)
    assert y._keras_mask.numpy().tolist() == [[True, False]]
    z = layers.Dense(3)(y)
    assert z._keras_mask.numpy().tolist() == [[True, False]]

    class Sees(layers.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.seen = mask
            return inputs

    sees = Sees()
    out = sees(z)
    assert sees.seen.numpy().tolist() == [[True, False]]
    assert getattr(layers.Flatten()(out), "_keras_mask", None) is None


def test_mixed_precision_computes_in_16_bits_on_32_bit_weights() -> None:
    layer = layers.Dense(2, dtype="mixed_bfloat16")
    with tf.GradientTape() as tape:
        y = layer(tf.ones([3, 4]))
        loss = tf.reduce_sum(tf.cast(y, tf.float32))
    assert y.dtype == tf.bfloat16
    assert layer.kernel.dtype == tf.float32 and layer.compute_dtype == "bfloat16"
    (g,) = tape.gradient(loss, [layer.kernel])
    assert g.dtype == tf.float32 and (g.numpy() == 3).all()


def test_float64_layer() -> None:
    layer = layers.Dense(2, dtype="float64")
    assert layer(np.ones((2, 3), "float32")).dtype == tf.float64
    assert layer.dtype == "float64" and layer.kernel.dtype == tf.float64
