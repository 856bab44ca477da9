"""TensorFlow's data types over NumPy's and ml_dtypes'.

Every tensor's ``dtype`` is one of the `DType` objects here; each exists once, so types
are compared by identity. Op records name their constraints with the sets at the end.
"""

from __future__ import annotations

from typing import Any, Final

import ml_dtypes
import numpy as np

from rillet.core.errors import house_message

BOOL_KIND, INT_KIND, UINT_KIND, FLOAT_KIND, COMPLEX_KIND, OTHER_KIND = range(6)


class DType:
    """The element type of a tensor.

    Example:
        >>> import rillet as tf
        >>> tf.float32, str(tf.float32), tf.float32 == "float32", tf.float32.size
        (tf.float32, "<dtype: 'float32'>", True, 4)
    """

    __slots__ = ("name", "_numpy", "_enum", "_kind", "__weakref__")

    def __init__(self, name: str, numpy_type: Any, enum: int, kind: int) -> None:
        self.name: Final[str] = name
        self._numpy: np.dtype[Any] = np.dtype(numpy_type)
        self._enum = enum
        self._kind = kind

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy scalar type, `object` for strings."""
        return object if self.name == "string" else self._numpy.type

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The NumPy dtype that tensors of this type hold."""
        return self._numpy

    @property
    def as_datatype_enum(self) -> int:
        """The number that TensorFlow's files give this type."""
        return self._enum

    @property
    def base_dtype(self) -> DType:
        """This type (TensorFlow 1 had reference types beside it)."""
        return self

    @property
    def real_dtype(self) -> DType:
        """The type of a complex number's parts; of any other type, itself."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def is_bool(self) -> bool:
        """Whether this is the boolean type."""
        return self._kind == BOOL_KIND

    @property
    def is_integer(self) -> bool:
        """Whether this is an integer type that is not quantized."""
        return self._kind in (INT_KIND, UINT_KIND)

    @property
    def is_unsigned(self) -> bool:
        """Whether this is an unsigned integer type."""
        return self._kind == UINT_KIND

    @property
    def is_floating(self) -> bool:
        """Whether this is a real floating-point type."""
        return self._kind == FLOAT_KIND

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex type."""
        return self._kind == COMPLEX_KIND

    @property
    def is_numeric(self) -> bool:
        """Whether numbers of this type can be added and multiplied."""
        return self._kind in (INT_KIND, UINT_KIND, FLOAT_KIND, COMPLEX_KIND)

    @property
    def is_quantized(self) -> bool:
        """Whether this is one of TensorFlow's quantized types."""
        return self.name.startswith(("qint", "quint"))

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether NumPy can hold this type."""
        return self.name not in ("resource", "variant")

    @property
    def size(self) -> int:
        """Bytes an element; 1 for strings, resources and variants, as in TensorFlow."""
        return 1 if self._kind == OTHER_KIND else self._numpy.itemsize

    @property
    def min(self) -> Any:
        """The smallest finite value.

        Raises:
            TypeError: where the type has no order.
        """
        return self._limit("min")

    @property
    def max(self) -> Any:
        """The largest finite value.

        Raises:
            TypeError: where the type has no order.
        """
        return self._limit("max")

    @property
    def limits(self) -> tuple[Any, Any]:
        """The smallest and largest value that an image of this type holds."""
        if self.is_floating:
            return (0, 1)
        return (self.min, self.max)

    def _limit(self, which: str) -> Any:
        if self.is_integer:
            return int(getattr(np.iinfo(self._numpy.type), which))
        if self.is_floating:
            finfo: Any = ml_dtypes.finfo
            value = getattr(finfo(self._numpy), which)
            return float(value) if self.name == "float64" else value
        raise TypeError(
            house_message(
                f"DType.{which}", "the type has no order", f"dtype is {self.name}"
            )
        )

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of `other` can be used where this type is asked for."""
        return self is as_dtype(other)

    def __eq__(self, other: Any) -> bool:
        if self is other:
            return True
        if other is None or type(other) is DType:
            return False
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._enum

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __int__(self) -> int:
        return self._enum

    def __reduce__(self) -> Any:
        return as_dtype, (self.name,)


_ROWS: tuple[tuple[str, Any, int, int], ...] = (
    ("float32", np.float32, 1, FLOAT_KIND),
    ("float64", np.float64, 2, FLOAT_KIND),
    ("int32", np.int32, 3, INT_KIND),
    ("uint8", np.uint8, 4, UINT_KIND),
    ("int16", np.int16, 5, INT_KIND),
    ("int8", np.int8, 6, INT_KIND),
    ("string", np.object_, 7, OTHER_KIND),
    ("complex64", np.complex64, 8, COMPLEX_KIND),
    ("int64", np.int64, 9, INT_KIND),
    ("bool", np.bool_, 10, BOOL_KIND),
    ("qint8", [("qint8", np.int8)], 11, OTHER_KIND),
    ("quint8", [("quint8", np.uint8)], 12, OTHER_KIND),
    ("qint32", [("qint32", np.int32)], 13, OTHER_KIND),
    ("bfloat16", ml_dtypes.bfloat16, 14, FLOAT_KIND),
    ("qint16", [("qint16", np.int16)], 15, OTHER_KIND),
    ("quint16", [("quint16", np.uint16)], 16, OTHER_KIND),
    ("uint16", np.uint16, 17, UINT_KIND),
    ("complex128", np.complex128, 18, COMPLEX_KIND),
    ("float16", np.float16, 19, FLOAT_KIND),
    ("resource", [("resource", np.uint8)], 20, OTHER_KIND),
    ("variant", [("variant", np.uint8)], 21, OTHER_KIND),
    ("uint32", np.uint32, 22, UINT_KIND),
    ("uint64", np.uint64, 23, UINT_KIND),
)

