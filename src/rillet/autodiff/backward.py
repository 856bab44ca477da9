"""The walk back: from the gradients of targets to those of sources.

In flow a tape's entries, oldest first; out flow gradients, made by the gradient
functions of op records. Those are ops themselves, so tapes further out record them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import variant
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.tensor import Tensor
from rillet.ops import array, elementwise
from rillet.ops.filling import zeros_like_op
from rillet.ops.host import is_symbolic
from rillet.ops.tensor_lists import add_lists

_state = context.state

#: One op that ran under a tape: its record (None where a variable was read), inputs,
#: outputs and attributes.
Entry = tuple[Any, tuple[Any, ...], tuple[Any, ...], dict[str, Any] | None]


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
    asked = frozenset(sources)
    flow: dict[int, Any] = {}
    for target, g in targets:
        _add(flow, id(target), g)
    for op, inputs, outputs, attrs in reversed(entries):
        if len(outputs) == 1:
            y = outputs[0]
            key = id(y)
            g = flow.get(key) if key in asked else flow.pop(key, None)
            if g is None:
                continue
            if op is None:
                _add(flow, id(inputs[0]), g)
                continue
        else:
            y = outputs
            g = _several(flow, asked, outputs, getattr(op, "takes_none", False))
            if g is None:
                continue
        if type(g) is IndexedSlices:
            g = g._dense_tensor()
        rule = op.grad
        if _state.tracer is not None:
            which = [i for i, x in enumerate(inputs) if id(x) in reached]
            parts = _at_run_time(op, g, y, inputs, attrs, which)
            if parts is not None:
                for i, part in zip(which, parts, strict=False):
                    _add(flow, id(inputs[i]), part)
                continue
        if type(rule) is not tuple:
            rule = rule(g, y, *inputs, **attrs) if attrs else rule(g, y, *inputs)
            for x, part in zip(inputs, rule, strict=False):
                if part is not None and id(x) in reached:
                    _add(flow, id(x), part)
            continue
        for x, one in zip(inputs, rule, strict=True):
            if one is not None and id(x) in reached:
                part = one(g, y, *inputs, **attrs) if attrs else one(g, y, *inputs)
                if part is not None:
                    key = id(x)
                    if key in flow:
                        _add(flow, key, part)
                    else:
                        flow[key] = part
    return [flow.get(key) for key in sources]


def _at_run_time(
    op: Any, g: Any, y: Any, inputs: Any, attrs: Any, which: list[int]
) -> list[Any] | None:
    """Gradients of an op whose sizes are not known while a graph is traced."""
    if type(op.grad) is tuple:
        # a rule that gives nothing must not give zeros
        lacking = [i for i in which if op.grad[i] is None]
        for i in lacking:
            which.remove(i)
    vjp = context.service("graph.vjp")
    return None if vjp is None else vjp(op, g, y, inputs, attrs, which)


def _several(
    flow: dict[int, Any],
    asked: frozenset[int],
    outputs: tuple[Any, ...],
    takes_none: bool = False,
) -> tuple[Any, ...] | None:
    """What flows into several outputs, zeros where nothing does; None for nothing."""
    found = []
    for y in outputs:
        key = id(y)
        found.append(flow.get(key) if key in asked else flow.pop(key, None))
    if all(g is None for g in found):
        return None
    if takes_none:
        return tuple(found)
    return tuple(
        [_zeros(y) if g is None else g for g, y in zip(found, outputs, strict=True)]
    )


def _reached(entries: list[Entry], sources: list[int]) -> set[int]:
    """Ids of all that depends on a source: only there a gradient can matter."""
    reached = set(sources)
    for _, inputs, outputs, _ in entries:
        for x in inputs:
            if id(x) in reached:
                for y in outputs:
                    reached.add(id(y))
                break
    return reached


def _add(flow: dict[int, Any], key: int, g: Any) -> None:
    old = flow.get(key)
    flow[key] = g if old is None else add_gradients(old, g)


def add_gradients(a: Any, b: Any) -> Any:
    """The sum of two gradients, sparse where both are."""
    if type(a) is Tensor and type(b) is Tensor:
        return elementwise.add_op.run(a, b)
    if isinstance(a, Tensor) and a.dtype is variant:
        return add_lists(a, b)
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


def _zeros(y: Any) -> Any:
    if is_symbolic(y):
        return zeros_like_op.run(y)
    return Tensor(np.zeros(y.shape, y.dtype.numpy_dtype))
