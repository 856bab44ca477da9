"""Items into chains and waves: what runs on which rows, in which order.

In flow the items of `lower`; out flow segments that alternate between native code and
the host. Items whose rows need only the same rows of what came before stand in one
chain: a thread runs a block of rows through all of it. Chains of one wave need nothing
of each other. Everything here follows from shapes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.codegen import (
    aligned_buffers,
    estimated_work,
    generated,
    outer_extent,
)
from rillet.backends.native.control import BranchItem, LoopItem
from rillet.backends.native.jumps import Jump, needed_in_loops, rounds, waves_of
from rillet.backends.native.lower import HostItem, Lowered
from rillet.backends.native.nests import Nest, apart, joined, simplified
from rillet.ops.lowering import Buffer

#: Nanoseconds of work that are worth a block of their own, and a whole chain for one.
_BLOCK: Final = 6_000.0
_SMALL: Final = 1_500.0
_SERIAL: Final = 6_000.0
#: Rows that kernels of products take together.
_TILE: Final = 8
#: The work of a single number.
_NUMBER: Final = 100.0
_MOST_BLOCKS: Final = 64
#: Nests of more parts than this are not joined further.
_LARGEST: Final = 400


class Task:
    """An item with what scheduling asks of it."""

    __slots__ = (
        "aligned", "cut", "extent", "fails", "item", "level", "reads", "rigid", "work",
        "writes",
    )  # fmt: skip

    def __init__(self, item: Nest | KernelCall) -> None:
        self.level = 0
        self.cut = 0
        if isinstance(item, Nest):
            item = simplified(item)
            self.writes = {id(s.buffer): s.buffer for s in item.stores}
            self.reads = {id(x): x for x, _ in item.reads()}
            self.aligned = {k for k, good in aligned_buffers(item).items() if good}
            self.extent = outer_extent(item)
            self.rigid = not item.domain
            self.work = estimated_work(item) * self.extent
            self.fails = any(e.kind == "checked" for e in item.expressions())
        else:
            self.writes = {id(x): x for x in item.writes}
            self.reads = {id(x): x for x in item.buffers()}
            self.aligned = set(item.aligned)
            self.extent = item.extent
            self.rigid = item.rigid
            self.cut = item.cut
            self.work = item.work * self.extent
            self.fails = item.fails
        self.item: Nest | KernelCall = item


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
            out += [*_waves(run), *task.waves()]
            run = []
        else:
            run.append(task)
    return [*out, *_waves(run)]


class Chain:
    """Tasks that run on blocks of rows, one after the other without a barrier.

    Attributes:
        tasks: in their order.
        rows: how many rows there are.
        rigid: whether a task asks for exactly that many.
        whole: whether tasks must run whole, on one thread.
        cut: rows that each block must have; 0 for any.
        wave: when the chain runs.
        calls: the tasks' kernels, once they are code.
    """

    def __init__(self, task: Task, wave: int) -> None:
        self.tasks = [task]
        self.wave = wave
        self.rigid = task.rigid
        self.rows = task.extent if task.rigid else _rows(task)
        self.whole = False
        self.cut = task.cut
        self.calls: list[KernelCall] = []

    @property
    def work(self) -> float:
        """Nanoseconds of the whole chain, roughly."""
        return sum(t.work for t in self.tasks)

    @property
    def serial(self) -> bool:
        """Whether one thread runs every task whole."""
        return (
            not self.cut
            and self.work <= _SERIAL
            and all(t.work <= _SMALL for t in self.tasks)
        )

    def blocks(self) -> int:
        """In how many blocks the rows are cut."""
        if self.cut:
            return -(-self.rows // self.cut)
        if self.whole or self.serial:
            return 1
        hints = [
            c.block
            for t in self.tasks
            if isinstance(c := t.item, KernelCall) and c.block
        ]
        wanted = self.work / _BLOCK
        if hints:
            wanted = max(min(wanted, self.rows / min(hints)), min(wanted, 4.0))
        return max(1, min(_MOST_BLOCKS, self.rows, round(wanted)))

    def block_rows(self) -> int:
        """How many rows a block has: whole tiles, where kernels work in tiles."""
        if self.cut:
            return self.cut
        rows = -(-self.rows // self.blocks())
        tiled = any(isinstance(t.item, KernelCall) and t.item.block for t in self.tasks)
        if not tiled or rows <= _TILE // 2:
            return rows
        tiles = -(-self.rows // _TILE)
        most = -(-rows // _TILE)
        sizes = range(max(1, -(-most // 2)), most + 1)
        return _TILE * max(sizes, key=lambda size: (_evenness(tiles, size), size))

    def fits(self, task: Task) -> bool:
        """Whether a task can run on the chain's rows."""
        if task.cut and self.cut not in (0, task.cut):
            return False
        if not task.rigid:
            return task.extent % self.rows == 0
        if self.rigid:
            return task.extent == self.rows
        return all(t.extent % task.extent == 0 for t in self.tasks)

    def add(self, task: Task) -> None:
        """Add a task at the end."""
        if task.rigid and not self.rigid:
            self.rows, self.rigid = task.extent, True
        self.cut = self.cut or task.cut
        self.tasks.append(task)


