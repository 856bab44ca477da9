"""What the training rows share: an epoch of MNIST, in each framework's own way.

Rows hand over a model; what comes back is a step that trains one epoch on shuffled
batches and returns its mean loss and accuracy, which Keras's `fit` computes too. No
framework waits for a result before the epoch's end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.case import Builder, Data, Step


@dataclass(frozen=True)
class Task:
    """One model and how it is trained, said in each framework.

    Args:
        keras: Given TensorFlow's or rillet's module, returns a Keras model whose last
            layer is a softmax.
        torch: Given PyTorch, returns a module that returns scores.
        jax: Given JAX and a key, returns parameters and the function from parameters
            and images to scores.
        optimizer: `"rmsprop"`, `"sgd"` or `"adam"`, with Keras's figures everywhere.
        batch: Samples in a batch.
        samples: How many of the 60,000 images make an epoch.
        shape: The shape of one image, as Keras's model takes it.
        torch_shape: The shape of one image, as PyTorch's model takes it.
    """

    keras: Callable[[Any], Any]
    torch: Callable[[Any], Any]
    jax: Callable[[Any, Any], tuple[Any, Callable[[Any, Any], Any]]]
    optimizer: str
    batch: int
    samples: int = 60_000
    shape: tuple[int, ...] = (784,)
    torch_shape: tuple[int, ...] | None = None

    def builders(self) -> dict[str, Builder]:
        """Return a builder for each column."""
        return {
            "rillet": self.fit,
            "tensorflow": self.fit,
            "tensorflow_jit": self.fit_jit,
            "tf_keras": self.fit,
            "torch": self.torch_eager,
            "torch_compile": self.torch_compiled,
            "jax": self.jax_step,
            "jax_scan": self.jax_scan,
        }

    def fit(self, tf: Any, data: Data, **options: Any) -> Step:
        """Return an epoch of `Model.fit`; `options` go to `compile`."""
        x, y = data.images()
        x = x[: self.samples].reshape(-1, *self.shape)
        y = y[: self.samples]
        tf.random.set_seed(0)
        model = self.keras(tf)
        model.compile(
            optimizer=self.optimizer,
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            **options,
        )

        def step() -> Any:
            history = model.fit(x, y, epochs=1, batch_size=self.batch, verbose=0)
            return history.history["loss"][0], history.history["accuracy"][0]

        return step

    def fit_jit(self, tf: Any, data: Data) -> Step:
        """Return an epoch of `Model.fit` that XLA compiles."""
        return self.fit(tf, data, jit_compile=True)

    def torch_eager(self, torch: Any, data: Data) -> Step:
        """Return an epoch of PyTorch's usual loop."""
        return self._torch_epoch(torch, data, lambda train: train)

    def torch_compiled(self, torch: Any, data: Data) -> Step:
        """Return an epoch whose whole step, the update included, is compiled."""
        return self._torch_epoch(torch, data, torch.compile)

    def _torch_epoch(self, torch: Any, data: Data, wrap: Callable[[Any], Any]) -> Step:
        images, labels = data.images()
        shape = self.torch_shape or self.shape
        x = torch.from_numpy(images[: self.samples]).reshape(-1, *shape)
        y = torch.from_numpy(labels[: self.samples]).long()
        torch.manual_seed(0)
        model = self.torch(torch)
        optimizer = _torch_optimizer(torch, self.optimizer, model.parameters())
        criterion = torch.nn.CrossEntropyLoss()

        def train(images: Any, labels: Any) -> Any:
            optimizer.zero_grad()
            scores = model(images)
            loss = criterion(scores, labels)
            loss.backward()
            optimizer.step()
            return loss.detach() * len(labels), (scores.argmax(1) == labels).sum()

        train = wrap(train)

        def step() -> Any:
            losses, rights = [], []
            for indices in torch.randperm(len(x)).split(self.batch):
                loss, right = train(x[indices], y[indices])
                losses.append(loss)
                rights.append(right)
            totals = torch.stack(losses).sum(), torch.stack(rights).sum()
            return tuple(float(total) / len(x) for total in totals)

        return step

    def _jax_parts(self, jax: Any) -> tuple[Any, Callable[[Any, Any, Any], Any]]:
        """Return the state before training and one step's pure function on it."""
        jnp = jax.numpy
        parameters, scores_of = self.jax(jax, jax.random.key(0))
        slots, apply = _jax_optimizer(jax, self.optimizer, parameters)

        def loss(parameters: Any, images: Any, labels: Any) -> Any:
            scores = scores_of(parameters, images)
            logs = jax.nn.log_softmax(scores)
            picked = jnp.take_along_axis(logs, labels[:, None], axis=1)
            right = jnp.sum(jnp.argmax(scores, axis=1) == labels)
            return -jnp.mean(picked), right.astype(jnp.float32)

        def update(state: Any, images: Any, labels: Any) -> Any:
            parameters, slots, totals = state
            (value, right), gradients = jax.value_and_grad(loss, has_aux=True)(
                parameters, images, labels
            )
            parameters, slots = apply(parameters, slots, gradients)
            return parameters, slots, totals + jnp.stack([value * len(labels), right])

        return (parameters, slots, jnp.zeros(2)), update

    def jax_step(self, jax: Any, data: Data) -> Step:
        """Return an epoch of a jitted step in a Python loop."""
        import numpy as np

        x, y = data.images()
        x = x[: self.samples].reshape(-1, *self.shape)
        y = y[: self.samples]
        state, update = self._jax_parts(jax)
        update = jax.jit(update, donate_argnums=0)
        shuffle = np.random.default_rng(0)

        def step() -> Any:
            nonlocal state
            parameters, slots, _ = state
            state = parameters, slots, jax.numpy.zeros(2)
            order = shuffle.permutation(len(x))
            for start in range(0, len(x), self.batch):
                batch = order[start : start + self.batch]
                state = update(state, x[batch], y[batch])
            return tuple((np.asarray(state[2]) / len(x)).tolist())

        return step

    def jax_scan(self, jax: Any, data: Data) -> Step:
        """Return an epoch that is one compiled scan over its batches."""
        import numpy as np

        images, labels = data.images()
        x = jax.numpy.asarray(images[: self.samples].reshape(-1, *self.shape))
        y = jax.numpy.asarray(labels[: self.samples])
        whole = len(x) // self.batch * self.batch
        state, update = self._jax_parts(jax)
        key = jax.random.key(1)

        def epoch(state: Any, key: Any, x: Any, y: Any) -> Any:
            order = jax.random.permutation(key, len(x))

            def body(state: Any, batch: Any) -> Any:
                return update(state, x[batch], y[batch]), None

            batches = order[:whole].reshape(-1, self.batch)
            state, _ = jax.lax.scan(body, state, batches)
            if whole < len(x):
                state = update(state, x[order[whole:]], y[order[whole:]])
            return state

        epoch = jax.jit(epoch, donate_argnums=0)

        def step() -> Any:
            nonlocal state, key
            key, use = jax.random.split(key)
            parameters, slots, _ = state
            state = epoch((parameters, slots, jax.numpy.zeros(2)), use, x, y)
            return tuple((np.asarray(state[2]) / len(x)).tolist())

        return step


