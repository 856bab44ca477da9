"""Stages that put elements together or take them apart: batches, windows, groups.

Batches of rows are taken as rows; all others are stacked. `dataset` makes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.composite import CompositeSpec
from rillet.core.errors import DataLossError, InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.order import symbols
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, iterate, static
from rillet.data.rows import BatchRows
from rillet.data.structure import (
    Element,
    Structure,
    as_value,
    check_tensors,
    flatten,
    leaf_of,
    map_nest,
    pack,
)
from rillet.ops.ragged import dense
from rillet.ops.ragged.spec import RaggedTensorSpec


class BatchPlan(Plan):
    """Elements stacked, so many at a time."""

    kind = "_BatchDataset"

    def __init__(self, source: Plan, size: Any, drop_remainder: bool) -> None:
        check_tensors("Dataset.batch", source.structure.flat, True)
        known = static(size)
        rows = known if drop_remainder else None
        spec = map_nest(lambda s: _batched(s, rows), source.spec)
        super().__init__(spec, (source,), symbols(size))
        self._source = source
        self._size = size
        self._drop = drop_remainder
        if known is not None:
            _check_size("Dataset.batch", known)

    @property
    def joins(self) -> bool:
        """Where the source has rows, or gives them in order."""
        return self._source.flows

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        size = int(run.number(self._size))
        _check_size("Dataset.batch", size)
        if self._source.flows:
            return BatchRows(self._source.segments(run), size, self._drop)
        return self._stacked(iterate(self._source, run), size)

    def _stacked(self, source: Iterator[Element], size: int) -> Iterator[Element]:
        while True:
            held = list(itertools.islice(source, size))
            if not held or (self._drop and len(held) < size):
                return
            columns = zip(*held, strict=True)
            yield tuple([self._column(c, i) for i, c in enumerate(columns)])

    def _column(self, leaves: Any, component: int) -> Any:
        """One component of a batch."""
        spec = self._source.structure.flat[component]
        if isinstance(spec, CompositeSpec):
            return leaf_of(spec._stack([as_value(leaf) for leaf in leaves]))
        return stacked(leaves, component)

    def cardinality(self) -> int:
        """The source's, divided."""
        return _divided(self._source.cardinality(), static(self._size), self._drop)


class RaggedBatchPlan(BatchPlan):
    """Elements of different sizes as ragged tensors, so many at a time."""

    kind = "_BatchDataset"

    def __init__(self, source: Plan, size: Any, drop: bool, splits: Any) -> None:
        self._inner = map_nest(lambda s: _ragged(s, splits), source.spec)
        self._specs = flatten(self._inner)
        self._splits = splits
        super().__init__(source, size, drop)
        known = static(size) if drop else None
        self.structure = Structure(map_nest(lambda s: _batched(s, known), self._inner))

    @property
    def joins(self) -> bool:
        """Never: each batch is cut anew."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        size = int(run.number(self._size))
        _check_size("Dataset.ragged_batch", size)
        return self._stacked(iterate(self._source, run), size)

    def _column(self, leaves: Any, component: int) -> Any:
        spec = self._specs[component]
        if not isinstance(spec, CompositeSpec):
            return stacked(leaves, component)
        values = [as_value(leaf) for leaf in leaves]
        depth, splits = getattr(spec, "ragged_rank", 0), self._splits
        if depth:
            values = [
                dense.from_dense(v, None, None, depth, splits)
                if isinstance(v, Tensor)
                else v
                for v in values
            ]
        return leaf_of(spec._stack(values))


def _ragged(spec: Any, splits: Any) -> Any:
    """What an element's spec is where its open sizes are to be ragged."""
    if not isinstance(spec, TensorSpec) or spec.shape.rank == 0:
        return spec
    if spec.shape.is_fully_defined():
        return spec
    dims = spec.shape.as_list()
    depth = max(i for i, n in enumerate(dims) if n is None)
    return RaggedTensorSpec(spec.shape, spec.dtype, depth, splits)


