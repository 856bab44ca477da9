"""Which learning rate a model bears: tried on one batch.

In: a model, a batch and the weights before training. Out: a rate with which some steps
lower the loss. `nonfinite` asks after an overflow, and puts the weights back.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.core import context
from rillet.explain.starts import learning_rate

#: Steps that a rate must bear.
STEPS: Final = 20
_TIMES: Final = 8
_SECONDS: Final = 3.0


def bearable_rate(model: Any, data: Any, start: list[tuple[Any, Any]]) -> float | None:
    """The largest of a tenth, a hundredth, ... of the rate that lowers the loss.

    Thrice that rate lowers it, too. The search ends after a few seconds.

    The caller puts weights and metrics back; the rate is put back here.

    Args:
        model: a compiled model with Keras's own training step.
        data: a batch.
        start: variables, and what they held before training.

    Returns:
        The rate; None where none was found, or the rate cannot be changed.
    """
    rate = learning_rate(model)
    if rate is None or type(model).train_step is not keras.Model.train_step:
        return None
    try:
        began = perf_counter()
        for k in range(1, _TIMES + 1):
            if perf_counter() - began > _SECONDS:
                break
            tried = float(f"{rate / 10**k:.6g}")
            # other batches may be steeper: thrice the rate must do, too
            if all(_learns(model, data, start, r) for r in (3 * tried, tried)):
                return tried
    except (AttributeError, TypeError, ValueError):
        return None  # a schedule, or a step that cannot run alone
    finally:
        if learning_rate(model) != rate:
            model.optimizer.learning_rate = rate
    return None


def _learns(model: Any, data: Any, start: list[tuple[Any, Any]], rate: float) -> bool:
    for v, old in start:
        v.assign(old)
    model.optimizer.learning_rate = rate
    first = last = np.nan
    with context.recording_stopped():
        for step in range(STEPS):
            model.reset_metrics()
            last = float(model.train_step(data)["loss"])
            if not np.isfinite(last):
                return False
            first = last if step == 0 else first
    return bool(last < first)
