"""Stages that choose and order elements: shuffle, repeat, take, zip and their kin.

Each takes rows where its input has them, and gives rows; else it goes element by
element. `dataset` makes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import TensorSpec
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, iterate, static
from rillet.data.rows import (
    KeptRows,
    OrderedRows,
    PartRows,
    RangeRows,
    Rows,
    ZippedRows,
)
from rillet.data.sources import SeedSource, Words
from rillet.data.structure import Element
from rillet.graph.ir import SymbolicTensor
from rillet.ops import choices, philox

#: Up to as many rows a shuffle finds its whole order at once.
_ORDERED = 1 << 24


def symbols(*values: Any) -> list[Any]:
    """The symbolic tensors among host values."""
    return [x for x in values if isinstance(x, SymbolicTensor)]


class PassPlan(Plan):
    """A stage that gives what it gets; the base of those that change only how.

    Args:
        source: the plan.
        needs: symbolic tensors of the stage itself.
    """

    def __init__(self, source: Plan, needs: Any = ()) -> None:
        super().__init__(source.spec, (source,), needs)
        self.source = source

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return iterate(self.source, run)

    @property
    def has_rows(self) -> bool:
        """As the source."""
        return self.source.has_rows

    @property
    def is_whole(self) -> bool:
        """As the source."""
        return self.source.is_whole

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        return self.source.segments(run)

    def cardinality(self) -> int:
        """As the source."""
        return self.source.cardinality()


class OptionsPlan(PassPlan):
    """A dataset with options."""

    kind = "_OptionsDataset"

    def __init__(self, source: Plan, options: Any) -> None:
        super().__init__(source)
        self.options = source.options.merge(options)


class ShufflePlan(PassPlan):
    """Elements in random order, from a buffer; see `Dataset.shuffle`."""

    kind = "_ShuffleDataset"

    def __init__(self, source: Plan, size: Any, seed: Any, again: bool) -> None:
        super().__init__(source, symbols(size))
        self._size = size
        self.seeds = SeedSource(seed, again)
        known = static(size)
        if known is not None:
            _check_buffer(known)

    @property
    def has_rows(self) -> bool:
        """Where the source is whole and not endless."""
        count = self.source.cardinality()
        return self.source.is_whole and count <= _ORDERED

    @property
    def is_whole(self) -> bool:
        """As `has_rows`."""
        return self.has_rows

    def _buffer(self, run: Run) -> int:
        size = int(run.number(self._size))
        _check_buffer(size)
        return size

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`: the order that the buffer would give, found at once."""
        rows = self.source.rows(run)
        size = self._buffer(run)
        order = shuffled(self.seeds.draw(), rows.count, size)
        return iter([OrderedRows(rows, order)])

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        size = self._buffer(run)
        words = Words(self.seeds.draw())
        return _shuffle(iterate(self.source, run), size, words)


def _check_buffer(size: int) -> None:
    if size < 1 and size != UNKNOWN:
        raise InvalidArgumentError(
            house_message(
                "Dataset.shuffle",
                "buffer_size must be greater than zero or UNKNOWN_CARDINALITY",
                f"got {size}",
            )
        )


