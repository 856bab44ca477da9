"""Stages that give datasets of elements: windows, and groups by a key."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import TensorSpec
from rillet.data.mapping import dataset_of
from rillet.data.order import symbols
from rillet.data.plan import UNKNOWN, Plan, Run, iterate, static
from rillet.data.sources import ListPlan
from rillet.data.structure import Bound, DatasetSpec, Element, map_nest
from rillet.data.tracing import DataFunction


class WindowPlan(Plan):
    """Datasets of neighbouring elements."""

    kind = "_WindowDataset"

    def __init__(self, source: Plan, sizes: tuple[Any, Any, Any], drop: bool) -> None:
        spec = map_nest(DatasetSpec, source.spec)
        super().__init__(spec, (source,), symbols(*sizes))
        self._source = source
        self._sizes = sizes
        self._drop = drop
        for name, value in zip(("size", "shift", "stride"), sizes, strict=True):
            known = static(value)
            if known is not None and known < 1:
                raise InvalidArgumentError(
                    house_message(
                        "Dataset.window",
                        f"Window {name} must be greater than zero",
                        f"got {known}",
                    )
                )

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        size, shift, stride = (int(run.number(x)) for x in self._sizes)
        span = (size - 1) * stride + 1
        source = iterate(self._source, run)
        held: deque[Element] = deque()
        while True:
            held.extend(itertools.islice(source, max(0, span - len(held))))
            chosen = list(itertools.islice(held, 0, span, stride))
            if not chosen or (self._drop and len(chosen) < size):
                return
            yield self._windows(chosen)
            for _ in range(min(shift, len(held))):
                held.popleft()
            if shift > span:
                for _ in itertools.islice(source, shift - span):
                    pass

    def _windows(self, chosen: list[Element]) -> Element:
        specs = self._source.structure.flat
        return tuple(
            [
                Bound(ListPlan(spec, [(e[i],) for e in chosen]), Run())
                for i, spec in enumerate(specs)
            ]
        )

    def cardinality(self) -> int:
        """How many windows begin."""
        count = self._source.cardinality()
        size, shift, stride = (static(x) for x in self._sizes)
        if None in (size, shift, stride):
            return UNKNOWN
        if count < 0:
            return count
        if self._drop:
            return max(0, int((count - ((size - 1) * stride + 1)) // shift + 1))
        return int(-(-count // shift))


class GroupPlan(Plan):
    """Elements gathered by a key, each full group turned into a dataset.

    Args:
        source: the plan.
        key: an element's key, int64.
        reduce: (key, dataset) -> dataset.
        size: the size of a key's groups, int64.
    """

    kind = "_GroupByWindowDataset"

    def __init__(
        self, source: Plan, key: DataFunction, reduce: DataFunction, size: DataFunction
    ) -> None:
        owner = "Dataset.group_by_window"
        spec = dataset_of(owner, reduce)
        for name, function in (("key_func", key), ("window_size_func", size)):
            found = function.spec
            if not isinstance(found, TensorSpec) or found.dtype is not int64:
                raise ValueError(
                    house_message(
                        owner,
                        f"Invalid `{name}`. `{name}` must return a single `tf.int64`"
                        " scalar tensor",
                        f"its return type is {found!r}",
                    )
                )
        super().__init__(spec, (source,), [*key.free, *reduce.free, *size.free])
        self._source = source
        self._parts = (key, reduce, size)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        key_of, reduced, size_of = (f.start(run) for f in self._parts)
        groups: dict[int, list[Element]] = {}
        sizes: dict[int, int] = {}
        spec = self._source.spec

        def given(key: int, held: list[Element]) -> Iterator[Element]:
            group = Bound(ListPlan(spec, held), Run())
            bound: Bound = reduced((np.array(key, np.int64), group))[0]
            return iterate(bound.plan, bound.run)

        for element in iterate(self._source, run):
            key = int(key_of(element)[0])
            held = groups.get(key)
            if held is None:
                held = groups[key] = []
                sizes[key] = int(size_of((np.array(key, np.int64),))[0])
                if sizes[key] < 1:
                    raise InvalidArgumentError(
                        house_message(
                            "Dataset.group_by_window",
                            "Window size must be greater than zero",
                            f"got {sizes[key]} for key {key}",
                        )
                    )
            held.append(element)
            if len(held) >= sizes[key]:
                del groups[key]
                yield from given(key, held)
        for key in sorted(groups):
            yield from given(key, groups[key])


class GroupReducePlan(Plan):
    """For each key the outcome of a reduction over its elements.

    Args:
        source: the plan.
        functions: key of an element, state of a key, (state, element) -> state, state
            -> result.
    """

    kind = "_GroupByReducerDataset"

    def __init__(self, source: Plan, functions: list[DataFunction]) -> None:
        needs = [x for f in functions for x in f.free]
        super().__init__(functions[-1].spec, (source,), needs)
        self._source = source
        self._functions = functions

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        key_of, first, step, last = (f.start(run) for f in self._functions)
        states: dict[int, Element] = {}
        for element in iterate(self._source, run):
            key = int(key_of(element)[0])
            state = states.get(key)
            if state is None:
                state = first((np.array(key, np.int64),))
            states[key] = step((*state, *element))
        for key in sorted(states):
            yield last(states[key])
