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
from rillet.explain.picture import largest
from rillet.explain.starts import has_unit_steps, learning_rate

#: Steps that a rate must bear.
STEPS: Final = 20
_TIMES: Final = 8
_SECONDS: Final = 2.0
#: How many times the first loss ends a trial.
_WILD: Final = 10.0
#: Inputs beyond which scaling is tried.
_LARGE: Final = 10.0


def bearable_rate(
    model: Any,
    data: Any,
    start: list[tuple[Any, Any]],
    scaled: tuple[str, ...] = (),
) -> float | None:
    """The largest of a tenth, a hundredth, ... of the rate that lowers the loss.

    Three times that rate lowers it, too; with momentum ten times. The search ends
    after a few seconds.

    The caller puts weights and metrics back; the rate is put back here.

    Args:
        model: a compiled model whose steps give a loss.
        data: a batch.
        start: variables, and what they held before training.
        scaled: "inputs", "targets" or both, to scale them first where they are large;
            the rate itself is tried then, too.

    Returns:
        The rate; None where none was found, or the rate cannot be changed.
    """
    rate = learning_rate(model)
    if rate is None or not start:
        return None
    if scaled:
        data = _scaled(data, scaled)
        if data is None:
            return None
    schedule = _schedule(model)
    # other batches may be steeper, and momentum gathers speed for longer than a trial
    more = 10 if getattr(model.optimizer, "momentum", 0.0) else 3
    try:
        began = perf_counter()
        for tried in _candidates(model, rate, bool(scaled)):
            if perf_counter() - began > _SECONDS:
                break
            if all(_learns(model, data, start, r) for r in (more * tried, tried)):
                return tried
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # a step that cannot run alone, or tells no loss
    finally:
        if schedule is not None:
            model.optimizer.learning_rate = schedule
        elif learning_rate(model) != rate:
            model.optimizer.learning_rate = rate
    return None


def _candidates(model: Any, rate: float, scaled: bool) -> list[float]:
    """Rates to try, the largest first."""
    powers = range(0, 6) if scaled else range(1, _TIMES + 1)
    usual = 0.001 if has_unit_steps(model) else 0.01
    found = {float(f"{rate / 10**k:.6g}") for k in powers}
    found.update(r for r in (usual, usual / 10) if r < rate)
    return sorted(found, reverse=True)


def _schedule(model: Any) -> Any:
    """The schedule of the learning rate, where there is one."""
    held = getattr(model.optimizer, "_learning_rate", None)
    kind = keras.optimizers.schedules.LearningRateSchedule
    return held if isinstance(held, kind) else None


def _scaled(data: Any, which: tuple[str, ...]) -> Any:
    """A batch with parts of mean 0 and deviation 1; None where one is so already."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    parts = {"inputs": x, "targets": y}
    for name in which:
        flat = [v for v in nest.flatten(parts[name]) if v is not None]
        if max(map(largest, flat), default=0.0) <= _LARGE:
            return None
        parts[name] = nest.map_structure(_standard, parts[name])
    return keras.utils.pack_x_y_sample_weight(
        parts["inputs"], parts["targets"], weights
    )


def _standard(value: Any) -> Any:
    if value is None or largest(value) <= _LARGE:
        return value
    array = np.asarray(value, np.float32)
    return to_tensor((array - array.mean()) / (array.std() or 1.0))


def _learns(model: Any, data: Any, start: list[tuple[Any, Any]], rate: float) -> bool:
    for v, old in start:
        v.assign(old)
    constant = keras.optimizers.schedules.ExponentialDecay(rate, 1, 1.0)
    given = rate if _schedule(model) is None else constant
    model.optimizer.learning_rate = given
    losses: list[float] = []
    with context.recording_stopped():
        for _ in range(STEPS):
            model.reset_metrics()
            losses.append(float(model.train_step(data)["loss"]))
            if not np.isfinite(losses[-1]) or losses[-1] > _WILD * losses[0] > 0:
                return False
    return bool(np.mean(losses[-5:]) < losses[0])
