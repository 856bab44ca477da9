"""Steps of training through loops that carry arrays of tensors, for files.

`make(tf, name)` builds one of them with rillet or with TensorFlow, whichever namespace
is given. `tests/saved_model` saves and loads them; `tests/foreign` lets TensorFlow run
what rillet saved, and rillet what TensorFlow saved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Loss = Callable[[Any, Any], Any]


def _drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _layers(tf: Any, layers: list[Any], shape: list[Any]) -> tuple[list[Any], Loss]:
    """A loss of a stack of layers, and its variables with drawn values."""
    model = tf.keras.Sequential([tf.keras.Input(shape), *layers])
    for i, weight in enumerate(model.trainable_weights):
        weight.assign(0.4 * _drawn(i, *weight.shape))

    def loss(x: Any, y: Any) -> Any:
        return tf.reduce_mean((model(x, training=True) - y) ** 2.0)

    loss.held = model
    return model.trainable_weights, loss


def _unknown_length(tf: Any) -> Any:
    layers = [tf.keras.layers.LSTM(3), tf.keras.layers.Dense(2)]
    return _layers(tf, layers, [None, 4])


def _masked_steps(tf: Any) -> Any:
    layers = [
        tf.keras.layers.Masking(),
        tf.keras.layers.LSTM(3),
        tf.keras.layers.Dense(2),
    ]
    return _layers(tf, layers, [100, 4])


def _many_steps(tf: Any) -> Any:
    layers = [tf.keras.layers.LSTM(3, return_sequences=True), tf.keras.layers.Dense(2)]
    model, loss = _layers(tf, layers, [100, 4])
    return model, lambda x, y: loss(x, y[:, None]), loss


def _both_ways(tf: Any) -> Any:
    gru = tf.keras.layers.GRU(3, return_sequences=True)
    layers = [tf.keras.layers.Bidirectional(gru), tf.keras.layers.SimpleRNN(2)]
    return _layers(tf, layers, [None, 4])


def _weights(tf: Any, *shapes: tuple[int, ...]) -> list[Any]:
    return [tf.Variable(0.4 * _drawn(7 + i, *s)) for i, s in enumerate(shapes)]


def _written(tf: Any) -> Any:
    """Written in a loop, stacked."""
    w, u = _weights(tf, (4, 2), (2, 2))

    def loss(x: Any, y: Any) -> Any:
        rows = tf.TensorArray(tf.float32, tf.shape(x)[1])
        h = y * 0.0
        for t in tf.range(tf.shape(x)[1]):
            h = tf.tanh(x[:, t] @ w + h @ u)
            rows = rows.write(t, h)
        return tf.reduce_sum((rows.stack() - y) ** 2.0)

    return [w, u], loss


def _grown(tf: Any) -> Any:
    """A loop writes past the end, and reads what it wrote before, often."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        start = tf.TensorArray(
            tf.float32, 0, dynamic_size=True, clear_after_read=False, element_shape=[2]
        ).write(0, tf.reduce_sum(w, 0))

        def body(i: Any, rows: Any) -> Any:
            last = rows.read(i - 1)
            more = tf.tanh(last * rows.read(0) + tf.reduce_sum(x[:, i] @ w, 0))
            return i + 1, rows.write(i, more)

        n = tf.shape(x)[1]
        _, rows = tf.while_loop(lambda i, rows: i < n, body, [1, start])
        return tf.reduce_sum(rows.stack() ** 2.0) + tf.reduce_sum(rows.read(1) * y)

    return [w], loss


def _read_often(tf: Any) -> Any:
    """Unstacked outside; a loop reads each element several times."""
    w, u = _weights(tf, (4, 2), (2,))

    def loss(x: Any, y: Any) -> Any:
        n = tf.shape(x)[1]
        items = tf.TensorArray(tf.float32, n, clear_after_read=False)
        items = items.unstack(tf.transpose(x @ w, [1, 0, 2]))
        total = y * 0.0
        for t in tf.range(n):
            again = items.read(t) * items.read(n - 1 - t) + items.read(0)
            total = tf.tanh(total * u + again)
        return tf.reduce_sum((total - y) ** 2.0)

    return [w, u], loss


