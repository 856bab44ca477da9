"""Functions that carry a state through elements: `scan` and `reduce`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec
from rillet.data.plan import Plan, Run, iterate
from rillet.data.structure import Element, flatten, pack, same_nest
from rillet.data.tracing import DataFunction


class ScanPlan(Plan):
    """A function of a state and every element, which gives the next state and a value.

    Args:
        source: the plan.
        state: the first state: a nest of tensors.
        function: (state, element) -> (state, value).
        value: the specs of the value.
    """

    kind = "_ScanDataset"

    def __init__(
        self, source: Plan, state: list[Any], function: DataFunction, value: Any
    ) -> None:
        super().__init__(value, (source,), [*function.free, *state])
        self._source = source
        self._state = state
        self._function = function

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        call = self._function.start(run)
        state = tuple([run.array(x) for x in self._state])
        count = len(state)
        for element in iterate(self._source, run):
            found = call((*state, *element))
            state = found[:count]
            yield found[count:]

    def cardinality(self) -> int:
        """As the source."""
        return self._source.cardinality()


def reduced(
    source: Plan, state: list[Any], function: DataFunction, run: Run
) -> tuple[Any, ...]:
    """The last state of a function of a state and every element."""
    call = function.start(run)
    held = tuple([run.array(x) for x in state])
    for element in iterate(source, run):
        held = call((*held, *element))
    return held


def state_function(
    function: Any, state: Any, element: Any, owner: str, part: Any
) -> tuple[DataFunction, Any]:
    """A function of a state and an element, traced until the state's shapes hold.

    Args:
        function: the program's function.
        state: the nest of specs of the first state.
        element: that of the elements.
        owner: the method that it was given to.
        part: takes from the function's spec the next state's; None where it is all.

    Returns:
        The traced function and the specs of the state.

    Raises:
        TypeError: where the state changes its types or its form.
    """
    while True:
        made = DataFunction(function, (state, element), owner)
        after = part(made.spec)
        if not same_nest(state, after):
            raise TypeError(
                house_message(
                    owner,
                    "The element structures for the new state must match the initial"
                    " state",
                    f"expected {state!r}, got {after!r}",
                )
            )
        pairs = list(zip(flatten(state), flatten(after), strict=True))
        if any(a.dtype is not b.dtype for a, b in pairs):
            raise TypeError(
                house_message(
                    owner,
                    "The element types for the new state must match the initial state",
                    f"expected {state!r}, got {after!r}",
                    "Give an initial state of that type, or cast the result",
                )
            )
        shapes = [a.shape.most_specific_compatible_shape(b.shape) for a, b in pairs]
        if all(s == a.shape for s, (a, _) in zip(shapes, pairs, strict=True)):
            return made, state
        wider = [
            TensorSpec(s, a.dtype) for s, (a, _) in zip(shapes, pairs, strict=True)
        ]
        state = pack(state, iter(wider))
