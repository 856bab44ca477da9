"""The doctor: looks at what `fit` is given and how it goes, and speaks up once.

In: models, data and logs, from `fit` through the service ``"explain.fit"``. Out: a line
each through `tf.get_logger()`, or nothing, which is what most models get.

What costs little is looked at when `fit` begins: layers, loss, some rows of the data;
of datasets and generators the first batch, on its way. What needs a pass through the
model waits for the end of an epoch by which a hundred times its cost has gone by. A run
that ends before gets one only where numbers of the layers look ill. A loss that is NaN
is explained by repeating the first steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.core.logger import get_logger
from rillet.explain import compared, inputs, numbers, starts, structure
from rillet.explain.course import Course
from rillet.explain.findings import Finding, forget, record_of, tell
from rillet.explain.first_batch import FirstBatch, brings_targets, inputs_and_targets
from rillet.explain.nonfinite import Guard
from rillet.explain.picture import refuse
from rillet.explain.replay import Batches, Start, batches_of, cause, in_data, risen
from rillet.keras.advised import Watch
from rillet.keras.call_context import calls
from rillet.ops.numerics_watch import looking_away, watching

_SHARE: Final = 0.01
#: What a pass is thought to cost: the first of a process, and the first of a model.
_FIRST: Final = 0.02
_LATER: Final = 0.001
#: Epochs after which a run's first weights are let go.
_KEPT: Final = 3
#: What spoils a run, so that what a pass would find follows from it.
_SPOILING: Final = ("inputs", "weights", "far targets", "learning rate")
_ENOUGH: Final = ("weights", "frozen", "same weights")


class _Setting:
    on = True
    first = _FIRST


def doctor(on: bool | None = None) -> bool:
    """Switch the doctor's advice on or off, for the whole process.

    Args:
        on: False for no more advice, True for advice again, of models made alike and
            trained in one loop of the program, too; None only asks.

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
        forget()
    return _Setting.on


