"""`tf.get_static_value`: what is known of a value before any graph runs."""

from __future__ import annotations

from typing import Any

from rillet.core.tensor import Tensor, is_tensor
from rillet.ops.host import is_symbolic


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor, where it is known now.

    Args:
        tensor: a tensor or any other value.
        partial: accepted; a value is known as a whole or not at all.

    Returns:
        A NumPy array, or a NumPy scalar; None for a variable and for a tensor that only
        a running graph computes. What is no tensor comes back as it is.

    Example:
        >>> import rillet as tf
        >>> tf.get_static_value(tf.constant([1, 2])).tolist()
        [1, 2]
    """
    if is_symbolic(tensor):
        return None
    if isinstance(tensor, Tensor):
        array = tensor._array
        return array.copy() if array.ndim else array[()]
    return None if is_tensor(tensor) else tensor
