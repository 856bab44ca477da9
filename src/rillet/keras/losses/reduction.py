"""From the losses of a batch's examples to one number."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import float32
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.composites import flat_losses, is_ragged
from rillet.keras.losses.shapes import fitted_weights
from rillet.ops.elementwise import cast, div_no_nan_op, mul_op
from rillet.ops.reduce import mean_op
from rillet.ops.shaping import sum_op
from rillet.ops.sizes import size_op


class Reduction:
    """How the losses of examples become one number, `tf.keras.losses.Reduction`."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Every way there is."""
        return (cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)

    @classmethod
    def validate(cls, key: Any) -> None:
        """Refuse what is no way.

        Raises:
            ValueError: where `key` is none of `all`.
        """
        if key not in cls.all():
            raise ValueError(
                house_message(
                    "Reduction",
                    f"Invalid Reduction Key: {key}",
                    f'Expected keys are "{cls.all()}"',
                )
            )


def compute_weighted_loss(
    losses: Any,
    sample_weight: Any = None,
    reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
    name: str | None = None,
) -> Tensor:
    """Losses times weights, reduced.

    Args:
        losses: a tensor ``(batch, ...)``.
        sample_weight: a number, or weights that broadcast to `losses`, with an axis of
            size 1 more or less.
        reduction: one of `Reduction`'s ways.
        name: ignored when eager.

    Returns:
        A scalar; with ``"none"`` a tensor of the shape of `losses`.

    Raises:
        InvalidArgumentError: where the weights do not broadcast.
    """
    Reduction.validate(reduction)
    if is_ragged(losses) and reduction != Reduction.NONE:
        losses, sample_weight = flat_losses(losses, sample_weight)
    elif is_ragged(losses):
        return losses if sample_weight is None else losses * sample_weight
    losses = to_tensor(losses)
    kind = losses.dtype
    if not kind.is_floating:
        losses = cast(losses, float32)
    if sample_weight is not None:
        weights = fitted_weights(cast(sample_weight, losses.dtype), losses)
        losses = mul_op(losses, weights)
    found = reduced(losses, reduction)
    return found if found.dtype is kind else cast(found, kind)


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Weighted losses as one number, or as they are; the mean of none is 0."""
    if reduction == Reduction.NONE:
        return losses
    if reduction == Reduction.SUM:
        return sum_op.run(losses, None)
    if type(losses) is Tensor and losses._array.size:
        return mean_op.run(losses, None)
    return div_no_nan_op(sum_op(losses, None), cast(size_op(losses), losses.dtype))
