"""Models of convolutions and pools learn to read digits, by `fit` alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers


@pytest.fixture(scope="module")
def digits() -> Any:
    (x, y), (tx, ty) = tf.keras.datasets.mnist.load_data()
    return (x[:2000, :, :, None] / 255, y[:2000]), (
        tx[:500, :, :, None] / 255,
        ty[:500],
    )


def _plain() -> list[Any]:
    return [
        layers.Conv2D(8, 3, activation="relu", input_shape=(28, 28, 1)),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def _small() -> list[Any]:
    return [
        layers.AveragePooling2D(input_shape=(28, 28, 1)),
        layers.ZeroPadding2D(1),
        layers.SeparableConv2D(16, 3, activation="relu", strides=2),
        layers.DepthwiseConv2D(3, padding="same", activation="relu"),
        layers.Conv2D(32, 1, activation="relu"),
        layers.Cropping2D(0),
        layers.LocallyConnected2D(8, 2, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


@pytest.mark.parametrize(("make", "least"), [(_plain, 0.85), (_small, 0.65)])
def test_digits(make: Any, least: float, digits: Any) -> None:
    tf.keras.utils.set_random_seed(3)
    (x, y), test = digits
    model = tf.keras.Sequential(make())
    model.compile(
        tf.keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", ["accuracy"]
    )
    history = model.fit(x, y, batch_size=50, epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
    # Chance is 0.1.
    assert model.evaluate(*test, verbose=0)[1] > least
    shapes = [layer.output_shape for layer in model.layers]
    assert all(s[0] is None for s in shapes) and shapes[-1] == (None, 10)


def test_sequences() -> None:
    tf.keras.utils.set_random_seed(4)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 20, 2)).astype("float32")
    # Does a product of two neighbours rise above 2 anywhere?
    y = (x[:, 1:, 0] * x[:, :-1, 0] > 2).any(1).astype("float32")
    model = tf.keras.Sequential(
        [
            layers.Conv1D(16, 3, padding="causal", activation="relu"),
            layers.Conv1D(16, 1, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(tf.keras.optimizers.Adam(0.01), "binary_crossentropy", ["accuracy"])
    history = model.fit(x, y, epochs=12, verbose=0).history
    assert history["accuracy"][-1] > 0.85


def test_images_from_numbers() -> None:
    """A generator of transposed convolutions learns to draw two pictures."""
    tf.keras.utils.set_random_seed(6)
    inputs = np.eye(2, dtype="float32")
    pictures = np.zeros((2, 8, 8, 1), "float32")
    pictures[0, 2:6, 2:6], pictures[1, :, 3:5] = 1, 1
    model = tf.keras.Sequential(
        [
            layers.Dense(32, activation="relu", input_shape=(2,)),
            layers.Reshape((2, 2, 8)),
            layers.Conv2DTranspose(
                8, 3, strides=2, padding="same", activation="relu", use_bias=False
            ),
            layers.UpSampling2D(interpolation="bilinear"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(tf.keras.optimizers.Adam(0.02), "mse")
    history = model.fit(inputs, pictures, epochs=150, verbose=0).history
    assert history["loss"][-1] < 0.03 < 0.15 < history["loss"][0]
