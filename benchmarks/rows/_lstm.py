"""An LSTM over the rows of an image, which `lstm` trains."""

from __future__ import annotations

from typing import Any

from rows._training import Task, torch_dense

UNITS, FEATURES = 64, 28


def keras(tf: Any) -> Any:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [layers.LSTM(UNITS), layers.Dense(10, activation="softmax")]
    )


def torch(torch: Any) -> Any:
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(FEATURES, UNITS, batch_first=True)
            self.dense = torch_dense(torch, UNITS, 10)
            nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
            nn.init.orthogonal_(self.lstm.weight_hh_l0)
            nn.init.zeros_(self.lstm.bias_hh_l0)
            nn.init.zeros_(self.lstm.bias_ih_l0)
            with torch.no_grad():  # PyTorch's gates are input, forget, cell, output
                self.lstm.bias_ih_l0[UNITS : 2 * UNITS] = 1.0

        def forward(self, x: Any) -> Any:
            _, (state, _) = self.lstm(x)
            return self.dense(state[0])

    return Model()


def jax(jax: Any, key: Any) -> tuple[Any, Any]:
    jnp = jax.numpy
    initializers = jax.nn.initializers
    glorot, orthogonal = initializers.glorot_uniform(), initializers.orthogonal()
    key1, key2, key3 = jax.random.split(key, 3)
    parameters = {
        "input": glorot(key1, (FEATURES, 4 * UNITS)),
        "state": orthogonal(key2, (UNITS, 4 * UNITS)),
        "bias": jnp.zeros(4 * UNITS).at[UNITS : 2 * UNITS].set(1.0),
        "dense": glorot(key3, (UNITS, 10)),
        "offset": jnp.zeros(10),
    }

    def scores(parameters: Any, x: Any) -> Any:
        # One product for all rows of all images; only the state's waits for time.
        inputs = jnp.swapaxes(x, 0, 1) @ parameters["input"] + parameters["bias"]

        def cell(carry: Any, row: Any) -> Any:
            state, memory = carry
            gates = row + state @ parameters["state"]
            enter, forget, new, out = jnp.split(gates, 4, axis=1)
            memory = jax.nn.sigmoid(forget) * memory + jax.nn.sigmoid(enter) * jnp.tanh(
                new
            )
            return (jax.nn.sigmoid(out) * jnp.tanh(memory), memory), None

        zeros = jnp.zeros((len(x), UNITS))
        (state, _), _ = jax.lax.scan(cell, (zeros, zeros), inputs)
        return state @ parameters["dense"] + parameters["offset"]

    return parameters, scores


LSTM = Task(
    keras,
    torch,
    jax,
    optimizer="adam",
    batch=64,
    samples=6_400,
    shape=(28, FEATURES),
)
"""64 units over 28 rows of 28 pixels, on 6,400 images."""
