"""Python lists that a traced loop appends to: tensor arrays that look like lists.

`rewrite` turns ``name.append(x)`` in a loop into an assignment through `list_append`.
`traced_loops` puts a `ListProbe` in the list's place for its round on trial, to learn
what is appended, then a `GraphList`. What leaves a function is a list again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.graph.autograph.iterables import Items
from rillet.ops.array import concat, stack
from rillet.ops.host import is_symbolic
from rillet.ops.shaping import reshape
from rillet.ops.sizes import shape as shape_of
from rillet.ops.tensor_array import TensorArray
from rillet.ops.transposes import transpose

_state = context.state


def list_append(values: Any, item: Any) -> Any:
    """``values.append(item)``, and the list that results."""
    if isinstance(values, GraphList):
        return values.appended(item)
    values.append(item)
    return values


class ListProbe:
    """A list in a round on trial: it notes the type and shape of what is appended.

    Args:
        values: the list as it is before the loop.
    """

    def __init__(self, values: list[Any]) -> None:
        self.values = list(values)
        self.dtype: Any = None
        self.shape: TensorShape | None = None
        self.fault = ""
        for value in values:
            self._note(value)
        self.count = len(values)

    def append(self, item: Any) -> None:
        """Note an item."""
        self._note(item)
        self.values.append(item)

    def _note(self, item: Any) -> None:
        try:
            tensor = to_tensor(item)
        except (TypeError, ValueError):
            self.fault = f"a {type(item).__name__} was appended"
            return
        if self.dtype is not None and tensor.dtype is not self.dtype:
            self.fault = f"dtypes {self.dtype.name} and {tensor.dtype.name}"
        self.dtype = tensor.dtype
        old = self.shape
        shape = tensor.shape
        self.shape = shape if old is None else old.most_specific_compatible_shape(shape)

    @property
    def grew(self) -> bool:
        """Whether something was appended."""
        return len(self.values) > self.count

    def made(self, values: list[Any]) -> GraphList:
        """The list that a traced loop carries, holding what was there before."""
        assert self.shape is not None
        array = TensorArray(
            self.dtype,
            size=0,
            dynamic_size=True,
            clear_after_read=False,
            element_shape=self.shape,
        )
        found = GraphList(array)
        for value in values:
            found = found.appended(value)
        return found

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, key: Any) -> Any:
        return self.values[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


class GraphList:
    """A list of tensors of one type whose length is known when the graph runs.

    Args:
        array: what holds the elements.
    """

    def __init__(self, array: Any) -> None:
        self._array_of = array

    def appended(self, item: Any) -> GraphList:
        """The list with one more element."""
        return GraphList(self._array_of.write(self.size(), item))

    def append(self, item: Any) -> None:
        """Add an element in place."""
        self._array_of = self._array_of.write(self.size(), item)

    def size(self) -> Any:
        """How many elements there are, an int32 scalar."""
        return self._array_of.size()

    def read(self, index: Any) -> Any:
        """The element at `index`."""
        return self._array_of.read(index)

    def _flat_tensors(self) -> list[Any]:
        return self._array_of._flat_tensors()

    def _from_tensors(self, tensors: list[Any]) -> Any:
        return GraphList(self._array_of._from_tensors(tensors))

    def __tf_tensor__(self, dtype: Any = None, name: Any = None) -> Any:
        return self._array_of.stack()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self._array_of.stack()[key]
        if isinstance(key, int) and key < 0:
            return self.read(self.size() + key)
        if is_symbolic(key):
            return self._array_of.stack()[key]
        return self.read(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(Items(self.size(), self.read))

    def __len__(self) -> NoReturn:
        raise TypeError(
            house_message(
                "len(list)",
                "the list grew in a loop over tensors: its length is known when the"
                " graph runs",
                fix="Use tf.shape(tf.stack(values))[0]",
            )
        )

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            house_message(
                "list",
                f"a list that grew in a loop over tensors has no '{name}'",
                fix="Append to it, index it, loop over it, or tf.stack it",
            )
        )


class _Leaving:
    """A list that a function returns: one tensor on the way, a list for the caller."""

    def __init__(self, values: GraphList) -> None:
        self._values = values

    def _flat_tensors(self) -> list[Any]:
        return [to_tensor(self._values)]

    def _from_tensors(self, tensors: list[Any]) -> Any:
        (rows,) = tensors
        if _state.tracer is None or rows.shape.rank and rows.shape[0] is not None:
            return list(rows)
        array = TensorArray(rows.dtype, size=0, dynamic_size=True)
        return GraphList(array.unstack(rows))


def leaving(result: Any) -> Any:
    """What a function returns, with the lists that grew made ready to leave it."""

    def one(leaf: Any) -> Any:
        return _Leaving(leaf) if isinstance(leaf, GraphList) else leaf

    return nest.map_structure(one, result)


def stack_(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """`tf.stack`, of a list that grew in a traced loop too."""
    if not isinstance(values, GraphList) or axis == 0:
        return stack(values, axis, name)
    return _moved(to_tensor(values), 0, axis)


def concat_(values: Any, axis: Any, name: str = "concat") -> Any:
    """`tf.concat`, of a list that grew in a traced loop too."""
    if not isinstance(values, GraphList):
        return concat(values, axis, name)
    if axis == 0:
        return values._array_of.concat()
    parts = _moved(to_tensor(values), 0, axis if axis >= 0 else axis - 1)
    rank = parts.shape.rank
    at = axis if axis >= 0 else rank - 1 + axis
    sizes = shape_of(parts)
    joined = concat([sizes[:at], [sizes[at] * sizes[at + 1]], sizes[at + 2 :]], 0)
    return reshape(parts, joined)


def _moved(tensor: Any, source: int, target: int) -> Any:
    """The tensor with one axis in another place."""
    rank = tensor.shape.rank
    order = [i for i in range(rank) if i != source]
    order.insert(target if target >= 0 else rank + target, source)
    return transpose(tensor, order)
