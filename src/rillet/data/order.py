"""Stages that choose and order elements: shuffle, repeat, take, zip and their kin.

Each takes rows where its input has them, and gives rows; else it goes element by
element. `dataset` makes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.data.chance import SeedSource, Words
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, iterate, static
from rillet.data.rows import (
    KeptRows,
    OrderedRows,
    Rows,
)
from rillet.data.structure import Element
from rillet.graph.ir import SymbolicTensor
from rillet.ops import choices, philox

#: Up to as many rows a shuffle finds its whole order at once; a multiple of 4.
_ORDERED = 1 << 20


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

    @property
    def flows(self) -> bool:
        """As the source."""
        return self.source.flows

    @property
    def joins(self) -> bool:
        """As the source."""
        return self.source.joins


class ShufflePlan(PassPlan):
    """Elements in random order, from a buffer; see `Dataset.shuffle`."""

    kind = "_ShuffleDataset"

    def __init__(self, source: Plan, size: Any, seed: Any, again: bool) -> None:
        super().__init__(source, symbols(size))
        self._size = size
        self.seeds = SeedSource(seed, again)
        self.chance.append(self.seeds)
        known = static(size)
        if known is not None:
            _check_buffer(known)

    @property
    def has_rows(self) -> bool:
        """Where the source is whole."""
        return self.source.is_whole

    @property
    def is_whole(self) -> bool:
        """Where there are not too many to be ordered at once."""
        return self.has_rows and 0 <= self.source.cardinality() <= _ORDERED

    def _buffer(self, run: Run) -> int:
        size = int(run.number(self._size))
        _check_buffer(size)
        return size

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`: the order that the buffer would give, found at once."""
        rows = self.source.rows(run)
        size = self._buffer(run)
        stream = self.seeds.draw()
        if rows.count <= _ORDERED or size == UNKNOWN:
            return iter([OrderedRows(rows, shuffled(stream, rows.count, size))])
        parts = shuffled_in_parts(stream, rows.count, size, _ORDERED)
        return (OrderedRows(rows, order) for order in parts)

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


def shuffled_in_parts(stream: Any, count: int, size: int, part: int) -> Iterator[Any]:
    """The order of `shuffled`, so many numbers at a time.

    Args:
        stream: a Philox stream.
        count: how many elements.
        size: how many the buffer holds.
        part: how many numbers to find at once, a multiple of 4.
    """
    buffer = np.arange(min(size, count))
    for start in range(0, count, part):
        stop = min(start + part, count)
        coming = np.arange(start + len(buffer), min(stop + size, count))
        held = np.concatenate([buffer, coming])
        steps = np.arange(stop - start)
        words = philox.blocks(stream.skip(start // 4), -(-len(steps) // 4))
        window = np.minimum(size, count - start - steps)
        partners = np.arange(len(held))
        partners[: len(steps)] += words.reshape(-1)[: len(steps)] % window
        held = held[choices.exchanged(partners[:-1])]
        yield held[: len(steps)]
        buffer = held[len(steps) :]


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
        for last in self._rounds(run):
            some = False
            for rows in self.source.segments(run):
                if last and not some:
                    self._look_beyond()
                some = some or rows.count > 0
                yield rows
            if not some:
                return

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        for last in self._rounds(run):
            some = False
            for element in iterate(self.source, run):
                if last and not some:
                    self._look_beyond()
                some = True
                yield element
            if not some:
                return

    def _look_beyond(self) -> None:
        """Draw the seeds of a round that does not come, as TensorFlow's repeat does.

        It makes one stage of a shuffle and a repeat side by side, which does not.
        """
        for seeds in () if isinstance(self.source, ShufflePlan) else self.chance:
            seeds.draw()

    def _rounds(self, run: Run) -> Any:
        """Whether each round is the last."""
        count = int(run.number(self._count))
        if count < 0:
            return itertools.repeat(False)
        # TensorFlow leaves a repeat of one round out.
        return (at == count - 1 > 0 for at in range(count))

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
