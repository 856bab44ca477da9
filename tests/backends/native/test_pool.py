"""Programs of small kernels: order, blocks, loops, branches, failures, threads."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import native_kernels as kernels
import numpy as np
import pytest

from rillet.backends.native import host, image, jit, layout, pool, pool_ir
from rillet.backends.native.calls import Kernel
from rillet.backends.native.image import STATUS, At, Builder, Image, Label
from rillet.core import threads

SLOW = 1e6  # nanoseconds a row: so that waves are shared


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    before = threads.limit()
    yield
    threads.set_limit(before)


def code(kernel: Kernel) -> jit.Code:
    return jit.compile([kernel])[0]


def address(*arrays: np.ndarray) -> list[int]:
    return [array.ctypes.data for array in arrays]


def one(
    kernel: Kernel,
    arguments: Sequence[image.Argument],
    extent: int,
    rows: int,
    **names: Any,
) -> Image:
    """A program of one call."""
    builder = Builder()
    with builder.wave(), builder.chain(extent, rows, SLOW):
        builder.call(code(kernel), arguments)
    return builder.build(bases=4, **names)


def four(*addresses: int) -> list[int]:
    return [*addresses, *[0] * (4 - len(addresses))]


@pytest.mark.parametrize("extent", [0, 1, 7, 64, 1000])
@pytest.mark.parametrize("rows", [1, 7, 64, 5000])
def test_rows_are_done_once_in_blocks_of_the_shape(extent: int, rows: int) -> None:
    out = np.full((extent + 1, 3), -1)
    runner = one(kernels.WHERE, [At(0)], extent, rows).runner()
    assert runner.run(four(*address(out)))
    row = np.arange(extent)
    block = row // rows
    expected = np.stack([block, block * rows, np.minimum((block + 1) * rows, extent)])
    np.testing.assert_array_equal(out[:extent], expected.T)
    assert (out[extent] == -1).all()


def test_addresses_numbers_and_offsets() -> None:
    a, b, c = (np.arange(100, dtype=np.float32) for _ in range(3))
    runner = one(kernels.ADD, [At(0), At(1, 40), At(2)], 90, 16).runner()
    assert runner.run(four(*address(a, b, c)))
    np.testing.assert_array_equal(c[:90], a[:90] + b[10:])
    other = np.zeros(100, np.float32)  # moved: the other words stay as they are
    assert runner.run(four(*address(a, b, other)))
    np.testing.assert_array_equal(other[:90], c[:90])
    out = np.zeros(5)
    runner = one(kernels.AXPY, [At(3), -0.5, -7], 5, 2).runner()
    assert runner.run([0, 0, 0, out.ctypes.data])
    np.testing.assert_array_equal(out, 3.5)


def test_calls_of_a_chain_follow_each_other() -> None:
    values = np.arange(50)
    fold = code(kernels.FOLD)
    builder = Builder()
    with builder.wave():
        with builder.chain(50, 8, SLOW):
            for factor in (3, 5, 7):
                builder.call(fold, [At(0), factor])
    runner = builder.build(bases=1).runner()
    assert runner.run(address(values), first=4)
    np.testing.assert_array_equal(values, ((np.arange(50) * 3 + 4) * 5 + 4) * 7 + 4)


def test_chains_of_a_wave_have_their_own_blocks() -> None:
    sizes = [(10, 3), (0, 1), (1, 1), (100, 9), (17, 17)]
    outs = [np.zeros((extent, 3), np.int64) for extent, _ in sizes]
    builder = Builder()
    with builder.wave():
        for base, (extent, rows) in enumerate(sizes):
            with builder.chain(extent, rows, SLOW):
                builder.call(code(kernels.WHERE), [At(base)])
    runner = builder.build(bases=len(sizes)).runner()
    for _ in range(20):
        assert runner.run(address(*outs))
        for (extent, rows), out in zip(sizes, outs, strict=True):
            np.testing.assert_array_equal(out[:, 0], np.arange(extent) // rows)
            out[:] = -1


def test_a_wave_begins_when_the_one_before_is_done() -> None:
    values = np.arange(64)
    expected = values.copy()
    fold = code(kernels.FOLD)
    builder = Builder()
    for number in range(200):
        with builder.wave(serial=number % 5 == 3):
            # Other blocks each time: what a row held was written by another thread.
            with builder.chain(64, 1 + number % 7, SLOW):
                builder.call(fold, [At(0), number])
        expected = expected * number + 2
    runner = builder.build(bases=1).runner()
    assert runner.run(address(values), first=2)
    np.testing.assert_array_equal(values, expected)


def test_loops_inside_a_chain() -> None:
    values = np.arange(30)
    fold = code(kernels.FOLD)
    builder = Builder()
    with builder.wave(), builder.chain(30, 4, SLOW):
        builder.call(fold, [At(0), 2])
        with builder.loop(3, first=10, stride=-4):
            builder.call(fold, [At(0), 3])
            with builder.loop(2):
                builder.call(fold, [At(0), 5])
            with builder.loop(0):
                builder.call(fold, [At(0), 0])
            builder.call(fold, [At(0), 7])
        builder.call(fold, [At(0), 11])
    runner = builder.build(bases=1).runner()
    assert runner.run(address(values), first=1)
    expected = np.arange(30) * 2 + 1
    for t in (10, 6, 2):
        expected = expected * 3 + t
        for inner in (0, 1):
            expected = expected * 5 + inner
        expected = expected * 7 + t
    np.testing.assert_array_equal(values, expected * 11 + 1)


def test_loops_nest_to_a_depth() -> None:
    builder = Builder()
    with pytest.raises(ValueError, match="nested deeper than 8"):
        with builder.wave(), builder.chain(1, 1, 1):
            for _ in range(layout.LOOP_DEPTH + 1):
                builder.loop(2).__enter__()


def test_steps_are_numbered() -> None:
    values = np.ones(20, np.int64)
    runner = one(kernels.FOLD, [At(0), 3], 20, 3).runner()
    assert runner.run(four(*address(values)), steps=10, first=5)
    expected = 1
    for step in range(5, 15):
        expected = expected * 3 + step
    np.testing.assert_array_equal(values, expected)
    assert runner.next_step == 15
    assert runner.run(four(*address(values)), steps=0)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("steps", [1, 6])
def test_a_failure_stops_after_its_wave(steps: int) -> None:
    values, after = np.arange(100), np.zeros((100, 3), np.int64)
    builder = Builder()
    for _ in range(2):
        with builder.wave(), builder.chain(100, 9, SLOW):
            arguments = [At(0), At(STATUS), 77 if steps == 1 else 100]
            builder.call(code(kernels.CHECK), arguments)
    with builder.wave(), builder.chain(100, 9, SLOW):
        builder.call(code(kernels.WHERE), [At(1)])
        builder.call(code(kernels.FOLD), [At(0), 1])
    runner = builder.build(bases=2).runner()
    assert not runner.run(address(values, after), steps=steps)
    assert runner.status[0] == 7
    # Steps add 0 to the values, then 1: in the third, there are hundreds.
    assert runner.next_step == (0 if steps == 1 else 2)
    assert runner.status[1] in (range(77, 100) if steps == 1 else [99])
    assert (runner.wave, bool(after.any())) == (0, steps > 1)
    values[:] = 0
    assert runner.run(address(values, after))
    assert runner.status == (0,) * layout.STATUS_WORDS
    assert runner.wave == -1


@pytest.mark.parametrize("extent", [1, 40])
def test_branches_make_a_while_and_an_if(extent: int) -> None:
    state, flags = np.zeros(4, np.int64), np.zeros(8, np.uint8)
    values = np.ones(extent, np.int64)
    less, fold = code(kernels.LESS), code(kernels.FOLD)
    builder = Builder()
    condition, done, skip = Label(), Label(), Label()
    builder.place(condition)
    with builder.wave(), builder.chain(1, 1, 1.0):
        builder.call(less, [At(1), At(2), 6])
    builder.branch(At(2), done, when=False)
    with builder.wave(), builder.chain(extent, 3, SLOW):
        builder.call(fold, [At(0), 2])
    builder.branch(At(2, 1), condition)
    builder.place(done)
    builder.branch(At(2, 2), skip)
    with builder.wave(), builder.chain(extent, 3, SLOW):
        builder.call(fold, [At(0), 10])
    builder.place(skip)
    runner = builder.build(bases=3).runner()
    flags[1] = 1
    assert runner.run(address(values, state, flags))
    np.testing.assert_array_equal(values, 2**5 * 10)
    flags[2], state[0] = 1, 0
    assert runner.run(address(values, state, flags))
    np.testing.assert_array_equal(values, 2**5 * 10 * 2**5)


def test_a_label_must_be_placed() -> None:
    builder = Builder()
    builder.branch(At(0), Label())
    with pytest.raises(ValueError, match="label .* placed"):
        builder.build(bases=1)


def test_a_call_must_know_its_bases() -> None:
    builder = Builder()
    with builder.wave(), builder.chain(4, 4, 1.0):
        builder.call(code(kernels.FOLD), [At(2), 1])
    with pytest.raises(ValueError, match="base 2 .* 2 addresses"):
        builder.build(bases=2)


def test_too_many_blocks() -> None:
    builder = Builder()
    with pytest.raises(ValueError, match="2000000 blocks"):
        with builder.wave(), builder.chain(2_000_000, 1, 1.0):
            pass


@pytest.mark.parametrize("words", [1, 1000, 300_000])
def test_scratch_is_each_threads_own(words: int) -> None:
    out = np.zeros(5000, np.int64)
    runner = one(kernels.SCRATCH, [At(0), words], 5000, 1, scratch=8 * words).runner()
    assert runner.run(four(*address(out)))
    np.testing.assert_array_equal(out, 2 * np.arange(5000))


def program(rows: int = 3) -> Image:
    """Many waves in which threads have something to share."""
    builder = Builder()
    for number in range(12):
        with builder.wave(serial=number == 7), builder.chain(64, rows, SLOW):
            builder.call(code(kernels.SPIN), [At(0), 50 * (number % 3)])
            builder.call(code(kernels.FOLD), [At(1), number])
            builder.call(code(kernels.FOLD), [At(0), 3])
    return builder.build(bases=2)


def result(runner: image.Runner, steps: int = 3) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.arange(64), np.arange(64)
    assert runner.run(address(a, b), steps=steps)
    return a, b


def test_the_number_of_threads_changes_nothing() -> None:
    found = []
    for count in (1, 2, 3, 4, 8, 2):
        threads.set_limit(count)
        runner = program().runner()
        found += [result(runner) for _ in range(5)]
        assert pool.current().size == count
    for a, b in found:
        np.testing.assert_array_equal(a, found[0][0])
        np.testing.assert_array_equal(b, found[0][1])


def test_threads_share_the_work() -> None:
    """Blocks that meet: each of two waits, for a while, until the other has begun."""
    text = kernels.kernel(
        "meet",
        "ptr begun, ptr met",
        """
  %mine = atomicrmw add ptr %begun, i64 1 seq_cst
  br label %look
