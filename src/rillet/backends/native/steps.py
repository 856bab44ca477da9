"""Many steps of training, evaluation or prediction in one stay in native code.

In flow a model's step as a concrete function, whole arrays, and which rows make the
batches; out flow the last step's outputs, or all steps' outputs joined. Batches are
gathered natively. Keras's runners ask for the service ``native.steps``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.backends.native.binding import Binding
from rillet.backends.native.items import Batches
from rillet.backends.native.program import NativeProgram
from rillet.core.cell import Contended, lent
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor


def run_steps(
    concrete: Any, wholes: list[Any], batches: Any, collect: bool
) -> list[Tensor] | None:
    """Run a step on batches of whole arrays.

    Args:
        concrete: the step as a concrete function; its first inputs are the batch.
        wholes: a tensor for each of those; rank 0 goes to every step as it is.
        batches: ``rows``, a slice or row numbers; ``size``; ``count``.
        collect: whether to join every step's outputs, rather than give the last's.

    Returns:
        Flat outputs; None where the step cannot run so, and nothing is changed.
    """
    program, _ = concrete._call._program(0)
    if not isinstance(program, NativeProgram) or program.on_host:
        return None
    captured = concrete._captured
    if any(not isinstance(x, Tensor) or x.ndim is None for x in captured):
        return None
    tensors = [*wholes, *captured]
    arrays = [np.ascontiguousarray(t._array).reshape(t._array.shape) for t in tensors]
    binding = _binding(program, concrete.graph, arrays, len(wholes), batches, collect)
    if binding is None:
        return None
    rows: Any = batches.rows
    if isinstance(rows, slice):
        rows = int(rows.start)
    else:
        rows = np.ascontiguousarray(rows, np.int64)
    try:
        with lent(program.cells):
            found, done = binding.run_steps(arrays, rows, batches.count)
    except Contended:
        with lent(program.cells, program.beside):
            found, done = binding.run_steps(arrays, rows, batches.count, locked=True)
    if done < batches.count:
        _raise(concrete, wholes, batches, done)
    return [Tensor(a) for a in found]


def _binding(
    program: NativeProgram,
    graph: Any,
    arrays: list[Any],
    count: int,
    batches: Any,
    collect: bool,
) -> Binding | None:
    which = frozenset([i for i in range(count) if arrays[i].ndim])
    by_rows = not isinstance(batches.rows, slice)
    shapes = [
        (batches.size, *a.shape[1:]) if i in which else a.shape
        for i, a in enumerate(arrays)
    ]
    join = collect and all(_by_rows(y) for y in graph.outputs)
    if collect and not join and batches.count > 1:
        return None
    key = ("steps", batches.size, by_rows, collect, *shapes)
    found = program.kept(key)
    if found is None:
        joined = (join,) * len(graph.outputs)
        specs = [
            Spec(s, x.spec.dtype) for s, x in zip(shapes, graph.inputs, strict=True)
        ]
        made = Batches(which, batches.size, by_rows, joined)
        found = program.keep(key, specs, made)
    return found if found is not None and found.runs_steps else None


def _by_rows(tensor: Any) -> bool:
    dims = tensor.spec.shape
    return bool(dims) and dims[0] is None


def _raise(concrete: Any, wholes: list[Any], batches: Any, done: int) -> None:
    """Let the step that failed say what is wrong."""
    rows = batches.one(done)
    tensors = []
    for t in wholes:
        array = t._array
        tensors.append(Tensor(array[rows]) if array.ndim else t)
    concrete.run_flat(tensors)
