"""Runs cases: one process a framework, repeats in turn, noisy repeats thrown away.

`run.py` calls `measure` with the cases it was asked for; what comes back goes to
`report.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.case import Case, Fresh, Steps
from harness.envs import REPOSITORY
from harness.machine import read_busy, share_of_others
from harness.peers import PEERS, UNSET

WORKER = Path(__file__).resolve().parent / "worker.py"


class WorkerFailed(RuntimeError):
    """A framework's code failed; the message is its error, `log` its stderr's end."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True)
class Repeat:
    """One measured repeat.

    Args:
        seconds: Seconds of one call.
        others: The share of the machine that other processes took, or None if unknown.
        quiet: Whether `others` was within the limit.
    """

    seconds: float
    others: float | None
    quiet: bool


@dataclass
class Series:
    """All that was measured for one case and one framework.

    Args:
        row: The row's name.
        case: The case.
        peer: The column's name.
        repeats: The repeats, noisy ones too, in order.
        facts: What the worker reported: versions, calls a repeat, seconds of the first
            call, the first result, peak memory.
        error: Why there is nothing, where there is nothing.
    """

    row: str
    case: Case
    peer: str
    repeats: list[Repeat] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def kept(self) -> list[float]:
        """Return the seconds of the quiet repeats, or of all if none was quiet."""
        quiet = [repeat.seconds for repeat in self.repeats if repeat.quiet]
        return quiet or [repeat.seconds for repeat in self.repeats]


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Args:
        repeats: How many quiet repeats each framework gets.
        limit: The share of the machine that other processes may take in a repeat.
        pause: Seconds of rest between repeats, in which the last one's idle threads
            stop spinning.
        patience: How many times `repeats` are tried before noisy ones must do.
    """

    repeats: int = 7
    limit: float = 0.05
    pause: float = 0.25
    patience: int = 4


def environment_for(peer: str) -> dict[str, str]:
    """Return the environment variables of a peer's processes."""
    variables = {k: v for k, v in os.environ.items() if k not in UNSET}
    variables.pop("PYTHONPATH", None)
    if PEERS[peer].environment == "rillet":
        variables["PYTHONPATH"] = str(REPOSITORY / "src")
    return variables | PEERS[peer].variables


class Runner(ABC):
    """What gives one framework's repeats of one case."""

    @abstractmethod
    def repeat(self) -> tuple[float, float]:
        """Return the seconds of one call and the processor seconds of the repeat."""


class Worker:
    """A warm process that runs one framework's code for one row.

    Args:
        python: The interpreter of the framework's environment.
        row: The row's name.
        peer: The column's name.
        mnist: The path of MNIST's arrays, or an empty string.

    Raises:
        WorkerFailed: The framework cannot be imported, or the row's file fails.
    """

    def __init__(self, python: Path, row: str, peer: str, mnist: str) -> None:
        self._log = tempfile.TemporaryFile(mode="w+", errors="replace")
        command = [python, str(WORKER), row, peer, PEERS[peer].module, mnist]
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            env=environment_for(peer),
        )
        try:
            self._answer()
        except BaseException:
            self.close()
            raise

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and return its answer.

        Raises:
            WorkerFailed: The command failed or the process ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed("the worker has ended", self._stderr()) from None
        return self._answer()

    def close(self) -> None:
        """End the process."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(timeout=10)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise WorkerFailed(f"the worker ended with code {code}", self._stderr())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerFailed(answer["error"], self._stderr())
        return answer

    def _stderr(self) -> str:
        self._log.seek(0)
        return self._log.read()[-4000:]


class WarmRunner(Runner):
    """A case's step, open in a worker."""

    def __init__(self, worker: Worker, calls: int) -> None:
        self._worker = worker
        self._calls = calls

    def repeat(self) -> tuple[float, float]:
        answer = self._worker.ask(do="repeat", calls=self._calls)
        return answer["seconds"] / self._calls, answer["cpu"]


