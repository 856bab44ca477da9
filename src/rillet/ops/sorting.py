"""Order: top_k, sort, argsort, in_top_k, searchsorted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import INDEX, REAL, DType, as_dtype, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import reordering_loops
from rillet.ops.elementwise import add_op, cast, sub_op
from rillet.ops.gather import unsorted_segment_sum_op
from rillet.ops.host import integer, is_symbolic, plain
from rillet.ops.rearrange import reverse_op
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import axis_in
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import transpose_op

Array = np.ndarray[Any, Any]


class TopKV2(NamedTuple):
    """What `tf.math.top_k` gives."""

    values: Any
    indices: Any


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _infer_top_k(
    x: Spec, k: Any, sorted: bool = True, index_type: DType = dtypes.int32
) -> tuple[Spec, Spec]:
    count = None if isinstance(k, Spec) else k
    if count is not None and count < 0:
        raise _refused("top_k", f"Need k >= 0, got {count}")
    if x.shape is None:
        return Spec(None, x.dtype), Spec(None, index_type)
    if not x.shape:
        raise _refused("top_k", "input must be >= 1-D, got shape []")
    size = x.shape[-1]
    if None not in (size, count) and size < count:  # type: ignore[operator]
        raise _refused(
            "top_k",
            f"input must have at least k columns. Had {size}, needed {count}",
            f"the tensor has shape {list(x.shape)}",
        )
    dims = (*x.shape[:-1], count)
    return Spec(dims, x.dtype), Spec(dims, index_type)


def _falling(x: Array) -> Array:
    """Keys whose rising order is the falling order of `x`; NaN counts as largest."""
    if x.dtype.kind in "iu":
        return ~x
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    return np.where(np.isnan(wide), wide.dtype.type(-np.inf), -wide)


def _top_k(
    x: Array, k: int, sorted: bool = True, index_type: DType = dtypes.int32
) -> tuple[Array, Array]:
    if not x.ndim or not 0 <= k <= x.shape[-1]:
        raise ValueError("k")
    size = x.shape[-1]
    keys = _falling(x)
    if 0 < k < size // 8:
        # Everything below the k-th key, and as many of its equals, first come first.
        edge = np.partition(keys, k - 1, axis=-1)[..., k - 1 : k]
        below, equal = keys < edge, keys == edge
        wanted = k - below.sum(-1, keepdims=True)
        chosen = below | (equal & (np.cumsum(equal, -1) <= wanted))
        places = np.nonzero(chosen)[-1].reshape((*x.shape[:-1], k))
        order = np.argsort(np.take_along_axis(keys, places, -1), -1, kind="stable")
        places = np.take_along_axis(places, order, -1)
    else:
        places = np.argsort(keys, axis=-1, kind="stable")[..., :k]
    values = np.take_along_axis(x, places, -1)
    return values, places.astype(index_type.numpy_dtype)


def _grad_top_k(gs: Any, ys: Any, x: Any, k: Any, **attrs: Any) -> Any:
    dims = static_dims(x)
    size, rows = dims[-1], 1
    for d in dims[:-1]:
        rows *= d
    flat = cast(reshape_op(ys[1], (rows, k)), dtypes.int64)
    starts = Tensor((np.arange(rows, dtype=np.int64) * size).reshape(rows, 1))
    ids = reshape_op(add_op(flat, starts), (rows * k,))
    out = unsorted_segment_sum_op(reshape_op(gs[0], (rows * k,)), ids, rows * size)
    return reshape_op(out, dims)


top_k_op: Op = define(
    "TopKV2",
    types=(REAL, None),
    kernel=_top_k,
    infer=_infer_top_k,
    grad=(_grad_top_k, None),
    attrs={"sorted": True, "index_type": dtypes.int32},
    outputs=2,
)


def top_k(
    input: Any,
    k: Any = 1,
    sorted: bool = True,
    index_type: Any = dtypes.int32,
    name: str | None = None,
) -> TopKV2:
    """The `k` largest elements along the last axis, and where they stand.

    Args:
        input: a numeric tensor of rank 1 or more.
        k: how many.
        sorted: whether the largest must come first (it does anyway).
        index_type: `tf.int32` or `tf.int64`, or a narrower integer.
        name: ignored when eager.

    Returns:
        ``(values, indices)``, of shape ``(..., k)``; of equals the first comes first.

    Raises:
        InvalidArgumentError: where the axis holds fewer than `k`.

    Example:
        >>> import rillet as tf
        >>> values, indices = tf.math.top_k([1, 98, 1, 1, 99, 3], k=2)
        >>> values.numpy().tolist(), indices.numpy().tolist()
        ([99, 98], [4, 1])
    """
    count = plain(k)
    if not is_symbolic(count) and np.ndim(count):
        raise _refused("top_k", f"k must be scalar, got shape {list(np.shape(count))}")
    count = integer("top_k", "k", count)
    kind = as_dtype(index_type)
    return TopKV2(*top_k_op.run(input, count, sorted=bool(sorted), index_type=kind))


def _sorted(op: str, values: Any, axis: Any, direction: str) -> tuple[Any, Any]:
    """Values in order along an axis, and where they stood."""
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(
            house_message(
                op,
                "Argument `direction` should be one of ASCENDING, DESCENDING",
                f"Received: direction={direction}",
            )
        )
    if axis is None:
        raise ValueError(house_message(op, "`axis` must be an integer", "got None"))
    x = to_tensor(values)
    dims = static_dims(x)
    at = axis_in(op, integer(op, "axis", axis), len(dims))
    swap = None
    if at != len(dims) - 1:
        swap = list(range(len(dims)))
        swap[at], swap[-1] = swap[-1], swap[at]
        x = transpose_op(x, tuple(swap))
    if direction == "DESCENDING":
        found, places = top_k_op(x, dims[at])
    else:
        # The falling order of the reversed row, read backwards: equals keep their
        # order, and no value needs a negative.
        last = (len(dims) - 1,)
        found, places = [
            reverse_op(y, last) for y in top_k_op(reverse_op(x, last), dims[at])
        ]
        places = sub_op(to_tensor(dims[at] - 1, hint=dtypes.int32), places)
    if swap is not None:
        found, places = (
            transpose_op(found, tuple(swap)),
            transpose_op(places, tuple(swap)),
        )
    return found, places


def sort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None
) -> Tensor:
    """A tensor in order along an axis.

    Args:
        values: a tensor of integers or floats.
        axis: the axis.
        direction: ``"ASCENDING"`` or ``"DESCENDING"``.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        ValueError: where `direction` is neither.
        InvalidArgumentError: where the axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.sort([1, 10, 26, 3]).numpy().tolist()
        [1, 3, 10, 26]
    """
    return _sorted("sort", values, axis, direction)[0]


def argsort(
    values: Any,
    axis: Any = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Tensor:
    """The places of a tensor's elements in order along an axis.

    Args:
        values: a tensor of integers or floats.
        axis: the axis.
        direction: ``"ASCENDING"`` or ``"DESCENDING"``.
        stable: whether equals must keep their order (they do anyway).
        name: ignored when eager.

    Returns:
        An int32 tensor of the same shape.

    Raises:
        ValueError: where `direction` is neither.
        InvalidArgumentError: where the axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.argsort([1, 10, 26, 3]).numpy().tolist()
        [0, 3, 1, 2]
    """
    return _sorted("argsort", values, axis, direction)[1]


def _infer_in_top_k(predictions: Spec, targets: Spec, k: Any) -> Spec:
    p, t = predictions.shape, targets.shape
    if p is not None and len(p) != 2:
        raise _refused("in_top_k", "predictions must be 2-dimensional", str(list(p)))
    if t is not None and len(t) != 1:
        raise _refused("in_top_k", "targets must be 1-dimensional", str(list(t)))
    if p is not None and t is not None and p[0] != t[0] and None not in (p[0], t[0]):
        raise _refused(
            "in_top_k",
            f"First dimension of predictions {p[0]} must match length of targets"
            f" {t[0]}",
        )
    return Spec(t, dtypes.bool_)


def _in_top_k(predictions: Array, targets: Array, k: int) -> Array:
    if predictions.ndim != 2 or targets.shape != predictions.shape[:1]:
        raise ValueError("shapes")
    size = predictions.shape[1]
    inside = (targets >= 0) & (targets < size)
    if not size:
        return inside
    own = np.take_along_axis(
        predictions, np.where(inside, targets, 0).astype(np.int64)[:, None], 1
    )
    sure = np.isfinite(predictions).all(1)
    return inside & sure & ((predictions > own).sum(1) < k)


in_top_k_op: Op = define(
    "InTopKV2",
    types=(type_set(dtypes.float32), INDEX, None),
    kernel=_in_top_k,
    infer=_infer_in_top_k,
    lower=reordering_loops.in_top_k,
)


def in_top_k(targets: Any, predictions: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether each target is among the `k` largest predictions of its row.

    Args:
        targets: class indices, shape ``(batch,)``.
        predictions: float32 scores, shape ``(batch, classes)``.
        k: how many; ties at the edge all count.
        name: ignored when eager.

    Returns:
        Booleans of shape ``(batch,)``; False where a score is not finite.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.math.in_top_k([1, 0], [[0.1, 0.9], [0.2, 0.8]], 1).numpy().tolist()
        [True, False]
    """
    return in_top_k_op(predictions, targets, integer("in_top_k", "k", k))


