"""Python, NumPy and pandas values become tensors here, by TensorFlow's rules.

Integers become int32 (int64 where they do not fit), floats float32, NumPy arrays keep
their type; types never mix silently. Every op that receives something else than a
tensor comes through `to_tensor`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.dtypes import FROM_NUMPY, DType, as_dtype
from rillet.core.errors import (
    InvalidArgumentError,
    ResourceExhaustedError,
    house_message,
)
from rillet.core.quiet import quiet
from rillet.core.shapes import as_shape
from rillet.core.tensor import Tensor

Array = np.ndarray[Any, Any]

_F32, _F64 = dtypes.float32.numpy_dtype, dtypes.float64.numpy_dtype
_I32, _I64 = dtypes.int32.numpy_dtype, dtypes.int64.numpy_dtype
_OBJECT, _BOOL = np.dtype(object), np.dtype(bool)
_I32_MIN, _I32_MAX = -(2**31), 2**31 - 1
_WEAK = (bool, int, float, complex, str, bytes, list, tuple, range)

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
    for _, types, function in _converters:
        if isinstance(value, types):
            made = function(value, dtype=dtype, name=None, as_ref=False)
            if made is not NotImplemented:
                return to_tensor(made, dtype)
    protocol = getattr(value, "__tf_tensor__", None)
    if protocol is not None and not isinstance(value, type):
        return to_tensor(protocol(dtype, None), dtype)
    if isinstance(value, list | tuple) and _holds_tensor(value):
        return _pack(value, dtype or hint)
    if hint is not None and dtype is None:
        try:
            return Tensor(to_array(value, hint))
        except (TypeError, ValueError):
            if not isinstance(value, _WEAK):
                return Tensor(to_array(value, None))
            raise
    return Tensor(to_array(value, dtype))


def to_array(value: Any, dtype: DType | None = None) -> Array:
    """A fresh or read-only array of `value`, by TensorFlow's rules of types."""
    kind = type(value)
    try:
        if dtype is not None and (kind is float or kind is int):
            return _number(value, dtype)
        if kind is np.ndarray:
            return _from_ndarray(value, dtype)
        if kind is int and dtype is None and not -(2**63) <= value < 2**63:
            raise _does_not_fit(value, dtypes.int64)
        if kind is str or kind is bytes:
            return _typed(_strings(np.array(value, object)), value, dtype)
        if isinstance(value, np.generic):
            return _from_ndarray(np.asarray(value), dtype)
        if kind not in _WEAK and hasattr(value, "__array__"):
            return _from_ndarray(np.asarray(value), dtype)
        if kind not in _WEAK and hasattr(value, "__dlpack__"):
            return _from_ndarray(np.from_dlpack(value), dtype)
        return _typed(_from_python(value, dtype), value, dtype)
    except MemoryError:
        raise out_of_memory("convert_to_tensor", describe(value)) from None


def _number(value: Any, dtype: DType) -> Array:
    numpy_type = dtype.numpy_dtype
    if numpy_type.kind in "iu":
        if type(value) is float:
            raise _cannot(value, dtype)
        try:
            return np.array(value, numpy_type)
        except OverflowError:
            raise _does_not_fit(value, dtype) from None
    if dtype.is_floating or dtype.is_complex:
        with quiet():
            return np.array(value, numpy_type)
    raise _cannot(value, dtype)


def _from_ndarray(array: Array, dtype: DType | None) -> Array:
    if array.dtype.kind in "SUO":
        plain = _strings(array) if array.dtype.kind != "O" else _objects(array)
        return _typed(plain, array, dtype)
    if array.dtype not in FROM_NUMPY:
        native = array.dtype.newbyteorder("=")
        if native not in FROM_NUMPY:
            raise ValueError(
                house_message(
                    "convert_to_tensor",
                    "Failed to convert a NumPy array to a Tensor (Unsupported NumPy"
                    " type)",
                    f"its dtype is {array.dtype}",
                    "Convert it to a numeric type, bool or strings first",
                )
            )
        array = array.astype(native)
    if dtype is not None and array.dtype != dtype.numpy_dtype:
        return _retyped(array, dtype)
    if not array.flags.writeable and _frozen(array):
        return array.view(np.ndarray)
    return np.array(array)


def _frozen(array: Array) -> bool:
    """Whether no writeable array shares the memory of a read-only one."""
    base: Any = array.base
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return base is None or isinstance(base, bytes)


