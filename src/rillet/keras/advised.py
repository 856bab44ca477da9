"""What `fit` tells of itself to who gives advice: `rillet.explain`, which signs in.

In: the model and its data, then each epoch's logs. Out: the runner of steps, which the
service ``"explain.fit"`` may put another in front of. `loops` calls it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rillet.core import context
from rillet.core.errors import house_message


class Watch:
    """Watches a run of `fit`; this one does nothing."""

    def runner(self, function: Any) -> Any:
        """The function that runs steps in the place of `function`."""
        return function

    def begin(self, epoch: int) -> None:
        """An epoch begins, counted from 0."""

    def reads(self, iterator: Any) -> Any:
        """The iterator that gives an epoch's batches in the place of `iterator`."""
        return iterator

    def end(self, epoch: int, logs: dict[str, Any]) -> None:
        """An epoch has ended, with validation."""

    def done(self) -> None:
        """The last epoch has ended."""


class _Here(threading.local):
    """What holds for the thread that runs `fit`."""

    unasked: bool = True


_NOBODY = Watch()
_here = _Here()


@contextmanager
def without_advice() -> Iterator[None]:
    """A ``with`` block in which `fit` of this thread gives no advice unless asked."""
    before, _here.unasked = _here.unasked, False
    try:
        yield
    finally:
        _here.unasked = before


def watch_fit(
    model: Any, x: Any, y: Any, on_nan: str | None, batch_size: int | None = None
) -> Watch:
    """Who watches a run of `fit`.

    Args:
        model: the compiled model.
        x: inputs as `fit` got them.
        y: targets.
        on_nan: None, or ``"explain"``.
        batch_size: rows a batch of arrays; 32 where None.

    Raises:
        ValueError: where `on_nan` is something else.
    """
    if on_nan not in (None, "explain"):
        raise ValueError(
            house_message(
                "fit",
                "`on_nan` must be None or 'explain'",
                f"got {on_nan!r}",
            )
        )
    if on_nan is None and not _here.unasked:
        return _NOBODY
    make = context.service("explain.fit")
    watch = None if make is None else make(model, x, y, on_nan, batch_size or 32)
    return _NOBODY if watch is None else watch
