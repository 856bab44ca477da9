"""The rows of the table of semantics: Python expressions on `tf`, by family.

The expressions stand in `expressions/FAMILY.txt`, one a line. `make_semantics.py`
evaluates them with real TensorFlow and writes `semantics.json`;
`tests/ops/test_semantics.py` evaluates them with rillet and compares. `namespace` makes
the names that they use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "expressions"

IMAX8, IMIN8 = 127, -128
IMAX16, IMIN16 = 2**15 - 1, -(2**15)
IMAX32, IMIN32 = 2**31 - 1, -(2**31)
IMAX64, IMIN64 = 2**63 - 1, -(2**63)

_SHORT = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "c64": "complex64",
    "c128": "complex128",
    "b": "bool",
    "s": "string",
}


def namespace(tf: Any) -> dict[str, Any]:
    """Return the names that rows use.

    Args:
        tf: TensorFlow or rillet.

    Returns:
        `tf`, `np`, `nan`, `inf`, the integers' bounds; for each dtype a function that
        makes a constant of it (`f32([1, 2])`); `grad(f, *values)`, the gradients of
        `f` at constants; `long(x)`, a vector repeated to 40 elements, so that
        vectorised kernels leave a remainder.
    """
    import numpy as np

    def constant(dtype: str) -> Any:
        return lambda value: tf.constant(value, dtype=getattr(tf, dtype))

    def grad(function: Any, *values: Any) -> Any:
        points = [tf.convert_to_tensor(value) for value in values]
        with tf.GradientTape() as tape:
            for point in points:
                tape.watch(point)
            target = function(*points)
        found = tape.gradient(target, points)
        return found[0] if len(found) == 1 else found

    def long(vector: Any) -> Any:
        return tf.reshape(tf.tile(tf.expand_dims(vector, 0), [20, 1]), [-1])[:40]

    def empty(*shape: int, dtype: str = "float32") -> Any:
        return tf.zeros(shape, dtype=getattr(tf, dtype))

    names: dict[str, Any] = {name: constant(dtype) for name, dtype in _SHORT.items()}
    names |= {k: v for k, v in globals().items() if k.startswith(("IMAX", "IMIN"))}
    names |= {"tf": tf, "np": np, "nan": float("nan"), "inf": float("inf")}
    return names | {"grad": grad, "long": long, "empty": empty}


def expressions() -> list[tuple[str, str]]:
    """Return `(family, expression)` for every row.

    Raises:
        ValueError: An expression stands there twice.
    """
    found = [
        (path.stem, line)
        for path in sorted(FOLDER.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    only = [expression for _, expression in found]
    twice = {expression for expression in only if only.count(expression) > 1}
    if twice:
        raise ValueError(f"rows: written twice: {sorted(twice)}")
    return found
