"""Curves of yes and no over all thresholds: the area under them, points on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.metrics.base import Metric
from rillet.keras.metrics.confusion import FN, FP, TN, TP, checked_thresholds, count
from rillet.keras.serialization import builtin
from rillet.keras.settings import epsilon
from rillet.ops.compare import greater, greater_equal, logical_and
from rillet.ops.elementwise import (
    cast,
    divide_no_nan,
    log,
    maximum,
    minimum,
)
from rillet.ops.filling import ones_like, zeros_like
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_max, reduce_mean
from rillet.ops.shaping import reduce_sum
from rillet.ops.transcendental import sigmoid

_NAMES = {
    TP: "true_positives",
    TN: "true_negatives",
    FP: "false_positives",
    FN: "false_negatives",
}
_CURVES = ("ROC", "PR")
_METHODS = ("interpolation", "minoring", "majoring")


class _Counting(Metric):
    """A metric that keeps all four counts at many thresholds."""

    thresholds: list[float]
    true_positives: Variable
    true_negatives: Variable
    false_positives: Variable
    false_negatives: Variable

    def _make_counts(self, shape: tuple[int, ...]) -> None:
        for name in _NAMES.values():
            setattr(self, name, self.add_weight(name, shape))

    def _counts(self) -> dict[str, Variable]:
        return {short: getattr(self, name) for short, name in _NAMES.items()}

    def _read(self) -> tuple[Any, ...]:
        """True and false positives, true and false negatives."""
        return tuple(
            getattr(self, _NAMES[which]).read_value() for which in (TP, FP, TN, FN)
        )


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    for known in allowed:
        if str(getattr(value, "value", value)).lower() == known.lower():
            return known
    raise ValueError(
        house_message(
            "AUC",
            f'Invalid AUC {name} value: "{value}"',
            f"Expected values are {list(allowed)}",
        )
    )


@builtin("metric")
class AUC(_Counting):
    """The area under a curve of yes and no: ROC, or precision over recall.

    Args:
        num_thresholds: how many thresholds the curve is drawn with, at least 2.
        curve: ``"ROC"`` or ``"PR"``.
        summation_method: ``"interpolation"`` (trapezoids; for PR the interpolation of
            Davis and Goadrich, 2006), ``"minoring"`` or ``"majoring"``.
        name: a name.
        dtype: the type of the state.
        thresholds: the inner thresholds themselves, in [0, 1].
        multi_label: whether an area is computed for each column, and their mean taken.
        num_labels: how many columns there are.
        label_weights: weights of the columns.
        from_logits: whether predictions are logits.

    Raises:
        ValueError: where an argument is none of those allowed.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0, .5, .3, .9]))
        0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: Any = "ROC",
        summation_method: Any = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _choice("curve", curve, _CURVES)
        self.summation_method = _choice("summation method", summation_method, _METHODS)
        if thresholds is not None:
            inner = sorted(checked_thresholds(list(thresholds)))
        elif num_thresholds <= 1:
            raise ValueError(
                house_message(
                    "AUC",
                    "Argument `num_thresholds` must be an integer > 1",
                    f"received num_thresholds={num_thresholds}",
                )
            )
        else:
            inner = _even(num_thresholds)
        self._init_from_thresholds = thresholds is not None
        # The outer two lie beyond 0 and 1, so that those count as predictions.
        self.thresholds = [-epsilon(), *inner, 1.0 + epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self._from_logits = from_logits
        self.label_weights = None if label_weights is None else to_tensor(label_weights)
        self._made_counts = False
        if not multi_label:
            self._make(())
        elif num_labels:
            self._make((num_labels,))

    def _make(self, columns: tuple[int, ...]) -> None:
        self._make_counts((self.num_thresholds, *columns))
        self._made_counts = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: targets and predictions of one shape."""
        y_pred = to_tensor(y_pred)
        if not self._made_counts:
            self._make((int(y_pred.shape[-1]),))
        count(
            self._counts(),
            y_true,
            sigmoid(y_pred) if self._from_logits else y_pred,
            self.thresholds,
            sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )

    def result(self) -> Tensor:
        """The area so far."""
        tp, fp, tn, fn = self._read()
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._mean(_between_points(tp, fp, fn))
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            x, y = divide_no_nan(fp, fp + tn), recall
        else:
            x, y = recall, divide_no_nan(tp, tp + fp)
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = minimum(y[:-1], y[1:])
        else:
            heights = maximum(y[:-1], y[1:])
        return self._mean((x[:-1] - x[1:]) * heights)

    def _mean(self, parts: Any) -> Tensor:
        """The sum of a curve's parts; with several labels the mean of their sums."""
        if not self.multi_label:
            return reduce_sum(parts)
        areas = reduce_sum(parts, axis=0)
        if self.label_weights is None:
            return reduce_mean(areas)
        weights = cast(self.label_weights, areas.dtype)
        return divide_no_nan(reduce_sum(areas * weights), reduce_sum(weights))

    def reset_state(self) -> None:
        """Start anew."""
        if self._made_counts:
            super().reset_state()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        weights = self.label_weights
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.numpy().tolist(),
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            config["thresholds"] = self.thresholds[1:-1]
        return config


def _even(number: int) -> list[float]:
    """The inner ones of `number` thresholds that lie evenly from 0 to 1."""
    return [(i + 1) * 1.0 / (number - 1) for i in range(number - 2)]


def _between_points(tp: Any, fp: Any, fn: Any) -> Any:
    """Areas under precision over recall between thresholds.

    True positives grow in proportion to positives between two points, which makes
    precision a curve there (Davis and Goadrich, 2006).
    """
    more = tp[:-1] - tp[1:]
    said = tp + fp
    slope = divide_no_nan(more, maximum(said[:-1] - said[1:], 0.0))
    start = tp[1:] - slope * said[1:]
    both = logical_and(greater(said[:-1], 0.0), greater(said[1:], 0.0))
    ratio = divide_no_nan(said[:-1], maximum(said[1:], 0.0))
    ratio = where(both, ratio, ones_like(said[1:]))
    area = slope * (more + start * log(ratio))
    return divide_no_nan(area, maximum(tp[1:] + fn[1:], 0.0))


class _Point(_Counting):
    """The best of one rate among the thresholds at which another is high enough."""

    _bound_name = ""

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        owner = type(self).__name__
        if not 0 <= value <= 1:
            raise ValueError(
                house_message(
                    owner,
                    f"Argument `{self._bound_name}` must be in the range [0, 1]",
                    f"received {value}",
                )
            )
        if num_thresholds <= 0:
            raise ValueError(
                house_message(
                    owner,
                    "Argument `num_thresholds` must be an integer > 0",
                    f"received num_thresholds={num_thresholds}",
                )
            )
        self.value = value
        self.class_id = class_id
        self.num_thresholds = num_thresholds
        self.thresholds = [0.5]
        if num_thresholds > 1:
            self.thresholds = [0.0, *_even(num_thresholds), 1.0]
        self._make_counts((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: targets and predictions of one shape."""
        count(
            self._counts(),
            y_true,
            y_pred,
            self.thresholds,
            sample_weight,
            class_id=self.class_id,
        )

    def _rates(self) -> tuple[Any, Any]:
        """The rate that is bound, and the one that is wanted."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """The best rate so far; 0 where no threshold is high enough."""
        bound, wanted = self._rates()
        fits = greater_equal(bound, cast(self.value, bound.dtype))
        return reduce_max(where(fits, wanted, zeros_like(wanted)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            self._bound_name: self.value,
            "class_id": self.class_id,
        }

    def _positive(self, which: str) -> Any:
        """One of the rates that these metrics are about."""
        tp, fp, tn, fn = self._read()
        rates: dict[str, Callable[[], Any]] = {
            "sensitivity": lambda: divide_no_nan(tp, tp + fn),
            "specificity": lambda: divide_no_nan(tn, tn + fp),
            "precision": lambda: divide_no_nan(tp, tp + fp),
        }
        return rates[which]()


@builtin("metric")
class SensitivityAtSpecificity(_Point):
    """The best sensitivity where specificity is at least a value.

    Args:
        specificity: the value, in [0, 1].
        num_thresholds: how many thresholds are looked at.
        class_id: look at one class of the last axis only.
        name: a name.
        dtype: the type of the state.
    """

    _bound_name = "specificity"

    def __init__(self, specificity: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(specificity, *args, **kwargs)
        self.specificity = specificity

    def _rates(self) -> tuple[Any, Any]:
        return self._positive("specificity"), self._positive("sensitivity")


@builtin("metric")
class SpecificityAtSensitivity(_Point):
    """The best specificity where sensitivity is at least a value; as above."""

    _bound_name = "sensitivity"

    def __init__(self, sensitivity: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(sensitivity, *args, **kwargs)
        self.sensitivity = sensitivity

    def _rates(self) -> tuple[Any, Any]:
        return self._positive("sensitivity"), self._positive("specificity")


@builtin("metric")
class PrecisionAtRecall(_Point):
    """The best precision where recall is at least a value; as above."""

    _bound_name = "recall"

    def __init__(self, recall: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(recall, *args, **kwargs)
        self.recall = recall

    def _rates(self) -> tuple[Any, Any]:
        return self._positive("sensitivity"), self._positive("precision")


@builtin("metric")
class RecallAtPrecision(_Point):
    """The best recall where precision is at least a value; as above."""

    _bound_name = "precision"

    def __init__(self, precision: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(precision, *args, **kwargs)
        self.precision = precision

    def _rates(self) -> tuple[Any, Any]:
        return self._positive("precision"), self._positive("sensitivity")