def _gathered(tf: Any) -> Any:
    """Gathered and scattered around a loop: no place twice, where TensorFlow errs."""
    w, u = _weights(tf, (4, 2), (2,))

    def loss(x: Any, y: Any) -> Any:
        items = tf.TensorArray(tf.float32, 3, element_shape=[None, 2])
        rows = tf.stack([x[:, 0] @ w, x[:, 1] @ w, x[:, 2] @ w])
        items = items.scatter([2, 0, 1], rows)
        out = tf.TensorArray(tf.float32, 3, element_shape=[None, 2])
        for t in tf.range(3):
            out = out.write(2 - t, tf.sin(items.read(t) * u))
        return tf.reduce_sum((out.gather([2, 0]) - y) ** 2.0)

    return [w, u], loss


def _joined(tf: Any) -> Any:
    """Pieces of several lengths, split, changed in a loop, joined."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        pieces = tf.TensorArray(
            tf.float32, 3, infer_shape=False, element_shape=[None, 2]
        ).split(x[:, 0] @ w, [1, 3, 1])
        out = tf.TensorArray(tf.float32, 3, infer_shape=False, element_shape=[None, 2])
        for t in tf.range(3):
            out = out.write(t, tf.tanh(pieces.read(t)) * tf.cast(t + 1, tf.float32))
        return tf.reduce_sum((out.concat() - y) ** 2.0)

    return [w], loss


def _nested(tf: Any) -> Any:
    """A loop in a loop, both with arrays, one of them of the other."""
    w, u = _weights(tf, (4, 2), (2, 2))

    def loss(x: Any, y: Any) -> Any:
        n = tf.shape(x)[1]
        outer = tf.TensorArray(tf.float32, n, element_shape=[None, 2])
        h = y * 0.0
        for t in tf.range(n):
            inner = tf.TensorArray(tf.float32, t + 1, element_shape=[None, 2])
            for s in tf.range(t + 1):
                h = tf.tanh(x[:, s] @ w + h @ u)
                inner = inner.write(s, h)
                if tf.reduce_sum(h) > 0.0:
                    outer = outer.write(t, h * 2.0)
                else:
                    outer = outer.write(t, h)
            h = tf.reduce_mean(inner.stack(), 0)
        return tf.reduce_sum((outer.stack() - y) ** 2.0)

    return [w, u], loss


def _mapped(tf: Any) -> Any:
    """What `map_fn` and `scan` make."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        rows = tf.map_fn(lambda row: tf.tanh(row @ w), x)
        sums = tf.scan(lambda a, b: a * 0.5 + b, tf.transpose(rows, [1, 0, 2]))
        return tf.reduce_sum((sums - y) ** 2.0)

    return [w], loss


def _conditional(tf: Any) -> Any:
    """Branches inside a loop write, or do not."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        n = tf.shape(x)[1]
        rows = tf.TensorArray(tf.float32, n, element_shape=[None, 2])
        for t in tf.range(n):
            if t % 2 == 0:
                rows = rows.write(t, x[:, t] @ w)
        return tf.reduce_sum((rows.stack() - y) ** 2.0)

    return [w], loss


def _swapped(tf: Any) -> Any:
    """Two arrays change places in every round."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        n = tf.shape(x)[1]
        a, b = [
            tf.TensorArray(tf.float32, n, element_shape=[None, 2]).unstack(rows)
            for rows in (tf.transpose(x @ w, [1, 0, 2]), tf.transpose(x @ w, [1, 0, 2]))
        ]
        for t in tf.range(n):
            a, b = b, a.write(t, tf.sin(b.read(t)))
        return tf.reduce_sum((a.stack() * y) ** 2.0) + tf.reduce_sum(b.read(1))

    return [w], loss


