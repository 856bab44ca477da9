"""Fourier transforms over the last one, two or three axes.

In flow complex numbers, or real ones for the transforms named ``rfft``, out the others.
`tf.signal` shows these functions; NumPy computes them, in the precision of the input.

With N the number of elements transformed, the adjoint of the transform is N times the
inverse one. A transform of real numbers keeps half of the frequencies: in its adjoint
those that it left out are made up for by the weights of `_halved`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import COMPLEX, DType, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import pad_op, slice_op, stack
from rillet.ops.elementwise import mul_op
from rillet.ops.host import integers, is_symbolic
from rillet.ops.rearrange import roll
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims

Array = np.ndarray[Any, Any]

_REAL = type_set(dtypes.float32, dtypes.float64)


def _refused(op: str, rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _check_rank(op: str, x: Any, rank: int) -> None:
    if x.shape is not None and len(x.shape) < rank:
        raise _refused(
            op, f"Input must have rank of at least {rank}", f"got {len(x.shape)}"
        )


def _scaled(x: Any, number: float) -> Any:
    kind = x.dtype.numpy_dtype
    return mul_op(x, Tensor(np.array(number, kind)))


def _count(x: Any, rank: int) -> int:
    return math.prod(static_dims(x)[-rank:])


def _complex_pair(name: str, rank: int) -> tuple[Op, Op]:
    """The records of a transform of complex numbers and of its inverse."""
    axes = tuple(range(-rank, 0))

    def kernel(transform: Callable[..., Array], op: str) -> Callable[..., Array]:
        def run(x: Array) -> Array:
            _check_rank(op, x, rank)
            if not x.size:
                return x
            return np.ascontiguousarray(transform(x, axes=axes), x.dtype)

        return run

    def infer(op: str) -> Callable[..., Spec]:
        def run(x: Spec) -> Spec:
            _check_rank(op, x, rank)
            return x

        return run

    def forth(x: Array, axes: Any) -> Array:
        return np.fft.fftn(x, axes=axes)

    def back(x: Array, axes: Any) -> Array:
        return np.fft.ifftn(x, axes=axes)

    one: Op = define(
        name,
        types=(COMPLEX,),
        kernel=kernel(forth, name.lower()),
        infer=infer(name.lower()),
        grad=(lambda g, y, x: _scaled(other(g), _count(x, rank)),),
    )
    other: Op = define(
        f"I{name}",
        types=(COMPLEX,),
        kernel=kernel(back, f"i{name.lower()}"),
        infer=infer(f"i{name.lower()}"),
        grad=(lambda g, y, x: _scaled(one(g), 1 / max(_count(x, rank), 1)),),
    )
    return one, other


fft_op, ifft_op = _complex_pair("FFT", 1)
fft2d_op, ifft2d_op = _complex_pair("FFT2D", 2)
fft3d_op, ifft3d_op = _complex_pair("FFT3D", 3)


def _wide(kind: DType) -> DType:
    return dtypes.complex64 if kind is dtypes.float32 else dtypes.complex128


def _halved(g: Any, size: int, inverse: bool) -> Any:
    """Frequencies weighted by half or twice, but for those that stand for one alone."""
    weights = np.full(size // 2 + 1, 2.0 if inverse else 0.5)
    weights[:1] = 1.0
    if size % 2 == 0:
        weights[-1:] = 1.0
    return mul_op(g, Tensor(weights.astype(g.dtype.numpy_dtype)))


def _fitted(x: Any, dims: Any) -> Any:
    """`x` with its last axes cut, or filled with zeros, to the sizes `dims`."""
    have = static_dims(x)
    lead = have[: len(have) - len(dims)]
    wanted = (*lead, *dims)
    if wanted == have:
        return x
    kept = [min(a, b) for a, b in zip(have, wanted, strict=True)]
    x = slice_op(x, (0,) * len(have), tuple(kept))
    room = tuple((0, b - a) for a, b in zip(kept, wanted, strict=True))
    return pad_op(x, room) if any(r for _, r in room) else x


def _fitted_array(x: Array, dims: tuple[int, ...]) -> Array:
    lead = x.ndim - len(dims)
    kept = [min(a, b) for a, b in zip(x.shape[lead:], dims, strict=True)]
    part: Any = (..., *[slice(0, n) for n in kept])
    x = x[part]
    if tuple(kept) == dims:
        return x
    room = [(0, 0)] * lead + [(0, b - a) for a, b in zip(kept, dims, strict=True)]
    return np.pad(x, room)


def _real_pair(name: str, rank: int) -> tuple[Op, Op]:
    """The records of a transform of real numbers and of its inverse."""
    axes = tuple(range(-rank, 0))
    short = name.lower()

    def check(op: str, x: Any, fft_length: Any) -> None:
        _check_rank(op, x, rank)
        if _is_known(fft_length):
            if len(fft_length) != rank:
                raise _refused(
                    op, f"fft_length must have shape [{rank}]", f"{fft_length}"
                )
            if min(fft_length) < 0:
                raise _refused(op, "fft_length must not be negative", f"{fft_length}")

    def forth(x: Array, fft_length: tuple[int, ...]) -> Array:
        check(short, x, fft_length)
        kind = np.complex64 if x.dtype == np.float32 else np.complex128
        lead = x.shape[: x.ndim - rank]
        if 0 in fft_length or 0 in lead:
            half = (*fft_length[:-1], fft_length[-1] // 2 + 1 if fft_length[-1] else 0)
            return np.zeros((*lead, *half), kind)
        found = np.fft.rfftn(_fitted_array(x, fft_length), axes=axes)
        return np.ascontiguousarray(found, kind)

    def back(x: Array, fft_length: tuple[int, ...]) -> Array:
        check(f"i{short}", x, fft_length)
        kind = np.float32 if x.dtype == np.complex64 else np.float64
        lead = x.shape[: x.ndim - rank]
        if 0 in fft_length or 0 in lead:
            return np.zeros((*lead, *fft_length), kind)
        half = (*fft_length[:-1], fft_length[-1] // 2 + 1)
        found = np.fft.irfftn(_fitted_array(x, half), fft_length, axes=axes)
        return np.ascontiguousarray(found, kind)

    def infer_forth(x: Spec, fft_length: Any) -> Spec:
        check(short, x, fft_length)
        sizes = _inner(fft_length, rank)
        last = sizes[-1]
        if isinstance(last, int):
            last = last // 2 + 1 if last else 0
        dims = None if x.shape is None else x.shape[: len(x.shape) - rank]
        whole = None if dims is None else (*dims, *sizes[:-1], last)
        return Spec(whole, _wide(x.dtype))

    def infer_back(x: Spec, fft_length: Any) -> Spec:
        check(f"i{short}", x, fft_length)
        dims = None if x.shape is None else x.shape[: len(x.shape) - rank]
        whole = None if dims is None else (*dims, *_inner(fft_length, rank))
        return Spec(whole, x.dtype.real_dtype)

    def grad_forth(g: Any, y: Any, x: Any, fft_length: Any) -> Any:
        sizes = static_dims(y)[-rank:-1] + (fft_length[-1],)
        found = other(_halved(g, int(sizes[-1]), False), tuple(fft_length))
        return _fitted(_scaled(found, math.prod(sizes)), static_dims(x)[-rank:])

    def grad_back(g: Any, y: Any, x: Any, fft_length: Any) -> Any:
        sizes = tuple(fft_length)
        found = _halved(one(g, sizes), int(sizes[-1]), True)
        found = _scaled(found, 1 / max(math.prod(sizes), 1))
        return _fitted(found, static_dims(x)[-rank:])

    one = define(
        name,
        types=(_REAL, None),
        kernel=forth,
        infer=infer_forth,
        grad=(grad_forth, None),
    )
    other = define(
        f"I{name}",
        types=(COMPLEX, None),
        kernel=back,
        infer=infer_back,
        grad=(grad_back, None),
    )
    return one, other


def _inner(fft_length: Any, rank: int) -> tuple[Any, ...]:
    return fft_length if _is_known(fft_length) else (None,) * rank


def _is_known(fft_length: Any) -> bool:
    """Whether sizes are numbers, not the spec of a vector of them."""
    return isinstance(fft_length, tuple) and not isinstance(fft_length, Spec)


rfft_op, irfft_op = _real_pair("RFFT", 1)
rfft2d_op, irfft2d_op = _real_pair("RFFT2D", 2)
rfft3d_op, irfft3d_op = _real_pair("RFFT3D", 3)


def fft(input: Any, name: str | None = None) -> Tensor:
    """The Fourier transform along the last axis.

    Args:
        input: complex64 or complex128, ``(..., n)``.
        name: ignored when eager.

    Returns:
        The sums of ``x[j] exp(-2πi jk/n)``, in the same shape and type.

    Raises:
        InvalidArgumentError: for a scalar, or another type.

    Example:
        >>> import rillet as tf
        >>> tf.signal.fft(tf.constant([1, 0, 0, 0], tf.complex64)).numpy().real.tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    return fft_op(input)


