"""Wrapped recurrent cells, run by TensorFlow and by rillet: outputs and states."""

from __future__ import annotations

from typing import Any


def _sums(k: Any) -> Any:
    ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
    return k.SimpleRNNCell(4, activation=None, **ones)


def _gates(k: Any) -> Any:
    ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
    return k.GRUCell(3, **ones)


def _stepped(tf: Any, cell: Any) -> Any:
    """Two steps from zeros, each on ones."""
    found = []
    for _ in range(2):
        out, state = cell(tf.ones([2, 3]), tf.zeros([2, 4]))
        found.append([out.numpy().tolist(), tf.nest.flatten(state)[0].numpy().tolist()])
    return found


def _dropped(tf: Any, **options: Any) -> Any:
    tf.random.set_seed(5)
    wrapped = tf.nn.RNNCellDropoutWrapper(_sums(tf.keras.layers), **options)
    return _stepped(tf, wrapped)


def _sequence(tf: Any, cell: Any) -> Any:
    x = tf.reshape(tf.range(24.0) / 24, [2, 4, 3])
    return tf.keras.layers.RNN(cell, return_sequences=True)(x).numpy().tolist()


def results(tf: Any) -> dict[str, Any]:
    """Numbers by the name of what gave them."""
    k = tf.keras.layers
    steady = {"variational_recurrent": True, "dtype": tf.float32, "seed": 3}
    return {
        "input": _dropped(tf, input_keep_prob=0.5),
        "input seeded": _dropped(tf, input_keep_prob=0.5, seed=3),
        "output": _dropped(tf, output_keep_prob=0.6, seed=3),
        "state": _dropped(tf, state_keep_prob=0.7, seed=3),
        "all": _dropped(
            tf, input_keep_prob=0.5, output_keep_prob=0.6, state_keep_prob=0.7, seed=3
        ),
        "same state": _dropped(tf, state_keep_prob=0.7, **steady),
        "same output": _dropped(tf, output_keep_prob=0.6, **steady),
        "same input": _dropped(tf, input_keep_prob=0.5, input_size=3, **steady),
        "filtered": _dropped(
            tf,
            state_keep_prob=0.5,
            seed=1,
            dropout_state_filter_visitor=lambda s: False,
        ),
        "residual": _sequence(tf, tf.nn.RNNCellResidualWrapper(_gates(k))),
        "own residual": _sequence(
            tf,
            tf.nn.RNNCellResidualWrapper(
                _gates(k), residual_fn=lambda x, y: y - 2.0 * x
            ),
        ),
        "device": _sequence(tf, tf.nn.RNNCellDeviceWrapper(_gates(k), "/cpu:0")),
    }
