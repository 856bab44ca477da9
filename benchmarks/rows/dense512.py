"""The course's MNIST network, 784-512-10: an epoch of training with RMSprop."""

from __future__ import annotations

import math
from typing import Any

from harness.case import Data, Step, Steps

BATCH, RATE, DECAY, EPSILON = 128, 0.001, 0.9, 1e-7
"""RMSprop's figures are Keras's defaults, in every framework."""


def tensorflow(tf: Any, data: Data) -> Step:
    keras = tf.keras
    mnist = data.mnist()
    x = mnist["x_train"].reshape(-1, 784).astype("float32") / 255
    y = mnist["y_train"]
    tf.random.set_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer="rmsprop",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def step() -> Any:
        history = model.fit(x, y, epochs=1, batch_size=BATCH, verbose=0)
        return history.history["accuracy"][0]

    return step


def _torch_epoch(torch: Any, data: Data, compiled: bool) -> Step:
    nn = torch.nn
    mnist = data.mnist()
    x = torch.from_numpy(mnist["x_train"]).reshape(-1, 784).float() / 255.0
    y = torch.from_numpy(mnist["y_train"]).long()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    for layer in (model[0], model[2]):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    optimizer = torch.optim.RMSprop(
        model.parameters(), lr=RATE, alpha=DECAY, eps=EPSILON
    )
    criterion = nn.CrossEntropyLoss()

    def train(images: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        scores = model(images)
        criterion(scores, labels).backward()
        optimizer.step()
        return (scores.argmax(dim=1) == labels).sum()

    if compiled:
        train = torch.compile(train)

    def step() -> Any:
        right = torch.zeros((), dtype=torch.int64)
        for indices in torch.randperm(len(x)).split(BATCH):
            right += train(x[indices], y[indices])
        return right / len(x)

    return step


def torch(torch: Any, data: Data) -> Step:
    return _torch_epoch(torch, data, compiled=False)


def torch_compile(torch: Any, data: Data) -> Step:
    return _torch_epoch(torch, data, compiled=True)


def _jax_parts(jax: Any, data: Data) -> tuple[Any, Any, Any, Any]:
    """Return the images, the labels, the state before training and the update."""
    jnp = jax.numpy
    mnist = data.mnist()
    x = jnp.asarray(mnist["x_train"]).reshape(-1, 784).astype(jnp.float32) / 255.0
    y = jnp.asarray(mnist["y_train"]).astype(jnp.int32)
    glorot = jax.nn.initializers.glorot_uniform()
    key1, key2 = jax.random.split(jax.random.key(0))
    parameters = {
        "w1": glorot(key1, (784, 512)),
        "b1": jnp.zeros(512),
        "w2": glorot(key2, (512, 10)),
        "b2": jnp.zeros(10),
    }
    state = (parameters, jax.tree.map(jnp.zeros_like, parameters))

    def loss(parameters: Any, images: Any, labels: Any) -> Any:
        hidden = jax.nn.relu(images @ parameters["w1"] + parameters["b1"])
        scores = hidden @ parameters["w2"] + parameters["b2"]
        picked = jnp.take_along_axis(
            jax.nn.log_softmax(scores), labels[:, None], axis=1
        )
        right = jnp.sum(jnp.argmax(scores, axis=1) == labels)
        return -jnp.mean(picked), right

    def update(state: Any, images: Any, labels: Any) -> Any:
        parameters, squares = state
        gradients, right = jax.grad(loss, has_aux=True)(parameters, images, labels)
        squares = jax.tree.map(
            lambda s, g: DECAY * s + (1.0 - DECAY) * g * g, squares, gradients
        )
        parameters = jax.tree.map(
            lambda p, g, s: p - RATE * g / (jnp.sqrt(s) + EPSILON),
            parameters,
            gradients,
            squares,
        )
        return (parameters, squares), right

    return x, y, state, update


def jax(jax: Any, data: Data) -> Step:
    import numpy as np

    x, y, state, update = _jax_parts(jax, data)
    images, labels = np.asarray(x), np.asarray(y)
    update = jax.jit(update, donate_argnums=0)
    shuffle = np.random.default_rng(0)

    def step() -> Any:
        nonlocal state
        right = 0
        order = shuffle.permutation(len(images))
        for start in range(0, len(images), BATCH):
            batch = order[start : start + BATCH]
            state, hits = update(state, images[batch], labels[batch])
            right = right + hits
        return right / len(images)

    return step


def jax_scan(jax: Any, data: Data) -> Step:
    x, y, state, update = _jax_parts(jax, data)
    whole = math.floor(len(x) / BATCH) * BATCH
    key = jax.random.key(1)

    @jax.jit
    def epoch(state: Any, key: Any) -> Any:
        order = jax.random.permutation(key, len(x))

        def body(state: Any, batch: Any) -> Any:
            return update(state, x[batch], y[batch])

        state, hits = jax.lax.scan(body, state, order[:whole].reshape(-1, BATCH))
        state, last = update(state, x[order[whole:]], y[order[whole:]])
        return state, (hits.sum() + last) / len(x)

    def step() -> Any:
        nonlocal state, key
        key, use = jax.random.split(key)
        state, share = epoch(state, use)
        return share

    return step


CASES = (
    Steps(
        name="epoch",
        title="784-512-10, RMSprop, batch 128, an epoch",
        build={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tf_keras": tensorflow,
            "torch": torch,
            "torch_compile": torch_compile,
            "jax": jax,
            "jax_scan": jax_scan,
        },
        needs=("mnist",),
        check=(0.925, 0.02),
        warm=2,
    ),
)
