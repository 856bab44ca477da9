"""The errors for inputs of types that an op does not take, or that do not mix.

`dispatch` raises them, eager and while tracing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.describe import describe
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.spoken import public_name


def wrong_type(op: Any, index: int, value: Tensor) -> InvalidArgumentError:
    """The error for an input whose type the op does not take."""
    want = op.types[index]
    name = value.dtype.name
    fix = ""
    if (value.dtype.is_integer or value.dtype.is_bool) and want:
        number = "float32" if any(d.kind == "f" for d in want) else "int32"
        number = "int32" if value.dtype.is_bool and np.dtype("i4") in want else number
        if np.dtype(number) in want:
            fix = f"Convert it with tf.cast(x, tf.{number})"
    elif value.dtype.is_floating and np.dtype("i4") in want:
        fix = "Convert it with tf.cast(x, tf.int32)"
    return InvalidArgumentError(
        house_message(
            public_name(op),
            f"it takes no {name} (Value for attr 'T' of {name} is not in the list of"
            " allowed values)",
            f"input #{index} is {describe(value)}; allowed are {want.names()}",
            fix,
        )
    )


def mixed_types(op: Any, x: Tensor, y: Tensor, index: int = 1) -> InvalidArgumentError:
    """The error for two inputs whose types differ: types do not mix silently."""
    return InvalidArgumentError(
        house_message(
            public_name(op),
            f"both operands must have one dtype (cannot compute {op.name} as input"
            f" #{index}(zero-based) was expected to be a {x.dtype.name} tensor but is a"
            f" {y.dtype.name} tensor)",
            f"{describe(x)} and {describe(y)}",
            f"Convert one of them, e.g. tf.cast(x, tf.{_wider(x, y)})",
        )
    )


def _wider(x: Tensor, y: Tensor) -> str:
    """The type of the two to which a cast loses least."""
    if x.dtype.is_floating != y.dtype.is_floating:
        return x.dtype.name if x.dtype.is_floating else y.dtype.name
    return y.dtype.name
