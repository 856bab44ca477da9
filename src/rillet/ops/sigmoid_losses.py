"""Cross-entropies of logits of the sigmoid; `softmax` has those of several classes.

In flow labels and logits of one shape, out a loss an element. `tf.nn` shows these
functions; Keras's losses and the sampled losses call them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import add_op, exp_op, maximum_op, mul_op, neg_op, sub_op
from rillet.ops.transcendental import log1p_op


@dispatched
def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """max(x, 0) - x·z + log(1 + e^-|x|): binary cross-entropy of logits x, labels z.

    Args:
        labels: probabilities, of the shape and type of `logits`.
        logits: a float tensor.
        name: ignored when eager.

    Returns:
        A tensor of that shape, finite for any finite logit.

    Raises:
        ValueError: where the shapes differ.
    """
    logits = to_tensor(logits)
    labels = to_tensor(labels, hint=logits.dtype)
    _same_shape("sigmoid_cross_entropy_with_logits", logits, labels)
    zero = Tensor(np.zeros((), logits.dtype.numpy_dtype))
    magnitude = maximum_op(logits, neg_op(logits))
    tail = log1p_op(exp_op(neg_op(magnitude)))
    return add_op(sub_op(maximum_op(logits, zero), mul_op(logits, labels)), tail)


def weighted_cross_entropy_with_logits(
    labels: Any, logits: Any, pos_weight: Any, name: str | None = None
) -> Tensor:
    """Sigmoid cross-entropy in which positives count `pos_weight` times.

    Args:
        labels: probabilities, of the shape and type of `logits`.
        logits: a float tensor.
        pos_weight: the factor of the positive part.
        name: ignored when eager.

    Returns:
        A tensor of that shape.

    Raises:
        ValueError: where the shapes differ.
    """
    logits = to_tensor(logits)
    labels = to_tensor(labels, hint=logits.dtype)
    _same_shape("weighted_cross_entropy_with_logits", logits, labels)
    zero = Tensor(np.zeros((), logits.dtype.numpy_dtype))
    factor = sub_op(to_tensor(pos_weight, hint=logits.dtype), 1.0)
    weight = add_op(mul_op(factor, labels), 1.0)
    magnitude = maximum_op(logits, neg_op(logits))
    tail = add_op(log1p_op(exp_op(neg_op(magnitude))), maximum_op(neg_op(logits), zero))
    return add_op(mul_op(sub_op(1.0, labels), logits), mul_op(weight, tail))


def _same_shape(op: str, logits: Any, labels: Any) -> None:
    if tuple(logits.shape) != tuple(labels.shape):
        raise ValueError(
            house_message(
                op,
                "`logits` and `labels` must have the same shape",
                f"received ({logits.shape} vs {labels.shape})",
            )
        )
