"""Stages that keep some elements by their number: take, skip, shard."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.data.order import PassPlan, symbols
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, iterate, static
from rillet.data.rows import PartRows, Rows
from rillet.data.structure import Element


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
