"""How long each kernel of a program takes, and the program whole.

In flow a binding; out flow seconds. Kernels run on memory of their own: variables,
random streams and what the host does are left alone. `explain` asks for it.
"""

from __future__ import annotations

import time
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.backends.native.binding import _FIRST, Binding, Frame, address
from rillet.backends.native.calls import KernelCall
from rillet.backends.native.image import Builder, Runner
from rillet.backends.native.schedule import Chain
from rillet.core import threads
from rillet.ops.lowering import Buffer

_REPEATS: Final = 5
#: Seconds that one repeat of a kernel takes at least, and how often it runs at most.
_LEAST: Final = 50e-6
_MOST: Final = 64


class Times(NamedTuple):
    """Seconds.

    Attributes:
        calls: of each call, by its id, on one thread.
        whole: of the program on all threads, without the host's part.
        threads: how many those are.
    """

    calls: dict[int, float]
    whole: float
    threads: int


def measured(binding: Binding, arrays: Any = None) -> Times:
    """The best of several runs of each kernel.

    Args:
        binding: what to run.
        arrays: its inputs; None for numbers drawn.
    """
    memory = _Memory(binding, arrays)
    for runner in memory.frame.runners:
        if runner is not None:
            runner.run(memory.frame.bases)
    whole = min(_whole(memory) for _ in range(_REPEATS * 2))
    calls: dict[int, float] = {}
    for segment in binding.schedule.segments:
        for wave in segment.waves:
            for chain in wave:
                for call in chain.calls:
                    calls[id(call)] = _alone(binding, chain, call, memory)
    return Times(calls, whole, threads.count())


def _whole(memory: _Memory) -> float:
    memory.restore()
    begun = time.perf_counter()
    for runner in memory.frame.runners:
        if runner is not None:
            runner.run(memory.frame.bases)
    return time.perf_counter() - begun


class _Memory:
    """What a program works on while it is measured."""

    def __init__(self, binding: Binding, arrays: Any) -> None:
        self.frame = Frame(
            binding.arena_bytes, _FIRST + len(binding._order), binding._images
        )
        bases = self.frame.bases
        bases[0], bases[1] = self.frame.arena, binding._const_base
        random = np.random.default_rng(0)
        self._held: list[Any] = []
        self._written: list[tuple[Any, Any]] = []
        for buffer in binding._order:
            array = _filled(buffer, arrays, random)
            bases[binding._bases[id(buffer)]] = address(array)
            self._held.append(array)
            if buffer.role == "variable":
                self._written.append((array, array.copy()))

    def restore(self) -> None:
        """Give variables the values that they had."""
        for array, old in self._written:
            array[...] = old


def _filled(buffer: Buffer, arrays: Any, random: Any) -> Any:
    """An array of its own for a buffer."""
    if buffer.role == "variable":
        return np.array(buffer.source._cell.tensor._array, order="C")
    if buffer.role == "input" and arrays is not None:
        return np.array(arrays[buffer.source], order="C")
    if buffer.role == "rows":
        return np.arange(_ROWS, dtype=np.int64)
    dtype = np.dtype(buffer.type)
    if buffer.role in ("input", "host") and dtype.kind not in "iub":
        return random.uniform(size=buffer.shape).astype(dtype)
    return np.zeros(buffer.shape, dtype)


#: Row numbers that a batch may ask for.
_ROWS: Final = 1 << 20


def _alone(
    binding: Binding, chain: Chain, call: KernelCall, memory: _Memory
) -> float:
    """Seconds of one call, block by block on this thread."""
    runner = _runner(binding, chain, call)
    bases = memory.frame.bases
    turns = 1
    if not _moves(binding, call):
        taken = _taken(runner, bases, 1)
        turns = max(1, min(_MOST, round(_LEAST / max(taken, 1e-7))))
    best = min(_taken(runner, bases, turns) for _ in range(_REPEATS))
    memory.restore()
    return max(best / turns, 1e-9)


def _taken(runner: Runner, bases: list[int], turns: int) -> float:
    begun = time.perf_counter()
    runner.run(bases, turns)
    return time.perf_counter() - begun


def _runner(binding: Binding, chain: Chain, call: KernelCall) -> Runner:
    if chain.whole:
        rows = block = call.extent if call.rigid else 1
    else:
        rows, block = chain.rows, chain.block_rows()
    builder = Builder()
    with builder.wave(serial=True), builder.chain(rows, block, 0.0):
        binding._call(builder, call, rows)
    return builder.build(_FIRST + len(binding._order), call.scratch).runner()


def _moves(binding: Binding, call: KernelCall) -> bool:
    """Whether a call goes to another place of memory with each step."""
    roles = {x.role for x in call.buffers()}
    if binding.batches is None:
        return "stream" in roles
    return not roles <= {"temp", "const", "variable"}
