"""Softmax and the cross-entropies of its logits; `sigmoid_losses` has the sigmoid's."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import FLOATING, INDEX
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import softmax_loops
from rillet.ops.elementwise import (
    add_op,
    cast_op,
    exp_op,
    mul_op,
    neg_op,
    sub_op,
)
from rillet.ops.host import is_symbolic
from rillet.ops.registry import Op, define
from rillet.ops.rows import row_max, row_sum
from rillet.ops.shape_rules import axis_in, same_as_input
from rillet.ops.shaping import could_match, reshape_op, static_dims, sum_op, sum_to
from rillet.ops.spreading import LARGE, by_rows, fill_by_rows
from rillet.ops.transposes import transpose

Array = np.ndarray[Any, Any]

_ROUNDED_ONCE = 1 << 12  # elements for which float64 costs next to nothing


def _wide(x: Array) -> Array:
    """Half precisions in float32, the rest as they are."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _shifted(x: Array) -> Array:
    """Rows minus their maximum, so that exp stays finite."""
    return np.subtract(x, row_max(x))


def _softmax(x: Array) -> Array:
    if x.size >= LARGE and x.ndim > 1:
        if x.dtype.itemsize == 2:
            return by_rows(_softmax_rows, x, x[:1])
        out = np.empty(x.shape, x.dtype)
        fill_by_rows(_fill_softmax, x, out)
        return out
    return _softmax_rows(x)


def _fill_softmax(x: Array, out: Array) -> None:
    np.subtract(x, row_max(x), out=out)
    np.exp(out, out=out)
    np.true_divide(out, row_sum(out), out=out)


def _softmax_rows(x: Array) -> Array:
    """Small results are rounded once, from float64; NumPy's float32 exp errs by one."""
    small = x.size <= _ROUNDED_ONCE
    y = _shifted(x.astype(np.float64) if small else _wide(x))
    np.exp(y, out=y)
    np.true_divide(y, row_sum(y), out=y)
    return y.astype(x.dtype, copy=False)


def _log_softmax(x: Array) -> Array:
    y = _shifted(_wide(x))
    np.subtract(y, np.log(row_sum(np.exp(y))), out=y)
    return y.astype(x.dtype, copy=False)


def _softmax_slope(g: Any, y: Any, x: Any) -> Any:
    """(g - Σ g·y) · y."""
    inner = sum_op(mul_op.run(g, y), -1, keep_dims=True)
    return mul_op.run(sub_op.run(g, inner), y)


def _log_softmax_slope(g: Any, y: Any, x: Any) -> Any:
    """g - softmax(x) Σ g."""
    total = sum_op(g, -1, keep_dims=True)
    return sub_op(g, mul_op(total, exp_op(y)))


softmax_op: Op = define(
    "Softmax",
    types=(FLOATING,),
    kernel=_softmax,
    infer=same_as_input,
    grad=(_softmax_slope,),
    lower=softmax_loops.softmax,
)
log_softmax_op: Op = define(
    "LogSoftmax",
    types=(FLOATING,),
    kernel=_log_softmax,
    infer=same_as_input,
    grad=(_log_softmax_slope,),
    lower=softmax_loops.log_softmax,
)


def _along_last(op: Op, logits: Any, axis: int | None) -> Tensor:
    """An op of the last axis, applied along `axis`."""
    logits = to_tensor(logits)
    rank = len(logits.shape)
    at = axis_in("softmax", -1 if axis is None else axis, rank)
    if at == rank - 1:
        return op.run(logits)
    order = list(range(rank))
    order[at], order[-1] = order[-1], order[at]
    return transpose(op.run(transpose(logits, order)), order)


