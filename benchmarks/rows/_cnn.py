"""The small convolutional network, which `cnn` trains and `first_epoch` starts."""

from __future__ import annotations

from typing import Any

from rows._training import Task, torch_dense


def keras(tf: Any) -> Any:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def torch(torch: Any) -> Any:
    nn = torch.nn
    first, second = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
    for layer in (first, second):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(
        first,
        nn.ReLU(),
        nn.MaxPool2d(2),
        second,
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        torch_dense(torch, 5 * 5 * 64, 10),
    )


def jax(jax: Any, key: Any) -> tuple[Any, Any]:
    jnp, lax = jax.numpy, jax.lax
    glorot = jax.nn.initializers.glorot_uniform()
    shapes = ((3, 3, 1, 32), (3, 3, 32, 64), (5 * 5 * 64, 10))
    keys = jax.random.split(key, len(shapes))
    parameters = [
        (glorot(k, shape), jnp.zeros(shape[-1]))
        for k, shape in zip(keys, shapes, strict=True)
    ]

    def convolve(x: Any, weights: Any, bias: Any) -> Any:
        order = ("NHWC", "HWIO", "NHWC")
        x = lax.conv_general_dilated(
            x, weights, (1, 1), "VALID", dimension_numbers=order
        )
        x = jax.nn.relu(x + bias)
        return lax.reduce_window(
            x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
        )

    def scores(parameters: Any, x: Any) -> Any:
        first, second, (weights, bias) = parameters
        x = convolve(convolve(x, *first), *second)
        return x.reshape(len(x), -1) @ weights + bias

    return parameters, scores


CNN = Task(
    keras,
    torch,
    jax,
    optimizer="adam",
    batch=64,
    samples=12_800,
    shape=(28, 28, 1),
    torch_shape=(1, 28, 28),
)
"""Two convolutions, two pools and a dense layer, on 12,800 images."""
