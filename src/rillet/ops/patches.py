"""Sequences turned round, patches of images, flat indices taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY, BOOL, INDEX, NUMERIC
from rillet.core.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    UnimplementedError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import reordering_loops
from rillet.ops.gather import gather_op
from rillet.ops.gather_nd import scatter_nd_op
from rillet.ops.host import integer
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import transpose_op

Array = np.ndarray[Any, Any]


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _infer_reverse_sequence(
    x: Spec, seq_lengths: Spec, seq_dim: int, batch_dim: int = 0
) -> Spec:
    op = "reverse_sequence"
    if seq_lengths.shape is not None and len(seq_lengths.shape) != 1:
        raise _refused(op, "seq_lens input must be 1-dim", str(seq_lengths.shape))
    if x.shape is None:
        return x
    rank = len(x.shape)
    for label, axis in (("batch_dim", batch_dim), ("seq_dim", seq_dim)):
        if not -rank <= axis < rank:
            raise _refused(op, f"{label} must be < input rank ( {axis} vs. {rank})")
    if seq_dim % rank == batch_dim % rank:
        raise _refused(op, f"batch_dim == seq_dim == {seq_dim}")
    if seq_lengths.shape is not None:
        have, want = seq_lengths.shape[0], x.shape[batch_dim]
        if have != want and None not in (have, want):
            raise _refused(
                op,
                f"Length of seq_lengths != input.dims({batch_dim})",
                f"{have} vs. {want}",
            )
    return x


def _reverse_sequence(
    x: Array, seq_lengths: Array, seq_dim: int, batch_dim: int = 0
) -> Array:
    spec = Spec(x.shape, dtypes.int32)
    lengths = Spec(seq_lengths.shape, dtypes.int32)
    _infer_reverse_sequence(spec, lengths, seq_dim, batch_dim)
    size = x.shape[seq_dim]
    for i, length in enumerate(seq_lengths.tolist()):
        if length < 0:
            raise _refused("reverse_sequence", f"seq_lens({i}) < 0", f"it is {length}")
        if length > size:
            raise _refused(
                "reverse_sequence",
                f"seq_lens({i}) > input.dims({seq_dim})",
                f"{length} > {size}",
            )
    rows = np.moveaxis(x, (batch_dim, seq_dim), (0, 1))
    step = np.arange(size)
    ends = seq_lengths.astype(np.int64)[:, None]
    places = np.where(step < ends, ends - 1 - step, step)
    turned = rows[np.arange(len(rows))[:, None], places]
    return np.ascontiguousarray(np.moveaxis(turned, (0, 1), (batch_dim, seq_dim)))


reverse_sequence_op: Op = define(
    "ReverseSequence",
    types=(ANY, INDEX),
    kernel=_reverse_sequence,
    infer=_infer_reverse_sequence,
    grad=(
        lambda g, y, x, seq_lengths, **attrs: reverse_sequence_op(
            g, seq_lengths, **attrs
        ),
        None,
    ),
    attrs={"seq_dim": None, "batch_dim": 0},
    quiet=False,
    lower=reordering_loops.reverse_sequence,
)


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: str | None = None,
) -> Tensor:
    """The first part of each sequence turned round, the rest left as it is.

    Args:
        input: a batch of sequences.
        seq_lengths: how much of each to turn round, shape ``(batch,)``.
        seq_axis: the axis along which sequences run.
        batch_axis: the axis of the batch; 0 where None.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        TypeError: where `seq_axis` is missing.
        InvalidArgumentError: where a length does not fit.

    Example:
        >>> import rillet as tf
        >>> x = [[1, 2, 3], [4, 5, 6]]
        >>> tf.reverse_sequence(x, [2, 3], seq_axis=1).numpy().tolist()
        [[2, 1, 3], [6, 5, 4]]
    """
    along = integer("reverse_sequence", "seq_axis", _given(seq_axis))
    batch = 0 if batch_axis is None else batch_axis
    batch = integer("reverse_sequence", "batch_axis", batch)
    return reverse_sequence_op(input, seq_lengths, seq_dim=along, batch_dim=batch)


def _given(value: Any) -> Any:
    if value is None:
        raise TypeError(
            house_message(
                "reverse_sequence", "Expected int for argument 'seq_axis'", "got None"
            )
        )
    return value


def _window(
    size: int | None, ksize: int, stride: int, rate: int, padding: str
) -> tuple[int | None, int]:
    """How many windows fit along an axis, and the padding before it."""
    if size is None:
        return None, 0
    reach = (ksize - 1) * rate + 1
    if padding == "SAME":
        count = -(-size // stride)
        return count, max((count - 1) * stride + reach - size, 0) // 2
    count = (size - reach + stride) // stride
    if count < 0:
        raise _refused(
            "extract_patches",
            f"Computed output size would be negative: {count}",
            f"input_size: {size}, effective_filter_size: {reach}, stride: {stride}",
        )
    return count, 0


def _infer_patches(
    x: Spec, ksizes: Any, strides: Any, rates: Any, padding: str
) -> Spec:
    op = "extract_patches"
    if padding not in ("SAME", "VALID"):
        raise _refused(
            op,
            f"Value for attr 'padding' of \"{padding}\" is not in the list of allowed"
            ' values: "SAME", "VALID"',
        )
    named = (("ksizes", ksizes), ("strides", strides), ("rates", rates))
    for label, sizes in named:
        if len(sizes) != 4:
            raise _refused(
                op,
                f"Length for attr '{label}' of {len(sizes)} must be at least minimum 4",
            )
        if min(sizes) < 1:
            raise OutOfRangeError(house_message(op, f"{label} is out of range"))
        if sizes[0] != 1 or sizes[3] != 1:
            raise UnimplementedError(
                house_message(op, f"Only support {label} across space", str(sizes))
            )
    if x.shape is None:
        return Spec((None,) * 4, x.dtype)
    if len(x.shape) != 4:
        raise _refused(op, "input must be 4-dimensional", str(list(x.shape)))
    n, h, w, c = x.shape
    high = _window(h, ksizes[1], strides[1], rates[1], padding)[0]
    wide = _window(w, ksizes[2], strides[2], rates[2], padding)[0]
    depth = None if c is None else c * ksizes[1] * ksizes[2]
    return Spec((n, high, wide, depth), x.dtype)


def _places(h: int, w: int, ksizes: Any, strides: Any, rates: Any, padding: str) -> Any:
    """The pixel that each place of each patch shows, and whether it is one."""
    axes = []
    for size, i in ((h, 1), (w, 2)):
        count, before = _window(size, ksizes[i], strides[i], rates[i], padding)
        starts = np.arange(count or 0) * strides[i] - before
        axes.append(starts[:, None] + np.arange(ksizes[i]) * rates[i])
    rows, columns = axes[0][:, None, :, None], axes[1][None, :, None, :]
    inside = (rows >= 0) & (rows < h) & (columns >= 0) & (columns < w)
    return np.where(inside, rows * w + columns, 0), inside


def _patches(x: Array, ksizes: Any, strides: Any, rates: Any, padding: str) -> Array:
    spec = _infer_patches(Spec(x.shape, dtypes.int32), ksizes, strides, rates, padding)
    n, h, w, c = x.shape
    places, inside = _places(h, w, ksizes, strides, rates, padding)
    if not places.size or not x.size:
        return np.zeros(spec.shape or (), x.dtype)
    found = x.reshape(n, h * w, c)[:, places]
    if not inside.all():
        found[:, ~inside] = 0
    return found.reshape(spec.shape)


def _grad_patches(g: Any, y: Any, x: Any, **attrs: Any) -> Any:
    """Every pixel's gradient is the sum over the patches that show it."""
    n, h, w, c = static_dims(x)
    places, inside = _places(h, w, *[attrs[k] for k in _PATCH_ORDER])
    spots = places[inside].astype(np.int32).reshape(-1, 1)
    chosen = Tensor(np.flatnonzero(inside.reshape(-1)).astype(np.int32))
    flat = reshape_op(g, (n, places.size, c))
    rows = gather_op(transpose_op(flat, (1, 0, 2)), chosen, 0)
    out = scatter_nd_op(Tensor(spots), rows, (h * w, n, c))
    return reshape_op(transpose_op(out, (1, 0, 2)), (n, h, w, c))


