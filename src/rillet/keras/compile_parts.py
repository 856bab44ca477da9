"""The losses and metrics of a compiled model, one a output or one for all.

In: what `compile` was given, and targets, outputs and weights of batches. Out: the
total loss of a batch, and metrics updated. `training` calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import string
from rillet.core.errors import InvalidArgumentError, UnimplementedError, house_message
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.keras import losses as losses_module
from rillet.keras import metrics as metrics_module
from rillet.keras.arguments import refuse_class
from rillet.keras.call_context import mask_of
from rillet.keras.losses.base import LossFunctionWrapper, masked_weights
from rillet.keras.losses.reduction import Reduction
from rillet.keras.outputs import (
    Container,
    conform,
    match,
    misfit,
    need_output,
    row_total,
)
from rillet.keras.serialization import deserialize_keras_object
from rillet.ops.elementwise import add, cast, multiply

_ACCURACIES = ("accuracy", "acc")
_CROSSENTROPIES = ("crossentropy", "ce")


class LossesContainer(Container):
    """The losses of a model, with the mean of their total over an epoch.

    Args:
        losses: a loss, its name, or a list or dictionary of them by output.
        loss_weights: factors, in the same form.
        output_names: names of the outputs.
    """

    def __init__(
        self,
        losses: Any,
        loss_weights: Any = None,
        output_names: list[str] | None = None,
    ) -> None:
        super().__init__(output_names)
        self._user_losses = losses
        self._user_weights = loss_weights
        self._losses: list[Any] = []
        self._weights: list[Any] = []
        #: Sizes of the one output without its rows, where a batch told them.
        self.form: tuple[int, ...] | None = None
        self._total = metrics_module.Mean(name="loss")
        self._means: list[Any] = []
        # A name that is none is told when compiling, not when training.
        self._made = (
            nest.map_structure(_as_loss, losses) if losses is not None else None
        )

    @property
    def metrics(self) -> list[Any]:
        """The mean of the total; with several outputs one a loss beside it."""
        if not self._built:
            return []
        return [self._total, *[m for m in self._means if m is not None]]

    def reset_state(self) -> None:
        """Start the means anew."""
        for metric in [self._total, *self._means]:
            if metric is not None:
                metric.reset_state()

    def build(self, y_pred: Any) -> None:
        """Settle which loss belongs to which output."""
        names = self._name_outputs(y_pred)
        self._output_names = names
        single = self._made is not None and not nest.is_nested(self._made)
        self._losses = self._spread(self._made, names, single)
        factors = self._user_weights
        lone = factors is not None and not nest.is_nested(factors)
        self._weights = self._spread(factors, names, lone)
        if len(names) > 1 and sum(loss is not None for loss in self._losses) > 0:
            self._means = [
                None if loss is None else metrics_module.Mean(name=f"{name}_loss")
                for name, loss in zip(names, self._losses, strict=True)
            ]
        else:
            self._means = [None] * len(names)
        self._built = True

    def __call__(
        self,
        y_true: Any,
        y_pred: Any,
        sample_weight: Any = None,
        regularization_losses: Any = None,
    ) -> Any:
        """The total loss of a batch.

        Args:
            y_true: targets, in the form of the outputs.
            y_pred: outputs.
            sample_weight: weights of examples; for all outputs, or in their form.
            regularization_losses: what else to add.

        Returns:
            A scalar tensor; None where there is no loss at all.
        """
        values, batch = [], None
        for rows, mean, value, weighted in self._each(y_true, y_pred, sample_weight):
            if batch is None:
                batch = rows
            if mean is not None:
                mean.update_state(value, sample_weight=rows)
            values.append(weighted)
        values += list(regularization_losses or ())
        if not values:
            return None
        total = _sum(values)
        self._total.update_state(total, sample_weight=1 if batch is None else batch)
        return total

    def of(self, y_true: Any, y_pred: Any, regularization_losses: Any = None) -> Any:
        """The total loss of a batch, without a trace in the means."""
        values = [each[-1] for each in self._each(y_true, y_pred, None)]
        values += list(regularization_losses or ())
        return _sum(values) if values else None

    def _each(
        self, y_true: Any, y_pred: Any, sample_weight: Any
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        """For each loss the rows it counts, its mean, its value, and that weighted."""
        if not self._built:
            self.build(y_pred)
        outputs = nest.flatten(y_pred)
        names = self._output_names or []
        targets = conform("y", y_true, y_pred, names)
        weights = conform("sample_weight", sample_weight, y_pred, names)
        for y, p, w, loss, factor, mean in zip(
            targets,
            outputs,
            weights,
            self._losses,
            self._weights,
            self._means,
            strict=True,
        ):
            if y is None or loss is None:
                continue
            need_output(p)
            self.form = _form(p) if len(outputs) == 1 else None
            y, p, w = match(y, p, w)
            try:
                value = loss(y, p, sample_weight=w)
            except InvalidArgumentError as error:
                raise misfit(y, p, w, error) from error
            except UnimplementedError as error:
                if y.dtype is not string or "string" not in str(error):
                    raise
                raise UnimplementedError(
                    house_message(
                        "loss",
                        "targets are texts, and the loss compares numbers",
                        f"y of type {y.dtype.name}",
                        "Number the classes, as in"
                        " names, y = np.unique(y, return_inverse=True)",
                    )
                ) from error
            weighted = value if factor is None else multiply(value, factor)
            yield row_total(y), mean, value, weighted


def _form(output: Any) -> tuple[int, ...] | None:
    if not output.shape.rank:
        return None
    rest = output.shape[1:]
    return tuple(rest.as_list()) if rest.is_fully_defined() else None


class MetricsContainer(Container):
    """The metrics of a model, weighted and not.

    Args:
        metrics: a list of metrics, their names or functions; or by output.
        weighted_metrics: the same, updated with the weights of examples.
        output_names: names of the outputs.
    """

    def __init__(
        self,
        metrics: Any = None,
        weighted_metrics: Any = None,
        output_names: list[str] | None = None,
        from_serialized: bool = False,
    ) -> None:
        super().__init__(output_names)
        self._user_metrics = metrics
        self._user_weighted = weighted_metrics
        self._plain: list[list[Any]] = []
        self._weighted: list[list[Any]] = []
        _check_metrics(metrics)
        _check_metrics(weighted_metrics)

    @property
    def metrics(self) -> list[Any]:
        """All metrics, those of each output together."""
        if not self._built:
            return []
        found: list[Any] = []
        for plain, weighted in zip(self._plain, self._weighted, strict=True):
            found += [m for m in (*plain, *weighted) if m is not None]
        return found

    @property
    def unweighted_metrics(self) -> list[Any] | None:
        """The metrics that weights of examples do not touch."""
        return [m for group in self._plain for m in group] if self._built else None

    @property
    def weighted_metrics(self) -> list[Any] | None:
        """The metrics that weights of examples count in."""
        return [m for group in self._weighted for m in group] if self._built else None

    def reset_state(self) -> None:
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    def build(self, y_pred: Any, y_true: Any) -> None:
        """Settle which metrics belong to which output, by the shapes of both."""
        names = self._name_outputs(y_pred)
        self._output_names = names
        targets = conform("y", y_true, y_pred, names)
        outputs = nest.flatten(y_pred)
        taken: set[str] = set()
        groups: list[list[list[Any]]] = []
        for given in (self._user_metrics, self._user_weighted):
            parts = self._spread(given, names, _is_flat(given))
            made: list[list[Any]] = []
            for part, y, p in zip(parts, targets, outputs, strict=True):
                items = part if isinstance(part, list | tuple) else [part]
                # Outside the trace: they are the model's, not made at each call.
                with init_scope():
                    made.append(
                        [
                            _as_metric(m, y, p)
                            for m in items
                            if m is not None and y is not None
                        ]
                    )
            groups.append(made)
        self._plain, self._weighted = groups
        for plain, weighted, name in zip(*groups, names, strict=True):
            for metric in (*plain, *weighted):
                if len(names) > 1 and not getattr(metric, "_prefixed", False):
                    metric._name = f"{name}_{metric.name}"
                    metric._prefixed = True
                if metric.name in taken:
                    raise ValueError(
                        f"Found two metrics with the same name: {metric.name}. All the"
                        " metrics added to the model need to have unique names."
                    )
                taken.add(metric.name)
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Let the metrics see a batch; arguments as those of `LossesContainer`."""
        if not self._built:
            if self._user_metrics is None and self._user_weighted is None:
                return
            self.build(y_pred, y_true)
        names = self._output_names or []
        targets = conform("y", y_true, y_pred, names)
        weights = conform("sample_weight", sample_weight, y_pred, names)
        for y, p, w, plain, weighted in zip(
            targets,
            nest.flatten(y_pred),
            weights,
            self._plain,
            self._weighted,
            strict=True,
        ):
            if y is None or not (plain or weighted):
                continue
            need_output(p)
            mask = mask_of(p)
            y, p, w = match(y, p, w)
            if mask is not None:
                mask = cast(mask, p.dtype)
                w = masked_weights(p, w, mask, Reduction.NONE)
            for metric in plain:
                metric.update_state(y, p, sample_weight=mask)
            for metric in weighted:
                metric.update_state(y, p, sample_weight=w)


