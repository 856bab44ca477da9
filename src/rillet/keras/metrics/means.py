"""Sums and means over all batches, of values and of functions of predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.arguments import note_arguments
from rillet.keras.call_context import mask_of, mode
from rillet.keras.composites import any_ragged, flat_pair
from rillet.keras.lookup import found
from rillet.keras.losses.base import masked_weights
from rillet.keras.losses.reduction import Reduction
from rillet.keras.losses.shapes import fitted_weights, matched_ranks
from rillet.keras.metrics.base import Metric
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import cast, divide_no_nan, mul_op
from rillet.ops.filling import ones_like, zeros
from rillet.ops.reduce import reduce_mean
from rillet.ops.shaping import broadcast_to, reduce_sum, static_dims, sum_op
from rillet.ops.sizes import size_op

_SUM = "sum"
_MEAN = "weighted_mean"
_BATCH = "sum_over_batch_size"


class Reduce(Metric):
    """The sum of values over all batches, and how many there were.

    Args:
        reduction: ``"sum"``, ``"weighted_mean"`` or ``"sum_over_batch_size"``.
        name: a name.
        dtype: the type of the state.
    """

    def __init__(self, reduction: str, name: str | None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.reduction = reduction
        self.total = self.add_weight("total")
        if reduction != _SUM:
            self.count = self.add_weight("count")

    def update_state(self, values: Any, sample_weight: Any = None) -> Any:
        """Add values.

        Args:
            values: a tensor of any shape.
            sample_weight: a number, or weights that broadcast to `values`; where they
                have fewer axes, values are reduced first.
        """
        kind = as_dtype(self._dtype)
        values = _typed(values, kind)
        weights = None
        if sample_weight is not None:
            values, weights = weighed(values, sample_weight, kind, self.reduction)
            values = mul_op(values, weights)
        self.total.assign_add(sum_op(values, None), read_value=False)
        if self.reduction == _SUM:
            return
        if weights is None or self.reduction == _BATCH:
            count: Any = _size(values, kind)
        else:
            count = sum_op(weights, None)
        self.count.assign_add(count, read_value=False)

    def result(self) -> Tensor:
        """The sum, or the mean; 0 where there was nothing yet."""
        if self.reduction == _SUM:
            return self.total.read_value()
        return divide_no_nan(self.total, self.count)


def _typed(values: Any, kind: Any) -> Any:
    if type(values) is Tensor and values._array.dtype is kind.numpy_dtype:
        return values
    return cast(values, kind)


def _size(values: Any, kind: Any) -> Any:
    """How many values there are, in the type of the sum."""
    if type(values) is not Tensor:
        return cast(size_op.run(values), kind)
    return Tensor(np.array(values._array.size, kind.numpy_dtype))


def weighed(values: Any, sample_weight: Any, kind: Any, reduction: str) -> Any:
    """Values and weights of one shape.

    Weights with fewer axes than the values count for whole parts of them, whose sum or
    mean is taken then.
    """
    weights = fitted_weights(_typed(sample_weight, kind), values)
    mine, theirs = static_dims(values), static_dims(weights)
    if len(theirs) in (0, len(mine)):
        if all(_stretches(w, v) for v, w in zip(mine, theirs, strict=False)):
            return values, broadcast_to(weights, mine)
    if len(theirs) < len(mine):
        extra = tuple(range(len(theirs), len(mine)))
        fold = reduce_sum if reduction == _SUM else reduce_mean
        return fold(values, axis=extra), weights
    return values, weights


def _stretches(weight: Any, value: Any) -> bool:
    """Whether an axis of weights may go with one of values, as far as is known."""
    if type(weight) is not int or type(value) is not int:
        return True
    return weight in (1, value)


@builtin("metric")
class Sum(Reduce):
    """The sum of all values.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.Sum()
        >>> m.update_state([1., 3.])
        >>> float(m.result())
        4.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(_SUM, name, dtype)


