"""Layers that add what passes through them to the losses or metrics of a model.

In: `model.add_loss(placeholder)` and `model.add_metric(placeholder)`. Out: a layer at
the end of the way that leads there; it runs with the model. `functional` calls it.
"""

from __future__ import annotations

from typing import Any

from rillet.keras.base_layer import Layer
from rillet.keras.serialization import builtin


@builtin("layer")
class AddLoss(Layer):
    """Adds its input to the losses.

    Args:
        unconditional: kept for configurations.
        **kwargs: as for `Layer`.
    """

    def __init__(self, unconditional: bool = False, **kwargs: Any) -> None:
        kwargs["autocast"] = False
        super().__init__(**kwargs)
        self.unconditional = unconditional

    def call(self, inputs: Any) -> Any:
        """The input itself."""
        self.add_loss(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "unconditional": self.unconditional}


@builtin("layer")
class AddMetric(Layer):
    """Adds its input to the metrics.

    Args:
        aggregation: ``"mean"``, or None.
        metric_name: the metric's name.
        **kwargs: as for `Layer`.
    """

    def __init__(
        self,
        aggregation: str | None = None,
        metric_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aggregation = aggregation
        self.metric_name = metric_name

    @property
    def trainable_weights(self) -> list[Any]:
        """None: what the metric counts is no weight of the model."""
        return []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """None; see `trainable_weights`."""
        return []

    def call(self, inputs: Any) -> Any:
        """The input itself."""
        self.add_metric(inputs, name=self.metric_name, aggregation=self.aggregation)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "aggregation": self.aggregation,
            "metric_name": self.metric_name,
        }
