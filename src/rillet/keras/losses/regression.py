"""Losses of numbers: distances between predictions and targets.

Each takes `y_true` and `y_pred` of shape ``(batch, ..., values)`` and gives a loss an
example, ``(batch, ...)``. Integer targets take the predictions' type.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.keras.losses.shapes import both
from rillet.keras.serialization import builtin
from rillet.keras.settings import epsilon, floatx
from rillet.ops.arithmetic import l2_normalize, squared_difference_op
from rillet.ops.clip import clip_by_value
from rillet.ops.compare import less_equal
from rillet.ops.elementwise import abs, cast, log, maximum, square, sub_op
from rillet.ops.mask import where
from rillet.ops.reduce import mean_op
from rillet.ops.shaping import reduce_sum
from rillet.ops.transcendental import softplus


@builtin("loss", "mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of (y_pred - y_true)² over the last axis.

    Example:
        >>> import rillet as tf
        >>> tf.keras.losses.mean_squared_error([[0., 1.]], [[1., 1.]]).numpy().tolist()
        [0.5]
    """
    y_true, y_pred = both(y_true, y_pred)
    return mean_op.run(squared_difference_op.run(y_pred, y_true), -1)


@builtin("loss", "mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of |y_pred - y_true| over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    return mean_op.run(abs(sub_op.run(y_pred, y_true)), -1)


@builtin("loss", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 times the mean of |y_true - y_pred| / |y_true| over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    parts = abs((y_true - y_pred) / maximum(abs(y_true), epsilon()))
    return 100.0 * mean_op(parts, -1)


@builtin("loss", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of (log(y_true + 1) - log(y_pred + 1))² over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    predicted = log(maximum(y_pred, epsilon()) + 1.0)
    wanted = log(maximum(y_true, epsilon()) + 1.0)
    return mean_op(squared_difference_op(predicted, wanted), -1)


@builtin("loss", "huber_loss")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """The mean of Huber's function: e²/2 up to delta, delta · |e| - delta²/2 beyond.

    Args:
        y_true: the targets.
        y_pred: the predictions.
        delta: where the square ends.

    Source: Huber, 1964.
    """
    y_pred, y_true = cast(y_pred, floatx()), cast(y_true, floatx())
    bound = cast(delta, floatx())
    error = y_pred - y_true
    size = abs(error)
    inner = 0.5 * square(error)
    outer = bound * size - 0.5 * square(bound)
    return mean_op(where(less_equal(size, bound), inner, outer), -1)


@builtin("loss", "logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of log(cosh(y_pred - y_true)) over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    x = y_pred - y_true
    return mean_op(x + softplus(-2.0 * x) - cast(math.log(2.0), x.dtype), -1)


@builtin("loss", "kullback_leibler_divergence", "kld", "KLD")
def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Σ y_true · log(y_true / y_pred) over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    wanted = clip_by_value(y_true, epsilon(), 1)
    predicted = clip_by_value(y_pred, epsilon(), 1)
    return reduce_sum(wanted * log(wanted / predicted), axis=-1)


@builtin("loss")
def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of y_pred - y_true · log(y_pred) over the last axis."""
    y_true, y_pred = both(y_true, y_pred)
    return mean_op(y_pred - y_true * log(y_pred + epsilon()), -1)


@builtin("loss", "cosine_proximity")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between targets and predictions.

    Args:
        y_true: the targets.
        y_pred: the predictions.
        axis: the axis of the vectors.
    """
    y_true, y_pred = to_tensor(y_true), to_tensor(y_pred)
    wanted, predicted = l2_normalize(y_true, axis), l2_normalize(y_pred, axis)
    return -reduce_sum(wanted * predicted, axis=axis)
