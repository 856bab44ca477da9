"""Host inputs: sizes, axes and permutations as plain Python values.

Public functions pass what users give (ints, lists, NumPy arrays, tensors) through here
before calling a record. A symbolic tensor passes as it is: the graph computes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.errors import OperandTypeError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor


def is_symbolic(value: Any) -> bool:
    """Whether a value is known only when a graph runs."""
    return (
        isinstance(value, Tensor)
        and type(value) is not Tensor
        and getattr(value, "known", None) is None
    )


def plain(value: Any) -> Any:
    """`value` without tensors: an int, float, bool, bytes, tuple or array."""
    if type(value) is int or value is None:
        return value
    if hasattr(value, "_dense_tensor"):
        value = value._dense_tensor()
    if is_symbolic(value):
        return value
    if isinstance(value, Tensor):
        return value._array
    return value


def integer(op: str, name: str, value: Any) -> Any:
    """One integer.

    Raises:
        TypeError: where `value` is none.
    """
    if type(value) is int:
        return value
    value = plain(value)
    if is_symbolic(value):
        return value
    try:
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(())[()]
        return int(value.__index__())
    except (AttributeError, TypeError):
        raise OperandTypeError(
            house_message(
                op,
                f"`{name}` must be an integer",
                f"got {value!r} of type {type(value).__name__}",
            )
        ) from None


def integers(op: str, name: str, value: Any) -> Any:
    """Several integers, as a tuple; one becomes a tuple of one.

    A list that holds symbolic tensors becomes one symbolic vector.

    Raises:
        TypeError: where an element is no integer.
    """
    if type(value) is int:
        return (value,)
    if type(value) is list or type(value) is tuple:
        if all([type(v) is int for v in value]):
            return tuple(value)
    elif isinstance(value, TensorShape):
        value = value.as_list()
    value = plain(value)
    if is_symbolic(value):
        stack = context.service("ops.stack") if value.shape.rank == 0 else None
        return stack([value]) if stack else value
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "iu" and value.size:
            raise OperandTypeError(
                house_message(
                    op, f"`{name}` must be integers", f"their dtype is {value.dtype}"
                )
            )
        return tuple(value.reshape(-1).astype(np.int64).tolist())
    if not isinstance(value, list | tuple | range):
        return (integer(op, name, value),)
    if any(is_symbolic(v) for v in value):
        stack = context.service("ops.stack")
        return stack(list(value)) if stack else value
    if any(isinstance(v, list | tuple) for v in value):
        raise OperandTypeError(
            house_message(
                op, f"`{name}` is one integer or a flat list of them", f"got {value!r}"
            )
        )
    return tuple([integer(op, name, v) for v in value])


def axis_or_none(op: str, value: Any) -> Any:
    """A reduction's axis: None, an int or a tuple of ints."""
    if value is None or type(value) is int:
        return value
    scalar = not isinstance(value, list | tuple | range) and np.ndim(plain(value)) == 0
    if is_symbolic(plain(value)):
        return plain(value)
    return integer(op, "axis", value) if scalar else integers(op, "axis", value)
