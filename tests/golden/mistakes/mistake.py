"""A beginner's mistake: a short program whose last statement must fail.

The tables stand in `values.py`, `shapes.py`, `names.py`, `layers.py`, `models.py`,
`training.py`, `preparing.py` and `sizes.py`. `make_mistakes.py` runs every program with
real TensorFlow and keeps the exception's class in `mistakes.json`;
`tests/test_mistakes.py` runs it with rillet.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np

PRELUDE = """
f23 = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
i3 = tf.constant([1, 2, 3])
v = tf.Variable([1.0, 2.0, 3.0])
"""

KERAS_PRELUDE = """
keras = tf.keras
layers = keras.layers
x = np.ones([8, 4], "float32")
y = np.arange(8) % 3

def small():
    model = keras.Sequential(
        [layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    model.build((None, 4))
    return model

def ready(**more):
    model = small()
    settings = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **more}
    model.compile(**settings)
    return model
"""


@dataclass(frozen=True)
class Mistake:
    """A row.

    Attributes:
        name: of the row.
        program: its last statement fails; those before it prepare.
        says: a pattern that rillet's message holds.
        here: the exception's class in rillet where it is not TensorFlow's.
        why: the reason for that.
        prelude: what runs first.
    """

    name: str
    program: str
    says: str
    here: str = ""
    why: str = ""
    prelude: str = PRELUDE


@dataclass
class Outcome:
    """What became of a program.

    Attributes:
        error: what its last statement raised, or None.
        before: the value of every variable before the last statement.
        after: the same after it.
    """

    error: BaseException | None
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray]


def rows(table: tuple[tuple[Any, ...], ...], prelude: str = PRELUDE) -> list[Mistake]:
    """The rows of a table of ``(name, program, says[, here, why])``."""
    return [Mistake(*row, prelude=prelude) for row in table]


def run(tf: Any, row: Mistake) -> Outcome:
    """Run a row's program; errors of its preparation are not caught."""
    names: dict[str, Any] = {"tf": tf, "np": np}
    exec(row.prelude, names)
    tree = ast.parse(row.program)
    last = ast.Module(tree.body[-1:], [])
    exec(compile(ast.Module(tree.body[:-1], []), row.name, "exec"), names)
    before = _variables(tf, names)
    error: BaseException | None = None
    try:
        exec(compile(last, row.name, "exec"), names)
    except Exception as raised:
        error = raised
    return Outcome(error, before, _variables(tf, names))


def _variables(tf: Any, names: dict[str, Any]) -> dict[str, np.ndarray]:
    """The values of all variables that the program named, alone or in a layer."""
    found: dict[str, np.ndarray] = {}
    for name, value in names.items():
        if isinstance(value, tf.Variable):
            found[name] = np.array(value.numpy())
        elif hasattr(value, "get_weights") and getattr(value, "built", False):
            for i, weight in enumerate(value.get_weights()):
                found[f"{name}[{i}]"] = np.array(weight)
    return found
