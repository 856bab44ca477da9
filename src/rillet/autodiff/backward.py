"""The walk back: from the gradients of targets to those of sources.

In flow a tape's entries, oldest first; out flow gradients, made by the gradient
functions of op records. Those are ops themselves, so tapes further out record them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.tensor import Tensor
from rillet.ops import array, elementwise


class Entry(NamedTuple):
    """One op that ran under a tape; `op` is None where a variable was read."""

    op: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    attrs: dict[str, Any] | None


def gradients(
    entries: list[Entry],
    targets: list[tuple[Any, Any]],
    sources: list[int],
) -> list[Any]:
    """Gradients of targets with respect to sources.

    Args:
        entries: what ran, oldest first.
        targets: tensors with the gradient that flows into each.
        sources: ids of the tensors, or variables' cells, asked about.

    Returns:
        A gradient a source; None where no path leads there.
    """
    reached = _reached(entries, sources)
    asked = set(sources)
    flow: dict[int, Any] = {}
    for target, g in targets:
        _add(flow, id(target), g)
    for op, inputs, outputs, attrs in reversed(entries):
        if op is None:
            (tensor,) = outputs
            key = id(tensor)
            g = flow.get(key) if key in asked else flow.pop(key, None)
            if g is not None and id(inputs[0]) in reached:
                _add(flow, id(inputs[0]), g)
            continue
        if len(outputs) == 1:
            y = outputs[0]
            key = id(y)
            g = flow.get(key) if key in asked else flow.pop(key, None)
            if g is None:
                continue
        else:
            y, keys = outputs, [id(o) for o in outputs]
            gs = [flow.get(k) if k in asked else flow.pop(k, None) for k in keys]
            if all(g is None for g in gs):
                continue
            g = tuple(
                [_zeros(o) if g is None else g for g, o in zip(gs, y, strict=True)]
            )
        _step_back(flow, reached, op, g, y, inputs, attrs or {})
    return [flow.get(key) for key in sources]


def _step_back(
    flow: dict[int, Any],
    reached: set[int],
    op: Any,
    g: Any,
    y: Any,
    inputs: tuple[Any, ...],
    attrs: dict[str, Any],
) -> None:
    """Carry the gradient of one op's outputs to those of its inputs that need it."""
    wanted = [i for i, x in enumerate(inputs) if id(x) in reached]
    if not wanted:
        return
    if type(g) is IndexedSlices:
        g = g._dense_tensor()
    rule = op.grad
    if isinstance(rule, tuple):
        for i in wanted:
            one = rule[i]
            if one is not None:
                _add(flow, id(inputs[i]), one(g, y, *inputs, **attrs))
        return
    found = rule(g, y, *inputs, **attrs)
    for i in wanted:
        if i < len(found) and found[i] is not None:
            _add(flow, id(inputs[i]), found[i])


def _reached(entries: list[Entry], sources: list[int]) -> set[int]:
    """Ids of all that depends on a source: only there a gradient can matter."""
    reached = set(sources)
    for _, inputs, outputs, _ in entries:
        for x in inputs:
            if id(x) in reached:
                reached.update([id(o) for o in outputs])
                break
    return reached


def _add(flow: dict[int, Any], key: int, g: Any) -> None:
    if g is None:
        return
    old = flow.get(key)
    flow[key] = g if old is None else add_gradients(old, g)


def add_gradients(a: Any, b: Any) -> Any:
    """The sum of two gradients, sparse where both are."""
    if type(a) is Tensor and type(b) is Tensor:
        return elementwise.add_op.run(a, b)
    if isinstance(a, IndexedSlices) and isinstance(b, IndexedSlices):
        indices = [a.indices, b.indices]
        if indices[0].dtype is not indices[1].dtype:
            indices = [elementwise.cast(i, "int64") for i in indices]
        return IndexedSlices(
            array.concat([a.values, b.values], 0),
            array.concat(indices, 0),
            a.dense_shape,
        )
    return elementwise.add_op.run(to_tensor(a), to_tensor(b))


def _zeros(y: Any) -> Tensor:
    return Tensor(np.zeros(y.shape, y.dtype.numpy_dtype))
