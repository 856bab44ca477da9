"""Losses of margins: how far predictions lie on the right side.

Shapes as in `regression`. Targets 0 and 1 become -1 and 1.
"""

from __future__ import annotations

from typing import Any

from rillet.core.tensor import Tensor
from rillet.keras.losses.shapes import both
from rillet.keras.serialization import builtin
from rillet.ops.compare import equal, logical_or
from rillet.ops.elementwise import maximum, square
from rillet.ops.mask import where
from rillet.ops.reduce import mean_op, reduce_all, reduce_max
from rillet.ops.shaping import reduce_sum


def _signs(y_true: Tensor) -> Tensor:
    """Targets as -1 and 1, where all of them are 0 or 1."""
    binary = reduce_all(logical_or(equal(y_true, 0.0), equal(y_true, 1.0)))
    return where(binary, 2.0 * y_true - 1.0, y_true)


@builtin("loss")
def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of max(1 - y_true · y_pred, 0) over the last axis.

    Example:
        >>> import rillet as tf
        >>> tf.keras.losses.hinge([[-1., 1.]], [[-2., 0.5]]).numpy().tolist()
        [0.25]
    """
    y_true, y_pred = both(y_true, y_pred)
    return mean_op(maximum(1.0 - _signs(y_true) * y_pred, 0.0), -1)


@builtin("loss")
def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of max(1 - y_true · y_pred, 0)² over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    return mean_op(square(maximum(1.0 - _signs(y_true) * y_pred, 0.0)), -1)


@builtin("loss")
def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(greatest prediction of another class - that of the right one + 1, 0)."""
    y_true, y_pred = both(y_true, y_pred)
    right = reduce_sum(y_true * y_pred, axis=-1)
    wrong = reduce_max((1.0 - y_true) * y_pred, axis=-1)
    return maximum(wrong - right + 1.0, 0.0)
