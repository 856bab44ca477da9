"""Programs of `keras.backend`: each takes `tf` and gives arrays or plain data.

`make_rest.py` runs them with real tf.keras, `tests/keras/test_rest.py` with rillet.
"""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(3)
A = RNG.normal(size=(2, 3)).astype("float32")
B = RNG.normal(size=(3, 4)).astype("float32")
C = RNG.normal(size=(5, 3, 4)).astype("float32")
P = np.array([[0.2, 0.7, 0.1], [0.6, 0.1, 0.3]], "float32")
T = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "float32")


def reductions(tf: Any) -> Any:
    k, a = tf.keras.backend, tf.constant(A)
    found: list[Any] = []
    for name in ("sum", "mean", "max", "min", "prod", "std", "var"):
        function = getattr(k, name)
        found += [function(a), function(a, axis=1), function(a, 0, keepdims=True)]
    yes = a > 0
    found += [k.any(yes, axis=0), k.all(yes), k.mean(yes), k.argmax(a), k.argmin(a, 0)]
    return [*found, k.cumsum(a, axis=1), k.cumprod(a, axis=0)]


def elements(tf: Any) -> Any:
    k, a = tf.keras.backend, tf.constant(A)
    names = "abs exp sign square cos sin tanh sigmoid softsign softplus round sqrt"
    found = [getattr(k, name)(a) for name in names.split()]
    found += [k.log(k.abs(a)), k.pow(a, 2), k.clip(a, -0.5, 0.5), k.clip(a, 0, None)]
    found += [k.maximum(a, 0.1), k.minimum(a, 0.1), k.equal(a, a), k.not_equal(a, a)]
    found += [k.greater(a, 0.0), k.less_equal(a, 0.0), k.hard_sigmoid(a * 3)]
    found += [k.relu(a), k.relu(a, alpha=0.1, max_value=0.5), k.elu(a, 0.5)]
    return [*found, k.softmax(a), k.softmax(a, axis=0), k.l2_normalize(a, axis=1)]


def shapes(tf: Any) -> Any:
    k, a, c = tf.keras.backend, tf.constant(A), tf.constant(C)
    found = [
        k.dot(a, tf.constant(B)),
        k.dot(a, c),
        k.transpose(a),
        k.flatten(a),
        k.batch_flatten(c),
    ]
    found += [k.permute_dimensions(c, (2, 0, 1)), k.expand_dims(a), k.expand_dims(a, 0)]
    found += [k.squeeze(k.expand_dims(a, 1), 1), k.reverse(a, 1), k.reshape(a, (3, 2))]
    found += [k.concatenate([a, a]), k.stack([a, a]), k.tile(a, [2, 1]), k.repeat(a, 2)]
    found += [
        k.repeat_elements(a, 2, axis=1),
        k.gather(c, [2, 0]),
        k.one_hot([1, 0], 3),
    ]
    found += [k.arange(5), k.arange(2, 9, 3, dtype="float32"), k.shape(c)]
    found += [
        list(k.int_shape(c)),
        k.ndim(c),
        k.dtype(c),
        k.count_params(k.zeros((2, 3))),
    ]
    found += [k.cast(a, "int32"), k.constant([1, 2]), k.constant(3.0, shape=(2, 2))]
    found += [k.eval(k.ones((2,))), k.eye(2), k.zeros_like(a), k.ones_like(a)]
    steps = [tf.constant(np.arange(n, dtype="float32")) for n in (4, 3)]
    found += [k.bias_add(c, steps[0]), k.bias_add(c, steps[1], "channels_first")]
    return found


def entropies(tf: Any) -> Any:
    k, p, t = tf.keras.backend, tf.constant(P), tf.constant(T)
    return [
        k.binary_crossentropy(t, p), k.binary_crossentropy(t, p, from_logits=True),
        k.categorical_crossentropy(t, p), k.categorical_crossentropy(t, p, True),
        k.sparse_categorical_crossentropy(tf.constant([1, 2]), p),
    ]  # fmt: skip


def updates(tf: Any) -> Any:
    k = tf.keras.backend
    v = k.variable([1.0, 2.0])
    k.update_add(v, [1.0, 1.0])
    k.update_sub(v, [0.5, 0.0])
    first = k.get_value(v)
    k.update(v, [7.0, 8.0])
    return [first, k.get_value(v), k.dtype(v)]


ROWS = [reductions, elements, shapes, entropies, updates]
