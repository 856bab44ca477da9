"""Ragged tensors in layers, losses and metrics: what acts on their flat values.

Layers ask `is_ragged` of their inputs; losses and metrics come here with targets and
predictions of different lengths.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.one_hot import sequence_mask
from rillet.ops.ragged.alignment import deepened, same_rows
from rillet.ops.ragged.dense import from_dense, to_dense
from rillet.ops.ragged.partition import check
from rillet.ops.ragged.rows import RaggedRows
from rillet.ops.rearrange import expand_dims
from rillet.ops.reduce import reduce_mean
from rillet.ops.sizes import shape


def is_ragged(value: Any) -> bool:
    """Whether a value is a ragged tensor."""
    return isinstance(value, RaggedRows)


def any_ragged(*values: Any) -> bool:
    """Whether a ragged tensor is among values."""
    return any(isinstance(v, RaggedRows) for v in values)


def padded(x: Any) -> tuple[Any, Any, Any]:
    """Sequences of different lengths as a tensor, its mask, and the lengths."""
    lengths = x.row_lengths()
    dense = to_dense(x, None, None)
    known = dense.shape[1]
    mask = sequence_mask(lengths, shape(dense)[1] if known is None else known)
    return dense, mask, lengths


def unpadded(outputs: Any, lengths: Any) -> Any:
    """Steps of padded sequences as a ragged tensor."""
    return from_dense(outputs, lengths, None, 1, lengths.dtype)


def flat_pair(owner: str, y_true: Any, y_pred: Any) -> tuple[Any, Any, Any]:
    """Flat targets and predictions, and the ragged tensor whose rows they share.

    Raises:
        ValueError: where their rows differ.
    """
    like = y_pred if isinstance(y_pred, RaggedRows) else y_true
    depth, kind = like.ragged_rank, like._splits.dtype
    pair = []
    for value in (y_true, y_pred):
        if not isinstance(value, RaggedRows):
            value = deepened(to_tensor(value), depth, kind)
        pair.append(value)
    true, pred = pair
    if not same_rows(true, pred):
        for a, b in zip(true.nested_row_splits, pred.nested_row_splits, strict=True):
            if not a.shape.is_compatible_with(b.shape):
                raise ValueError(
                    house_message(
                        owner,
                        "y_true and y_pred have the same rows",
                        f"shapes are {true.shape} and {pred.shape}",
                    )
                )
            check(owner, a == b, "y_true and y_pred have the same rows", a, b)
    return true.flat_values, pred.flat_values, like


def loss_of_rows(
    function: Callable[..., Any], y_true: Any, y_pred: Any, **options: Any
) -> Any:
    """A loss of ragged targets and predictions: one value for each but the last axis.

    Args:
        function: the loss of tensors.
        y_true: the targets.
        y_pred: the predictions.
        **options: what `function` takes besides.
    """
    true, pred, like = flat_pair("loss", y_true, y_pred)
    if pred.shape.rank > 1:
        found = function(true, pred, **options)
        return like._with_flat(found)
    each = function(expand_dims(true, -1), expand_dims(pred, -1), **options)
    return reduce_mean(like._with_flat(each), axis=-1)


def flat_losses(losses: Any, weights: Any) -> tuple[Tensor, Any]:
    """Losses of ragged steps as a vector, weighted where weights are given."""
    if weights is None:
        return losses.flat_values, None
    if not isinstance(weights, RaggedRows):
        weights = to_tensor(weights, hint=losses.dtype)
        while weights.shape.rank and weights.shape.rank < losses.shape.rank:
            weights = expand_dims(weights, -1)
    return (losses * weights).flat_values, None


def joined(parts: Any) -> Any:
    """Batches of predictions one after another: arrays, or ragged tensors."""
    if any_ragged(*parts):
        return concat(list(parts), 0)
    return np.concatenate(parts, axis=0)
