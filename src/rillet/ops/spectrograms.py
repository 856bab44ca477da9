"""Spectrograms: short-time Fourier and cosine transforms of signals, and back.

In flow samples, out frequencies frame by frame. `tf.signal` shows these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.cosine_transforms import dct
from rillet.ops.elementwise import square
from rillet.ops.fourier import irfft, rfft
from rillet.ops.framing import frame, overlap_and_add
from rillet.ops.host import integer, is_symbolic
from rillet.ops.rearrange import reverse
from rillet.ops.shaping import reduce_sum, reshape, static_dims
from rillet.ops.signal_windows import hann_window, vorbis_window
from rillet.ops.splits import split
from rillet.ops.tiling import pad, tile

#: Gives a window of a length, in a type.
WindowFn = Callable[..., Any]


def _power_of_two(value: Any) -> int:
    """The smallest power of two that is no less."""
    if is_symbolic(value):
        raise ValueError(
            house_message(
                "signal.stft",
                "frame_length is known only when the graph runs",
                fix="Give fft_length",
            )
        )
    return 1 << max(int(value) - 1, 0).bit_length()


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: WindowFn | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """The short-time Fourier transform.

    Args:
        signals: float32 or float64, ``(..., samples)``.
        frame_length: how many samples a frame has.
        frame_step: from the beginning of one to that of the next.
        fft_length: the size of a frame's transform; the next power of two where None.
        window_fn: gives what frames are multiplied with: ``(length, dtype=...)``; None
            for nothing.
        pad_end: whether frames go on to the signal's end, with zeros after it.
        name: ignored when eager.

    Returns:
        Complex, ``(..., frames, fft_length // 2 + 1)``.

    Raises:
        ValueError: for scalars.

    Example:
        >>> import rillet as tf
        >>> tf.signal.stft(tf.zeros([2, 1000]), 256, 128).shape
        TensorShape([2, 6, 129])
    """
    op = "signal.stft"
    x = to_tensor(signals)
    length = integer(op, "frame_length", frame_length)
    step = integer(op, "frame_step", frame_step)
    size = _power_of_two(length) if fft_length is None else fft_length
    frames = frame(x, length, step, pad_end=pad_end)
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype)
    return rfft(frames, fft_length=[integer(op, "fft_length", size)])


def inverse_stft_window_fn(
    frame_step: Any,
    forward_window_fn: WindowFn = hann_window,
    name: str | None = None,
) -> WindowFn:
    """The window for `inverse_stft` under which it undoes `stft`.

    Args:
        frame_step: that of the transform.
        forward_window_fn: its window.
        name: ignored when eager.

    Returns:
        A function of a length and a type that gives the window.

    Source: D. Griffin and J. Lim, «Signal estimation from modified short-time Fourier
    transform» (1984).
    """
    step = integer("signal.inverse_stft_window_fn", "frame_step", frame_step)

    def window(frame_length: Any, dtype: Any = dtypes.float32) -> Tensor:
        length = integer("signal.inverse_stft", "frame_length", frame_length)
        forward = forward_window_fn(length, dtype=dtype)
        parts = -(-length // step)
        power = pad(square(forward), [[0, parts * step - length]])
        sums = reduce_sum(reshape(power, [parts, step]), 0, keepdims=True)
        total = reshape(tile(sums, [parts, 1]), [parts * step])[:length]
        return forward / total

    return window


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: WindowFn | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """The inverse of `stft`, where the window fits; see `inverse_stft_window_fn`.

    Args:
        stfts: complex, ``(..., frames, fft_length // 2 + 1)``.
        frame_length: as in `stft`, and so the others.

    Returns:
        Real, ``(..., samples)``.
    """
    op = "signal.inverse_stft"
    x = to_tensor(stfts)
    length = integer(op, "frame_length", frame_length)
    step = integer(op, "frame_step", frame_step)
    size = _power_of_two(length) if fft_length is None else fft_length
    size = integer(op, "fft_length", size)
    frames = irfft(x, fft_length=[size])
    if not is_symbolic(size) and not is_symbolic(length) and size < length:
        room = [[0, 0]] * (len(frames.shape) - 1)
        frames = pad(frames, [*room, [0, length - size]])
    frames = frames[..., :length]
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype)
    return overlap_and_add(frames, step)


def mdct(
    signals: Any,
    frame_length: Any,
    window_fn: WindowFn | None = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The modified cosine transform: frames overlap by half, frequencies are real.

    Args:
        signals: float32 or float64, ``(..., samples)``.
        frame_length: how many samples a frame has, divisible by 4.
        window_fn: gives a window of a length and type; None for a rectangle.
        pad_end: whether frames go on to the signal's end, with zeros after it.
        norm: None or ``"ortho"``.
        name: ignored when eager.

    Returns:
        ``(..., frames, frame_length // 2)``.

    Raises:
        ValueError: where the length is not divisible by 4.

    Source: J. Princen, A. Johnson and A. Bradley, «Subband/transform coding using
    filter bank designs based on time domain aliasing cancellation» (1987).
    """
    op = "signal.mdct"
    x = to_tensor(signals)
    length = integer(op, "frame_length", frame_length)
    if not is_symbolic(length) and length % 4:
        raise ValueError(
            house_message(op, "The frame length must be a multiple of 4", f"{length}")
        )
    frames = frame(x, length, length // 2, pad_end=pad_end)
    frames = frames * _mdct_window(window_fn, length, frames.dtype)
    a, b, c, d = split(frames, 4, axis=-1)
    first = -reverse(c, [-1]) - d
    second = a - reverse(b, [-1])
    return dct(concat([first, second], -1), type=4, norm=norm)


def _mdct_window(window_fn: WindowFn | None, length: Any, kind: DType) -> Any:
    if window_fn is None:
        return to_tensor(math.sqrt(0.5), kind)
    return window_fn(length, dtype=kind)


def inverse_mdct(
    mdcts: Any,
    window_fn: WindowFn | None = vorbis_window,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of `mdct`, but for the first and the last half frame.

    Args:
        mdcts: ``(..., frames, frame_length // 2)``.
        window_fn: that of the transform.
        norm: that of the transform.
        name: ignored when eager.

    Returns:
        ``(..., samples)``.
    """
    x = to_tensor(mdcts)
    half = static_dims(x)[-1]
    found = dct(x, type=4, norm=norm)
    if norm is None:
        found = found * (0.5 / cast(to_tensor(half), found.dtype))
    first, second = split(found, 2, axis=-1)
    parts = [second, -reverse(second, [-1]), -reverse(first, [-1]), -first]
    frames = concat(parts, -1)
    frames = frames * _mdct_window(window_fn, 2 * half, frames.dtype)
    return overlap_and_add(frames, half)