def _evenness(tiles: int, size: int) -> float:
    """How busy 2 and 4 threads are with blocks of so many tiles, on average."""
    blocks = -(-tiles // size)
    shares = [tiles / (-(-blocks // n) * n * size) for n in (2, 4)]
    return round(sum(min(1.0, s) for s in shares) / len(shares), 3)


def _rows(task: Task) -> int:
    """The rows of a chain that a task begins: the leading size, if it is enough."""
    leading = next(iter(task.writes.values())).shape
    rows = leading[0] if leading else 1
    if rows >= 16 and task.extent % rows == 0:
        return rows
    return task.extent


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
            if hasattr(item.node.op, "effects") and item.node.op.effects:
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
    _join(out, kept)
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


def _waves(tasks: list[Task]) -> list[list[Chain]]:
    """Tasks of one segment as waves."""
    chains: list[Chain] = []
    home: dict[int, Chain] = {}
    writers: dict[int, list[Task]] = {}
    readers: dict[int, list[Task]] = {}
    first = _prologue(tasks)
    for task in first:
        if not chains:
            chains.append(Chain(task, 0))
            chains[0].whole = True
        else:
            chains[0].tasks.append(task)
        home[id(task)] = chains[0]
        for k in task.writes:
            writers[k] = [task]
    for task in [t for t in tasks if id(t) not in home]:
        before: list[tuple[Task, int]] = []
        for k in task.reads:
            before += [(w, k) for w in writers.get(k, ())]
        for k in task.writes:
            before += [(r, k) for r in readers.get(k, ()) if r is not task]
            before += [(w, k) for w in writers.get(k, ()) if not _apart(w, task, k)]
        checks: list[Chain] = []
        if any(x.role == "variable" for x in task.writes.values()):
            # written when nothing can fail any more
            checks = [c for c in chains if any(t.fails for t in c.tasks)]
        chain = _home(task, before, home, chains, 0 if first else -1, checks)
        home[id(task)] = chain
        for k in task.reads:
            readers.setdefault(k, []).append(task)
        for k in task.writes:
            if all(_apart(w, task, k) for w in writers.get(k, ())):
                writers.setdefault(k, []).append(task)
            else:
                writers[k] = [*writers[k], task]
                readers[k] = [task] if k in task.reads else []
    count = max([c.wave for c in chains], default=-1) + 1
    waves: list[list[Chain]] = [[] for _ in range(count)]
    for chain in chains:
        waves[chain.wave].append(chain)
    return waves


def _apart(one: Task, other: Task, key: int) -> bool:
    """Whether two tasks write different parts of a buffer."""
    if not isinstance(one.item, Nest) or not isinstance(other.item, Nest):
        return False
    return all(
        apart(a.index, z.index)
        for a in one.item.stores
        for z in other.item.stores
        if id(a.buffer) == key and id(z.buffer) == key
    )


def _prologue(tasks: list[Task]) -> list[Task]:
    """Single numbers that need nothing but inputs: rates, counts, factors.

    One thread computes them first, so that no chain waits for another because of them.
    """
    found: list[Task] = []
    made: dict[int, int] = {}
    for task in tasks:
        for k in task.writes:
            made[k] = made.get(k, 0) + 1
    done: set[int] = set()
    for task in tasks:
        alone = task.extent == 1 and task.work < _NUMBER
        temps = all(x.role == "temp" and made[k] == 1 for k, x in task.writes.items())
        known = all(
            k in done or k not in made or x.role == "variable"
            for k, x in task.reads.items()
        )
        if alone and temps and known:
            found.append(task)
            done.update(task.writes)
    return found


def _home(
    task: Task,
    before: list[tuple[Task, int]],
    home: dict[int, Chain],
    chains: list[Chain],
    least: int,
    checks: list[Chain],
) -> Chain:
    """The chain that a task joins, or a new one.

    It comes in a wave after `least`, and after `checks`.
    """
    latest = max([home[id(t)].wave for t, _ in before], default=least)
    last = [c for c in chains if c.wave == latest]
    needed = [c for c in last if any(home[id(t)] is c for t, _ in before)]
    if len(needed) > 1:
        needed = _merged(needed, task, before, home, chains)
    if len(needed) == 1:
        chain = needed[0]
        own = [k for t, k in before if home[id(t)] is chain]
        late = _comes_late(chain, checks)
        rows = [t for t, _ in before if home[id(t)] is chain]
        aligned = all(
            k in t.aligned and k in task.aligned for t, k in zip(rows, own, strict=True)
        )
        if late and aligned and not chain.whole and chain.fits(task):
            chain.add(task)
            return chain
        if late and _goes_whole(chain, task):
            chain.whole = True
            chain.tasks.append(task)
            return chain
    wave = max([latest, *[c.wave for c in checks]]) + 1
    for chain in chains:
        if chain.wave == wave and chain.whole and _goes_whole(chain, task):
            chain.tasks.append(task)
            return chain
    made = Chain(task, wave)
    chains.append(made)
    return made


def _comes_late(chain: Chain, checks: list[Chain]) -> bool:
    """Whether all checks are done before what is added to a chain."""
    return all(c.wave < chain.wave or (c is chain and chain.whole) for c in checks)


def _merged(
    needed: list[Chain],
    task: Task,
    before: list[tuple[Task, int]],
    home: dict[int, Chain],
    chains: list[Chain],
) -> list[Chain]:
    """Chains of one wave that a task needs, as one chain where rows allow it."""
    needed = sorted(needed, key=lambda c: -c.work)
    main, others = needed[0], needed[1:]
    if main.whole or any(c.whole for c in others):
        return needed
    if not main.fits(task) or not all(main.fits(t) for c in others for t in c.tasks):
        return needed
    if not all(k in t.aligned and k in task.aligned for t, k in before
               if home[id(t)] in needed):  # fmt: skip
        return needed
    for chain in others:
        # they need nothing of each other, or they would not share a wave
        for other in chain.tasks:
            main.add(other)
            home[id(other)] = main
        chains[:] = [c for c in chains if c is not chain]
    return [main]


def _goes_whole(chain: Chain, task: Task) -> bool:
    """Whether a chain and a task are so little that one thread should do them."""
    return (
        not task.cut
        and chain.serial
        and task.work <= _SMALL
        and chain.work + task.work <= _SERIAL
    )


def _join(schedule: Schedule, kept: set[int]) -> None:
    """Make neighbouring loops over the same elements one."""
    readers: dict[int, set[Task]] = {}
    for segment in schedule.segments:
        for wave in segment.waves:
            for chain in wave:
                for task in chain.tasks:
                    for k in task.reads:
                        readers.setdefault(k, set()).add(task)
    for segment in schedule.segments:
        for wave in segment.waves:
            for chain in wave:
                _join_chain(chain, kept, readers)


def _join_chain(chain: Chain, kept: set[int], readers: dict[int, set[Task]]) -> None:
    out: list[Task] = []
    for task in chain.tasks:
        if isinstance(task.item, Nest) and not _join_into(out, task, kept, readers):
            out.append(task)
        elif not isinstance(task.item, Nest):
            out.append(task)
    chain.tasks = out


def _join_into(
    out: list[Task], task: Task, kept: set[int], readers: dict[int, set[Task]]
) -> bool:
    """Join a task to an earlier one that nothing between them forbids."""
    for at in range(len(out) - 1, -1, -1):
        other = out[at]
        if not task.reads.keys().isdisjoint([*other.reads, *other.writes]):
            both = _both(other, task, kept, readers)
            if both is not None:
                made = Task(both)
                made.work = min(made.work, other.work + task.work)
                for k in task.reads.keys() | other.reads.keys():
                    who = readers.setdefault(k, set())
                    who -= {task, other}
                    if k in made.reads:
                        who.add(made)
                out[at] = made
                return True
        if task.reads.keys() & other.writes.keys():
            return False
        if task.writes.keys() & other.reads.keys():
            return False
        shared = task.writes.keys() & other.writes.keys()
        if not all(_apart(other, task, k) for k in shared):
            return False
    return False


def _both(
    first: Task, second: Task, kept: set[int], readers: dict[int, set[Task]]
) -> Nest | None:
    """The nests of two tasks as one, where that can be."""
    one, two = first.item, second.item
    if not isinstance(one, Nest) or not isinstance(two, Nest):
        return None
    if len(one.expressions()) + len(two.expressions()) > _LARGEST:
        return None
    alone = {
        k
        for k, x in first.writes.items()
        if x.role == "temp" and k not in kept and readers.get(k, set()) <= {second}
    }
    return joined(one, two, alone)


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


__all__ = ["Chain", "Schedule", "Segment", "live_ranges", "scheduled"]
