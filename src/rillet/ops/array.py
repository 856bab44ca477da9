"""Joining and taking apart: concat, stack, unstack; blocks: Slice and Pad."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import Dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops
from rillet.ops.dispatch import is_typed
from rillet.ops.host import integer
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims

Array = np.ndarray[Any, Any]


def _concat_axis(axis: int, rank: int) -> int:
    if not rank:
        raise InvalidArgumentError(
            house_message("concat", "Can't concatenate scalars (use tf.stack instead)")
        )
    if not -rank <= axis < rank:
        raise InvalidArgumentError(
            house_message(
                "concat",
                f"Expected concatenating dimensions in the range [-{rank}, {rank}), but"
                f" got {axis}",
            )
        )
    return axis % rank


def _infer_concat(values: list[Spec], axis: Any) -> Spec:
    first = values[0]
    if isinstance(axis, Spec) or first.shape is None:
        return Spec(None, first.dtype)
    at = _concat_axis(axis, len(first.shape))
    total: int | None = 0
    merged: list[int | None] = list(first.shape)
    for i, value in enumerate(values):
        if value.shape is None:
            return Spec(None, first.dtype)
        if len(value.shape) != len(merged):
            raise InvalidArgumentError(
                house_message(
                    "concat",
                    "Ranks of all input tensors should match",
                    f"tensor 0 has shape {first.shape}, tensor {i} {value.shape}",
                )
            )
        for d, size in enumerate(value.shape):
            if d == at:
                total = None if total is None or size is None else total + size
            elif merged[d] is None:
                merged[d] = size
            elif size is not None and size != merged[d]:
                raise InvalidArgumentError(
                    house_message(
                        "concat",
                        "Dimensions of inputs should match but for the axis of"
                        " concatenation",
                        f"axis={axis}; tensor 0 has shape {first.shape}, tensor {i}"
                        f" {value.shape}: axis {d} holds {merged[d]} and {size}",
                    )
                )
    merged[at] = total
    return Spec(tuple(merged), first.dtype)


def _grad_concat(g: Any, y: Any, *inputs: Any) -> list[Any]:
    values, axis = inputs[:-1], inputs[-1]
    at = _concat_axis(axis, len(values[0].shape))
    out, start = [], 0
    for value in values:
        dims = static_dims(value)
        begin = [0] * len(dims)
        begin[at] = start
        out.append(slice_op(g, tuple(begin), tuple(dims)))
        start += dims[at]
    return out


concat_op: Op = define(
    "ConcatV2",
    types=(ANY, None),
    kernel=lambda values, axis: np.concatenate(values, axis),
    infer=_infer_concat,
    grad=_grad_concat,
    variadic=True,
    quiet=False,
    lower=moving_loops.concat,
)


@dispatched
def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an axis.

    Args:
        values: tensors of one type and rank, equal in size but along `axis`.
        axis: the axis to join along.
        name: ignored when eager.

    Returns:
        A tensor whose size along `axis` is the sum of theirs.

    Raises:
        InvalidArgumentError: where shapes or types do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.concat([[[1, 2]], [[3, 4]]], axis=0).numpy().tolist()
        [[1, 2], [3, 4]]
    """
    if not isinstance(values, list | tuple):
        values = [values]
    if isinstance(axis, list | tuple) and len(axis) == 1:
        (axis,) = axis
    if not values:
        raise InvalidArgumentError(
            house_message("concat", "there is nothing to join", "[]")
        )
    if len(values) == 1:
        only = to_tensor(values[0])
        _concat_axis(integer("concat", "axis", axis), len(only.shape))
        return only
    return concat_op(list(values), integer("concat", "axis", axis))


