"""Where elements come from: tensors, ranges, generators, random numbers.

In flow what a program gives `Dataset.from_tensor_slices` and its kin; out flow plans.
`dataset` makes them; files are in `files`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.dtypes import DType
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.grouping import leaf_rows
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, static
from rillet.data.rows import ArrayRows, RangeRows, Rows
from rillet.data.structure import (
    Bound,
    Element,
    as_leaves,
    composed,
    flatten,
    leaf_of,
    map_nest,
    spec_of,
)
from rillet.graph.ir import SymbolicTensor


class TensorsPlan(Plan):
    """One element.

    Args:
        value: a nest of values.
    """

    kind = "_TensorDataset"

    def __init__(self, value: Any) -> None:
        packed = as_leaves(value)
        self._leaves = flatten(packed)
        super().__init__(map_nest(spec_of, packed), (), _tensors(self._leaves))

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return iter([tuple([_in_run(x, run) for x in self._leaves])])

    def cardinality(self) -> int:
        """Always 1."""
        return 1


def _tensors(leaves: list[Any]) -> list[Any]:
    needs: list[Any] = []
    for leaf in leaves:
        if isinstance(leaf, Tensor):
            needs.append(leaf)
        elif isinstance(leaf, CompositeTensor):
            needs.extend(leaf._flat_tensors())
        elif hasattr(leaf, "_plan"):
            needs.extend(leaf._plan.free)
    return needs


def _in_run(leaf: Any, run: Run) -> Any:
    if isinstance(leaf, Tensor):
        return run.array(leaf)
    if hasattr(leaf, "_plan"):
        return Bound(leaf._plan, run)
    if isinstance(leaf, CompositeTensor):
        arrays = [run.array(x) for x in leaf._flat_tensors()]
        return composed(leaf._type_spec, arrays)
    return leaf_of(leaf)


class SlicesPlan(Plan):
    """The rows of tensors of one length.

    Args:
        value: a nest of values.

    Raises:
        ValueError: where lengths differ, or something has no axis.
    """

    kind = "_TensorSliceDataset"

    def __init__(self, value: Any) -> None:
        packed = as_leaves(value)
        self._tensors = flatten(packed)
        if not self._tensors:
            raise ValueError(
                house_message(
                    "Dataset.from_tensor_slices",
                    "Invalid `tensors`. `tensors` should not be empty",
                    f"got {value!r}",
                )
            )
        specs = [_row_spec(x) for x in self._tensors]
        lengths = [x.shape[0] for x in self._tensors]
        known = [n for n in lengths if n is not None]
        for n in known:
            if n != known[0]:
                raise ValueError(
                    house_message(
                        "Dataset.from_tensor_slices",
                        f"Dimensions {known[0]} and {n} are not compatible: all"
                        " components need the same number of rows",
                        f"they have {known}",
                    )
                )
        left = iter(specs)
        needs = _tensors(self._tensors)
        super().__init__(map_nest(lambda _: next(left), packed), (), needs)
        self._count = known[0] if known else UNKNOWN
        self._plain = all(isinstance(x, Tensor) for x in self._tensors)

    @property
    def has_rows(self) -> bool:
        """Where all are tensors: slices are rows."""
        return self._plain

    @property
    def is_whole(self) -> bool:
        """Where there are rows."""
        return self._plain

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        columns = [leaf_rows(_in_run(x, run), spec_of(x)) for x in self._tensors]
        return zip(*columns, strict=True)

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        columns = [run.array(x) for x in self._tensors]
        sizes = {len(c) for c in columns}
        if len(sizes) > 1:
            raise InvalidArgumentError(
                house_message(
                    "Dataset.from_tensor_slices",
                    "all components need the same number of rows",
                    f"they have {sorted(sizes)}",
                )
            )
        return iter([ArrayRows(columns)])

    def cardinality(self) -> int:
        """The number of rows."""
        return self._count


def _row_spec(value: Any) -> Any:
    if isinstance(value, CompositeTensor):
        return value._type_spec._unbatch()
    if not isinstance(value, Tensor):
        raise TypeError(
            house_message(
                "Dataset.from_tensor_slices", "only tensors have rows", f"got {value!r}"
            )
        )
    if value.shape.rank == 0:
        raise ValueError(
            house_message(
                "Dataset.from_tensor_slices",
                "Unbatching a tensor is only supported for rank >= 1",
                f"a component is the scalar {value!r}",
                "Use Dataset.from_tensors for one element",
            )
        )
    if value.shape.rank is None:
        return TensorSpec(None, value.dtype)
    return TensorSpec(value.shape[1:], value.dtype)


class ListPlan(Plan):
    """Elements that are there already.

    Args:
        spec: a nest of specs.
        held: the elements.
    """

    kind = "_VariantDataset"

    def __init__(self, spec: Any, held: list[Element]) -> None:
        super().__init__(spec)
        self._held = held

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return iter(self._held)

    def cardinality(self) -> int:
        """How many are held."""
        return len(self._held)


class RangePlan(Plan):
    """Numbers of a range; see `Dataset.range`."""

    kind = "_RangeDataset"

    def __init__(self, start: Any, stop: Any, step: Any, kind: DType) -> None:
        bounds = (start, stop, step)
        super().__init__(TensorSpec((), kind), (), _symbols(bounds))
        self._bounds = bounds
        self._dtype = kind
        if static(step) == 0:
            raise _no_step()

    @property
    def has_rows(self) -> bool:
        """Always."""
        return True

    @property
    def is_whole(self) -> bool:
        """Always."""
        return True

    def segments(self, run: Run) -> Iterator[Rows]:
        """See `Plan`."""
        start, stop, step = (run.number(x) for x in self._bounds)
        if step == 0:
            raise _no_step()
        count = max(0, -(-(stop - start) // step))
        return iter([RangeRows(start, step, count, self._dtype.numpy_dtype)])

    def cardinality(self) -> int:
        """How many numbers there are."""
        start, stop, step = (static(x) for x in self._bounds)
        if None in (start, stop, step):
            return UNKNOWN
        return max(0, int(-(-(stop - start) // step)))


def _no_step() -> InvalidArgumentError:
    return InvalidArgumentError(
        house_message("Dataset.range", "step must be a non-zero integer", "got 0")
    )


def _symbols(values: Any) -> list[Any]:
    return [x for x in values if isinstance(x, SymbolicTensor)]


class CounterPlan(Plan):
    """Numbers without an end."""

    kind = "_CounterDataset"

    def __init__(self, start: Any, step: Any, kind: DType) -> None:
        super().__init__(TensorSpec((), kind), (), _symbols((start, step)))
        self._from = (start, step)
        self._dtype = kind.numpy_dtype

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        start, step = (run.number(x) for x in self._from)
        kind = self._dtype
        return ((np.array(n, kind),) for n in itertools.count(start, step))

    def cardinality(self) -> int:
        """Infinite."""
        return INFINITE
