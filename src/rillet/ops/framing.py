"""Signals cut into frames that may overlap, and put together again.

In flow samples, out frames, and back. `tf.signal` shows these functions.
"""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat, slice_op
from rillet.ops.elementwise import maximum
from rillet.ops.filling import fill
from rillet.ops.gather import gather, unsorted_segment_sum_op
from rillet.ops.host import integer, is_symbolic, plain
from rillet.ops.rearrange import expand_dims
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import reshape, static_dims
from rillet.ops.tiling import pad
from rillet.ops.transposes import transpose


def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: int = -1,
    name: str | None = None,
) -> Tensor:
    """A signal cut into frames.

    Args:
        signal: ``(..., samples, ...)``.
        frame_length: how many samples a frame has.
        frame_step: from the beginning of one to that of the next.
        pad_end: whether frames go on to the signal's end, filled with `pad_value`.
        pad_value: what stands after the signal.
        axis: the axis of samples.
        name: ignored when eager.

    Returns:
        ``(..., frames, frame_length, ...)``.

    Raises:
        ValueError: for a scalar.

    Example:
        >>> import rillet as tf
        >>> tf.signal.frame([1, 2, 3, 4, 5], 3, 2).numpy().tolist()
        [[1, 2, 3], [3, 4, 5]]
    """
    op = "signal.frame"
    x = to_tensor(signal)
    rank = x.shape.rank
    if rank is None or rank < 1:
        raise ValueError(
            house_message(op, "expected signal to have known rank >= 1", f"{x.shape}")
        )
    length = integer(op, "frame_length", frame_length)
    step = integer(op, "frame_step", frame_step)
    place = integer(op, "axis", axis) % rank
    dims = static_dims(x)
    samples = dims[place]
    if pad_end:
        count = -(-samples // step)
        missing = _not_negative(length + step * (count - 1) - samples)
        filling = fill(
            [*dims[:place], missing, *dims[place + 1 :]],
            to_tensor(pad_value, x.dtype),
        )
        x = concat([x, filling], place)
    else:
        count = _not_negative(1 + (samples - length) // step)
    starts = expand_dims(range_(count) * step, 1)
    places = starts + expand_dims(range_(length), 0)
    return gather(x, places, axis=place)


def _not_negative(value: Any) -> Any:
    return maximum(value, 0) if is_symbolic(value) else max(int(plain(value)), 0)


def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """Frames put together to a signal; where they overlap they add up.

    Args:
        signal: ``(..., frames, frame_length)``.
        frame_step: from the beginning of one frame to that of the next.
        name: ignored when eager.

    Returns:
        ``(..., samples)``, with ``(frames - 1) * frame_step + frame_length`` samples.

    Raises:
        ValueError: where there are less than two axes, or the step is no integer.

    Example:
        >>> import rillet as tf
        >>> tf.signal.overlap_and_add([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], 2).numpy()
        array([1., 1., 2., 1., 1.], dtype=float32)
    """
    op = "signal.overlap_and_add"
    x = to_tensor(signal)
    rank = x.shape.rank
    if rank is not None and rank < 2:
        raise ValueError(house_message(op, "signal must have rank >= 2", f"{x.shape}"))
    step = integer(op, "frame_step", frame_step)
    dims = static_dims(x)
    lead, count, length = dims[:-2], dims[-2], dims[-1]
    if not isinstance(length, int) or not isinstance(step, int):
        return _summed(x, lead, count, length, step)
    if step == length:
        return reshape(x, [*lead, count * length])
    # Frame f's part k of `step` samples adds to part f + k of the signal.
    parts = -(-length // step)
    none = [[0, 0]] * len(lead)
    x = pad(x, [*none, [0, 0], [0, parts * step - length]])
    x = reshape(x, [*lead, count, parts, step])
    total: Any = None
    for k in range(parts):
        own = slice_op(
            x,
            (*(0 for _ in lead), 0, k, 0),
            (*(-1 for _ in lead), -1, 1, -1),
        )
        own = reshape(own, [*lead, count, step])
        own = pad(own, [*none, [k, parts - 1 - k], [0, 0]])
        total = own if total is None else total + own
    whole = reshape(total, [*lead, (count + parts - 1) * step])
    return whole[..., : (count - 1) * step + length]


def _summed(x: Any, lead: Any, count: Any, length: Any, step: Any) -> Any:
    """The same where a frame's length is known only when a graph runs."""
    starts = expand_dims(range_(count) * step, 1)
    places = reshape(starts + expand_dims(range_(length), 0), [-1])
    flat = transpose(reshape(x, [-1, count * length]))
    whole = unsorted_segment_sum_op(flat, places, (count - 1) * step + length)
    return reshape(transpose(whole), [*lead, (count - 1) * step + length])