def _axis_between(op: str, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ValueError(
            house_message(
                op, f"Argument `axis` = {axis} not in range [{-rank}, {rank})"
            )
        )
    return axis % rank


def _infer_pack(values: list[Spec], axis: int = 0) -> Spec:
    first = values[0]
    merged: Dims | None = first.shape
    for i, value in enumerate(values):
        if value.shape is None or merged is None:
            return Spec(None, first.dtype)
        if len(value.shape) != len(merged) or any(
            a is not None and b is not None and a != b
            for a, b in zip(value.shape, merged, strict=True)
        ):
            raise InvalidArgumentError(
                house_message(
                    "stack",
                    "Shapes of all inputs must match",
                    f"values[0].shape = {list(merged)} != values[{i}].shape ="
                    f" {list(value.shape)}",
                )
            )
    assert merged is not None
    at = _axis_between("stack", axis, len(merged) + 1)
    return Spec((*merged[:at], len(values), *merged[at:]), first.dtype)


def _grad_pack(g: Any, y: Any, *values: Any, axis: int = 0) -> list[Any]:
    return list(unpack_op(g, num=len(values), axis=axis))


pack_op: Op = define(
    "Pack",
    types=(ANY,),
    kernel=lambda values, axis=0: np.stack(values, axis),
    infer=_infer_pack,
    grad=_grad_pack,
    attrs={"axis": 0},
    variadic=True,
    quiet=False,
    lower=moving_loops.pack,
)


def _infer_unpack(x: Spec, num: int, axis: int = 0) -> tuple[Spec, ...]:
    if x.shape is None:
        return (Spec(None, x.dtype),) * num
    at = _axis_between("unstack", axis, len(x.shape))
    if x.shape[at] not in (None, num):
        raise InvalidArgumentError(
            house_message(
                "unstack",
                "Input shape axis must equal num",
                f"axis {axis} holds {x.shape[at]}, num is {num}",
            )
        )
    return (Spec(x.shape[:at] + x.shape[at + 1 :], x.dtype),) * num


def _unpack(x: Array, num: int, axis: int = 0) -> list[Array]:
    if x.shape[axis] != num:
        raise ValueError("num differs")
    parts = np.moveaxis(x, axis, 0)
    if num < 2:
        return [parts[i, ...] for i in range(num)]
    return [parts[i, ...].copy() for i in range(num)]


unpack_op: Op = define(
    "Unpack",
    types=(ANY,),
    kernel=_unpack,
    infer=_infer_unpack,
    grad=lambda gs, ys, x, num, axis=0: [pack_op(list(gs), axis=axis)],
    attrs={"num": None, "axis": 0},
    outputs=-1,
    quiet=False,
    lower=moving_loops.unpack,
)


@dispatched
def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape put side by side along a new axis.

    Args:
        values: tensors of one shape and type.
        axis: where the new axis stands in the result.
        name: ignored when eager.

    Returns:
        A tensor of one rank more.

    Raises:
        InvalidArgumentError: where shapes or types differ.

    Example:
        >>> import rillet as tf
        >>> tf.stack([[1, 2], [3, 4]], axis=1).numpy().tolist()
        [[1, 3], [2, 4]]
    """
    if not isinstance(values, list | tuple):
        whole = to_tensor(values)
        if axis == 0 or not whole.shape.rank:
            return whole
        values = list(whole)
    elif axis == 0 and not any(map(is_typed, values)):
        return to_tensor(values)
    if not values:
        raise ValueError(house_message("stack", "there is nothing to stack", "[]"))
    return pack_op(list(values), axis=axis)


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """The parts of a tensor along an axis, each of one rank less.

    Args:
        value: a tensor of rank 1 or more.
        num: how many parts, where the size is not known.
        axis: the axis to take apart.
        name: ignored when eager.

    Returns:
        A list of tensors.

    Raises:
        ValueError: where `num` is not given and the size is unknown.
        InvalidArgumentError: where `num` is not the size of the axis.
    """
    value = to_tensor(value)
    if num is None:
        num = value.shape[_axis_between("unstack", axis, len(value.shape))]
        if num is None:
            raise ValueError(
                house_message(
                    "unstack",
                    "Cannot infer argument `num` from shape",
                    str(value.shape),
                    "Give num=",
                )
            )
    return list(unpack_op(value, num=num, axis=axis))


def _infer_slice(x: Spec, begin: Any, size: Any) -> Spec:
    if x.shape is None or isinstance(begin, Spec) or isinstance(size, Spec):
        return Spec(None, x.dtype)
    if len(begin) != len(x.shape) or len(size) != len(x.shape):
        raise InvalidArgumentError(
            house_message(
                "slice",
                "Expected begin and size arguments to be 1-D tensors of size"
                f" {len(x.shape)}",
                f"the tensor has shape {x.shape}, begin={list(begin)},"
                f" size={list(size)}",
            )
        )
    out: list[int | None] = []
    for axis, (dim, b, s) in enumerate(zip(x.shape, begin, size, strict=True)):
        if dim is None:
            out.append(None if s == -1 else s)
            continue
        if not 0 <= b <= dim:
            raise _left(x, f"Expected begin[{axis}] in [0, {dim}], but got {b}")
        s = dim - b if s == -1 else s
        if not 0 <= s <= dim - b:
            raise _left(x, f"Expected size[{axis}] in [0, {dim - b}], but got {s}")
        out.append(s)
    return Spec(tuple(out), x.dtype)


def _left(x: Spec, rule: str) -> InvalidArgumentError:
    shown = f"the tensor has shape {list(x.shape or ())}"
    return InvalidArgumentError(house_message("slice", rule, shown))


def _slice(x: Array, begin: Any, size: Any) -> Array:
    ends = _infer_slice(Spec(x.shape, dtypes.float32), begin, size).shape
    assert ends is not None
    key = tuple([slice(b, b + (s or 0)) for b, s in zip(begin, ends, strict=True)])
    return np.array(x[key])


def _grad_slice(g: Any, y: Any, x: Any, begin: Any, size: Any) -> Any:
    sizes = zip(begin, x.shape, y.shape, strict=True)
    return pad_op(g, tuple([(b, d - b - n) for b, d, n in sizes]))


slice_op: Op = define(
    "Slice",
    types=(ANY, None, None),
    kernel=_slice,
    infer=_infer_slice,
    grad=(_grad_slice, None, None),
    quiet=False,
    lower=moving_loops.block,
)


def infer_pad(x: Spec, paddings: Any) -> Spec:
    """The shape that `x` has with margins of `paddings`."""
    if x.shape is None or isinstance(paddings, Spec):
        return Spec(None if x.shape is None else (None,) * len(x.shape), x.dtype)
    if len(paddings) != len(x.shape):
        raise InvalidArgumentError(
            house_message(
                "pad",
                "The first dimension of paddings must be the rank of inputs",
                f"the tensor has shape {list(x.shape)}, paddings have"
                f" {len(paddings)} rows",
                "Give [before, after] for each axis",
            )
        )
    if any(min(p) < 0 for p in paddings):
        raise InvalidArgumentError(
            house_message(
                "pad", "Paddings must be non-negative", f"got {list(paddings)}"
            )
        )
    pairs = zip(x.shape, paddings, strict=True)
    return Spec(tuple(None if d is None else d + a + b for d, (a, b) in pairs), x.dtype)


def padded(x: Array, paddings: Any, value: Any) -> Array:
    """`x` with margins of `value`."""
    if len(paddings) != x.ndim or any([a < 0 or b < 0 for a, b in paddings]):
        raise ValueError("paddings")
    ends = [(d + a + b, a, a + d) for d, (a, b) in zip(x.shape, paddings, strict=True)]
    out = np.full([e[0] for e in ends], value, x.dtype)
    out[tuple([slice(first, last) for _, first, last in ends])] = x
    return out


def _grad_pad(g: Any, y: Any, x: Any, paddings: Any) -> Any:
    return slice_op(g, tuple([p[0] for p in paddings]), static_dims(x))


pad_op: Op = define(
    "Pad",
    types=(ANY, None),
    kernel=lambda x, paddings: padded(x, paddings, b"" if x.dtype.kind == "O" else 0),
    infer=infer_pad,
    grad=(_grad_pad, None),
    quiet=False,
    lower=moving_loops.pad,
)


context.register_service("ops.stack", stack)
