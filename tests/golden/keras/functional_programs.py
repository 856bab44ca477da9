"""Models of inputs and outputs, written once for TensorFlow and for rillet.

Each function takes `tf` and gives a model and the arrays it is called on.
`make_functional.py` runs them with real tf.keras, the tests with rillet.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _floats(*shape: int) -> Any:
    count = int(np.prod(shape))
    return (np.arange(count, dtype="float32").reshape(shape) % 7 - 3) / 4


def two_ends(tf: Any) -> Any:
    """Several inputs and outputs, one layer that joins them."""
    k, layers = tf.keras, tf.keras.layers
    a, b = k.Input((4,), name="left"), k.Input((3,), name="right")
    x = layers.Dense(5, activation="relu")(a)
    y = layers.Concatenate()([x, b])
    outs = [layers.Dense(1, name="value")(y), layers.Dense(2, name="kind")(y)]
    return k.Model([a, b], outs), [_floats(2, 4), _floats(2, 3)]


def operators(tf: Any) -> Any:
    """Operators of Python and functions of TensorFlow between layers."""
    k, layers = tf.keras, tf.keras.layers
    i, j = layers.Input((4, 6)), k.Input((6,), name="side", dtype="int32")
    x = layers.Dense(8, activation="relu")(i)
    y = x + 1.0
    y = (2.0 * y - x)[:, 0]
    y = tf.reduce_mean(x, axis=1) + y
    parts = tf.split(y, 2, axis=1)
    z = tf.nn.relu(tf.concat(parts, -1))
    sizes = tf.shape(i)
    w = layers.Dense(6)(tf.reshape(z, [sizes[0], 2, 4]))
    o = layers.GlobalAveragePooling1D()(layers.Add()([w, w]))
    o = o * tf.cast(j, tf.float32)
    q = abs(-o) ** 2
    q = tf.squeeze(tf.expand_dims(q, 0), 0)
    q = tf.where(q > 0.0, q, 0.0)
    q = tf.math.sigmoid(tf.nn.softmax(q)) / 3.0
    q = tf.reduce_sum(q, axis=-1)
    return k.Model([i, j], [o, q]), [_floats(2, 4, 6), np.arange(12).reshape(2, 6)]


def more_functions(tf: Any) -> Any:
    """Functions that make shapes, sums and pieces."""
    k = tf.keras
    i = k.Input((4,))
    top, where = tf.math.top_k(i, 2)
    outs = {
        "range": tf.range(tf.shape(i)[0]),
        "newaxis": i[:, tf.newaxis, 1:3],
        "matmul": i @ tf.ones([4, 3]),
        "stack": tf.stack([i, i * 2.0], axis=1),
        "unstack": tf.unstack(i, axis=1)[2],
        "top": top + tf.cast(where, tf.float32),
        "transpose": tf.transpose(i),
        "gather": tf.gather(i, [0, 2], axis=1),
        "norm": tf.norm(i, axis=1),
        "one_hot": tf.one_hot(tf.cast(i, tf.int32), 3),
        "zeros": tf.zeros(tf.shape(i)) + i,
        "floor": i // 0.5 + i % 0.5,
        "before": 1.0 - i + 2.0 / (i + 9.0) + 2.0**i,
        "logic": tf.cast((i > 0.0) & ~(i <= 0.25) | (i == -0.5), tf.float32),
        "constant": tf.constant([1.0, 2.0, 3.0, 4.0]) + np.float32(2) * i,
        "clip": tf.clip_by_value(i, -0.3, 0.3),
        "tile": tf.tile(i, [1, 2]),
        "einsum": tf.einsum("bi,bj->bij", i, i),
        "argmax": tf.argmax(i, axis=-1),
    }
    return k.Model(i, outs), [_floats(3, 4)]


def shared(tf: Any) -> Any:
    """One layer called on two inputs."""
    k, layers = tf.keras, tf.keras.layers
    a, b = k.Input((4,)), k.Input((4,))
    tower = layers.Dense(3, activation="tanh")
    x, y = tower(a), tower(b)
    out = layers.Dense(1)(layers.Subtract()([x, y]))
    return k.Model(inputs=[a, b], outputs=out), [_floats(2, 4), -_floats(2, 4)]


def nested(tf: Any) -> Any:
    """Models inside a model, one of them a stack, and a chain of calls."""
    k, layers = tf.keras, tf.keras.layers
    a = k.Input((6,))
    inner = k.Model(a, layers.Dense(4)(a) * 2.0, name="inner")
    stack = k.Sequential([layers.Dense(3, input_shape=(4,)), layers.ReLU()], name="st")
    late = k.Sequential([layers.Dense(2)], name="late")
    i = k.Input((6,))
    x = late(stack(inner(i)))
    return k.Model(i, x, name="outer"), [_floats(2, 6)]


def residual(tf: Any) -> Any:
    """A block with a short cut, convolutions and normalisation."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(i)
    y = layers.BatchNormalization()(x)
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(y)
    y = layers.Dropout(0.5)(y)
    x = layers.add([x, y])
    x = layers.MaxPooling2D()(x)
    return k.Model(i, layers.Dense(2)(layers.Flatten()(x))), [_floats(2, 8, 8, 3)]


