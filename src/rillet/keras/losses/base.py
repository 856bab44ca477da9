"""Losses as objects: a function of targets and predictions, and how it is reduced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from rillet.core.context import to_call
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.arguments import note_arguments
from rillet.keras.call_context import mask_of, mode
from rillet.keras.composites import any_ragged, loss_of_rows
from rillet.keras.lookup import found
from rillet.keras.losses.reduction import Reduction, compute_weighted_loss, reduced
from rillet.keras.losses.shapes import fitted_weights, matched_ranks
from rillet.keras.serialization import get_registered_name
from rillet.ops.compare import logical_and
from rillet.ops.elementwise import cast, div_no_nan_op
from rillet.ops.shaping import sum_op
from rillet.ops.sizes import size_op


class Loss:
    """A loss, `tf.keras.losses.Loss`; subclasses define `call`.

    Args:
        reduction: how the losses of examples become one number; see `Reduction`.
        name: a name.

    Raises:
        ValueError: for another reduction.

    Example:
        >>> import rillet as tf
        >>> class Cubes(tf.keras.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return tf.reduce_mean(tf.abs(y_pred - y_true) ** 3, axis=-1)
        >>> float(Cubes()(tf.constant([[0.], [0.]]), tf.constant([[1.], [2.]])))
        4.5
    """

    def __init__(
        self, reduction: str = Reduction.AUTO, name: str | None = None
    ) -> None:
        Reduction.validate(reduction)
        self.reduction = reduction
        self.name = name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss of a batch.

        Args:
            y_true: the targets, ``(batch, ...)``.
            y_pred: the predictions, ``(batch, ...)``.
            sample_weight: a number, or weights ``(batch,)`` or ``(batch, ...)`` that
                the losses are multiplied by.

        Returns:
            A scalar; with the reduction ``"none"`` a loss an example.

        Raises:
            InvalidArgumentError: where shapes do not fit.
        """
        losses = to_call(self.call)(y_true, y_pred)
        if losses is None:
            named = self.name is not None and self.name.isidentifier()
            raise ValueError(
                house_message(
                    str(self.name) if named else type(self).__name__,
                    "a loss must give a number or one an example (None values not"
                    " supported)",
                    "it returned None",
                    "End it with `return losses`",
                )
            )
        reduction = self.reduction
        if reduction == Reduction.AUTO:
            reduction = Reduction.SUM_OVER_BATCH_SIZE
        if mode.masks:
            mask = _mask(y_pred, losses)
            if mask is not None:
                sample_weight = masked_weights(losses, sample_weight, mask, reduction)
        if sample_weight is None and type(losses) is Tensor:
            if losses._array.dtype.kind == "f":
                return reduced(losses, reduction)
        return compute_weighted_loss(losses, sample_weight, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses of the examples; subclasses define it."""
        raise NotImplementedError(
            house_message(
                type(self).__name__, "Must be implemented in subclasses: `call`"
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"reduction": self.reduction, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A loss from what `get_config` gave."""
        return cls(**config)


def _mask(y_pred: Any, losses: Any) -> Any:
    found = [mask_of(x) for x in (y_pred, losses) if isinstance(x, Tensor)]
    masks = [m for m in found if m is not None]
    if len(masks) == 2 and masks[0].shape.rank == masks[1].shape.rank:
        return logical_and(masks[0], masks[1])
    return masks[0] if masks else None


def masked_weights(
    losses: Any, sample_weight: Any, mask: Any, reduction: str
) -> Tensor:
    """Weights that are 0 where the mask is false.

    Where losses are averaged the rest grows, so that the mean is one of the examples
    that count.
    """
    mask = cast(mask, losses.dtype)
    if reduction in (Reduction.AUTO, Reduction.SUM_OVER_BATCH_SIZE):
        total = cast(size_op.run(mask), mask.dtype)
        mask = mask * div_no_nan_op(total, sum_op(mask, None))
    if sample_weight is None:
        return mask
    weights = fitted_weights(cast(sample_weight, losses.dtype), mask)
    return weights * mask


class LossFunctionWrapper(Loss):
    """A loss object around a function of targets and predictions.

    Args:
        fn: a function ``(y_true, y_pred, **kwargs)`` that gives a loss an example.
        reduction: as of `Loss`.
        name: a name.
        **kwargs: what the function is called with besides.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str = Reduction.AUTO,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses of the examples."""
        if isinstance(y_pred, Tensor | Variable) and isinstance(
            y_true, Tensor | Variable
        ):
            if isinstance(y_pred, Variable):
                y_pred = to_tensor(y_pred)
            if isinstance(y_true, Variable):
                y_true = to_tensor(y_true)
            y_true, y_pred = matched_ranks(y_true, y_pred)
        elif any_ragged(y_true, y_pred):
            return loss_of_rows(to_call(self.fn), y_true, y_pred, **self._fn_kwargs)
        try:
            return to_call(self.fn)(y_true, y_pred, **self._fn_kwargs)
        except TypeError as error:
            note_arguments(self.fn, error, "a loss", (y_true, y_pred), self._fn_kwargs)
            raise

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = {**self._fn_kwargs, "fn": get_registered_name(self.fn)}
        return {**config, **super().get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A loss from what `get_config` gave."""
        given = dict(config)
        function = given.pop("fn", None)
        if cls is LossFunctionWrapper:
            given["fn"] = found("loss", function)
        return cls(**given)