def _retyped(array: Array, dtype: DType) -> Array:
    """An array in another type, as NumPy casts it; strings and numbers do not mix."""
    if dtype.name == "string" or array.dtype is _OBJECT:
        raise _cannot(array, dtype)
    if array.dtype.kind == "c" and not dtype.is_complex:
        array = array.real
    with quiet():
        return array.astype(dtype.numpy_dtype)


def _strings(array: Array) -> Array:
    """An object array of bytes from one of str or bytes."""
    flat = [v.encode() if isinstance(v, str) else bytes(v) for v in array.ravel()]
    out = np.empty(array.shape, object)
    out.reshape(-1)[:] = flat
    return out


def _objects(array: Array) -> Array:
    """What an object array holds: strings, or plain numbers."""
    items = array.ravel().tolist()
    if all(isinstance(v, str | bytes) for v in items):
        return _strings(array)
    if items and any(isinstance(v, str | bytes) or v is None for v in items):
        raise ValueError(
            house_message(
                "convert_to_tensor",
                "Failed to convert a NumPy array to a Tensor (Unsupported object type)",
                f"it holds {_kinds(items)}",
                "Clean the column first: fill missing values, convert to one type",
            )
        )
    return _from_python(array.tolist(), None)


def _kinds(items: list[Any]) -> str:
    return ", ".join(sorted({type(v).__name__ for v in items}))


def _from_python(value: Any, dtype: DType | None) -> Array:
    """An array of numbers, booleans or strings from nested lists."""
    if value is None:
        raise ValueError(
            house_message(
                "convert_to_tensor",
                "Attempt to convert a value (None) with an"
                " unsupported type (NoneType) to a Tensor",
            )
        )
    try:
        with quiet():
            array = np.array(value)
    except ValueError:
        raise _ragged(value) from None
    except OverflowError:
        raise _does_not_fit(value, dtypes.int64) from None
    kind = array.dtype.kind
    if isinstance(value, list | tuple):
        _check_one_kind(value, array)
    if dtype is not None and kind in "iufc":
        if kind == "f" and dtype.is_integer and type(_first_leaf(value)) is int:
            return _whole(value, array, dtype)
        return array
    if kind == "f":
        leaf = _first_leaf(value)
        if not isinstance(leaf, np.generic | np.ndarray):
            array = _narrowed(array, value)
        elif array.dtype != leaf.dtype and leaf.dtype.kind == "f":
            array = array.astype(leaf.dtype)
        elif leaf.dtype.kind != "f":
            array = array.astype(_F32)
    elif kind == "i":
        if _fits_int32(array):
            array = array.astype(_I32)
    elif kind == "u":
        array = _unsigned(value, array)
    elif kind in "SU":
        array = _strings(np.array(value, object))
    elif kind == "O":
        array = _from_objects(value, array)
    elif kind not in "bc" and array.dtype not in FROM_NUMPY:
        raise ValueError(
            house_message(
                "convert_to_tensor",
                f"Attempt to convert a value ({value!r}) with an unsupported type"
                f" ({type(value)}) to a Tensor",
            )
        )
    if array.size == 0 and kind == "f":
        return array.astype(_F32)
    return array


def _from_objects(value: Any, array: Array) -> Array:
    items = array.ravel().tolist()
    if items and all(isinstance(v, str | bytes) for v in items):
        return _strings(array)
    if items and all(isinstance(v, int) for v in items):
        raise _does_not_fit(max(items, key=abs), dtypes.int64)
    if isinstance(value, list | tuple) and any(
        isinstance(v, list | tuple | np.ndarray) for v in items
    ):
        raise _ragged(value)
    shown = items[0] if items and not isinstance(value, list | tuple) else value
    raise ValueError(
        house_message(
            "convert_to_tensor",
            f"Attempt to convert a value ({shown!r}) with an unsupported type"
            f" ({_kinds(items) or type(value).__name__}) to a Tensor",
        )
    )


def _fits_int32(array: Array) -> bool:
    return array.size == 0 or (
        int(array.min()) >= _I32_MIN and int(array.max()) <= _I32_MAX
    )


def _first_leaf(value: Any) -> Any:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value


def _whole(value: Any, array: Array, dtype: DType) -> Array:
    """Integers that only uint64 holds, which NumPy had put into floats."""
    kinds: set[str] = set()
    if isinstance(value, list | tuple):
        _leaf_kinds(value, kinds)
    if kinds != {"int"}:
        return array
    try:
        return np.array(value, dtype.numpy_dtype)
    except OverflowError:
        raise _does_not_fit(value, dtype) from None


