"""Optimizers' ops in TensorFlow's graphs: what a training step writes into variables.

The arithmetic is TensorFlow's, epsilon placed where its ops have it; each rule gives
the new values of the variable and its slots. Importing the file enters its readers in
the table of `op_readers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.ops.elementwise import abs as absolute
from rillet.ops.elementwise import maximum, sign, sqrt, square
from rillet.ops.elementwise import pow as power
from rillet.ops.filling import zeros_like
from rillet.ops.gather import gather
from rillet.ops.gather_nd import tensor_scatter_nd_update
from rillet.ops.mask import where
from rillet.ops.shaping import reshape
from rillet.saved_model.op_readers import READERS, Read
from rillet.saved_model.resources import variable_of

Rule = Callable[..., tuple[Any, ...]]


def _descent(var: Any, alpha: Any, g: Any, **attrs: Any) -> tuple[Any, ...]:
    return (var - alpha * g,)


def _momentum(
    var: Any,
    accum: Any,
    rate: Any,
    g: Any,
    momentum: Any,
    use_nesterov: bool = False,
    **attrs: Any,
) -> tuple[Any, ...]:
    accum = accum * momentum + g
    change = g * rate + accum * momentum * rate if use_nesterov else accum * rate
    return var - change, accum


def _keras_momentum(
    var: Any,
    accum: Any,
    rate: Any,
    g: Any,
    momentum: Any,
    use_nesterov: bool = False,
    **attrs: Any,
) -> tuple[Any, ...]:
    accum = accum * momentum - g * rate
    change = accum * momentum - g * rate if use_nesterov else accum
    return var + change, accum


def _moments(m: Any, v: Any, beta_1: Any, beta_2: Any, g: Any) -> tuple[Any, Any]:
    return m + (g - m) * (1.0 - beta_1), v + (square(g) - v) * (1.0 - beta_2)


def _adam(
    var: Any,
    m: Any,
    v: Any,
    power_1: Any,
    power_2: Any,
    rate: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: Any,
    g: Any,
    use_nesterov: bool = False,
    **attrs: Any,
) -> tuple[Any, ...]:
    alpha = rate * sqrt(1.0 - power_2) / (1.0 - power_1)
    m, v = _moments(m, v, beta_1, beta_2, g)
    ahead = g * (1.0 - beta_1) + beta_1 * m if use_nesterov else m
    return var - ahead * alpha / (sqrt(v) + epsilon), m, v


def _amsgrad(
    var: Any,
    m: Any,
    v: Any,
    top: Any,
    power_1: Any,
    power_2: Any,
    rate: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: Any,
    g: Any,
    **attrs: Any,
) -> tuple[Any, ...]:
    alpha = rate * sqrt(1.0 - power_2) / (1.0 - power_1)
    m, v = _moments(m, v, beta_1, beta_2, g)
    top = maximum(top, v)
    return var - m * alpha / (sqrt(top) + epsilon), m, v, top


def _adamax(
    var: Any,
    m: Any,
    v: Any,
    power_1: Any,
    rate: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: Any,
    g: Any,
    **attrs: Any,
) -> tuple[Any, ...]:
    m = m + (g - m) * (1.0 - beta_1)
    v = maximum(beta_2 * v, absolute(g))
    return var - rate / (1.0 - power_1) * (m / (v + epsilon)), m, v


def _rmsprop(
    var: Any,
    ms: Any,
    mom: Any,
    rate: Any,
    rho: Any,
    momentum: Any,
    epsilon: Any,
    g: Any,
    **attrs: Any,
) -> tuple[Any, ...]:
    ms = ms + (square(g) - ms) * (1.0 - rho)
    mom = mom * momentum + g * rate / sqrt(ms + epsilon)
    return var - mom, ms, mom


def _centered(
    var: Any,
    mg: Any,
    ms: Any,
    mom: Any,
    rate: Any,
    rho: Any,
    momentum: Any,
    epsilon: Any,
    g: Any,
    **attrs: Any,
) -> tuple[Any, ...]:
    ms = ms + (square(g) - ms) * (1.0 - rho)
    mg = mg + (g - mg) * (1.0 - rho)
    mom = mom * momentum + g * rate / sqrt(ms - square(mg) + epsilon)
    return var - mom, mg, ms, mom


def _adagrad(
    var: Any, accum: Any, rate: Any, g: Any, update_slots: bool = True, **attrs: Any
) -> tuple[Any, ...]:
    if update_slots is not False:
        accum = accum + square(g)
    return var - g * rate / sqrt(accum), accum


def _adagrad_v2(
    var: Any,
    accum: Any,
    rate: Any,
    epsilon: Any,
    g: Any,
    update_slots: bool = True,
    **attrs: Any,
) -> tuple[Any, ...]:
    if update_slots is not False:
        accum = accum + square(g)
    return var - g * rate / (sqrt(accum) + epsilon), accum


def _adadelta(
    var: Any,
    accum: Any,
    changes: Any,
    rate: Any,
    rho: Any,
    epsilon: Any,
    g: Any,
    **attrs: Any,
) -> tuple[Any, ...]:
    accum = accum * rho + square(g) * (1.0 - rho)
    change = sqrt(changes + epsilon) / sqrt(accum + epsilon) * g
    changes = changes * rho + square(change) * (1.0 - rho)
    return var - rate * change, accum, changes


def _ftrl(
    var: Any,
    accum: Any,
    linear: Any,
    g: Any,
    rate: Any,
    l1: Any,
    l2: Any,
    *rest: Any,
    **attrs: Any,
) -> tuple[Any, ...]:
    """Follow the regularized leader (McMahan et al., 2013); the second op shrinks."""
    *shrinkage, up = rest
    used = g + 2.0 * shrinkage[0] * var if shrinkage else g
    more = accum + square(g)
    grown = power(more, -up)
    linear = linear + used - (grown - power(accum, -up)) / rate * var
    quadratic = grown / rate + 2.0 * l2
    far = (sign(linear) * l1 - linear) / quadratic
    return where(absolute(linear) > l1, far, zeros_like(var)), more, linear


#: For each op the rule, how many variables come first, and where the gradient stands.
_RULES: dict[str, tuple[Rule, int, int]] = {
    "GradientDescent": (_descent, 1, 2),
    "Momentum": (_momentum, 2, 3),
    "KerasMomentum": (_keras_momentum, 2, 3),
    "Adam": (_adam, 3, 9),
    "AdamWithAmsgrad": (_amsgrad, 4, 10),
    "AdaMax": (_adamax, 3, 8),
    "RMSProp": (_rmsprop, 3, 7),
    "CenteredRMSProp": (_centered, 4, 8),
    "Adagrad": (_adagrad, 2, 3),
    "AdagradV2": (_adagrad_v2, 2, 4),
    "Adadelta": (_adadelta, 3, 6),
    "Ftrl": (_ftrl, 3, 3),
    "FtrlV2": (_ftrl, 3, 3),
}


def _dense(rule: Rule, slots: int) -> Read:
    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        held = [variable_of(x, step) for x in inputs[:slots]]
        values = [v.read_value() for v in held]
        found = rule(*values, *inputs[slots:], **step.attrs)
        for variable, value in zip(held, found, strict=True):
            variable.assign(value, read_value=False)
        return ()

    return read


def _sparse(rule: Rule, slots: int, place: int) -> Read:
    """The same for some rows: their numbers come after the gradient."""

    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        held = [variable_of(x, step) for x in inputs[:slots]]
        indices = inputs[place + 1]
        rest = [*inputs[slots : place + 1], *inputs[place + 2 :]]
        values = [v.read_value() for v in held]
        found = rule(*[gather(v, indices) for v in values], *rest, **step.attrs)
        column = reshape(indices, [-1, 1])
        for variable, whole, rows in zip(held, values, found, strict=True):
            variable.assign(
                tensor_scatter_nd_update(whole, column, rows), read_value=False
            )
        return ()

    return read


for _name, (_rule, _slots, _place) in _RULES.items():
    READERS[f"ResourceApply{_name}"] = _dense(_rule, _slots)
    if _name != "GradientDescent":
        READERS[f"ResourceSparseApply{_name}"] = _sparse(_rule, _slots, _place)
