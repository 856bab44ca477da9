"""Scalar functions as native loops compute them, in units in the last place."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ops import evaluate_expressions
from ops import run_expressions as native
from ops.evaluate_expressions import evaluate

from rillet.ops import scalar_formats
from rillet.ops.expressions import Expr, b

#: Bounds that the docstrings state, in units in the last place: float32, float64.
BOUNDS = {
    "exp": (1, 1), "exp2": (1, 1), "expm1": (2, 2), "log": (1.5, 1.5), "log2": (2, 2),
    "log1p": (2, 2), "sigmoid": (2.5, 2.5), "tanh": (2.5, 2.5), "softplus": (2, 2),
    "log_sigmoid": (2, 2), "sinh": (3, 3), "cosh": (2, 2), "asinh": (3, 3),
    "acosh": (3, 3), "atanh": (3, 3), "sin": (1.5, 1.5), "cos": (1.5, 1.5),
    "tan": (3, 3), "asin": (2, 2), "acos": (2, 2), "atan": (2, 2), "erf": (1.5, 3),
    "erfc": (4, 12), "lgamma": (1, 8), "digamma": (1, 8), "erfinv": (1, 4),
    "ndtri": (1, 4), "pow": (1, 1),
}  # fmt: skip


@functools.cache
def golden() -> Any:
    with np.load(Path(__file__).parents[1] / "golden" / "scalars.npz") as data:
        return {key: data[key] for key in data.files}


def units(found: Any, high: Any, low: Any = 0.0) -> Any:
    """How far numbers are from ``high + low``, in units in the last place."""
    kind = np.finfo(found.dtype)
    with np.errstate(all="ignore"):
        rounded = high.astype(found.dtype)
        size = np.clip(np.abs(high), float(kind.tiny), float(kind.max))
        unit = 2.0 ** np.floor(np.log2(size)) * float(kind.eps)
        away = np.abs((found.astype(np.float64) - high) - low) / unit
    equal = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    away = np.where(equal & ~np.isfinite(away), 0, away)
    return np.where(np.isnan(away), np.inf, away)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_against_thirty_digits(name: str, kind: str) -> None:
    keys = ("x", "y") if name == "pow" else ("x",)
    arguments = [golden()[f"{name}.{kind}.{key}"] for key in keys]
    (found,) = native.natively(getattr(b, name), *arguments)
    away = units(found, golden()[f"{name}.{kind}.high"], golden()[f"{name}.{kind}.low"])
    worst = int(np.argmax(away))
    bound = BOUNDS[name][kind == "float64"]
    assert away[worst] <= bound, (arguments[0][worst], found[worst], away[worst])


@pytest.fixture
def unfused(monkeypatch: Any) -> Any:
    """A processor without fused multiplication and addition."""
    monkeypatch.setitem(evaluate_expressions.KINDS, "fma", lambda x, y, z: x * y + z)
    scalar_formats.assume_fused(False)
    yield
    scalar_formats.assume_fused(True)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_without_fused_operations(name: str, kind: str, unfused: None) -> None:
    """Polynomials then round at each step, which costs a unit or two."""
    keys = ("x", "y") if name == "pow" else ("x",)
    arguments = [golden()[f"{name}.{kind}.{key}"] for key in keys]
    leaves = [Expr("leaf", (), kind) for _ in keys]
    values = {id(e): a for e, a in zip(leaves, arguments, strict=True)}
    found = evaluate(getattr(b, name)(*leaves), values)
    away = units(found, golden()[f"{name}.{kind}.high"], golden()[f"{name}.{kind}.low"])
    worst = int(np.argmax(away))
    bound = 2 * BOUNDS[name][kind == "float64"]
    assert away[worst] <= bound, (arguments[0][worst], found[worst], away[worst])


def singles() -> Any:
    """Every 4099th float32, those between -110 and 110 more densely, and the ends."""
    bits = np.arange(0, 2**32, 4099, dtype=np.uint64).astype(np.uint32)
    ends = [0, 1, 2, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x7F800000, 0x7FC00000]
    ends = np.array(ends + [e | 1 << 31 for e in ends], np.uint32)
    dense = np.linspace(-110, 110, 100_001, dtype=np.float32)
    near = np.linspace(-2, 2, 50_001, dtype=np.float32)
    return np.concatenate([bits.view(np.float32), ends.view(np.float32), dense, near])


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


EXACT = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2,
    "log1p": np.log1p, "sigmoid": _sigmoid, "tanh": np.tanh, "softplus": _softplus,
    "log_sigmoid": lambda x: -_softplus(-x), "sinh": np.sinh, "cosh": np.cosh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sqrt": np.sqrt,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXACT))
def test_all_of_float32(name: str) -> None:
    """Denormals, infinities and NaN are among them; NumPy's float64 is exact enough."""
    x = singles()
    (found,) = native.natively(getattr(b, name), x)
    with np.errstate(all="ignore"):
        wanted = EXACT[name](x.astype(np.float64))
        sign = np.signbit(wanted.astype(np.float32))
    away = units(found, wanted)
    worst = int(np.argmax(away))
    bound = BOUNDS.get(name, (0.5001,))[0]
    assert away[worst] <= bound, (x[worst], found[worst], away[worst])
    zero = found == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), sign[zero])


@pytest.mark.parametrize("name", sorted(EXACT))
def test_numpy_evaluates_the_same(name: str) -> None:
    """No processor's peculiarity: the same expressions, step by step."""
    x = singles()[::37]
    leaf = Expr("leaf", (), "float32")
    (found,) = native.natively(getattr(b, name), x)
    other = evaluate(getattr(b, name)(leaf), {id(leaf): x})
    np.testing.assert_array_max_ulp(found, other, 2)


def test_angles_next_to_quarters() -> None:
    """What is left of the angle keeps its digits, however large the angle is."""
    x = (np.arange(1, 4000) * (np.pi / 2)).astype(np.float32)
    for name, exact in (("sin", np.sin), ("cos", np.cos)):
        (found,) = native.natively(getattr(b, name), x)
        assert units(found, exact(x.astype(np.float64))).max() <= 1.5