def _lower_patches(
    ctx: Any, x: Any, ksizes: Any, strides: Any, rates: Any, padding: str
) -> Any:
    before = [
        _window(x.shape[i], ksizes[i], strides[i], rates[i], padding)[1] for i in (1, 2)
    ]
    taps, steps, gaps = [v[1:3] for v in (ksizes, strides, rates)]
    return reordering_loops.windows(ctx, x, taps, steps, gaps, before)


_PATCH_ORDER = ("ksizes", "strides", "rates", "padding")
extract_patches_op: Op = define(
    "ExtractImagePatches",
    types=(NUMERIC | BOOL,),
    kernel=_patches,
    infer=_infer_patches,
    grad=(_grad_patches,),
    attrs=dict.fromkeys(_PATCH_ORDER),
    quiet=False,
    lower=_lower_patches,
)


def extract_patches(
    images: Any,
    sizes: Any,
    strides: Any,
    rates: Any,
    padding: str,
    name: str | None = None,
) -> Tensor:
    """Patches of images, laid out along the depth.

    Args:
        images: shape ``(batch, height, width, depth)``.
        sizes: ``[1, rows, columns, 1]`` of a patch.
        strides: ``[1, rows, columns, 1]`` between patches.
        rates: ``[1, rows, columns, 1]`` between the pixels of a patch.
        padding: ``"VALID"`` or ``"SAME"``.
        name: ignored when eager.

    Returns:
        Shape ``(batch, down, across, sizes[1] * sizes[2] * depth)``.

    Raises:
        InvalidArgumentError: where sizes do not fit the images.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape(tf.range(9), [1, 3, 3, 1])
        >>> one = [1, 1, 1, 1]
        >>> y = tf.image.extract_patches(x, [1, 2, 2, 1], one, one, "VALID")
        >>> y[0, 0].numpy().tolist()
        [[0, 1, 3, 4], [1, 2, 4, 5]]
    """
    return extract_patches_op(
        images,
        ksizes=tuple(sizes),
        strides=tuple(strides),
        rates=tuple(rates),
        padding=padding,
    )


