"""Right and wrong, yes and no: counts at thresholds, precision and recall.

A prediction above a threshold says yes. Counts are kept a threshold each, in variables
of shape ``(thresholds,)``, or ``(thresholds, labels)``.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.losses.shapes import fitted_weights, matched_ranks
from rillet.keras.metrics.base import Metric
from rillet.keras.serialization import builtin
from rillet.ops.checks import Assert
from rillet.ops.compare import (
    greater,
    greater_equal,
    less_equal,
    logical_and,
    not_equal,
)
from rillet.ops.elementwise import cast, divide_no_nan
from rillet.ops.host import is_symbolic
from rillet.ops.mask import where
from rillet.ops.one_hot import one_hot
from rillet.ops.rearrange import expand_dims
from rillet.ops.reduce import reduce_all, reduce_any
from rillet.ops.shaping import broadcast_to, reduce_sum, reshape, static_dims
from rillet.ops.sorting import top_k

#: Below every probability: what is not among the k greatest gets it.
LOWEST = -1e10
_OUTSIDE = "predictions must be >= 0 and <= 1"

TP, FP, TN, FN = "tp", "fp", "tn", "fn"


def checked_thresholds(thresholds: Any, default: float = 0.5) -> list[float]:
    """The thresholds as a list; the default where None.

    Raises:
        ValueError: where one lies outside [0, 1].
    """
    if thresholds is None:
        return [default]
    given = thresholds if isinstance(thresholds, list | tuple) else [thresholds]
    wrong = [t for t in given if t is None or not 0 <= t <= 1]
    if wrong:
        raise ValueError(
            house_message(
                "metrics", "Threshold values must be in [0, 1]", f"received {wrong}"
            )
        )
    return list(given)


def count(
    variables: dict[str, Variable],
    y_true: Any,
    y_pred: Any,
    thresholds: Any,
    sample_weight: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    label_weights: Any = None,
) -> None:
    """Add a batch's counts to variables.

    Args:
        variables: those among true and false positives and negatives that are wanted.
        y_true: the targets, ``(batch, ...)``; what is not 0 means yes.
        y_pred: the predictions, of the same shape, in [0, 1].
        thresholds: numbers.
        sample_weight: a number, or weights of the batch's examples.
        top_k: only the k greatest predictions of the last axis may say yes.
        class_id: look at one class of the last axis only.
        multi_label: whether counts are kept a label each.
        label_weights: weights of the labels.

    Raises:
        InvalidArgumentError: where a prediction lies outside [0, 1].
        ValueError: where shapes differ.
    """
    kind = next(iter(variables.values())).dtype
    y_true, y_pred = matched_ranks(cast(y_true, kind), cast(y_pred, kind))
    _check_range(y_pred)
    if top_k is not None:
        y_pred = _greatest(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    if not y_pred.shape.is_compatible_with(y_true.shape):
        raise ValueError(
            house_message(
                "metrics",
                f"Shapes {y_pred.shape} and {y_true.shape} are incompatible",
                "predictions and targets must have the same shape",
                "Give one-hot targets, or ask for `sparse_categorical_accuracy`"
                if y_true.shape.rank and y_true.shape[-1] == 1
                else "",
            )
        )
    weights = _weights(sample_weight, label_weights, y_pred, kind)
    columns = static_dims(y_pred)[1:] if multi_label else ()
    flat = (-1, *columns)
    pred, true = reshape(y_pred, flat), reshape(y_true, flat)
    limits = cast(thresholds, kind)
    limits = reshape(limits, (len(thresholds), 1, *(1,) * len(columns)))
    yes = cast(greater(expand_dims(pred, 0), limits), kind)
    truth = cast(not_equal(true, cast(0, kind)), kind)
    right, wrong = truth, 1.0 - truth
    if weights is not None:
        weights = reshape(weights, flat)
        right, wrong = right * weights, wrong * weights
    for name, variable in variables.items():
        said = yes if name in (TP, FP) else 1.0 - yes
        found = said * expand_dims(right if name in (TP, FN) else wrong, 0)
        variable.assign_add(reduce_sum(found, axis=1), read_value=False)


def _check_range(y_pred: Any) -> None:
    if is_symbolic(y_pred):
        fits = logical_and(greater_equal(y_pred, 0), less_equal(y_pred, 1))
        Assert(reduce_all(fits), [_OUTSIDE, y_pred])
        return
    if not y_pred._array.size:
        return
    array = y_pred._array
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):
        raise InvalidArgumentError(
            house_message(
                "metrics",
                _OUTSIDE,
                f"they run from {low} to {high}",
                "Give probabilities: put a sigmoid or softmax last",
            )
        )


def _greatest(y_pred: Any, k: int) -> Any:
    """Predictions with all but the k greatest of the last axis far below zero.

    Of equal ones the first count.
    """
    places = top_k(y_pred, k).indices
    kept = reduce_any(one_hot(places, y_pred.shape[-1], True, False), axis=-2)
    return where(kept, y_pred, cast(LOWEST, y_pred.dtype))


def _weights(sample_weight: Any, label_weights: Any, y_pred: Any, kind: Any) -> Any:
    """The weight of each prediction, or None."""
    found = None
    dims = static_dims(y_pred)
    if sample_weight is not None:
        found = fitted_weights(cast(sample_weight, kind), y_pred)
        found = broadcast_to(found, dims)
    if label_weights is not None:
        labels = broadcast_to(expand_dims(cast(label_weights, kind), 0), dims)
        found = labels if found is None else found * labels
    return found


class _Count(Metric):
    """How many predictions are right or wrong in one of the four ways."""

    _which = ""

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = checked_thresholds(thresholds)
        self.accumulator = self.add_weight("accumulator", (len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: targets and predictions of one shape."""
        kept = {self._which: self.accumulator}
        count(kept, y_true, y_pred, self.thresholds, sample_weight)

    def result(self) -> Tensor:
        """The count; a vector where there are several thresholds."""
        return _alone(self.accumulator.read_value(), self.thresholds)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


