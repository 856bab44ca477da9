"""GatherNd, ScatterNd and the TensorScatter ops: elements named by whole indices.

An index is a row of `indices`, of as many numbers as it fixes axes; what it names is a
slice of the other axes. Gathering and scattering are each other's gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, NUMERIC, REAL
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.shapes import Dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import gathering_loops
from rillet.ops.array import concat_op
from rillet.ops.compare import equal_op
from rillet.ops.elementwise import add_op, cast, div_op, mul_op, neg_op
from rillet.ops.filling import zeros_like_op
from rillet.ops.gather import INDICES, combine_rows, indexed_shape
from rillet.ops.host import integer, integers
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range as count_up
from rillet.ops.shaping import broadcast_to_op, could_match, reshape_op, static_dims

Array = np.ndarray[Any, Any]


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def rows_at(op: str, indices: Array, shape: tuple[int, ...], what: str) -> Array:
    """The row of the flattened leading axes that each index names.

    Args:
        op: who asks, for the message.
        indices: integers of shape ``(..., depth)``.
        shape: the sizes of the tensor indexed.
        what: "param shape" or "shape".

    Returns:
        int64 positions of shape ``(...)`` among ``prod(shape[:depth])`` rows.

    Raises:
        InvalidArgumentError: where an index lies outside.
    """
    depth = indices.shape[-1]
    limits = np.array(shape[:depth], np.int64)
    wrong = ((indices < 0) | (indices >= limits)).any(-1)
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        shown = ",".join(str(int(p)) for p in place)
        raise _refused(
            op,
            f"indices[{shown}] = {indices[place].tolist()} does not index into"
            f" {what} {list(shape)}",
        )
    steps = np.ones(depth, np.int64)
    for i in range(depth - 2, -1, -1):
        steps[i] = steps[i + 1] * shape[i + 1]
    return (indices.astype(np.int64) * steps).sum(-1)


def _count(sizes: Any) -> int:
    total = 1
    for d in sizes:
        total *= d
    return total


def _infer_gather_nd(params: Spec, indices: Spec) -> Spec:
    if indices.shape == ():
        raise _refused("gather_nd", "indices must be at least a vector", "got a scalar")
    if params.shape is None or indices.shape is None or indices.shape[-1] is None:
        return Spec(None, params.dtype)
    depth = indices.shape[-1]
    if depth > len(params.shape):
        raise _refused(
            "gather_nd",
            "index innermost dimension length must be <= params rank; saw:"
            f" {depth} vs. {len(params.shape)}",
            f"params has shape {list(params.shape)}, indices {list(indices.shape)}",
        )
    return Spec((*indices.shape[:-1], *params.shape[depth:]), params.dtype)


def _gather_nd(params: Array, indices: Array) -> Array:
    if not indices.ndim or indices.shape[-1] > params.ndim:
        raise ValueError("indices")
    depth = indices.shape[-1]
    at = rows_at("gather_nd", indices, params.shape, "param shape")
    rest = params.shape[depth:]
    rows = params.reshape(_count(params.shape[:depth]), *rest)
    return rows[at.reshape(-1)].reshape((*indices.shape[:-1], *rest))


def _grad_gather_nd(g: Any, y: Any, params: Any, indices: Any) -> Any:
    dims = static_dims(params)
    if len(indices.shape) == 2 and indices.shape[-1] == 1:
        ids = reshape_op(indices, (-1,))
        return IndexedSlices(g, ids, indexed_shape(dims))
    return scatter_nd_op(indices, g, dims)


gather_nd_op: Op = define(
    "GatherNd",
    types=(ANY, INDICES),
    kernel=_gather_nd,
    infer=_infer_gather_nd,
    grad=(_grad_gather_nd, None),
    quiet=False,
    lower=gathering_loops.gather_nd,
)


@dispatched
def gather_nd(
    params: Any,
    indices: Any,
    batch_dims: Any = 0,
    name: str | None = None,
    bad_indices_policy: str = "",
) -> Tensor:
    """Slices of `params` named by whole indices.

    Args:
        params: any tensor.
        indices: integers of shape ``(..., depth)``; each row fixes the first `depth`
            axes after the batch ones.
        batch_dims: how many leading axes `params` and `indices` share.
        name: ignored when eager.
        bad_indices_policy: ``"ERROR"`` or empty: an index outside is an error.

    Returns:
        A tensor of shape ``indices.shape[:-1] + params.shape[batch_dims + depth:]``.

    Raises:
        InvalidArgumentError: where an index lies outside.

    Example:
        >>> import rillet as tf
        >>> tf.gather_nd([["a", "b"], ["c", "d"]], [[0, 1], [1, 0]]).numpy().tolist()
        [b'b', b'c']
    """
    batch = integer("gather_nd", "batch_dims", batch_dims)
    if batch:
        params = to_tensor(params)
        indices = with_batch(
            "gather_nd", to_tensor(indices), static_dims(params), batch
        )
    return gather_nd_op(params, indices)


def with_batch(op: str, indices: Any, dims: Any, batch: int) -> Any:
    """Indices within a batch, as indices of the whole tensor."""
    shape = static_dims(indices)
    batch = batch + len(shape) if batch < 0 else batch
    if not could_match(shape[:batch], tuple(dims[:batch])) or batch >= len(shape):
        raise _refused(
            op,
            "the batch axes of both tensors must be equal",
            f"batch_dims={batch}, the tensor has shape {list(dims)}, indices"
            f" {list(shape)}",
        )
    columns = []
    for axis in range(batch):
        ones = [1] * len(shape)
        ones[axis] = -1
        places = cast(count_up(shape[axis]), indices.dtype)
        column = reshape_op(places, tuple(ones))
        columns.append(broadcast_to_op(column, (*shape[:-1], 1)))
    return concat_op([*columns, indices], len(shape) - 1)


def check_updates(op: str, indices: Spec, updates: Spec, shape: Dims | None) -> None:
    """Refuse updates that do not fit their indices and the tensor, in words."""
    i, u = indices.shape, updates.shape
    if i == () or u == ():
        label = "Indices" if i == () else "Updates"
        raise _refused(op, f"{label} shape must have rank at least one. Found:[]")
    if i is None or u is None:
        return
    outer = len(i) - 1
    if not _agree(i[:outer], u[:outer]):
        raise _refused(
            op,
            f"Dimensions [0,{outer}) of indices[shape={list(i)}] must match dimensions"
            f" [0,{outer}) of updates[shape={list(u)}]: Outer dimensions of indices and"
            " update must match",
        )
    if shape is None or i[-1] is None:
        return
    if i[-1] > len(shape) or not _agree(shape[i[-1] :], u[outer:]):
        raise _refused(
            op,
            f"Dimensions [{i[-1]},{len(shape)}) of input[shape={list(shape)}] must"
            f" match dimensions [{outer},{len(u)}) of updates[shape={list(u)}]",
        )


def _agree(a: Dims, b: Dims) -> bool:
    return len(a) == len(b) and all(
        x is None or y is None or x == y for x, y in zip(a, b, strict=True)
    )


def _infer_scatter_nd(indices: Spec, updates: Spec, shape: Any) -> Spec:
    if isinstance(shape, Spec):
        check_updates("scatter_nd", indices, updates, None)
        return Spec(None, updates.dtype)
    for d in shape:
        if d < 0:
            raise _refused(
                "scatter_nd", f"Dimension {d} must be >= 0", str(list(shape))
            )
    check_updates("scatter_nd", indices, updates, tuple(shape))
    return Spec(tuple(shape), updates.dtype)


def _scatter_into(
    op: str, out: Array, indices: Array, updates: Array, how: Any
) -> Array:
    """Combine updates into `out`, which is fresh; how is None to overwrite."""
    depth = indices.shape[-1]
    shape = out.shape
    if updates.shape != indices.shape[:-1] + shape[depth:] or depth > len(shape):
        raise ValueError("updates")
    at = rows_at(op, indices, shape, "shape").reshape(-1)
    rest = shape[depth:]
    rows = out.reshape(_count(shape[:depth]), *rest)
    given = updates.reshape(at.size, *rest)
    if how is None:
        rows[at] = given
    else:
        combine_rows(given, at, rows, how)
    return out


def _scatter_nd(indices: Array, updates: Array, shape: Any) -> Array:
    if not indices.ndim or not updates.ndim:
        raise ValueError("rank")
    kind = updates.dtype
    if kind.kind == "O":
        return _scatter_into(
            "scatter_nd", np.full(shape, b"", object), indices, updates, np.add
        )
    narrow = kind.itemsize == 2 and kind.kind in "fV"
    wide = updates.astype(np.float32) if narrow else updates
    out = np.zeros(shape, wide.dtype)
    out = _scatter_into("scatter_nd", out, indices, wide, np.add)
    return out.astype(kind) if narrow else out


scatter_nd_op: Op = define(
    "ScatterNd",
    types=(INDICES, ANY, None),
    kernel=_scatter_nd,
    infer=_infer_scatter_nd,
    grad=(None, lambda g, y, indices, updates, shape: gather_nd_op(g, indices), None),
    lower=gathering_loops.scatter_nd,
)


def scatter_nd(
    indices: Any,
    updates: Any,
    shape: Any,
    name: str | None = None,
    bad_indices_policy: str = "",
) -> Tensor:
    """A tensor of zeros with `updates` added at `indices`.

    Args:
        indices: integers of shape ``(..., depth)``.
        updates: a tensor of shape ``indices.shape[:-1] + shape[depth:]``.
        shape: the sizes of the result.
        name: ignored when eager.
        bad_indices_policy: ``"ERROR"`` or empty: an index outside is an error.

    Returns:
        A tensor of that shape; updates of one place add up.

    Raises:
        InvalidArgumentError: where an index lies outside, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.scatter_nd([[1], [3], [1]], [9, 10, 1], [5]).numpy().tolist()
        [0, 10, 0, 10, 0]
    """
    return scatter_nd_op(indices, updates, integers("scatter_nd", "shape", shape))


_HOW = {
    "Update": ("last", ""),
    "Add": ("sum", ""),
    "Sub": ("sum", "negated"),
    "Min": ("minimum", ""),
    "Max": ("maximum", ""),
}


def _scatter_op(name: str, types: Any, how: Any, grads: tuple[Any, Any]) -> Op:
    """The record of one way to write updates into a copy of a tensor."""
    label = f"tensor_scatter_nd_{name.lower()}"

    def kernel(x: Array, indices: Array, updates: Array) -> Array:
        if not indices.ndim or not updates.ndim:
            raise ValueError("rank")
        if how in (np.minimum, np.maximum) and updates.dtype.kind in "fV":
            # As in TensorFlow, an update that is NaN changes nothing.
            never = -np.inf if how is np.maximum else np.inf
            updates = np.where(np.isnan(updates), updates.dtype.type(never), updates)
        return _scatter_into(label, x.copy(), indices, updates, how)

    def infer(x: Spec, indices: Spec, updates: Spec) -> Spec:
        check_updates(label, indices, updates, x.shape)
        return x

    return define(
        f"TensorScatter{name}",
        types=(types, INDICES, 0),
        kernel=kernel,
        infer=infer,
        grad=(grads[0], None, grads[1]),
        lower=gathering_loops.tensor_scatter(*_HOW[name]),
    )


def _gathered(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    return gather_nd_op(g, indices)


scatter_update_op: Op = _scatter_op(
    "Update",
    ANY,
    None,
    (
        lambda g, y, x, indices, updates: scatter_update_op(
            g, indices, zeros_like_op(updates)
        ),
        _gathered,
    ),
)
scatter_add_op: Op = _scatter_op(
    "Add", NUMERIC, np.add, (lambda g, y, x, indices, updates: g, _gathered)
)
scatter_sub_op: Op = _scatter_op(
    "Sub",
    NUMERIC,
    np.subtract,
    (
        lambda g, y, x, indices, updates: g,
        lambda g, y, x, indices, updates: neg_op(gather_nd_op(g, indices)),
    ),
)


def _shares(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> tuple[Any, Any, Any]:
    """A minimum's gradient, split evenly over all that equal it."""
    kept = cast(equal_op(x, y), g.dtype)
    won = cast(equal_op(updates, gather_nd_op(y, indices)), g.dtype)
    ties = add_op(kept, scatter_nd_op(indices, won, static_dims(x)))
    return div_op(g, ties), kept, won