def _narrowed(array: Array, value: Any) -> Array:
    """Python floats in float32, none of them beyond its range."""
    with quiet():
        narrow = array.astype(_F32)
    if not np.array_equal(np.isinf(narrow), np.isinf(array)):
        raise ValueError(
            house_message(
                "convert_to_tensor",
                "Can't convert Python sequence with a value out of range for float32",
                _short(value),
                "Give dtype=tf.float64",
            )
        )
    return narrow


def _unsigned(value: Any, array: Array) -> Array:
    """Small unsigned NumPy numbers in a list become int32, as other integers do."""
    if array.size and int(array.max()) > 2**63 - 1:
        raise _does_not_fit(value, dtypes.int64)
    return array.astype(_I32 if _fits_int32(array) else _I64)


def _check_one_kind(value: Any, array: Array) -> None:
    """Refuse lists whose first element does not stand for the others' type.

    Booleans may follow numbers, integers and floats each other, and any number a
    complex one; strings keep to themselves.
    """
    kinds: set[str] = set()
    _leaf_kinds(value, kinds)
    first = _leaf_kind(_first_leaf(value))
    numbers = {"bool", "int", "float"} | ({"complex"} & {first})
    if len(kinds) > 1 and (first == "bool" or not kinds <= numbers):
        raise ValueError(
            house_message(
                "convert_to_tensor",
                "Can't convert Python sequence with mixed types to Tensor",
                f"it mixes {' and '.join(sorted(kinds))}: {_short(value)}",
                "Give every element the same type",
            )
        )


def _leaf_kind(leaf: Any) -> str:
    if isinstance(leaf, np.ndarray | np.generic):
        found = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}
        return found.get(leaf.dtype.kind, "string")
    return "string" if isinstance(leaf, str | bytes) else type(leaf).__name__


def _leaf_kinds(value: Any, kinds: set[str]) -> None:
    types = {type(part) for part in value}
    if types <= {int} or types <= {float}:
        kinds.update([t.__name__ for t in types])
        return
    for part in value:
        if isinstance(part, list | tuple):
            _leaf_kinds(part, kinds)
        else:
            kinds.add(_leaf_kind(part))


def _typed(array: Array, value: Any, dtype: DType | None) -> Array:
    """`array`, made of Python values, in the type that was asked for."""
    if dtype is None or array.dtype is dtype.numpy_dtype:
        return array
    target = dtype.numpy_dtype
    kind = array.dtype.kind
    if array.size == 0 and target is not _OBJECT:
        return array.astype(target)
    if target is _OBJECT or array.dtype is _OBJECT or (dtype.is_bool and kind != "b"):
        raise _cannot(value, dtype)
    if kind in "fc" and dtype.is_integer or kind == "c" and not dtype.is_complex:
        raise _cannot(value, dtype)
    if kind in "iu" and dtype.is_integer:
        low, high = dtype.min, dtype.max
        if int(array.min()) < low or int(array.max()) > high:
            raise _does_not_fit(value, dtype)
    with quiet():
        if kind == "f" and target is _F64 and not isinstance(value, np.ndarray):
            return np.array(value, target)
        return array.astype(target)


def _holds_tensor(value: Any) -> bool:
    for part in value:
        if isinstance(part, Tensor) or hasattr(part, "_dense_tensor"):
            return True
        if isinstance(part, list | tuple) and _holds_tensor(part):
            return True
    return False


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


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def describe(value: Any) -> str:
    """What a value is, for an error message, without printing all of it."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {value.shape} and dtype {value.dtype.name}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"{_short(value)} of type {type(value).__name__}"


def _cannot(value: Any, dtype: DType) -> Exception:
    source = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
    kind = ValueError if isinstance(value, np.ndarray) else TypeError
    return kind(
        house_message(
            "convert_to_tensor",
            f"Cannot convert {source} to a tensor of dtype {dtype.name}",
            describe(value),
            "Give a value of that type, or tf.cast one",
        )
    )


def _does_not_fit(value: Any, dtype: DType) -> Exception:
    return ValueError(
        house_message(
            "convert_to_tensor",
            f"the integer does not fit {dtype.name}",
            f"got {_short(value)}; {dtype.name} holds {dtype.min} to {dtype.max}",
        )
    )


def _ragged(value: Any) -> Exception:
    return ValueError(
        house_message(
            "convert_to_tensor",
            "Can't convert non-rectangular Python sequence to Tensor",
            _short(value),
            "Give every row the same length, or pad the shorter ones",
        )
    )


def out_of_memory(op: str, what: str) -> ResourceExhaustedError:
    """The error for an allocation that the machine refuses."""
    return ResourceExhaustedError(
        house_message(op, "OOM: there is not enough memory", what)
    )


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
