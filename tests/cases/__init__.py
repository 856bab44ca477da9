"""The table of op cases: at least one row for every op record.

A row is a call written on `tf`, so the same row runs on rillet and, in
`tests/golden/make_cases.py`, on the real TensorFlow that its golden values come from.
Each family has a module here with a tuple ``CASES``; this file only needs NumPy.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One call of one op.

    Attributes:
        op: the record's name (TensorFlow's op name).
        call: ``call(tf, *tensors)``; gives a tensor or a list of them.
        inputs: NumPy arrays, given to `call` as constants.
        name: tells rows of one op apart.
        grad: which inputs to differentiate; None for all floating ones, () for none.
        order: how far gradients are checked against finite differences: 0, 1 or 2.
        rtol: relative tolerance against TensorFlow, in float32.
        atol: absolute tolerance.
        step: the step of the finite differences, in float64.
        golden: False where TensorFlow has no such op (rillet's own): then `expect`
            gives the value from a formula.
        expect: ``expect(*arrays)`` with NumPy, where `golden` is False.
        refused: rows ``(arrays, exception class name, part of the message)``.
        dtypes: further float types that the result is checked in, against float64.
        sizes: also run on empty and 0-d inputs (elementwise ops).
    """

    op: str
    call: Callable[..., Any]
    inputs: tuple[np.ndarray, ...] = ()
    name: str = ""
    grad: tuple[int, ...] | None = None
    order: int = 2
    rtol: float = 1e-5
    atol: float = 1e-6
    step: float = 1e-5
    golden: bool = True
    expect: Callable[..., Any] | None = None
    refused: tuple[tuple[tuple[Any, ...], str, str], ...] = field(default=())
    dtypes: tuple[str, ...] = ()
    sizes: bool = False

    @property
    def key(self) -> str:
        """The row's name in golden files and test ids."""
        return f"{self.op}.{self.name}" if self.name else self.op


def floats(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Any:
    """Reproducible float32 values of a shape."""
    rng = np.random.default_rng([seed, *shape])
    return rng.uniform(low, high, shape).astype(np.float32)


def ints(*shape: int, low: int = -5, high: int = 6, dtype: Any = np.int32) -> Any:
    """Reproducible integers of a shape, `low` to `high` - 1."""
    return np.random.default_rng([7, *shape]).integers(low, high, shape).astype(dtype)


def all_cases() -> list[Case]:
    """Every row of every family."""
    rows: list[Case] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        rows.extend(importlib.import_module(f"{__name__}.{module}").CASES)
    keys = [row.key for row in rows]
    double = {key for key in keys if keys.count(key) > 1}
    if double:
        raise ValueError(f"rows share a name: {sorted(double)}")
    return rows


def tensors(result: Any) -> list[Any]:
    """A result as a flat list of tensors."""
    if isinstance(result, list | tuple):
        return [t for part in result for t in tensors(part)]
    return [result]