look:
  %turn = phi i64 [ 0, %body ], [ %turn.next, %look ]
  %there = load atomic i64, ptr %begun seq_cst, align 8
  %both = icmp sge i64 %there, 2
  %turn.next = add i64 %turn, 1
  %long = icmp sge i64 %turn.next, 1000000000
  %stop = or i1 %both, %long
  br i1 %stop, label %over, label %look
over:
  %value = zext i1 %both to i64
  %m.i = getelementptr i64, ptr %met, i64 %i
  store i64 %value, ptr %m.i
""",
    )
    threads.set_limit(2)
    begun, met = np.zeros(1, np.int64), np.zeros(2, np.int64)
    assert one(text, [At(0), At(1)], 2, 1).runner().run(four(*address(begun, met)))
    np.testing.assert_array_equal(met, 1)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_eight_callers_at_once(count: int) -> None:
    threads.set_limit(count)
    shared = program()
    expected = result(shared.runner())

    def call(_: int) -> bool:
        runner = shared.runner()
        return all(
            (found == right).all()
            for _ in range(100)
            for found, right in zip(result(runner), expected, strict=True)
        )

    with ThreadPoolExecutor(8) as callers:
        assert all(callers.map(call, range(8)))


def test_the_count_may_change_while_others_run() -> None:
    shared = program()
    expected = result(shared.runner())
    stop = threading.Event()

    def call() -> int:
        runner, calls = shared.runner(), 0
        while not stop.is_set():
            np.testing.assert_array_equal(result(runner), expected)
            calls += 1
        return calls

    with ThreadPoolExecutor(3) as callers:
        running = [callers.submit(call) for _ in range(3)]
        for count in (1, 3, 2, 4) * 3:
            threads.set_limit(count)
            time.sleep(0.02)
        stop.set()
        assert all(future.result() > 0 for future in running)


def test_sleepers_are_woken() -> None:
    threads.set_limit(3)
    runner = program(1).runner()
    expected = result(runner)
    for pause in (0.0, 1e-5, 4e-5, 6e-5, 1e-4, 1e-3) * 10:
        time.sleep(pause)
        np.testing.assert_array_equal(result(runner), expected)


_LATE_TO_BED = """
define internal void @sleep(ptr %word, i32 %seen) {
  %start = call i64 @now()
  br label %waiting
waiting:
  %time = call i64 @now()
  %gone = sub i64 %time, %start
  %enough = icmp sge i64 %gone, TICKS
  br i1 %enough, label %bed, label %waiting
bed:
  call void @sleep.at.last(ptr %word, i32 %seen)
  ret void
}
"""


def test_no_call_is_lost_between_the_last_look_and_the_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads.set_limit(2)
    usual = host.waiting()
    text = usual.text.replace("void @sleep(", "void @sleep.at.last(")
    late = _LATE_TO_BED.replace("TICKS", str(usual.ticks // 5_000))
    slow = host.Waiting(text + late, usual.addresses, usual.ticks)
    names = ("run", "work", "dismiss", "fill_system")
    library = jit.default().library("late pool", pool_ir.text(slow.text), names)
    driver = pool.Driver(library, slow)
    monkeypatch.setattr(pool, "driver", lambda: driver)
    monkeypatch.setattr(pool, "_PATIENCE", 0.0)
    own = pool.Pool(2)
    monkeypatch.setattr(pool, "current", lambda: own)
    # Blocks that last: the caller finds none, and a worker ends while it nods off.
    out = np.zeros((600_000, 3), np.int64)
    runner = one(kernels.WHERE, [At(0)], 600_000, 300_000).runner()
    for _ in range(300):
        assert runner.run(four(*address(out)))
    own.stop()
    assert not own.is_working()


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def test_many_runs_take_no_memory() -> None:
    if not hasattr(signal, "SIGRTMIN"):
        pytest.skip("/proc tells the memory in use on Linux only")
    shared = program()
    runner = shared.runner()
    arrays = address(np.arange(64), np.arange(64))

    def use() -> None:
        for _ in range(10_000):
            runner.run(arrays)
        for _ in range(200):
            shared.runner().run(arrays)
            program()

    use()
    before = resident()
    use()
    assert resident() - before < 1 << 20


def test_the_order_of_waves_worth_waking_for() -> None:
    builder = Builder()
    # Shared waves of 8 us; a serial one of 30 us puts the others to sleep.
    for serial, row_ns in [(0, 2e3)] * 3 + [(1, 7.5e3)] + [(0, 2e3)] * 4:
        with builder.wave(serial=bool(serial)), builder.chain(4, 1, row_ns):
            builder.call(code(kernels.FOLD), [At(0), 1])
    assert builder._rouse() == [True, *[False] * 3, True, True, False, False]


def test_a_small_program_is_done_alone() -> None:
    builder = Builder()
    with builder.wave(), builder.chain(4, 1, 10.0):
        builder.call(code(kernels.FOLD), [At(0), 1])
    made = builder.build(bases=1)
    assert made._table[layout.Image.ALONE] == 1
    values = np.arange(4)
    assert made.runner().run(address(values), first=5)
    np.testing.assert_array_equal(values, np.arange(4) + 5)


class Alarmed(Exception):
    """Raised by the handler below."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timers")