def examine(model: Any, x: Any = None, y: Any = None) -> list[Finding]:
    """Look at a compiled model and its data, whether or not it was trained.

    Args:
        model: a compiled model.
        x: inputs, an array, a nest of them or a dataset.
        y: targets, where `x` does not bring them.

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
    if hasattr(x, "element_spec"):
        x, y = inputs_and_targets(next(iter(x)))
    found = structure.look(model, x, y)
    rows = structure.some_rows(x, numbers.ROWS)
    if rows is not None and not found:
        found += numbers.look(model, rows, structure.some_rows(y, numbers.ROWS))
    return found


def _harmless(method: Callable[..., None]) -> Callable[..., None]:
    """A method whose errors stay its own: advice must not end a training."""

    @wraps(method)
    def run(*args: Any) -> None:
        try:
            method(*args)
        except Exception:
            get_logger().debug("doctor: %s failed", method.__name__, exc_info=True)

    return run


class Doctor(Watch):
    """Watches a run of `fit`.

    Args:
        model: the compiled model.
        x: what `fit` got as inputs.
        y: its targets.
        explains: whether steps are run one by one, to explain a NaN.
        size: rows a batch of arrays.
    """

    def __init__(self, model: Any, x: Any, y: Any, explains: bool, size: int) -> None:
        self._model = model
        self._guard: Guard | None = None
        self._explains = explains
        self._began = perf_counter()
        self._spent = 0.0
        self._cost = _Setting.first
        self._rows: Any = None
        self._targets: Any = None
        self._saw_large = False
        self._sick = False
        self._passes = 0
        self._waits = False
        self._fine = 0
        self._start: Start | None = None
        self._batches: Batches | None = None
        self._arrays: tuple[Any, Any] | None = None
        self._size = size
        fresh = starts.untrained(model)
        self._course = Course(fresh)
        self._looks = False
        if _Setting.on:
            with looking_away():
                self._meet(x, y, fresh)

    @_harmless
    def _meet(self, x: Any, y: Any, fresh: bool) -> None:
        """Look at the model and its data, or wait for the first batch."""
        model = self._model
        form = (id(model.optimizer), id(model.compiled_loss), _form(x), _form(y))
        self._looks = record_of(model).due(form)
        if fresh and not self._explains:
            self._start = Start(model)
        self._waits = brings_targets(x)
        if not self._waits:
            self._arrays = (x, y)
            self._look(x, y)

    def _look(self, x: Any, y: Any) -> None:
        model = self._model
        if not self._looks:
            for finding in structure.weights(model):
                self._tell(finding)
            return
        found = structure.look(model, x, y)
        for finding in found:
            self._tell(finding)
        if any(finding.kind in _ENOUGH for finding in found):
            return  # what a pass would find follows from it
        self._rows = structure.some_rows(x, numbers.ROWS)
        self._targets = structure.some_rows(y, numbers.ROWS)
        self._course.rows, self._course.targets = self._rows, self._targets
        if isinstance(self._rows, np.ndarray):
            low, high = inputs.span(self._rows)
            bears = inputs.bears_large(structure.leaves(model))
            self._saw_large = max(-low, high) > 10 and not bears

    @_harmless
    def _glance(self, x: Any, y: Any) -> None:
        with looking_away():
            self._look(x, y)

    def _tell(self, finding: Finding) -> None:
        self._sick = self._sick or finding.kind in _SPOILING
        self._sick = self._sick or "NaN" in finding.message
        tell(self._model, finding)

    def reads(self, iterator: Any) -> Any:
        """Let the first batch of data that are no arrays pass under the eyes."""
        if not self._waits:
            return iterator
        self._waits = False

        def hears(x: Any, y: Any) -> None:
            self._batches = lambda step: (x, y)
            self._glance(x, y)

        return FirstBatch(iterator, hears)

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

    @_harmless
    def end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Look at an epoch's logs, and at the model where there is time for it."""
        if not _Setting.on:
            return
        still: Finding | None = None
        for finding in self._course.after(self._model, epoch, logs):
            if finding.kind == "nan":
                self._tell_nan(finding, epoch, float(logs["loss"]))
            elif finding.kind in ("no learning", "learning rate"):
                still = finding
            else:
                tell(self._model, finding)
        self._fine += 1
        if self._fine == _KEPT and not starts.large_rate(self._model):
            self._start = None  # an early overflow would have come by now
        gone = perf_counter() - self._began
        far = self._fine == 1 and structure.may_be_far(self._model, self._targets)
        if far or still is not None or self._spent + self._cost <= _SHARE * gone:
            self._pass()
        if still is not None and starts.large_rate(self._model):
            self._tell_risen()
        if still is not None and not record_of(self._model).kinds:
            # what was said already, or just now, is why nothing is learned
            large = self._saw_large and still.kind == "no learning"
            self._tell(inputs.unscaled(self._rows) if large else still)

    @_harmless
    def done(self) -> None:
        """After a short run, too, look at a model that seems to need it."""
        if not _Setting.on or not self._looks or self._sick:
            return
        for finding in compared.forms(self._model, self._targets):
            self._judge(finding)
        with looking_away():
            large = starts.large_rate(self._model)
            if large:
                self._tell_risen()
            ill = large or self._saw_large or numbers.suspects(self._model)
        if ill and not self._passes:
            self._pass()

    def _tell_risen(self) -> None:
        start, batches = self._start, self._found_batches()
        if start is None or batches is None or starts.own_step(self._model):
            return
        finding = risen(self._model, batches, start)
        if finding is not None:
            self._tell(finding)

    def _found_batches(self) -> Batches | None:
        """The batches of the run, or its first one."""
        if self._batches is None and self._arrays is not None:
            return batches_of(*self._arrays, self._size)
        return self._batches

    def _pass(self) -> None:
        """A pass through the model, there and back."""
        if self._rows is None or self._passes >= 8 or self._sick:
            return
        start = perf_counter()
        self._passes += 1
        for finding in numbers.look(self._model, self._rows, self._targets):
            self._judge(finding)
        self._cost = perf_counter() - start
        self._spent += self._cost
        _Setting.first = _LATER

    def _judge(self, finding: Finding) -> None:
        """Say a finding, but of outputs and targets only one."""
        said = record_of(self._model).kinds
        if not (finding.kind in compared.KINDS and said & compared.KINDS):
            tell(self._model, finding)

    def _tell_nan(self, finding: Finding, epoch: int, loss: float) -> None:
        """Say what made the loss NaN, unless what was said already did."""
        start, self._start = self._start, None
        if self._sick:
            return
        self._sick = True
        if finding.kind in record_of(self._model).kinds:
            return
        found = None if self._arrays is None else in_data(*self._arrays)
        if found is None and start is not None:
            with looking_away():
                found = self._repeated(start, epoch, loss)
        if found is None and self._explains:
            return  # its own error says more
        tell(self._model, found or finding)

    def _repeated(self, start: Start, epoch: int, loss: float) -> Finding | None:
        batches = self._found_batches()
        if batches is None:
            return None
        return cause(self._model, batches, start, epoch + 1, loss)


def _form(value: Any) -> Any:
    """What arrays of one kind have in common."""
    return type(value), getattr(value, "dtype", None), getattr(value, "shape", ())[1:]


def watch_fit(
    model: Any, x: Any, y: Any, on_nan: str | None, size: int
) -> Watch | None:
    """The service ``"explain.fit"``."""
    explains = on_nan == "explain" or watching()
    if not explains and not _Setting.on:
        return None
    return Doctor(model, x, y, explains, size)
