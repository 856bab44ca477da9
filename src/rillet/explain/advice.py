"""The doctor: looks at what `fit` is given and how it goes, and speaks up once.

In: models, data and logs, from `fit` through the service ``"explain.fit"``. Out: a line
each through `tf.get_logger()`, or nothing, which is what most models get.

What costs nothing is looked at when `fit` begins: layers, loss, some rows of the data.
What needs a pass through the model waits for the end of an epoch by which fifty times
its cost has gone by, so it takes 2 % of the time at most.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.explain import numbers, structure
from rillet.explain.findings import Finding, tell
from rillet.explain.nonfinite import Guard
from rillet.explain.picture import refuse
from rillet.keras.advised import Watch
from rillet.keras.call_context import calls
from rillet.ops.numerics_watch import watching

_SHARE: Final = 0.02
#: What a pass is thought to cost before the first.
_FIRST: Final = 0.012
_ENOUGH: Final = ("weights", "frozen", "same weights")


class _Setting:
    on = True


def doctor(on: bool | None = None) -> bool:
    """Switch the doctor's advice on or off, for the whole process.

    Args:
        on: False for no more advice, True for advice again; None only asks.

    Returns:
        Whether advice is given from now on.

    Example:
        >>> import rillet as tf
        >>> tf.explain.doctor(False)
        False
        >>> tf.explain.doctor(True)
        True
    """
    if on is not None:
        _Setting.on = bool(on)
    return _Setting.on


def examine(model: Any, x: Any = None, y: Any = None) -> list[Finding]:
    """Look at a compiled model and its data, whether or not it was trained.

    Args:
        model: a compiled model.
        x: inputs, one array.
        y: targets, one array.

    Returns:
        What was found, each with a message and a fix; an empty list is good news.

    Raises:
        ValueError: where something else than a model is given.

    Example:
        >>> import rillet as tf
        >>> Dense = tf.keras.layers.Dense
        >>> model = tf.keras.Sequential([Dense(8), Dense(1)])
        >>> model.compile("adam", "mse")
        >>> [finding.kind for finding in tf.explain.examine(model)]
        ['linear']
    """
    if not isinstance(model, keras.Model):
        raise refuse("explain.examine", "a model is needed", type(model).__name__)
    found = structure.look(model, x, y)
    rows, targets = structure.sample(x), structure.sample(y)
    if rows is not None and targets is not None and not found:
        found += numbers.look(model, rows[: numbers.ROWS], targets[: numbers.ROWS])
    return found


class Doctor(Watch):
    """Watches a run of `fit`."""

    def __init__(self, model: Any, x: Any, y: Any, explains: bool) -> None:
        self._model = model
        self._guard: Guard | None = None
        self._explains = explains
        self._began = perf_counter()
        self._spent = 0.0
        self._cost = _FIRST
        self._rows: Any = None
        self._targets: Any = None
        self._course = numbers.Course(fresh=_untrained(model))
        self._saw_large = False
        self._passes = 0
        if _Setting.on:
            self._look(x, y)

    def _look(self, x: Any, y: Any) -> None:
        model = self._model
        found = structure.look(model, x, y)
        for finding in found:
            tell(model, finding)
        if any(finding.kind in _ENOUGH for finding in found):
            return  # what a pass would find follows from it
        self._rows, self._targets = structure.sample(x), structure.sample(y)
        if self._rows is not None and self._targets is not None:
            self._rows = self._rows[: numbers.ROWS].copy()
            self._targets = self._targets[: numbers.ROWS].copy()
            self._saw_large = bool(np.abs(self._rows).max(initial=0) > 10)

    def runner(self, function: Any) -> Any:
        """Steps one by one, each looked at, where NaN is to be explained."""
        if not self._explains:
            return function
        self._guard = Guard(self._model, function, lambda: calls.steps or 1)
        return self._guard

    def begin(self, epoch: int) -> None:
        """An epoch begins."""
        if self._guard is not None:
            self._guard.begin(epoch)

    def end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Look at an epoch's logs, and at the model where there is time for it."""
        if not _Setting.on:
            return
        why = False
        for finding in self._course.after(self._model, epoch, logs):
            why = finding.kind == "no learning"
            if finding.kind == "no learning" and self._saw_large:
                tell(self._model, structure.unscaled(self._rows))
            tell(self._model, finding)
        if self._rows is None or self._targets is None or self._passes >= 8:
            return
        start = perf_counter()
        late = self._spent + self._cost > _SHARE * (start - self._began)
        if late and not why:
            return
        self._passes += 1
        for finding in numbers.look(self._model, self._rows, self._targets):
            tell(self._model, finding)
        self._cost = perf_counter() - start
        self._spent += self._cost


def _untrained(model: Any) -> bool:
    count = getattr(model.optimizer, "iterations", None)
    return count is None or int(count) == 0


def watch_fit(model: Any, x: Any, y: Any, on_nan: str | None) -> Watch | None:
    """The service ``"explain.fit"``."""
    explains = on_nan == "explain" or watching()
    if not explains and not _Setting.on:
        return None
    return Doctor(model, x, y, explains)