def _is_flat(metrics: Any) -> bool:
    """Whether metrics are given for all outputs alike."""
    if metrics is None or not nest.is_nested(metrics):
        return metrics is not None
    if isinstance(metrics, dict):
        return False
    return not any(nest.is_nested(m) for m in metrics if m is not None)


def _check_metrics(metrics: Any) -> None:
    """Raise for what cannot be a metric, when compiling."""
    for item in nest.flatten(metrics):
        if isinstance(item, str):
            if item.lower() not in (*_ACCURACIES, *_CROSSENTROPIES):
                # Only looked up: an instance would take the next free name.
                deserialize_keras_object(item, "metric")
        elif isinstance(item, type):
            refuse_class("a metric", item)
        elif item is not None and not callable(item):
            raise TypeError(
                house_message(
                    "compile",
                    "a metric is a name, a function or a Metric",
                    f"got {item!r} of type {type(item).__name__}",
                )
            )


def _as_loss(loss: Any) -> Any:
    """A `Loss` of a name, function or instance."""
    if loss is None:
        return None
    refuse_class("a loss", loss)
    found = losses_module.get(loss)
    if isinstance(found, losses_module.Loss):
        return found
    name = getattr(found, "__name__", "loss")
    return LossFunctionWrapper(found, name=name)