@pytest.mark.parametrize("endless", [False, True])
def test_signals_are_seen_between_steps(endless: bool) -> None:
    def handler(*_: object) -> None:
        raise Alarmed

    values, flags = np.ones(64, np.int64), np.ones(1, np.uint8)
    builder = Builder()
    begin = Label()
    builder.place(begin)
    with builder.wave(), builder.chain(64, 4, SLOW):
        builder.call(code(kernels.FOLD), [At(0), 1])
    if endless:
        builder.branch(At(1), begin)
    runner = builder.build(bases=2).runner()
    old = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        started = time.monotonic()
        with pytest.raises(Alarmed):
            runner.run(address(values, flags), steps=1 if endless else 1 << 60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert time.monotonic() - started < 0.5
    if not endless:
        done = runner.next_step
        assert done > 0
        np.testing.assert_array_equal(values, 1 + done * (done - 1) // 2)
    flags[0], values[:] = 0, 1
    assert runner.run(address(values, flags), steps=3)
    np.testing.assert_array_equal(values, 1 + 0 + 1 + 2)


def test_every_block_is_done_once_by_any_number_of_threads() -> None:
    """Counts of runs, in a program of waves with few and with many blocks."""
    add = kernels.kernel(
        "count",
        "ptr out",
        """
  %o.i = getelementptr i64, ptr %out, i64 %i
  %old = atomicrmw add ptr %o.i, i64 1 monotonic
""",
    )
    for count, extent in itertools.product((1, 2, 5), (2, 3, 500)):
        threads.set_limit(count)
        counts = np.zeros(extent, np.int64)
        builder = Builder()
        for _ in range(50):
            with builder.wave(), builder.chain(extent, 1, SLOW):
                builder.call(code(add), [At(0)])
        assert builder.build(bases=1).runner().run(address(counts), steps=20)
        np.testing.assert_array_equal(counts, 1000)