def _alone(values: Any, thresholds: list[float]) -> Any:
    return values[0] if len(thresholds) == 1 else values


@builtin("metric")
class TruePositives(_Count):
    """How often yes was said rightly.

    Args:
        thresholds: above which a prediction says yes; 0.5 where None.
        name: a name.
        dtype: the type of the state.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.metrics.TruePositives()([0, 1, 1, 1], [1., 0., 1., 1.]))
        2.0
    """

    _which = TP


@builtin("metric")
class FalsePositives(_Count):
    """How often yes was said wrongly; arguments as of `TruePositives`."""

    _which = FP


@builtin("metric")
class TrueNegatives(_Count):
    """How often no was said rightly; arguments as of `TruePositives`."""

    _which = TN


@builtin("metric")
class FalseNegatives(_Count):
    """How often no was said wrongly; arguments as of `TruePositives`."""

    _which = FN


class _Ratio(Metric):
    """True positives as a part of them and one kind of mistake."""

    _mistake = ""
    _mistake_name = ""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else LOWEST
        self.thresholds = checked_thresholds(thresholds, default)
        size = (len(self.thresholds),)
        self.true_positives = self.add_weight("true_positives", size)
        setattr(self, self._mistake_name, self.add_weight(self._mistake_name, size))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: targets and predictions of one shape."""
        count(
            {
                TP: self.true_positives,
                self._mistake: getattr(self, self._mistake_name),
            },
            y_true,
            y_pred,
            self.thresholds,
            sample_weight,
            self.top_k,
            self.class_id,
        )

    def result(self) -> Tensor:
        """The ratio so far; a vector where there are several thresholds."""
        right = self.true_positives.read_value()
        wrong = getattr(self, self._mistake_name).read_value()
        return _alone(divide_no_nan(right, right + wrong), self.thresholds)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


@builtin("metric")
class Precision(_Ratio):
    """How often yes was right when it was said.

    Args:
        thresholds: above which a prediction says yes; 0.5 where None.
        top_k: only the k greatest predictions of the last axis may say yes.
        class_id: look at one class of the last axis only.
        name: a name.
        dtype: the type of the state.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.Precision()
        >>> round(float(m([0, 1, 1, 1], [1., 0., 1., 1.])), 4)
        0.6667
    """

    _mistake, _mistake_name = FP, "false_positives"


@builtin("metric")
class Recall(_Ratio):
    """How often yes was said when it was right; arguments as of `Precision`."""

    _mistake, _mistake_name = FN, "false_negatives"
