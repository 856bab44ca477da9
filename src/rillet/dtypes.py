"""`tf.dtypes`: the data types, and conversions between them."""

from rillet.core.dtypes import DType as DType
from rillet.core.dtypes import as_dtype as as_dtype
from rillet.core.dtypes import bfloat16 as bfloat16
from rillet.core.dtypes import bool_ as bool
from rillet.core.dtypes import complex64 as complex64
from rillet.core.dtypes import complex128 as complex128
from rillet.core.dtypes import double as double
from rillet.core.dtypes import float16 as float16
from rillet.core.dtypes import float32 as float32
from rillet.core.dtypes import float64 as float64
from rillet.core.dtypes import half as half
from rillet.core.dtypes import int8 as int8
from rillet.core.dtypes import int16 as int16
from rillet.core.dtypes import int32 as int32
from rillet.core.dtypes import int64 as int64
from rillet.core.dtypes import qint8 as qint8
from rillet.core.dtypes import qint16 as qint16
from rillet.core.dtypes import qint32 as qint32
from rillet.core.dtypes import quint8 as quint8
from rillet.core.dtypes import quint16 as quint16
from rillet.core.dtypes import resource as resource
from rillet.core.dtypes import string as string
from rillet.core.dtypes import uint8 as uint8
from rillet.core.dtypes import uint16 as uint16
from rillet.core.dtypes import uint32 as uint32
from rillet.core.dtypes import uint64 as uint64
from rillet.core.dtypes import variant as variant
from rillet.ops.casting import saturate_cast as saturate_cast
from rillet.ops.complexes import complex as complex
from rillet.ops.elementwise import cast as cast

__all__ = [
    "DType",
    "as_dtype",
    "bfloat16",
    "bool",
    "cast",
    "complex",
    "complex64",
    "complex128",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "qint8",
    "qint16",
    "qint32",
    "quint8",
    "quint16",
    "resource",
    "saturate_cast",
    "string",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "variant",
]