def words(tf: Any) -> Any:
    """Sequences of any length, masked."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((None,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(i)
    x, h = layers.GRU(3, return_sequences=True, return_state=True)(x)
    x = layers.LSTM(2)(x, initial_state=None)
    out = layers.Dense(1)(layers.concatenate([x, h]))
    return k.Model(i, out), [np.array([[1, 2, 3, 0], [4, 0, 0, 0]])]


def middle(tf: Any) -> Any:
    """What a layer in the middle of a stack gives."""
    k, layers = tf.keras, tf.keras.layers
    stack = k.Sequential(
        [layers.Dense(4, input_shape=(3,)), layers.ReLU(), layers.Dense(2)]
    )
    return (
        k.Model(stack.inputs, [stack.layers[1].output, stack.output]),
        [_floats(2, 3)],
    )


def subclass(tf: Any) -> Any:
    """A subclass that hands its parent inputs and outputs."""
    k, layers = tf.keras, tf.keras.layers

    class Named(k.Model):
        def __init__(self, units: int) -> None:
            i = k.Input((4,))
            super().__init__(i, layers.Dense(units)(i), name="mine")

    return Named(3), [_floats(2, 4)]


PROGRAMS = [
    two_ends,
    operators,
    more_functions,
    shared,
    nested,
    residual,
    words,
    middle,
    subclass,
]

# A subclass gives its own arguments; of some functions tf.keras writes defaults too, of
# others not all arguments.
UNSAID = (subclass, more_functions)


def described(tf: Any, program: Any) -> dict[str, Any]:
    """What is compared: tables, names, shapes, connections and results."""
    tf.keras.backend.clear_session()
    model, inputs = program(tf)
    for number, weight in enumerate(model.weights):
        weight.assign(_floats(*weight.shape) * (0.3 + 0.1 * number))
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    model.summary(print_fn=lines.append, expand_nested=True, show_trainable=True)
    given = inputs if len(inputs) > 1 else inputs[0]
    found = tf.nest.flatten(model(given))
    return {
        "summary": lines,
        "layers": [layer.name for layer in model.layers],
        "weights": [weight.name for weight in model.weights],
        "inputs": model.input_names,
        "outputs": model.output_names,
        "shapes": [str(model.input_shape), str(model.output_shape)],
        "connections": _connections(model) if program not in UNSAID else [],
        "results": [np.asarray(y).tolist() for y in found],
    }


def _connections(model: Any) -> Any:
    config = model.get_config()
    rows = [[data["name"], _tidy(data["inbound_nodes"])] for data in config["layers"]]
    return [rows, _tidy(config["input_layers"]), _tidy(config["output_layers"])]


def _tidy(value: Any) -> Any:
    """Data as JSON has it, without the names that nobody gave."""
    if isinstance(value, dict):
        kept = {k: _tidy(v) for k, v in value.items()}
        unsaid = {"name": None, "initial_state": None, "out_type": "int32"}
        return {k: v for k, v in kept.items() if k not in unsaid or v != unsaid[k]}
    if isinstance(value, list | tuple):
        return [_tidy(v) for v in value]
    if hasattr(value, "numpy"):
        return _tidy(value.numpy().tolist())
    if hasattr(value, "tolist"):
        return value.tolist()
    return getattr(value, "name", value)
