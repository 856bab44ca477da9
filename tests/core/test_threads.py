"""The eager thread pool: every block once, failures handed on, one owner at a time."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rillet.core import threads


def mark(runs: list[int], block: int) -> None:
    runs[block] += 1


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = threads.limit()
    threads.set_limit(3)
    yield
    threads.set_limit(before)


@pytest.mark.parametrize("blocks", [0, 1, 2, 7, 100])
def test_every_block_runs_once(blocks: int) -> None:
    for _ in range(20):
        runs = [0] * blocks

        def run(block: int, runs: list[int] = runs) -> None:
            runs[block] += 1

        threads.parallel(run, blocks)
        assert runs == [1] * blocks


def test_several_threads_take_part() -> None:
    names = set()
    meeting = threading.Barrier(3, timeout=30)

    def run(block: int) -> None:
        meeting.wait()
        names.add(threading.current_thread().name)

    threads.parallel(run, 3)
    assert len(names) == 3


def test_idle_workers_keep_no_arrays_alive() -> None:
    class Large:
        pass

    def work() -> weakref.ref[Large]:
        large = Large()
        meeting = threading.Barrier(3, timeout=30)

        def run(block: int) -> None:
            meeting.wait()
            assert large is not None

        threads.parallel(run, 3)
        return weakref.ref(large)

    kept = work()
    until = time.monotonic() + 10
    while kept() is not None and time.monotonic() < until:
        time.sleep(0.01)  # a worker is still on its way to sleep
    assert kept() is None


def test_failure_comes_to_the_caller_and_stops_the_rest() -> None:
    started = []

    def run(block: int) -> None:
        started.append(block)
        if block == 3:
            raise KeyError("block 3")
        time.sleep(0.001)

    with pytest.raises(KeyError, match="block 3"):
        threads.parallel(run, 1000)
    assert len(started) < 20
    threads.parallel(started.append, 5)


def test_nested_and_concurrent_callers_run_alone() -> None:
    done: list[tuple[int, int]] = []
    threads.parallel(lambda i: threads.parallel(lambda j: done.append((i, j)), 4), 6)
    assert sorted(done) == [(i, j) for i in range(6) for j in range(4)]

    failures = []

    def hammer() -> None:
        for _ in range(100):
            runs = [0] * 5
            threads.parallel(functools.partial(mark, runs), 5)
            if runs != [1] * 5:
                failures.append(runs)

    crowd = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert not failures


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_makes_a_pool_of_its_own() -> None:
    program = """
import os
from rillet.core import threads
threads.set_limit(2)
threads.parallel(lambda block: None, 4)
child = os.fork()
if not child:
    runs = [0] * 4
    threads.parallel(lambda block: runs.__setitem__(block, 1), 4)
    os._exit(0 if runs == [1] * 4 else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_interrupt_stops_and_leaves_the_pool_usable() -> None:
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        threads.parallel(lambda block: time.sleep(0.02), 1000)
    runs = [0] * 5
    threads.parallel(lambda block: runs.__setitem__(block, 1), 5)
    assert runs == [1] * 5


def test_workers_give_no_floating_point_warnings() -> None:
    meeting = threading.Barrier(3, timeout=30)
    huge = np.float32(3e38)

    def run(block: int) -> None:
        meeting.wait()
        if threading.current_thread() is not threading.main_thread():
            np.multiply(huge, huge)

    threads.parallel(run, 3)


def test_count_follows_the_limit() -> None:
    assert threads.count() == 3
    threads.set_limit(0)
    assert threads.count() == threads.available() >= 1
    with pytest.raises(ValueError, match="must not be negative"):
        threads.set_limit(-1)


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.cfs_quota_us": "400000\n", "cpu.cfs_period_us": "100000\n"}, 4.0),
        ({"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"}, None),
        ({}, None),
    ],
)
def test_quota_of_a_folder(
    tmp_path: Path, files: dict[str, str], want: float | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "ascii")
    assert threads._folder_quota(tmp_path) == want
