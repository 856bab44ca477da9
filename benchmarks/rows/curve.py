"""The guide's curve model: so small that tape and optimizer are what is measured."""

from __future__ import annotations

from typing import Any

from harness.case import Data, Step, Steps, Wrap, as_it_is

POINTS, UNITS, RATE = 209, 64, 0.001


def tensorflow(tf: Any, data: Data, wrap: Wrap = as_it_is) -> Step:
    keras = tf.keras
    tf.random.set_seed(0)
    x = tf.cast(tf.linspace(-2, 2, POINTS), tf.float32)
    y = x**2 + 2 * x - 5 + tf.random.normal(shape=[POINTS])

    class Model(keras.Model):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense1 = keras.layers.Dense(
                units=units,
                activation=tf.nn.relu,
                kernel_initializer=tf.random.normal,
                bias_initializer=tf.random.normal,
            )
            self.dense2 = keras.layers.Dense(1)

        def call(self, x: Any, training: bool = True) -> Any:
            x = x[:, tf.newaxis]
            x = self.dense1(x)
            x = self.dense2(x)
            return tf.squeeze(x, axis=1)

    model = Model(UNITS)
    model(x)
    variables = model.variables
    optimizer = keras.optimizers.SGD(learning_rate=RATE)

    def step() -> Any:
        with tf.GradientTape() as tape:
            prediction = model(x)
            mean_error = tf.reduce_mean((y - prediction) ** 2)
        gradients = tape.gradient(mean_error, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return mean_error

    return wrap(step)


def tensorflow_function(tf: Any, data: Data) -> Step:
    return tensorflow(tf, data, tf.function)


def tensorflow_jit(tf: Any, data: Data) -> Step:
    return tensorflow(tf, data, tf.function(jit_compile=True))


def torch(torch: Any, data: Data, wrap: Wrap = as_it_is) -> Step:
    torch.manual_seed(0)
    x = torch.linspace(-2, 2, POINTS)
    y = x**2 + 2 * x - 5 + torch.randn(POINTS)

    class Model(torch.nn.Module):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense1 = torch.nn.Linear(1, units)
            self.dense2 = torch.nn.Linear(units, 1)
            torch.nn.init.normal_(self.dense1.weight)
            torch.nn.init.normal_(self.dense1.bias)
            torch.nn.init.xavier_uniform_(self.dense2.weight)
            torch.nn.init.zeros_(self.dense2.bias)

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.dense1(x[:, None]))
            return self.dense2(x).squeeze(1)

    model = Model(UNITS)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

    def step() -> Any:
        optimizer.zero_grad()
        mean_error = ((y - model(x)) ** 2).mean()
        mean_error.backward()
        optimizer.step()
        return mean_error.detach()

    return wrap(step)


def torch_compile(module: Any, data: Data) -> Step:
    return torch(module, data, module.compile)


def jax(jax: Any, data: Data) -> Step:
    jnp = jax.numpy
    noise, key1, key2, key3 = jax.random.split(jax.random.key(0), 4)
    x = jnp.linspace(-2, 2, POINTS)
    y = x**2 + 2 * x - 5 + jax.random.normal(noise, (POINTS,))
    glorot = jax.nn.initializers.glorot_uniform()
    parameters = {
        "w1": jax.random.normal(key1, (1, UNITS)),
        "b1": jax.random.normal(key2, (UNITS,)),
        "w2": glorot(key3, (UNITS, 1)),
        "b2": jnp.zeros(1),
    }

    def loss(parameters: Any) -> Any:
        hidden = jax.nn.relu(x[:, None] @ parameters["w1"] + parameters["b1"])
        prediction = (hidden @ parameters["w2"] + parameters["b2"])[:, 0]
        return jnp.mean((y - prediction) ** 2)

    @jax.jit
    def update(parameters: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters)
        return value, jax.tree.map(lambda p, g: p - RATE * g, parameters, gradients)

    def step() -> Any:
        nonlocal parameters
        value, parameters = update(parameters)
        return value

    return step


CASES = (
    Steps(
        name="step",
        title="curve model, an eager step",
        build={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tf_keras": tensorflow,
            "torch": torch,
            "jax": jax,
        },
        targets={"tensorflow": 20.0},
        check=(25.0, 25.0),
        warm=20,
    ),
    Steps(
        name="compiled",
        title="curve model, one compiled step",
        build={
            "rillet": tensorflow_function,
            "tensorflow": tensorflow_function,
            "tensorflow_jit": tensorflow_jit,
            "tf_keras": tensorflow_function,
            "torch": torch,
            "torch_compile": torch_compile,
            "jax": jax,
        },
        targets={"tensorflow": 15.0, "torch": 10.0},
        check=(25.0, 25.0),
        warm=20,
    ),
)
