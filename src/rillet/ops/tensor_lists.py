"""Tensor lists: the value of a `TensorArray` inside a graph, as TensorFlow names it.

A list is an immutable tuple of arrays of type variant; None in it stands for zeros that
nobody wrote. `ops.tensor_array` calls; `ops.loop_history` has the rows that loops keep.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.dtypes import ANY, DType
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define_for_graphs

Array = np.ndarray[Any, Any]
_LIST = Spec((), dtypes.variant)


class ListTensor(Tensor):
    """A tensor list outside a graph: what a tape keeps of a call between gradients."""

    __slots__ = ()

    @property
    def known(self) -> Any:
        """The rows: nothing about a list outside a graph is symbolic."""
        return self._array

    @property
    def shape(self) -> TensorShape:
        """A list counts as a scalar."""
        return TensorShape([])

    @property
    def dtype(self) -> DType:
        """Always `tf.variant`."""
        return dtypes.variant


class _Variants:
    """The constraint of a tensor list: anything, lists included."""

    def __contains__(self, kind: object) -> bool:
        return True

    def names(self) -> str:
        """For error messages."""
        return "variant"


LISTS: Any = _Variants()


def _checked(rows: Any, index: Any, op: str) -> int:
    at = int(index)
    if not 0 <= at < len(rows):
        raise InvalidArgumentError(
            house_message(
                op,
                f"Tried to reach index {at} of a list of {len(rows)}",
                "indices run from 0 to size - 1",
                "Make the TensorArray larger, or dynamic_size=True",
            )
        )
    return at


def _zeros(rows: Any, element_dtype: DType, element_shape: Any) -> Array:
    """An element that nobody wrote."""
    for row in rows:
        if row is not None:
            return np.zeros(row.shape, row.dtype)
    dims = element_shape or ()
    return np.zeros([d or 0 for d in dims], element_dtype.numpy_dtype)


def _settled(dims: Any, method: str, element_shape: Any) -> tuple[int, ...]:
    """The sizes that an array without elements says these have."""
    if dims is None or None in dims:
        raise InvalidArgumentError(
            house_message(
                f"TensorArray.{method}",
                f"Tried to {method} elements of an empty list with"
                " non-fully-defined element_shape",
                f"element_shape is {TensorShape(element_shape)}",
                "Give element_shape",
            )
        )
    return tuple(dims)


def _reserve(
    size: Array, element_dtype: DType = dtypes.float32, element_shape: Any = None
) -> Any:
    return (None,) * int(size)


list_reserve_op: Op = define_for_graphs(
    "TensorListReserve",
    types=(ANY,),
    kernel=_reserve,
    infer=lambda size, **attrs: _LIST,
    attrs={"element_dtype": dtypes.float32, "element_shape": None},
)


def _set(rows: Any, index: Array, item: Array, resize: bool = False) -> Any:
    at = int(index)
    if resize and at >= len(rows):
        rows = (*rows, *(None,) * (at + 1 - len(rows)))
    at = _checked(rows, at, "TensorArray.write")
    return (*rows[:at], item, *rows[at + 1 :])


def _set_grad(g: Any, y: Any, rows: Any, index: Any, item: Any, **attrs: Any) -> Any:
    return (
        list_clear_op.run(g, index, item),
        None,
        list_get_like_op.run(g, index, item),
    )


list_set_op: Op = define_for_graphs(
    "TensorListSetItem",
    types=(LISTS, ANY, ANY),
    kernel=_set,
    infer=lambda rows, index, item, **attrs: _LIST,
    grad=_set_grad,
    attrs={"resize": False},
)


def _clear(rows: Any, index: Array, like: Any) -> Any:
    """A gradient without element `index`, which is zeros like an element from then."""
    at = int(index)
    return tuple([None if i == at else row for i, row in enumerate(rows)])


list_clear_op: Op = define_for_graphs(
    "RilletListClear",
    types=(LISTS, ANY, LISTS),
    kernel=_clear,
    infer=lambda rows, index, like: _LIST,
    grad=(
        lambda g, y, rows, index, like: list_clear_op.run(g, index, like),
        None,
        None,
    ),
)


def _get_like(rows: Any, index: Array, like: Array) -> Array:
    at = int(index)
    if at >= len(rows) or rows[at] is None:
        return np.zeros(like.shape, like.dtype)
    found: Array = rows[at]
    return found


list_get_like_op: Op = define_for_graphs(
    "RilletListGetLike",
    types=(LISTS, ANY, ANY),
    kernel=_get_like,
    infer=lambda rows, index, like: like,
    grad=(lambda g, y, rows, index, like: list_only_op.run(g, index, rows), None, None),
)


def _only(item: Array, index: Array, like: Any) -> Any:
    """A list as long as `like` that holds `item` alone."""
    at = int(index)
    return tuple([item if i == at else None for i in range(max(len(like), at + 1))])


list_only_op: Op = define_for_graphs(
    "RilletListOnly",
    types=(ANY, ANY, LISTS),
    kernel=_only,
    infer=lambda item, index, like: _LIST,
    grad=(
        lambda g, y, item, index, like: list_get_like_op.run(g, index, item),
        None,
        None,
    ),
)


def _get(
    rows: Any,
    index: Array,
    element_dtype: DType = dtypes.float32,
    element_shape: Any = None,
) -> Array:
    found = rows[_checked(rows, index, "TensorArray.read")]
    return _zeros(rows, element_dtype, element_shape) if found is None else found


list_get_op: Op = define_for_graphs(
    "TensorListGetItem",
    types=(LISTS, ANY),
    kernel=_get,
    infer=lambda rows, index, element_dtype=dtypes.float32, element_shape=None: Spec(
        element_shape, element_dtype
    ),
    grad=(lambda g, y, rows, index, **attrs: list_only_op.run(g, index, rows), None),
    attrs={"element_dtype": dtypes.float32, "element_shape": None},
)


def _stack(
    rows: Any, element_dtype: DType = dtypes.float32, element_shape: Any = None
) -> Array:
    if not rows:
        dims = _settled(element_shape, "stack", element_shape)
        return np.zeros((0, *dims), element_dtype.numpy_dtype)
    blank = _zeros(rows, element_dtype, element_shape)
    parts = [blank if row is None else row for row in rows]
    if any(part.shape != parts[0].shape for part in parts):
        raise InvalidArgumentError(
            house_message(
                "TensorArray.stack",
                "elements must have one shape",
                f"shapes are {[list(p.shape) for p in parts]}",
                "Use concat, or write elements of one shape",
            )
        )
    return np.stack(parts)


def _stack_spec(
    rows: Spec, element_dtype: DType = dtypes.float32, element_shape: Any = None
) -> Spec:
    shape = None if element_shape is None else (None, *element_shape)
    return Spec(shape, element_dtype)


list_stack_op: Op = define_for_graphs(
    "TensorListStack",
    types=(LISTS,),
    kernel=_stack,
    infer=_stack_spec,
    grad=(lambda g, y, rows, **attrs: list_from_op.run(g),),
    attrs={"element_dtype": dtypes.float32, "element_shape": None},
)

list_from_op: Op = define_for_graphs(
    "TensorListFromTensor",
    types=(ANY,),
    kernel=lambda x: tuple(x),
    infer=lambda x: _LIST,
    grad=(lambda g, y, x: list_stack_like_op.run(g, x),),
)


def _stack_like(rows: Any, like: Array) -> Array:
    out = np.zeros(like.shape, like.dtype)
    for i, row in enumerate(rows[: len(out)]):
        if row is not None:
            out[i] = row
    return out


list_stack_like_op: Op = define_for_graphs(
    "RilletListStackLike",
    types=(LISTS, ANY),
    kernel=_stack_like,
    infer=lambda rows, like: like,
    grad=(lambda g, y, rows, like: list_from_op.run(g), None),
)

list_length_op: Op = define_for_graphs(
    "TensorListLength",
    types=(LISTS,),
    kernel=lambda rows: np.array(len(rows), np.int32),
    infer=lambda rows: Spec((), dtypes.int32),
)

list_zeros_op: Op = define_for_graphs(
    "RilletListZeros",
    types=(LISTS,),
    kernel=lambda rows: (None,) * len(rows),
    infer=lambda rows: rows,
)


def _add(a: Any, b: Any) -> Any:
    """The sum of two gradients."""
    longer = a if len(a) >= len(b) else b
    out = list(longer)
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x is None or y is None:
            out[i] = y if x is None else x
        else:
            out[i] = _add(x, y) if isinstance(x, tuple) else np.asarray(x + y)
    return tuple(out)


list_add_op: Op = define_for_graphs(
    "RilletListAdd",
    types=(LISTS, LISTS),
    kernel=_add,
    infer=lambda a, b: a,
    grad=(lambda g, y, a, b: g, lambda g, y, a, b: g),
)


def _concat(
    rows: Any, element_dtype: DType = dtypes.float32, element_shape: Any = None
) -> Array:
    parts = [row for row in rows if row is not None]
    if not parts:
        inner = None if element_shape is None else element_shape[1:]
        dims = _settled(inner, "concat", element_shape)
        return np.zeros((0, *dims), element_dtype.numpy_dtype)
    return np.concatenate(parts)


def _concat_spec(
    rows: Spec, element_dtype: DType = dtypes.float32, element_shape: Any = None
) -> Spec:
    shape = None if element_shape is None else (None, *element_shape[1:])
    return Spec(shape, element_dtype)


list_concat_op: Op = define_for_graphs(
    "TensorListConcatV2",
    types=(LISTS,),
    kernel=_concat,
    infer=_concat_spec,
    grad=(lambda g, y, rows, **attrs: list_split_like_op.run(g, rows),),
    attrs={"element_dtype": dtypes.float32, "element_shape": None},
)


def _split_like(x: Array, like: Any) -> Any:
    out: list[Any] = []
    at = 0
    for row in like:
        if row is None:
            out.append(None)
            continue
        out.append(x[at : at + len(row)])
        at += len(row)
    return tuple(out)


list_split_like_op: Op = define_for_graphs(
    "RilletListSplitLike",
    types=(ANY, LISTS),
    kernel=_split_like,
    infer=lambda x, like: _LIST,
    grad=(lambda g, y, x, like: list_concat_like_op.run(g, x, like), None),
)


def _concat_like(rows: Any, x: Array, like: Any) -> Array:
    out, at = np.zeros(x.shape, x.dtype), 0
    for row, old in zip(rows, like, strict=False):
        if old is not None:
            if row is not None:
                out[at : at + len(old)] = row
            at += len(old)
    return out


list_concat_like_op: Op = define_for_graphs(
    "RilletListConcatLike",
    types=(LISTS, ANY, LISTS),
    kernel=_concat_like,
    infer=lambda rows, x, like: x,
    grad=(lambda g, y, rows, x, like: list_split_like_op.run(g, like), None, None),
)


def _split(x: Array, lengths: Array) -> Any:
    ends = np.cumsum(lengths)
    if int(ends[-1] if len(ends) else 0) != len(x):
        raise InvalidArgumentError(
            house_message(
                "TensorArray.split",
                "lengths must add up to the first size",
                f"lengths={lengths.tolist()}, the value has shape {list(x.shape)}",
            )
        )
    return tuple(np.split(x, ends[:-1])) if len(ends) else ()


list_split_op: Op = define_for_graphs(
    "TensorListSplit",
    types=(ANY, ANY),
    kernel=_split,
    infer=lambda x, lengths: _LIST,
    grad=(lambda g, y, x, lengths: list_concat_like_op.run(g, x, y), None),
)


list_same_op: Op = define_for_graphs(
    "RilletListIdentity",
    types=(LISTS,),
    kernel=lambda rows: rows,
    infer=lambda rows: rows,
    grad=(lambda g, y, rows: g,),
)


def add_lists(a: Any, b: Any) -> Any:
    """The sum of two gradients that are lists, in a graph or outside."""
    if not isinstance(a, ListTensor) or not isinstance(b, ListTensor):
        return list_add_op.run(a, b)
    out = ListTensor(_add(a._array, b._array))
    for recorder in context.state.recorders:
        recorder.record(list_add_op, (a, b), (out,), None)
    return out
