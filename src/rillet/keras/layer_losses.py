"""What a layer adds to training beside its outputs: losses and metrics.

In: what `add_loss` and `add_metric` are given. Out: the losses of the last call and of
the weights, and metrics. `base_layer` stands on it; `Model` reads it at each step.
"""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.layer_weights import LayerWeights
from rillet.keras.tracking import once_each


class LayerLosses(LayerWeights):
    """The losses and metrics of a layer; see `Layer` for the arguments."""

    def add_loss(self, losses: Any, **kwargs: Any) -> None:
        """Add to what training minimises.

        Args:
            losses: a scalar tensor, a function of no arguments that gives one, or a
                list of them. Tensors given inside `call` count for that call.
            **kwargs: `inputs`, ignored.
        """
        kwargs.pop("inputs", None)
        if kwargs:
            raise TypeError(
                house_message("add_loss", "Unknown keyword arguments", repr([*kwargs]))
            )
        said = self._said
        for loss in losses if isinstance(losses, list | tuple) else [losses]:
            if callable(loss):
                self.__dict__["_losses_made"].append(loss)
            elif loss is not None:
                # Losses of an earlier call go when the first of a later one comes.
                if said.losses_of != said.token:
                    said.losses, said.losses_of = [], said.token
                said.losses.append(to_tensor(loss, hint=self._compute_type))

    @property
    def losses(self) -> list[Any]:
        """The penalties of weights and those that the last call added."""
        found: list[Any] = []
        oldest = self._said.token
        for part in self._flatten():
            if not isinstance(part, LayerLosses):
                continue
            if part._said.losses_of >= oldest:
                found += [x for x in part._said.losses if not _left_over(x)]
            for make in part._losses_made:
                loss = make()
                if loss is not None:
                    found.append(to_tensor(loss))
        return found

    @property
    def updates(self) -> list[Any]:
        """Always empty: updates run as they are called."""
        return []

    def add_update(self, updates: Any) -> None:
        """Run updates given as functions; those that are ops have run already.

        Args:
            updates: a function, an op, or a list of them.
        """
        for update in updates if isinstance(updates, list | tuple) else [updates]:
            if callable(update) and not hasattr(update, "dtype"):
                update()

    def add_metric(self, value: Any, name: str | None = None, **kwargs: Any) -> None:
        """Add a value to the metrics that training shows.

        Args:
            value: a tensor, whose mean over the epoch is shown.
            name: the metric's name; needed unless `value` comes from a metric.
            **kwargs: `aggregation`, ``"mean"`` or None; `inputs`, ignored.
        """
        for key in kwargs:
            if key not in ("aggregation", "inputs"):
                raise TypeError(
                    house_message("add_metric", "Unknown keyword argument", repr(key))
                )
        if name is None:
            raise ValueError(
                house_message(
                    "add_metric",
                    "Please provide a name for your metric",
                    "name is None",
                    "Write self.add_metric(value, name='mean_activation')",
                )
            )
        for metric in self._metrics_made:
            if metric.name == name:
                metric.update_state(value)
                return
        mean = context.service("keras.mean_metric")
        if mean is None:
            raise RuntimeError("add_metric: metrics come with rillet.keras")
        metric = mean(name=name, dtype=self.dtype)
        self._metrics_made.append(metric)
        self.__dict__["_tracked"].setdefault("_metrics_made", self._metrics_made)
        metric.update_state(value)

    @property
    def metrics(self) -> list[Any]:
        """The metrics of this layer and those below it."""
        found: list[Any] = []
        for part in self._flatten(include_self=False):
            if getattr(part, "_is_metric", False):
                found.append(part)
        return once_each(found)


def _left_over(loss: Any) -> bool:
    """Whether a loss belongs to a graph that is not being traced any more."""
    return context.state.tracer is None and type(loss) is not Tensor
