"""Jacobians: the gradients of each element of a target, stacked."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.autodiff.backward import Entry, gradients
from rillet.autodiff.sources import UnconnectedGradients, no_target, zeros_for
from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.array import stack
from rillet.ops.shaping import reshape, static_dims


def of_sources(
    entries: list[Entry],
    target: Any,
    sources: Any,
    keys: list[int],
    mode: UnconnectedGradients,
) -> Any:
    """The Jacobian with respect to each source; see `GradientTape.jacobian`."""
    flat = nest.flatten(sources)
    start, tensor = _target(target)
    dims = static_dims(tensor)
    count = int(np.prod(dims))
    rows: list[list[Any]] = [[] for _ in flat]
    for i in range(max(count, 1)):  # once for none: it tells what is connected
        seed = np.zeros(count, tensor.dtype.numpy_dtype)
        seed[i : i + 1] = 1
        found = gradients(entries, [(start, Tensor(seed.reshape(dims)))], keys)
        for row, g in zip(rows, found, strict=True):
            row.append(g)
    out: list[Any] = []
    for source, row in zip(flat, rows, strict=True):
        if all(g is None for g in row):
            unknown = mode is UnconnectedGradients.NONE
            out.append(None if unknown else _zeros((*dims, *source.shape), source))
            continue
        if not count:
            out.append(_zeros((*dims, *source.shape), source))
            continue
        filled = [zeros_for(source) if g is None else to_tensor(g) for g in row]
        shape = (*dims, *source.shape)
        out.append(reshape(stack(filled), shape))
    return nest.pack_sequence_as(sources, out)


def _target(target: Any) -> tuple[Any, Any]:
    if isinstance(target, Variable):
        return target._cell, target._cell.tensor
    if not isinstance(target, Tensor):
        raise no_target(target)
    return target, target


def _zeros(dims: tuple[int, ...], source: Any) -> Tensor:
    return Tensor(np.zeros(dims, source.dtype.numpy_dtype))


def of_rows(
    entries: list[Entry],
    target: Any,
    source: Any,
    key: int,
) -> Tensor:
    """The Jacobian of each row; see `GradientTape.batch_jacobian`."""
    start, tensor = _target(target)
    dims, inputs = static_dims(tensor), static_dims(to_tensor(source))
    if not dims or not inputs or dims[0] != inputs[0]:
        raise ValueError(
            house_message(
                "GradientTape.batch_jacobian",
                "Need first dimension of target shape and source shape to match",
                f"target has shape {dims}, source {inputs}",
            )
        )
    rest = int(np.prod(dims[1:]))
    rows: list[Any] = []
    for i in range(rest):
        seed = np.zeros((dims[0], rest), tensor.dtype.numpy_dtype)
        seed[:, i] = 1
        (g,) = gradients(entries, [(start, Tensor(seed.reshape(dims)))], [key])
        rows.append(g)
    if all(g is None for g in rows):
        return _zeros((*dims, *inputs[1:]), source)
    filled = [zeros_for(source) if g is None else to_tensor(g) for g in rows]
    return reshape(stack(filled, axis=1), (*dims, *inputs[1:]))
