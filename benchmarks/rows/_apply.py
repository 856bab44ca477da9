"""The 784-512-10 network applied, untrained: what `predict_one` and `_many` share.

The softmax's rows sum to 1, so the result of n samples is n in every framework.
"""

from __future__ import annotations

from typing import Any

from harness.case import Data, Step

from rows._mlp import MLP512


def images(data: Data, count: int) -> Any:
    """Return the first test images, `(count, 784)`."""
    return data.images("test")[0][:count].reshape(count, 784)


def predict(tf: Any, data: Data, count: int, **options: Any) -> Step:
    """Return `Model.predict` on so many samples; `options` go to `compile`."""
    x = images(data, count)
    tf.random.set_seed(0)
    model = MLP512.keras(tf)
    model.compile("rmsprop", "sparse_categorical_crossentropy", **options)
    return lambda: model.predict(x, verbose=0)


def call(tf: Any, data: Data, count: int, **options: Any) -> Step:
    """Return a call of the compiled model; `options` go to `tf.function`."""
    x = tf.constant(images(data, count))
    tf.random.set_seed(0)
    model = MLP512.keras(tf)
    model(x)
    function = tf.function(lambda x: model(x, training=False), **options)
    return lambda: function(x)


def torch_call(torch: Any, data: Data, count: int, compiled: bool = False) -> Step:
    """Return a call of PyTorch's module, gradients off."""
    x = torch.from_numpy(images(data, count))
    torch.manual_seed(0)
    scores = MLP512.torch(torch).eval()
    model = torch.nn.Sequential(scores, torch.nn.Softmax(dim=1))
    if compiled:
        model = torch.compile(model)

    def step() -> Any:
        with torch.inference_mode():
            return model(x)

    return step


def jax_call(jax: Any, data: Data, count: int) -> Step:
    """Return a call of the jitted function."""
    x = jax.numpy.asarray(images(data, count))
    parameters, scores_of = MLP512.jax(jax, jax.random.key(0))
    apply = jax.jit(lambda p, x: jax.nn.softmax(scores_of(p, x)))
    return lambda: apply(parameters, x)
