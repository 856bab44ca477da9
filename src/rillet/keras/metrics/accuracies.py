"""How often predictions are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int32
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.metrics.means import MeanMetricWrapper
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.compare import equal, greater, greater_equal, less, logical_and
from rillet.ops.elementwise import abs, cast
from rillet.ops.gather import gather
from rillet.ops.mask import where
from rillet.ops.positions import argmax
from rillet.ops.rearrange import expand_dims, squeeze
from rillet.ops.reduce import mean_op
from rillet.ops.shaping import reduce_sum, reshape, static_dims


@builtin("metric", "acc", "ACC")
def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where predictions equal targets, else 0; element by element.

    Raises:
        ValueError: where the shapes differ.
    """
    y_true, y_pred = to_tensor(y_true), to_tensor(y_pred)
    if not y_true.shape.is_compatible_with(y_pred.shape):
        raise ValueError(
            house_message(
                "metrics.accuracy",
                f"Shapes {y_pred.shape} and {y_true.shape} are incompatible",
                "predictions and targets must have the same shape",
            )
        )
    return cast(equal(y_pred, cast(y_true, y_pred.dtype)), floatx())


@builtin("metric")
def binary_accuracy(y_true: Any, y_pred: Any, threshold: Any = 0.5) -> Tensor:
    """How many of the last axis are right, where predictions above a threshold mean 1.

    Args:
        y_true: targets 0 or 1, ``(batch, ..., values)``.
        y_pred: predictions of the same shape.
        threshold: above which a prediction means 1.

    Returns:
        Values ``(batch, ...)``.

    Example:
        >>> import rillet as tf
        >>> right = tf.keras.metrics.binary_accuracy([[1], [0]], [[0.6], [0.7]])
        >>> right.numpy().tolist()
        [1.0, 0.0]
    """
    y_pred = to_tensor(y_pred)
    said = cast(greater(y_pred, cast(threshold, y_pred.dtype)), y_pred.dtype)
    return mean_op(cast(equal(cast(y_true, said.dtype), said), floatx()), -1)


@builtin("metric")
def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the greatest prediction stands where the greatest target does, else 0.

    Args:
        y_true: one-hot targets, ``(batch, ..., classes)``.
        y_pred: predictions of the same shape.

    Returns:
        Values ``(batch, ...)``.
    """
    return _matches(argmax(y_true, axis=-1), to_tensor(y_pred))


@builtin("metric")
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the greatest prediction stands where the target says, else 0.

    Args:
        y_true: classes, ``(batch, ...)`` or ``(batch, ..., 1)``.
        y_pred: predictions, ``(batch, ..., classes)``.

    Returns:
        Values of the shape of `y_true`, without a last axis of size 1.

    Example:
        >>> import rillet as tf
        >>> right = tf.keras.metrics.sparse_categorical_accuracy
        >>> right([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]).numpy().tolist()
        [0.0, 1.0]
    """
    y_true, y_pred = to_tensor(y_true), to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape):
        y_true = squeeze(y_true, [-1])
    return _matches(y_true, y_pred)


def _matches(labels: Tensor, y_pred: Tensor) -> Tensor:
    """1 where the greatest prediction stands where the label says, else 0."""
    said = argmax(y_pred, axis=-1)
    if said.dtype is not labels.dtype:
        said = cast(said, labels.dtype)
    return cast(equal(labels, said), floatx())


@builtin("metric")
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the one-hot target is among the k greatest predictions, else 0."""
    return sparse_top_k_categorical_accuracy(argmax(y_true, axis=-1), y_pred, k)


@builtin("metric")
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the target's class is among the k greatest predictions, else 0.

    Args:
        y_true: classes, ``(batch, ...)``.
        y_pred: predictions, ``(batch, ..., classes)``.
        k: how many predictions count; equal ones count together.

    Returns:
        Values of the shape of `y_true`.
    """
    y_true, y_pred = to_tensor(y_true), to_tensor(y_pred)
    dims = static_dims(y_true)
    columns = static_dims(y_pred)[-1]
    rows = reshape(y_pred, (-1, columns))
    labels = cast(reshape(y_true, (-1,)), int32)
    known = logical_and(greater_equal(labels, 0), less(labels, columns))
    safe = where(known, labels, 0)
    mine = gather(rows, expand_dims(safe, 1), axis=1, batch_dims=1)
    above = reduce_sum(cast(greater(rows, mine), int32), axis=1)
    finite = less(abs(reshape(mine, (-1,))), cast(np.inf, rows.dtype))
    right = logical_and(logical_and(less(above, k), known), finite)
    return reshape(cast(right, floatx()), dims)


class _Right(MeanMetricWrapper):
    """The mean of one of these functions."""

    _function: Any
    _default_name = ""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(type(self)._function, name or self._default_name, dtype=dtype)


@builtin("metric")
class Accuracy(_Right):
    """How often predictions equal targets.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.metrics.Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]))
        0.75
    """

    _function = staticmethod(accuracy)
    _default_name = "accuracy"


@builtin("metric")
class CategoricalAccuracy(_Right):
    """How often the greatest prediction is that of the one-hot target."""

    _function = staticmethod(categorical_accuracy)
    _default_name = "categorical_accuracy"


@builtin("metric")
class SparseCategoricalAccuracy(_Right):
    """How often the greatest prediction is that of the target's class.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.SparseCategoricalAccuracy()
        >>> float(m([[2], [1]], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]]))
        0.5
    """

    _function = staticmethod(sparse_categorical_accuracy)
    _default_name = "sparse_categorical_accuracy"


@builtin("metric")
class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions, as 0 or 1, equal targets.

    Args:
        name: a name.
        dtype: the type of the state.
        threshold: above which a prediction means 1.
    """

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: Any = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(binary_accuracy, name, dtype=dtype, threshold=threshold)


@builtin("metric")
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot target is among the k greatest predictions.

    Args:
        k: how many predictions count.
        name: a name.
        dtype: the type of the state.
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "top_k_categorical_accuracy",
        dtype: Any = None,
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype=dtype, k=k)


@builtin("metric")
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the target's class is among the k greatest predictions.

    Args:
        k: how many predictions count.
        name: a name.
        dtype: the type of the state.
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype=dtype, k=k)
