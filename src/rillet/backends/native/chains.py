"""Tasks and chains: what scheduling asks of an item, and items that share rows.

In flow nests and calls of kernels; `waves` puts them into chains, `joining` makes loops
of a chain one, `schedule` cuts chains into blocks. All follows from shapes alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.estimates import (
    aligned_buffers,
    estimated_work,
    outer_extent,
)
from rillet.backends.native.nests import Nest, apart, simplified
from rillet.backends.native.sizes import plain, same, share, varies

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
        "_grows", "aligned", "cut", "extent", "fails", "item", "level", "reads",
        "rigid", "work", "writes",
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
        #: The largest size that stays, those that vary, and work for an element.
        self._grows: tuple[int, tuple[int, ...], float] | None = None

    def work_of(self, of: Callable[[int], int]) -> float:
        """Its work where sizes are what `of` says: it grows as what it touches."""
        if of is int:
            return self.work
        grows = self._grows
        if grows is None:
            sizes = [x.size for x in (*self.writes.values(), *self.reads.values())]
            fixed = max([1, *[n for n in sizes if not varies(n)]])
            changing = tuple([n for n in sizes if varies(n)])
            most = max([fixed, *map(plain, changing)])
            grows = self._grows = (fixed, changing, self.work / most)
        fixed, changing, each = grows
        if not changing:
            return self.work
        return each * max([fixed, *map(of, changing)])


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
        self._layout: tuple[int, int, float] | None = None

    @property
    def work(self) -> float:
        """Nanoseconds of the whole chain, roughly."""
        return sum(t.work for t in self.tasks)

    @property
    def serial(self) -> bool:
        """Whether one thread runs every task whole."""
        return self._serial(int)

    def work_of(self, of: Callable[[int], int]) -> float:
        """The work of the whole chain where sizes are what `of` says."""
        return sum(t.work_of(of) for t in self.tasks)

    def _serial(self, of: Callable[[int], int]) -> bool:
        works = [t.work_of(of) for t in self.tasks]
        return not self.cut and sum(works) <= SERIAL and max(works) <= SMALL

    def blocks(self, of: Callable[[int], int] = int) -> int:
        """In how many blocks the rows are cut."""
        rows = of(self.rows)
        if self.cut:
            return -(-rows // of(self.cut))
        if self.whole or self._serial(of):
            return 1
        hints = [
            of(c.block)
            for t in self.tasks
            if isinstance(c := t.item, KernelCall) and c.block
        ]
        wanted = self.work_of(of) / _BLOCK
        if hints:
            wanted = max(min(wanted, rows / min(hints)), min(wanted, 4.0))
        return max(1, min(_MOST_BLOCKS, rows, round(wanted)))

    def block_rows(self, of: Callable[[int], int] = int) -> int:
        """How many rows a block has: whole tiles, where kernels work in tiles."""
        if self.cut:
            return of(self.cut)
        whole = of(self.rows)
        rows = -(-whole // self.blocks(of))
        tiled = any(isinstance(t.item, KernelCall) and t.item.block for t in self.tasks)
        if not tiled or rows <= _TILE // 2:
            return rows
        tiles = -(-whole // _TILE)
        most = -(-rows // _TILE)
        sizes = range(max(1, -(-most // 2)), most + 1)
        return _TILE * max(sizes, key=lambda size: (_evenness(tiles, size), size))

    def laid_out(self, of: Callable[[int], int]) -> tuple[int, int, float]:
        """Rows, rows of a block, and work, where sizes are what `of` says."""
        if self._layout is not None:
            return self._layout
        found = of(self.rows), self.block_rows(of), self.work_of(of)
        sizes = [x.size for t in self.tasks for x in t.writes.values()]
        sizes += [x.size for t in self.tasks for x in t.reads.values()]
        if not any(map(varies, [self.rows, self.cut, *sizes])):
            self._layout = found
        return found

    def fits(self, task: Task) -> bool:
        """Whether a task can run on the chain's rows."""
        if task.cut and self.cut not in (0, task.cut):
            return False
        if not task.rigid:
            return share(task.extent, self.rows) is not None
        if self.rigid:
            return same(task.extent, self.rows)
        return all(share(t.extent, task.extent) is not None for t in self.tasks)

    def add(self, task: Task) -> None:
        """Add a task at the end."""
        if task.rigid and not self.rigid:
            self.rows, self.rigid = task.extent, True
        self.cut = self.cut or task.cut
        self.tasks.append(task)


@functools.lru_cache(maxsize=4096)
def _evenness(tiles: int, size: int) -> float:
    """How busy 2 and 4 threads are with blocks of so many tiles, on average."""
    blocks = -(-tiles // size)
    shares = [tiles / (-(-blocks // n) * n * size) for n in (2, 4)]
    return round(sum(min(1.0, s) for s in shares) / len(shares), 3)


def _rows(task: Task) -> int:
    """The rows of a chain that a task begins: the leading size, if it is enough."""
    leading = next(iter(task.writes.values())).shape
    rows = leading[0] if leading else 1
    if plain(rows) >= 16 and share(task.extent, rows) is not None:
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
