"""The updates of Adam's family: moments of the gradient, corrected for their start.

As `updates`, with the number of the step as the last input.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from rillet.ops.registry import Op
from rillet.ops.updates import (
    STEP,
    Array,
    check_shapes,
    fresh,
    over_blocks,
    update_rule,
)


def _moments(
    t: Array,
    g: Array,
    m: Array,
    v: Array,
    m_out: Array,
    v_out: Array,
    takes: tuple[Any, Any],
) -> None:
    """m + (g - m)(1 - β₁) and v + (g² - v)(1 - β₂)."""
    np.subtract(g, m, out=t)
    np.multiply(t, takes[0], out=t)
    np.add(m, t, out=m_out)
    np.square(g, out=t)
    np.subtract(t, v, out=t)
    np.multiply(t, takes[1], out=t)
    np.add(v, t, out=v_out)


def _power(kind: Any, beta: float, step: Array) -> Any:
    """β^step in the variable's type."""
    return np.power(kind(beta), kind(step))


def _alpha(kind: Any, rate: Array, betas: tuple[float, float], step: Array) -> Any:
    """The rate, corrected for moments that began at zero."""
    return _corrected(kind, float(rate), *betas, int(step))


# One value serves all variables of a step.
@functools.lru_cache(maxsize=16)
def _corrected(kind: Any, rate: float, beta_1: float, beta_2: float, step: int) -> Any:
    one, count = kind(1), np.asarray(step)
    first, second = _power(kind, beta_1, count), _power(kind, beta_2, count)
    return kind(rate) * np.sqrt(one - second) / (one - first)


def _adam(
    var: Array,
    grad: Array,
    m: Array,
    v: Array,
    rate: Array,
    step: Array,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Array, ...]:
    check_shapes(var, grad)
    kind = var.dtype.type
    alpha = _alpha(kind, rate, (beta_1, beta_2), step)
    takes, small = (kind(1 - beta_1), kind(1 - beta_2)), kind(epsilon)

    def body(
        t: Any, x: Any, g: Any, m: Any, v: Any, x_out: Any, m_out: Any, v_out: Any
    ) -> None:
        _moments(t, g, m, v, m_out, v_out, takes)
        np.sqrt(v_out, out=t)
        np.add(t, small, out=t)
        np.multiply(m_out, alpha, out=x_out)
        np.divide(x_out, t, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, m, v), fresh(var, 3))


def _one_power(b: Any, beta: float, step: Any, type: str) -> Any:
    """β^step, rounded once."""
    beta = float(np.dtype(type).type(beta))
    if beta <= 0:
        return b.const(0.0, type)
    return b.cast(b.exp(b.cast(step, "float64") * math.log(beta)), type)


def _one_alpha(b: Any, rate: Any, beta_1: float, beta_2: float, step: Any) -> Any:
    first = 1.0 - _one_power(b, beta_1, step, rate.type)
    second = 1.0 - _one_power(b, beta_2, step, rate.type)
    return rate * b.sqrt(second) / first


def _one_moments(
    g: Any, m: Any, v: Any, beta_1: float, beta_2: float
) -> tuple[Any, Any]:
    return m + (g - m) * (1 - beta_1), v + (g * g - v) * (1 - beta_2)


def _one_adam(
    b: Any,
    x: Any,
    g: Any,
    m: Any,
    v: Any,
    rate: Any,
    step: Any,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Any, ...]:
    alpha = _one_alpha(b, rate, beta_1, beta_2, step)
    m, v = _one_moments(g, m, v, beta_1, beta_2)
    return x - m * alpha / (b.sqrt(v) + epsilon), m, v


_ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
adam_op: Op = update_rule("RilletAdam", _adam, 2, _ADAM, _one_adam, extras=(STEP,))


def _amsgrad(
    var: Array,
    grad: Array,
    m: Array,
    v: Array,
    top: Array,
    rate: Array,
    step: Array,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Array, ...]:
    """Adam with the greatest second moment so far (Reddi et al., 2018)."""
    check_shapes(var, grad)
    kind = var.dtype.type
    alpha = _alpha(kind, rate, (beta_1, beta_2), step)
    takes, small = (kind(1 - beta_1), kind(1 - beta_2)), kind(epsilon)

    def body(
        t: Any,
        x: Any,
        g: Any,
        m: Any,
        v: Any,
        h: Any,
        x_out: Any,
        m_out: Any,
        v_out: Any,
        h_out: Any,
    ) -> None:
        _moments(t, g, m, v, m_out, v_out, takes)
        np.maximum(h, v_out, out=h_out)
        np.sqrt(h_out, out=t)
        np.add(t, small, out=t)
        np.multiply(m_out, alpha, out=x_out)
        np.divide(x_out, t, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, m, v, top), fresh(var, 4))


def _one_amsgrad(
    b: Any,
    x: Any,
    g: Any,
    m: Any,
    v: Any,
    top: Any,
    rate: Any,
    step: Any,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Any, ...]:
    alpha = _one_alpha(b, rate, beta_1, beta_2, step)
    m, v = _one_moments(g, m, v, beta_1, beta_2)
    top = b.maximum(top, v)
    return x - m * alpha / (b.sqrt(top) + epsilon), m, v, top


amsgrad_op: Op = update_rule(
    "RilletAMSGrad", _amsgrad, 3, _ADAM, _one_amsgrad, extras=(STEP,)
)