def _grad_kept(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    share, kept, _ = _shares(g, y, x, indices, updates)
    return mul_op(share, kept)


def _grad_won(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    share, _, won = _shares(g, y, x, indices, updates)
    return mul_op(gather_nd_op(share, indices), won)


scatter_min_op: Op = _scatter_op("Min", REAL, np.minimum, (_grad_kept, _grad_won))
scatter_max_op: Op = _scatter_op("Max", REAL, np.maximum, (_grad_kept, _grad_won))


def _public(name: str, op: Op, does: str, result: str) -> Callable[..., Tensor]:
    """The public function of one TensorScatter op, with its documentation."""

    def scatter(
        tensor: Any,
        indices: Any,
        updates: Any,
        name: str | None = None,
        bad_indices_policy: str = "",
    ) -> Tensor:
        return op.run(tensor, indices, updates)

    scatter.__name__ = scatter.__qualname__ = f"tensor_scatter_nd_{name}"
    scatter.__doc__ = f"""A copy of a tensor with updates {does} at indices.

    Args:
        tensor: the tensor to copy.
        indices: integers of shape ``(..., depth)``.
        updates: a tensor of the same type, of shape
            ``indices.shape[:-1] + tensor.shape[depth:]``.
        name: ignored when eager.
        bad_indices_policy: ``"ERROR"`` or empty: an index outside is an error.

    Returns:
        A tensor of the same shape and type.

    Raises:
        InvalidArgumentError: where an index lies outside, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> y = tf.tensor_scatter_nd_{name}([5, 5, 5], [[0], [2]], [1, 9])
        >>> y.numpy().tolist()
        {result}
    """
    return scatter


tensor_scatter_nd_update = _public("update", scatter_update_op, "in place", "[1, 5, 9]")
tensor_scatter_nd_add = _public("add", scatter_add_op, "added", "[6, 5, 14]")
tensor_scatter_nd_sub = _public("sub", scatter_sub_op, "subtracted", "[4, 5, -4]")
tensor_scatter_nd_min = _public("min", scatter_min_op, "where smaller", "[1, 5, 5]")
tensor_scatter_nd_max = _public("max", scatter_max_op, "where larger", "[5, 5, 9]")
