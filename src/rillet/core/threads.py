"""The eager thread pool: slices of work that release Python's lock, run together.

In flows a function of a block's number and the count of blocks; nothing flows out: the
function writes where its block belongs. Callers are the matrix products, the
convolutions and large elementwise kernels; `tf.config.threading` sets the count.

The partition is the caller's and must come from shapes alone, so that the same inputs
give the same bits for any number of threads. Blocks are claimed from a counter: a slow
core holds nobody up. The pool serves one caller at a time; a nested or
concurrent caller runs its blocks alone, on its own thread.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

_LIMIT_VARIABLE: Final = "TF_NUM_INTRAOP_THREADS"
_CGROUP_ROOT: Final = Path("/sys/fs/cgroup")


def available() -> int:
    """Returns how many processors this process may keep busy: at least 1.

    The processors of its affinity, and no more than the quota of its cgroup pays for.
    """
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 1
    quota = _cgroup_quota() if sys.platform == "linux" else None
    return max(1, processors if quota is None else min(processors, int(quota)))


def _cgroup_quota() -> float | None:
    """The processors that cgroups allow, as a number; None where there is no limit."""
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        parts = [part for part in path.split("/") if part not in ("", "..")]
        if controllers == "":
            folders = [_CGROUP_ROOT]
        elif "cpu" in controllers.split(","):
            folders = [_CGROUP_ROOT / controllers, _CGROUP_ROOT / "cpu"]
        else:
            continue
        for folder in folders:
            for depth in range(len(parts) + 1):
                quotas.append(_folder_quota(folder.joinpath(*parts[:depth])))
    return min((quota for quota in quotas if quota is not None), default=None)


def _folder_quota(folder: Path) -> float | None:
    """Reads one folder's limit: `cpu.max` of version 2, `cpu.cfs_*` of version 1."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            texts = [(folder / name).read_text("ascii") for name in names]
            quota, period = (float(text) for text in " ".join(texts).split())
        except (OSError, ValueError):  # absent, or "max": no limit here
            continue
        if quota > 0 and period > 0:
            return quota / period
    return None


class _Job:
    """One call of `parallel`: which blocks are claimed, which are done."""

    def __init__(self, run: Callable[[int], object], blocks: int) -> None:
        self.run = run
        self.blocks = blocks
        self.claimed = 0
        self.active = 0
        self.failure: BaseException | None = None
        self.lock = threading.Lock()
        self.idle = threading.Lock()  # held while a worker is inside a block

    def claim(self, worker: bool) -> int:
        """Returns the next block's number, or -1 when none is left."""
        with self.lock:
            if self.claimed >= self.blocks:
                return -1
            block = self.claimed
            self.claimed += 1
            if worker:
                self.active += 1
                if self.active == 1:
                    self.idle.acquire()
            return block

    def release(self, failure: BaseException | None) -> None:
        """A worker has left its block."""
        with self.lock:
            if failure is not None:
                self.failure = self.failure or failure
                self.claimed = self.blocks
            self.active -= 1
            if self.active == 0:
                self.idle.release()

    def stop(self) -> None:
        """Lets no further block begin."""
        with self.lock:
            self.claimed = self.blocks

    def wait(self) -> None:
        """Returns when no worker is inside a block; Ctrl-C interrupts the wait."""
        self.idle.acquire()
        self.idle.release()


class _Worker:
    """A daemon thread, asleep on a lock between jobs."""

    def __init__(self, number: int) -> None:
        self.job: _Job | None = None
        self.asleep = threading.Lock()
        self.asleep.acquire()
        thread = threading.Thread(
            target=self._work, name=f"rillet-{number}", daemon=True
        )
        thread.start()

    def wake(self, job: _Job) -> None:
        self.job = job
        try:
            self.asleep.release()
        except RuntimeError:
            # Still awake from the last job: it looks for a new one before it sleeps.
            return

    def _work(self) -> None:
        # NumPy keeps what to do about overflow for each thread; no warning of it may
        # reach a user, whose own setting is his thread's.
        np.seterr(all="ignore")
        while True:
            self.asleep.acquire()
            job, self.job = self.job, None
            if job is not None:
                _help(job)
            del job  # its arrays are not to wait for the next one


def _help(job: _Job) -> None:
    """A worker's part of a job."""
    while (block := job.claim(worker=True)) >= 0:
        failure = None
        try:
            job.run(block)
        except BaseException as error:  # handed to the caller
            failure = error
        job.release(failure)


class _Pool:
    """The workers, and the lock that makes one caller at a time their owner."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.workers: list[_Worker] = []

    def run(self, job: _Job, helpers: int) -> None:
        while len(self.workers) < helpers:
            self.workers.append(_Worker(len(self.workers) + 1))
        try:
            for worker in self.workers[:helpers]:
                worker.wake(job)
            while (block := job.claim(worker=False)) >= 0:
                job.run(block)
        finally:
            job.stop()
            job.wait()
        if job.failure is not None:
            raise job.failure


_pool = _Pool()
_limit = 0


def _after_fork() -> None:
    """A child has none of its parent's threads: it begins with a fresh pool."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _initial_limit() -> int:
    try:
        return max(0, int(os.environ.get(_LIMIT_VARIABLE, "0")))
    except ValueError:
        return 0


def set_limit(threads: int) -> None:
    """Sets how many threads work together; 0 stands for as many as are available."""
    global _limit, _count
    if threads < 0:
        raise ValueError(
            f"threads: a count must not be negative: got {threads}; 0 means automatic"
        )
    _limit = threads
    _count = 0


def limit() -> int:
    """Returns what `set_limit` set: 0 unless someone chose a number."""
    return _limit


def count() -> int:
    """Returns how many threads work together on one large operation."""
    global _count
    if _count == 0:
        _count = _limit or available()
    return _count


_limit = _initial_limit()
_count = 0


def parallel(run: Callable[[int], object], blocks: int) -> None:
    """Calls `run(0)` to `run(blocks - 1)`, several at a time; the caller takes part.

    Args:
      run: does one block; it gains from threads only if it spends its time in calls
        that release Python's lock.
      blocks: how many there are, computed from shapes alone.

    Raises:
      BaseException: the first that a block raised; no block begins after it.

    Example:
      >>> squares = [0] * 4
      >>> parallel(lambda block: squares.__setitem__(block, block**2), 4)
      >>> squares
      [0, 1, 4, 9]
    """
    helpers = min(_count or count(), blocks) - 1
    pool = _pool
    if helpers > 0 and pool.busy.acquire(blocking=False):
        try:
            pool.run(_Job(run, blocks), helpers)
        finally:
            pool.busy.release()
        return
    for block in range(blocks):
        run(block)


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """How many threads one op may use.

    Args:
        num_threads: the number; 0 for as many as the machine has.

    Raises:
        ValueError: where it is negative.
    """
    set_limit(num_threads)


def get_intra_op_parallelism_threads() -> int:
    """How many threads one op may use; 0 for as many as the machine has."""
    return limit()


_inter_op = 0


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Kept as a setting: eager ops run one after another.

    Args:
        num_threads: the number; 0 for the default.
    """
    global _inter_op
    _inter_op = num_threads


def get_inter_op_parallelism_threads() -> int:
    """The setting of `set_inter_op_parallelism_threads`."""
    return _inter_op