def torch_dense(torch: Any, inputs: int, units: int) -> Any:
    """Return a linear layer of PyTorch that starts as Keras's `Dense` does."""
    layer = torch.nn.Linear(inputs, units)
    torch.nn.init.xavier_uniform_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    return layer


def _torch_optimizer(torch: Any, name: str, parameters: Any) -> Any:
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, eps=1e-7)
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=0.01)
    return torch.optim.Adam(parameters, lr=0.001, eps=1e-7)


def _jax_optimizer(
    jax: Any, name: str, parameters: Any
) -> tuple[Any, Callable[[Any, Any, Any], tuple[Any, Any]]]:
    """Return an optimizer's slots and its update of parameters and slots."""
    jnp, tree = jax.numpy, jax.tree
    zeros = tree.map(jnp.zeros_like, parameters)

    def sgd(parameters: Any, slots: Any, gradients: Any) -> tuple[Any, Any]:
        return tree.map(lambda p, g: p - 0.01 * g, parameters, gradients), slots

    def rmsprop(parameters: Any, slots: Any, gradients: Any) -> tuple[Any, Any]:
        slots = tree.map(lambda s, g: 0.9 * s + 0.1 * g * g, slots, gradients)
        parameters = tree.map(
            lambda p, g, s: p - 0.001 * g / (jnp.sqrt(s) + 1e-7),
            parameters,
            gradients,
            slots,
        )
        return parameters, slots

    def adam(parameters: Any, slots: Any, gradients: Any) -> tuple[Any, Any]:
        count, means, squares = slots
        count = count + 1.0
        means = tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
        squares = tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, squares, gradients)
        rate = 0.001 * jnp.sqrt(1.0 - 0.999**count) / (1.0 - 0.9**count)
        parameters = tree.map(
            lambda p, m, s: p - rate * m / (jnp.sqrt(s) + 1e-7),
            parameters,
            means,
            squares,
        )
        return parameters, (count, means, squares)

    if name == "adam":
        copies = tree.map(jnp.copy, zeros)
        return (jnp.zeros(()), zeros, copies), adam
    return (zeros, rmsprop) if name == "rmsprop" else ((), sgd)
