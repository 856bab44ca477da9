"""Which learning rate a model bears: tried on one batch.

In: a model, a batch and the weights before training. Out: a rate with which some steps
lower the loss. `nonfinite` asks after an overflow, and puts the weights back.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.explain.starts import learning_rate

#: Steps that a rate must bear.
STEPS: Final = 20
_TIMES: Final = 8
_SECONDS: Final = 2.0
#: Inputs beyond which scaling is tried.
_LARGE: Final = 10.0


def bearable_rate(
    model: Any, data: Any, start: list[tuple[Any, Any]], scaled: bool = False
) -> float | None:
    """The largest of a tenth, a hundredth, ... of the rate that lowers the loss.

    Thrice that rate lowers it, too. The search ends after a few seconds.

    The caller puts weights and metrics back; the rate is put back here.

    Args:
        model: a compiled model whose steps give a loss.
        data: a batch.
        start: variables, and what they held before training.
        scaled: whether to scale the inputs first, where they are large; the rate
            itself is tried then, too, and nothing beyond its thousandth.

    Returns:
        The rate; None where none was found, or the rate cannot be changed.
    """
    rate = learning_rate(model)
    if rate is None or not start:
        return None
    if scaled:
        data = _scaled(data)
        if data is None:
            return None
    try:
        began = perf_counter()
        for k in range(0, 4) if scaled else range(1, _TIMES + 1):
            if perf_counter() - began > _SECONDS:
                break
            tried = float(f"{rate / 10**k:.6g}")
            # other batches may be steeper: thrice the rate must do, too
            if all(_learns(model, data, start, r) for r in (3 * tried, tried)):
                return tried
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # a schedule, or a step that cannot run alone
    finally:
        if learning_rate(model) != rate:
            model.optimizer.learning_rate = rate
    return None


def _scaled(data: Any) -> Any:
    """A batch with inputs of mean 0 and deviation 1; None where they are so already."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    large = False

    def scale(value: Any) -> Any:
        nonlocal large
        array = np.asarray(value)
        if array.dtype.kind not in "fiu" or not array.size:
            return value
        array = array.astype(np.float32)
        if np.abs(array).max() <= _LARGE:
            return value
        large = True
        return to_tensor((array - array.mean()) / (array.std() or 1.0))

    x = nest.map_structure(scale, x)
    return keras.utils.pack_x_y_sample_weight(x, y, weights) if large else None


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
