"""Elements as `lower` gives them against the kernels, by NumPy and as native loops."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from cases import Case, tensors
from ops import run_expressions as native
from ops.evaluate_expressions import CheckFailed, evaluate

import rillet as tf
from rillet.core import context
from rillet.core.dtypes import as_dtype
from rillet.ops.expressions import HALVES, TYPES, Expr
from rillet.ops.lowering import Lazy, Map
from rillet.ops.registry import TABLE, Op

for name in ("adam_updates", "arithmetic", "bessel", "gamma", "special", "zero_safe"):
    importlib.import_module(f"rillet.ops.{name}")  # enters records

LOOPS = ("numpy", "native")
INTEGERS = sorted(t for t in TYPES if "int" in t)
NUMBERS = [*sorted(TYPES), *sorted(HALVES)]
#: The kernels compute float32 within a few units, and so do the expressions; lgamma
#: and digamma lose digits near their zeros.
TOLERANCE = {
    "float32": 3e-6, "float64": 2e-13, "float16": 2e-3, "bfloat16": 1.6e-2,
}  # fmt: skip
EDGES = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -0.5, 0.3, -0.7, 2.5, -2.5, 6.0, 7.5,
    10.0, -30.0, 88.0, -95.0, 1e-5, -1e-20, 1e-39, 1e10, -3e38, 16777216.0,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip
#: Their loops choose where kernels multiply by 0: an infinite gradient is no NaN.
CHOOSE = {"ReluGrad", "Relu6Grad"}
#: Its kernel's curve is 0 below the normal numbers; large factors show that.
CUT = {"SoftplusGrad"}
#: In halves their kernels round before the last step, which can move a whole number.
ROUNDED_BETWEEN = {"FloorDiv", "TruncateDiv"}
#: In halves their kernels round after every step.
STEPS = {"ReciprocalGrad": 8, "SqrtGrad": 8, "Lgamma": 20, "Digamma": 20}


def array_type(name: str) -> Any:
    return np.dtype(getattr(ml_dtypes, name) if name == "bfloat16" else name)


class Context:
    """What `lower` needs of a backend to say what elements are."""

    def __init__(self, outputs: list[tuple[tuple[int, ...], str]]) -> None:
        self.outputs = outputs

    def pointwise(self, shape: Any, type: str, at: Any) -> Lazy:
        wide = "float32" if type in HALVES else type

        def typed(place: Any) -> Expr:
            found = at(place)
            assert found.type == wide, (found.type, wide)
            return found

        return Lazy(shape, type, typed)

    def settled(self, x: Lazy) -> Lazy:
        return x


def lowered(op: Op, arrays: list[Any], attrs: Any, outputs: Any, how: str) -> list[Any]:
    """What `op.lower` gives for arrays, computed one way or the other."""
    shape = outputs[0].shape
    specs = [(y.shape, y.dtype.name) for y in outputs]

    def make(*leaves: Expr) -> list[Expr]:
        inputs = [
            Lazy(a.shape, a.dtype.name, lambda _, e=e: e)
            for a, e in zip(arrays, leaves, strict=True)
        ]
        found = op.lower(Context(specs), *inputs, **attrs)
        return [
            x.at(tuple(range(len(shape))))
            for x in (found if isinstance(found, tuple) else (found,))
        ]

    spread = [np.broadcast_to(a, shape) for a in arrays]
    if how == "native":
        made = native.natively(make, *spread)
    else:
        wide = [a.astype(np.float32) if a.dtype.name in HALVES else a for a in spread]
        leaves = [Expr("leaf", (), a.dtype.name) for a in wide]
        values = {id(e): a for e, a in zip(leaves, wide, strict=True)}
        made = [evaluate(x, values) for x in make(*leaves)]
    with np.errstate(all="ignore"):
        return [
            np.reshape(a, y.shape).astype(y.dtype)
            for a, y in zip(made, outputs, strict=True)
        ]


def agree(found: list[Any], wanted: list[Any], label: str, factor: float = 1) -> None:
    for a, y in zip(found, wanted, strict=True):
        rtol = TOLERANCE.get(y.dtype.name, 0) * factor
        kind = np.float64 if y.dtype.name in TOLERANCE else y.dtype
        # Some kernels give 0 where the result is below the normal numbers.
        tiny = {"float32": 2e-38, "float64": 3e-308}.get(y.dtype.name, 1e-7)
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(
                a.astype(kind), y.astype(kind), rtol, tiny, err_msg=label
            )


class Listener:
    """A recorder that keeps every op that ran."""

    def __init__(self) -> None:
        self.ran: list[tuple[Any, tuple, tuple, Any]] = []

    def record(self, op: Any, inputs: tuple, outputs: tuple, attrs: Any) -> None:
        self.ran.append((op, inputs, outputs, attrs))

    def read(self, variable: Any, tensor: Any) -> None:
        """Reads of variables do not matter here."""

    def left(self, tensor: Any, how: str) -> None:
        """Values that leave do not matter here."""


def ran(case: Case) -> list[Any]:
    """The ops that a row and its gradient run, as arrays."""
    listener = Listener()
    with context.pushed_recorder(listener):
        inputs = [tf.constant(x) for x in case.inputs]
        with tf.GradientTape() as tape:
            watched = [x for x in inputs if x.dtype.is_floating]
            tape.watch(watched)
            outputs = [
                y for y in tensors(case.call(tf, *inputs)) if hasattr(y, "dtype")
            ]
        floats = [y for y in outputs if y.dtype.is_floating]
        if watched and floats and case.grad != ():
            tape.gradient(floats, watched)
    return [
        (op, [x._array for x in inputs], [y._array for y in outputs], attrs or {})
        for op, inputs, outputs, attrs in listener.ran
        if isinstance(op, Op)
        and elementwise(op)
        and all(hasattr(x, "_array") for x in inputs)
    ]


def elementwise(op: Op) -> bool:
    return isinstance(op.lower, Map) or op.name == "Pow"


def native_types(arrays: list[Any]) -> bool:
    return all(a.dtype.name in TYPES or a.dtype.name in HALVES for a in arrays)


FAMILIES = (
    "elementwise", "compare", "transcendental", "special", "nn", "updates", "array",
)  # fmt: skip


def rows() -> list[Case]:
    return [c for m in FAMILIES for c in importlib.import_module(f"cases.{m}").CASES]


@pytest.mark.parametrize("case", rows(), ids=lambda c: c.key)
def test_cases(case: Case) -> None:
    for op, inputs, outputs, attrs in ran(case):
        if native_types([*inputs, *outputs]):
            found = lowered(op, inputs, attrs, outputs, "numpy")
            agree(found, outputs, op.name, STEPS.get(op.name, 1))


def takes(op: Op, type: str) -> bool:
    return all(
        c is not None and (isinstance(c, int) or array_type(type) in c)
        for c in op.types
    )


FLOATS = [
    (name, type)
    for name, op in sorted(TABLE.items())
    if elementwise(op)
    and op.outputs == 1
    and name not in {"Cast", "RilletDescend", *CUT}
    for type in ("float32", "float64", "bfloat16")
    if takes(op, type) and not (type == "bfloat16" and name in ROUNDED_BETWEEN)
]


@pytest.mark.parametrize("how", LOOPS)
@pytest.mark.parametrize(("name", "type"), FLOATS)
def test_edges(name: str, type: str, how: str) -> None:
    op = TABLE[name]
    edges = [v for v in EDGES if np.isfinite(v)] if name in CHOOSE else EDGES
    values = np.array(edges)
    with np.errstate(all="ignore"):
        grids = np.meshgrid(*[values] * len(op.types))
        inputs = [g.reshape(-1).astype(array_type(type)) for g in grids]
        wanted = [np.asarray(op.kernel(*inputs))]
    found = lowered(op, inputs, {}, wanted, how)
    agree(found, wanted, name, STEPS.get(name, 1))


def extremes(type: str) -> Any:
    limits = np.iinfo(type)
    given = {0, 1, 2, 3, 5, 7, -1, -2, -7, limits.min, limits.max, limits.max - 1}
    return np.array(sorted(v for v in given if limits.min <= v), type)


WHOLE = [
    (name, type)
    for name, op in sorted(TABLE.items())
    if elementwise(op) and op.outputs == 1 and name not in ("Cast", "Pow")
    for type in INTEGERS
    if takes(op, type)
]
DIVIDE = {"FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod"}


@pytest.mark.parametrize("how", LOOPS)
@pytest.mark.parametrize(("name", "type"), WHOLE)
def test_whole_numbers(name: str, type: str, how: str) -> None:
    op = TABLE[name]
    values = extremes(type)
    grids = [g.reshape(-1) for g in np.meshgrid(*[values] * len(op.types))]
    if name in DIVIDE:
        grids = [g[grids[1] != 0] for g in grids]
    with np.errstate(all="ignore"):
        wanted = [np.asarray(op.kernel(*grids))]
    agree(lowered(op, grids, {}, wanted, how), wanted, name)


@pytest.mark.parametrize("name", sorted(DIVIDE))
@pytest.mark.parametrize("type", ["int32", "uint8"])
def test_zero_divisors_fail(name: str, type: str) -> None:
    x, y = np.array([5, 6], type), np.array([1, 0], type)
    with pytest.raises(CheckFailed):
        lowered(TABLE[name], [x, y], {}, [x], "numpy")
    with pytest.raises(native.CheckFailed):
        lowered(TABLE[name], [x, y], {}, [x], "native")


@pytest.mark.parametrize("how", LOOPS)
@pytest.mark.parametrize("type", ["int32", "int64", "int8"])
def test_powers_of_whole_numbers_wrap(type: str, how: str) -> None:
    bases, powers = np.meshgrid(extremes(type), np.array([0, 1, 2, 3, 17, 100], type))
    x, y = bases.reshape(-1), powers.reshape(-1)
    found = lowered(TABLE["Pow"], [x, y], {}, [x], how)
    bits = np.iinfo(type).bits
    exact = [pow(int(a), int(n), 1 << bits) for a, n in zip(x, y, strict=True)]
    wanted = np.array(exact, np.uint64).astype(f"uint{bits}").view(type)
    np.testing.assert_array_equal(found[0], wanted)


def test_negative_powers_of_whole_numbers_fail() -> None:
    x, y = np.array([2, 2], np.int32), np.array([1, -1], np.int32)
    with pytest.raises(CheckFailed):
        lowered(TABLE["Pow"], [x, y], {}, [x], "numpy")


@pytest.mark.parametrize("how", LOOPS)
def test_bits_as_another_type(how: str) -> None:
    x = np.array([1.5, -0.0, np.inf], np.float32)
    wanted = x.view(np.uint32)
    attrs = {"type": as_dtype("uint32")}
    found = lowered(TABLE["Bitcast"], [x], attrs, [wanted], how)
    np.testing.assert_array_equal(found[0], wanted)
    assert TABLE["Bitcast"].lower(None, Lazy((3,), "float32"), as_dtype("int8")) is None


def cast_values(type: str) -> Any:
    if type == "bool":
        return np.array([False, True])
    if "int" in type:
        return extremes(type)
    beyond = [2.0**31, -(2.0**31), 2.0**31 - 128, 2.0**63, 2.0**64, 255.5, -129.7]
    fine = [1.0009765625, 65519.9, 65520.0, 6e-8, 2.9e-8, 1.00390625, 1 + 2.0**-40]
    values = np.array([*EDGES, *beyond, *fine, *np.negative(fine)])
    with np.errstate(all="ignore"):
        return values.astype(array_type(type))


@pytest.mark.parametrize("how", LOOPS)
@pytest.mark.parametrize("source", NUMBERS)
def test_casts(source: str, how: str) -> None:
    x = cast_values(source)
    for target in NUMBERS:
        if (
            how == "native"
            and target != "float32"
            and source not in ("float32", target)
        ):
            continue
        with np.errstate(all="ignore"):
            wanted = np.asarray(TABLE["Cast"].kernel(x, DstT=as_dtype(target)))
        found = lowered(TABLE["Cast"], [x], {"DstT": as_dtype(target)}, [wanted], how)
        kind = wanted.dtype if wanted.dtype.name in TYPES else np.float32
        np.testing.assert_array_equal(
            found[0].astype(kind), wanted.astype(kind), f"{source} to {target}"
        )


def test_every_pair_of_loops_gives_one_answer_where_types_meet() -> None:
    """A mask, a choice and a comparison keep their types."""
    c = np.array([True, False, True])
    for type in NUMBERS:
        x = np.array([0, 1, 1]).astype(array_type(type))
        y = np.array([1, 1, 0]).astype(array_type(type))
        for name, inputs in (("SelectV2", [c, x, y]), ("Equal", [x, y])):
            op = TABLE[name]
            wanted = [np.asarray(op.kernel(*inputs))]
            for how in LOOPS:
                agree(lowered(op, inputs, {}, wanted, how), wanted, f"{name} {type}")


def test_all_pairs_of_powers() -> None:
    """C's rules for 0, 1, infinities and NaN."""
    values = [v for v in EDGES if abs(v) < 1e30 or not np.isfinite(v)]
    x, y = (np.array(v) for v in zip(*itertools.product(values, values), strict=True))
    with np.errstate(all="ignore"):
        wanted = [np.power(x, y)]
    agree(lowered(TABLE["Pow"], [x, y], {}, wanted, "numpy"), wanted, "Pow")
