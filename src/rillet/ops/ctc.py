"""Connectionist temporal classification: losses of unaligned label sequences.

Source: Graves et al., «Connectionist temporal classification» (2006), sections 4.1 and
4.2: the forward and backward variables over labels with blanks between them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, INDEX
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import cast, mul_op
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.softmax import matters
from rillet.ops.sparse.dense import to_dense
from rillet.ops.sparse.reducing import reduce_max
from rillet.ops.transposes import transpose_op

Array = np.ndarray[Any, Any]

#: What a start that is not allowed costs: a label longer than its frames has a loss
#: near it instead of infinity, as in TensorFlow.
_FORBIDDEN = -707.0
_NONE = -np.inf


def _infer(
    logits: Spec,
    labels: Spec,
    label_length: Spec,
    logit_length: Spec,
    blank_index: int = 0,
) -> tuple[Spec, Spec]:
    if logits.shape is None:
        return Spec(None, logits.dtype), logits
    if len(logits.shape) != 3:
        raise _refused(
            "logits have three axes: frames, batch, classes",
            f"their shape is {list(logits.shape)}",
        )
    frames, batch, classes = logits.shape
    if labels.shape is not None and (
        len(labels.shape) != 2 or labels.shape[0] not in (batch, None)
    ):
        raise _refused(
            "labels are a matrix with a row an example",
            f"labels have shape {list(labels.shape)}, logits {list(logits.shape)}",
        )
    for name, x in (("label_length", label_length), ("logit_length", logit_length)):
        fits = x.shape in ((batch,), (None,)) or batch is None
        if x.shape is not None and not fits:
            raise _refused(
                f"{name} holds a number an example",
                f"its shape is {list(x.shape)}, the batch {batch}",
            )
    if classes is not None and not 0 <= blank_index < classes:
        raise _refused(
            "blank_index must be in [0, classes)",
            f"blank_index={blank_index}, classes={classes}",
        )
    return Spec((batch,), logits.dtype), logits


def _refused(rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message("ctc_loss", rule, values))


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True, initial=_NONE)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _joined(*parts: Array) -> Array:
    """log Σ exp of arrays, of which all may be minus infinity."""
    return np.logaddexp.reduce(np.stack(parts), axis=0)


def _moved(x: Array, by: int, open_: Any = True) -> Array:
    """States moved on by a number of places (back where negative), where open."""
    out = np.full_like(x, _NONE)
    if by > 0:
        out[:, by:] = x[:, :-by]
    else:
        out[:, :by] = x[:, -by:]
    return np.where(open_, out, _NONE)


def _loss(
    logits: Array,
    labels: Array,
    label_length: Array,
    logit_length: Array,
    blank_index: int = 0,
) -> tuple[Array, Array]:
    inputs = (logits, labels, label_length, logit_length)
    a, b, c, d = [Spec(x.shape, dtypes.float32) for x in inputs]
    _infer(a, b, c, d, blank_index)
    frames, batch, classes = logits.shape
    _check_lengths(labels, label_length, logit_length, frames, classes)
    logs = _log_softmax(logits.astype(np.float64))
    states = np.full((batch, 2 * labels.shape[1] + 1), blank_index, np.int64)
    states[:, 1::2] = labels
    seen = np.take_along_axis(logs, np.broadcast_to(states, (frames, *states.shape)), 2)
    skips = np.zeros(states.shape, bool)  # from two places before, over a blank
    skips[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    skips &= states != blank_index
    ends = 2 * label_length[:, None] - np.array([0, 1])
    place = np.arange(states.shape[1])
    final = (place == ends[:, :1]) | ((place == ends[:, 1:]) & (ends[:, 1:] >= 0))
    forward = _forward(seen, skips, logit_length)
    backward = _backward(seen, skips, final, logit_length)
    last = np.take_along_axis(
        forward, np.maximum(logit_length - 1, 0)[None, :, None], 0
    )[0]
    total = np.logaddexp.reduce(np.where(final, last, _NONE), axis=1)
    chance = np.exp(forward + backward - total[None, :, None])
    back = np.exp(logs)
    rows = np.arange(batch)[:, None]
    for t in range(frames):
        np.subtract.at(back[t], (rows, states), chance[t])
    back[np.arange(frames)[:, None] >= logit_length] = 0
    return (-total).astype(logits.dtype), back.astype(logits.dtype)


def _check_lengths(
    labels: Array, label_length: Array, logit_length: Array, frames: int, classes: int
) -> None:
    longest = labels.shape[1]
    if (
        label_length.size
        and not 0 <= label_length.min() <= label_length.max() <= longest
    ):
        raise _refused("label_length must be in [0, labels' length]", f"{label_length}")
    if (
        logit_length.size
        and not 1 <= logit_length.min() <= logit_length.max() <= frames
    ):
        raise _refused(f"logit_length must be in [1, {frames}]", f"{logit_length}")
    used = labels[np.arange(longest) < label_length[:, None]]
    if used.size and not 0 <= used.min() <= used.max() < classes:
        raise _refused(f"labels must be in [0, {classes})", f"{labels.tolist()}")


def _forward(seen: Array, skips: Array, lengths: Array) -> Array:
    out = np.empty_like(seen)
    state = np.full(seen.shape[1:], _FORBIDDEN)
    state[:, :2] = 0
    for t in range(len(seen)):
        if t:
            state = _joined(state, _moved(state, 1), _moved(state, 2, skips))
        state = np.where((t < lengths)[:, None], state + seen[t], state)
        out[t] = state
    return out


def _backward(seen: Array, skips: Array, final: Array, lengths: Array) -> Array:
    out = np.empty_like(seen)
    start = np.where(final, 0.0, _NONE)
    state = start
    onward = np.zeros_like(skips)  # whether a state may be left over the next blank
    onward[:, :-2] = skips[:, 2:]
    for t in range(len(seen) - 1, -1, -1):
        if t + 1 < len(seen):
            ahead = state + seen[t + 1]
            moved = _joined(ahead, _moved(ahead, -1), _moved(ahead, -2, onward))
            state = np.where((t + 1 < lengths)[:, None], moved, start)
        out[t] = state
    return out


def _grad(gs: Any, ys: Any, logits: Any, *rest: Any, blank_index: int = 0) -> Any:
    g, again = gs
    if matters(again):
        raise LookupError(
            house_message(
                "ctc_loss",
                "Gradient explicitly disabled: the loss has no second derivative",
            )
        )
    return mul_op(reshape_op(g, (1, static_dims(g)[0], 1)), ys[1]), None, None, None


ctc_loss_op: Op = define(
    "RilletCtcLoss",
    types=(FLOATING, INDEX, INDEX, INDEX),
    kernel=_loss,
    infer=_infer,
    grad=_grad,
    attrs={"blank_index": 0},
    outputs=2,
)


def ctc_loss(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Tensor:
    """-log of the chance that frames spell labels, over all alignments.

    Args:
        labels: integers ``(batch, longest)``, padded; or a sparse matrix of them.
        logits: a float tensor ``(frames, batch, classes)``.
        label_length: how many labels of each row count ``(batch,)``; not needed where
            they are sparse.
        logit_length: how many frames of each example count ``(batch,)``.
        logits_time_major: whether frames come first, else the batch.
        unique: ignored; a hint for speed.
        blank_index: the class that stands for «no label»; 0 where None, from the end
            where negative; must be given where labels are sparse.
        name: ignored when eager.

    Returns:
        A loss an example ``(batch,)``; above 700 where the frames are too few.

    Raises:
        InvalidArgumentError: where shapes, lengths or labels do not fit.
        ValueError: where labels are sparse and there is no `blank_index`.

    Example:
        >>> import rillet as tf
        >>> loss = tf.nn.ctc_loss([[1]], tf.zeros([1, 1, 2]), [1], [1])
        >>> round(float(loss[0]), 4)
        0.6931
    """
    if isinstance(labels, SparseTensor):
        labels, label_length = _opened(labels, blank_index)
    x = to_tensor(logits)
    if not logits_time_major:
        x = transpose_op(x, (1, 0, 2))
    index = 0 if blank_index is None else int(blank_index)
    if index < 0 and static_dims(x)[-1] is not None:
        index += static_dims(x)[-1]
    whole = [cast(to_tensor(v), "int32") for v in (labels, label_length, logit_length)]
    return ctc_loss_op(x, *whole, blank_index=index)[0]


def _opened(labels: SparseTensor, blank_index: int | None) -> tuple[Any, Any]:
    """Sparse labels as a padded matrix and the number of each row's labels."""
    if blank_index is None:
        raise ValueError(
            house_message(
                "ctc_loss",
                "Argument `blank_index` must be provided when `labels` is a"
                " `SparseTensor`",
                fix="Give blank_index=-1 for the last class",
            )
        )
    ends = SparseTensor(labels.indices, labels.indices[:, 1] + 1, labels.dense_shape)
    return to_dense(labels), reduce_max(ends, 1)


