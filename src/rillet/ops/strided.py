"""StridedSlice, its gradient and its update: what `x[...]` means, as records.

Keys arrive in TensorFlow's sparse form: begin, end and strides for each position, and
masks whose bit i says that position i has no begin, no end, is an ellipsis, a new axis
or a single index. `ops.indexing` makes that form from Python's keys.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.dtypes import ANY
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops
from rillet.ops.array import slice_op
from rillet.ops.host import integers
from rillet.ops.lowering import whole
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims, sum_to

Array = np.ndarray[Any, Any]

MASKS: dict[str, int] = {
    "begin_mask": 0,
    "end_mask": 0,
    "ellipsis_mask": 0,
    "new_axis_mask": 0,
    "shrink_axis_mask": 0,
}


def owned(view: Array, base: Array) -> Array:
    """A view of an array, or a copy where it would keep far more memory alive."""
    root = view.base
    if type(root) is not np.ndarray:
        root = base
    return view.copy() if view.nbytes * 2 < root.nbytes else view


def numpy_key(
    begin: Any,
    end: Any,
    strides: Any,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> tuple[Any, ...]:
    """The NumPy key that a sparse key means; an ellipsis at its end where it has none.

    NumPy then always gives an array, never a scalar.
    """
    if not len(begin) == len(end) == len(strides):
        raise ValueError("lengths differ")
    key: list[Any] = []
    for i in range(len(begin)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            if strides[i] <= 0:
                raise ValueError("only stride 1")
            key.append(whole(begin[i]))
        else:
            first = None if begin_mask & bit else whole(begin[i])
            last = None if end_mask & bit else whole(end[i])
            key.append(slice(first, last, int(strides[i])))
    if not ellipsis_mask:
        key.append(Ellipsis)
    return tuple(key)


def _refused(rule: str, values: str = "", fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("slice", rule, values, fix))


def _values(host: Any) -> tuple[Any, ...] | None:
    """A host input's values; None for each where only a graph knows them."""
    if isinstance(host, Spec):
        if host.shape is None or host.shape[0] is None:
            return None
        return (None,) * host.shape[0]
    return tuple(host)


def _infer_strided_slice(
    x: Spec, begin: Any, end: Any, strides: Any, **masks: int
) -> Spec:
    lists = [_values(begin), _values(end), _values(strides)]
    if x.shape is None or any(v is None for v in lists):
        return Spec(None, x.dtype)
    begins, ends, steps = [v for v in lists if v is not None]
    if not len(begins) == len(ends) == len(steps):
        raise _refused(
            "Expected begin, end, and strides to be 1D equal size tensors",
            f"got {len(begins)}, {len(ends)} and {len(steps)} values",
        )
    count = len(begins)
    full = MASKS | masks
    ellipses = [i for i in range(count) if full["ellipsis_mask"] >> i & 1]
    if len(ellipses) > 1:
        raise _refused(
            "Multiple ellipses in slice spec not allowed", fix="Keep one `...`"
        )
    new = full["new_axis_mask"]
    used = sum(1 for i in range(count) if i not in ellipses and not new >> i & 1)
    rank = len(x.shape)
    if used > rank:
        raise _refused(
            f"Index out of range using input dim {rank}; input has only {rank} dims"
            if rank
            else "Attempting to slice scalar input",
            f"the tensor has shape {list(x.shape)}, the key indexes {used} axes",
        )
    out: list[int | None] = []
    axis = 0
    for i in range(count):
        if i in ellipses:
            out += x.shape[axis : axis + rank - used]
            axis += rank - used
        elif new >> i & 1:
            out.append(1)
        else:
            out += _one_axis(x, axis, i, begins[i], ends[i], steps[i], full)
            axis += 1
    return Spec((*out, *x.shape[axis:]), x.dtype)


def _one_axis(
    x: Spec, axis: int, i: int, begin: Any, end: Any, step: Any, masks: dict[str, int]
) -> list[int | None]:
    """What one position of a key leaves of the axis it indexes."""
    assert x.shape is not None
    size = x.shape[axis]
    if masks["shrink_axis_mask"] >> i & 1:
        if step is not None and step <= 0:
            raise _refused("only stride 1 allowed on non-range indexing", str(step))
        if None not in (size, begin) and not -size <= begin < size:  # type: ignore[operator]
            raise _refused(
                f"slice index {begin} of dimension {axis} out of bounds",
                f"the tensor has shape {list(x.shape)}",
                f"Indices run from {-size} to {size - 1}"
                if size
                else "That axis is empty",
            )
        return []
    if step == 0:
        raise _refused(f"strides[{i}] must be non-zero", "got 0")
    first = "all" if masks["begin_mask"] >> i & 1 else begin
    last = "all" if masks["end_mask"] >> i & 1 else end
    if None in (size, first, last, step):
        whole = first == last == "all" and step in (1, -1)
        return [size if whole else None]
    assert size is not None
    bounds = slice(
        None if first == "all" else first, None if last == "all" else last, step
    )
    return [len(range(*bounds.indices(size)))]


def _strided_slice(x: Array, begin: Any, end: Any, strides: Any, **masks: int) -> Array:
    return owned(x[numpy_key(begin, end, strides, **masks)], x)


def _grad_strided_slice(
    g: Any, y: Any, x: Any, begin: Any, end: Any, strides: Any, **masks: int
) -> Any:
    return strided_slice_grad_op(static_dims(x), begin, end, strides, g, **masks)


def _lower_slice(
    ctx: Any, x: Any, begin: Any, end: Any, strides: Any, **masks: int
) -> Any:
    return moving_loops.keyed(ctx, x, _full_key(begin, end, strides, masks))


