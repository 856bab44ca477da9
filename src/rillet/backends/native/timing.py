"""How long each kernel of a program takes, and the program whole.

In flow a binding; out flow seconds. Kernels run on memory of their own: variables,
random streams and what the host does are left alone. `explain` asks for it.

A kernel that runs by itself must find what it found in the program wherever it uses a
number as a position: numbers keep memory of their own, and what loops count stands at
the first round.
"""

from __future__ import annotations

import copy
import time
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.backends.native.binding import Binding
from rillet.backends.native.calls import KernelCall
from rillet.backends.native.chains import Chain
from rillet.backends.native.element_types import item_bytes
from rillet.backends.native.frames import FIRST, Frame, address
from rillet.backends.native.image import Builder, Runner
from rillet.backends.native.jumps import rounds
from rillet.core import threads
from rillet.ops.lowering import Buffer

_REPEATS: Final = 5
#: Seconds that one repeat of a kernel takes at least, and how often it runs at most.
_LEAST: Final = 50e-6
_MOST: Final = 64
#: Row numbers that a batch may ask for.
_ROWS: Final = 1 << 20
_LINE: Final = 64


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
    planned = _Memory(binding, arrays)
    whole = min(_whole(planned) for _ in range(_REPEATS * 2))
    memory = _Memory(_apart(binding), arrays)
    _whole(memory)
    calls: dict[int, float] = {}
    for segment in binding.schedule.segments:
        loops = rounds(segment.waves)
        for at, wave in enumerate(segment.waves):
            inside = any(first <= at <= last for first, last in loops)
            for chain in wave:
                for call in chain.calls:
                    calls[id(call)] = _alone(chain, call, memory, inside)
    return Times(calls, whole, threads.count())


def _apart(binding: Binding) -> Binding:
    """The same program with memory of its own for each buffer of whole numbers."""
    found = copy.copy(binding)
    found._places = dict(binding._places)
    for buffer, _, _ in binding._ranges.values():
        if id(buffer) in found._places and _counts(buffer):
            size = buffer.size * item_bytes(buffer.type)
            found._places[id(buffer)] = found.arena_bytes
            found.arena_bytes += -(-size // _LINE) * _LINE + _LINE
    found._images = [found._image(s) for s in binding.schedule.segments]
    return found


def _counts(buffer: Buffer) -> bool:
    return np.dtype(buffer.type).kind in "iub"


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
        self.binding = binding
        self.frame = Frame(
            binding.arena_bytes, FIRST + len(binding._order), binding._images
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

    def begin_rounds(self) -> None:
        """Let what loops count stand at the first round."""
        for buffer, _, _ in self.binding._ranges.values():
            if buffer.role == "state" and _counts(buffer):
                place = self.binding._places[id(buffer)]
                self.frame.view(place, buffer.type, buffer.shape)[...] = 0


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


def _alone(chain: Chain, call: KernelCall, memory: _Memory, inside: bool) -> float:
    """Seconds of one call, block by block on this thread."""
    runner = _runner(memory.binding, chain, call)
    nothing = Builder().build(FIRST + len(memory.binding._order)).runner()
    start = min(_taken(nothing, memory, 1, False) for _ in range(_REPEATS))
    turns = 1
    if not inside and not _moves(memory.binding, call):
        taken = _taken(runner, memory, 1, inside)
        turns = max(1, min(_MOST, round(_LEAST / max(taken, 1e-7))))
    best = min(_taken(runner, memory, turns, inside) for _ in range(_REPEATS))
    memory.restore()
    return max((best - start) / turns, 1e-9)


def _taken(runner: Runner, memory: _Memory, turns: int, inside: bool) -> float:
    if inside:
        memory.begin_rounds()
    bases = memory.frame.bases
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
    return builder.build(FIRST + len(binding._order), call.scratch).runner()


def _moves(binding: Binding, call: KernelCall) -> bool:
    """Whether a call goes to another place of memory with each step."""
    roles = {x.role for x in call.buffers()}
    if binding.batches is None:
        return "stream" in roles
    return not roles <= {"temp", "const", "variable"}
