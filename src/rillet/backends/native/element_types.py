"""Types of elements: their names in LLVM, their bytes, their numbers in its spelling.

Called by everything that prints code or lays out memory.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from rillet.backends.native import host
from rillet.ops.expressions import FLOATS

LLVM = {
    "bool": "i1", "int8": "i8", "uint8": "i8", "int16": "i16", "uint16": "i16",
    "int32": "i32", "uint32": "i32", "int64": "i64", "uint64": "i64",
    "float32": "float", "float64": "double", "float16": "half", "bfloat16": "bfloat",
}  # fmt: skip
BYTES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4,
    "uint32": 4, "int64": 8, "uint64": 8, "float32": 4, "float64": 8, "float16": 2,
    "bfloat16": 2,
}  # fmt: skip
SHORT = {"float32": "f32", "float64": "f64"}


def memory_type(type: str) -> str:
    """LLVM's name of a type in memory."""
    if type == "bool":
        return "i8"
    return "i16" if by_bits(type) else LLVM[type]


def by_bits(type: str) -> bool:
    """Whether half floats of a type are converted without LLVM's instructions."""
    return type == "bfloat16" or (type == "float16" and not host.converts_halves())


def llvm_type(type: str) -> str:
    """LLVM's name of a type in registers."""
    return LLVM[type]


def item_bytes(type: str) -> int:
    """How many bytes an element takes."""
    return BYTES[type]


def literal(value: Any, type: str) -> str:
    """A number in LLVM's spelling."""
    if type == "bool":
        return "true" if value else "false"
    if type in FLOATS:
        number = float(value)
        if type == "float32" and math.isfinite(number):
            try:
                number = struct.unpack("f", struct.pack("f", number))[0]
            except OverflowError:
                number = math.copysign(math.inf, number)
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    bits = BYTES[type] * 8
    number = int(value) & ((1 << bits) - 1)
    if number >= 1 << (bits - 1):
        number -= 1 << bits
    return str(number)