def _batched(spec: Any, rows: Any) -> Any:
    if isinstance(spec, CompositeSpec):
        return spec._batch(rows)
    return TensorSpec(TensorShape([rows]).concatenate(spec.shape), spec.dtype)


def _divided(count: int, size: Any, drop: bool) -> int:
    if size is None:
        return UNKNOWN
    if count < 0:
        return count
    return int(count // size if drop else -(-count // size))


def _check_size(owner: str, size: int) -> None:
    if size < 1:
        raise InvalidArgumentError(
            house_message(owner, "Batch size must be greater than zero", f"got {size}")
        )


def stacked(arrays: Any, component: int) -> Any:
    """Arrays of one shape along a new first axis.

    Raises:
        InvalidArgumentError: where shapes differ.
    """
    first = arrays[0]
    shape = first.shape
    for i, array in enumerate(arrays):
        if array.shape != shape:
            raise InvalidArgumentError(
                house_message(
                    "Dataset.batch",
                    "Cannot batch tensors with different shapes in component"
                    f" {component}",
                    f"First element had shape {list(shape)} and element {i} had shape"
                    f" {list(array.shape)}",
                    "Use padded_batch or ragged_batch",
                )
            )
    out = np.empty((len(arrays), *shape), first.dtype)
    for i, array in enumerate(arrays):
        out[i, ...] = array  # of a 0-d object array the object, not the array
    return out


class PaddedBatchPlan(Plan):
    """Elements padded to one shape and stacked.

    Args:
        source: the plan.
        size: elements a batch.
        shapes: for each leaf the shape to pad to, None for the longest of the batch.
        values: for each leaf the padding: an array, 0-d.
        drop_remainder: whether a smaller last batch is left out.
        longest: what unknown sizes are padded to; None for the longest of the batch.
    """

    kind = "_PaddedBatchDataset"

    def __init__(
        self,
        source: Plan,
        size: Any,
        shapes: list[TensorShape],
        values: list[Any],
        drop_remainder: bool,
        longest: Any = None,
    ) -> None:
        known = static(size)
        rows = known if drop_remainder else None
        specs = [
            TensorSpec(TensorShape([rows]).concatenate(shape), s.dtype)
            for s, shape in zip(source.structure.flat, shapes, strict=True)
        ]
        needs = symbols(size, longest)
        super().__init__(pack(source.spec, iter(specs)), (source,), needs)
        self._source = source
        self._size = size
        self._longest = longest
        self._shapes = shapes
        self._values = values
        self._drop = drop_remainder
        if known is not None:
            _check_size("Dataset.padded_batch", known)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        size = int(run.number(self._size))
        _check_size("Dataset.padded_batch", size)
        source = iterate(self._source, run)
        shapes = self._shapes
        if self._longest is not None:
            least = int(run.number(self._longest))
            shapes = [
                TensorShape([least if d is None else d for d in shape.as_list()])
                for shape in shapes
            ]
        while True:
            held = list(itertools.islice(source, size))
            if not held or (self._drop and len(held) < size):
                return
            columns = zip(zip(*held, strict=True), shapes, self._values, strict=True)
            yield tuple([padded(*column) for column in columns])

    def cardinality(self) -> int:
        """The source's, divided."""
        return _divided(self._source.cardinality(), static(self._size), self._drop)


def padded(arrays: Any, shape: TensorShape, value: Any) -> Any:
    """Arrays padded at their ends and stacked.

    Args:
        arrays: of one rank.
        shape: the shape to pad to, None for the longest.
        value: what to pad with, 0-d.

    Raises:
        DataLossError: where an array is longer than the shape.
        InvalidArgumentError: where ranks differ.
    """
    rank = arrays[0].ndim
    for array in arrays:
        if array.ndim != (rank if shape.rank is None else shape.rank):
            raise InvalidArgumentError(
                house_message(
                    "Dataset.padded_batch",
                    "All elements in a batch must have the same rank as the padded"
                    " shape",
                    f"expected rank {shape.rank if shape.rank is not None else rank}"
                    f" but got element with rank {array.ndim}",
                )
            )
    longest = [max([a.shape[k] for a in arrays]) for k in range(rank)]
    wanted = shape._dims or (None,) * rank
    dims = [n if d is None else d for n, d in zip(longest, wanted, strict=True)]
    if any(n > d for n, d in zip(longest, dims, strict=True)):
        raise DataLossError(
            house_message(
                "Dataset.padded_batch",
                "Attempted to pad to a smaller size than the input element",
                f"the longest element has shape {longest}, padded_shapes is {dims}",
            )
        )
    out = np.full((len(arrays), *dims), value[()], arrays[0].dtype)
    for i, array in enumerate(arrays):
        where: Any = (i, *[slice(n) for n in array.shape], ...)
        out[where] = array
    return out


class UnbatchPlan(Plan):
    """The rows of each element."""

    kind = "_UnbatchDataset"

    def __init__(self, source: Plan) -> None:
        check_tensors("Dataset.unbatch", source.structure.flat, True)
        known: set[int] = set()
        for s in source.structure.flat:
            if s.shape.rank == 0:
                raise ValueError(
                    house_message(
                        "Dataset.unbatch",
                        "Cannot unbatch an input with scalar components",
                        f"got {source.spec!r}",
                    )
                )
            if s.shape.rank is not None and s.shape[0] is not None:
                known.add(s.shape[0])
        if len(known) > 1:
            raise ValueError(
                house_message(
                    "Dataset.unbatch",
                    "Cannot unbatch an input whose components have different batch"
                    " sizes",
                    f"got {source.spec!r}",
                )
            )
        super().__init__(map_nest(_one_row, source.spec), (source,))
        self._source = source
        self._rows = known.pop() if known else None

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        for element in iterate(self._source, run):
            columns = [
                leaf_rows(leaf, spec)
                for leaf, spec in zip(element, self._source.structure.flat, strict=True)
            ]
            if len({len(c) for c in columns}) > 1:
                raise InvalidArgumentError(
                    house_message(
                        "Dataset.unbatch",
                        "Input element must have the same batch size in each component",
                        f"they have {[len(c) for c in columns]}",
                    )
                )
            yield from zip(*columns, strict=True)

    def cardinality(self) -> int:
        """The source's, times the rows."""
        count = self._source.cardinality()
        if count == INFINITE:
            return INFINITE
        if self._rows is None or count == UNKNOWN:
            return UNKNOWN
        return count * self._rows


def leaf_rows(leaf: Any, spec: Any) -> list[Any]:
    """The rows of one leaf of an element, as leaves."""
    if isinstance(spec, CompositeSpec):
        return [leaf_of(row) for row in spec._rows(as_value(leaf))]
    return [leaf[i, ...] for i in range(len(leaf))]


def _one_row(spec: Any) -> Any:
    if isinstance(spec, CompositeSpec):
        return spec._unbatch()
    shape = TensorShape(None) if spec.shape.rank is None else spec.shape[1:]
    return TensorSpec(shape, spec.dtype)


class RebatchPlan(Plan):
    """Rows of batches put together anew, in sizes that come again and again."""

    kind = "_RebatchDataset"

    def __init__(self, source: Plan, sizes: list[int], drop: bool) -> None:
        rows = sizes[0] if drop and len(set(sizes)) == 1 else None
        spec = map_nest(lambda s: _batched(_one_row(s), rows), source.spec)
        super().__init__(spec, (source,))
        self._source = source
        self._sizes = sizes
        self._drop = drop

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        rows = UnbatchPlan(self._source).elements(run)
        for size in itertools.cycle(self._sizes):
            held = list(itertools.islice(rows, size))
            if len(held) < size and (self._drop or not held):
                if not held and size == 0:
                    continue
                return
            columns = zip(*held, strict=True)
            yield tuple([stacked(c, i) for i, c in enumerate(columns)])
