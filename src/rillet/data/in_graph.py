"""Datasets inside functions being traced: loops over them, `next`, `reduce`.

Each becomes a node that calls Python when the graph runs. An iterator made inside a
graph is a scalar of type resource whose value is the iterator itself; tensors of the
graph that the dataset needs are that node's inputs and bind its run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import CompositeSpec
from rillet.core.errors import OutOfRangeError, house_message
from rillet.core.spec import Spec, TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.folding import reduced
from rillet.data.plan import HandlePlan, Plan, Run
from rillet.data.structure import (
    DatasetSpec,
    Structure,
    arrays_of,
    boxed,
    made,
    optional,
    pack,
)
from rillet.data.tracing import DataFunction
from rillet.graph.control import host_call

_HANDLE = Spec((), dtypes.resource)


def specs_of(structure: Structure) -> list[Spec]:
    """What a graph knows of an element's leaves."""
    out = []
    for spec in structure.flat:
        if isinstance(spec, TensorSpec):
            out.append(Spec(spec.shape._dims, spec.dtype))
        elif isinstance(spec, DatasetSpec):
            out.append(_HANDLE)
        elif isinstance(spec, CompositeSpec):
            found = spec._component_specs
            out.extend([Spec(s.shape._dims, s.dtype) for s in found])
        else:
            raise TypeError(
                house_message(
                    "Dataset", "a function being traced cannot take", f"{spec!r}"
                )
            )
    return out


def packed(structure: Structure, tensors: Any) -> Any:
    """An element of a graph's tensors, as programs see it."""
    left = iter(tensors)
    leaves = []
    for spec in structure.flat:
        if isinstance(spec, CompositeSpec):
            count = len(spec._component_specs)
            leaves.append(spec._from_tensors([next(left) for _ in range(count)]))
        elif isinstance(spec, DatasetSpec):
            leaves.append(made(HandlePlan(next(left), spec.element_spec)))
        else:
            leaves.append(next(left))
    return pack(structure.spec, iter(leaves))


def bound_run(plan_free: list[Any], arrays: list[Any]) -> Run:
    """The run of a dataset whose free tensors have these values."""
    return Run({id(x): a for x, a in zip(plan_free, arrays, strict=True)})


class Stream:
    """An iterator that a traced `for` goes through.

    Args:
        structure: of the elements.
        begin: gives the iterator: without arguments where it exists already, with the
            values of `needs` where each run begins a new one.
        needs: tensors of the graph.
    """

    def __init__(
        self, structure: Structure, begin: Callable[..., Any], needs: list[Any]
    ) -> None:
        self._structure = structure
        self._begin = begin
        self._handle: Any = None
        self._needs = needs

    @classmethod
    def over(cls, plan: Plan, begin: Callable[[Run], Any]) -> Stream:
        """A stream that begins anew whenever the graph comes by."""
        free = plan.free
        stream = cls(plan.structure, lambda: None, free)

        def start(arrays: list[Any], undo: list[Any]) -> list[Any]:
            return [boxed(begin(bound_run(free, arrays)))]

        (stream._handle,) = host_call(start, free, [_HANDLE], "MakeIterator")
        return stream

    def _call(self, work: Callable[[Any], list[Any]], specs: list[Spec]) -> Any:
        if self._handle is None:
            iterator = self._begin()
            return host_call(lambda a, undo: work(iterator), [], specs, "Iterator")
        return host_call(
            lambda a, undo: work(a[0].item()), [self._handle], specs, "IteratorGetNext"
        )

    def more(self) -> Any:
        """Whether there is another element: a boolean scalar of the graph."""
        spec = Spec((), dtypes.bool_)
        return self._call(lambda it: [np.array(it.more())], [spec])[0]

    def next(self) -> Any:
        """The next element, of the graph's tensors."""
        found = self._call(_pulled, specs_of(self._structure))
        return packed(self._structure, found)

    def optional(self) -> tuple[Any, Any]:
        """Whether there is another element, and that element, or zeros."""
        specs = specs_of(self._structure)

        def work(iterator: Any) -> list[Any]:
            if iterator.more():
                return [np.array(True), *_boxed(iterator.pull())]
            return [np.array(False), *[_blank(s) for s in specs]]

        has, *found = self._call(work, [Spec((), dtypes.bool_), *specs])
        return has, packed(self._structure, found)


def _pulled(iterator: Any) -> list[Any]:
    try:
        return _boxed(iterator.pull())
    except StopIteration:
        raise OutOfRangeError(
            house_message("Iterator.get_next", "End of sequence")
        ) from None


def _boxed(element: Any) -> list[Any]:
    return [array for leaf in element for array in arrays_of(leaf)]


def blank(structure: Structure) -> list[Tensor]:
    """Zeros for an element that is not there."""
    return [Tensor(_blank(spec)) for spec in specs_of(structure)]


def _blank(spec: Spec) -> Any:
    if spec.dtype is dtypes.resource:
        return boxed(None)
    dims = [d or 0 for d in spec.shape or ()]
    empty: Any = b"" if spec.dtype is dtypes.string else 0
    return np.full(dims, empty, spec.dtype.numpy_dtype)


def next_of(iterator: Any) -> Any:
    """The next element of an iterator of the program's, in the graph."""
    return Stream(iterator._structure, lambda: iterator, []).next()


def optional_of(iterator: Any) -> tuple[Any, Any]:
    """Whether an iterator of the program's has another element, and that element."""
    return Stream(iterator._structure, lambda: iterator, []).optional()


class GraphIterator:
    """`iter(dataset)` inside a function being traced."""

    def __init__(self, stream: Stream, spec: Any) -> None:
        self._stream = stream
        self.element_spec = spec

    def __iter__(self) -> GraphIterator:
        return self

    def __next__(self) -> Any:
        return self._stream.next()

    def next(self) -> Any:
        """The next element."""
        return self._stream.next()

    def get_next(self) -> Any:
        """The next element; OutOfRangeError after the last, when the graph runs."""
        return self._stream.next()

    def get_next_as_optional(self) -> Any:
        """The next element, or an empty optional after the last."""
        has, value = self._stream.optional()
        return optional(self.element_spec, has, value)

    def _traced_for(self) -> Stream:
        return self._stream


def reduce_in_graph(
    plan: Plan, state: list[Any], function: DataFunction, spec: Any
) -> Any:
    """`Dataset.reduce` as a node.

    Args:
        plan: the dataset's.
        state: the first state's tensors.
        function: (state, element) -> state.
        spec: the specs of the state.
    """
    needs = {id(x): x for x in [*plan.free, *function.free]}
    free = list(needs.values())
    count = len(free)

    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        held = bound_run(free, arrays[:count])
        first = [Tensor(a) for a in arrays[count:]]
        return _boxed(reduced(plan, first, function, held))

    structure = Structure(spec)
    found = host_call(run, [*free, *state], specs_of(structure), "ReduceDataset")
    return packed(structure, found)


def single_in_graph(plan: Plan, one: Callable[[Run], Any]) -> Any:
    """`Dataset.get_single_element` as a node; `one` finds its leaves."""
    free = plan.free

    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        return _boxed(one(bound_run(free, arrays)))

    found = host_call(run, free, specs_of(plan.structure), "DatasetToSingleElement")
    return packed(plan.structure, found)
