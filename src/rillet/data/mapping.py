"""Stages that call a function on elements: map, filter, flat_map, interleave, scan.

A map over rows runs on many elements at once where its function has rules for that;
one that waits (files, images, Python) runs on several threads where asked; all others
run element by element through the traced graph. `dataset` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core import threads
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.data.drawing import NotBatchable
from rillet.data.native_maps import NativeMap, Part
from rillet.data.order import PassPlan, symbols
from rillet.data.plan import UNKNOWN, Plan, Run, iterate, static
from rillet.data.rows import MappedRows, Rows, Which
from rillet.data.structure import (
    Bound,
    DatasetSpec,
    Element,
)
from rillet.data.tracing import DataFunction, scalar_bool, truth
from rillet.data.workers import in_threads

AUTOTUNE = -1


class MapPlan(Plan):
    """A function of every element.

    Args:
        source: the plan.
        function: the function.
        parallel: how many calls may run at once; `AUTOTUNE` or None.
    """

    kind = "_MapDataset"

    def __init__(self, source: Plan, function: DataFunction, parallel: Any) -> None:
        super().__init__(function.spec, (source,), [*function.free, *symbols(parallel)])
        self._source = source
        self._function = function
        self._native: NativeMap | None | bool = False
        self._parallel = parallel
        if parallel is not None:
            self.kind = "_ParallelMapDataset"  # type: ignore[misc]

    @property
    def has_rows(self) -> bool:
        """Where the source has, and the function can be run on many."""
        return self._source.has_rows and self._function.batched() is not None

    @property
    def flows(self) -> bool:
        """Where the source does, and the function can be run on many in order."""
        return self._source.flows and self._function.flows()

    @property
    def is_whole(self) -> bool:
        """As the source, where there are rows."""
        return self._source.is_whole and self.has_rows

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        function = self._function.on_rows(run)
        native = self._on_batches(run)
        sources = self._source.segments(run)
        return (MappedRows(rows, function, native) for rows in sources)

    def _on_batches(self, run: Run) -> Any:
        """What runs natively on many rows; traced when it is first asked."""
        if self._function.batched() is None:
            return None

        def native(columns: Any, which: Which, size: int) -> Any:
            if self._native is False:
                self._native = _native_map(self._function)
            if not isinstance(self._native, NativeMap):
                return None
            held = [run.array(x) for x in self._function._captured]
            return self._native(Part(columns, which, size), held)

        return native

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        call = self._function.start(run)
        source = iterate(self._source, run)
        count = self._threads(run)
        if count > 1:
            return in_threads(call, source, count, self._function.computes)
        return map(call, source)

    def _threads(self, run: Run) -> int:
        if self._parallel is None or not self._function.waits:
            return 1
        asked = int(run.number(self._parallel))
        return max(2, threads.count()) if asked < 0 else asked

    def cardinality(self) -> int:
        """As the source."""
        return self._source.cardinality()


def _native_map(function: DataFunction) -> NativeMap | None:
    try:
        return NativeMap(function._graph, function._ins)
    except NotBatchable:
        return None


class FilterPlan(PassPlan):
    """The elements for which a function gives true."""

    kind = "_FilterDataset"

    def __init__(self, source: Plan, function: DataFunction) -> None:
        super().__init__(source, function.free)
        self._function = function
        if not scalar_bool(function.spec):
            raise ValueError(
                house_message(
                    "Dataset.filter",
                    "Invalid `predicate`. `predicate` must return a `tf.bool` scalar"
                    " tensor",
                    f"its return type is {function.spec!r}",
                )
            )

    @property
    def has_rows(self) -> bool:
        """Never: who passes is known only one by one."""
        return False

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        source = self.source
        if source.has_rows and self._function.batched() is not None:
            return _chosen(source.segments(run), self._function.on_rows(run))
        call = self._function.start(run)
        return filter(lambda element: truth(call(element)[0]), iterate(source, run))

    def cardinality(self) -> int:
        """Unknown."""
        return UNKNOWN


def _chosen(segments: Iterator[Rows], function: Any) -> Iterator[Element]:
    """The rows for which a function of many gives true, taken in growing chunks."""
    from rillet.data.rows import _split

    size = 1
    for rows in segments:
        at = 0
        while at < rows.count:
            stop = min(at + size, rows.count)
            found = list(_split(rows, at, stop))
            keep = function(rows.take(slice(at, stop, 1)), stop - at)[0]
            yield from [e for e, k in zip(found, keep.tolist(), strict=True) if k]
            at, size = stop, min(size * 2, 1024)


class TakeWhilePlan(FilterPlan):
    """The elements before the first for which a function gives false."""

    kind = "_TakeWhileDataset"

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        call = self._function.start(run)
        for element in iterate(self.source, run):
            if not truth(call(element)[0]):
                return
            yield element


def dataset_of(owner: str, function: DataFunction) -> Any:
    """The spec of the elements of the dataset that a function gives.

    Raises:
        TypeError: where it gives no dataset.
    """
    if not isinstance(function.spec, DatasetSpec):
        raise TypeError(
            house_message(
                owner,
                "The `map_func` argument must return a `Dataset` object",
                f"got {function.spec!r}",
            )
        )
    return function.spec.element_spec


class FlatMapPlan(Plan):
    """The elements of the datasets that a function gives, one after the other."""

    kind = "_FlatMapDataset"

    def __init__(self, source: Plan, function: DataFunction) -> None:
        spec = dataset_of("Dataset.flat_map", function)
        super().__init__(spec, (source,), function.free)
        self._source = source
        self._function = function

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        call = self._function.start(run)
        for element in iterate(self._source, run):
            bound: Bound = call(element)[0]
            yield from iterate(bound.plan, bound.run)


class InterleavePlan(Plan):
    """The elements of several of a function's datasets in turn.

    Args:
        source: the plan.
        function: gives a dataset for each element.
        cycle: how many datasets are open at once; `AUTOTUNE` for as many as there are
            processors.
        block: how many elements of each come in a row.
        parallel: how many are read at once, or None.
    """

    kind = "_InterleaveDataset"

    def __init__(
        self,
        source: Plan,
        function: DataFunction,
        cycle: Any,
        block: Any,
        parallel: Any,
    ) -> None:
        spec = dataset_of("Dataset.interleave", function)
        super().__init__(spec, (source,), [*function.free, *symbols(cycle, block)])
        self._source = source
        self._function = function
        self._cycle = cycle
        self._block = block
        if parallel is not None:
            self.kind = "_ParallelInterleaveDataset"  # type: ignore[misc]
        for name, value in (("cycle_length", cycle), ("block_length", block)):
            known = static(value)
            if known is not None and known < 1 and known != AUTOTUNE:
                raise InvalidArgumentError(
                    house_message(
                        "Dataset.interleave",
                        f"{name} must be greater than zero",
                        f"got {known}",
                    )
                )

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        call = self._function.start(run)
        cycle, block = int(run.number(self._cycle)), int(run.number(self._block))
        if cycle == AUTOTUNE:
            cycle = max(1, threads.count())
        return _interleaved(iterate(self._source, run), call, cycle, max(block, 1))


def _interleaved(
    source: Iterator[Element], call: Any, cycle: int, block: int
) -> Iterator[Element]:
    open_: list[Any] = [None] * cycle
    at = used = count = 0
    more = True
    while more or count:
        inner = open_[at]
        if inner is not None:
            element = next(inner, None)
            if element is not None:
                used += 1
                if used == block:
                    at, used = (at + 1) % cycle, 0
                yield element
                continue
            open_[at] = None
            count -= 1
            at, used = (at + 1) % cycle, 0
        elif more:
            given = next(source, None)
            if given is None:
                more = False
                continue
            bound: Bound = call(given)[0]
            open_[at] = iterate(bound.plan, bound.run)
            count += 1
        else:
            at, used = (at + 1) % cycle, 0
