"""Every row of the op cases against TensorFlow, finite differences and `infer`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Case, all_cases, tensors

import rillet as tf
from rillet.core import context
from rillet.core.spec import Spec
from rillet.ops.dispatch import spec_of
from rillet.ops.registry import TABLE

GOLDEN = Path(__file__).parents[1] / "golden"
ROWS = all_cases()
IDS = [row.key for row in ROWS]


@functools.cache
def golden() -> dict[str, np.ndarray]:
    """Every golden array by key."""
    found: dict[str, np.ndarray] = {}
    for path in sorted(GOLDEN.glob("cases_*.npz")):
        with np.load(path) as data:
            found.update({key: data[key] for key in data.files})
    return found


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


def wide(case: Case) -> list[Any]:
    """The inputs in float64."""
    return [x.astype(np.float64) if x.dtype == np.float32 else x for x in case.inputs]


def weighted(outputs: list[Any]) -> Any:
    """The scalar that the golden gradients are of."""
    total: Any = tf.constant(0.0, tf.float64)
    for y in outputs:
        if y.dtype.is_floating or y.dtype.is_complex:
            w = np.cos(np.arange(int(np.prod(y.shape)))).reshape(tuple(y.shape))
            part = tf.reduce_sum(y * tf.cast(w, y.dtype))
            whole = (
                part if y.dtype.is_floating else tf.math.real(part) + tf.math.imag(part)
            )
            total = total + tf.cast(whole, tf.float64)
    return total


def wanted(case: Case) -> list[int]:
    """The inputs that a row differentiates."""
    if case.grad is not None:
        return list(case.grad)
    return [i for i, x in enumerate(case.inputs) if x.dtype.kind == "f"]


@pytest.mark.parametrize("case", ROWS, ids=IDS)
def test_value(case: Case) -> None:
    listener = Listener()
    with context.pushed_recorder(listener):
        outputs = tensors(case.call(tf, *map(tf.constant, case.inputs)))
    names = {op.name for op, *_ in listener.ran}
    assert case.op in names, f"the row ran {sorted(names)}"
    for i, y in enumerate(outputs):
        if case.golden:
            want = golden()[f"{case.key}/out{i}"]
        else:
            assert case.expect is not None
            want = np.asarray(tensors(case.expect(*case.inputs))[i])
        check_equal(case, y, want)


def check_equal(case: Case, y: Any, want: np.ndarray) -> None:
    """A tensor against a golden array, types included."""
    have = tf.convert_to_tensor(y)
    assert tuple(have.shape) == want.shape
    if have.dtype == tf.string:
        texts = [b.hex() for b in np.array(have.numpy(), object).reshape(-1)]
        assert texts == want.reshape(-1).tolist()
        return
    if have.dtype != tf.bfloat16:
        assert have.dtype.numpy_dtype == want.dtype
    if want.dtype.kind in "biu":
        np.testing.assert_array_equal(have.numpy(), want)
    else:
        value = np.asarray(have.numpy()).astype(want.dtype)
        np.testing.assert_allclose(value, want, rtol=case.rtol, atol=case.atol)


@pytest.mark.parametrize("case", ROWS, ids=IDS)
def test_infer_agrees_with_the_kernel(case: Case) -> None:
    listener = Listener()
    with context.pushed_recorder(listener):
        case.call(tf, *map(tf.constant, case.inputs))
    for op, inputs, outputs, attrs in listener.ran:
        specs = [spec_of(x) for x in inputs]
        if op.variadic:
            head = [s for s in specs if isinstance(s, Spec)]
            specs = [head, *[s for s in specs if not isinstance(s, Spec)]]
        found = op.infer(*specs, **(attrs or {}))
        found = [found] if isinstance(found, Spec) else list(found)
        for spec, y in zip(found, outputs, strict=True):
            assert spec.dtype is y.dtype, op
            assert spec.shape is None or len(spec.shape) == len(y.shape), op
            for a, b in zip(spec.shape or (), y.shape, strict=spec.shape is not None):
                assert a is None or a == b, (op, spec, y.shape)


GRADED = [row for row in ROWS if row.order and wanted(row)]


@pytest.mark.parametrize("case", GRADED, ids=[r.key for r in GRADED])
def test_gradient(case: Case) -> None:
    """Gradients against TensorFlow's, and against central differences in float64."""
    which = wanted(case)
    xs = [tf.constant(x) for x in case.inputs]
    with tf.GradientTape() as tape:
        tape.watch([xs[i] for i in which])
        loss = weighted(tensors(case.call(tf, *xs)))
    gs = tape.gradient(loss, [xs[i] for i in which])
    for i, g in zip(which, gs, strict=True):
        want = golden().get(f"{case.key}/grad{i}")
        if want is None:
            continue
        assert g is not None, f"no gradient for input {i}"
        have = tf.convert_to_tensor(g).numpy()
        np.testing.assert_allclose(
            have, want, rtol=max(case.rtol, 1e-4), atol=max(case.atol, 1e-5)
        )
    if all(case.inputs[i].dtype == np.float32 for i in which):
        check_differences(case, which)


