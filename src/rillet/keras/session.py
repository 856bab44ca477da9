"""What holds for all of Keras at once: names, the learning phase, values of variables.

In: calls of `tf.keras.backend`. Out: names begun anew, the mode that layers run in
where nobody says, arrays.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.keras.call_context import mode
from rillet.keras.naming import reset_names
from rillet.keras.settings import floatx


def clear_session() -> None:
    """Begin the names of layers anew and free what is no longer used.

    Example:
        >>> import rillet as tf
        >>> tf.keras.backend.clear_session()
        >>> tf.keras.layers.Dense(1).name
        'dense'
    """
    reset_names()
    mode.phase = None
    gc.collect()


def learning_phase() -> int:
    """1 where layers run as in training unless told, else 0."""
    return mode.phase or 0


def set_learning_phase(value: int) -> None:
    """Choose the mode of layers that are not told one.

    Args:
        value: 0 for inference, 1 for training.

    Raises:
        ValueError: for another value.
    """
    if value not in (0, 1):
        raise ValueError(
            house_message(
                "set_learning_phase",
                "Expected learning phase to be 0 or 1",
                f"got {value!r}",
            )
        )
    mode.phase = int(value)


@contextmanager
def learning_phase_scope(value: int) -> Iterator[None]:
    """A ``with`` block in which `set_learning_phase` holds."""
    kept = mode.phase
    set_learning_phase(value)
    try:
        yield
    finally:
        mode.phase = kept


def get_value(x: Any) -> Any:
    """The value of a variable or tensor as a NumPy array."""
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: Any) -> None:
    """Give a variable a value."""
    x.assign(np.asarray(value, x.dtype.numpy_dtype))


def batch_get_value(tensors: Any) -> list[Any]:
    """The values of several variables as NumPy arrays."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Any) -> None:
    """Give several variables values: pairs of a variable and a value."""
    for x, value in tuples:
        set_value(x, value)


def cast_to_floatx(x: Any) -> Any:
    """A NumPy array or tensor in Keras's float type."""
    if hasattr(x, "numpy"):
        return to_tensor(x.numpy().astype(floatx()))
    return np.asarray(x, dtype=floatx())


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a placeholder of `keras.Input`."""
    return type(x).__name__ == "KerasTensor"


def backend() -> str:
    """The name of the backend that programs test for."""
    return "tensorflow"
