"""Where elements come from: tensors, ranges, generators, random numbers.

In flow what a program gives `Dataset.from_tensor_slices` and its kin; out flow plans.
`dataset` makes them; files are in `files`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.dtypes import DType, int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.scopes import init_scope
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, static
from rillet.data.rows import ArrayRows, RangeRows, Rows
from rillet.data.structure import (
    Bound,
    DatasetSpec,
    Element,
    as_leaves,
    flatten,
    leaf_of,
    map_nest,
    same_nest,
    spec_of,
)
from rillet.graph.ir import SymbolicTensor
from rillet.ops import philox, seeds
from rillet.ops.philox import Stream


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
        elif hasattr(leaf, "_plan"):
            needs.extend(leaf._plan.free)
    return needs


def _in_run(leaf: Any, run: Run) -> Any:
    if isinstance(leaf, Tensor):
        return run.array(leaf)
    if hasattr(leaf, "_plan"):
        return Bound(leaf._plan, run)
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
        super().__init__(map_nest(lambda _: next(left), packed), (), self._tensors)
        self._count = known[0] if known else UNKNOWN

    @property
    def has_rows(self) -> bool:
        """Always: slices are rows."""
        return True

    @property
    def is_whole(self) -> bool:
        """Always."""
        return True

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


def _row_spec(value: Any) -> TensorSpec:
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


class SeedSource:
    """The seeds that a dataset's iterations begin with.

    Args:
        seed: what the program gave.
        again: whether every iteration has seeds of its own.
    """

    def __init__(self, seed: Any, again: bool) -> None:
        if seed is None and seeds.global_seed() is not None:
            with init_scope():
                pair = seeds.get_seed(None)
        else:
            pair = seeds.get_seed(seed)
        first, second = pair[0] or 0, pair[1] or 0
        if (first, second) == (0, 0):
            first, second = seeds.fresh_word(), seeds.fresh_word()
        self._fixed = (first, second)
        self._words = Words(philox.from_seeds(first, second)) if again else None
        self.drawn: tuple[int, int] = self._fixed
        self.again: list[tuple[int, int]] = []

    def draw(self) -> Stream:
        """The stream of the next iteration."""
        if self.again:
            self.drawn = self.again.pop(0)
        elif self._words is not None:
            self.drawn = (self._words.next(), self._words.next())
        return philox.from_seeds(*self.drawn)


class Words:
    """The 32-bit words of a stream, one after the other.

    Args:
        stream: where to begin.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left: list[int] = []
        self._size = 1

    def next(self) -> int:
        """The next word."""
        if not self._left:
            found = philox.blocks(self._stream, self._size).reshape(-1)
            self._stream = self._stream.skip(self._size)
            self._left = found[::-1].tolist()
            self._size = min(self._size * 4, 1024)
        return self._left.pop()


class RandomPlan(Plan):
    """Random numbers without an end: unsigned 32-bit ones, as int64."""

    kind = "_RandomDataset"

    def __init__(self, seed: Any, again: bool) -> None:
        super().__init__(TensorSpec((), int64))
        self._seeds = SeedSource(seed, again)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        words = Words(self._seeds.draw())
        while True:
            yield (np.array(words.next(), np.int64),)

    def cardinality(self) -> int:
        """Infinite."""
        return INFINITE


class GeneratorPlan(Plan):
    """What a Python generator yields.

    Args:
        generator: a function that gives something to iterate over.
        args: tensors that it is called with, as NumPy values.
        signature: a nest of specs of what it yields.
    """

    kind = "_FlatMapDataset"

    def __init__(
        self, generator: Callable[..., Any], args: tuple[Any, ...], signature: Any
    ) -> None:
        self._args = [as_leaves(x) for x in args]
        super().__init__(signature, (), self._args)
        self._generator = generator

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        given = [_plain(run.array(x)) for x in self._args]
        with init_scope():
            made = iter(self._generator(*given))
        spec, flat = self.spec, self.structure.flat
        return _Yielded(made, spec, flat)


def _plain(array: Any) -> Any:
    return array.copy() if array.ndim else array[()]


class _Yielded:
    """A generator's values as elements; goes on after one that does not fit."""

    def __init__(self, made: Iterator[Any], spec: Any, flat: list[Any]) -> None:
        self._made = made
        self._spec = spec
        self._flat = flat

    def __iter__(self) -> _Yielded:
        return self

    def __next__(self) -> Element:
        tracer, context.state.tracer = context.state.tracer, None
        try:
            value = next(self._made)
        finally:
            context.state.tracer = tracer
        flat = self._flat
        if len(flat) == 1 and isinstance(self._spec, TensorSpec):
            return (_fitted(value, flat[0]),)
        if isinstance(self._spec, tuple) and isinstance(value, list):
            value = tuple(value)
        if not same_nest(self._spec, value):
            raise InvalidArgumentError(
                house_message(
                    "Dataset.from_generator",
                    "TypeError: `generator` yielded an element that did not match the"
                    " expected structure",
                    f"the expected structure was {self._spec!r}, but the yielded"
                    f" element was {_short(value)}",
                )
            )
        pairs = zip(flatten(value), flat, strict=True)
        return tuple([_fitted(part, spec) for part, spec in pairs])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 200 else text[:197] + "..."


def _fitted(value: Any, spec: Any) -> Any:
    """One value that a generator yielded, as an array of its spec."""
    if isinstance(spec, DatasetSpec) or not isinstance(spec, TensorSpec):
        return leaf_of(value)
    kind = spec.dtype.numpy_dtype
    if isinstance(value, Tensor):
        array = value._array
    else:
        array = _array(value, spec)
    if array.dtype != kind:
        raise InvalidArgumentError(
            house_message(
                "Dataset.from_generator",
                "TypeError: `generator` yielded an element of type"
                f" {array.dtype} where an element of type {spec.dtype.name} was"
                " expected",
                _short(value),
            )
        )
    if not spec.shape.is_compatible_with(TensorShape.of(array.shape)):
        raise InvalidArgumentError(
            house_message(
                "Dataset.from_generator",
                f"TypeError: `generator` yielded an element of shape {array.shape}"
                f" where an element of shape {spec.shape} was expected",
                _short(value),
            )
        )
    return array


def _array(value: Any, spec: TensorSpec) -> Any:
    kind = spec.dtype.numpy_dtype
    try:
        if spec.dtype.name == "string":
            return np.asarray(context_strings(value))
        found = np.array(value, kind)
        if found.dtype.kind in "iufc" and np.asarray(value).dtype.kind in "OSU":
            raise ValueError("text")
        return found
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(
            house_message(
                "Dataset.from_generator",
                "TypeError: `generator` yielded an element that could not be converted"
                " to the expected type",
                f"The expected type was {spec.dtype.name}, but the yielded element was"
                f" {_short(value)}",
            )
        ) from None


def context_strings(value: Any) -> Any:
    """A value of text as an array of bytes objects."""
    array = np.array(value, object)
    flat = [v.encode() if isinstance(v, str) else v for v in array.ravel().tolist()]
    if not all(isinstance(v, bytes) for v in flat):
        raise ValueError("not text")
    out = np.empty(array.shape, object)
    out.reshape(-1)[:] = flat
    return out
