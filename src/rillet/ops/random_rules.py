"""What every random op asks of its arguments: shapes, types, seeds; and its specs.

In: what users pass. Out: plain tuples and types, the specs of results, or the errors
in TensorFlow's words. Called by `random`, `stateless_random`, `candidate_sampling` and
`generator`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import InvalidArgumentError, OperandTypeError, house_message
from rillet.core.shapes import TensorShape, broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import integers, is_symbolic, plain
from rillet.ops.shaping import broadcast_to, static_dims

Array = np.ndarray[Any, Any]

UNIFORM_TYPES = (
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.int64,
)

COUNT_TYPES = (
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.int64,
)


def refusal(op: str, rule: str, values: str = "", fix: str = "") -> Exception:
    """Return the error of an op that cannot work on its arguments."""
    return InvalidArgumentError(house_message(op, rule, values, fix))


def shape_argument(op: str, shape: Any) -> Any:
    """Return a shape as a tuple of ints; a symbolic one as it is.

    Raises:
        InvalidArgumentError: where it is a single number or holds no integers.
    """
    if isinstance(shape, TensorShape):
        return integers(op, "shape", shape)
    value = plain(shape)
    if is_symbolic(value):
        return value
    if not isinstance(value, list | tuple | range):
        array = np.asarray(value)
        if array.ndim != 1:
            raise refusal(
                op,
                f"shape must be a vector of {{int32,int64}}, got shape"
                f" {list(array.shape)}",
                f"shape={shape!r}",
                f"Use shape=[{shape}]" if array.ndim == 0 else "",
            )
        if array.size and array.dtype.kind not in "iu":
            raise _not_integers(op, shape)
        return tuple(int(size) for size in array)
    try:
        return integers(op, "shape", value)
    except TypeError:
        raise _not_integers(op, shape) from None


def _not_integers(op: str, shape: Any) -> Exception:
    return refusal(op, "shape must be a vector of {int32,int64}", f"shape={shape!r}")


def shape_type(shape: Any) -> str:
    """Return the name of the type a shape becomes as a tensor.

    TensorFlow's kernels are told apart by it, so equal seeds with shapes of another
    type start a stream of their own.
    """
    if isinstance(shape, Tensor | np.ndarray):
        return str(shape.dtype.name)
    if isinstance(shape, list | tuple) and any(isinstance(d, np.int64) for d in shape):
        return "int64"
    return "int32"


def checked_size(op: str, shape: tuple[int, ...]) -> int:
    """Return how many elements `shape` has.

    Raises:
        InvalidArgumentError: where a size is negative.
    """
    for size in shape:
        if size < 0:
            raise refusal(op, f"Dimension {size} must be >= 0", f"shape={list(shape)}")
    return math.prod(shape)


def shape_spec(shape: Any, dtype: DType) -> Spec:
    """Return the spec of a result of `shape`, a tuple or what is yet unknown."""
    if isinstance(shape, Spec | Tensor):
        return Spec(None, dtype)
    return Spec(tuple(shape), dtype)


def joined_spec(shape: Any, inner: Spec, dtype: DType) -> Spec:
    """Return the spec of a result of `shape` samples for each element of `inner`."""
    if isinstance(shape, Spec | Tensor) or inner.shape is None:
        return Spec(None, dtype)
    return Spec((*shape, *inner.shape), dtype)


def checked_type(op: str, dtype: Any, accepted: tuple[DType, ...]) -> DType:
    """Return `dtype` as a type among the accepted ones.

    Raises:
        ValueError: where it is none of them.
    """
    wanted = as_dtype(dtype)
    if wanted not in accepted:
        names = ", ".join(f"tf.{t.name}" for t in accepted)
        raise ValueError(
            house_message(
                op,
                f"Argument `dtype` got invalid value {wanted!r}",
                f"Accepted dtypes are ({names})",
            )
        )
    return wanted


def checked_seed(op: str, seed: Array) -> Array:
    """Return a stateless op's seed.

    Raises:
        InvalidArgumentError: where it is not a pair.
    """
    if seed.shape != (2,):
        raise refusal(
            op,
            f"seed must have shape [2], not {list(seed.shape)}",
            f"seed={seed.tolist()}",
            "Pass two integers, e.g. seed=[1, 2]",
        )
    return seed


def checked_limits(op: str, low: Array, high: Array) -> tuple[int, int]:
    """Return the limits of uniform integers.

    Raises:
        InvalidArgumentError: where one is no scalar, or they leave no value.
    """
    for name, limit in (("minval", low), ("maxval", high)):
        if limit.ndim:
            raise refusal(
                op,
                f"{name} must be 0-D, got shape {list(limit.shape)}",
                f"{name}={limit.tolist()}",
            )
    first, last = int(low), int(high)
    if first >= last:
        raise refusal(op, f"Need minval < maxval, got {first} >= {last}")
    return first, last


def samples_for(op: str, shape: tuple[int, ...], inner: tuple[int, ...]) -> int:
    """Return how many samples each of ``inner``'s distributions gets in `shape`.

    Raises:
        InvalidArgumentError: where `shape` does not end with `inner`.
    """
    checked_size(op, shape)
    if tuple(shape[len(shape) - len(inner) :]) != inner or len(inner) > len(shape):
        raise refusal(
            op,
            "Shape passed in must end with broadcasted shape",
            f"shape={list(shape)}, the parameters have shape {list(inner)}",
            f"Use shape=[..., {', '.join(map(str, inner))}]" if inner else "",
        )
    return math.prod(shape[: len(shape) - len(inner)])


def checked_float(op: str, dtype: DType) -> None:
    """Refuse a type that is no float.

    Raises:
        OperandTypeError: in that case; TensorFlow raises either of its bases.
    """
    if not dtype.is_floating:
        raise OperandTypeError(
            house_message(
                op,
                f"Value for attr 'dtype' of {dtype.name} is not in the list of allowed"
                " values",
                "half, bfloat16, float, double",
                "Draw floats and convert them with tf.cast, or draw integers with"
                " tf.random.uniform(shape, low, high, tf.int32)",
            )
        )


def broadcast_pair(op: str, first: Any, second: Any) -> Any:
    """Return `first` broadcast against `second`."""
    shape = broadcast_dims(op, static_dims(first), static_dims(second))
    return first if shape == static_dims(first) else broadcast_to(first, shape)


def smallest(dtype: DType) -> Any:
    """Return the smallest normal number of a float type, as a tensor."""
    kind = dtype.numpy_dtype
    tiny = np.finfo(np.float32 if dtype is dtypes.bfloat16 else kind).tiny
    return to_tensor(np.asarray(tiny, kind))


def pair_dims(op: str, first: Any, second: Any) -> tuple[int, ...]:
    """Return the shape that two tensors broadcast to."""
    dims = broadcast_dims(op, static_dims(first), static_dims(second))
    return tuple(d or 0 for d in dims)
