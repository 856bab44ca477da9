"""Choosing by truth: Where, SelectV2 and boolean masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, BOOL, NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.dispatch import is_typed
from rillet.ops.gather import gather_op
from rillet.ops.host import integer, is_symbolic
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.selecting import select
from rillet.ops.shaping import reshape_op, static_dims, sum_to

Array = np.ndarray[Any, Any]


def _infer_where(condition: Spec) -> Spec:
    if condition.shape == ():
        raise InvalidArgumentError(
            house_message(
                "where",
                "WhereOp: Unhandled input dimensions: 0",
                "the condition is a scalar",
                "Give a condition of rank 1 or more, or x and y too",
            )
        )
    rank = None if condition.shape is None else len(condition.shape)
    return Spec((None, rank), dtypes.int64)


def _where(condition: Array) -> Array:
    if not condition.ndim:
        raise ValueError("scalar")
    return np.argwhere(condition).astype(np.int64, copy=False)


where_op: Op = define(
    "Where",
    types=(BOOL | NUMERIC,),
    kernel=_where,
    infer=_infer_where,
    quiet=False,
)


def _infer_select(condition: Spec, x: Spec, y: Spec) -> Spec:
    shapes = [condition.shape, x.shape, y.shape]
    if any(s is None for s in shapes):
        return Spec(None, x.dtype)
    try:
        return Spec(
            broadcast_dims("where", *[s for s in shapes if s is not None]), x.dtype
        )
    except InvalidArgumentError:
        c, t, e = [list(s or ()) for s in shapes]
        raise InvalidArgumentError(
            house_message(
                "where",
                f"condition {c}, then {t}, and else {e} must be broadcastable",
                fix="Sizes must be equal, or one of them 1",
            )
        ) from None


def _grad_then(g: Any, z: Any, condition: Any, x: Any, y: Any) -> Any:
    return sum_to(select_op(condition, g, _zero(g)), x)


def _grad_else(g: Any, z: Any, condition: Any, x: Any, y: Any) -> Any:
    return sum_to(select_op(condition, _zero(g), g), y)


def _zero(g: Any) -> Tensor:
    return Tensor(np.zeros((), g.dtype.numpy_dtype))


select_op: Op = define(
    "SelectV2",
    types=(BOOL, ANY, 1),
    kernel=select,
    infer=_infer_select,
    grad=(None, _grad_then, _grad_else),
    quiet=False,
    lower=Map(lambda b, c, x, y: b.select(c, x, y)),
)


@dispatched
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Where a condition holds: the places, or `x` there and `y` elsewhere.

    Args:
        condition: a boolean tensor; without `x` and `y` also a numeric one, of which
            elements that are not 0 count.
        x: values where the condition holds.
        y: values where it does not; of the type of `x`. All three broadcast.
        name: ignored when eager.

    Returns:
        With `x` and `y` a tensor of their type; without, an int64 tensor of shape
        ``(places, rank)``.

    Raises:
        ValueError: where only one of `x` and `y` is given.
        InvalidArgumentError: where shapes do not broadcast.

    Example:
        >>> import rillet as tf
        >>> tf.where([True, False, True]).numpy().tolist()
        [[0], [2]]
        >>> tf.where([True, False], 1, [2, 3]).numpy().tolist()
        [1, 3]
    """
    if x is None and y is None:
        return where_op(condition)
    if x is None or y is None:
        raise ValueError(
            house_message(
                "where",
                "x and y must both be non-None or both be None",
                "only one was given",
            )
        )
    if not is_typed(condition):
        condition = to_tensor(condition, dtypes.bool_)
    return select_op.run(condition, x, y)


def _faced(dims: Any, covered: Any, at: int) -> Any:
    """The sizes of the axes that a mask covers, which must be its own."""
    faced = dims[at : at + len(covered)]
    if len(faced) != len(covered) or any(
        type(a) is int and type(b) is int and a != b
        for a, b in zip(faced, covered, strict=True)
    ):
        raise ValueError(
            house_message(
                "boolean_mask",
                f"Shapes {faced} and {covered} are incompatible",
                f"the tensor has shape {list(dims)}, the mask {list(covered)},"
                f" axis={at}",
            )
        )
    return faced


def boolean_mask(
    tensor: Any, mask: Any, axis: Any = None, name: str = "boolean_mask"
) -> Tensor:
    """The elements or slices of a tensor where a mask is true.

    Args:
        tensor: any tensor.
        mask: booleans of rank 1 or more, of the shape of the tensor's axes from `axis`
            on.
        axis: the first axis that the mask covers; 0 where None.
        name: ignored when eager.

    Returns:
        A tensor in which one axis, of the number of true values, stands for the axes
        of the mask.

    Raises:
        ValueError: where shapes differ, or the mask is a scalar.

    Example:
        >>> import rillet as tf
        >>> tf.boolean_mask([0, 1, 2, 3], [True, False, True, False]).numpy().tolist()
        [0, 2]
    """
    tensor, mask = to_tensor(tensor), to_tensor(mask)
    if mask.shape.rank is None:
        raise ValueError(
            house_message("boolean_mask", "Number of mask dimensions must be specified")
        )
    covered = tuple(static_dims(mask))
    if not covered:
        raise ValueError(
            house_message("boolean_mask", "mask cannot be scalar", f"got {mask!r}")
        )
    dims = tuple(static_dims(tensor))
    at = 0 if axis is None else integer("boolean_mask", "axis", axis)
    at = at + len(dims) if at < 0 else at
    faced = _faced(dims, covered, at)
    known = all(type(n) is int for n in faced)
    middle = int(np.prod(faced, dtype=np.int64)) if known else -1
    rest = dims[at + len(covered) :]
    flat = reshape_op(tensor, (*dims[:at], middle, *rest))
    places = where_op(reshape_op(mask, (middle,)))
    if is_symbolic(places):
        chosen = reshape_op(places, (-1,))
    else:
        chosen = Tensor(places._array[:, 0])
    return gather_op(flat, chosen, at)
