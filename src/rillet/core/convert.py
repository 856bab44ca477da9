"""Python, NumPy and pandas values become tensors here, by TensorFlow's rules.

Integers become int32 (int64 where they do not fit), floats float32, NumPy arrays keep
their type; types never mix silently. Every op that receives something else than a
tensor comes through `to_tensor`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.composite import CompositeTensor, refuse
from rillet.core.describe import describe, out_of_memory
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import as_shape
from rillet.core.tensor import Tensor
from rillet.core.values import OWN, WEAK, leaf_types, to_array

Array = np.ndarray[Any, Any]

_converters: list[tuple[int, tuple[type, ...], Callable[..., Any]]] = []


def register_tensor_conversion_function(
    base_type: Any, conversion_func: Callable[..., Any], priority: int = 100
) -> None:
    """Teach `tf.convert_to_tensor` a type.

    Args:
        base_type: the type, or a tuple of types.
        conversion_func: called with ``(value, dtype, name, as_ref)``; gives a tensor
            or `NotImplemented`.
        priority: lower ones are asked first.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    _converters.append((priority, types, conversion_func))
    _converters.sort(key=lambda row: row[0])


def to_tensor(value: Any, dtype: DType | None = None, hint: DType | None = None) -> Any:
    """`value` as a tensor.

    Args:
        value: a tensor, variable, Python number, string, (nested) list, NumPy array,
            or anything with `__array__`.
        dtype: the type it must have; None to infer it.
        hint: the type it gets where its own is only Python's.

    Returns:
        A `Tensor`; the very same object where it is one already.

    Raises:
        ValueError: where the value has no such type, or lists are ragged.
        TypeError: where a Python value does not fit the type.
    """
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype is not dtype:
            raise ValueError(
                house_message(
                    "convert_to_tensor",
                    f"Tensor conversion requested dtype {dtype.name} for Tensor with"
                    f" dtype {value.dtype.name}",
                    describe(value),
                    f"Convert it with tf.cast(x, tf.{dtype.name})",
                )
            )
        return value
    read = getattr(value, "_dense_tensor", None)
    if read is not None:
        return to_tensor(read(), dtype)
    if isinstance(value, CompositeTensor):
        refuse(value)
    for _, types, function in _converters:
        if isinstance(value, types):
            made = function(value, dtype=dtype, name=None, as_ref=False)
            if made is not NotImplemented:
                return to_tensor(made, dtype)
    protocol = getattr(value, "__tf_tensor__", None)
    if protocol is not None and not isinstance(value, type):
        return to_tensor(protocol(dtype, None), dtype)
    kinds: set[type] = set()
    if isinstance(value, list | tuple):
        leaf_types(value, kinds)
        if not kinds <= OWN and any(map(_is_tensor_type, kinds)):
            return _pack(value, dtype or hint)
    if hint is not None and dtype is None:
        try:
            return Tensor(to_array(value, hint, kinds))
        except (TypeError, ValueError):
            if not isinstance(value, WEAK):
                return Tensor(to_array(value, None))
            raise
    return Tensor(to_array(value, dtype, kinds))


def _is_tensor_type(kind: type) -> bool:
    return issubclass(kind, Tensor) or hasattr(kind, "_dense_tensor")


def _pack(value: Any, dtype: DType | None) -> Any:
    """A list with tensors in it is stacked, by the op that storey 1 signed in."""
    stack = context.service("ops.stack")
    if stack is None:
        raise InvalidArgumentError(
            "convert_to_tensor: tensors in lists need rillet.ops"
        )
    if dtype is None:
        dtype = _leaf_dtype(value)
    return stack([to_tensor(part, dtype) for part in value])


def _leaf_dtype(value: Any) -> DType | None:
    for part in value:
        if isinstance(part, Tensor) or hasattr(part, "_dense_tensor"):
            found: DType = part.dtype
            return found
        if isinstance(part, list | tuple):
            inner = _leaf_dtype(part)
            if inner is not None:
                return inner
    return None


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    dtype_hint: Any = None,
    name: str | None = None,
) -> Tensor:
    """A tensor of `value`: a number, a string, lists, a NumPy array, a variable.

    Args:
        value: what to convert.
        dtype: the type it must have; inferred where None.
        dtype_hint: a type to prefer where `dtype` is None and the value allows it.
        name: ignored when eager.

    Returns:
        A tensor; `value` itself where it is one.

    Raises:
        ValueError, TypeError: where the value cannot have that type.

    Example:
        >>> import rillet as tf
        >>> tf.convert_to_tensor([1, 2, 3, 4])
        <tf.Tensor: shape=(4,), dtype=int32, numpy=array([1, 2, 3, 4], dtype=int32)>
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if wanted is None and dtype_hint is not None:
        try:
            return to_tensor(value, as_dtype(dtype_hint))
        except (TypeError, ValueError):
            pass
    return to_tensor(value, wanted)


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str | None = "Const"
) -> Tensor:
    """A constant tensor.

    Args:
        value: a number, a string, (nested) lists or a NumPy array.
        dtype: the type; inferred where None.
        shape: the shape; a single number fills it.
        name: ignored when eager.

    Returns:
        A tensor of `shape`, or of the value's own shape.

    Raises:
        TypeError: where the number of elements does not fill `shape`.

    Example:
        >>> import rillet as tf
        >>> tf.constant([1, 2, 3, 4, 5, 6], shape=(2, 3)).numpy().tolist()
        [[1, 2, 3], [4, 5, 6]]
    """
    wanted_type = None if dtype is None else as_dtype(dtype)
    if isinstance(value, Tensor) and wanted_type not in (None, value.dtype):
        raise TypeError(
            house_message(
                "constant",
                f"Expected tensor with dtype {wanted_type!r}, but got dtype"
                f" {value.dtype!r}",
                describe(value),
                f"Convert it with tf.cast(x, {wanted_type!r})",
            )
        )
    tensor = to_tensor(value, wanted_type)
    if not isinstance(value, Tensor) and context.state.tracer is not None:
        tensor = context.state.tracer.constant(tensor)
    if shape is None:
        return tensor
    dims = tuple(as_shape(shape).as_list())
    if tensor.shape == dims:
        return tensor
    array = tensor._array
    wanted = as_shape(shape).num_elements()
    if array.size == wanted:
        return Tensor(array.reshape(dims))
    if array.size == 1:
        try:
            return Tensor(np.full(dims, array.reshape(())[()], array.dtype))
        except (MemoryError, ValueError):
            raise out_of_memory("constant", f"shape is {dims}") from None
    raise TypeError(
        house_message(
            "constant",
            "the value does not fill the shape",
            f"Eager execution of tf.constant got {array.size} elements for shape"
            f" {list(dims)}, which has {wanted}",
        )
    )
