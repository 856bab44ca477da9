"""Arrays of Python and NumPy values, by TensorFlow's rules of types.

Numbers, strings, nested lists, arrays and tables flow in; arrays flow out. Integers
become int32 (int64 where they do not fit), floats float32; NumPy arrays keep their
type. Called by `core.convert`, which adds tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.describe import describe, out_of_memory, shortened
from rillet.core.dtypes import FROM_NUMPY, DType
from rillet.core.errors import house_message
from rillet.core.quiet import quiet

Array = np.ndarray[Any, Any]

_F32, _F64 = dtypes.float32.numpy_dtype, dtypes.float64.numpy_dtype
_I32, _I64 = dtypes.int32.numpy_dtype, dtypes.int64.numpy_dtype
_SAFE = 3e38  # below, no float overflows float32
_OBJECT, _BOOL = np.dtype(object), np.dtype(bool)
_I32_MIN, _I32_MAX = -(2**31), 2**31 - 1
#: What Python itself makes: values without a width of their own.
WEAK = (bool, int, float, complex, str, bytes, list, tuple, range)


#: Types of leaves that NumPy reads as Python does.
OWN = frozenset({bool, int, float, complex, str, bytes, type(None)})
_NUMBERS = frozenset({bool, int, float})


def leaf_types(value: Any, found: set[type]) -> None:
    """Adds to `found` the types of what nested lists and tuples hold."""
    types = set(map(type, value))
    if types <= OWN or not any(issubclass(t, list | tuple) for t in types):
        found |= types
        return
    for part in value:
        if isinstance(part, list | tuple):
            leaf_types(part, found)
        else:
            found.add(type(part))


def to_array(
    value: Any, dtype: DType | None = None, kinds: set[type] | None = None
) -> Array:
    """A fresh or read-only array of `value`, by TensorFlow's rules of types.

    Args:
        value: a number, a string, nested lists, a NumPy array or a table.
        dtype: the type it must have; None to infer it.
        kinds: the types of a list's leaves, from `leaf_types`, where they are known.

    Returns:
        An array in one of TensorFlow's types.

    Raises:
        ValueError: where the value has no such type, or lists are ragged.
        TypeError: where a Python value does not fit the type.
    """
    kind = type(value)
    try:
        if dtype is not None and (kind is float or kind is int):
            return _number(value, dtype)
        if kind is float and -_SAFE < value < _SAFE:
            return np.array(value, _F32)
        if kind is np.ndarray:
            return _from_ndarray(value, dtype)
        if kind is int and dtype is None and not -(2**63) <= value < 2**63:
            raise _does_not_fit(value, dtypes.int64)
        if kind is str or kind is bytes:
            return _typed(_strings(np.array(value, object)), value, dtype)
        if isinstance(value, np.generic):
            return _from_ndarray(np.asarray(value), dtype)
        if kind not in WEAK and hasattr(value, "__array__"):
            return _from_ndarray(np.asarray(value), dtype)
        if kind not in WEAK and hasattr(value, "__dlpack__"):
            return _from_ndarray(np.from_dlpack(value), dtype)
        return _typed(_from_python(value, dtype, kinds), value, dtype)
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


def _from_python(
    value: Any, dtype: DType | None, kinds: set[type] | None = None
) -> Array:
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
    except UnicodeDecodeError:  # text beside bytes that are none
        array = np.array(value, object)
    except ValueError:
        raise _ragged(value) from None
    except OverflowError:
        raise _does_not_fit(value, dtypes.int64) from None
    kind = array.dtype.kind
    if isinstance(value, list | tuple) and not (kinds and _is_plain(value, kinds)):
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
                shortened(value),
                "Give dtype=tf.float64",
            )
        )
    return narrow


def _unsigned(value: Any, array: Array) -> Array:
    """Small unsigned NumPy numbers in a list become int32, as other integers do."""
    if array.size and int(array.max()) > 2**63 - 1:
        raise _does_not_fit(value, dtypes.int64)
    return array.astype(_I32 if _fits_int32(array) else _I64)


def _is_plain(value: Any, kinds: set[type]) -> bool:
    """Whether all leaves are Python's real numbers, and the first one no boolean."""
    return kinds <= _NUMBERS and (
        type(_first_leaf(value)) is not bool or len(kinds) < 2
    )


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
                f"it mixes {' and '.join(sorted(kinds))}: {shortened(value)}",
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
    empty_list = array.size == 0 and not isinstance(value, np.ndarray)
    if array.size == 0 and (target is not _OBJECT or empty_list):
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
            f"got {shortened(value)}; {dtype.name} holds {dtype.min} to {dtype.max}",
        )
    )


def _ragged(value: Any) -> Exception:
    return ValueError(
        house_message(
            "convert_to_tensor",
            "Can't convert non-rectangular Python sequence to Tensor",
            shortened(value),
            "Give every row the same length, or pad the shorter ones",
        )
    )
