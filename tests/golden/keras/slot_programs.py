"""Which variables optimizers keep, old and new: names, shapes and their order.

Each function of `PROGRAMS` takes the module and gives names with shapes;
`make_training.py` keeps what tf.keras gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SGD", {}),
    ("SGD", {"momentum": 0.5}),
    ("SGD", {"momentum": 0.5, "nesterov": True, "name": "down"}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Ftrl", {}),
)


def _listed(optimizer: Any) -> dict[str, Any]:
    held = optimizer.variables
    held = held() if callable(held) else held
    return {v.name: v.shape.as_list() for v in held}


def fitted(tf: Any, home: Any) -> dict[str, Any]:
    """What optimizers keep after a step of `fit`."""
    found = {}
    for name, options in ROWS:
        layer = tf.keras.layers.Dense(1, input_shape=(2,), name="d")
        model = tf.keras.Sequential([layer])
        model.compile(getattr(home, name)(**options), "mse")
        model.fit(np.ones([2, 2]), np.ones([2, 1]), verbose=0)
        found[f"{name} {options}"] = _listed(model.optimizer)
    return found


def built(tf: Any) -> dict[str, Any]:
    """What new optimizers keep that `build` was called of."""
    found = {}
    for name, options in ROWS:
        optimizer = getattr(tf.keras.optimizers, name)(**options)
        optimizer.build([tf.Variable([1.0, 2.0], name="v")])
        found[f"{name} {options}"] = _listed(optimizer)
    return found


PROGRAMS = {
    "new": lambda tf: fitted(tf, tf.keras.optimizers),
    "legacy": lambda tf: fitted(tf, tf.keras.optimizers.legacy),
    "built": built,
}
