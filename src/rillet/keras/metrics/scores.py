"""F-scores and R squared: state as wide as the predictions, made on the first batch."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.keras.metrics.base import Metric
from rillet.keras.serialization import builtin
from rillet.ops.compare import greater, greater_equal, is_inf, logical_and
from rillet.ops.elementwise import abs, cast, divide_no_nan, square
from rillet.ops.mask import where
from rillet.ops.rearrange import expand_dims
from rillet.ops.reduce import reduce_max, reduce_mean
from rillet.ops.shaping import reduce_sum

_AVERAGES = (None, "micro", "macro", "weighted")
_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@builtin("metric")
class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall.

    Args:
        average: None for a score a class, ``"micro"``, ``"macro"`` or ``"weighted"``.
        beta: how much more recall weighs than precision.
        threshold: above which a prediction says yes; the greatest one where None.
        name: a name.
        dtype: the type of the state.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.FBetaScore(beta=2.0, threshold=0.5)
        >>> m([[1, 1], [1, 0]], [[0.9, 0.2], [0.8, 0.6]]).numpy().tolist()
        [1.0, 0.0]
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        rule = ""
        if average not in _AVERAGES:
            rule = f"`average` must be one of {_AVERAGES}"
        elif not isinstance(beta, float) or beta <= 0:
            rule = "`beta` must be a float above 0"
        elif threshold is not None and not (
            isinstance(threshold, float) and 0 < threshold <= 1
        ):
            rule = "`threshold` must be a float in (0, 1]"
        if rule:
            values = f"average={average!r}, beta={beta!r}, threshold={threshold!r}"
            raise ValueError(house_message(type(self).__name__, rule, values))
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self.built = False

    def _make(self, width: int | None) -> None:
        size = () if self.axis is None else (width,)
        self.true_positives = self.add_weight("true_positives", size)
        self.false_positives = self.add_weight("false_positives", size)
        self.false_negatives = self.add_weight("false_negatives", size)
        self.intermediate_weights = self.add_weight("intermediate_weights", size)
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: ``(batch, classes)`` both."""
        kind = as_dtype(self.dtype)
        true, pred = cast(y_true, kind), cast(y_pred, kind)
        if pred.shape.rank != 2:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "expects 2D inputs with shape (batch_size, output_dim)",
                    f"Received input shapes: {true.shape} and {pred.shape}",
                )
            )
        if not self.built:
            self._make(pred.shape[-1])
        if self.threshold is None:
            most = reduce_max(pred, axis=-1, keepdims=True)
            # Rows of zeros say nothing.
            said = logical_and(greater_equal(pred, most), greater(abs(pred), 1e-12))
        else:
            said = greater(pred, self.threshold)
        yes = cast(said, kind)
        weights = None
        if sample_weight is not None:
            weights = expand_dims(cast(sample_weight, kind), -1)

        def summed(value: Any) -> Any:
            value = value if weights is None else value * weights
            return reduce_sum(value, axis=self.axis)

        self.true_positives.assign_add(summed(yes * true), read_value=False)
        self.false_positives.assign_add(summed(yes * (1 - true)), read_value=False)
        self.false_negatives.assign_add(summed((1 - yes) * true), read_value=False)
        self.intermediate_weights.assign_add(summed(true), read_value=False)

    def result(self) -> Any:
        """The scores so far, or their mean."""
        if not self.built:
            return to_tensor(0.0)
        right = self.true_positives.read_value()
        precision = divide_no_nan(right, right + self.false_positives)
        recall = divide_no_nan(right, right + self.false_negatives)
        factor = self.beta**2
        part = divide_no_nan(precision * recall, precision * factor + recall)
        score = part * (1 + factor)
        if self.average == "weighted":
            weights = self.intermediate_weights.read_value()
            return reduce_sum(score * divide_no_nan(weights, reduce_sum(weights)))
        return score if self.average is None else reduce_mean(score)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


@builtin("metric")
class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; arguments as of `FBetaScore`."""

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        found = super().get_config()
        found.pop("beta")
        return found


@builtin("metric")
class R2Score(Metric):
    """R squared: which part of the targets' variance predictions explain.

    Args:
        class_aggregation: ``"uniform_average"``, ``"variance_weighted_average"``, or
            None for a score an output.
        num_regressors: how many features there are, for the adjusted score; else 0.
        name: a name.
        dtype: the type of the state.

    Raises:
        ValueError: where an argument is out of range.
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS or num_regressors < 0:
            raise ValueError(
                house_message(
                    "R2Score",
                    f"`class_aggregation` must be one of {_AGGREGATIONS}, and"
                    " `num_regressors` 0 or more",
                    f"{class_aggregation!r}, {num_regressors}",
                )
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_weight("num_samples", dtype="int32")
        self.built = False

    def _make(self, width: int | None) -> None:
        self.squared_sum = self.add_weight("squared_sum", (width,))
        self.sum = self.add_weight("sum", (width,))
        self.total_mse = self.add_weight("residual", (width,))
        self.count = self.add_weight("count", (width,))
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: ``(batch, outputs)`` both."""
        kind = as_dtype(self.dtype)
        true, pred = cast(y_true, kind), cast(y_pred, kind)
        if true.shape.rank != 2 or pred.shape.rank != 2:
            raise ValueError(
                house_message(
                    "R2Score",
                    "expects 2D inputs with shape (batch_size, output_dim)",
                    f"Received input shapes: {true.shape} and {pred.shape}",
                )
            )
        if not self.built:
            self._make(true.shape[-1])
        weights = cast(1.0 if sample_weight is None else sample_weight, kind)
        if weights.shape.rank == 1:
            weights = expand_dims(weights, -1)
        spread = weights + true * 0
        weighted = true * weights
        self.sum.assign_add(reduce_sum(weighted, axis=0), read_value=False)
        squares = reduce_sum(true * weighted, axis=0)
        self.squared_sum.assign_add(squares, read_value=False)
        missed = reduce_sum(square(true - pred) * weights, axis=0)
        self.total_mse.assign_add(missed, read_value=False)
        self.count.assign_add(reduce_sum(spread, axis=0), read_value=False)
        # Keras counts every output of an example as a sample.
        rows = reduce_sum(cast(true * 0 + 1, "int32"))
        self.num_samples.assign_add(rows, read_value=False)

    def result(self) -> Any:
        """The score so far."""
        if not self.built:
            return to_tensor(0.0)
        mean = self.sum / self.count
        total = self.squared_sum - self.sum * mean
        raw = 1 - self.total_mse / total
        raw = where(is_inf(raw), cast(0.0, raw.dtype), raw)
        if self.class_aggregation == "uniform_average":
            score = reduce_mean(raw)
        elif self.class_aggregation == "variance_weighted_average":
            score = reduce_sum(raw * (total / reduce_sum(total)))
        else:
            score = raw
        if self.num_regressors:
            rows = cast(self.num_samples, score.dtype)
            free = rows - self.num_regressors - 1
            score = 1 - (1 - score) * (rows - 1) / free
        return score

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
