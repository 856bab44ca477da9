"""Stacks of dense layers, which the rows `mlp...` train, apply and measure."""

from __future__ import annotations

from typing import Any

from rows._training import Task, torch_dense


def mlp_task(
    sizes: tuple[int, ...], activation: str, optimizer: str, batch: int
) -> Task:
    """Return the training of a stack of dense layers, the last one a softmax.

    Args:
        sizes: The inputs, then each layer's units.
        activation: What follows each layer but the last: `"relu"` or `"sigmoid"`.
        optimizer: As in `Task`.
        batch: As in `Task`.
    """

    def keras(tf: Any) -> Any:
        dense = tf.keras.layers.Dense
        hidden = [dense(units, activation=activation) for units in sizes[1:-1]]
        return tf.keras.Sequential([*hidden, dense(sizes[-1], activation="softmax")])

    def torch(torch: Any) -> Any:
        between = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[activation]
        layers = []
        for inputs, units in zip(sizes[:-1], sizes[1:], strict=True):
            layers += [torch_dense(torch, inputs, units), between()]
        return torch.nn.Sequential(*layers[:-1])

    def jax(jax: Any, key: Any) -> tuple[Any, Any]:
        jnp = jax.numpy
        glorot = jax.nn.initializers.glorot_uniform()
        between = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[activation]
        keys = jax.random.split(key, len(sizes) - 1)
        parameters = [
            (glorot(k, (inputs, units)), jnp.zeros(units))
            for k, inputs, units in zip(keys, sizes[:-1], sizes[1:], strict=True)
        ]

        def scores(parameters: Any, x: Any) -> Any:
            *hidden, (last, bias) = parameters
            for weights, offsets in hidden:
                x = between(x @ weights + offsets)
            return x @ last + bias

        return parameters, scores

    return Task(keras, torch, jax, optimizer, batch, shape=(sizes[0],))


MLP512 = mlp_task((784, 512, 10), "relu", "rmsprop", 128)
"""The course's MNIST network."""

MLP50 = mlp_task((784, 50, 10), "relu", "sgd", 256)
"""A network so small that reading the images is most of its work."""

MLP_SIGMOID = mlp_task((784, 25, 15, 10), "sigmoid", "adam", 32)
"""A network of tiny steps, 1,875 of them an epoch."""
