"""Conversion between types: Cast, plain and saturating."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, FROM_NUMPY, REAL, DType, as_dtype
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.spec import Spec
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.selecting import select
from rillet.ops.shape_rules import same_as_input

Array = np.ndarray[Any, Any]

cast_op: Op = define(
    "Cast",
    types=(ANY,),
    kernel=lambda x, DstT: cast_array(x, DstT),
    infer=lambda x, DstT: Spec(x.shape, DstT),
    grad=(lambda g, y, x, DstT: cast_op(g, DstT=x.dtype),),
    attrs={"DstT": None},
    lower=Map(lambda b, x, DstT: b.converted(x, DstT.name)),
)


def cast_array(x: Array, dtype: DType) -> Array:
    """An array in another type, out-of-range floats as TensorFlow casts them.

    A float outside the integer type's range, or NaN, becomes that type's smallest
    value where it is int32 or int64 (what x86's conversion gives); narrower types take
    the low bits of that conversion.
    """
    target = dtype.numpy_dtype
    if x.dtype == target:
        return x
    if x.dtype.kind == "O" or dtype.name == "string":
        raise UnimplementedError(
            house_message(
                "cast",
                "strings and numbers do not convert",
                f"from {FROM_NUMPY[x.dtype].name} to {dtype.name}",
                "Use tf.strings.to_number or tf.strings.as_string",
            )
        )
    if x.dtype.kind == "c" and target.kind != "c":
        x = x.real
    if dtype.is_bool:
        return np.not_equal(x, x.dtype.type(0))
    if dtype.is_integer and x.dtype.kind in "fV":
        return _to_integer(x, target)
    return x.astype(target)


def _to_integer(x: Array, target: np.dtype[Any]) -> Array:
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    wide: Any = np.dtype(
        np.int64 if target.itemsize == 8 or target == np.uint32 else np.int32
    )
    limit = 2.0 ** (wide.itemsize * 8 - 1)
    if target.kind == "i" and (x.size == 0 or np.abs(x).max() < limit):
        return x.astype(wide).astype(target, copy=False)
    if target == np.uint64:
        top = np.uint64(2**63)
        inside, above = (x >= -limit) & (x < limit), (x >= limit) & (x < 2 * limit)
        low = np.where(inside, x, 0).astype(np.int64).view(np.uint64)
        high = np.where(above, x - limit, 0).astype(np.int64).view(np.uint64)
        return np.where(inside, low, high + top)
    inside = (x >= -limit) & (x < limit)
    whole = np.where(inside, x, 0).astype(wide)
    return np.where(inside, whole, np.iinfo(wide).min).astype(target)


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """A tensor of another type.

    Args:
        x: a numeric or boolean tensor.
        dtype: the new type.
        name: ignored when eager.

    Returns:
        A tensor of the same shape; floats lose their fraction towards zero, complex
        numbers their imaginary part. `x` itself where it has the type.

    Raises:
        UnimplementedError: from or to strings.

    Example:
        >>> import rillet as tf
        >>> tf.cast([1.8, -2.2], tf.int32).numpy().tolist()
        [1, -2]
    """
    wanted = as_dtype(dtype)
    convert = getattr(x, "_cast", None)
    if convert is not None:
        return convert(wanted)
    x = to_tensor(x)
    return x if x.dtype is wanted else cast_op(x, DstT=wanted)


def _limits(source: DType, target: DType) -> tuple[Any, Any]:
    """The range of `target` within `source`; None where it is no bound there."""
    kind = source.numpy_dtype.type
    low, high = target.min, target.max
    if source.is_integer:
        own_low, own_high = source.min, source.max
        return (
            kind(low) if low > own_low else None,
            kind(high) if high < own_high else None,
        )
    if target.is_floating:
        if float(high) >= float(source.max):
            return None, None
        return kind(float(low)), kind(float(high))
    wide = np.float32 if source.size == 2 else kind
    if high > float(source.max):
        return (kind(low) if low == 0 else None), None
    top = wide(high)
    if int(top) > high:
        top = np.nextafter(top, wide(0))
    limit = kind(top)
    if int(limit) > high:
        limit = np.nextafter(limit, kind(0))
    return kind(low), limit


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """A tensor of another type, values beyond its range brought to its ends.

    Args:
        value: a numeric tensor.
        dtype: the new type.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rillet as tf
        >>> tf.saturate_cast([300., -5., 1.5], tf.uint8).numpy().tolist()
        [255, 0, 1]
    """
    wanted, x = as_dtype(dtype), to_tensor(value)
    if x.dtype.is_complex and not wanted.is_complex:
        x = cast(x, x.dtype.real_dtype)
    source = x.dtype
    if source is wanted or wanted.is_complex or wanted.is_bool or source.is_bool:
        return cast(x, wanted)
    low, high = _limits(source, wanted)
    return cast(_clamp_op(x, low=low, high=high), wanted)


def _clamp(x: Array, low: Any = None, high: Any = None) -> Array:
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _grad_clamp(g: Any, y: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    return _clamp_grad_op(g, x, low=low, high=high)


def _lower_clamp(b: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    if low is not None:
        x = b.maximum(x, low.item())
    return x if high is None else b.minimum(x, high.item())


def _lower_clamp_grad(b: Any, g: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    return b.select(b.eq(_lower_clamp(b, x, low, high), x), g, 0)


_clamp_op: Op = define(
    "RilletClamp",
    types=(REAL,),
    kernel=_clamp,
    infer=same_as_input,
    grad=(_grad_clamp,),
    attrs={"low": None, "high": None},
    lower=Map(_lower_clamp),
)
_clamp_grad_op: Op = define(
    "RilletClampGrad",
    types=(REAL, 0),
    kernel=lambda g, x, low=None, high=None: select(
        np.equal(_clamp(x, low, high), x), g, g.dtype.type(0)
    ),
    infer=same_as_input,
    grad=(
        lambda h, z, g, x, low=None, high=None: _clamp_grad_op(
            h, x, low=low, high=high
        ),
        None,
    ),
    attrs={"low": None, "high": None},
    lower=Map(_lower_clamp_grad),
)
