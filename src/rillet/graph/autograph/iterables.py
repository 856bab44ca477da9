"""What a traced `for` can go through: tensors, ranges, tensor arrays, zips of them.

Items are found by their number, so that one loop over numbers serves all of them.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.errors import OperatorNotAllowedInGraphError, house_message
from rillet.core.tensor import Tensor
from rillet.graph.ir import SymbolicTensor
from rillet.ops.elementwise import maximum, minimum
from rillet.ops.sizes import shape as shape_of

_state = context.state


class Items:
    """A sequence of known or unknown length whose items are found by number.

    Args:
        length: an integer scalar tensor.
        item: a number's item.
    """

    def __init__(self, length: Any, item: Callable[[Any], Any]) -> None:
        self.length = length
        self.item = item

    def __iter__(self) -> Iterator[Any]:
        known = _known(self.length)
        if known is None:
            raise OperatorNotAllowedInGraphError(
                house_message(
                    "iter(items)",
                    "Iterating over a symbolic `tf.Tensor` is not allowed here: its"
                    " length is not known yet",
                    fix="Use a `for` statement, or tf.map_fn",
                )
            )
        return iter([self.item(to_tensor(i)) for i in builtins.range(int(known))])


def _known(length: Any) -> Any:
    """A length's value where tracing has it already."""
    return length.known if isinstance(length, SymbolicTensor) else length._array


def items_of(value: Any) -> Items | None:
    """The items that a traced loop goes through; None for what is Python's."""
    if isinstance(value, Items):
        return value
    if _state.tracer is None:
        return None
    if isinstance(value, Tensor) or hasattr(value, "_dense_tensor"):
        return _tensor_items(to_tensor(value))
    if hasattr(value, "_flat_tensors") and hasattr(value, "read"):
        return Items(value.size(), value.read)
    return None


def _tensor_items(tensor: Any) -> Items:
    shape = tensor.shape
    if shape.rank == 0:
        raise ValueError(
            house_message("iter(tensor)", "Cannot iterate over a scalar tensor")
        )
    numbers = _range_items(tensor)
    if numbers is not None:
        return numbers
    size = shape[0] if shape.rank is not None else None
    length = shape_of(tensor)[0] if size is None else to_tensor(size)
    return Items(length, lambda i: tensor[i])


def _range_items(tensor: Any) -> Items | None:
    """The numbers of a `tf.range` of integers, which need not be written down."""
    if not isinstance(tensor, SymbolicTensor):
        return None
    node = tensor.node
    if node.op.name != "Range" or not tensor.dtype.is_integer:
        return None
    start, limit, delta = node.inputs
    if not isinstance(delta, int) or not delta:
        return None
    start, limit = to_tensor(start, tensor.dtype), to_tensor(limit, tensor.dtype)
    gap = limit - start if delta > 0 else start - limit
    if abs(delta) != 1:
        gap = (gap + (abs(delta) - 1)) // abs(delta)
    size = tensor.shape[0] if tensor.shape.rank == 1 else None
    length = maximum(gap, 0) if size is None else to_tensor(size, tensor.dtype)

    def item(i: Any) -> Any:
        step = i if delta == 1 else i * delta
        return step if getattr(start, "known", None) == 0 else start + step

    return Items(length, item)


def zip_(*iterables: Any, strict: bool = False) -> Any:
    """`zip`, over tensors of a graph and datasets too."""
    if _state.tracer is not None and iterables and _is_dataset(iterables[0]):
        return iterables[0].zip(*iterables)
    parts = [items_of(x) if _is_graphs(x) else None for x in iterables]
    if not any(p is not None for p in parts):
        return zip(*iterables, strict=strict)
    if any(p is None for p in parts):
        parts = [p or items_of(to_tensor(x)) for p, x in zip(parts, iterables)]  # noqa: B905
    found = [p for p in parts if p is not None]
    length = found[0].length
    for part in found[1:]:
        length = minimum(length, part.length)
    return Items(length, lambda i: tuple([part.item(i) for part in found]))


def enumerate_(iterable: Any, start: Any = 0) -> Any:
    """`enumerate`, over tensors of a graph and datasets too."""
    if _state.tracer is not None and _is_dataset(iterable):
        return iterable.enumerate(start)
    items = items_of(iterable) if _is_graphs(iterable) else None
    if items is None:
        return enumerate(iterable, start)
    return Items(items.length, lambda i: (i + start, items.item(i)))


def _is_dataset(value: Any) -> bool:
    """Whether a value is a dataset, which enumerates and zips by itself."""
    return hasattr(value, "_traced_for") and hasattr(value, "enumerate")


def _is_graphs(value: Any) -> bool:
    if isinstance(value, Items):
        return True
    return isinstance(value, SymbolicTensor) or hasattr(value, "_flat_tensors")
