"""Tensor lists as stacks: what gradients of loops that TensorFlow wrote are made of.

Rows may be lists themselves, and optional values, which are lists of their parts.
`saved_model` runs such graphs on these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY, DType
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops.registry import Op, define_for_graphs
from rillet.ops.tensor_lists import LISTS, list_get_op, list_set_op

Array = np.ndarray[Any, Any]
_LIST = Spec((), dtypes.variant)


push_op: Op = define_for_graphs(
    "RilletListPush",
    types=(LISTS, LISTS),
    kernel=lambda rows, item: (*rows, item),
    infer=lambda rows, item: _LIST,
)


#: A list put into its place in a list of lists.
put_op: Op = define_for_graphs(
    "RilletListPut",
    types=(LISTS, ANY, LISTS),
    kernel=list_set_op.kernel,
    infer=lambda rows, index, item, **attrs: _LIST,
    attrs={"resize": False},
)


def _drop(rows: Any) -> Any:
    if not rows:
        raise InvalidArgumentError(
            house_message("TensorListPopBack", "Trying to pop from an empty list")
        )
    return rows[:-1]


drop_op: Op = define_for_graphs(
    "RilletListDrop",
    types=(LISTS,),
    kernel=_drop,
    infer=lambda rows: _LIST,
)


def _last(rows: Any, element_dtype: DType, element_shape: Any = None) -> Any:
    _drop(rows)
    if rows[-1] is not None or element_dtype is not dtypes.variant:
        index = np.array(len(rows) - 1)
        return list_get_op.kernel(rows, index, element_dtype, element_shape)
    return ()


def _row_spec(rows: Spec, element_dtype: DType, element_shape: Any = None) -> Spec:
    if element_dtype is dtypes.variant:
        return _LIST
    return Spec(element_shape, element_dtype)


last_op: Op = define_for_graphs(
    "RilletListLast",
    types=(LISTS,),
    kernel=_last,
    infer=_row_spec,
    attrs={"element_dtype": dtypes.float32, "element_shape": None},
)


#: An optional value with one part more.
with_part_op: Op = define_for_graphs(
    "RilletListWithPart",
    types=(LISTS, LISTS),
    kernel=lambda rows, item: (*rows, item),
    infer=lambda rows, item: _LIST,
)


def _part(
    rows: Any, index: int, kinds: tuple[DType, ...], shapes: tuple[Any, ...]
) -> Any:
    if index >= len(rows):
        raise InvalidArgumentError(
            house_message(
                "OptionalGetValue", "The given optional does not have a value."
            )
        )
    return rows[index]


part_op: Op = define_for_graphs(
    "RilletListPart",
    types=(LISTS,),
    kernel=_part,
    infer=lambda rows, index, kinds, shapes: _row_spec(
        rows, kinds[index], shapes[index]
    ),
    attrs={"index": 0, "kinds": (), "shapes": ()},
)

resize_op: Op = define_for_graphs(
    "TensorListResize",
    types=(LISTS, ANY),
    kernel=lambda rows, size: (*rows[: int(size)], *[None] * (int(size) - len(rows))),
    infer=lambda rows, size: _LIST,
)


def _blank(size: Array, dims: Array, element_dtype: DType = dtypes.float32) -> Any:
    sizes = [int(n) for n in np.atleast_1d(dims)]
    unknown = not np.ndim(dims) or min(sizes, default=0) < 0
    row = None if unknown else np.zeros(sizes, element_dtype.numpy_dtype)
    return (row,) * int(size)


#: A list of zeros, of a shape that the running graph knows.
blank_op: Op = define_for_graphs(
    "RilletListBlank",
    types=(ANY, ANY),
    kernel=_blank,
    infer=lambda size, dims, **attrs: _LIST,
    attrs={"element_dtype": dtypes.float32},
)


zero_rows_op: Op = define_for_graphs(
    "RilletListZeroRows",
    types=(LISTS,),
    kernel=lambda rows: tuple([r if r is None else np.zeros_like(r) for r in rows]),
    infer=lambda rows: _LIST,
)


def _sizes(rows: Any, shape_type: DType = dtypes.int32) -> Array:
    for row in rows:
        if isinstance(row, np.ndarray):
            return np.asarray(row.shape, shape_type.numpy_dtype)
    return np.asarray(-1, shape_type.numpy_dtype)


sizes_op: Op = define_for_graphs(
    "TensorListElementShape",
    types=(LISTS,),
    kernel=_sizes,
    infer=lambda rows, shape_type=dtypes.int32: Spec(None, shape_type),
    attrs={"shape_type": dtypes.int32},
)

join_op: Op = define_for_graphs(
    "TensorListConcatLists",
    types=(LISTS, LISTS),
    kernel=lambda one, other: (*one, *other),
    infer=lambda one, other: _LIST,
)


def _lengths(rows: Any) -> Array:
    """How long each piece is along its first axis; 0 where nobody wrote one."""
    return np.array([0 if row is None else len(row) for row in rows], np.int64)


lengths_op: Op = define_for_graphs(
    "RilletListLengths",
    types=(LISTS,),
    kernel=_lengths,
    infer=lambda rows: Spec((None,), dtypes.int64),
)


def _filled(
    rows: Any,
    lengths: Array,
    dims: Array,
    element_dtype: DType = dtypes.float32,
) -> Any:
    """Zeros of lengths that are told where nobody wrote a piece."""
    inner = [max(int(n), 0) for n in np.atleast_1d(dims)[1:]]
    for row in rows:
        if row is not None:
            inner = list(row.shape[1:])
    kind = element_dtype.numpy_dtype
    return tuple(
        [
            np.zeros([int(n), *inner], kind) if row is None else row
            for row, n in zip(rows, lengths, strict=True)
        ]
    )


filled_op: Op = define_for_graphs(
    "RilletListFilled",
    types=(LISTS, ANY, ANY),
    kernel=_filled,
    infer=lambda rows, lengths, dims, **attrs: _LIST,
    grad=(lambda g, y, rows, lengths, dims, **attrs: g, None, None),
    attrs={"element_dtype": dtypes.float32},
)
