"""When and on what a training validates.

In: `fit`'s `validation_…` arguments. Out: the logs of a validation. `loops` calls it.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec
from rillet.keras.callbacks import CallbackList
from rillet.keras.data_batches import unpack_x_y_sample_weight
from rillet.keras.data_rows import row_count


class Validation:
    """When and on what a training validates."""

    def __init__(
        self, model: Any, data: Any, frequency: Any, batch_size: Any, steps: Any
    ) -> None:
        self._model = model
        self._frequency = frequency
        self._given = data is not None
        arrays = isinstance(data, list | tuple)
        x, y, weights = unpack_x_y_sample_weight(data) if arrays else (data, None, None)
        _check_rows(x, y, weights)
        self._arguments = {
            "x": x,
            "y": y,
            "sample_weight": weights,
            "batch_size": batch_size if arrays else None,
            "steps": steps,
        }
        if not isinstance(frequency, int | list | tuple | set | range):
            raise ValueError(
                house_message(
                    "fit",
                    "`validation_freq` must be a number or a list of epochs",
                    f"got {frequency!r}",
                )
            )
        if isinstance(frequency, int) and frequency < 1:
            raise ValueError(
                house_message(
                    "fit", "`validation_freq` cannot be less than 1", f"got {frequency}"
                )
            )

    def due(self, epoch: int) -> bool:
        """Whether to validate after an epoch (counted from 0)."""
        if not self._given:
            return False
        if isinstance(self._frequency, int):
            return (epoch + 1) % self._frequency == 0
        return epoch + 1 in self._frequency

    def run(self, hooks: CallbackList) -> dict[str, Any]:
        """The logs of a validation, named ``val_…``."""
        found = self._model.evaluate(
            **self._arguments, callbacks=hooks, return_dict=True
        )
        return {f"val_{name}": value for name, value in found.items()}


def _check_rows(*parts: Any) -> None:
    """Refuse arrays of unequal length before an epoch is spent on training."""
    sized = [
        [TensorSpec(a.shape) for a in nest.flatten(part) if hasattr(a, "shape")]
        for part in parts
    ]
    row_count("fit", *sized)
