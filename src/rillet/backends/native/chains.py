"""Tasks and chains: what scheduling asks of an item, and items that share rows.

In flow nests and calls of kernels; `waves` puts them into chains, `joining` makes loops
of a chain one, `schedule` cuts chains into blocks. All follows from shapes alone.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.estimates import (
    aligned_buffers,
    estimated_work,
    outer_extent,
)
from rillet.backends.native.nests import Nest, apart, simplified

#: Nanoseconds of work that are worth a block of their own, and a whole chain for one.
_BLOCK: Final = 6_000.0
SMALL: Final = 1_500.0
SERIAL: Final = 6_000.0
#: Rows that kernels of products take together.
_TILE: Final = 8
_MOST_BLOCKS: Final = 64


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
            and self.work <= SERIAL
            and all(t.work <= SMALL for t in self.tasks)
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


def goes_whole(chain: Chain, task: Task) -> bool:
    """Whether a chain and a task are so little that one thread should do them."""
    return (
        not task.cut
        and chain.serial
        and task.work <= SMALL
        and chain.work + task.work <= SERIAL
    )


def comes_late(chain: Chain, checks: list[Chain]) -> bool:
    """Whether all checks are done before what is added to a chain."""
    return all(c.wave < chain.wave or (c is chain and chain.whole) for c in checks)


def written_apart(one: Task, other: Task, key: int) -> bool:
    """Whether two tasks write different parts of a buffer."""
    if not isinstance(one.item, Nest) or not isinstance(other.item, Nest):
        return False
    return all(
        apart(a.index, z.index)
        for a in one.item.stores
        for z in other.item.stores
        if id(a.buffer) == key and id(z.buffer) == key
    )
