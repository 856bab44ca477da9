"""How many steps a call of a step function runs while nobody listens in between.

In: what was asked for, which callbacks hear of batches, how long calls take. Out: the
number of steps for the next call. `loops` asks before each call.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message

#: Seconds that a call may take: with a progress bar, and without one. An interrupt
#: waits for the end of a call.
_WITH_BAR, _SILENT = 0.05, 0.2
#: How many times longer than the last call the next may be.
_GROWTH = 8


class Pace:
    """Steps for the next call.

    Args:
        model: the model.
        fixed: steps that every call runs, where callbacks hear of them; or ``"auto"``.
        free: whether only a progress bar at most hears of batches.
        bar: whether there is a progress bar.
    """

    def __init__(self, model: Any, fixed: Any, free: bool, bar: bool) -> None:
        self._model = model
        self._free: bool | None = None if free else False
        self._bar = bar
        self._budget = _WITH_BAR if bar else _SILENT
        self._steps = 1 if fixed == "auto" else int(fixed)

    def next(self) -> int:
        """How many steps the next call is to run."""
        return self._steps

    def took(self, steps: int, seconds: float, logs: Any) -> None:
        """Note a call: its steps, its time, what it gave."""
        if self._free is None:
            # The first call traced and compiled: its time says nothing of later ones.
            self._free = not self._bar or self._only_metrics(logs)
        elif self._free:
            fit = int(self._budget * steps / max(seconds, 1e-9))
            self._steps = max(1, min(fit, steps * _GROWTH))

    def _only_metrics(self, logs: Any) -> bool:
        # The bar averages everything else over the steps, so it has to see them all.
        if not isinstance(logs, dict):
            return logs is None
        names = {metric.name for metric in self._model.metrics}
        return names.issuperset(logs)


def checked_steps(value: Any) -> Any:
    """The argument `steps_per_execution` of `compile`: an integer or ``"auto"``.

    Raises:
        ValueError: where it is neither, or not positive.
    """
    if value is None or value == "auto":
        return value or 1
    if isinstance(value, str) or int(value) < 1:
        raise ValueError(
            house_message(
                "compile",
                '`steps_per_execution` must be a positive integer or "auto"',
                f"got {value!r}",
            )
        )
    return int(value)