def shuffled(stream: Any, count: int, size: int) -> Any:
    """The order in which a buffer of `size` gives `count` elements.

    Each element leaves from a place of the buffer that a word of the stream names; the
    oldest one in the buffer takes its place.

    Args:
        stream: a Philox stream.
        count: how many elements.
        size: how many the buffer holds; `UNKNOWN` for all.

    Returns:
        Their numbers, int64.
    """
    if count < 2:
        return np.arange(count)
    words = philox.blocks(stream, -(-count // 4)).reshape(-1)[: count - 1]
    left = np.arange(count, 1, -1)
    window = left if size == UNKNOWN else np.minimum(left, size)
    partners = np.arange(count - 1) + words % window
    return choices.exchanged(partners)


def _shuffle(source: Iterator[Element], size: int, words: Words) -> Iterator[Element]:
    """Elements from a ring; `start` is the oldest one's place."""
    whole = list(source) if size == UNKNOWN else list(itertools.islice(source, size))
    ring: list[Any] = whole
    length = len(ring)
    start = 0
    for coming in source if size != UNKNOWN else ():
        at = (start + words.next() % length) % length
        out = ring[at]
        ring[at] = ring[start]
        ring[start] = coming
        start = start + 1 if start + 1 < length else 0
        yield out
    for left in range(length, 0, -1):
        at = (start + words.next() % left) % length
        out = ring[at]
        ring[at] = ring[start]
        ring[start] = None
        start = (start + 1) % length
        yield out


class RepeatPlan(PassPlan):
    """Elements again and again."""

    kind = "_RepeatDataset"

    def __init__(self, source: Plan, count: Any) -> None:
        super().__init__(source, symbols(count))
        self._count = count

    @property
    def is_whole(self) -> bool:
        """Where it is one round."""
        return static(self._count) == 1 and self.source.is_whole

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        for _ in self._rounds(run):
            some = False
            for rows in self.source.segments(run):
                some = some or rows.count > 0
                yield rows
            if not some:
                return

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        for _ in self._rounds(run):
            some = False
            for element in iterate(self.source, run):
                some = True
                yield element
            if not some:
                return

    def _rounds(self, run: Run) -> Any:
        count = int(run.number(self._count))
        return itertools.count() if count < 0 else range(count)

    def cardinality(self) -> int:
        """The source's, as many times."""
        count, one = static(self._count), self.source.cardinality()
        if count is None:
            return UNKNOWN
        if count == 0 or one == 0:
            return 0
        if count < 0:
            return INFINITE
        return one * int(count) if one >= 0 else one


class TakePlan(PassPlan):
    """The first elements."""

    kind = "_TakeDataset"

    def __init__(self, source: Plan, count: Any) -> None:
        super().__init__(source, symbols(count))
        self._count = count

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        left = int(run.number(self._count))
        if left == 0:
            if self.is_whole:
                yield PartRows(self.source.rows(run), 0, 0)
            return
        for rows in self.source.segments(run):
            if 0 <= left <= rows.count:
                yield PartRows(rows, 0, left)
                return
            left -= rows.count if left > 0 else 0
            yield rows

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        count = int(run.number(self._count))
        return itertools.islice(iterate(self.source, run), None if count < 0 else count)

    def cardinality(self) -> int:
        """At most the count."""
        count, all_ = static(self._count), self.source.cardinality()
        if count is None or all_ == UNKNOWN:
            return UNKNOWN
        if count < 0:
            return all_
        return int(count) if all_ == INFINITE else min(int(count), all_)


class SkipPlan(PassPlan):
    """All but the first elements."""

    kind = "_SkipDataset"

    def __init__(self, source: Plan, count: Any) -> None:
        super().__init__(source, symbols(count))
        self._count = count

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        left = int(run.number(self._count))
        for rows in self.source.segments(run):
            drop = rows.count if left < 0 else min(left, rows.count)
            left -= drop if left > 0 else 0
            yield PartRows(rows, drop, rows.count)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        count = int(run.number(self._count))
        if count < 0:
            return iter(())
        return itertools.islice(iterate(self.source, run), count, None)

    def cardinality(self) -> int:
        """What is left."""
        count, all_ = static(self._count), self.source.cardinality()
        if count is None:
            return UNKNOWN
        if count < 0:
            return 0
        return max(0, all_ - int(count)) if all_ >= 0 else all_


class ShardPlan(PassPlan):
    """Every n-th element."""

    kind = "_ShardDataset"

    def __init__(self, source: Plan, shards: Any, index: Any) -> None:
        super().__init__(source, symbols(shards, index))
        self._shards = shards
        self._index = index
        if None not in (static(shards), static(index)):
            _check_shard(static(shards), static(index))

    @property
    def has_rows(self) -> bool:
        """Where the source is whole."""
        return self.source.is_whole

    def _numbers(self, run: Run) -> tuple[int, int]:
        shards, index = int(run.number(self._shards)), int(run.number(self._index))
        _check_shard(shards, index)
        return shards, index

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        shards, index = self._numbers(run)
        rows = self.source.rows(run)
        return iter([PartRows(rows, index, rows.count, shards)])

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        shards, index = self._numbers(run)
        return itertools.islice(iterate(self.source, run), index, None, shards)

    def cardinality(self) -> int:
        """A share of the source's."""
        shards, index = static(self._shards), static(self._index)
        all_ = self.source.cardinality()
        if None in (shards, index):
            return UNKNOWN
        return len(range(index, all_, shards)) if all_ >= 0 else all_


def _check_shard(shards: int, index: int) -> None:
    if shards < 1:
        raise InvalidArgumentError(
            house_message(
                "Dataset.shard",
                "Number of shards must be greater than zero",
                f"currently num_shards = {shards}",
            )
        )
    if not 0 <= index < shards:
        raise InvalidArgumentError(
            house_message(
                "Dataset.shard",
                f"Index must be between 0 and {shards - 1}",
                f"currently index = {index}",
            )
        )


class ConcatenatePlan(Plan):
    """The elements of one dataset, then those of another."""

    kind = "_ConcatenateDataset"

    def __init__(self, spec: Any, first: Plan, second: Plan) -> None:
        super().__init__(spec, (first, second))

    @property
    def has_rows(self) -> bool:
        """Where both have, of one shape."""
        first, second = self.inputs
        same = first.structure.flat == second.structure.flat
        return same and first.has_rows and second.has_rows

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        for plan in self.inputs:
            yield from plan.segments(run)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return itertools.chain.from_iterable(iterate(p, run) for p in self.inputs)

    def cardinality(self) -> int:
        """The sum."""
        counts = [plan.cardinality() for plan in self.inputs]
        for special in (INFINITE, UNKNOWN):
            if special in counts:
                return special
        return sum(counts)


class ZipPlan(Plan):
    """Elements of several datasets, side by side."""

    kind = "_ZipDataset"

    def __init__(self, spec: Any, plans: tuple[Plan, ...]) -> None:
        super().__init__(spec, plans)

    @property
    def has_rows(self) -> bool:
        """Where all are whole."""
        return all(plan.is_whole for plan in self.inputs)

    @property
    def is_whole(self) -> bool:
        """As `has_rows`."""
        return self.has_rows

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        return iter([ZippedRows([plan.rows(run) for plan in self.inputs])])

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        parts = [iterate(plan, run) for plan in self.inputs]
        for together in zip(*parts, strict=False):
            yield tuple([leaf for element in together for leaf in element])

    def cardinality(self) -> int:
        """That of the shortest."""
        counts = [plan.cardinality() for plan in self.inputs]
        if UNKNOWN in counts:
            return UNKNOWN
        return min([n for n in counts if n != INFINITE], default=INFINITE)


class EnumeratePlan(Plan):
    """Elements with their numbers."""

    kind = "_ZipDataset"

    def __init__(self, source: Plan, start: Any) -> None:
        spec = (TensorSpec((), int64), source.spec)
        super().__init__(spec, (source,), symbols(start))
        self._source = source
        self._start = start

    @property
    def has_rows(self) -> bool:
        """Where the source is whole."""
        return self._source.is_whole

    @property
    def is_whole(self) -> bool:
        """As the source."""
        return self._source.is_whole

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        rows = self._source.rows(run)
        numbers = RangeRows(int(run.number(self._start)), 1, rows.count, np.int64)
        return iter([ZippedRows([numbers, rows])])

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        start = int(run.number(self._start))
        for number, element in enumerate(iterate(self._source, run), start):
            yield (np.array(number, np.int64), *element)

    def cardinality(self) -> int:
        """As the source."""
        return self._source.cardinality()


class CachePlan(PassPlan):
    """Elements that are kept in memory once they were made."""

    kind = "CacheDataset"

    def __init__(self, source: Plan) -> None:
        super().__init__(source)
        self._rows: KeptRows | None = None
        self._held: list[Element] | None = None

    @property
    def has_rows(self) -> bool:
        """Where the source is whole and its order is always the same."""
        return self.source.is_whole and not self.free and 0 <= self.cardinality()

    @property
    def is_whole(self) -> bool:
        """As `has_rows`."""
        return self.has_rows

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        if self._rows is None:
            self._rows = KeptRows(self.source.rows(run))
        return iter([self._rows])

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        if self._held is not None:
            return iter(self._held)
        return self._fill(run)

    def _fill(self, run: Run) -> Iterator[Element]:
        held: list[Element] = []
        for element in iterate(self.source, run):
            held.append(element)
            yield element
        self._held = held
