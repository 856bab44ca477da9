"""What made a loss NaN, found afterwards: training is repeated from its first weights.

In: a model whose loss is NaN, its data, and the weights that a run began with. Out: the
trouble in words. `advice` asks at the end of the epoch; the model is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.core import nest
from rillet.core.errors import OpError
from rillet.core.tensor import Tensor
from rillet.explain.findings import Finding
from rillet.explain.nonfinite import Guard, finite, put_back, variables
from rillet.explain.picture import number
from rillet.explain.starts import learning_rate
from rillet.explain.trials import STEPS, bearable_rate
from rillet.explain.unchanged import may_be_tried, unchanged
from rillet.keras.data_rows import as_rows
from rillet.ops.filling import ones_like, zeros_like

#: Steps and seconds that a repetition may take.
_STEPS: Final = 50
_SECONDS: Final = 1.0
#: How much larger than before a loss is that training made worse.
_RISEN: Final = 2.0
#: Bytes of weights up to which a run's first ones are kept.
_KEEP: Final = 1 << 26

#: Gives the batch for a step, or None.
Batches = Callable[[int], Any]


class Start:
    """What a model held before a run; a model without weights yet gets them anew.

    Args:
        model: a compiled model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._held: list[tuple[Any, Any]] = []
        #: How to speak of them.
        self.words = "its first"
        if not getattr(model, "built", False):
            return
        found = variables(model)
        if sum(v._cell.tensor._array.nbytes for v in found) <= _KEEP:
            self._held = [(v, v.value()) for v in found]

    def values(self) -> list[tuple[Any, Any]]:
        """Variables with their values; empty where they are not known."""
        model = self._model
        if not self._held:
            weights = _cloned(model) or [_drawn(v) for v in model.variables]
            self._held = list(zip(model.variables, weights, strict=True))
            self.words = "new"
        known = {id(v) for v, _ in self._held}
        more = [v for v in variables(model) if id(v) not in known]
        fresh = _fresh_slots(model)
        places = {id(v): i for i, v in enumerate(_slots(model.optimizer))}
        return self._held + [
            (v, fresh.get(places.get(id(v), -1), zeros_like(v.value()))) for v in more
        ]


def _slots(optimizer: Any) -> list[Any]:
    held = getattr(optimizer, "variables", ())
    return list(held() if callable(held) else held)


def _fresh_slots(model: Any) -> dict[int, Any]:
    """What an optimizer's variables hold before the first step, by number."""
    optimizer = model.optimizer
    try:
        new = type(optimizer).from_config(optimizer.get_config())
        new.build(model.trainable_variables)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return {}
    return {i: v.value() for i, v in enumerate(_slots(new))}


def _cloned(model: Any) -> list[Any] | None:
    """New first weights for a model; None for one that cannot be cloned."""
    try:
        twin = keras.models.clone_model(model)
        if not twin.built:
            twin.build(model.input_shape)
        values = twin.get_weights()
    except Exception:
        return None  # a class of the program's own, or layers that cannot be copied
    shapes = [v.shape for v in values]
    return values if shapes == [tuple(v.shape) for v in model.variables] else None


def _drawn(v: Any) -> Any:
    """What a weight of this name and shape usually begins with."""
    name = v.name.split(":")[0].rsplit("/", 1)[-1]
    if len(v.shape) > 1 and v.dtype.is_floating:
        return keras.initializers.GlorotUniform()(v.shape, v.dtype)
    ones = name in ("gamma", "moving_variance", "scale")
    return ones_like(v.value()) if ones else zeros_like(v.value())


def batches_of(x: Any, y: Any, size: int) -> Batches:
    """The batches of arrays, in the order of their rows, round and round."""
    data = as_rows(x), as_rows(y)
    count = len(nest.flatten(data[0])[0])
    steps = max(1, count // size)

    def batch(step: int) -> Any:
        at = size * (step % steps)
        return nest.map_structure(lambda part: _rows(part, at, at + size), data)

    return batch


def _rows(part: Any, first: int, last: int) -> Any:
    return part if part is None else Tensor(np.asarray(part)[first:last])


def in_data(x: Any, y: Any) -> Finding | None:
    """NaN in any row of arrays."""
    for name, kind, part in (("inputs", "inputs", x), ("targets", "labels", y)):
        for value in nest.flatten(part) if part is not None else ():
            array = getattr(value, "_array", value)
            if not isinstance(array, np.ndarray) or finite(array):
                continue
            bad = np.argwhere(~np.isfinite(array))
            return Finding(
                kind,
                f"the {name} hold NaN or infinity, {len(bad)} of {array.size}; the"
                f" first in row {int(bad[0][0])}",
                "Leave such rows out, or fill them in",
            )
    return None


def cause(
    model: Any, batches: Batches, start: Start, epoch: int, loss: float
) -> Finding | None:
    """What went wrong in a run; None where repeating it does not tell.

    Args:
        model: the model, after an epoch with a loss that is not finite.
        batches: the batches of the run.
        start: what the model held before it.
        epoch: of that loss, from 1.
        loss: the loss.
    """
    if not may_be_tried(model):
        return None
    with unchanged(model):
        first = start.values()
        if not first:
            return None
        guard = Guard(model, model.make_train_function(), lambda: 1)
        guard.start = first
        put_back(first)
        began = perf_counter()
        for step in range(_STEPS):
            try:
                _, trouble = guard.attempt(batches(step))
            except (OpError, TypeError, ValueError):
                return None
            if trouble is not None:
                return Finding(
                    "nan",
                    f"the loss of epoch {epoch} is {loss}. Repeated from {start.words}"
                    f" weights, step {step + 1} goes wrong: {trouble.what}",
                    trouble.fix.rstrip("."),
                )
            if perf_counter() - began > _SECONDS:
                break
    return None


def risen(model: Any, batches: Batches, start: Start) -> Finding | None:
    """Whether a run made the loss larger than it was before, for its learning rate.

    Args:
        model: the model after the run, whose learning rate is large.
        batches: the batches of the run.
        start: what the model held before it.
    """
    rate = learning_rate(model)
    if rate is None or not may_be_tried(model):
        return None
    with unchanged(model):
        data = batches(0)
        now = _loss(model, data)
        first = start.values()
        put_back(first)
        before = _loss(model, data)
        if now is None or before is None or not now > _RISEN * before:
            return None
        works = bearable_rate(model, data, first)
    fix = f"Try {number(rate / 100)}"
    if works is not None:
        fix = f"Try {number(works)}: {STEPS} steps of it lower a batch's loss"
    return Finding(
        "learning rate",
        f"training made the loss larger, {number(now)} instead of {number(before)}: the"
        f" learning rate {number(rate)} is too large",
        fix,
    )


def _loss(model: Any, data: Any) -> float | None:
    try:
        model.reset_metrics()
        found = float(model.test_step(data)["loss"])
    except Exception:
        return None  # a test step of the program's own, or none
    return found if np.isfinite(found) else None
