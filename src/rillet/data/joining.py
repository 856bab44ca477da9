"""Stages that join datasets: one after the other, side by side, with numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import int64
from rillet.core.spec import TensorSpec
from rillet.data.order import symbols
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, iterate
from rillet.data.rows import RangeRows, Rows, ZippedRows
from rillet.data.structure import Element


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
