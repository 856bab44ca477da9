"""Iterators over datasets: `iter(dataset)`, `next`, `get_next`, as NumPy, as optionals.

Eagerly an iterator walks through a plan's elements. Inside a function being traced
`next` becomes a node that asks the very same iterator when the function runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator as PythonIterator
from typing import Any

import numpy as np

from rillet.checkpoint.children import Attribute
from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    house_message,
)
from rillet.core.shapes import TensorShape
from rillet.core.spec import TypeSpec
from rillet.data import in_graph
from rillet.data.plan import Plan, Run, iterate
from rillet.data.rows import BatchRows
from rillet.data.structure import (
    Element,
    Structure,
    as_leaves,
    flatten,
    map_nest,
    pack,
    sign_in,
    spec_of,
)
from rillet.data.workers import Ahead

_state = context.state
#: Bytes of batches that are made together at most: they stay in a cache.
_JOINED = 4 << 20
_ENDED = house_message("Iterator.get_next", "End of sequence")


class IteratorSpec(TypeSpec):
    """What describes an iterator: its elements' specs.

    Args:
        element_spec: a nest of specs.
    """

    def __init__(self, element_spec: Any) -> None:
        self._element_spec = element_spec

    @property
    def element_spec(self) -> Any:
        """The specs of the elements."""
        return self._element_spec

    @property
    def value_type(self) -> type:
        """The class of iterators."""
        return Iterator

    @staticmethod
    def from_value(value: Any) -> IteratorSpec:
        """The spec of an iterator."""
        return IteratorSpec(value.element_spec)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether an iterator or another such spec fits this one."""
        return bool(getattr(spec_or_value, "element_spec", None) == self._element_spec)

    def __eq__(self, other: object) -> bool:
        return type(other) is IteratorSpec and self._element_spec == other._element_spec

    def __hash__(self) -> int:
        return hash(str(self._element_spec))

    def __repr__(self) -> str:
        return f"IteratorSpec({self._element_spec!r},)"


class Iterator:
    """Goes through a dataset once; what `iter(dataset)` gives.

    Example:
        >>> import rillet as tf
        >>> iterator = iter(tf.data.Dataset.range(2))
        >>> int(next(iterator)), int(iterator.get_next())
        (0, 1)
    """

    def __init__(self, plan: Plan, run: Run) -> None:
        self._structure = plan.structure
        self._begin = (plan, run)
        self._marks = [source.mark() for source in plan.chance]
        self._source: PythonIterator[Element] = iterate(plan, run)
        self._ahead: list[Element] = []
        self._given = 0
        self._batch_bytes: int | None = None
        #: Whether the program will ask for several elements at a time (`pull_joined`).
        self.together = False

    @property
    def element_spec(self) -> Any:
        """The specs of the elements."""
        return self._structure.spec

    @property
    def _type_spec(self) -> IteratorSpec:
        return IteratorSpec(self.element_spec)

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        if _state.tracer is not None:
            return in_graph.next_of(self)
        return self._structure.pack(self.pull())

    def next(self) -> Any:
        """The next element; StopIteration after the last."""
        return self.__next__()

    def get_next(self) -> Any:
        """The next element.

        Returns:
            Tensors in the nest of `element_spec`.

        Raises:
            OutOfRangeError: after the last one.
        """
        try:
            return self.__next__()
        except StopIteration:
            raise OutOfRangeError(_ENDED) from None

    def get_next_as_optional(self) -> Optional:
        """The next element, or an empty `Optional` after the last.

        Example:
            >>> import rillet as tf
            >>> iterator = iter(tf.data.Dataset.range(1))
            >>> [bool(iterator.get_next_as_optional().has_value()) for _ in range(2)]
            [True, False]
        """
        if _state.tracer is not None:
            has, value = in_graph.optional_of(self)
            return Optional(self._structure.spec, has, value)
        try:
            value = self._structure.pack(self.pull())
        except StopIteration:
            return Optional(self._structure.spec, False, None)
        return Optional(self._structure.spec, True, value)

    def pull(self) -> Element:
        """The next element's leaves; StopIteration after the last."""
        found = self._ahead.pop() if self._ahead else next(self._source)
        self._given += 1
        return found

    def _get_state(self) -> dict[str, Any]:
        """Where the iterator stands, as plain data, for checkpoints."""
        return {"given": self._given, "chance": self._marks}

    def _set_state(self, state: dict[str, Any]) -> None:
        """Go to where an iterator over the same pipeline stood: run up to there.

        Args:
            state: what `_get_state` gave. Random orders and numbers are those of then;
                an element that came before is made again.
        """
        plan, run = self._begin
        self._marks = [list(mark) for mark in state["chance"]]
        for source, mark in zip(plan.chance, self._marks, strict=True):
            source.rewind(mark)
        self._source = iterate(plan, run)
        self._ahead.clear()
        self._given = 0
        while self._given < state["given"]:
            self.pull()

    def _checkpoint_attributes(self) -> list[Attribute]:
        """What a checkpoint keeps: the place, not the elements."""

        def read() -> Any:
            return np.array(json.dumps(self._get_state()).encode(), object)

        def write(array: Any) -> None:
            state = json.loads(array.item())
            if len(state["chance"]) != len(self._begin[0].chance):
                raise InvalidArgumentError(
                    house_message(
                        "Checkpoint.restore",
                        "the iterator was saved over another pipeline",
                        f"{len(state['chance'])} random stages there,"
                        f" {len(self._begin[0].chance)} here",
                    )
                )
            self._set_state(state)

        # TensorFlow's own form is known to its C++ stages only, hence another name.
        return [Attribute("RILLET_ITERATOR", "", read, write)]

    def pull_joined(self, most: int) -> tuple[Any, int, int] | None:
        """The next batches side by side, where they are planned as rows.

        Args:
            most: how many batches at most.

        Returns:
            An element that holds the rows of all of them, rows a batch, batches; None
            where batches come one by one.

        Raises:
            StopIteration: after the last one.
        """
        source = self._source
        if isinstance(source, Ahead) and source.unread is not None:
            source = source.unread
        if self._ahead or not isinstance(source, BatchRows):
            return None
        if self._batch_bytes is None:
            self._batch_bytes = source.size * self._structure.row_bytes()
        fitting = _JOINED // max(self._batch_bytes, 1)
        columns, size, count = source.take(max(1, min(most, fitting)))
        self._given += count
        return self._structure.pack(tuple(columns)), size, count

    def more(self) -> bool:
        """Whether there is another element; it is kept for `pull`."""
        if not self._ahead:
            found = next(self._source, None)
            if found is None:
                return False
            self._ahead.append(found)
        return True

    def _traced_for(self) -> in_graph.Stream:
        return in_graph.Stream(self._structure, lambda: self, [])


