"""Optimizers' ops in TensorFlow's graphs: what a training step writes into variables.

The arithmetic is TensorFlow's, epsilon placed where its ops have it; each rule gives
the new values of the variable and its slots. Importing the file enters its readers in
the table of `op_readers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.spec import Spec
from rillet.ops.casting import cast
from rillet.ops.compare import equal, not_equal
from rillet.ops.cumulative import cumsum
from rillet.ops.elementwise import abs as absolute
from rillet.ops.elementwise import maximum, sign, sqrt, square
from rillet.ops.elementwise import pow as power
from rillet.ops.filling import zeros_like
from rillet.ops.gather import gather
from rillet.ops.gather_nd import scatter_nd, tensor_scatter_nd_update
from rillet.ops.mask import where
from rillet.ops.rearrange import roll
from rillet.ops.reduce import reduce_max
from rillet.ops.segment import unsorted_segment_min
from rillet.ops.sequences import range as count_up
from rillet.ops.shaping import reshape
from rillet.ops.sizes import size
from rillet.ops.sorting import argsort
from rillet.ops.unique import unique
from rillet.saved_model.op_readers import READERS, Read, tracing
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
    multiply_linear_by_lr: bool = False,
    **attrs: Any,
) -> tuple[Any, ...]:
    """Follow the regularized leader (McMahan et al., 2013); the second op shrinks.

    Where `linear` is kept times the rate, every term that it meets is so too.
    """
    *shrinkage, up = rest
    used = g + 2.0 * shrinkage[0] * var if shrinkage else g
    more = accum + square(g)
    grown = power(more, -up)
    times = rate if multiply_linear_by_lr else 1.0
    linear = linear + used * times - (grown - power(accum, -up)) * (times / rate) * var
    quadratic = grown * (times / rate) + 2.0 * l2 * times
    far = (sign(linear) * l1 * times - linear) / quadratic
    return where(absolute(linear) > l1 * times, far, zeros_like(var)), more, linear


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


#: Those for which TensorFlow has no op that updates rows.
_DENSE_ONLY = ("GradientDescent", "Adam", "AdamWithAmsgrad", "AdaMax")


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
    """The same for some rows: their numbers come after the gradient.

    A row that comes again is updated again: a loop takes each row's first gradient,
    then the second ones, and so on, of the rows alone and not of the whole variable.
    """

    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        held = [variable_of(x, step) for x in inputs[:slots]]
        slopes, indices = inputs[place], inputs[place + 1]
        turns = _turns(indices)
        last = reduce_max(turns)
        numbers, places = unique(indices)

        def once(turn: Any, *values: Any) -> list[Any]:
            mine = where(equal(turns, turn))[:, 0]
            rows = gather(places, mine)
            rest = [*inputs[slots:place], gather(slopes, mine), *inputs[place + 2 :]]
            found = rule(*[gather(v, rows) for v in values], *rest, **step.attrs)
            column = reshape(rows, [-1, 1])
            new = zip(values, found, strict=True)
            return [
                turn + 1,
                *[tensor_scatter_nd_update(whole, column, part) for whole, part in new],
            ]

        values = [v.read_value() for v in held]
        state = [to_tensor(0, hint=dtypes.int64), *[gather(v, numbers) for v in values]]
        specs = [Spec(x.shape._dims, x.dtype) for x in state]
        loop = tracing("graph.loop")
        _, *found = loop(lambda turn, *_: turn <= last, once, state, specs)
        column = reshape(numbers, [-1, 1])
        for variable, whole, part in zip(held, values, found, strict=True):
            variable.assign(
                tensor_scatter_nd_update(whole, column, part), read_value=False
            )
        return ()

    return read


def _turns(indices: Any) -> Any:
    """How often each number of a vector came before."""
    order = argsort(indices, stable=True)
    ordered = gather(indices, order)
    count = size(indices, out_type=dtypes.int64)
    at = count_up(count)
    group = cumsum(cast(not_equal(ordered, roll(ordered, 1, 0)), dtypes.int64))
    group = group - group[:1]
    begins = unsorted_segment_min(at, group, count)
    return scatter_nd(reshape(order, [-1, 1]), at - gather(begins, group), [count])


for _name, (_rule, _slots, _place) in _RULES.items():
    READERS[f"ResourceApply{_name}"] = _dense(_rule, _slots)
    if _name not in _DENSE_ONLY:
        READERS[f"ResourceSparseApply{_name}"] = _sparse(_rule, _slots, _place)