@dispatched
def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """e^x over its sum along an axis: positive numbers that add up to 1.

    Args:
        logits: a float tensor of rank 1 or more.
        axis: the axis of the sum; the last where None.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type; large logits do not overflow.

    Raises:
        InvalidArgumentError: where the axis does not exist, or the type is no float.

    Example:
        >>> import rillet as tf
        >>> tf.nn.softmax([0., 0., 0., 0.]).numpy().tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    return _along_last(softmax_op, logits, axis)


@dispatched
def log_softmax(
    logits: Any, axis: int | None = None, name: str | None = None
) -> Tensor:
    """The logarithm of `softmax`, computed without it; same arguments."""
    return _along_last(log_softmax_op, logits, axis)


def _infer_xent(logits: Spec, labels: Spec) -> tuple[Spec, Spec]:
    if logits.shape is None or labels.shape is None:
        return Spec(None, logits.dtype), logits
    if len(logits.shape) != 2 or len(labels.shape) != 2:
        raise InvalidArgumentError(
            house_message(
                "softmax_cross_entropy_with_logits",
                "logits and labels are matrices",
                f"shapes are {logits.shape} and {labels.shape}",
            )
        )
    pairs = list(zip(logits.shape, labels.shape, strict=True))
    if any(None not in p and p[0] != p[1] and 1 not in p for p in pairs):
        raise InvalidArgumentError(
            house_message(
                "softmax_cross_entropy_with_logits",
                "logits and labels must be broadcastable",
                f"logits_size={list(logits.shape)} labels_size={list(labels.shape)}",
            )
        )
    rows = max(pairs[0], key=lambda d: -1 if d is None else d)
    columns = max(pairs[1], key=lambda d: -1 if d is None else d)
    return Spec((rows,), logits.dtype), Spec((rows, columns), logits.dtype)


def _xent(logits: Array, labels: Array) -> tuple[Array, Array]:
    x, p = _wide(logits), _wide(labels)
    if x.shape != p.shape:
        x, p = np.broadcast_arrays(x, p)
    y = _shifted(x)
    e = np.exp(y)
    total = row_sum(e)
    # labels of 0 contribute nothing, even where the logit is infinite
    terms = np.multiply(p, np.log(total) - y)
    terms[p == 0] = 0
    loss = row_sum(terms)[..., 0]
    back = e / total - p
    kind = logits.dtype
    return loss.astype(kind, copy=False), back.astype(kind, copy=False)


def _grad_xent(gs: Any, ys: Any, logits: Any, labels: Any) -> tuple[Any, Any]:
    """The loss's gradient is `back`; through `back` itself flows a second order."""
    g, g_back = gs
    column = _column(g)
    into_logits = mul_op(column, ys[1])
    if g_back is not None and matters(g_back):
        p = softmax_op(logits)
        inner = sum_op(mul_op(g_back, p), -1, keep_dims=True)
        into_logits = add_op(into_logits, mul_op(sub_op(g_back, inner), p))
    into_labels = mul_op(column, neg_op(log_softmax_op(logits)))
    return sum_to(into_logits, logits), sum_to(into_labels, labels)


def _column(g: Any) -> Any:
    """A vector as a column."""
    return reshape_op(g, (*static_dims(g), 1))


def matters(g: Any) -> bool:
    """False for the zeros that stand for «nothing flows into this output»."""
    if is_symbolic(g):
        return bool(g.op.type != "ZerosLike")
    return bool(g._array.any())


softmax_xent_op: Op = define(
    "SoftmaxCrossEntropyWithLogits",
    types=(FLOATING, 0),
    kernel=_xent,
    infer=_infer_xent,
    grad=_grad_xent,
    outputs=2,
    lower=softmax_loops.cross_entropy,
)


def softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, axis: int = -1, name: str | None = None
) -> Tensor:
    """-Σ labels · log softmax(logits) along an axis.

    Args:
        labels: probabilities a class, of the shape of `logits`.
        logits: a float tensor ``(..., classes)``.
        axis: the axis of the classes.
        name: ignored when eager.

    Returns:
        A tensor without that axis.

    Raises:
        InvalidArgumentError: where the shapes differ.

    Example:
        >>> import rillet as tf
        >>> loss = tf.nn.softmax_cross_entropy_with_logits([[0., 1.]], [[0., 0.]])
        >>> round(float(loss[0]), 6)
        0.693147
    """
    logits = to_tensor(logits)
    labels = to_tensor(labels, hint=logits.dtype)
    if labels.dtype is not logits.dtype:
        labels = cast_op(labels, DstT=logits.dtype)
    rank = len(logits.shape)
    at = axis_in("softmax_cross_entropy_with_logits", axis, rank)
    if at != rank - 1:
        order = [i for i in range(rank) if i != at] + [at]
        logits, labels = transpose(logits, order), transpose(labels, order)
    dims = static_dims(logits)
    if len(static_dims(labels)) != rank:
        _infer_xent(Spec(dims, logits.dtype), Spec(static_dims(labels), labels.dtype))
    if rank != 2:
        classes = dims[-1]
        rows = int(np.prod(dims[:-1]))
        logits = reshape_op(logits, (rows, classes))
        labels = reshape_op(labels, (rows, classes))
    loss, _ = softmax_xent_op(logits, labels)
    return loss if rank == 2 else reshape_op(loss, dims[:-1])