def check_differences(case: Case, which: list[int]) -> None:
    """First and second order along one random direction.

    Central differences of step h err by h² in truth and eps/h in rounding: at 1e-5 in
    float64 both stay below 1e-9 of the scale, far inside the tolerance of 1e-4.
    """
    arrays = wide(case)
    rng = np.random.default_rng(1)
    along = [
        rng.standard_normal(x.shape) if i in which else None
        for i, x in enumerate(arrays)
    ]

    def loss_at(t: float) -> Any:
        moved = [
            tf.constant(x if d is None else x + t * d)
            for x, d in zip(arrays, along, strict=True)
        ]
        with tf.GradientTape(persistent=True) as outer:
            outer.watch([moved[i] for i in which])
            with tf.GradientTape() as inner:
                inner.watch([moved[i] for i in which])
                loss = weighted(tensors(case.call(tf, *moved)))
            gs = inner.gradient(loss, [moved[i] for i in which])
            slope = tf.constant(0.0, tf.float64)
            for i, g in zip(which, gs, strict=True):
                if g is not None:
                    slope += tf.reduce_sum(tf.convert_to_tensor(g) * along[i])
        if case.order < 2:
            return loss, slope, None
        second = outer.gradient(slope, [moved[i] for i in which])
        curve = sum(
            float(tf.reduce_sum(tf.convert_to_tensor(g) * along[i]))
            for i, g in zip(which, second, strict=True)
            if g is not None
        )
        return loss, slope, curve

    h = case.step
    (up, up_slope, _), (down, down_slope, _) = loss_at(h), loss_at(-h)
    _, slope, curve = loss_at(0.0)
    scale = max(1.0, abs(float(slope)))
    assert abs((float(up) - float(down)) / (2 * h) - float(slope)) < 1e-4 * scale
    if curve is not None:
        scale = max(1.0, abs(curve))
        difference = (float(up_slope) - float(down_slope)) / (2 * h)
        assert abs(difference - curve) < 1e-4 * scale


REFUSALS = [(row, i) for row in ROWS for i in range(len(row.refused))]


@pytest.mark.parametrize(
    ("case", "i"), REFUSALS, ids=[f"{row.key}-{i}" for row, i in REFUSALS]
)
def test_refused(case: Case, i: int) -> None:
    arrays, kind, text = case.refused[i]
    error = getattr(tf.errors, kind, None) or getattr(__import__("builtins"), kind)
    with pytest.raises(error, match=text):
        case.call(
            tf, *[tf.constant(x) if isinstance(x, np.ndarray) else x for x in arrays]
        )


SIZED = [row for row in ROWS if row.sizes]


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 1)])
@pytest.mark.parametrize("case", SIZED, ids=[r.key for r in SIZED])
def test_empty_and_scalar(case: Case, shape: tuple[int, ...]) -> None:
    xs = [np.ones(shape, x.dtype) for x in case.inputs]
    y = case.call(tf, *map(tf.constant, xs))
    assert tuple(y.shape) == shape


TYPED = [(row, kind) for row in ROWS for kind in row.dtypes]


@pytest.mark.parametrize(
    ("case", "kind"), TYPED, ids=[f"{row.key}-{kind}" for row, kind in TYPED]
)
def test_other_float_types(case: Case, kind: str) -> None:
    """Each type against float64; it may lose a few units in its own last place."""
    dtype = tf.as_dtype(kind)
    narrow = [
        tf.cast(x, dtype) if x.dtype.kind == "f" else tf.constant(x)
        for x in case.inputs
    ]
    exact = [tf.cast(x, tf.float64) if x.dtype.is_floating else x for x in narrow]
    have, want = tensors(case.call(tf, *narrow)), tensors(case.call(tf, *exact))
    eps = {"float16": 1e-3, "bfloat16": 8e-3, "float64": 1e-13}[kind]
    for a, b in zip(have, want, strict=True):
        assert a.dtype in (dtype, b.dtype)
        if a.dtype.is_floating:
            np.testing.assert_allclose(
                tf.cast(a, tf.float64).numpy(), b.numpy(), rtol=8 * eps, atol=8 * eps
            )


def test_every_op_has_a_row() -> None:
    covered: set[str] = {row.op for row in ROWS}
    missing = sorted(set(TABLE) - covered)
    assert not missing, f"ops without a row in tests/cases: {missing}"
