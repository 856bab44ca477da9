"""The ways to get one repeat of a case: a warm worker, new ones, two at once.

`driver.py` asks `open_runner` for a case's runner and then for its repeats in turn.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.case import Case, Fresh, Once, Steps
from harness.peers import PEERS
from harness.processes import Worker, WorkerFailed, environment_for


@dataclass(frozen=True)
class Seat:
    """Where one framework's code of one row runs.

    Args:
        python: The interpreter of the framework's environment.
        row: The row's name.
        peer: The column's name.
        mnist: The path of MNIST's arrays, or an empty string.
    """

    python: Path
    row: str
    peer: str
    mnist: str

    def worker(self, **variables: str) -> Worker:
        """Start a worker; `variables` are added to its environment.

        Raises:
            WorkerFailed: The framework cannot be imported, or the row's file fails.
        """
        return Worker(self.python, self.row, self.peer, self.mnist, variables)


class Runner(ABC):
    """What gives one framework's repeats of one case; `facts` is what workers told."""

    facts: dict[str, Any]

    @abstractmethod
    def repeat(self) -> tuple[float, float]:
        """Return the figure and the processor seconds of the repeat.

        Raises:
            WorkerFailed: The framework's code failed.
        """

    def close(self) -> None:  # noqa: B027 - most runners hold nothing
        """End the runner's own processes and drop its files."""


class WarmRunner(Runner):
    """A case's step, open in a worker."""

    def __init__(self, worker: Worker, case: Case) -> None:
        self._worker = worker
        self.facts = worker.ask(do="open", case=case.name)

    def repeat(self) -> tuple[float, float]:
        calls = self.facts["calls"]
        answer = self._worker.ask(do="repeat", calls=calls)
        return answer["seconds"] / calls, answer["cpu"]

    def close(self) -> None:
        self.facts |= self._worker.ask(do="report")


class FreshRunner(Runner):
    """A case's code, run in new processes."""

    def __init__(self, seat: Seat, case: Fresh) -> None:
        self.facts = {}
        self._python = seat.python
        self._variables = environment_for(seat.peer)
        self._codes = (case.baseline, case.code[seat.peer])
        for _ in range(case.warm):
            self.repeat()

    def repeat(self) -> tuple[float, float]:
        before = _used()
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
        return seconds[1] - seconds[0], _used() - before


class OnceRunner(Runner):
    """A case's figure, found out by a new worker a repeat."""

    def __init__(self, seat: Seat, case: Once) -> None:
        self._seat = seat
        self._case = case
        self._stack = ExitStack()
        self._kept = ""
        self.facts: dict[str, Any] = {}
        if case.caches == "warm":
            self._kept = self._stack.enter_context(_folder())
            try:
                self._run(self._kept)
            except BaseException:
                self._stack.close()
                raise

    def repeat(self) -> tuple[float, float]:
        before = _used()
        if self._case.caches == "cold":
            with _folder() as empty:
                figure = self._run(empty)
        else:
            figure = self._run(self._kept)
        return figure, _used() - before

    def close(self) -> None:
        self._stack.close()

    def _run(self, caches: str) -> float:
        names = PEERS[self._seat.peer].caches if caches else ()
        worker = self._seat.worker(**dict.fromkeys(names, caches))
        try:
            figure = worker.ask(do="once", case=self._case.name)["figure"]
            self.facts |= worker.ask(do="report")
        finally:
            worker.close()
        return float(figure)


class PairRunner(Runner):
    """A case's step in two workers: each alone in turn, then both at once."""

    def __init__(self, seat: Seat, case: Steps) -> None:
        self._stack = ExitStack()
        self._workers = []
        self.facts: dict[str, Any] = {}
        try:
            for _ in range(2):
                worker = seat.worker()
                self._stack.callback(worker.close)
                self._workers.append(worker)
                self.facts |= worker.ask(do="open", case=case.name)
        except BaseException:
            self._stack.close()
            raise
        self.facts |= worker.ask(do="report")

    def repeat(self) -> tuple[float, float]:
        command = {"do": "repeat", "calls": self.facts["calls"]}
        alone = [worker.ask(**command) for worker in self._workers]
        with ThreadPoolExecutor(len(self._workers)) as threads:
            waits = [threads.submit(w.ask, **command) for w in self._workers]
            both = [wait.result() for wait in waits]
        shares = [a["seconds"] / b["seconds"] for a, b in zip(alone, both, strict=True)]
        return min(shares), sum(answer["cpu"] for answer in alone + both)

    def close(self) -> None:
        self._stack.close()


def open_runner(case: Case, seat: Seat, worker: Worker | None) -> Runner:
    """Make a case ready in one framework.

    Args:
        case: The case.
        seat: Where the framework's code runs.
        worker: The row's warm worker for the framework, where the case needs one.

    Raises:
        WorkerFailed: The framework's code failed.
    """
    if isinstance(case, Fresh):
        return FreshRunner(seat, case)
    if isinstance(case, Once):
        return OnceRunner(seat, case)
    if isinstance(case, Steps) and not needs_warm_worker(case):
        return PairRunner(seat, case)
    assert worker is not None
    return WarmRunner(worker, case)


def needs_warm_worker(case: Case) -> bool:
    """Return whether a case is run in the worker that a row keeps."""
    return isinstance(case, Steps) and case.processes == 1


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def _used() -> float:
    """Return the processor seconds of this process and of its ended children."""
    return sum(os.times()[:4])