def _ended(tf: Any) -> Any:
    """A loop that is left early, and joins what it has."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        rows = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[None, 2])
        for t in tf.range(tf.shape(x)[1]):
            h = tf.tanh(x[:, t] @ w)
            if tf.reduce_sum(h) < -2.0:
                break
            if t == 1:
                continue
            rows = rows.write(rows.size(), h)
        return tf.reduce_sum(rows.concat() ** 2.0) + tf.reduce_sum(y)

    return [w], loss


def _folded(tf: Any) -> Any:
    """What `foldl` and `vectorized_map` make, and a map of several tensors."""
    (w,) = _weights(tf, (4, 2))

    def loss(x: Any, y: Any) -> Any:
        rows = tf.transpose(x, [1, 0, 2])
        total = tf.foldl(lambda a, e: tf.tanh(a + e @ w), rows, initializer=y * 0.0)
        kinds = (tf.float32, tf.float32)
        products, sums = tf.map_fn(
            lambda e: (e @ w, tf.reduce_sum(e)), rows, fn_output_signature=kinds
        )
        both = tf.vectorized_map(lambda e: tf.tanh(e @ w), rows) * products
        return tf.reduce_sum((total - y) ** 2.0 + both) + tf.reduce_sum(sums)

    return [w], loss


def _pictures(tf: Any) -> Any:
    layers = [
        tf.keras.layers.Reshape((-1, 2, 2, 1)),
        tf.keras.layers.ConvLSTM2D(2, 2, padding="same"),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(2),
    ]
    return _layers(tf, layers, [None, 4])


def _penalised(tf: Any) -> Any:
    """The gradient of a gradient through a loop with arrays."""
    w, u = _weights(tf, (4, 2), (2, 2))

    def run(x: Any) -> Any:
        n = tf.shape(x)[1]
        items = tf.TensorArray(tf.float32, n).unstack(tf.transpose(x, [1, 0, 2]))
        rows = tf.TensorArray(
            tf.float32, n, element_shape=[None, 2], clear_after_read=False
        )
        h = x[:, 0] @ w
        for t in tf.range(n):
            h = tf.tanh(items.read(t) @ w + h @ u)
            rows = rows.write(t, h)
            h = h + rows.read(0)
        return tf.reduce_sum(rows.stack() ** 2.0)

    def loss(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = run(x)
        return out + tf.reduce_sum(tape.gradient(out, x) ** 2.0)

    return [w, u], loss


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "unknown_length": _unknown_length,
    "masked_steps": _masked_steps,
    "many_steps": _many_steps,
    "both_ways": _both_ways,
    "written": _written,
    "grown": _grown,
    "read_often": _read_often,
    "gathered": _gathered,
    "joined": _joined,
    "nested": _nested,
    "mapped": _mapped,
    "conditional": _conditional,
    "swapped": _swapped,
    "ended": _ended,
    "folded": _folded,
    "pictures": _pictures,
    "penalised": _penalised,
}


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """What a program is trained on: ``(5, steps, 4)`` and ``(5, 2)``."""
    steps = {"masked_steps": 100, "many_steps": 100}.get(name, 6)
    x = _drawn(1, 5, steps, 4)
    if name == "masked_steps":
        x[1, 60:] = x[3, 20:] = 0.0
    return x, _drawn(2, 5, 2)


def make(tf: Any, name: str) -> Any:
    """A module whose `step(x, y)` trains its variables `w` and gives the loss."""
    made = tf.Module()
    made.w, loss, *rest = PROGRAMS[name](tf)
    made.model = getattr(rest[0] if rest else loss, "held", None)
    made.optimizer = tf.keras.optimizers.Adam(0.05)
    made.optimizer.build(made.w)
    shape = data(name)[0].shape
    specs = [
        tf.TensorSpec([None, shape[1] if shape[1] == 100 else None, 4]),
        tf.TensorSpec([None, 2]),
    ]

    @tf.function(input_signature=specs)
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(x, y)
        grads = tape.gradient(value, made.w)
        made.optimizer.apply_gradients(zip(grads, made.w, strict=True))
        return value

    made.step = step
    return made


def trained(tf: Any, held: Any, name: str) -> tuple[list[float], list[Any]]:
    """Losses of three steps, and the variables after them."""
    x, y = [tf.constant(a) for a in data(name)]
    losses = [float(held.step(x, y)) for _ in range(3)]
    return losses, [w.numpy().tolist() for w in held.w]