def ifft(input: Any, name: str | None = None) -> Tensor:
    """The inverse of `fft`."""
    return ifft_op(input)


def fft2d(input: Any, name: str | None = None) -> Tensor:
    """The Fourier transform along the last two axes."""
    return fft2d_op(input)


def ifft2d(input: Any, name: str | None = None) -> Tensor:
    """The inverse of `fft2d`."""
    return ifft2d_op(input)


def fft3d(input: Any, name: str | None = None) -> Tensor:
    """The Fourier transform along the last three axes."""
    return fft3d_op(input)


def ifft3d(input: Any, name: str | None = None) -> Tensor:
    """The inverse of `fft3d`."""
    return ifft3d_op(input)


def _lengths(op: str, x: Any, fft_length: Any, rank: int, inverse: bool) -> Any:
    if fft_length is not None:
        found = integers(op, "fft_length", fft_length)
        return found if is_symbolic(found) else tuple(found)
    dims = list(static_dims(x)[-rank:])
    if len(dims) < rank:
        raise _refused(op, f"Input must have rank of at least {rank}", f"got {x.shape}")
    if inverse:
        last = dims[-1]
        dims[-1] = max(0, 2 * (last - 1)) if isinstance(last, int) else 2 * (last - 1)
    return tuple(dims) if all(isinstance(d, int) for d in dims) else stack(dims)


