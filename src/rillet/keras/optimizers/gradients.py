"""Gradients on their way to an update: those that are there, clipped, made dense."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.clip import clip_by_global_norm, clip_by_norm, clip_by_value

_state = context.state
Array = np.ndarray[Any, Any]


def present(pairs: list[Any]) -> tuple[list[Any], list[Variable]]:
    """The gradients that are not None, and their variables.

    Raises:
        ValueError: where all are None; says where the tape lost sight of the values.
        TypeError: where `pairs` holds something else than pairs with variables.
    """
    if all([type(p) is tuple and len(p) == 2 for p in pairs]):
        grads = [g for g, _ in pairs]
        variables = [v for _, v in pairs]
        if all([g is not None and type(v) is Variable for g, v in pairs]):
            return grads, variables
    grads, variables = [], []
    missing: list[Any] = []
    for pair in pairs:
        try:
            grad, variable = pair
        except (TypeError, ValueError):
            raise _no_pair(pair) from None
        if not isinstance(variable, Variable):
            raise _no_pair(pair)
        if grad is None:
            missing.append(variable)
        else:
            grads.append(grad)
            variables.append(variable)
    if not grads:
        raise _none_given(missing)
    if missing:
        get_logger().warning(
            "Gradients do not exist for variables %s when minimizing the loss. If"
            " you're using `model.compile()`, did you forget to provide a `loss`"
            " argument?",
            [v.name for v in missing],
        )
    return grads, variables


def _no_pair(pair: Any) -> TypeError:
    shown = repr(pair)
    return TypeError(
        house_message(
            "apply_gradients",
            "`grads_and_vars` holds pairs of a gradient and a tf.Variable",
            f"got {shown if len(shown) < 200 else shown[:197] + '...'}",
            "Pass zip(gradients, variables)",
        )
    )


def _none_given(variables: list[Any]) -> ValueError:
    where = _state.chain_break
    _state.chain_break = None
    fix = where or (
        "Check that the loss is computed from the variables inside the `with"
        " tf.GradientTape()` block"
    )
    return ValueError(
        house_message(
            "apply_gradients",
            "No gradients provided for any variable",
            f"{[v.name for v in variables]}",
            fix,
        )
    )


def clipped(
    grads: list[Any],
    norm: float | None,
    value: float | None,
    global_norm: float | None,
) -> list[Any]:
    """The gradients, clipped in the one way that is set."""
    if norm:
        return [clip_by_norm(g, norm) for g in grads]
    if global_norm:
        return list(clip_by_global_norm(grads, global_norm)[0])
    if value:
        return [clip_by_value(g, -value, value) for g in grads]
    return grads


def as_array(grad: Any, variable: Variable) -> Array:
    """A gradient as a dense array of its variable's type.

    Raises:
        InvalidArgumentError: where its type or shape is another.
    """
    if type(grad) is Tensor:
        array = grad._array
    elif isinstance(grad, IndexedSlices):
        return _dense(grad, variable)
    else:
        array = to_tensor(grad, hint=variable.dtype)._array
    mine = variable._cell.tensor._array
    if array.dtype is not mine.dtype and array.dtype != mine.dtype:
        raise _unfit("type", grad, variable)
    if array.shape != mine.shape:
        raise _unfit("shape", grad, variable)
    return array


def _unfit(what: str, grad: Any, variable: Variable) -> InvalidArgumentError:
    rule = "Incompatible shapes" if what == "shape" else "Incompatible types"
    return InvalidArgumentError(
        house_message(
            "apply_gradients",
            f"{rule}: a gradient has the {what} of its variable",
            f"variable '{variable.name}' has shape {variable.shape} and dtype"
            f" {variable.dtype.name}, the gradient is {describe(grad)}",
        )
    )


def rows_of(grad: IndexedSlices, variable: Variable) -> tuple[Array, Array]:
    """The rows of a sparse gradient, each once: their places and their sums.

    Raises:
        InvalidArgumentError: where rows lie outside the variable, or do not fit it.
    """
    values, places = grad.values._array, grad.indices._array
    mine = variable._cell.tensor._array
    if values.shape[1:] != mine.shape[1:] or values.shape[:1] != places.shape:
        raise _unfit("shape", grad.values, variable)
    if values.dtype != mine.dtype:
        raise _unfit("type", grad.values, variable)
    if places.size and not 0 <= places.min() <= places.max() < mine.shape[0]:
        raise InvalidArgumentError(
            house_message(
                "apply_gradients",
                "the rows of a sparse gradient lie in its variable",
                f"variable '{variable.name}' has {mine.shape[0]} rows, the indices run"
                f" from {places.min()} to {places.max()}",
            )
        )
    return _once_each(places, values)


def _once_each(places: Array, values: Array) -> tuple[Array, Array]:
    """Places in ascending order, each once, and the sums of their rows."""
    order = np.argsort(places, kind="stable")
    sorted_places = places[order]
    if not order.size:
        return sorted_places, values
    starts = np.flatnonzero(np.r_[True, sorted_places[1:] != sorted_places[:-1]])
    wide = np.float32 if values.dtype.itemsize == 2 else values.dtype
    rows = values[order].astype(wide, copy=False)
    sums = np.add.reduceat(rows, starts, axis=0)
    return sorted_places[starts], sums.astype(values.dtype, copy=False)


def _dense(grad: IndexedSlices, variable: Variable) -> Array:
    places, sums = rows_of(grad, variable)
    whole = np.zeros(variable._cell.tensor._array.shape, sums.dtype)
    whole[places] = sums
    return whole