class FreshRunner(Runner):
    """A case's code, run in new processes."""

    def __init__(self, python: Path, peer: str, case: Fresh) -> None:
        self._python = python
        self._variables = environment_for(peer)
        self._codes = (case.baseline, case.code[peer])

    def repeat(self) -> tuple[float, float]:
        before = os.times()
        seconds = []
        for code in self._codes:
            start = time.perf_counter()
            done = subprocess.run(
                [str(self._python), "-c", code],
                env=self._variables,
                capture_output=True,
                text=True,
                check=False,
            )
            seconds.append(time.perf_counter() - start)
            if done.returncode != 0:
                last = (done.stderr.strip() or "?").splitlines()[-1]
                raise WorkerFailed(last, done.stderr[-4000:])
        after = os.times()
        cpu = sum(after[:4]) - sum(before[:4])
        return seconds[1] - seconds[0], cpu


def measure(
    row: str,
    cases: list[Case],
    pythons: Mapping[str, Path],
    plan: Plan,
    mnist: str = "",
) -> Iterator[Series]:
    """Measure a row's cases, every framework in turn, repeat after repeat.

    Args:
        row: The row's name.
        cases: Its cases that are wanted.
        pythons: The interpreter for each column that is wanted.
        plan: How to measure.
        mnist: The path of MNIST's arrays, or an empty string.

    Yields:
        A `Series` for each case and column that the case has code for.
    """
    wanted = [p for p in pythons if any(p in case.peers() for case in cases)]
    with ExitStack() as stack:
        workers: dict[str, Worker | WorkerFailed] = {}
        if any(isinstance(case, Steps) for case in cases):
            for peer in wanted:
                say(f"{row}: starting {PEERS[peer].label}")
                try:
                    workers[peer] = stack.enter_context(
                        _running(pythons[peer], row, peer, mnist)
                    )
                except WorkerFailed as failure:
                    workers[peer] = failure
        for case in cases:
            series = [Series(row, case, p) for p in wanted if p in case.peers()]
            runners = {
                one.peer: runner
                for one in series
                if (runner := _open(one, pythons[one.peer], workers)) is not None
            }
            _interleave(series, runners, plan)
            for one in series:
                worker = workers.get(one.peer)
                if one.peer in runners and isinstance(worker, Worker):
                    one.facts |= worker.ask(do="report")
                yield one


def say(message: str) -> None:
    """Tell the person who waits what is going on, on stderr."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def _running(python: Path, row: str, peer: str, mnist: str) -> Iterator[Worker]:
    worker = Worker(python, row, peer, mnist)
    try:
        yield worker
    finally:
        worker.close()


def _open(
    series: Series, python: Path, workers: Mapping[str, Worker | WorkerFailed]
) -> Runner | None:
    """Make a case ready in one framework; on failure, note it in the series."""
    case = series.case
    try:
        if isinstance(case, Fresh):
            fresh = FreshRunner(python, series.peer, case)
            for _ in range(case.warm):
                fresh.repeat()
            return fresh
        worker = workers[series.peer]
        if isinstance(worker, WorkerFailed):
            raise worker
        series.facts |= worker.ask(do="open", case=case.name)
        return WarmRunner(worker, series.facts["calls"])
    except WorkerFailed as failure:
        _fail(series, failure)
        return None


def _interleave(
    series: list[Series], runners: Mapping[str, Runner], plan: Plan
) -> None:
    """Give each framework one repeat a round until each has enough quiet ones."""
    for number in range(plan.repeats * plan.patience):
        waiting = [
            one
            for one in series
            if one.error is None
            and sum(repeat.quiet for repeat in one.repeats) < plan.repeats
        ]
        if not waiting:
            return
        say(f"{series[0].row}.{series[0].case.name}: round {number + 1}")
        for one in waiting:
            time.sleep(plan.pause)
            try:
                one.repeats.append(_timed(runners[one.peer], plan.limit))
            except WorkerFailed as failure:
                _fail(one, failure)


def _timed(runner: Runner, limit: float) -> Repeat:
    before, driver, start = read_busy(), time.process_time(), time.perf_counter()
    seconds, cpu = runner.repeat()
    wall = time.perf_counter() - start
    after, driver = read_busy(), time.process_time() - driver
    others = share_of_others(before, after, wall, cpu + driver)
    return Repeat(seconds, others, others is None or others <= limit)


def _fail(series: Series, failure: WorkerFailed) -> None:
    series.error = str(failure)
    series.repeats.clear()
    label = PEERS[series.peer].label
    say(f"{series.row}.{series.case.name}: {label} failed: {failure}")
    if failure.log:
        say("  | " + failure.log.strip()[-1500:].replace("\n", "\n  | "))