def _infer_sparse(logits: Spec, labels: Spec) -> tuple[Spec, Spec]:
    if logits.shape is not None and labels.shape is not None:
        rows, have = logits.shape[0], labels.shape[0] if labels.shape else None
        apart = None not in (rows, have) and rows != have
        if len(logits.shape) != 2 or len(labels.shape) != 1 or apart:
            raise InvalidArgumentError(
                house_message(
                    "sparse_softmax_cross_entropy_with_logits",
                    "one label a row of logits",
                    f"logits have shape {logits.shape}, labels {labels.shape}",
                )
            )
        rows = have if rows is None else rows
        return Spec((rows,), logits.dtype), logits
    return Spec(None, logits.dtype), logits


def _sparse_xent(logits: Array, labels: Array) -> tuple[Array, Array]:
    classes = logits.shape[1]
    if labels.shape != logits.shape[:1]:
        raise ValueError("shapes differ")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise InvalidArgumentError(
            house_message(
                "sparse_softmax_cross_entropy_with_logits",
                f"Received a label value of {wrong} which is outside the valid range of"
                f" [0, {classes})",
                f"logits have shape {logits.shape}",
                f"Labels run from 0 to {classes - 1}",
            )
        )
    y = _shifted(_wide(logits))
    e = np.exp(y)
    total = row_sum(e)
    rows = np.arange(len(labels))
    loss = np.log(total)[:, 0] - y[rows, labels]
    np.true_divide(e, total, out=e)
    e[rows, labels] -= e.dtype.type(1)
    kind = logits.dtype
    return loss.astype(kind, copy=False), e.astype(kind, copy=False)


def _grad_sparse(gs: Any, ys: Any, logits: Any, labels: Any) -> tuple[Any, None]:
    g, g_back = gs
    found = mul_op(_column(g), ys[1])
    if g_back is not None and matters(g_back):
        p = softmax_op(logits)
        inner = sum_op(mul_op(g_back, p), -1, keep_dims=True)
        found = add_op(found, mul_op(sub_op(g_back, inner), p))
    return found, None


sparse_xent_op: Op = define(
    "SparseSoftmaxCrossEntropyWithLogits",
    types=(FLOATING, INDEX),
    kernel=_sparse_xent,
    infer=_infer_sparse,
    grad=_grad_sparse,
    outputs=2,
    lower=softmax_loops.sparse_cross_entropy,
)


def sparse_softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, name: str | None = None
) -> Tensor:
    """-log softmax(logits) at the class that each label names.

    Args:
        labels: integers of shape ``(...)``, 0 to classes - 1.
        logits: a float tensor ``(..., classes)``.
        name: ignored when eager.

    Returns:
        A tensor of the shape of `labels`.

    Raises:
        InvalidArgumentError: where a label is out of range.
        ValueError: where shapes differ.

    Example:
        >>> import rillet as tf
        >>> loss = tf.nn.sparse_softmax_cross_entropy_with_logits([1], [[0., 0.]])
        >>> round(float(loss[0]), 6)
        0.693147
    """
    logits = to_tensor(logits)
    labels = to_tensor(labels)
    if labels._array.dtype not in INDEX:
        if not labels.dtype.is_integer:
            raise InvalidArgumentError(
                house_message(
                    "sparse_softmax_cross_entropy_with_logits",
                    "labels are integers",
                    describe(labels),
                    "Convert them with tf.cast(labels, tf.int32)",
                )
            )
        labels = cast_op(labels, DstT=dtypes.int32)
    dims, have = static_dims(logits), static_dims(labels)
    if len(have) == len(dims) - 1 and not could_match(have, dims[:-1]):
        raise ValueError(
            house_message(
                "sparse_softmax_cross_entropy_with_logits",
                "one label a row of logits: `labels.shape` must equal `logits.shape`"
                " except for the last dimension",
                f"labels.shape={have} and logits.shape={dims}",
            )
        )
    if len(dims) == 2 and len(have) == 1:
        return sparse_xent_op(logits, labels)[0]
    if len(have) != len(dims) - 1:
        raise ValueError(
            house_message(
                "sparse_softmax_cross_entropy_with_logits",
                "`labels.shape.rank` must equal `logits.shape.rank - 1`",
                f"labels.shape={static_dims(labels)}, logits.shape={dims}",
                "Labels are class numbers, one for each row of logits; one-hot labels"
                " go to softmax_cross_entropy_with_logits",
            )
        )
    flat = reshape_op(logits, (-1, dims[-1]))
    loss = sparse_xent_op(flat, reshape_op(labels, (-1,)))[0]
    return reshape_op(loss, static_dims(labels))