def _unravel(indices: Array, dims: Array) -> Array:
    if dims.ndim != 1 or indices.ndim > 1:
        raise _refused("unravel_index", "dims is a vector, indices at most one", "")
    total = int(np.prod(dims.astype(np.int64)))
    wrong = (indices < 0) | (indices >= total)
    if wrong.any():
        raise _refused("unravel_index", "index is out of bound as with dims")
    found = np.array(np.unravel_index(indices, dims.tolist()), indices.dtype)
    return found.reshape((dims.size, *indices.shape))


unravel_index_op: Op = define(
    "UnravelIndex",
    types=(INDEX, 0),
    kernel=_unravel,
    infer=lambda indices, dims: Spec(
        None
        if indices.shape is None or dims.shape is None
        else (dims.shape[0], *indices.shape),
        indices.dtype,
    ),
    quiet=False,
)


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """The coordinates of elements given by their place in a flattened tensor.

    Args:
        indices: a place, or a vector of them.
        dims: the sizes of the tensor.
        name: ignored when eager.

    Returns:
        Shape ``(rank,)``, or ``(rank, n)`` for a vector.

    Raises:
        InvalidArgumentError: where a place lies outside.

    Example:
        >>> import rillet as tf
        >>> tf.unravel_index([3, 5], [2, 3]).numpy().tolist()
        [[1, 1], [0, 2]]
    """
    return unravel_index_op(indices, dims)
