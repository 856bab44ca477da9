"""What string ops share: their inputs as tensors, a function over every element.

Strings are bytes in object arrays. Callers are the other files of strings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.ops.dispatch import is_typed

Array = np.ndarray[Any, Any]


def texts(value: Any) -> Any:
    """A value as a tensor of strings; a tensor of another type as it is.

    Raises:
        TypeError: where a Python value is no string.
    """
    return value if is_typed(value) else to_tensor(value, dtypes.string)


def mapped(function: Callable[[Any], Any], array: Array, dtype: Any = object) -> Array:
    """An array of a function's results for every element."""
    return filled([function(v) for v in array.reshape(-1).tolist()], array.shape, dtype)


def filled(values: list[Any], shape: tuple[int, ...], dtype: Any = object) -> Array:
    """An array of a shape from its elements in row-major order."""
    out = np.empty(len(values), dtype)
    out[:] = values
    return out.reshape(shape)


def not_allowed(op: str, name: str, value: Any, allowed: tuple[str, ...]) -> Exception:
    """The error for an attribute that is none of its values."""
    shown = ", ".join(f'"{v}"' for v in allowed)
    return InvalidArgumentError(
        house_message(
            op,
            f"Value for attr '{name}' of \"{value}\" is not in the list of allowed"
            f" values: {shown}",
        )
    )
