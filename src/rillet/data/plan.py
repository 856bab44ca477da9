"""Plans: what a dataset does, before it runs.

A `Plan` knows its elements' specs, the plans it takes elements from, and the tensors of
a graph under construction that it needs (its free tensors). `iterate` runs one: as rows
where the plan has them, else element by element. Programs see `dataset.Dataset`, which
holds a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.data.options import Options
from rillet.data.rows import Rows, split
from rillet.data.structure import Bound, Element, Structure
from rillet.graph.ir import SymbolicTensor

INFINITE = -1
UNKNOWN = -2


class Run:
    """One iteration's values of free tensors.

    Args:
        bound: by the id of a symbolic tensor, its value.
        outer: the run around this one.
    """

    __slots__ = ("_bound", "_outer")

    def __init__(
        self, bound: dict[int, Any] | None = None, outer: Run | None = None
    ) -> None:
        self._bound = bound or {}
        self._outer = outer

    def value(self, key: Any) -> Any:
        """What stands for a symbolic tensor in this run."""
        run: Run | None = self
        while run is not None:
            if id(key) in run._bound:
                return run._bound[id(key)]
            run = run._outer
        raise TypeError(
            house_message(
                "Dataset",
                "the dataset was made inside a function and cannot be used outside it",
                f"it needs {key!r}",
                "Return tensors from the function, or make the dataset outside",
            )
        )

    def array(self, tensor: Tensor) -> Any:
        """A tensor's array in this run."""
        if isinstance(tensor, SymbolicTensor):
            return tensor.known if tensor.known is not None else self.value(tensor)
        return tensor._array

    def number(self, value: Any) -> Any:
        """A host value, or a scalar tensor's."""
        return self.array(value).item() if isinstance(value, Tensor) else value


#: The run of datasets that need no values.
PLAIN = Run()


class Plan:
    """What a dataset does; the classes in the modules above are the kinds of it.

    Args:
        spec: a nest of specs of the elements.
        inputs: the plans that it takes elements from.
        needs: tensors that it needs; symbolic ones among them are free.

    Attributes:
        kind: the name that programs see in a dataset's `repr`.
        structure: packs elements for programs.
        free: the symbolic tensors that a run must give values for.
        options: the options set so far.
        chance: the sources of seeds that an iteration draws from (`chance.SeedSource`).
    """

    kind: ClassVar[str] = "_VariantDataset"

    def __init__(
        self, spec: Any, inputs: tuple[Plan, ...] = (), needs: Any = ()
    ) -> None:
        self.structure = Structure(spec)
        self.inputs = inputs
        free = {id(x): x for plan in inputs for x in plan.free}
        free.update({id(x): x for x in needs if is_free(x)})
        self.free: list[Any] = list(free.values())
        self.options = Options()
        self.chance: list[Any] = []
        for plan in inputs:
            self.options = self.options.merge(plan.options)
            self.chance += [x for x in plan.chance if x not in self.chance]

    @property
    def spec(self) -> Any:
        """The nest of specs of the elements."""
        return self.structure.spec

    def elements(self, run: Run) -> Iterator[Element]:
        """A new iterator over elements, one by one."""
        raise NotImplementedError

    @property
    def has_rows(self) -> bool:
        """Whether `segments` can be asked for."""
        return False

    @property
    def is_whole(self) -> bool:
        """Whether there are rows, and they are all in one segment."""
        return False

    @property
    def flows(self) -> bool:
        """Whether `segments` can be asked for by who takes all rows in their order."""
        return self.has_rows

    @property
    def joins(self) -> bool:
        """Whether elements are batches of rows, which can be had several at a time."""
        return False

    def segments(self, run: Run) -> Iterator[Rows]:
        """The rows of one iteration, one stretch after the other."""
        raise NotImplementedError

    def rows(self, run: Run) -> Rows:
        """The rows of a plan that is whole."""
        return next(iter(self.segments(run)))

    def cardinality(self) -> int:
        """How many elements there are; `INFINITE` or `UNKNOWN`."""
        return UNKNOWN


def is_free(tensor: Any) -> bool:
    """Whether a value is a tensor of a graph whose value is not known yet."""
    return isinstance(tensor, SymbolicTensor) and tensor.known is None


def iterate(plan: Plan, run: Run) -> Iterator[Element]:
    """A new iterator over a plan's elements."""
    if plan.flows:
        return split(plan.segments(run))
    return plan.elements(run)


class NestedPlan(Plan):
    """A dataset within a dataset, run with the values of the element that it came in.

    Args:
        bound: the plan and its run.
    """

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound.plan.spec)
        self.options = bound.plan.options
        self._bound = bound

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return iterate(self._bound.plan, self._bound.run)

    def cardinality(self) -> int:
        """That of the dataset."""
        found: int = self._bound.plan.cardinality()
        return found


class HandlePlan(Plan):
    """A dataset that a tensor of a graph stands for; a run says which.

    Args:
        handle: a symbolic scalar of type resource; its value is a boxed `Bound`.
        spec: the nest of specs of the elements.
    """

    def __init__(self, handle: Tensor, spec: Any) -> None:
        super().__init__(spec, (), (handle,))
        self._handle = handle

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        bound: Bound = run.value(self._handle).item()
        return iterate(bound.plan, bound.run)


def static(value: Any) -> Any:
    """The number that a host value or a known tensor is; None where nobody knows."""
    if isinstance(value, SymbolicTensor):
        return None if value.known is None else value.known.item()
    return value._array.item() if isinstance(value, Tensor) else value


def integer(owner: str, name: str, value: Any) -> Any:
    """An integer argument: a Python number, or a symbolic scalar.

    Raises:
        TypeError: where it is no integer.
    """
    if type(value) is int:
        return value
    try:
        tensor = to_tensor(value, hint=int64)
    except (TypeError, ValueError) as error:
        raise TypeError(
            house_message(owner, f"`{name}` must be an integer", f"got {value!r}")
        ) from error
    if not tensor.dtype.is_integer or tensor.shape.rank not in (0, None):
        raise TypeError(
            house_message(
                owner,
                f"`{name}` must be a scalar of type int64",
                f"got {tensor.dtype.name} of shape {tensor.shape}",
            )
        )
    known = static(tensor)
    return tensor if known is None else int(known)
