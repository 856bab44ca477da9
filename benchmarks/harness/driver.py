"""Runs cases: one process a framework, repeats in turn, noisy repeats thrown away.

`run.py` calls `measure` with the cases it was asked for; what comes back goes to
`report.py`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.case import Case
from harness.gauge import Gauge
from harness.machine import read_busy, share_of_others
from harness.peers import PEERS
from harness.processes import Worker, WorkerFailed
from harness.runners import Runner, Seat, needs_warm_worker, open_runner


@dataclass(frozen=True)
class Repeat:
    """One measured repeat.

    Args:
        figure: Seconds of one call, or what the case's unit says.
        others: The share of the machine that other processes took, or None if unknown.
        quiet: Whether `others` was within the limit, and the machine at its speed.
        speed: The machine's own speed around the repeat as a share of its best (see
            `gauge.py`), or None if nobody asked.
    """

    figure: float
    others: float | None
    quiet: bool
    speed: float | None = None


@dataclass
class Series:
    """All that was measured for one case and one framework.

    Args:
        row: The row's name.
        case: The case.
        peer: The column's name.
        repeats: The repeats, noisy ones too, in order.
        facts: What the worker reported: versions, calls a repeat, seconds of the first
            call, its result's numbers, peak memory.
        error: Why there is nothing, where there is nothing.
    """

    row: str
    case: Case
    peer: str
    repeats: list[Repeat] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def kept(self) -> list[float]:
        """Return the figures of the quiet repeats, or of all if none was quiet."""
        quiet = [repeat.figure for repeat in self.repeats if repeat.quiet]
        return quiet or [repeat.figure for repeat in self.repeats]


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Args:
        repeats: How many quiet repeats each framework gets.
        limit: The share of the machine that other processes may take in a repeat.
        pause: Seconds of rest between repeats, in which the last one's idle threads
            stop spinning.
        patience: How many times `repeats` are tried before noisy ones must do.
        asides: Whether the columns that a case sets aside are measured too.
    """

    repeats: int = 7
    limit: float = 0.05
    pause: float = 0.25
    patience: int = 4
    asides: bool = False

    def repeats_of(self, case: Case) -> int:
        """Return how many quiet repeats a case gets."""
        return min(self.repeats, case.most_repeats or self.repeats)

    def columns_of(self, case: Case) -> list[str]:
        """Return the columns that a case is measured for, if they are asked for."""
        return [p for p in case.peers() if self.asides or p not in case.aside]


def measure(
    row: str,
    cases: list[Case],
    pythons: Mapping[str, Path],
    plan: Plan,
    mnist: str = "",
    gauge: Gauge | None = None,
) -> Iterator[Series]:
    """Measure a row's cases, every framework in turn, repeat after repeat.

    Args:
        row: The row's name.
        cases: Its cases that are wanted.
        pythons: The interpreter for each column that is wanted.
        plan: How to measure.
        mnist: The path of MNIST's arrays, or an empty string.
        gauge: What tells the machine's speed, if it is to be watched.

    Yields:
        A `Series` for each case and column that the case has code for.
    """
    wanted = [p for p in pythons if any(p in plan.columns_of(c) for c in cases)]
    seats = {peer: Seat(pythons[peer], row, peer, mnist) for peer in wanted}
    with ExitStack() as stack:
        workers: dict[str, Worker | WorkerFailed] = {}
        for peer, seat in seats.items():
            if any(peer in plan.columns_of(c) and needs_warm_worker(c) for c in cases):
                say(f"{row}: starting {PEERS[peer].label}")
                try:
                    workers[peer] = worker = seat.worker()
                    stack.callback(worker.close)
                except WorkerFailed as failure:
                    workers[peer] = failure
        for case in cases:
            columns = plan.columns_of(case)
            everyone = [Series(row, case, p) for p in wanted if p in columns]
            yield from _measure_case(everyone, seats, workers, plan, gauge)


def _measure_case(
    everyone: list[Series],
    seats: Mapping[str, Seat],
    workers: Mapping[str, Worker | WorkerFailed],
    plan: Plan,
    gauge: Gauge | None,
) -> list[Series]:
    runners: dict[str, Runner] = {}
    try:
        for series in everyone:
            name, label = series.case.name, PEERS[series.peer].label
            say(f"{series.row}.{name}: {label} warms up")
            try:
                worker = workers.get(series.peer)
                if isinstance(worker, WorkerFailed):
                    raise worker
                seat = seats[series.peer]
                runners[series.peer] = open_runner(series.case, seat, worker)
            except WorkerFailed as failure:
                _fail(series, failure)
        _interleave(everyone, runners, plan, gauge)
    finally:
        for series in everyone:
            if series.peer in runners:
                _close(series, runners[series.peer])
    return everyone


def _close(series: Series, runner: Runner) -> None:
    try:
        runner.close()
    except WorkerFailed as failure:
        _fail(series, failure)
    series.facts |= runner.facts


def say(message: str) -> None:
    """Tell the person who waits what is going on, on stderr."""
    print(message, file=sys.stderr, flush=True)


def _interleave(
    series: list[Series],
    runners: Mapping[str, Runner],
    plan: Plan,
    gauge: Gauge | None,
) -> None:
    """Give each framework one repeat a round until each has enough quiet ones."""
    if not series:
        return
    wanted = plan.repeats_of(series[0].case)
    for number in range(wanted * plan.patience):
        waiting = [
            one
            for one in series
            if one.error is None
            and sum(repeat.quiet for repeat in one.repeats) < wanted
        ]
        if not waiting:
            return
        say(f"{series[0].row}.{series[0].case.name}: round {number + 1}")
        for one in waiting:
            time.sleep(plan.pause)
            try:
                one.repeats.append(_timed(runners[one.peer], plan, gauge))
            except WorkerFailed as failure:
                _fail(one, failure)


def _timed(runner: Runner, plan: Plan, gauge: Gauge | None) -> Repeat:
    speed = None if gauge is None else gauge.settle()
    before, driver, start = read_busy(), time.process_time(), time.perf_counter()
    figure, cpu = runner.repeat()
    wall = time.perf_counter() - start
    after, driver = read_busy(), time.process_time() - driver
    others = share_of_others(before, after, wall, cpu + driver)
    quiet = others is None or others <= plan.limit
    if gauge is not None and speed is not None:
        time.sleep(plan.pause)  # the repeat's own idle threads spin until then
        speed = min(speed, gauge.speed())
        quiet = quiet and speed >= gauge.least
    return Repeat(figure, others, quiet, speed)


def _fail(series: Series, failure: WorkerFailed) -> None:
    series.error = str(failure)
    series.repeats.clear()
    label = PEERS[series.peer].label
    say(f"{series.row}.{series.case.name}: {label} failed: {failure}")
    if failure.log:
        say("  | " + failure.log.strip()[-1500:].replace("\n", "\n  | "))
