"""Items into chains and waves: what runs on which rows, in which order.

In flow the items of `lower`; out flow segments that alternate between native code and
the host. Items whose rows need only the same rows of what came before stand in one
chain: a thread runs a block of rows through all of it. Chains of one wave need nothing
of each other. Everything here follows from shapes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.chains import Chain, Task
from rillet.backends.native.codegen import generated
from rillet.backends.native.control import BranchItem, LoopItem
from rillet.backends.native.items import HostItem, Lowered
from rillet.backends.native.joining import join
from rillet.backends.native.jumps import Jump, needed_in_loops, rounds, waves_of
from rillet.backends.native.nests import Nest
from rillet.backends.native.waves import waves
from rillet.graph.passes import has_effects
from rillet.ops.lowering import Buffer


class Structure:
    """A loop or branch with what scheduling asks of it."""

    __slots__ = ("item", "level", "reads", "writes")

    def __init__(self, item: LoopItem | BranchItem) -> None:
        self.item = item
        self.level = 0
        self.reads: dict[int, Buffer] = {}
        self.writes: dict[int, Buffer] = {}
        flags = [item.flag] if isinstance(item, LoopItem) else item.flags
        self.reads.update({id(x): x for x in flags})
        for part in item.parts():
            for task in _tasks(part):
                self.reads.update(task.reads)
                self.writes.update(task.writes)

    def waves(self) -> list[list[Chain]]:
        """Its waves, with marks and jumps."""
        return waves_of(self.item, lambda items: _sequence(_tasks(items)))


def _tasks(items: list[Any]) -> list[Task | Structure]:
    """Tasks of the items that do something."""
    out: list[Task | Structure] = []
    for item in items:
        if isinstance(item, LoopItem | BranchItem):
            out.append(Structure(item))
        elif not _is_empty(item):
            out.append(Task(item))
    return out


def _sequence(tasks: Sequence[Task | Structure]) -> list[list[Chain]]:
    """Waves of tasks, loops and branches: these stand between what is around them."""
    out: list[list[Chain]] = []
    run: list[Task] = []
    for task in tasks:
        if isinstance(task, Structure):
            out += [*waves(run), *task.waves()]
            run = []
        else:
            run.append(task)
    return [*out, *waves(run)]


class Segment:
    """Native code between two stays on the host.

    Attributes:
        waves: chains that may run at the same time, in the order of time.
        host: what the host does afterwards.
    """

    def __init__(self) -> None:
        self.waves: list[list[Chain]] = []
        self.host: list[HostItem] = []


class Schedule:
    """Segments, and what memory planning needs.

    Attributes:
        before: what the host does first.
        segments: the rest.
        copies: whether a failure could leave variables half written, so that they
            must be copied first.
    """

    def __init__(self) -> None:
        self.before: list[HostItem] = []
        self.segments: list[Segment] = []
        self.copies = False


def scheduled(lowered: Lowered) -> Schedule:
    """Cut items into segments, waves and chains."""
    out = Schedule()
    written = {id(buffer) for _, buffer in lowered.writes}
    tasks: list[Task | Structure] = []
    hosts: list[tuple[int, HostItem]] = []
    ready: dict[int, int] = {}
    touched: dict[int, int] = {}
    last_host = 0
    for item in lowered.items:
        if isinstance(item, HostItem):
            reads = [x[0] for x in item.inputs if isinstance(x, tuple)]
            slots = [x for x in item.inputs if not isinstance(x, tuple | int)]
            level = max([ready.get(id(x), -1) for x in [*reads, *slots]], default=-1)
            # a loop or branch has the effects of what it holds
            if getattr(item.node.op, "effects", "") or has_effects(item.node):
                level = last_host = max(level, last_host)
            for x in reads:
                touched[id(x)] = max(touched.get(id(x), 0), level + 1)
            for y in item.outputs:
                ready[id(y)] = level + (1 if isinstance(y, Buffer) else 0)
            hosts.append((level, item))
            continue
        task: Task | Structure
        if isinstance(item, LoopItem | BranchItem):
            task = Structure(item)
        elif _is_empty(item):
            for y in _written(item):
                ready.setdefault(id(y), 0)
            continue
        else:
            task = Task(item)
        task.level = max([ready.get(k, 0) for k in task.reads], default=0)
        task.level = max(task.level, 0)
        for k, x in task.writes.items():
            if x.role == "state":  # written again after others have read it
                task.level = max(task.level, touched.get(k, 0))
        for k in [*task.reads, *task.writes]:
            touched[k] = max(touched.get(k, 0), task.level)
        for k in task.writes:
            ready[k] = max(ready.get(k, 0), task.level)
        tasks.append(task)
    top = max([t.level for t in tasks] + [level for level, _ in hosts], default=0)
    late = top + 1 if any(level == top for level, _ in hosts) else max(top, 0)
    for task in tasks:
        if any(k in written for k in task.writes):
            task.level = late
    out.before = [h for level, h in hosts if level < 0]
    for level in range(max(late, top) + 1):
        segment = Segment()
        segment.waves = _sequence([t for t in tasks if t.level == level])
        segment.host = [h for at, h in hosts if at == level]
        if segment.waves or segment.host:
            out.segments.append(segment)
    kept = {id(x[0]) for x in lowered.outputs if isinstance(x, tuple)}
    kept |= {id(x[0]) for _, x in lowered.host_writes if isinstance(x, tuple)}
    kept |= {id(x[0]) for _, h in hosts for x in h.inputs if isinstance(x, tuple)}
    join(out, kept)
    for segment in out.segments:
        for wave in segment.waves:
            for chain in wave:
                chain.calls = [
                    generated(t.item) if isinstance(t.item, Nest) else t.item
                    for t in chain.tasks
                ]
    out.copies = _may_fail_late(out, written)
    return out


def _written(item: Nest | KernelCall) -> list[Buffer]:
    if isinstance(item, Nest):
        return [store.buffer for store in item.stores]
    return item.writes


def _is_empty(item: Nest | KernelCall) -> bool:
    """Whether there is nothing to write."""
    if isinstance(item, Nest):
        return any(not v.extent for v in item.domain)
    return not item.extent


def _may_fail_late(schedule: Schedule, written: set[int]) -> bool:
    """Whether something may fail when a variable has been written."""
    begun = False
    for segment in schedule.segments:
        for wave in segment.waves:
            for calls in _in_order(wave):
                writes = any(id(x) in written for q in calls for x in q.writes)
                if (begun or writes) and any(q.fails for q in calls):
                    return True
                begun = begun or writes
        if begun and segment.host:
            return True
    return False


def _in_order(wave: Any) -> list[list[KernelCall]]:
    """A wave's calls: those that run at the same time, then the others singly."""
    if not isinstance(wave, list):
        return []  # a mark or a jump
    together = [q for c in wave if not c.whole for q in c.calls]
    return [together, *[[q] for c in wave if c.whole for q in c.calls]]


def live_ranges(schedule: Schedule) -> dict[int, tuple[Buffer, int, int]]:
    """For each temporary buffer the first and the last wave that needs it."""
    out: dict[int, tuple[Buffer, int, int]] = {}
    at = 0

    def note(buffer: Buffer) -> None:
        found = out.get(id(buffer))
        first = at if found is None else found[1]
        out[id(buffer)] = (buffer, first, at)

    loops: list[tuple[int, int]] = []
    for segment in schedule.segments:
        loops += [(at + begin, at + end) for begin, end in rounds(segment.waves)]
        for wave in segment.waves:
            for chain in wave:
                for call in chain.calls:
                    for buffer in call.buffers():
                        note(buffer)
            if isinstance(wave, Jump):
                note(wave.flag)
            at += 1
        for item in segment.host:
            for x in item.inputs:
                if isinstance(x, tuple):
                    note(x[0])
        at += 1
    for key, (buffer, first, last) in out.items():
        out[key] = (buffer, *needed_in_loops(first, last, loops))
    return out
