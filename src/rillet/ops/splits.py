"""Split and SplitV: a tensor cut along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops
from rillet.ops.array import concat_op
from rillet.ops.host import integer, integers, is_symbolic, plain
from rillet.ops.registry import Op, define
from rillet.ops.strided import owned

Array = np.ndarray[Any, Any]


def _refused(rule: str, values: str = "", fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("split", rule, values, fix))


def _axis(axis: int, x: Spec) -> int:
    assert x.shape is not None
    rank = len(x.shape)
    if not -rank <= axis < rank:
        raise _refused(
            f"-input rank(-{rank}) <= split_dim < input rank ({rank}), but got {axis}",
            f"the tensor has shape {list(x.shape)}",
        )
    return axis % rank


def _infer_split(axis: Any, x: Spec, num_split: int) -> tuple[Spec, ...]:
    if num_split < 1:
        raise _refused(
            f"Value for attr 'num_split' of {num_split} must be at least minimum 1"
        )
    if x.shape is None or isinstance(axis, Spec):
        return (Spec(None, x.dtype),) * num_split
    at = _axis(axis, x)
    size = x.shape[at]
    if size is not None and size % num_split:
        raise _refused(
            "Number of ways to split should evenly divide the split dimension",
            f"axis {at} holds {size}, num_split={num_split}",
            "Give the sizes as a list to split unevenly",
        )
    part = None if size is None else size // num_split
    dims = (*x.shape[:at], part, *x.shape[at + 1 :])
    return (Spec(dims, x.dtype),) * num_split


def _cut(x: Array, sizes: list[int], at: int) -> list[Array]:
    """Pieces of `sizes`, one after the other along an axis."""
    before = (slice(None),) * at
    out, start = [], 0
    for size in sizes:
        out.append(owned(x[(*before, slice(start, start + size))], x))
        start += size
    return out


def _split(axis: int, x: Array, num_split: int) -> list[Array]:
    size = x.shape[axis]
    if num_split < 1 or size % num_split:
        raise ValueError("uneven")
    return _cut(x, [size // num_split] * num_split, axis % x.ndim)


split_op: Op = define(
    "Split",
    types=(None, ANY),
    kernel=_split,
    infer=_infer_split,
    grad=(None, lambda gs, ys, axis, x, num_split: concat_op(list(gs), axis)),
    attrs={"num_split": None},
    outputs=-1,
    quiet=False,
    lower=moving_loops.split,
)


def _whole_sizes(sizes: Any, total: int, at: int) -> list[int]:
    """The sizes, -1 replaced by what is left."""
    known = list(sizes)
    for i, size in enumerate(known):
        if size < -1:
            raise _refused(f"Split size at index {i} must be >= 0", f"Got: {size}")
    if known.count(-1) > 1:
        raise _refused("There can only be one -1 in the input", f"sizes are {known}")
    given = sum([s for s in known if s != -1])
    if given > total or (-1 not in known and given != total):
        raise _refused(
            "Determined shape must either match input shape along split_dim exactly if"
            " fully specified, or be less than the size of the input along split_dim if"
            " not fully specified",
            f"sizes are {known}, their sum is {given}; axis {at} holds {total}",
        )
    return [total - given if s == -1 else s for s in known]


def _infer_split_v(
    x: Spec, size_splits: Any, axis: Any, num_split: int
) -> tuple[Spec, ...]:
    if x.shape is None or isinstance(axis, Spec):
        return (Spec(None, x.dtype),) * num_split
    at = _axis(axis, x)
    total = x.shape[at]
    if isinstance(size_splits, Spec):
        parts: list[int | None] = [None] * num_split
    elif len(size_splits) != num_split:
        raise _refused(
            "size of the split_tensor must be 1-D and have the same elements as"
            " outputs",
            f"got {len(size_splits)} sizes, num={num_split}",
        )
    elif total is None:
        parts = [None if s == -1 else s for s in size_splits]
    else:
        parts = list(_whole_sizes(size_splits, total, at))
    return tuple([Spec((*x.shape[:at], p, *x.shape[at + 1 :]), x.dtype) for p in parts])


def _split_v(x: Array, size_splits: Any, axis: int, num_split: int) -> list[Array]:
    if not -x.ndim <= axis < x.ndim or len(size_splits) != num_split:
        raise ValueError("no such axis")
    at = axis % x.ndim
    return _cut(x, _whole_sizes(size_splits, x.shape[at], at), at)


split_v_op: Op = define(
    "SplitV",
    types=(ANY, None, None),
    kernel=_split_v,
    infer=_infer_split_v,
    grad=(
        lambda gs, ys, x, sizes, axis, num_split: concat_op(list(gs), axis),
        None,
        None,
    ),
    attrs={"num_split": None},
    outputs=-1,
    quiet=False,
    lower=moving_loops.split_v,
)


@dispatched
def split(
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
) -> list[Tensor]:
    """A tensor cut into parts along an axis.

    Args:
        value: any tensor of rank 1 or more.
        num_or_size_splits: how many equal parts, or the size of each; one size may be
            -1 for what is left.
        axis: the axis to cut.
        num: how many sizes there are, where that is not known.
        name: ignored when eager.

    Returns:
        A list of tensors of the same type and rank.

    Raises:
        InvalidArgumentError: where the parts do not make up the axis.

    Example:
        >>> import rillet as tf
        >>> [part.numpy().tolist() for part in tf.split([1, 2, 3, 4, 5], [1, -1])]
        [[1], [2, 3, 4, 5]]
    """
    at = integer("split", "axis", axis)
    sizes = plain(num_or_size_splits)
    if type(sizes) is int or (not isinstance(sizes, list | tuple) and not _rank(sizes)):
        count = integer("split", "num_or_size_splits", sizes)
        return list(split_op(at, to_tensor(value), num_split=count))
    sizes = integers("split", "num_or_size_splits", sizes)
    if num is None:
        if is_symbolic(sizes):
            num = sizes.shape[0]
            if num is None:
                raise ValueError(
                    house_message(
                        "split",
                        "Cannot infer argument `num` from shape",
                        str(sizes.shape),
                        "Give num=",
                    )
                )
        else:
            num = len(sizes)
    return list(split_v_op(value, sizes, at, num_split=num))


def _rank(value: Any) -> int:
    return int(value.shape.rank or 0) if is_symbolic(value) else np.ndim(value)