def _infer_bound(x: Spec, values: Spec, out_type: DType = dtypes.int32) -> Spec:
    if x.shape is not None and values.shape is not None:
        a, b = x.shape[0], values.shape[0]
        if a != b and None not in (a, b):
            raise _refused(
                "searchsorted",
                "Leading dim_size of both tensors must match",
                f"sorted_sequence has shape {list(x.shape)}, values"
                f" {list(values.shape)} as matrices",
            )
    return Spec(values.shape, out_type)


def _bound(side: Any) -> Any:
    def kernel(x: Array, values: Array, out_type: DType = dtypes.int32) -> Array:
        if len(x) != len(values):
            raise ValueError("rows")
        out = np.empty(values.shape, out_type.numpy_dtype)
        for i, row in enumerate(x):
            out[i] = np.searchsorted(row, values[i], side)
        if side == "left" and values.dtype.kind in "fV":
            out[np.isnan(values)] = 0
        return out

    return kernel


lower_bound_op: Op = define(
    "LowerBound",
    types=(REAL, 0),
    kernel=_bound("left"),
    infer=_infer_bound,
    attrs={"out_type": dtypes.int32},
    lower=reordering_loops.bound("left"),
)
upper_bound_op: Op = define(
    "UpperBound",
    types=(REAL, 0),
    kernel=_bound("right"),
    infer=_infer_bound,
    attrs={"out_type": dtypes.int32},
    lower=reordering_loops.bound("right"),
)


