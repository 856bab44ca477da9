"""What was compiled, in words: waves, chains, kernels; what they move and compute.

In flow bindings; out flows the text of `fn.explain()`. Figures come from `costs`, names
from `origins`, measured times, where they are asked for, from `timing`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rillet.backends.native.binding import Binding
from rillet.backends.native.codegen import item_bytes
from rillet.backends.native.costs import Cost, cost
from rillet.backends.native.lower import HostItem
from rillet.backends.native.nests import Nest
from rillet.backends.native.origins import op_name, origins
from rillet.backends.native.schedule import Chain
from rillet.backends.native.timing import Times, measured
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Node
from rillet.ops.lowering import Buffer

#: Numbers of threads for which the estimate is told.
_THREADS: Final = (1, 2, 4, 8, 16, 32, 64)
#: Microseconds for threads to meet after a wave, and for one to take a block, that grow
#: with the threads: what two and eight threads take, carried on.
_MEETING: Final = 0.1
_CLAIM: Final = 0.02
_THOUSANDS: Final = ("", "k", "M", "G", "T")


class _Row(NamedTuple):
    """A kernel with its figures."""

    call: Any
    title: str
    cost: Cost


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
    rows: list[_Row] = []
    spans: list[list[tuple[int, float]]] = []
    at = 0
    for number, segment in enumerate(binding.schedule.segments):
        if len(binding.schedule.segments) > 1:
            lines.append(f"segment {number + 1}")
        for wave in segment.waves:
            at += 1
            lines.append(f"wave {at}")
            spans.append([])
            for chain in wave:
                made = [
                    _Row(call, _title(task.item, call, known), cost(task.item, call))
                    for task, call in zip(chain.tasks, chain.calls, strict=True)
                ]
                lines += _chain(chain, made, times)
                rows += made
                ns = sum(row.cost.ns for row in made)
                spans[-1].append((_blocks(chain), ns / 1e3))
        if segment.host:
            names = ", ".join(op_name(item.node) for item in segment.host)
            lines.append(f"then the host: {names}")
    lines += _total(binding, rows, spans, times)
    return "\n".join(lines)


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
    return [h for h in items if h.node.op not in (PLACEHOLDER, CONST, READ)]


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
    for row in rows:
        found = row.cost
        text = f"{_bytes(found.read):>10}{_bytes(found.written):>10}"
        text += f"{_scaled(found.flops):>10}{found.ns / 1e3:>10.2f}"
        if times is not None:
            taken = times.calls[id(row.call)]
            text += f"{taken * 1e6:>10.2f}{found.flops / taken / 1e9:>9.1f}"
        lines.append(f"    {text}  {row.title}")
    return lines


# The foot


def _total(
    binding: Binding,
    rows: list[_Row],
    spans: list[list[tuple[int, float]]],
    times: Times | None,
) -> list[str]:
    flops = sum(row.cost.flops for row in rows)
    read = sum(row.cost.read for row in rows)
    written = sum(row.cost.written for row in rows)
    outer = sum(_size(b) for b in _outer(binding, rows))
    lines = ["total"]
    lines.append(
        f"  {_scaled(flops)} FLOPs; kernels read {_bytes(read)} and write"
        f" {_bytes(written)}"
    )
    if outer:
        lines.append(
            f"  inputs, variables and outputs are {_bytes(outer)}:"
            f" {flops / outer:.1f} FLOP a byte"
        )
    guess = ", ".join(f"{n}: {_on(spans, n):.0f}" for n in _THREADS)
    lines.append(f"  about us on so many threads: {guess}")
    if times is not None:
        single = sum(times.calls.values())
        lines.append(
            f"  measured: {single * 1e6:.0f} us in kernels, one after the other on one"
            f" thread ({flops / max(single, 1e-9) / 1e9:.0f} GFLOP/s);"
            f" {times.whole * 1e6:.0f} us as a program on {times.threads} threads"
            f" ({flops / max(times.whole, 1e-9) / 1e9:.0f} GFLOP/s)"
        )
    return lines


def _outer(binding: Binding, rows: list[_Row]) -> Iterator[Buffer]:
    """What a step takes from outside, and leaves there, each once."""
    seen: set[int] = set()
    for row in rows:
        for buffer in row.call.buffers():
            if buffer.role not in ("temp", "const") and id(buffer) not in seen:
                seen.add(id(buffer))
                yield buffer


def _size(buffer: Buffer) -> int:
    return buffer.size * item_bytes(buffer.type)


def _on(spans: list[list[tuple[int, float]]], threads: int) -> float:
    """Microseconds on so many threads: each takes the next block when it is free."""
    total = 0.0
    for wave in spans:
        blocks = [us / count for count, us in wave for _ in range(count)]
        share = min(threads, len(blocks)) - 1
        free = [0.0] * max(1, min(threads, len(blocks)))
        for block in sorted(blocks, reverse=True):
            heapq.heapreplace(free, free[0] + block + _CLAIM * share)
        total += max(free) + (_MEETING * (threads - 1) ** 0.5 if share > 0 else 0.0)
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


__all__ = ["explain_binding", "host_items", "told"]
