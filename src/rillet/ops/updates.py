"""How optimizers change a variable: one record a rule, from old values to new ones.

In: a variable's value, its gradient, the optimizer's slots for it, the learning rate
and, where the rule needs it, the number of the step (1 for the first). Out: the new
value and the new slots. The arithmetic is Keras's, in the variable's own type and
order. `keras.optimizers` runs the kernels over its variables and assigns the results;
in a graph the records are nodes.

TensorFlow's own ops of this kind (ResourceApply...) write through handles and place
epsilon elsewhere, so these bear rillet's name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import FLOATING, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]

#: Elements worked on at a time, so that intermediate values stay in the cache.
_BLOCK = 1 << 14
STEP = type_set(dtypes.int64)


def over_blocks(
    body: Callable[..., None], ins: tuple[Array, ...], outs: tuple[Array, ...]
) -> tuple[Array, ...]:
    """Run `body` on arrays of one shape, block by block where they are large.

    Args:
        body: called with a scratch array, parts of `ins` and parts of `outs`; writes
            the latter and the scratch.
        ins: arrays of one shape and type.
        outs: fresh contiguous arrays of that shape.
    """
    size = outs[0].size
    if size <= _BLOCK:
        body(np.empty_like(outs[0]), *ins, *outs)
        return outs
    flat = [np.ascontiguousarray(a).reshape(-1) for a in (*ins, *outs)]
    scratch = np.empty(_BLOCK, outs[0].dtype)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        body(scratch[: stop - start], *[a[start:stop] for a in flat])
    return outs


def fresh(like: Array, count: int) -> tuple[Array, ...]:
    """Arrays of a shape and type, to be written."""
    return tuple([np.empty(like.shape, like.dtype) for _ in range(count)])


def check_shapes(var: Array, grad: Array) -> None:
    """Refuse a gradient of another shape, which NumPy would broadcast."""
    if grad.shape != var.shape:
        raise ValueError("the gradient has another shape than the variable")


def _infer(slots: int, several: bool = True) -> Callable[..., Any]:
    def infer(var: Spec, grad: Spec, *rest: Any, **attrs: Any) -> Any:
        if var.shape is not None and grad.shape is not None:
            fits = len(var.shape) == len(grad.shape) and all(
                a is None or b is None or a == b
                for a, b in zip(var.shape, grad.shape, strict=False)
            )
            if not fits:
                raise InvalidArgumentError(
                    house_message(
                        "apply_gradients",
                        "a gradient has the shape of its variable",
                        f"variable {var.shape}, gradient {grad.shape}",
                    )
                )
        return (var,) * (slots + 1) if several else var

    return infer


def update_rule(
    name: str,
    kernel: Callable[..., Any],
    slots: int,
    attrs: dict[str, Any],
    element: Callable[..., Any],
    extras: tuple[Any, ...] = (),
) -> Op:
    """The record of a rule: variable, gradient, slots, rate and what else it takes.

    `element` says the same as the kernel for one element; see `ops.lowering.Map`.
    """
    return define(
        name,
        types=(FLOATING, *(0,) * (slots + 2), *extras),
        kernel=kernel,
        infer=_infer(slots, slots > 0),
        attrs=attrs,
        outputs=slots + 1,
        lower=Map(element),
    )


def _descend(var: Array, grad: Array, rate: Array) -> Array:
    if grad.shape != var.shape:
        check_shapes(var, grad)
    change = grad * rate
    if not change.ndim:
        return np.asarray(var - change)
    np.subtract(var, change, change)
    return change


descend_op: Op = update_rule(
    "RilletDescend", _descend, 0, {}, lambda b, x, g, rate: x - g * rate
)


def _momentum(
    var: Array,
    grad: Array,
    m: Array,
    rate: Array,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> tuple[Array, ...]:
    check_shapes(var, grad)
    kept = var.dtype.type(momentum)

    def body(t: Any, x: Any, g: Any, m: Any, x_out: Any, m_out: Any) -> None:
        np.multiply(g, rate, out=t)
        np.multiply(m, kept, out=m_out)
        np.subtract(m_out, t, out=m_out)
        if nesterov:
            np.multiply(m_out, kept, out=x_out)
            np.subtract(x_out, t, out=x_out)
            np.add(x, x_out, out=x_out)
        else:
            np.add(x, m_out, out=x_out)

    return over_blocks(body, (var, grad, m), fresh(var, 2))


def _one_momentum(
    b: Any,
    x: Any,
    g: Any,
    m: Any,
    rate: Any,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> tuple[Any, ...]:
    change = g * rate
    m = m * momentum - change
    return (x + (m * momentum - change) if nesterov else x + m), m


momentum_op: Op = update_rule(
    "RilletMomentum",
    _momentum,
    1,
    {"momentum": 0.0, "nesterov": False},
    _one_momentum,
)


def _rmsprop(
    var: Array,
    grad: Array,
    *rest: Array,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    epsilon_outside: bool = False,
) -> tuple[Array, ...]:
    """The slots are v, the momentum where there is one, the mean where centered."""
    check_shapes(var, grad)
    *slots, rate = rest
    kind = var.dtype.type
    keep, take, small = kind(rho), kind(1 - rho), kind(epsilon)
    kept, count = kind(momentum), len(slots)

    def body(t: Any, x: Any, g: Any, *parts: Any) -> None:
        x_out, v_out = parts[count], parts[count + 1]
        np.multiply(parts[0], keep, out=v_out)
        np.square(g, out=t)
        np.multiply(t, take, out=t)
        np.add(v_out, t, out=v_out)
        if centered:
            mean, mean_out = parts[count - 1], parts[-1]
            np.multiply(mean, keep, out=mean_out)
            np.multiply(g, take, out=t)
            np.add(mean_out, t, out=mean_out)
            np.square(mean_out, out=t)
            np.subtract(v_out, t, out=t)
            _over_root(t, t, small, epsilon_outside)
        else:
            _over_root(t, v_out, small, epsilon_outside)
        np.multiply(g, rate, out=x_out)
        np.divide(x_out, t, out=x_out)
        if momentum > 0:
            m_out = parts[count + 2]
            np.multiply(parts[1], kept, out=m_out)
            np.add(m_out, x_out, out=m_out)
            np.subtract(x, m_out, out=x_out)
        else:
            np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, *slots), fresh(var, count + 1))


def _over_root(t: Array, v: Array, small: Any, outside: bool) -> None:
    """sqrt(v + small), or sqrt(v) + small, into `t`."""
    if outside:
        np.sqrt(v, out=t)
        np.add(t, small, out=t)
    else:
        np.add(v, small, out=t)
        np.sqrt(t, out=t)


def _one_root(b: Any, v: Any, small: float, outside: bool) -> Any:
    return b.sqrt(v) + small if outside else b.sqrt(v + small)


def _one_rmsprop(
    b: Any,
    x: Any,
    g: Any,
    *rest: Any,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    epsilon_outside: bool = False,
) -> tuple[Any, ...]:
    *slots, rate = rest
    v = slots[0] * rho + g * g * (1 - rho)
    below, out = v, [v]
    if centered:
        mean = slots[-1] * rho + g * (1 - rho)
        below, out = v - mean * mean, [v, mean]
    change = g * rate / _one_root(b, below, epsilon, epsilon_outside)
    if momentum > 0:
        change = slots[1] * momentum + change
        out.insert(1, change)
    return x - change, *out


_RMS = {
    "rho": 0.9,
    "momentum": 0.0,
    "epsilon": 1e-7,
    "centered": False,
    "epsilon_outside": False,
}
rmsprop_op: Op = update_rule("RilletRMSprop", _rmsprop, 1, _RMS, _one_rmsprop)
#: With momentum or the gradient's mean, and with both.
rmsprop_one_more_op: Op = update_rule(
    "RilletRMSpropOneMore", _rmsprop, 2, _RMS, _one_rmsprop
)
rmsprop_both_op: Op = update_rule("RilletRMSpropBoth", _rmsprop, 3, _RMS, _one_rmsprop)


def _adagrad(
    var: Array,
    grad: Array,
    total: Array,
    rate: Array,
    epsilon: float = 1e-7,
    epsilon_outside: bool = False,
) -> tuple[Array, ...]:
    check_shapes(var, grad)
    small = var.dtype.type(epsilon)

    def body(t: Any, x: Any, g: Any, a: Any, x_out: Any, a_out: Any) -> None:
        np.square(g, out=t)
        np.add(a, t, out=a_out)
        _over_root(t, a_out, small, epsilon_outside)
        np.multiply(g, rate, out=x_out)
        np.divide(x_out, t, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, total), fresh(var, 2))


def _one_adagrad(
    b: Any,
    x: Any,
    g: Any,
    total: Any,
    rate: Any,
    epsilon: float = 1e-7,
    epsilon_outside: bool = False,
) -> tuple[Any, ...]:
    total = total + g * g
    return x - g * rate / _one_root(b, total, epsilon, epsilon_outside), total


adagrad_op: Op = update_rule(
    "RilletAdagrad",
    _adagrad,
    1,
    {"epsilon": 1e-7, "epsilon_outside": False},
    _one_adagrad,
)


def _adadelta(
    var: Array,
    grad: Array,
    v: Array,
    d: Array,
    rate: Array,
    rho: float = 0.95,
    epsilon: float = 1e-7,
) -> tuple[Array, ...]:
    check_shapes(var, grad)
    kind = var.dtype.type
    keep, take, small = kind(rho), kind(1 - rho), kind(epsilon)

    def body(
        t: Any, x: Any, g: Any, v: Any, d: Any, x_out: Any, v_out: Any, d_out: Any
    ) -> None:
        np.multiply(v, keep, out=v_out)
        np.square(g, out=t)
        np.multiply(t, take, out=t)
        np.add(v_out, t, out=v_out)
        np.add(d, small, out=x_out)
        np.sqrt(x_out, out=x_out)
        np.multiply(x_out, g, out=x_out)
        _over_root(t, v_out, small, False)
        np.divide(x_out, t, out=x_out)
        np.multiply(d, keep, out=d_out)
        np.square(x_out, out=t)
        np.multiply(t, take, out=t)
        np.add(d_out, t, out=d_out)
        np.multiply(x_out, rate, out=x_out)
        np.subtract(x, x_out, out=x_out)

    return over_blocks(body, (var, grad, v, d), fresh(var, 3))


def _one_adadelta(
    b: Any,
    x: Any,
    g: Any,
    v: Any,
    d: Any,
    rate: Any,
    rho: float = 0.95,
    epsilon: float = 1e-7,
) -> tuple[Any, ...]:
    v = v * rho + g * g * (1 - rho)
    change = b.sqrt(d + epsilon) * g / b.sqrt(v + epsilon)
    return x - change * rate, v, d * rho + change * change * (1 - rho)


adadelta_op: Op = update_rule(
    "RilletAdadelta", _adadelta, 2, {"rho": 0.95, "epsilon": 1e-7}, _one_adadelta
)


def _ftrl(
    var: Array,
    grad: Array,
    total: Array,
    linear: Array,
    rate: Array,
    power: float = -0.5,
    l1: float = 0.0,
    l2: float = 0.0,
    l2_shrinkage: float = 0.0,
    beta: float = 0.0,
) -> tuple[Array, ...]:
    """Follow the regularized leader (McMahan et al., 2013)."""
    check_shapes(var, grad)
    kind = var.dtype.type
    up, bound = kind(-power), kind(l1)
    l2_all = kind(l2) + kind(beta) / (kind(2) * rate)
    used = grad + kind(2 * l2_shrinkage) * var
    total_out = total + np.square(grad)
    grown = np.power(total_out, up)
    linear_out = linear + (used - (grown - np.power(total, up)) / rate * var)
    quadratic = grown / rate + kind(2) * l2_all
    clipped = np.minimum(np.maximum(linear_out, -bound), bound)
    out = (clipped - linear_out) / quadratic
    return np.asarray(out), np.asarray(total_out), np.asarray(linear_out)


def _one_ftrl(
    b: Any,
    x: Any,
    g: Any,
    total: Any,
    linear: Any,
    rate: Any,
    power: float = -0.5,
    l1: float = 0.0,
    l2: float = 0.0,
    l2_shrinkage: float = 0.0,
    beta: float = 0.0,
) -> tuple[Any, ...]:
    def grown(v: Any) -> Any:
        return b.sqrt(v) if power == -0.5 else b.pow(v, b.const(-power, v.type))

    more = total + g * g
    root = grown(more)
    linear = linear + (g + x * (2 * l2_shrinkage) - (root - grown(total)) / rate * x)
    quadratic = root / rate + (beta / (rate * 2.0) + l2) * 2.0
    clipped = b.minimum(b.maximum(linear, -l1), l1)
    return (clipped - linear) / quadratic, more, linear


ftrl_op: Op = update_rule(
    "RilletFtrl",
    _ftrl,
    2,
    {"power": -0.5, "l1": 0.0, "l2": 0.0, "l2_shrinkage": 0.0, "beta": 0.0},
    _one_ftrl,
)