@builtin("metric")
class Mean(Reduce):
    """The mean of all values, weighted where weights are given.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.Mean()
        >>> m.update_state([1., 3.])
        >>> m.update_state([5.], sample_weight=2.)
        >>> float(m.result())
        3.5
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(_MEAN, name, dtype)


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Args:
        fn: a function ``(y_true, y_pred, **kwargs)``.
        name: a name.
        dtype: the type of the state.
        **kwargs: what the function is called with besides.
    """

    _fn_kwargs: dict[str, Any]

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self.__dict__["_fn_kwargs"] = kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Take a batch into account.

        Args:
            y_true: the targets.
            y_pred: the predictions.
            sample_weight: a number, or weights of the batch's examples.
        """
        kind = as_dtype(self._dtype)
        if any_ragged(y_true, y_pred):
            y_true, y_pred, _ = flat_pair(self.name, y_true, y_pred)
        y_true, y_pred = _typed(y_true, kind), _typed(y_pred, kind)
        y_true, y_pred = matched_ranks(y_true, y_pred)
        try:
            values = context.to_call(self._fn)(y_true, y_pred, **self._fn_kwargs)
        except TypeError as error:
            given = (y_true, y_pred)
            note_arguments(self._fn, error, "a metric", given, self._fn_kwargs)
            raise
        if mode.masks and isinstance(values, Tensor):
            mask = mask_of(values)
            if mask is not None:
                sample_weight = masked_weights(
                    values, sample_weight, mask, Reduction.NONE
                )
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is MeanMetricWrapper:
            config["fn"] = self._fn
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A metric from what `get_config` gave."""
        given = dict(config)
        function = given.pop("fn", None)
        if cls is MeanMetricWrapper:
            return cls(found("metric", function), **given)
        return cls(**given)


@builtin("metric")
class MeanTensor(Metric):
    """The mean of tensors of one shape, element by element.

    Args:
        name: a name.
        dtype: the type of the state.
        shape: the shape; that of the first tensor where None.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.MeanTensor()
        >>> m.update_state([0., 1.])
        >>> m.update_state([2., 3.])
        >>> m.result().numpy().tolist()
        [1.0, 2.0]
    """

    def __init__(
        self, name: str | None = "mean_tensor", dtype: Any = None, shape: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._total: Variable | None = None
        self._count: Variable | None = None
        if shape is not None:
            self._make(as_shape(shape))

    def _make(self, shape: Any) -> None:
        self._total = self.add_weight("total", shape=shape)
        self._count = self.add_weight("count", shape=shape)

    @property
    def total(self) -> Variable | None:
        """The sums, or None where nothing came yet."""
        return self._total

    @property
    def count(self) -> Variable | None:
        """The sums of weights, or None where nothing came yet."""
        return self._count

    def update_state(self, values: Any, sample_weight: Any = None) -> Any:
        """Add a tensor.

        Raises:
            ValueError: where it has another shape than the first.
        """
        kind = as_dtype(self._dtype)
        values = _typed(to_tensor(values), kind)
        if self._total is None:
            self._make(values.shape)
        if self._total is None or self._count is None:
            return
        if self._total.shape != values.shape:
            raise ValueError(
                house_message(
                    "MeanTensor",
                    "MeanTensor input values must always have the same shape",
                    f"Expected shape (set during the first call): {self._total.shape},"
                    f" got {values.shape}",
                )
            )
        counts = ones_like(values)
        if sample_weight is not None:
            values, weights = weighed(values, sample_weight, kind, _MEAN)
            counts, values = counts * weights, values * weights
        self._total.assign_add(values, read_value=False)
        self._count.assign_add(counts, read_value=False)

    def result(self) -> Tensor:
        """The means.

        Raises:
            ValueError: where nothing came yet.
        """
        if self._total is None:
            raise ValueError(
                house_message(
                    "MeanTensor",
                    "MeanTensor does not have any value yet",
                    fix="Call the MeanTensor instance or use `.update_state(value)`"
                    " before retrieving the result",
                )
            )
        return divide_no_nan(self._total, self._count)

    def reset_state(self) -> None:
        """Start anew."""
        for variable in (self._total, self._count):
            if variable is not None:
                variable.assign(zeros(variable.shape, variable.dtype))


context.register_service("keras.mean_metric", Mean)
