"""What an expression gives, in a form that JSON holds and that two libraries share.

`make_semantics.py` keeps what TensorFlow gives; `tests/ops/test_semantics.py` compares
it with what rillet gives.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

Outcome = dict[str, Any]


def outcome(names: dict[str, Any], expression: str) -> Outcome:
    """Evaluate an expression.

    Args:
        names: What `rows.namespace` made.
        expression: A row.

    Returns:
        `{"error": name, "bases": [...]}` with the exception's class and its bases, or
        the encoded value.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return encode(eval(expression, dict(names)))
    except Exception as error:
        bases = [base.__name__ for base in type(error).__mro__]
        return {"error": bases[0], "bases": bases[1 : bases.index("Exception")]}


def encode(value: Any) -> Outcome:
    """Return a value as dtype, shape and a flat list, nests as lists.

    Floats that JSON has no number for are strings: `nan`, `inf`, `-inf`, `-0.0`;
    complex numbers are pairs; byte strings are text.
    """
    if value is None or isinstance(value, str):
        return {"python": value}
    if isinstance(value, (bool, int, float)):
        return {"python": _number(value)}
    if isinstance(value, (list, tuple)):
        return {"list": [encode(item) for item in value]}
    if hasattr(value, "as_list"):
        return {"shape": value.as_list()}
    if hasattr(value, "indices") and hasattr(value, "dense_shape"):
        parts = (value.indices, value.values)
        return {"indexed_slices": [encode(part) for part in parts]}
    if hasattr(value, "dtype"):
        array = value.numpy() if hasattr(value, "numpy") else value
        array = np.asarray(array)
        name = getattr(value.dtype, "name", str(value.dtype))
        values = [_number(item) for item in array.reshape(-1)]
        return {"dtype": name, "shape": list(array.shape), "values": values}
    raise TypeError(f"encode: no form for {type(value).__name__}")


def _number(value: Any) -> Any:
    if isinstance(value, (bytes, np.bytes_)):
        return value.decode()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (complex, np.complexfloating)):
        return [_number(value.real), _number(value.imag)]
    shortest = float(str(value)) if isinstance(value, np.float32) else float(value)
    negative_zero = shortest == 0.0 and math.copysign(1.0, shortest) < 0
    return str(shortest) if negative_zero or not math.isfinite(shortest) else shortest


def decoded(values: list[Any], dtype: str) -> np.ndarray:
    """Return an outcome's flat values as the array they were.

    Args:
        values: What `encode` made of the elements.
        dtype: TensorFlow's name of their type; `bfloat16` comes back as float32.
    """
    if dtype.startswith("complex"):
        pairs = [complex(float(real), float(imag)) for real, imag in values]
        return np.array(pairs, np.dtype(dtype))
    kind = "float32" if dtype == "bfloat16" else dtype
    return np.array([float(item) for item in values], np.dtype(kind))
