"""Cosine transforms of types I to IV, by Fourier transforms.

In flow real numbers, out real numbers along the last axis. `tf.signal` shows them.

Source: J. Makhoul, «A fast cosine transform in one and two dimensions» (1980).
"""

from __future__ import annotations

import math
from typing import Any, Final

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.complexes import complex as complex_
from rillet.ops.complexes import real
from rillet.ops.elementwise import exp, sqrt
from rillet.ops.filling import fill, zeros_like
from rillet.ops.fourier import irfft, rfft
from rillet.ops.host import integer, is_symbolic
from rillet.ops.rearrange import reverse
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import static_dims

_INVERSE: Final = {1: 1, 2: 3, 3: 2, 4: 4}


def _checked(op: str, x: Any, kind: int, n: Any, axis: int, norm: Any) -> None:
    if axis != -1:
        raise NotImplementedError(
            house_message(op, "axis must be -1", f"got {axis}", "Transpose first")
        )
    if kind not in _INVERSE:
        raise ValueError(
            house_message(op, "Types I, II, III and IV (I)DCT are supported", f"{kind}")
        )
    if norm not in (None, "ortho"):
        raise ValueError(
            house_message(op, "Unknown normalization", f"{norm!r}", "None or 'ortho'")
        )
    if n is not None and not is_symbolic(n) and n < 1:
        raise ValueError(house_message(op, "n should be a positive integer", f"{n}"))
    if kind == 1 and norm == "ortho":
        raise ValueError(
            house_message(op, "Normalization is not supported for the Type-I DCT")
        )
    last = x.shape[-1] if x.shape.rank else None
    size = n if n is not None and not is_symbolic(n) else last
    if kind == 1 and size is not None and size < 2:
        raise ValueError(
            house_message(op, "Type-I DCT requires more than one element in a row")
        )


def _sized(x: Any, n: Any) -> Any:
    """`x` cut or filled with zeros to `n` elements a row."""
    if n is None:
        return x
    size = static_dims(x)[-1]
    if not is_symbolic(size) and not is_symbolic(n) and n <= size:
        return x[..., :n]
    dims = list(static_dims(x))[:-1]
    room = fill([*dims, n], to_tensor(0, x.dtype))
    return concat([x, room], -1)[..., :n]


def _turned(count: Any, size: Any, sign: float, kind: Any) -> Any:
    """exp(sign · iπ k / (2 size)) for k below `count`."""
    angle = (
        cast(range_(count), kind) * (sign * math.pi / 2) / cast(to_tensor(size), kind)
    )
    return exp(complex_(zeros_like(angle), angle))


def _second(x: Any, size: Any, norm: Any) -> Any:
    kind = x.dtype
    found = rfft(x, fft_length=[2 * size])[..., :size]
    found = real(found * (2 * _turned(size, size, -1.0, kind)))
    if norm == "ortho":
        first = 0.5 / sqrt(cast(to_tensor(size), kind))
        found = found * _weights(first, first * math.sqrt(2), size)
    return found


def _weights(first: Any, others: Any, size: Any) -> Any:
    """A vector of `size` numbers, the first other than the rest."""
    place = cast(range_(size), first.dtype)
    head = cast(place < 0.5, first.dtype)
    return first * head + others * (1 - head)


def _third(x: Any, size: Any, norm: Any) -> Any:
    kind = x.dtype
    whole = cast(to_tensor(size), kind)
    if norm == "ortho":
        first = sqrt(whole)
        x = x * _weights(first, first * math.sqrt(0.5), size)
    else:
        x = x * whole
    turned = complex_(x, zeros_like(x)) * (2 * _turned(size, size, 1.0, kind))
    return irfft(turned, fft_length=[2 * size])[..., :size]


def _transformed(x: Any, kind: int, n: Any, norm: Any) -> Any:
    x = _sized(x, n)
    size = static_dims(x)[-1]
    if kind == 1:
        mirrored = concat([x, reverse(x, [-1])[..., 1:-1]], -1)
        return real(rfft(mirrored))
    if kind == 2:
        return _second(x, size, norm)
    if kind == 3:
        return _third(x, size, norm)
    wide = _sized(x, 2 * size)
    found = _second(wide, 2 * size, None)[..., 1::2]
    if norm == "ortho":
        found = found * math.sqrt(0.5) / sqrt(cast(to_tensor(size), found.dtype))
    return found


def dct(
    input: Any,
    type: int = 2,
    n: Any = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The cosine transform along the last axis.

    Args:
        input: float32 or float64, ``(..., samples)``.
        type: 1 to 4.
        n: the size to cut or fill with zeros to; as it is where None.
        axis: -1.
        norm: None, or ``"ortho"`` for a transform that keeps lengths.
        name: ignored when eager.

    Returns:
        ``(..., n)``.

    Raises:
        ValueError: for other types or norms, and type 1 with a norm.

    Example:
        >>> import rillet as tf
        >>> tf.signal.dct([1.0, 1.0]).numpy().round(3).tolist()
        [4.0, 0.0]
    """
    x = to_tensor(input)
    size = None if n is None else integer("signal.dct", "n", n)
    _checked("signal.dct", x, type, size, axis, norm)
    return _transformed(x, type, size, norm)


def idct(
    input: Any,
    type: int = 2,
    n: Any = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of `dct`, up to a factor where there is no norm.

    Arguments as for `dct`; `n` has to be None.
    """
    if n is not None:
        raise ValueError(
            house_message(
                "signal.idct", "n is not implemented, it must be None", f"{n}"
            )
        )
    x = to_tensor(input)
    _checked("signal.idct", x, type, None, axis, norm)
    return _transformed(x, _INVERSE[type], None, norm)