def _is_zero(size: Any) -> bool:
    return isinstance(size, int) and size == 0


def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Where values would go in a sorted sequence.

    Args:
        sorted_sequence: a tensor that rises along its last axis.
        values: a tensor of the same type and leading axes.
        side: ``"left"``: before equals; ``"right"``: after them.
        out_type: `tf.int32` or `tf.int64`.
        name: ignored when eager.

    Returns:
        A tensor of the shape of `values`.

    Raises:
        ValueError: where `side` is neither.
        InvalidArgumentError: where leading axes differ.

    Example:
        >>> import rillet as tf
        >>> tf.searchsorted([1, 3, 5], [0, 3, 9]).numpy().tolist()
        [0, 1, 3]
    """
    if side not in ("left", "right"):
        raise ValueError(
            house_message(
                "searchsorted",
                "Argument `side` must be either 'right' or 'left'",
                f"Received: `side` = {side!r}",
            )
        )
    sequence = to_tensor(sorted_sequence)
    given = to_tensor(values)
    have, want = static_dims(sequence), static_dims(given)
    if not have or not want:
        raise _refused(
            "searchsorted",
            "both tensors have rank 1 or more",
            f"shapes are {list(have)} and {list(want)}",
        )
    # A size that only the run tells is no truth yet, and not taken for 0.
    nothing, unasked = _is_zero(have[-1]), _is_zero(want[-1])
    rows = reshape_op(sequence, (0, 0) if nothing else (-1, have[-1]))
    asked = reshape_op(given, (len(rows), 0) if unasked else (-1, want[-1]))
    op = lower_bound_op if side == "left" else upper_bound_op
    return reshape_op(op(rows, asked, out_type=as_dtype(out_type)), want)
