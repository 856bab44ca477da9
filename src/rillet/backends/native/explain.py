"""What was compiled, in words: waves, chains, kernels; what they move and compute.

In flow bindings; out flows the text of `fn.explain()`. Figures come from `costs`, names
from `origins`, measured times, where they are asked for, from `timing`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rillet.backends.native.binding import Binding
from rillet.backends.native.chains import Chain
from rillet.backends.native.control import BranchItem, LoopItem
from rillet.backends.native.costs import Cost, cost
from rillet.backends.native.element_types import item_bytes
from rillet.backends.native.items import HostItem
from rillet.backends.native.jumps import Jump, Mark, rounds
from rillet.backends.native.nests import Nest
from rillet.backends.native.origins import op_name, origins
from rillet.backends.native.timing import Times, measured
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Node
from rillet.ops.lowering import Buffer

#: Numbers of threads for which the estimate is told.
_THREADS: Final = (1, 2, 4, 8, 16, 32, 64)
#: Microseconds for threads to meet after a wave, and for one to take a block, that grow
#: with the threads: what two and eight threads take, carried on.
_MEETING: Final = 0.1
_CLAIM: Final = 0.02
#: How many kernels are looked at for a repetition.
_PERIOD: Final = 4
#: What lies inside a program.
_WITHIN: Final = ("temp", "const", "state")
_THOUSANDS: Final = ("", "k", "M", "G", "T")


class _Row(NamedTuple):
    """A kernel with its figures."""

    call: Any
    title: str
    cost: Cost


class Totals(NamedTuple):
    """What a program takes, each step.

    Attributes:
        flops: operations on floats.
        read: bytes that kernels read.
        written: bytes that they write.
        outer: bytes of inputs, variables and outputs.
        waits: by the number of threads, microseconds as the scheduler estimates them.
    """

    flops: float
    read: int
    written: int
    outer: int
    waits: dict[int, float]


def explain_binding(binding: Binding, arrays: Any, timed: bool) -> str:
    """What a binding does.

    Args:
        binding: a graph compiled for some sizes.
        arrays: what its inputs are while times are measured; None for numbers drawn.
        timed: whether to run each kernel and say how long it took.

    Returns:
        Lines.
    """
    times = measured(binding, arrays) if timed else None
    known = origins(binding)
    lines = [f"compiled for {_inputs(binding)}", *_steps(binding)]
    lines += _host(binding)
    lines += _memory(binding)
    walk = _Walk(binding, known, times)
    before = [h for h in binding.schedule.before if _computes(h)]
    if before:
        names = ", ".join(op_name(item.node) for item in before)
        lines.append(f"first the host: {names}")
    for number, segment in enumerate(binding.schedule.segments):
        if len(binding.schedule.segments) > 1:
            walk.lines.append(f"segment {number + 1}")
        walk.waves(segment.waves)
        if any(_computes(item) for item in segment.host):
            found = [item for item in segment.host if _computes(item)]
            names = ", ".join(op_name(item.node) for item in found)
            walk.lines.append(f"then the host: {names}")
    return "\n".join([*lines, *walk.lines, *_total(binding, walk, times)])


class _Walk:
    """Goes through waves, and keeps the figures.

    Attributes:
        lines: what there is to say.
        rows: the kernels.
        often: how often each of them runs, as far as that is known.
        spans: for each wave how often it runs, and its chains: blocks, microseconds.
        open: whether it is not known how often some loop runs.
    """

    def __init__(self, binding: Binding, known: Any, times: Times | None) -> None:
        self.lines: list[str] = []
        self.rows: list[_Row] = []
        self.often: list[int] = []
        self.spans: list[tuple[int, list[tuple[int, float]]]] = []
        self.open = False
        self._known = known
        self._times = times
        self._wave = 0
        self._rounds = dict(_loops(binding.lowered.items))

    def waves(self, waves: list[Any]) -> None:
        """The waves of a segment, with the marks and jumps between them."""
        marks = [wave for wave in waves if isinstance(wave, Mark)]
        letters = {id(mark): chr(ord("A") + k % 26) * (k // 26 + 1)
                   for k, mark in enumerate(marks)}  # fmt: skip
        loops = rounds(waves)
        for at, wave in enumerate(waves):
            if isinstance(wave, Mark):
                self.lines.append(f"place {letters[id(wave)]}")
            elif isinstance(wave, Jump):
                self.lines.append(self._jump(wave, letters, waves[:at]))
            else:
                often = 1
                for first, last in loops:
                    if first <= at <= last:
                        often *= self._count(waves[last])
                self._one(wave, often)

    def _count(self, jump: Jump) -> int:
        found = self._rounds.get(id(jump.flag))
        self.open = self.open or found is None
        return 1 if found is None else found

    def _jump(self, jump: Jump, letters: dict[int, str], before: list[Any]) -> str:
        where = letters[id(jump.to)]
        if not any(wave is jump.to for wave in before):
            return f"on to {where} where {jump.flag.name} is {jump.when}"
        count = self._rounds.get(id(jump.flag))
        often = "" if count is None else f", {count} rounds in all"
        return f"back to {where} where {jump.flag.name} is {jump.when}{often}"

    def _one(self, wave: list[Chain], often: int) -> None:
        self._wave += 1
        self.lines.append(f"wave {self._wave}")
        spans = []
        before: list[Any] = []
        alike = 0
        for chain in wave:
            made = [
                _Row(call, _title(task.item, call, self._known), cost(task.item, call))
                for task, call in zip(chain.tasks, chain.calls, strict=True)
            ]
            same = [_blocks(chain), *[(row.title, row.cost) for row in made]]
            if same == before:
                alike += 1
            else:
                self._again(alike)
                alike = 0
                self.lines += _chain(chain, made, self._times)
            before = same
            self.rows += made
            self.often += [often] * len(made)
            spans.append((_blocks(chain), sum(row.cost.ns for row in made) / 1e3))
        self._again(alike)
        self.spans.append((often, spans))

    def _again(self, alike: int) -> None:
        if alike:
            self.lines.append(f"  {alike} more chains like the last")

    def totals(self) -> Totals:
        """The figures of all that was gone through."""
        rows = list(zip(self.rows, self.often, strict=True))
        return Totals(
            sum(row.cost.flops * often for row, often in rows),
            sum(row.cost.read * often for row, often in rows),
            sum(row.cost.written * often for row, often in rows),
            sum(_size(buffer) for buffer in _outer(self.rows)),
            {n: _on(self.spans, n) for n in _THREADS},
        )


def totals(binding: Binding) -> Totals:
    """The figures of a whole program, as `explain` tells them."""
    walk = _Walk(binding, origins(binding), None)
    for segment in binding.schedule.segments:
        walk.waves(segment.waves)
    return walk.totals()


def _loops(items: Any) -> Iterator[tuple[int, int | None]]:
    """For each loop its flag and how many rounds it has."""
    for item in items:
        if isinstance(item, LoopItem):
            yield id(item.flag), item.count
        if isinstance(item, LoopItem | BranchItem):
            for part in item.parts():
                yield from _loops(part)


# The head


def _inputs(binding: Binding) -> str:
    found = []
    for tensor in binding.graph.inputs:
        dims = tensor.spec.shape
        shown = "?" if dims is None else ",".join("?" if d is None else str(d)
                                                  for d in dims)  # fmt: skip
        found.append(f"{tensor.node.name}: {tensor.dtype.name}[{shown}]")
    return ", ".join(found) or "no inputs"


def _steps(binding: Binding) -> list[str]:
    batches = binding.batches
    if batches is None:
        return []
    how = "picked by number" if batches.by_rows else "that follow each other"
    return [f"  many steps in one call, each on {batches.size} rows {how}"]


def host_items(binding: Binding) -> list[HostItem]:
    """The nodes that Python runs, without those that only hand something on."""
    schedule = binding.schedule
    items = [*schedule.before, *[h for s in schedule.segments for h in s.host]]
    return [h for h in items if _computes(h)]


def _computes(item: HostItem) -> bool:
    return item.node.op not in (PLACEHOLDER, CONST, READ)


def told(node: Node, why: str) -> str:
    """A node that Python runs, where it stands in the program, and why."""
    where = ""
    if node.where is not None:
        where = f' at File "{node.where[0]}", line {node.where[1]}'
    return f"{op_name(node)} ({node.name}){where}: {why}"


def _host(binding: Binding) -> list[str]:
    items = host_items(binding)
    lines = [f"  on the host: {len(items) or 'none'}"]
    lines += [f"    {told(item.node, item.why)}" for item in items]
    late = [v.name for v, _ in binding.lowered.host_writes]
    if late:
        lines.append(f"  variables that the host writes: {', '.join(late)}")
    return lines


def _memory(binding: Binding) -> list[str]:
    written = list(dict.fromkeys(v.name for v, _ in binding.lowered.writes))
    how = "in place, copied first where somebody else holds the value"
    if binding.schedule.copies:
        how = "in copies, because a check may still fail after the first is written"
    lines = [f"  variables written: {', '.join(written) or 'none'}"]
    if written:
        lines.append(f"    {how}")
    if binding.lowered.streams:
        lines.append(f"  random streams: {len(binding.lowered.streams)}")
    codes = {code.address: code for code in binding.codes.values()}
    size = sum(code.size for code in codes.values())
    lines.append(
        f"  {len(binding.codes)} kernels, {len(codes)} of them different,"
        f" {_bytes(size)} of code; {_bytes(binding.arena_bytes)} of working memory"
    )
    return lines


# Chains


def _title(item: Any, call: Any, known: Any) -> str:
    ops = " + ".join(known.fused(item))
    return ops if isinstance(item, Nest) else f"{ops}  [{call.kernel.name}]"


def _blocks(chain: Chain) -> int:
    return 1 if chain.whole else -(-chain.rows // max(1, chain.block_rows()))


def _chain(chain: Chain, rows: list[_Row], times: Times | None) -> list[str]:
    count = _blocks(chain)
    if chain.whole or count == 1:
        head = "  one thread"
    else:
        head = f"  {chain.rows} rows in {count} blocks of {chain.block_rows()}"
    columns = "     reads    writes     FLOPs  about us"
    if times is not None:
        columns += "        us  GFLOP/s"
    lines = [head, f"    {columns}"]
    for often, row in _runs(rows):
        if isinstance(row, int):
            lines.append(f"      the last {row} again, {often} times")
            continue
        found = row.cost
        text = f"{_bytes(found.read):>10}{_bytes(found.written):>10}"
        text += f"{_scaled(found.flops):>10}{found.ns / 1e3:>10.2f}"
        if times is not None:
            taken = times.calls[id(row.call)]
            text += f"{taken * 1e6:>10.2f}{found.flops / taken / 1e9:>9.1f}"
        lines.append(f"    {text}  {row.title}")
    return lines


def _runs(rows: list[_Row]) -> Iterator[tuple[int, _Row | int]]:
    """Rows; of what repeats itself the first time, and how many rows how often."""
    keys = [(row.title, row.cost) for row in rows]
    at = 0
    while at < len(rows):
        best = (0, 0)
        for period in range(1, _PERIOD + 1):
            times = 0
            while (
                keys[at : at + period]
                == keys[at + period * (times + 1) : at + period * (times + 2)]
            ):
                times += 1
            if times > 1 and times * period > best[0] * best[1]:
                best = (period, times)
        period, times = best
        for row in rows[at : at + max(period, 1)]:
            yield 1, row
        if times:
            yield times, period
        at += max(period, 1) + period * times


# The foot


def _total(binding: Binding, walk: _Walk, times: Times | None) -> list[str]:
    flops, read, written, outer, waits = walk.totals()
    lines = ["total, all branches taken, unknown loops once" if walk.open else "total"]
    lines.append(
        f"  {_scaled(flops)} FLOPs; kernels read {_bytes(read)} and write"
        f" {_bytes(written)}"
    )
    if outer:
        lines.append(
            f"  inputs, variables and outputs are {_bytes(outer)}:"
            f" {flops / outer:.1f} FLOP a byte"
        )
    guess = ", ".join(f"{n}: {us:.0f}" for n, us in waits.items())
    lines.append(f"  about us on so many threads: {guess}")
    if times is not None:
        single = sum(
            times.calls[id(row.call)] * often
            for row, often in zip(walk.rows, walk.often, strict=True)
        )
        lines.append(
            f"  measured: {single * 1e6:.0f} us in kernels, one after the other on one"
            f" thread ({flops / max(single, 1e-9) / 1e9:.0f} GFLOP/s);"
            f" {times.whole * 1e6:.0f} us as a program on {times.threads} threads"
            f" ({flops / max(times.whole, 1e-9) / 1e9:.0f} GFLOP/s)"
        )
    return lines


def _outer(rows: list[_Row]) -> Iterator[Buffer]:
    """What a step takes from outside, and leaves there, each once."""
    seen: set[int] = set()
    for row in rows:
        for buffer in row.call.buffers():
            if buffer.role not in _WITHIN and id(buffer) not in seen:
                seen.add(id(buffer))
                yield buffer


def _size(buffer: Buffer) -> int:
    return buffer.size * item_bytes(buffer.type)


def _on(spans: list[tuple[int, list[tuple[int, float]]]], threads: int) -> float:
    """Microseconds on so many threads: each takes the next block when it is free."""
    total = 0.0
    for often, wave in spans:
        blocks = [us / count for count, us in wave for _ in range(count)]
        share = min(threads, len(blocks)) - 1
        free = [0.0] * max(1, min(threads, len(blocks)))
        for block in sorted(blocks, reverse=True):
            heapq.heapreplace(free, free[0] + block + _CLAIM * share)
        meeting = _MEETING * (threads - 1) ** 0.5 if share > 0 else 0.0
        total += often * (max(free) + meeting)
    return total


def _bytes(count: float) -> str:
    return f"{_scaled(count, ' ')}B"


def _scaled(count: float, blank: str = "") -> str:
    """A number with its thousands: 1.23 M."""
    for unit in _THOUSANDS:
        if count < 999.995 or unit == _THOUSANDS[-1]:
            break
        count /= 1000
    return f"{count:.2f} {unit}" if unit else f"{count:.0f}{blank}"


__all__ = ["Totals", "explain_binding", "host_items", "told", "totals"]
