"""Complex numbers: their parts, their angle, and making them of parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import COMPLEX, type_set
from rillet.core.errors import house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.compare import less_op
from rillet.ops.elementwise import conj_op, mul_op, neg_op, reciprocal_op, sub_op
from rillet.ops.mask import select_op
from rillet.ops.registry import Op, define
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]

_PARTS = type_set(dtypes.float32, dtypes.float64)


def _complex(real: Array, imag: Array) -> Array:
    kind = np.complex64 if real.dtype == np.float32 else np.complex128
    out = np.empty(np.broadcast_shapes(real.shape, imag.shape), kind)
    out.real, out.imag = real, imag
    return out


def _infer_complex(real: Spec, imag: Spec) -> Spec:
    single = real.dtype is dtypes.float32
    kind = dtypes.complex64 if single else dtypes.complex128
    if real.shape is None or imag.shape is None:
        return Spec(None, kind)
    return Spec(broadcast_dims("complex", real.shape, imag.shape), kind)


complex_op: Op = define(
    "Complex",
    types=(_PARTS, 0),
    kernel=_complex,
    infer=_infer_complex,
    grad=(
        lambda g, z, real, imag: sum_to(real_op(g), real),
        lambda g, z, real, imag: sum_to(imag_op(g), imag),
    ),
    quiet=False,
)


def _part(x: Spec) -> Spec:
    return Spec(x.shape, x.dtype.real_dtype)


def _zero(x: Any) -> Any:
    """Zeros of the shape and type of `x`."""
    return sub_op(x, x)


real_op: Op = define(
    "Real",
    types=(COMPLEX,),
    kernel=lambda x: np.array(x.real),
    infer=_part,
    grad=(lambda g, y, x: complex_op(g, _zero(g)),),
    quiet=False,
)
imag_op: Op = define(
    "Imag",
    types=(COMPLEX,),
    kernel=lambda x: np.array(x.imag),
    infer=_part,
    grad=(lambda g, y, x: complex_op(_zero(g), g),),
    quiet=False,
)


def _grad_angle(g: Any, y: Any, x: Any) -> Any:
    turned = reciprocal_op(complex_op(imag_op(x), real_op(x)))
    return neg_op(mul_op(complex_op(g, _zero(g)), turned))


angle_op: Op = define(
    "Angle", types=(COMPLEX,), kernel=np.angle, infer=_part, grad=(_grad_angle,)
)


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Complex numbers from real and imaginary parts.

    Args:
        real: a float32 or float64 tensor.
        imag: a tensor of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A complex64 tensor of float32 parts, complex128 of float64 ones.

    Raises:
        TypeError: for other types, or types that differ.

    Example:
        >>> import rillet as tf
        >>> tf.complex([1.], [2.]).numpy().tolist()
        [(1+2j)]
    """
    x, y = to_tensor(real), to_tensor(imag)
    if x.dtype is not y.dtype or x.dtype.numpy_dtype not in _PARTS:
        raise TypeError(
            house_message(
                "complex",
                "The `real` and `imag` components have incorrect types: they must be"
                " the same, float32 or float64",
                f"got {x.dtype.name} and {y.dtype.name}",
                "Convert them with tf.cast",
            )
        )
    return complex_op.run(x, y)


def real(input: Any, name: str | None = None) -> Tensor:
    """The real part; a real tensor itself."""
    x = to_tensor(input)
    return real_op.run(x) if x.dtype.is_complex else x


def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary part; zeros for a real tensor."""
    x = to_tensor(input)
    if x.dtype.is_complex:
        return imag_op.run(x)
    return Tensor(np.zeros(x.shape, x.dtype.numpy_dtype))


def angle(input: Any, name: str | None = None) -> Tensor:
    """The angle of complex numbers, from -π to π; π for negative real ones, else 0.

    Example:
        >>> import rillet as tf
        >>> tf.math.angle([1., -2.]).numpy().tolist()
        [0.0, 3.1415927410125732]
    """
    x = to_tensor(input)
    if x.dtype.is_complex:
        return angle_op.run(x)
    half_turn = Tensor(np.array(np.pi).astype(x.dtype.numpy_dtype))
    zero = Tensor(np.zeros((), x.dtype.numpy_dtype))
    return select_op.run(less_op.run(x, zero), half_turn, zero)


def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugate; a real tensor itself.

    Raises:
        TypeError: for strings and booleans.
    """
    value = to_tensor(x)
    if value.dtype.is_complex:
        return conj_op.run(value)
    if not value.dtype.is_numeric:
        raise TypeError(
            house_message("conj", "Expected a numeric tensor", f"got {value.dtype!r}")
        )
    return value