def _forth(op: str, record: Op, x: Any, fft_length: Any, rank: int) -> Tensor:
    x = to_tensor(x, dtypes.float32) if not hasattr(x, "dtype") else to_tensor(x)
    return record(x, _lengths(op, x, fft_length, rank, False))


def _back(op: str, record: Op, x: Any, fft_length: Any, rank: int) -> Tensor:
    x = to_tensor(x, dtypes.complex64) if not hasattr(x, "dtype") else to_tensor(x)
    return record(x, _lengths(op, x, fft_length, rank, True))


def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last axis.

    Args:
        input_tensor: float32 or float64, ``(..., n)``.
        fft_length: the size to cut or fill with zeros to, ``[length]``; n where None.
        name: ignored when eager.

    Returns:
        The frequencies that are not negative, complex, ``(..., length // 2 + 1)``.

    Raises:
        InvalidArgumentError: for a scalar, or another type.

    Example:
        >>> import rillet as tf
        >>> tf.signal.rfft([1.0, 2.0, 3.0, 4.0]).numpy().tolist()
        [(10+0j), (-2+2j), (-2+0j)]
    """
    return _forth("rfft", rfft_op, input_tensor, fft_length, 1)


def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The inverse of `rfft`.

    Args:
        input_tensor: complex64 or complex128, ``(..., n)``.
        fft_length: the size of the result, ``[length]``; ``2 * (n - 1)`` where None.
        name: ignored when eager.

    Returns:
        Real numbers, ``(..., length)``.
    """
    return _back("irfft", irfft_op, input_tensor, fft_length, 1)


def rfft2d(
    input_tensor: Any, fft_length: Any = None, name: str | None = None
) -> Tensor:
    """`rfft` along the last two axes; `fft_length` has two sizes."""
    return _forth("rfft2d", rfft2d_op, input_tensor, fft_length, 2)


def irfft2d(
    input_tensor: Any, fft_length: Any = None, name: str | None = None
) -> Tensor:
    """The inverse of `rfft2d`."""
    return _back("irfft2d", irfft2d_op, input_tensor, fft_length, 2)


def rfft3d(
    input_tensor: Any, fft_length: Any = None, name: str | None = None
) -> Tensor:
    """`rfft` along the last three axes; `fft_length` has three sizes."""
    return _forth("rfft3d", rfft3d_op, input_tensor, fft_length, 3)


def irfft3d(
    input_tensor: Any, fft_length: Any = None, name: str | None = None
) -> Tensor:
    """The inverse of `rfft3d`."""
    return _back("irfft3d", irfft3d_op, input_tensor, fft_length, 3)


def _shifted(op: str, x: Any, axes: Any, sign: int) -> Tensor:
    x = to_tensor(x)
    rank = x.shape.rank or 0
    if axes is None:
        places = tuple(range(rank))
    else:
        places = tuple(a % max(rank, 1) for a in integers(op, "axes", axes))
    if not places:
        return x
    dims = static_dims(x)
    halves = [dims[a] // 2 if sign > 0 else -(dims[a] // 2) for a in places]
    return roll(x, halves, list(places))


def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Frequencies turned so that zero stands in the middle.

    Args:
        x: any tensor.
        axes: which axes to turn; all where None.
        name: ignored when eager.

    Example:
        >>> import rillet as tf
        >>> tf.signal.fftshift([0.0, 1.0, 2.0, -2.0, -1.0]).numpy().tolist()
        [-2.0, -1.0, 0.0, 1.0, 2.0]
    """
    return _shifted("fftshift", x, axes, 1)


def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted("ifftshift", x, axes, -1)