class NumpyIterator:
    """Goes through a dataset as NumPy values; what `as_numpy_iterator` gives."""

    def __init__(self, iterator: Iterator) -> None:
        self._iterator = iterator

    def __iter__(self) -> NumpyIterator:
        return self

    def __next__(self) -> Any:
        return self._iterator._structure.numpy(self._iterator.pull())

    def __repr__(self) -> str:
        return f"NumpyIterator(iterator={self._iterator!r})"


class Optional:
    """A value that may be missing, `tf.experimental.Optional`.

    Made by `Iterator.get_next_as_optional`, `from_value` and `empty`.
    """

    def __init__(self, spec: Any, has: Any, value: Any) -> None:
        self._spec = spec
        self._has = has
        self._value = value

    @property
    def element_spec(self) -> Any:
        """The specs of the value."""
        return self._spec

    @property
    def value_structure(self) -> Any:
        """The older name of `element_spec`."""
        return self._spec

    def has_value(self, name: str | None = None) -> Any:
        """Whether there is a value: a scalar boolean tensor."""
        return to_tensor(self._has)

    def get_value(self, name: str | None = None) -> Any:
        """The value.

        Raises:
            InvalidArgumentError: where there is none.
        """
        if self._has is False:
            raise InvalidArgumentError(
                house_message("Optional", "The given optional does not have a value")
            )
        return self._value

    @staticmethod
    def from_value(value: Any) -> Optional:
        """An optional that holds a nest of tensors.

        Example:
            >>> import rillet as tf
            >>> int(tf.experimental.Optional.from_value(42).get_value())
            42
        """
        packed = as_leaves(value)
        return Optional(map_nest(spec_of, packed), True, packed)

    @staticmethod
    def empty(element_spec: Any) -> Optional:
        """An optional without a value."""
        return Optional(element_spec, False, None)

    def _flat_tensors(self) -> list[Any]:
        """Its tensors, for branches and loops: whether there is a value, and it."""
        found = in_graph.blank(Structure(self._spec))
        if self._has is not False:
            found = flatten(self._value)
        return [to_tensor(self._has), *found]

    def _flat_shapes(self) -> list[Any]:
        """What holds of those tensors' shapes in every round of a loop."""
        specs = in_graph.specs_of(Structure(self._spec))
        return [TensorShape([]), *[TensorShape.of(s.shape) for s in specs]]

    def _from_tensors(self, tensors: list[Any]) -> Optional:
        """Another optional of the same form."""
        value = pack(self._spec, iter(tensors[1:]))
        return Optional(self._spec, tensors[0], value)

    def __repr__(self) -> str:
        return f"<Optional element_spec={self._spec!r}>"


sign_in("optional", Optional)


def get_next_as_optional(iterator: Iterator) -> Optional:
    """The next element of an iterator, or an empty optional after the last.

    Args:
        iterator: an iterator over a dataset.
    """
    return iterator.get_next_as_optional()
