"""Nodes that TensorFlow computes with a loop: `composed` holds the other rules.

In flow tensors, out flow graphs of TensorFlow's ops, loops among them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops.array import concat, stack
from rillet.ops.casting import cast
from rillet.ops.compare import (
    equal,
    greater,
    greater_equal,
    is_finite,
    less,
    logical_and,
    logical_or,
    not_equal,
)
from rillet.ops.elementwise import abs as magnitude
from rillet.ops.elementwise import exp, log, maximum, pow
from rillet.ops.filling import fill, ones_like, zeros_like
from rillet.ops.functional import scan
from rillet.ops.gather import gather
from rillet.ops.loops import while_loop
from rillet.ops.mask import where
from rillet.ops.matrix_functions import PADE, PADE_RADIUS, pade_sides
from rillet.ops.one_hot import one_hot
from rillet.ops.reduce import reduce_max
from rillet.ops.registry import find
from rillet.ops.rounding import ceil
from rillet.ops.sequences import range as sequence
from rillet.ops.shaping import reduce_sum, reshape, static_dims
from rillet.ops.softmax import log_softmax
from rillet.ops.statistics import reduce_logsumexp
from rillet.ops.transposes import transpose

#: What a start that is not allowed costs, as in `ops.ctc`.
_FORBIDDEN = -707.0
_NONE = Tensor(np.array(-np.inf))


def _times(x: Any, y: Any) -> Any:
    return find("BatchMatMulV2").run(x, y)


def matrix_exponential(a: Any) -> Any:
    """Scaling and squaring, as `ops.matrix_functions` does it with arrays.

    Args:
        a: square matrices ``(..., n, n)``.
    """
    wide = dtypes.complex128 if a.dtype.is_complex else dtypes.float64
    x = cast(a, wide)
    norm = reduce_max(reduce_sum(magnitude(x), -2), -1)
    finite = is_finite(norm)
    x = where(finite[..., None, None], x, zeros_like(x))
    used = where(logical_and(finite, greater(norm, 0.0)), norm, ones_like(norm))
    steps = maximum(ceil(log(used / PADE_RADIUS) / math.log(2)), 0.0)
    x = x * cast(pow(to_tensor(2, dtypes.float64), -steps), wide)[..., None, None]
    start = _pade(x, wide)
    most = reduce_max(concat([reshape(steps, [-1]), [0.0]], 0))

    def again(i: Any, y: Any) -> Any:
        return i + 1.0, where(less(i, steps)[..., None, None], _times(y, y), y)

    first = to_tensor(0, dtypes.float64)
    _, y = while_loop(lambda i, y: less(i, most), again, [first, start])
    broken = to_tensor(math.nan, dtypes.float64)
    y = where(finite[..., None, None], y, cast(broken, wide))
    return cast(y, a.dtype)


def _pade(x: Any, kind: Any) -> Any:
    c = [to_tensor(value, kind) for value in PADE]
    places = sequence(static_dims(x)[-1])
    one = cast(equal(places[:, None], places), kind)
    return find("MatrixSolve").run(*pade_sides(x, one, c, _times))


def ctc_loss(
    logits: Any, labels: Any, label_length: Any, logit_length: Any, blank_index: int = 0
) -> tuple[Any, Any]:
    """The losses and their gradient by the forward and backward variables of `ops.ctc`.

    Args:
        logits: ``(frames, batch, classes)``.
        labels: ``(batch, longest)``, padded.
        label_length: how many labels count ``(batch,)``.
        logit_length: how many frames count ``(batch,)``.
        blank_index: the class that stands for «no label».
    """
    frames, batch, classes = static_dims(logits)
    logs = log_softmax(cast(logits, dtypes.float64))
    labels = cast(labels, dtypes.int32)
    blanks = fill([batch, 1], to_tensor(blank_index, dtypes.int32))
    pairs = stack([zeros_like(labels) + blank_index, labels], 2)
    states = concat([reshape(pairs, [batch, -1]), blanks], 1)
    inside = logical_and(greater_equal(states, 0), less(states, classes))
    states = where(inside, states, zeros_like(states))
    by_class = transpose(logs, [1, 2, 0])
    seen = transpose(gather(by_class, states, batch_dims=1), [2, 0, 1])
    two = concat([blanks, blanks, states[:, :-2]], 1)
    skips = logical_and(not_equal(states, two), not_equal(states, blank_index))
    forward = _forward(seen, skips, logit_length)
    ends = 2 * cast(label_length, dtypes.int32)[:, None]
    place = sequence(static_dims(states)[1])
    final = logical_or(
        equal(place, ends), logical_and(equal(place, ends - 1), greater(ends, 0))
    )
    start = where(final, zeros_like(seen[0]), _NONE)
    backward = _backward(seen, skips, start, logit_length)
    total = reduce_logsumexp(forward[-1] + start, 1)
    chance = exp(forward + backward - total[None, :, None])
    spread = one_hot(states, classes, dtype=dtypes.float64)
    taken = transpose(_times(transpose(chance, [1, 0, 2]), spread), [1, 0, 2])
    counts = less(sequence(frames)[:, None], cast(logit_length, dtypes.int32))
    back = where(counts[:, :, None], exp(logs) - taken, zeros_like(logs))
    return cast(-total, logits.dtype), cast(back, logits.dtype)


def _moved(x: Any, by: int, open_: Any = None) -> Any:
    """States moved on by a number of places, back where negative, where open."""
    edge = zeros_like(x[:, :1]) + _NONE
    edges = [edge] * min(abs(by), 2)
    moved = concat([*edges, x[:, :-by]] if by > 0 else [x[:, -by:], *edges], 1)
    moved = moved[:, : static_dims(x)[1]]
    return moved if open_ is None else where(open_, moved, _NONE)


def _joined(*parts: Any) -> Any:
    return reduce_logsumexp(stack(list(parts)), 0)


def _forward(seen: Any, skips: Any, lengths: Any) -> Any:
    first = less(sequence(static_dims(seen)[2]), 2)
    zero = zeros_like(seen[0])
    start = where(first, zero, zero + _FORBIDDEN)

    def step(state: Any, row: Any) -> Any:
        here, t = row
        moved = _joined(state, _moved(state, 1), _moved(state, 2, skips))
        state_in = where(greater(t, 0), moved, state)
        return where(less(t, lengths)[:, None], state_in + here, state)

    return scan(step, (seen, sequence(static_dims(seen)[0])), start)


def _backward(seen: Any, skips: Any, start: Any, lengths: Any) -> Any:
    never = zeros_like(skips[:, :1])
    onward = concat([skips[:, 2:], never, never], 1)[:, : static_dims(skips)[1]]
    later = concat([seen[1:], zeros_like(seen[:1])], 0)

    def step(state: Any, row: Any) -> Any:
        after, t = row
        ahead = state + after
        moved = _joined(ahead, _moved(ahead, -1), _moved(ahead, -2, onward))
        return where(less(t + 1, lengths)[:, None], moved, start)

    rows = (later, sequence(static_dims(seen)[0]))
    return scan(step, rows, start, reverse=True)
