"""What the rows about starting share: a first call beside warm ones."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from harness.case import Builder, Data, Figure, Step


def seconds_of(step: Step) -> float:
    """Return how long one call takes, its result read."""
    start = time.perf_counter()
    value = step()
    wait = getattr(value, "block_until_ready", None)
    if wait is not None:
        wait()
    return time.perf_counter() - start


def excess_of_first(step: Step, warm: int = 3) -> float:
    """Return the seconds by which the first call is slower than later ones.

    Args:
        step: The work, not done yet.
        warm: How many later calls the first one is compared with (their median).
    """
    first = seconds_of(step)
    return first - statistics.median(seconds_of(step) for _ in range(warm))


def start_of(build: Builder) -> Figure:
    """Return the figure "what the first call costs beyond a warm one" of a step."""

    def figure(module: Any, data: Data) -> float:
        return excess_of_first(build(module, data))

    return figure


def starts_of(builders: dict[str, Builder]) -> dict[str, Callable[..., float]]:
    """Return that figure for each column."""
    return {peer: start_of(build) for peer, build in builders.items()}
