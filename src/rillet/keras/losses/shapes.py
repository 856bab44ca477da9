"""How targets, predictions and weights are brought to shapes that fit."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import cast
from rillet.ops.rearrange import expand_dims, squeeze

_read_logits = Tensor.__dict__["_keras_logits"].__get__


def logits_of(output: Any) -> Any:
    """What sigmoid or softmax made `output` of, or None."""
    try:
        return _read_logits(output)
    except (AttributeError, TypeError):
        return None


def matched_ranks(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Targets and predictions, one of them without a last axis of size 1 too many."""
    true, pred = y_true.shape, y_pred.shape
    if true.rank is None or pred.rank is None:
        return y_true, y_pred
    more = len(pred) - len(true)
    if more == 1 and pred[-1] == 1:
        return y_true, squeeze(y_pred, [-1])
    if more == -1 and true[-1] == 1:
        return squeeze(y_true, [-1]), y_pred
    return y_true, y_pred


def fitted_weights(weights: Tensor, values: Any) -> Tensor:
    """Weights with the rank of the values they multiply, where one axis is amiss."""
    rank = weights.shape.rank
    if rank is None or not rank:
        return weights
    more = rank - len(values.shape)
    if more == 1 and weights.shape[-1] == 1:
        return squeeze(weights, [-1])
    if more == -1:
        return expand_dims(weights, [-1])
    return weights


def both(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets and predictions as tensors of the predictions' type."""
    if type(y_pred) is not Tensor:
        y_pred = to_tensor(y_pred)
    if type(y_true) is Tensor and y_true._array.dtype is y_pred._array.dtype:
        return y_true, y_pred
    return cast(y_true, y_pred.dtype), y_pred
