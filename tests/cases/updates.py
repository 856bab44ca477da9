"""Rows for the optimizers' updates; values from the papers' formulas in float64.

tests/keras compares whole trajectories with tf.keras; these rows hold single steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cases import Case, floats

X, G, M = floats(3, 4), floats(3, 4, seed=1), floats(3, 4, seed=2)
V, A = floats(3, 4, low=0.1, seed=3), floats(3, 4, low=0.1, seed=4)
RATE, STEP = np.array(0.05, np.float32), np.array(3, np.int64)
BIG = floats(200, 300), floats(200, 300, seed=1), floats(200, 300, low=0.1, seed=2)
OTHER = floats(4, 3)
BAD = "InvalidArgumentError"
TEXT = "a gradient has the shape of its variable"
TYPES = ("float64", "bfloat16", "float16")


def run(op: str, **attrs: Any) -> Any:
    """A call of a record by its name."""

    def call(tf: Any, *tensors: Any) -> Any:
        import rillet.ops.adam_updates  # noqa: F401  enters the records
        from rillet.ops.registry import find

        found = find(op)(*tensors, **attrs)
        return list(found) if isinstance(found, tuple) else found

    return call


def formula(function: Any) -> Any:
    """`function` in float64, its results in float32."""

    def expect(*arrays: Any) -> Any:
        wide = [np.float64(a) if a.dtype.kind == "f" else a for a in arrays]
        return [np.asarray(y, np.float32) for y in function(*wide)]

    return expect


def row(op: str, inputs: Any, function: Any, name: str = "", **attrs: Any) -> Case:
    """A row of one update; a gradient of another shape is refused."""
    wrong = (inputs[0], OTHER, *inputs[2:])
    return Case(
        op,
        run(op, **attrs),
        inputs,
        name=name,
        grad=(),
        order=0,
        golden=False,
        expect=formula(function),
        refused=((wrong, BAD, TEXT),) if inputs[0].shape == X.shape else (),
        dtypes=TYPES if inputs[0].shape == X.shape else (),
    )


def momentum(nesterov: bool) -> Any:
    def step(x: Any, g: Any, m: Any, rate: Any) -> Any:
        m = 0.9 * m - rate * g
        return (x + 0.9 * m - rate * g if nesterov else x + m), m

    return step


def rmsprop(x: Any, g: Any, v: Any, rate: Any) -> Any:
    v = 0.8 * v + 0.2 * g * g
    return x - rate * g / np.sqrt(v + 1e-3), v


def rmsprop_outside(x: Any, g: Any, v: Any, rate: Any) -> Any:
    v = 0.8 * v + 0.2 * g * g
    return x - rate * g / (np.sqrt(v) + 1e-3), v


def rmsprop_momentum(x: Any, g: Any, v: Any, m: Any, rate: Any) -> Any:
    v = 0.8 * v + 0.2 * g * g
    m = 0.5 * m + rate * g / np.sqrt(v + 1e-3)
    return x - m, v, m


def rmsprop_both(x: Any, g: Any, v: Any, m: Any, a: Any, rate: Any) -> Any:
    v, a = 0.8 * v + 0.2 * g * g, 0.8 * a + 0.2 * g
    m = 0.5 * m + rate * g / np.sqrt(v - a * a + 1e-3)
    return x - m, v, m, a


def adagrad(x: Any, g: Any, a: Any, rate: Any) -> Any:
    a = a + g * g
    return x - rate * g / np.sqrt(a + 1e-3), a


def adadelta(x: Any, g: Any, v: Any, d: Any, rate: Any) -> Any:
    v = 0.9 * v + 0.1 * g * g
    change = -np.sqrt(d + 1e-3) / np.sqrt(v + 1e-3) * g
    return x + rate * change, v, 0.9 * d + 0.1 * change * change


def ftrl(x: Any, g: Any, a: Any, z: Any, rate: Any) -> Any:
    after = a + g * g
    z = z + g - (np.sqrt(after) - np.sqrt(a)) / rate * x
    steep = np.sqrt(after) / rate + 2 * 0.02
    return (np.clip(z, -0.01, 0.01) - z) / steep, after, z


def adam(x: Any, g: Any, m: Any, v: Any, rate: Any, t: Any) -> Any:
    m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
    mean, square = m / (1 - 0.8**t), v / (1 - 0.9**t)
    # Keras adds epsilon to the root that is not corrected yet.
    return x - rate * mean / (np.sqrt(square) + 1e-3 / np.sqrt(1 - 0.9**t)), m, v


def amsgrad(x: Any, g: Any, m: Any, v: Any, top: Any, rate: Any, t: Any) -> Any:
    m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
    top = np.maximum(top, v)
    alpha = rate * np.sqrt(1 - 0.9**t) / (1 - 0.8**t)
    return x - alpha * m / (np.sqrt(top) + 1e-3), m, v, top


def adamax(x: Any, g: Any, m: Any, u: Any, rate: Any, t: Any) -> Any:
    m, u = 0.8 * m + 0.2 * g, np.maximum(0.9 * u, np.abs(g))
    return x - rate / (1 - 0.8**t) * m / (u + 1e-3), m, u


def nadam(decay: float) -> Any:
    def step(x: Any, g: Any, m: Any, v: Any, rate: Any, t: Any, product: Any) -> Any:
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        now, then = (0.8 * (1 - 0.5 * 0.96 ** (decay * s)) for s in (t, t + 1))
        mean = then * m / (1 - product * then) + (1 - now) * g / (1 - product)
        return x - rate * mean / (np.sqrt(v / (1 - 0.9**t)) + 1e-3), m, v

    return step


def lion(x: Any, g: Any, m: Any, rate: Any) -> Any:
    return x - rate * np.sign(0.8 * m + 0.2 * g), 0.9 * m + 0.1 * g


RMS = {"rho": 0.8, "epsilon": 1e-3}
BETAS = {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}
FTRL = {"l1": 0.01, "l2": 0.02}
ONE = np.array(0.4, np.float32)

CASES = (
    row("RilletDescend", (X, G, RATE), lambda x, g, rate: (x - rate * g,)),
    row("RilletMomentum", (X, G, M, RATE), momentum(False), momentum=0.9),
    row(
        "RilletMomentum",
        (X, G, M, RATE),
        momentum(True),
        "nesterov",
        momentum=0.9,
        nesterov=True,
    ),
    row("RilletRMSprop", (X, G, V, RATE), rmsprop, **RMS),
    row("RilletRMSprop", (*BIG, RATE), rmsprop, "blocks", **RMS),
    row(
        "RilletRMSprop",
        (X, G, V, RATE),
        rmsprop_outside,
        "outside",
        epsilon_outside=True,
        **RMS,
    ),
    row(
        "RilletRMSpropOneMore",
        (X, G, V, M, RATE),
        rmsprop_momentum,
        momentum=0.5,
        **RMS,
    ),
    row(
        "RilletRMSpropBoth",
        (X, G, V + 4, M, M / 4, RATE),
        rmsprop_both,
        momentum=0.5,
        centered=True,
        **RMS,
    ),
    row("RilletAdagrad", (X, G, A, RATE), adagrad, epsilon=1e-3),
    row("RilletAdadelta", (X, G, V, A, RATE), adadelta, rho=0.9, epsilon=1e-3),
    row("RilletFtrl", (X, G, A, M, RATE), ftrl, **FTRL),
    row("RilletAdam", (X, G, M, V, RATE, STEP), adam, **BETAS),
    row("RilletAMSGrad", (X, G, M, V, A, RATE, STEP), amsgrad, **BETAS),
    row("RilletAdamax", (X, G, M, V, RATE, STEP), adamax, **BETAS),
    row("RilletNadam", (X, G, M, V, RATE, STEP, ONE), nadam(1.0), **BETAS),
    row(
        "RilletNadam",
        (X, G, M, V, RATE, STEP, ONE),
        nadam(0.004),
        "slow",
        decay=0.004,
        **BETAS,
    ),
    row("RilletLion", (X, G, M, RATE), lion, beta_1=0.8, beta_2=0.9),
)
