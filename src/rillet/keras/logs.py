"""What steps give, as plain values: outputs joined, logs as numbers.

In: tensors in any nest. Out: NumPy arrays and Python numbers. `training` and `loops`
call it.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.composites import is_ragged
from rillet.ops.array import concat


def joined(parts: list[Any]) -> Any:
    """Outputs of several batches as those of one."""
    if len(parts) == 1:
        return parts[0]
    return nest.map_structure(lambda *p: concat(list(p), 0), *parts)


def as_numpy(outputs: Any) -> Any:
    """Tensors in any nest as NumPy arrays."""
    return nest.map_structure(
        lambda t: t.numpy() if hasattr(t, "numpy") and not is_ragged(t) else t,
        outputs,
    )


def plain_logs(logs: Any) -> dict[str, Any]:
    """Logs with scalars as Python numbers and other tensors as NumPy arrays."""

    def one(value: Any) -> Any:
        if isinstance(value, Tensor | Variable):
            value = value.numpy()
        if hasattr(value, "ndim") and value.ndim == 0:
            return value.item()
        return value

    if not isinstance(logs, dict):
        raise RuntimeError(
            house_message(
                "fit",
                "a step must return a dictionary of metrics",
                f"got {type(logs).__name__}",
                "Return {metric.name: metric.result() for metric in self.metrics}",
            )
        )
    return {key: nest.map_structure(one, value) for key, value in logs.items()}
