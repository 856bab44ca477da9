"""Windows of signals: curves that fade out at both ends.

In: how many samples. Out: a vector. `tf.signal` shows these functions.

Sources: F. Harris, «On the use of windows for harmonic analysis with the discrete
Fourier transform» (1978); for `vorbis_window` the Vorbis I specification.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.bessel import bessel_i0
from rillet.ops.casting import cast
from rillet.ops.cumulative import cumsum
from rillet.ops.elementwise import maximum, sqrt
from rillet.ops.filling import ones
from rillet.ops.host import integer, is_symbolic
from rillet.ops.rearrange import reverse
from rillet.ops.sequences import range as range_
from rillet.ops.transcendental import cos, sin


def _floating(op: str, dtype: Any) -> DType:
    kind = as_dtype(dtype)
    if not kind.is_floating:
        raise ValueError(
            house_message(op, "dtype must be a floating point type", f"{kind.name}")
        )
    return kind


def _counted(length: Any, kind: DType) -> Any:
    return cast(range_(length), kind)


def _raised_cosine(
    op: str, window_length: Any, periodic: Any, dtype: Any, a: float, b: float
) -> Tensor:
    kind = _floating(op, dtype)
    length = integer(op, "window_length", window_length)
    if length is not None and not is_symbolic(length) and length == 1:
        return ones([1], kind)
    # Only windows of even length differ: those of odd length are symmetric either way.
    whole = length + (1 - length % 2 if periodic else 0) - 1
    angle = _counted(length, kind) * (2 * math.pi) / cast(to_tensor(whole), kind)
    return a - b * cos(angle)


def hann_window(
    window_length: Any,
    periodic: Any = True,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Hann's window, a raised cosine that ends in zeros.

    Args:
        window_length: how many samples.
        periodic: whether the sample after the last would be the first again.
        dtype: a floating type.
        name: ignored when eager.

    Returns:
        A vector of that type.

    Raises:
        ValueError: for another type.

    Example:
        >>> import rillet as tf
        >>> tf.signal.hann_window(4).numpy().round(3).tolist()
        [0.0, 0.5, 1.0, 0.5]
    """
    op = "signal.hann_window"
    return _raised_cosine(op, window_length, periodic, dtype, 0.5, 0.5)


def hamming_window(
    window_length: Any,
    periodic: Any = True,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Hamming's window; arguments as for `hann_window`."""
    op = "signal.hamming_window"
    return _raised_cosine(op, window_length, periodic, dtype, 0.54, 0.46)


def vorbis_window(
    window_length: Any, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """The window of Vorbis: halves of neighbours add up to one in power."""
    op = "signal.vorbis_window"
    kind = _floating(op, dtype)
    length = integer(op, "window_length", window_length)
    place = _counted(length, kind)
    arc = sin(math.pi / cast(to_tensor(length), kind) * (place + 0.5))
    return sin(math.pi / 2 * arc * arc)


def kaiser_window(
    window_length: Any,
    beta: Any = 12.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Kaiser's window.

    Args:
        window_length: how many samples.
        beta: how steeply it falls.
        dtype: a floating type.
        name: ignored when eager.
    """
    op = "signal.kaiser_window"
    kind = _floating(op, dtype)
    length = integer(op, "window_length", window_length)
    if not is_symbolic(length) and length == 1:
        return ones([1], kind)
    half = (cast(to_tensor(length), kind) - 1) / 2
    place = _counted(length, kind) - half
    width = cast(to_tensor(beta), kind)
    inside = maximum(1 - (place / half) ** 2, to_tensor(0, kind))
    return bessel_i0(width * sqrt(inside)) / bessel_i0(width)


def kaiser_bessel_derived_window(
    window_length: Any,
    beta: Any = 12.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """The window of AAC and Vorbis that Kaiser's gives; arguments as for that."""
    op = "signal.kaiser_bessel_derived_window"
    length = integer(op, "window_length", window_length)
    sums = cumsum(kaiser_window(length // 2 + 1, beta, dtype))
    half = sqrt(sums[:-1] / sums[-1])
    return concat([half, reverse(half, [0])], 0)
