"""Logistic regression on all of MNIST at once: wide, narrow matrix products."""

from __future__ import annotations

import math
from typing import Any

from harness.case import Data, Step, Steps, Wrap, as_it_is

RATE = 0.1


def tensorflow(tf: Any, data: Data, wrap: Wrap = as_it_is) -> Step:
    mnist = data.mnist()
    x = tf.reshape(tf.convert_to_tensor(mnist["x_train"]), (-1, 784))
    x = tf.cast(x, tf.float32) / 255.0
    y = tf.one_hot(tf.convert_to_tensor(mnist["y_train"]), depth=10)
    weights = tf.Variable(tf.ones([784, 10]))
    bias = tf.Variable(tf.zeros(10))
    variables = [weights, bias]
    optimizer = tf.keras.optimizers.SGD(learning_rate=RATE)

    def step() -> Any:
        with tf.GradientTape() as tape:
            y_pred = tf.nn.softmax(x @ weights + bias)
            per_example = -tf.reduce_sum(y * tf.math.log(y_pred), axis=1)
            loss = tf.reduce_mean(per_example)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return wrap(step)


def tensorflow_function(tf: Any, data: Data) -> Step:
    return tensorflow(tf, data, tf.function)


def tensorflow_jit(tf: Any, data: Data) -> Step:
    return tensorflow(tf, data, tf.function(jit_compile=True))


def torch(torch: Any, data: Data, wrap: Wrap = as_it_is) -> Step:
    mnist = data.mnist()
    x = torch.from_numpy(mnist["x_train"]).reshape(-1, 784).float() / 255.0
    labels = torch.from_numpy(mnist["y_train"]).long()
    y = torch.nn.functional.one_hot(labels, 10).float()
    weights = torch.ones(784, 10, requires_grad=True)
    bias = torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.SGD([weights, bias], lr=RATE)

    def step() -> Any:
        optimizer.zero_grad()
        y_pred = torch.softmax(x @ weights + bias, dim=1)
        loss = -(y * torch.log(y_pred)).sum(dim=1).mean()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return wrap(step)


def torch_compile(module: Any, data: Data) -> Step:
    return torch(module, data, module.compile)


def jax(jax: Any, data: Data) -> Step:
    jnp = jax.numpy
    mnist = data.mnist()
    x = jnp.asarray(mnist["x_train"]).reshape(-1, 784).astype(jnp.float32) / 255.0
    y = jax.nn.one_hot(jnp.asarray(mnist["y_train"]), 10)
    parameters = (jnp.ones((784, 10)), jnp.zeros(10))

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        weights, bias = parameters
        y_pred = jax.nn.softmax(x @ weights + bias)
        return jnp.mean(-jnp.sum(y * jnp.log(y_pred), axis=1))

    @jax.jit
    def update(parameters: Any, x: Any, y: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters, x, y)
        return value, jax.tree.map(lambda p, g: p - RATE * g, parameters, gradients)

    def step() -> Any:
        nonlocal parameters
        value, parameters = update(parameters, x, y)
        return value

    return step


CASES = (
    Steps(
        name="step",
        title="logistic regression, 60,000 images, an eager step",
        build={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tf_keras": tensorflow,
            "torch": torch,
            "jax": jax,
        },
        targets={"tensorflow": 1.4},
        needs=("mnist",),
        check=(math.log(10.0), 1e-3),
    ),
    Steps(
        name="compiled",
        title="logistic regression, 60,000 images, one compiled step",
        build={
            "rillet": tensorflow_function,
            "tensorflow": tensorflow_function,
            "tensorflow_jit": tensorflow_jit,
            "tf_keras": tensorflow_function,
            "torch": torch,
            "torch_compile": torch_compile,
            "jax": jax,
        },
        targets={"tensorflow": 2.5, "torch": 10.0},
        needs=("mnist",),
        check=(math.log(10.0), 1e-3),
        operations=60_000 * 2 * 2 * 784 * 10,
    ),
)
