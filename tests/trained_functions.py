"""Functions with gradients and updates in them, for files that others run on.

`tests/saved_model` saves and loads them; `tests/foreign` lets TensorFlow run them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import rillet as tf

K, nn = tf.keras, tf.nn
DRAW = np.random.default_rng(4)
X = DRAW.normal(size=(5, 4)).astype("float32")
Y = DRAW.normal(size=(5, 2)).astype("float32")


def _weights() -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(5)
    shapes = ((3, 3, 2, 2), (4, 3), (5, 3))
    found = [tf.Variable(draw.normal(size=s).astype("float32")) for s in shapes]
    return found[0], found[1], found[2]


def _square(x: Any) -> Any:
    return tf.reshape(x, [-1, 2, 2])


def _loop(x: Any) -> Any:
    def body(i: Any, h: Any) -> Any:
        return i + 1, tf.tanh(h) * x

    return tf.while_loop(lambda i, h: i < 3, body, [0, x])[1]


def _nested(x: Any) -> Any:
    def body(i: Any, h: Any) -> Any:
        inner = tf.while_loop(
            lambda j, g: j < i, lambda j, g: (j + 1, tf.sin(g) + x), [0, h]
        )[1]
        return i + 1, tf.cond(tf.reduce_sum(h) > 0, lambda: inner, lambda: inner * h)

    return tf.while_loop(lambda i, h: i < 3, body, [0, x])[1]


#: What `f(x, kernel, matrix, table)` computes; its gradient is what is saved.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "matmul": lambda x, k, w, e: x @ w,
    "softmax": lambda x, k, w, e: nn.softmax(x) + nn.log_softmax(x),
    "extremes": lambda x, k, w, e: tf.reduce_max(x, 1) * tf.reduce_min(x, 0)[0],
    "means": lambda x, k, w, e: tf.reduce_mean(x, 0) + tf.math.reduce_std(x, 0),
    "broadcasts": lambda x, k, w, e: x * x[:1] + x / w[:, 0] - tf.reduce_sum(x, 1)[0],
    "activations": lambda x, k, w, e: nn.relu(x) + nn.gelu(x) + nn.selu(x) + nn.elu(x),
    "joins": lambda x, k, w, e: tf.concat([x, x * 2], 1) + tf.tile(x, [1, 2]),
    "shapes": lambda x, k, w, e: tf.stack([_square(x), _square(x) ** 2.0], 1),
    "parts": lambda x, k, w, e: tf.split(x, 2, 1)[0] * tf.pad(x[:, 1:2],
    [[0, 0], [0, 1]]),
    "gathers": lambda x, k, w, e: tf.gather(x, [0, 2, 0], axis=1) * 3.0,
    "table": lambda x, k, w, e: tf.gather(e, tf.cast(tf.abs(x[:, 0]), tf.int32))
    * x[:, :3],
    "sums": lambda x, k, w, e: tf.cumsum(x, 1) ** 2 
    + tf.reduce_logsumexp(x, 1)[:, None],
    "losses": lambda x, k, w, e: nn.softmax_cross_entropy_with_logits(nn.softmax(x), x)
    + nn.sparse_softmax_cross_entropy_with_logits(tf.argmax(x, 1), x),
    "choices": lambda x, k, w, e: tf.where(x > 0, x, x * 0.1)
    * tf.clip_by_value(x, -1, 1),
    "norms": lambda x, k, w, e: tf.math.l2_normalize(x, 1) + tf.reduce_prod(x),
    "images": lambda x, k, w, e: nn.conv2d(tf.reshape(x, [-1, 2, 1, 2]), k, 1, "SAME"),
    "pools": lambda x, k, w, e: nn.max_pool2d(tf.reshape(x, [-1, 2, 2, 1]), 2, 2,
    "VALID"),
    "sums of products": lambda x, k, w, e: tf.einsum("bi,ij->bj", x, w),
    "batches": lambda x, k, w, e: tf.matmul(_square(x), _square(x), transpose_b=True),
    "scatters": lambda x, k, w, e: tf.tensor_scatter_nd_add(x, [[0]], x[:1]),
    "segments": lambda x, k, w, e: tf.math.unsorted_segment_sum(x, [0] * 5, 2),
    "branches": lambda x, k, w, e: tf.cond(
        tf.reduce_sum(x) > 0, lambda: x * x, lambda: tf.sin(x)
    ),
    "loop": lambda x, k, w, e: _loop(x),
    "nested loops": lambda x, k, w, e: _nested(x),
}  # fmt: skip


def slopes() -> tf.Module:
    """A module whose methods give gradients, the batch's size unknown."""
    made = tf.Module()
    made.held = _weights()

    def slope(function: Any) -> Any:
        def run(x: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = tf.reduce_sum(tf.sin(function(x, *made.held)))
            return tape.gradient(y, x)

        return tf.function(run, input_signature=[tf.TensorSpec([None, 4])])

    for name, function in FUNCTIONS.items():
        setattr(made, name.replace(" ", "_"), slope(function))
    return made


#: Loops that files hold without their gradient, which the reader takes.
LOOPS: dict[str, Callable[..., Any]] = {"loop": _loop, "nested_loops": _nested}


def loops() -> tf.Module:
    """A module whose methods are loops, the batch's size unknown."""
    made = tf.Module()
    for name, function in LOOPS.items():
        specs = [tf.TensorSpec([None, 4])]
        setattr(made, name, tf.function(function, input_signature=specs))
    return made


def _optimizers() -> dict[str, Any]:
    o = K.optimizers
    return {
        "adam": o.Adam(0.05),
        "amsgrad": o.Adam(0.05, amsgrad=True),
        "adamw": o.AdamW(0.01),
        "nadam": o.Nadam(0.01),
        "adamax": o.Adamax(0.05),
        "adagrad": o.Adagrad(0.1),
        "adadelta": o.Adadelta(1.0),
        "ftrl": o.Ftrl(0.1),
        "rmsprop": o.RMSprop(0.02, momentum=0.5, centered=True),
        "descent": o.SGD(0.1),
        "nesterov": o.SGD(0.1, 0.9, nesterov=True),
        "clipped": o.Adam(0.05, global_clipnorm=0.1),
    }


OPTIMIZERS = tuple(_optimizers())


def steps() -> tf.Module:
    """A module with a step of training for each optimizer."""
    made = tf.Module()
    draw = np.random.default_rng(6)
    for name, optimizer in _optimizers().items():
        held = tf.Module()
        held.w = tf.Variable(draw.normal(size=(4, 2)).astype("float32"))
        held.b = tf.Variable(np.zeros(2, "float32"))
        optimizer.build([held.w, held.b])
        held.optimizer = optimizer

        def step(x: Any, y: Any, held: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((tf.tanh(x @ held.w + held.b) - y) ** 2)
            weights = [held.w, held.b]
            grads = tape.gradient(loss, weights)
            held.optimizer.apply_gradients(zip(grads, weights, strict=True))
            return loss

        specs = [tf.TensorSpec([None, 4]), tf.TensorSpec([None, 2])]
        held.step = tf.function(_with(step, held), input_signature=specs)
        setattr(made, name, held)
    return made


def _with(step: Any, held: Any) -> Any:
    return lambda x, y: step(x, y, held)