_BY_NAME: dict[str, DType] = {row[0]: DType(*row) for row in _ROWS}
_BY_ENUM: dict[int, DType] = {t._enum: t for t in _BY_NAME.values()}

#: From a NumPy dtype to the type that tensors of it have.
FROM_NUMPY: dict[Any, DType] = {
    t._numpy: t for t in _BY_NAME.values() if t._kind != OTHER_KIND
}
FROM_NUMPY[np.dtype(np.object_)] = _BY_NAME["string"]

float32 = _BY_NAME["float32"]
float64 = double = _BY_NAME["float64"]
float16 = half = _BY_NAME["float16"]
bfloat16 = _BY_NAME["bfloat16"]
int8 = _BY_NAME["int8"]
int16 = _BY_NAME["int16"]
int32 = _BY_NAME["int32"]
int64 = _BY_NAME["int64"]
uint8 = _BY_NAME["uint8"]
uint16 = _BY_NAME["uint16"]
uint32 = _BY_NAME["uint32"]
uint64 = _BY_NAME["uint64"]
bool_ = _BY_NAME["bool"]
string = _BY_NAME["string"]
complex64 = _BY_NAME["complex64"]
complex128 = _BY_NAME["complex128"]
resource = _BY_NAME["resource"]
variant = _BY_NAME["variant"]
qint8, quint8 = _BY_NAME["qint8"], _BY_NAME["quint8"]
qint16, quint16 = _BY_NAME["qint16"], _BY_NAME["quint16"]
qint32 = _BY_NAME["qint32"]

_ALIASES: dict[Any, DType] = {
    float: float32,
    int: int32,
    bool: bool_,
    complex: complex128,
    str: string,
    bytes: string,
    object: string,
    "float": float32,
    "double": float64,
    "half": float16,
    "int": int64,
    "str": string,
    "bytes": string,
    **_BY_NAME,
}


def as_dtype(value: Any) -> DType:
    """The `DType` that a name, NumPy type, Python type or TensorFlow number means.

    Args:
        value: a `DType`, its name, a NumPy dtype or scalar type, `float`, `int`,
            `bool`, `str`, or the enumeration's number.

    Returns:
        The one `DType` object of that type.

    Raises:
        TypeError: where nothing of that name exists.

    Example:
        >>> import numpy as np
        >>> import rillet as tf
        >>> tf.as_dtype("half"), tf.as_dtype(np.int8), tf.as_dtype(float)
        (tf.float16, tf.int8, tf.float32)
    """
    if type(value) is DType:
        return value
    try:
        found = _ALIASES.get(value)
    except TypeError:
        found = None
    if found is not None:
        return found
    if type(value) is int and value in _BY_ENUM:
        return _BY_ENUM[value]
    inner = getattr(value, "_rillet_dtype", None)
    if inner is not None:
        return as_dtype(inner)
    try:
        numpy_type = np.dtype(value)
    except (TypeError, ValueError):
        numpy_type = None
    if numpy_type is not None and value is not None:
        if numpy_type.kind in "SU":
            return string
        found = FROM_NUMPY.get(numpy_type.newbyteorder("="))
        if found is not None:
            return found
    raise TypeError(
        house_message(
            "as_dtype",
            "not a TensorFlow data type",
            f"value is {value!r}; there are " + ", ".join(sorted(_BY_NAME)),
            _nearest(value),
        )
    )


def _nearest(value: Any) -> str:
    """The type that a misspelt name may have meant, as a question."""
    import difflib

    near = difflib.get_close_matches(str(value), _BY_NAME, 1, 0.6)
    return f"Did you mean {near[0]}?" if near else ""


class TypeSet(frozenset[np.dtype[Any]]):
    """A dtype constraint of an op: a set of NumPy dtypes with a name for messages."""

    def names(self) -> str:
        """The types' names, in TensorFlow's order."""
        known = [t for t in _BY_NAME.values() if t._numpy in self]
        return ", ".join(t.name for t in known)

    def __or__(self, other: Any) -> TypeSet:
        return TypeSet(frozenset.__or__(self, other))

    def __sub__(self, other: Any) -> TypeSet:
        return TypeSet(frozenset.__sub__(self, other))


def type_set(*types: DType) -> TypeSet:
    """The constraint «one of these types»."""
    return TypeSet(t._numpy for t in types)


BOOL = type_set(bool_)
SIGNED = type_set(int8, int16, int32, int64)
UNSIGNED = type_set(uint8, uint16, uint32, uint64)
INTEGER = SIGNED | UNSIGNED
INDEX = type_set(int32, int64)
FLOATING = type_set(float16, bfloat16, float32, float64)
COMPLEX = type_set(complex64, complex128)
REAL = INTEGER | FLOATING
NUMERIC = REAL | COMPLEX
STRING = type_set(string)
ANY = NUMERIC | BOOL | STRING
