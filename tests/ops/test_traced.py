"""Every row of the op cases inside `tf.function`, against the row run eagerly.

Values and gradients, with known sizes; a row that makes variables or draws numbers is
another thing in a graph, by TensorFlow's rules, and is left out by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import Case, all_cases, tensors

import rillet as tf

#: Rows that make a variable at every call, which a function must refuse.
MAKES_VARIABLES = ("method", "TensorStridedSliceUpdate", "RilletRng")
#: Stateful random ops: a graph's nodes have streams of their own.
DRAWS = (
    "RandomUniform",
    "RandomStandardNormal",
    "TruncatedNormal",
    "RandomUniformInt",
    "Multinomial",
    "RandomGamma",
    "RandomPoissonV2",
    "RandomShuffle",
)
#: What TensorFlow computes in a graph and rillet, so far, only from values.
NEEDS_VALUES = (
    "DenseBincount",
    "StringNGrams",
    "ComputeAccidentalHits.nce_loss",
    "ComputeAccidentalHits.sampled_softmax_loss",
)


def left_out(case: Case) -> bool:
    return (
        any(part in case.key for part in MAKES_VARIABLES)
        or case.op in DRAWS
        or case.key.startswith(NEEDS_VALUES)
    )


ROWS = [row for row in all_cases() if not left_out(row)]


def numbers(values: Any) -> list[np.ndarray]:
    return [np.asarray(tf.convert_to_tensor(y).numpy()) for y in values]


def check_same(have: list[np.ndarray], want: list[np.ndarray]) -> None:
    """One kernel ran both times; only gradients may be summed in another order."""
    assert len(have) == len(want)
    for a, b in zip(have, want, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        if a.dtype.kind in "OSb":
            assert a.tolist() == b.tolist()
        else:
            wide = np.complex128 if a.dtype.kind == "c" else np.float64
            np.testing.assert_allclose(
                a.astype(wide), b.astype(wide), rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("case", ROWS, ids=[row.key for row in ROWS])
def test_value(case: Case) -> None:
    xs = [tf.constant(x) for x in case.inputs]

    @tf.function(autograph=False)
    def traced(*args: Any) -> Any:
        return tensors(case.call(tf, *args))

    tf.random.set_seed(1)
    want = numbers(tensors(case.call(tf, *xs)))
    tf.random.set_seed(1)
    check_same(numbers(traced(*xs)), want)


def wanted(case: Case) -> list[int]:
    if case.grad is not None:
        return list(case.grad)
    return [i for i, x in enumerate(case.inputs) if x.dtype.kind == "f"]


def total(outputs: list[Any]) -> Any:
    """A sum of all results with a weight each, whatever their sizes."""
    out: Any = tf.constant(0.0, tf.float64)
    for y in outputs:
        if y.dtype.is_floating or y.dtype.is_complex:
            places = tf.cast(tf.range(tf.size(y)), tf.float64)
            weights = tf.cast(tf.reshape(tf.cos(places), tf.shape(y)), y.dtype)
            part = tf.reduce_sum(y * weights)
            if y.dtype.is_complex:
                part = tf.math.real(part) + tf.math.imag(part)
            out += tf.cast(part, tf.float64)
    return out


GRADED = [row for row in ROWS if row.order and wanted(row)]


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
@pytest.mark.parametrize("case", GRADED, ids=[row.key for row in GRADED])
def test_gradient(case: Case, inside: bool) -> None:
    """The tape stands around the function, or inside it."""
    which = wanted(case)
    xs = [tf.constant(x) for x in case.inputs]

    def loss(*args: Any) -> Any:
        return total(tensors(case.call(tf, *args)))

    def gradients(function: Any, *args: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            tape.watch([args[i] for i in which])
            y = function(*args)
        found = tape.gradient(y, [args[i] for i in which])
        return [tf.convert_to_tensor(g) for g in found if g is not None]

    want = numbers(gradients(loss, *xs))
    if inside:

        @tf.function(autograph=False)
        def traced(*args: Any) -> Any:
            return gradients(loss, *args)

        have = numbers(traced(*xs))
    else:
        have = numbers(gradients(tf.function(loss, autograph=False), *xs))
    check_same(have, want)