def _lower_grad(
    ctx: Any, shape: Any, begin: Any, end: Any, strides: Any, dy: Any, **masks: int
) -> Any:
    key = _full_key(begin, end, strides, masks)
    return moving_loops.keyed_write(ctx, None, key, dy)


def _lower_update(
    ctx: Any, x: Any, begin: Any, end: Any, strides: Any, value: Any, **masks: int
) -> Any:
    key = _full_key(begin, end, strides, masks)
    return moving_loops.keyed_write(ctx, x, key, value)


def _full_key(begin: Any, end: Any, strides: Any, masks: dict[str, int]) -> Any:
    given = {name: masks.get(name, 0) for name in MASKS}
    return numpy_key(begin, end, strides, **given)


strided_slice_op: Op = define(
    "StridedSlice",
    types=(ANY, None, None, None),
    kernel=_strided_slice,
    infer=_infer_strided_slice,
    grad=(_grad_strided_slice, None, None, None),
    attrs=MASKS,
    quiet=False,
    lower=_lower_slice,
)


def _strided_slice_grad(
    shape: Any, begin: Any, end: Any, strides: Any, dy: Array, **masks: int
) -> Array:
    out = np.zeros(shape, dy.dtype)
    out[numpy_key(begin, end, strides, **masks)] = dy
    return out


strided_slice_grad_op: Op = define(
    "StridedSliceGrad",
    types=(None, None, None, None, ANY),
    kernel=_strided_slice_grad,
    infer=lambda shape, begin, end, strides, dy, **masks: Spec(
        None if isinstance(shape, Spec) else tuple(shape), dy.dtype
    ),
    grad=(
        None,
        None,
        None,
        None,
        lambda g, y, shape, begin, end, strides, dy, **masks: strided_slice_op(
            g, begin, end, strides, **masks
        ),
    ),
    attrs=MASKS,
    quiet=False,
    lower=_lower_grad,
)


def _update(
    x: Array, begin: Any, end: Any, strides: Any, value: Array, **masks: int
) -> Array:
    out = x.copy()
    out[numpy_key(begin, end, strides, **masks)] = value
    return out


def _infer_update(
    x: Spec, begin: Any, end: Any, strides: Any, value: Spec, **masks: int
) -> Spec:
    part = _infer_strided_slice(x, begin, end, strides, **masks).shape
    given = value.shape
    if part is None or given is None:
        return x
    pairs = zip(reversed(given), reversed(part), strict=False)
    extra = given[: len(given) - len(part)] if len(given) > len(part) else ()
    if any(a not in (None, 1, b) and b is not None for a, b in pairs) or any(
        d not in (None, 1) for d in extra
    ):
        raise InvalidArgumentError(
            house_message(
                "slice assignment",
                f"Cannot broadcast input shape {list(given)} into final shape"
                f" {list(part)}",
                f"the tensor has shape {list(x.shape or ())}",
                "Give a value of the slice's shape",
            )
        )
    return x


def _grad_update_input(
    g: Any, y: Any, x: Any, begin: Any, end: Any, strides: Any, value: Any, **masks: int
) -> Any:
    zero = Tensor(np.zeros((), g.dtype.numpy_dtype))
    return strided_slice_update_op(g, begin, end, strides, zero, **masks)


strided_slice_update_op: Op = define(
    "TensorStridedSliceUpdate",
    types=(ANY, None, None, None, 0),
    kernel=_update,
    infer=_infer_update,
    grad=(
        _grad_update_input,
        None,
        None,
        None,
        lambda g, y, x, begin, end, strides, value, **masks: sum_to(
            strided_slice_op(g, begin, end, strides, **masks), value
        ),
    ),
    attrs=MASKS,
    quiet=False,
    lower=_lower_update,
)


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """A part of a tensor, the general form of ``x[...]``.

    Args:
        input_: any tensor.
        begin: the first index of each position.
        end: the index after the last one.
        strides: the steps; ones where None.
        begin_mask: bit i set: position i starts at the axis's start.
        end_mask: bit i set: position i runs to the axis's end.
        ellipsis_mask: bit i set: position i stands for all axes not named.
        new_axis_mask: bit i set: position i is a new axis of size 1.
        shrink_axis_mask: bit i set: position i is one index, its axis goes.
        var: the variable to assign through the result.
        name: ignored when eager.

    Returns:
        A tensor of the same type.

    Raises:
        InvalidArgumentError: where an index lies outside, or a step is 0.

    Example:
        >>> import rillet as tf
        >>> tf.strided_slice([1, 2, 3, 4, 5], [0], [5], [2]).numpy().tolist()
        [1, 3, 5]
    """
    first = integers("strided_slice", "begin", begin)
    last = integers("strided_slice", "end", end)
    if strides is None:
        steps: Any = (1,) * _length(first)
    else:
        steps = integers("strided_slice", "strides", strides)
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    masks = {key: int(mask) for key, mask in masks.items() if mask}
    out = strided_slice_op(input_, first, last, steps, **masks)
    if var is not None and context.state.tracer is None:
        out._origin = (var, numpy_key(first, last, steps, **masks))
    return out


def _length(values: Any) -> int:
    return len(values)


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """A block of a tensor, `tf.slice`.

    Args:
        input_: any tensor.
        begin: the first index along each axis.
        size: the block's size along each axis; -1 for all that is left.
        name: ignored when eager.

    Returns:
        A tensor of the same rank and type.

    Raises:
        InvalidArgumentError: where the block leaves the tensor.

    Example:
        >>> import rillet as tf
        >>> tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [2, -1]).numpy().tolist()
        [[2, 3], [5, 6]]
    """
    return slice_op(
        input_, integers("slice", "begin", begin), integers("slice", "size", size)
    )
