"""Conversion between types: Cast, plain and saturating."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import (
    ANY,
    DType,
    as_dtype,
)
from rillet.core.errors import (
    UnimplementedError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]

cast_op: Op = define(
    "Cast",
    types=(ANY,),
    kernel=lambda x, DstT: cast_array(x, DstT),
    infer=lambda x, DstT: Spec(x.shape, DstT),
    grad=(lambda g, y, x, DstT: cast_op(g, DstT=x.dtype),),
    attrs={"DstT": None},
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
                f"from {x.dtype} to {dtype.name}",
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
        low = np.where((x >= 0) & (x < limit), x, 0).astype(np.int64).view(np.uint64)
        high = np.where(x >= limit, x - limit, 0).astype(np.int64).view(np.uint64)
        value = np.where(x >= limit, high + np.uint64(2**63), low)
        negative = np.where(x < 0, x, 0).astype(np.int64).view(np.uint64)
        return np.where(x < 0, negative, value)
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
