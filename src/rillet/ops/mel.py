"""Mel frequencies: how ears hear pitch, and the coefficients that speech is known by.

In flow spectrograms, out features. `tf.signal` shows these functions.

Source: the scale is ``1127 ln(1 + f / 700)``, that of HTK.
"""

from __future__ import annotations

import math
from typing import Any, Final

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.cosine_transforms import dct
from rillet.ops.elementwise import log, maximum, minimum, sqrt
from rillet.ops.host import integer, plain
from rillet.ops.rearrange import expand_dims
from rillet.ops.sequences import linspace
from rillet.ops.shaping import static_dims
from rillet.ops.tiling import pad

_BREAK_HERTZ: Final = 700.0
_HIGH_Q: Final = 1127.0


def _mels(hertz: Any) -> Any:
    return log(hertz / _BREAK_HERTZ + 1.0) * _HIGH_Q


def _mel(hertz: float) -> float:
    return _HIGH_Q * math.log(1.0 + hertz / _BREAK_HERTZ)


def _checked(bins: int, rate: Any, low: float, high: float, kind: Any) -> None:
    op = "signal.linear_to_mel_weight_matrix"
    rules = [
        (bins > 0, "num_mel_bins must be positive", bins),
        (low >= 0, "lower_edge_hertz must be non-negative", low),
        (
            low < high,
            "lower_edge_hertz must lie below upper_edge_hertz",
            (low, high),
        ),
        (kind.is_floating, "dtype must be a floating point type", kind.name),
    ]
    if isinstance(rate, int | float):
        rules.append((rate > 0, "sample_rate must be positive", rate))
        rules.append(
            (
                high <= rate / 2,
                "upper_edge_hertz must not be larger than the Nyquist frequency"
                " (sample_rate / 2)",
                (high, rate),
            )
        )
    for holds, rule, value in rules:
        if not holds:
            raise ValueError(house_message(op, rule, f"got {value}"))


def linear_to_mel_weight_matrix(
    num_mel_bins: Any = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: Any = 125.0,
    upper_edge_hertz: Any = 3800.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """The matrix that takes spectrograms to mel spectrograms: overlapping triangles.

    Args:
        num_mel_bins: how many bands of mels.
        num_spectrogram_bins: how many frequencies the spectrogram has.
        sample_rate: samples a second.
        lower_edge_hertz: where the lowest band begins.
        upper_edge_hertz: where the highest ends.
        dtype: a floating type.
        name: ignored when eager.

    Returns:
        ``(num_spectrogram_bins, num_mel_bins)``.

    Raises:
        ValueError: where the edges do not ascend or lie too high.

    Example:
        >>> import rillet as tf
        >>> tf.signal.linear_to_mel_weight_matrix(4, 9).shape
        TensorShape([9, 4])
    """
    op = "signal.linear_to_mel_weight_matrix"
    kind = as_dtype(dtype)
    bins = integer(op, "num_mel_bins", num_mel_bins)
    count = integer(op, "num_spectrogram_bins", num_spectrogram_bins)
    low, high = float(plain(lower_edge_hertz)), float(plain(upper_edge_hertz))
    rate = plain(sample_rate)
    if hasattr(rate, "item") and not isinstance(rate, Tensor):
        rate = rate.item()
    _checked(bins, rate, low, high, kind)
    nyquist = cast(to_tensor(rate), kind) / 2
    zero = to_tensor(0.0, kind)
    heard = expand_dims(_mels(linspace(zero, nyquist, count)[1:]), 1)
    first, last = to_tensor(_mel(low), kind), to_tensor(_mel(high), kind)
    edges = expand_dims(linspace(first, last, bins + 2), 0)
    lower, centre, upper = edges[:, :-2], edges[:, 1:-1], edges[:, 2:]
    rising = (heard - lower) / (centre - lower)
    falling = (upper - heard) / (upper - centre)
    # The frequency zero has no pitch.
    return pad(maximum(zero, minimum(rising, falling)), [[1, 0], [0, 0]])


def mfccs_from_log_mel_spectrograms(
    log_mel_spectrograms: Any, name: str | None = None
) -> Tensor:
    """Mel-frequency cepstral coefficients: the cosine transform of logarithms of mels.

    Args:
        log_mel_spectrograms: float32 or float64, ``(..., num_mel_bins)``.
        name: ignored when eager.

    Returns:
        As many coefficients, in the same shape.

    Raises:
        ValueError: where there are no bins.
    """
    x = to_tensor(log_mel_spectrograms)
    size = static_dims(x)[-1]
    if isinstance(size, int) and size == 0:
        raise ValueError(
            house_message(
                "signal.mfccs_from_log_mel_spectrograms",
                "num_mel_bins must be positive",
                f"shape is {x.shape}",
            )
        )
    return dct(x, type=2) / sqrt(cast(to_tensor(size), x.dtype) * 2.0)
