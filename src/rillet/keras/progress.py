"""The progress bar, and how much training prints.

In: counts of steps and values of metrics. Out: text on standard output, in Keras's
words: redrawn in place on a terminal or in a notebook, one finished line an epoch in a
pipe. `callbacks.ProgbarLogger` calls it; programs may, as `keras.utils.Progbar`.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from rillet.core.errors import house_message

_SHORTEST_BAR = 5


class _Printing:
    """Whether messages go to standard output or to the log."""

    interactive = True


_printing = _Printing()


def enable_interactive_logging() -> None:
    """Print progress on standard output, which is the default."""
    _printing.interactive = True


def disable_interactive_logging() -> None:
    """Send progress to the log (`logging.getLogger("tensorflow")`)."""
    _printing.interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress goes to standard output."""
    return _printing.interactive


def verbosity(verbose: Any) -> int:
    """The mode that an argument `verbose` means.

    Raises:
        ValueError: where it is no mode.
    """
    if verbose == "auto":
        return 1 if _printing.interactive else 2
    if verbose is None:
        return 0
    if isinstance(verbose, bool | int | np.integer):
        # Beyond 2 Keras prints the numbers of the epochs alone.
        return int(verbose)
    raise ValueError(
        house_message("fit", '`verbose` must be "auto", 0, 1 or 2', f"got {verbose!r}")
    )


def print_message(message: str, line_break: bool = True) -> None:
    """Print where progress goes."""
    if _printing.interactive:
        out = sys.stdout
        text = message + "\n" if line_break else message
        try:
            out.write(text)
        except UnicodeEncodeError:
            out.write(text.encode(errors="replace").decode("ascii", "replace"))
        out.flush()
    else:
        logging.getLogger("tensorflow").info(message.strip("\b\r\n"))


class Progbar:
    """A bar that shows how far a loop is, with values beside it.

    Args:
        target: the number of steps; None where nobody knows.
        width: characters of the bar.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: seconds between two drawings.
        stateful_metrics: names of values to show as they are; others are averaged.
        unit_name: what a step is called.

    Example:
        >>> bar = Progbar(2, verbose=0)
        >>> bar.update(1, [("loss", 0.5)])
        >>> bar.update(2, [("loss", 0.3)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        #: By name: the sum and weight of what was averaged, or (None, last value).
        self._values: dict[str, tuple[Any, Any]] = {}
        self._seen = 0
        self._shown_width = 0
        self._start = time.time()
        self._last_draw = 0.0
        self._after_first: float | None = None
        self._live = _can_redraw()

    def update(
        self, current: int, values: Any = None, finalize: bool | None = None
    ) -> None:
        """Say how far the loop is.

        Args:
            current: the number of steps done.
            values: pairs of a name and a value of the last step.
            finalize: whether this is the end; where None, at the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, value, current)
        self._seen = current
        now = time.time()
        if self.verbose == 1:
            self._draw(current, now, finalize)
        elif self.verbose == 2 and finalize:
            print_message(self._line(current, now), line_break=False)
        # The first step is slow, so a bar's later estimates leave it out.
        if current == 1 and self.verbose == 1:
            self._after_first = now

    def add(self, n: int, values: Any = None) -> None:
        """Say that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, name: str, value: Any, current: int) -> None:
        if name in self.stateful_metrics:
            self._values[name] = (None, value)
            return
        weight = max(current - self._seen, 1)
        total, count = self._values.get(name, (0.0, 0))
        if total is None:
            total, count = 0.0, 0
        self._values[name] = (total + _mean(value) * weight, count + weight)

    def _draw(self, current: int, now: float, finalize: bool) -> None:
        if not finalize:
            if not self._live or now - self._last_draw < self.interval:
                return
        per_step = self._per_step(current, now)
        if self.target is None or finalize:
            after = f" - {now - self._start:.0f}s{_time_text(per_step, self.unit_name)}"
        else:
            after = f" - ETA: {_eta_text(per_step * (self.target - current))}"
        after += self._values_text()
        text = self._bar(current, self.width) + after
        if not finalize:
            text = self._fitted(text, current, after)
        drawn = len(text)
        if self._live:
            text += " " * (self._shown_width - drawn)
            text = "\b" * self._shown_width + "\r" + text
        self._shown_width = drawn
        self._last_draw = now
        print_message(text + "\n" if finalize else text, line_break=False)

    def _fitted(self, text: str, current: int, after: str) -> str:
        """The text, cut for a narrow terminal: a line that wraps cannot be taken back.

        First the bar grows shorter, then values at the end are left out.
        """
        columns = _columns() if self._live else None
        if columns is None or len(text) < columns or columns < 2:
            return text
        if self.target is not None:
            width = max(_SHORTEST_BAR, self.width - (len(text) - columns + 1))
            text = self._bar(current, width) + after
        while len(text) >= columns and " - " in text:
            text = text.rpartition(" - ")[0]
        return text[: columns - 1]

    def _bar(self, current: int, width: int) -> str:
        target = self.target
        if target is None:
            return f"{current:7d}/Unknown"
        done = int(width * (current / target)) if target else width
        line = "=" * (done - 1) + (">" if current < target else "=") if done > 0 else ""
        counted = f"{current:{len(str(target))}d}/{target}"
        return f"{counted} [{line}{'.' * (width - done)}]"

    def _line(self, current: int, now: float) -> str:
        """The line that an epoch gets where there is no bar."""
        target = self.target if self.target is not None else current
        counted = f"{current:{len(str(target))}d}/{target}"
        spent = now - self._start
        per_step = self._per_step(current, now)
        times = _time_text(spent, "epoch").replace(" ", " - ")
        times += _time_text(per_step, self.unit_name).replace(" ", " - ")
        return f"{counted} - {spent:.0f}s{self._values_text()}{times}\n"

    def _per_step(self, current: int, now: float) -> float:
        if not current:
            return 0.0
        if self._after_first is not None and current > 1:
            return (now - self._after_first) / (current - 1)
        return (now - self._start) / current

    def _values_text(self) -> str:
        text = ""
        for name, (total, last) in self._values.items():
            mean = _mean(last) if total is None else total / max(1, last)
            shown = f"{mean:.4f}" if abs(mean) > 1e-3 else f"{mean:.4e}"
            text += f" - {name}: {shown}"
        return text


def _mean(value: Any) -> float:
    if hasattr(value, "numpy"):
        value = value.numpy()
    return float(np.mean(value))


def _time_text(seconds: float, unit: str) -> str:
    if seconds >= 1 or seconds == 0:
        return f" {seconds:.0f}s/{unit}"
    if seconds >= 1e-3:
        return f" {seconds * 1e3:.0f}ms/{unit}"
    return f" {seconds * 1e6:.0f}us/{unit}"


def _eta_text(seconds: float) -> str:
    whole = int(seconds)
    if seconds > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if seconds > 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"


def _can_redraw() -> bool:
    """Whether what was printed can be written over."""
    isatty = getattr(sys.stdout, "isatty", None)
    return (
        bool(isatty and isatty())
        or "ipykernel" in sys.modules
        or "PYCHARM_HOSTED" in os.environ
    )


def _columns() -> int | None:
    """The width of the terminal, or None where there is none."""
    if "ipykernel" in sys.modules:
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None