def _as_metric(metric: Any, y_true: Any, y_pred: Any) -> Any:
    """A `Metric` of a name, function or instance; some names go by the shapes."""
    name = metric if isinstance(metric, str) else None
    if isinstance(metric, str) and metric.lower() in _ACCURACIES:
        found: Any = _by_shapes(
            y_true,
            y_pred,
            metrics_module.binary_accuracy,
            metrics_module.categorical_accuracy,
            metrics_module.sparse_categorical_accuracy,
        )
    elif isinstance(metric, str) and metric.lower() in _CROSSENTROPIES:
        found = _by_shapes(
            y_true,
            y_pred,
            metrics_module.binary_crossentropy,
            metrics_module.categorical_crossentropy,
            metrics_module.sparse_categorical_crossentropy,
        )
    else:
        found = metrics_module.get(metric)
    if isinstance(found, losses_module.Loss):
        name = name or found.name
        function: Callable[..., Any] = found.call
        return metrics_module.MeanMetricWrapper(function, name=name)
    if isinstance(found, metrics_module.Metric):
        return found
    shown = name or getattr(found, "__name__", None) or type(found).__name__
    return metrics_module.MeanMetricWrapper(found, name=shown)


def _by_shapes(
    y_true: Any, y_pred: Any, binary: Any, categorical: Any, sparse: Any
) -> Any:
    """The function that fits targets and outputs of these shapes."""
    t, p = to_tensor(y_true).shape.as_list(), to_tensor(y_pred).shape.as_list()
    last_t = t[-1] if t else None
    last_p = p[-1] if p else None
    if last_p == 1:
        return binary
    if len(t) < len(p) or (last_t == 1 and last_p is not None and last_p > 1):
        return sparse
    return categorical


def _sum(values: list[Any]) -> Tensor:
    total = to_tensor(values[0])
    for value in values[1:]:
        other = to_tensor(value)
        if other.dtype is not total.dtype:
            other = cast(other, total.dtype)
        total = add(total, other)
    return total