def ctc_unique_labels(labels: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The different labels of each row, and where each label stands among them.

    Args:
        labels: integers ``(batch, longest)``.
        name: ignored when eager.

    Returns:
        Different labels in order of appearance, padded with zeros (int64), and for each
        label its place among them (int32), both ``(batch, longest)``.
    """
    rows = np.asarray(to_tensor(labels))
    unique = np.zeros(rows.shape, np.int64)
    places = np.zeros(rows.shape, np.int32)
    for i, row in enumerate(rows):
        found = list(dict.fromkeys(row.tolist()))
        unique[i, : len(found)] = found
        places[i] = [found.index(label) for label in row.tolist()]
    return Tensor(unique), Tensor(places)


def collapse_repeated(
    labels: Any, seq_length: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Rows of labels in which equal neighbours are one, and their lengths.

    Args:
        labels: integers ``(batch, longest)``.
        seq_length: how many labels of each row count ``(batch,)``.
        name: ignored when eager.

    Returns:
        The collapsed rows, padded with zeros to the longest, and their lengths.

    Example:
        >>> import rillet as tf
        >>> rows, lengths = tf.nn.collapse_repeated([[1, 1, 2, 2]], [4])
        >>> rows.numpy().tolist(), lengths.numpy().tolist()
        ([[1, 2]], [2])
    """
    rows, counts = to_tensor(labels)._array, to_tensor(seq_length)._array
    kept = np.ones(rows.shape, bool)
    kept[:, 1:] = rows[:, 1:] != rows[:, :-1]
    kept &= np.arange(rows.shape[1]) < counts[:, None]
    lengths = kept.sum(axis=1)
    out = np.zeros((len(rows), lengths.max(initial=0)), rows.dtype)
    out[np.arange(out.shape[1]) < lengths[:, None]] = rows[kept]
    return Tensor(out), Tensor(lengths.astype(counts.dtype))
