"""Op cases as functions of SavedModels; rillet and the real TensorFlow both import it.

A family of rows becomes one module with a function a row, and one more that gives the
gradients. Rows without golden values are left out.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import cases
import numpy as np

#: Ops on files, which loaders refuse, and on what a function may not make.
_UNFIT = ("ReadFile", "WriteFile", "MatchingFiles", "LookupTable", "RilletRng")
#: Ops that TensorFlow has no gradient of.
_NO_GRADIENT_THERE = ("Lu", "RilletInvertRows", "RFFT3D", "IRFFT3D")


def families() -> list[str]:
    """The families of rows."""
    return sorted(found.name for found in pkgutil.iter_modules(cases.__path__))


def rows_of(family: str) -> list[Any]:
    """The rows of a family that are functions of tensors in both frameworks."""
    rows = importlib.import_module(f"cases.{family}").CASES
    return [
        row
        for row in rows
        if row.golden and not row.op.startswith(_UNFIT) and "method" not in row.name
        if not row.op == "TensorStridedSliceUpdate"
    ]


def differentiable_there(row: Any) -> bool:
    """Whether TensorFlow has a row's gradient."""
    return bool(differentiated(row)) and row.op not in _NO_GRADIENT_THERE


def differentiated(row: Any) -> list[int]:
    """The inputs that a row's golden gradients are of."""
    if not row.order:
        return []
    if row.grad is not None:
        return list(row.grad)
    return [i for i, x in enumerate(row.inputs) if x.dtype.kind == "f"]


def specs_of(tf: Any, row: Any) -> list[Any]:
    """What a row's function takes."""
    kinds = [tf.constant(x).dtype for x in row.inputs]
    rows = zip(row.inputs, kinds, strict=True)
    return [tf.TensorSpec(np.shape(x), kind) for x, kind in rows]


def plain(tf: Any, y: Any) -> Any:
    """A tensor as an array that files can hold: texts in hexadecimal digits."""
    y = tf.convert_to_tensor(y)
    if y.dtype == tf.string:
        texts = np.array(y.numpy(), object)
        found = np.array([text.hex() for text in texts.reshape(-1)], "U")
        return found.reshape(texts.shape)
    if y.dtype == tf.bfloat16:
        y = tf.cast(y, tf.float32)
    return np.asarray(y.numpy())


def forward(tf: Any, row: Any) -> Any:
    """A row as a function of fixed shapes."""

    @tf.function(input_signature=specs_of(tf, row))
    def call(*xs: Any) -> Any:
        return [tf.convert_to_tensor(y) for y in cases.tensors(row.call(tf, *xs))]

    return call


def backward(tf: Any, row: Any) -> Any:
    """The gradients of a row, weighted as its golden ones are."""
    which = differentiated(row)

    @tf.function(input_signature=specs_of(tf, row))
    def call(*xs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([xs[i] for i in which])
            loss = tf.constant(0.0, tf.float64)
            for y in cases.tensors(row.call(tf, *xs)):
                if not (y.dtype.is_floating or y.dtype.is_complex):
                    continue
                # Sizes that the graph does not know are 0 there.
                n = tf.size(y)
                w = tf.reshape(tf.cos(tf.cast(tf.range(n), tf.float64)), tf.shape(y))
                part = y * tf.cast(w, y.dtype)
                if y.dtype.is_complex:
                    part = tf.math.real(part) + tf.math.imag(part)
                loss += tf.cast(tf.reduce_sum(part), tf.float64)
        found = tape.gradient(loss, [xs[i] for i in which])
        return [tf.convert_to_tensor(g) for g in found if g is not None]

    return call


def module_of(tf: Any, family: str, gradients: Any) -> Any:
    """A module with a function for each row of a family, and for its gradients.

    Args:
        tf: rillet or TensorFlow.
        family: the family.
        gradients: says whether a row's gradients are among them.
    """
    made = tf.Module()
    for i, row in enumerate(rows_of(family)):
        setattr(made, f"f{i}", forward(tf, row))
        if gradients(row):
            setattr(made, f"g{i}", backward(tf, row))
    return made


def results(tf: Any, module: Any, family: str) -> dict[str, Any]:
    """What all functions of a family's module give, or the error's text."""
    found: dict[str, Any] = {}
    for i, row in enumerate(rows_of(family)):
        for name in (f"f{i}", f"g{i}"):
            if hasattr(module, name):
                try:
                    found[name] = run(tf, getattr(module, name), row)
                except Exception as error:
                    found[name] = f"{type(error).__name__}: {error}"
    return found


def differences(family: str, have: Any, want: Any) -> dict[str, str]:
    """What differs, by the row's key."""
    found = {}
    for name, wanted in want.items():
        row = rows_of(family)[int(name[1:])]
        got = have.get(name, "the function is missing")
        slack = 1.0 if name[0] == "f" else 10.0  # sums of sums, in another order
        for text in (got, wanted):
            if isinstance(text, str):
                found[f"{row.key} {name}"] = text[:500]
                break
        else:
            told = differ(row, got, wanted, slack)
            if told:
                found[f"{row.key} {name}"] = told
    return found


def run(tf: Any, function: Any, row: Any) -> list[Any]:
    """What a row's function gives."""
    found = function(*[tf.constant(x) for x in row.inputs])
    found = [found] if hasattr(found, "dtype") else list(found or ())
    return [plain(tf, y) for y in found]


def differ(row: Any, have: list[Any], want: list[Any], slack: float = 1.0) -> str:
    """What tells two lists of results apart; empty where nothing does."""
    if len(have) != len(want):
        return f"{len(have)} results, {len(want)} wanted"
    for i, (x, y) in enumerate(zip(have, want, strict=True)):
        if x.shape != y.shape:
            return f"result {i} has shape {x.shape}, wanted {y.shape}"
        if y.dtype.kind in "fc":
            close = {"rtol": row.rtol * slack, "atol": max(row.atol, 1e-6) * slack}
            if not np.allclose(x, y, equal_nan=True, **close):
                return f"result {i}: {x!r}, wanted {y!r}"
        elif not np.array_equal(x, y):
            return f"result {i}: {x!r}, wanted {y!r}"
    return ""