def _adamax(
    var: Array,
    grad: Array,
    m: Array,
    u: Array,
    rate: Array,
    step: Array,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Array, ...]:
    check_shapes(var, grad)
    kind = var.dtype.type
    take, keep, small = kind(1 - beta_1), kind(beta_2), kind(epsilon)
    start = kind(1) - _power(kind, beta_1, step)

    def body(
        t: Any, x: Any, g: Any, m: Any, u: Any, x_out: Any, m_out: Any, u_out: Any
    ) -> None:
        np.subtract(g, m, out=t)
        np.multiply(t, take, out=t)
        np.add(m, t, out=m_out)
        np.multiply(u, keep, out=u_out)
        np.abs(g, out=t)
        np.maximum(u_out, t, out=u_out)
        np.add(u_out, small, out=t)
        np.multiply(t, start, out=t)
        np.multiply(m_out, rate, out=x_out)
        np.divide(x_out, t, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, m, u), fresh(var, 3))


def _one_adamax(
    b: Any,
    x: Any,
    g: Any,
    m: Any,
    u: Any,
    rate: Any,
    step: Any,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Any, ...]:
    start = 1.0 - _one_power(b, beta_1, step, x.type)
    m = m + (g - m) * (1 - beta_1)
    u = b.maximum(u * beta_2, b.abs(g))
    return x - m * rate / ((u + epsilon) * start), m, u


adamax_op: Op = update_rule(
    "RilletAdamax", _adamax, 2, _ADAM, _one_adamax, extras=(STEP,)
)


def nadam_schedule(kind: Any, beta_1: float, step: Any, decay: float = 1.0) -> Any:
    """Nadam's momentum at a step: β₁(1 - 0.96^(decay · step) / 2)."""
    slow = np.power(kind(0.96), kind(decay) * kind(step))
    return kind(beta_1) * (kind(1) - kind(0.5) * slow)


def _nadam(
    var: Array,
    grad: Array,
    m: Array,
    v: Array,
    rate: Array,
    step: Array,
    product: Array,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    decay: float = 1.0,
) -> tuple[Array, ...]:
    """Adam with Nesterov's momentum (Dozat, 2015).

    `product` is that of the momentum schedule up to this step.
    """
    check_shapes(var, grad)
    kind = var.dtype.type
    one = kind(1)
    now = nadam_schedule(kind, beta_1, step, decay)
    then = nadam_schedule(kind, beta_1, step + 1, decay)
    ahead = then / (one - product * then)
    here = (one - now) / (one - product)
    second = one - _power(kind, beta_2, step)
    takes, small = (kind(1 - beta_1), kind(1 - beta_2)), kind(epsilon)

    def body(
        t: Any, x: Any, g: Any, m: Any, v: Any, x_out: Any, m_out: Any, v_out: Any
    ) -> None:
        _moments(t, g, m, v, m_out, v_out, takes)
        np.multiply(m_out, ahead, out=x_out)
        np.multiply(g, here, out=t)
        np.add(x_out, t, out=x_out)
        np.multiply(x_out, rate, out=x_out)
        np.divide(v_out, second, out=t)
        np.sqrt(t, out=t)
        np.add(t, small, out=t)
        np.divide(x_out, t, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, m, v), fresh(var, 3))


def _one_nadam(
    b: Any,
    x: Any,
    g: Any,
    m: Any,
    v: Any,
    rate: Any,
    step: Any,
    product: Any,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    decay: float = 1.0,
) -> tuple[Any, ...]:
    def schedule(at: Any) -> Any:
        return (1.0 - 0.5 * _one_power(b, 0.96**decay, at, x.type)) * beta_1

    now, then = schedule(step), schedule(step + 1)
    ahead = then / (1.0 - product * then)
    here = (1.0 - now) / (1.0 - product)
    second = 1.0 - _one_power(b, beta_2, step, x.type)
    m, v = _one_moments(g, m, v, beta_1, beta_2)
    change = (m * ahead + g * here) * rate
    return x - change / (b.sqrt(v / second) + epsilon), m, v


nadam_op: Op = update_rule(
    "RilletNadam", _nadam, 2, {**_ADAM, "decay": 1.0}, _one_nadam, extras=(STEP, 0)
)


def _lion(
    var: Array,
    grad: Array,
    m: Array,
    rate: Array,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
) -> tuple[Array, ...]:
    """Steps of one size along the sign of the momentum (Chen et al., 2023)."""
    check_shapes(var, grad)
    kind = var.dtype.type
    first, second = (kind(beta_1), kind(1 - beta_1)), (kind(beta_2), kind(1 - beta_2))

    def body(t: Any, x: Any, g: Any, m: Any, x_out: Any, m_out: Any) -> None:
        for (keep, take), out in ((first, x_out), (second, m_out)):
            np.multiply(g, take, out=t)
            np.multiply(m, keep, out=out)
            np.add(out, t, out=out)
        np.sign(x_out, out=x_out)
        np.multiply(x_out, rate, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, m), fresh(var, 2))


def _one_lion(
    b: Any,
    x: Any,
    g: Any,
    m: Any,
    rate: Any,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
) -> tuple[Any, ...]:
    change = b.sign(m * beta_1 + g * (1 - beta_1)) * rate
    return x - change, m * beta_2 + g * (1 - beta_2)


lion_op: Op = update_rule(
    "RilletLion", _lion, 1, {"beta_1": 0.9, "beta_2": 0.99}, _one_lion
)
