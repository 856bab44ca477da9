"""The reference backend: node by node through the kernels of op records.

It defines what a graph means. In flow a graph and arrays; out flow arrays, and new
values of variables once the whole graph has run. `function` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from rillet.backends.base import Value
from rillet.core.errors import OpError
from rillet.core.quiet import restore, silence
from rillet.core.tensor import Tensor
from rillet.graph.control import CASE, IF, WHILE, Host
from rillet.graph.inference import host_value
from rillet.graph.ir import (
    CONST,
    PLACEHOLDER,
    READ,
    WRITE,
    Graph,
    Node,
    SymbolicTensor,
)
from rillet.graph.passes import live_nodes
from rillet.graph.places import point_out
from rillet.ops.dispatch import worded

#: One node's work: reads and writes slots of the values; notes what variables held.
Step = Callable[[list[Any], list[Any]], None]


class ReferenceProgram:
    """A graph laid out as steps over numbered values.

    Args:
        graph: the graph.
        outputs: the tensors wanted.
    """

    def __init__(self, graph: Graph, outputs: list[SymbolicTensor]) -> None:
        self._slots: dict[int, int] = {}
        self._template: list[Any] = []
        self._inputs = [self._slot(x) for x in graph.inputs]
        self._steps: list[tuple[Step, Node, tuple[int, ...]]] = []
        wanted = [*outputs, *[tensor for _, tensor in graph.writes]]
        nodes = live_nodes(graph, wanted)
        used = {id(x) for node in nodes for x in node.tensors()}
        used |= {id(x) for x in wanted}
        for node in nodes:
            step = self._step(node, used)
            if step is not None:
                self._steps.append((step, node, ()))
        self._outputs = [self._slot(x) for x in outputs]
        self._writes = [(v, self._slot(x)) for v, x in graph.writes]
        self._plan_frees({self._slot(x) for x in wanted})
        cells = {id(v._cell): v._cell for v, _ in graph.writes}
        for node in nodes:
            if node.op is WRITE:
                cell = node.attrs["variable"]._cell
                cells[id(cell)] = cell
        self._cells = [cells[key] for key in sorted(cells)]

    def _slot(self, tensor: SymbolicTensor) -> int:
        slot = self._slots.get(id(tensor))
        if slot is None:
            slot = self._slots[id(tensor)] = len(self._template)
            self._template.append(None)
        return slot

    def _plan_frees(self, kept: set[int]) -> None:
        """Forget each value after its last reader."""
        last: dict[int, int] = {}
        for at, (_, node, _) in enumerate(self._steps):
            for x in node.tensors():
                last[self._slot(x)] = at
        frees: dict[int, list[int]] = {}
        for slot, at in last.items():
            if slot not in kept and self._template[slot] is None:
                frees.setdefault(at, []).append(slot)
        self._steps = [
            (step, node, tuple(frees.get(at, ())))
            for at, (step, node, _) in enumerate(self._steps)
        ]

    def _step(self, node: Node, used: set[int]) -> Step | None:
        if node.op is PLACEHOLDER:
            self._slot(node.outputs[0])
            return None
        if node.op is CONST:
            self._template[self._slot(node.outputs[0])] = node.attrs["value"]
            return None
        ins = [
            self._slot(x) if isinstance(x, SymbolicTensor) else None
            for x in node.inputs
        ]
        outs = [self._slot(y) for y in node.outputs]
        if node.op in (READ, WRITE):
            return _state_step(node, ins, outs)
        if node.op in (IF, CASE):
            return _branch_step(node, ins, outs)
        if node.op is WHILE:
            return _loop_step(node, ins, outs, [id(y) in used for y in node.outputs])
        if "host" in node.attrs:
            return _host_step(node, ins, outs)
        return _kernel_step(node, ins, outs)

    def explain(self, inputs: list[Value] | None = None, timed: bool = False) -> str:
        """The nodes in the order in which they run, each by its NumPy kernel."""
        lines = [f"node by node: {len(self._steps)} steps"]
        for at, (_, node, freed) in enumerate(self._steps):
            host = node.attrs.get("host")
            name = node.type if host is None else repr(host)
            line = f"  {at + 1:>4}  {name} ({node.name})"
            lines.append(f"{line}, then forgets {len(freed)}" if freed else line)
        return "\n".join(lines)

    def __call__(self, inputs: list[Value]) -> list[Value]:
        """Run; see `base.Program`."""
        if not self._cells:
            return self._run(inputs)
        with ExitStack() as locks:
            for cell in self._cells:
                locks.enter_context(cell.lock)
            return self._run(inputs)

    def _run(self, inputs: list[Value]) -> list[Value]:
        values = self._template.copy()
        for slot, value in zip(self._inputs, inputs, strict=True):
            values[slot] = value
        undo: list[tuple[Any, Any]] = []
        at = 0
        token = silence()
        try:
            for step, _, frees in self._steps:
                step(values, undo)
                for slot in frees:
                    values[slot] = None
                at += 1
        except BaseException as error:
            for cell, tensor in reversed(undo):
                cell.tensor = tensor
            node = self._steps[at][1]
            if isinstance(error, Exception):
                raise _located(node, values, self._slots, error) from None
            raise
        finally:
            restore(token)
        for variable, slot in self._writes:
            variable._cell.tensor = Tensor(values[slot])
        return [values[slot] for slot in self._outputs]


def _located(
    node: Node, values: list[Any], slots: dict[int, int], error: Exception
) -> Exception:
    """The error in the op's words, with the place in the user's program."""
    better = error
    if not hasattr(error, "__notes__") and hasattr(node.op, "kernel"):
        given = [
            Tensor(values[slots[id(x)]]) if isinstance(x, SymbolicTensor) else x
            for x in node.inputs
        ]
        lists = any(
            isinstance(x, Tensor) and not isinstance(x._array, np.ndarray)
            for x in given
        )
        if not isinstance(error, OpError) and not lists:
            better = worded(node.op, tuple(given), node.attrs, error)
    point_out(node, better)
    return better


def node_step(node: Node, used: list[bool]) -> Callable[[list[Any]], list[Any]]:
    """What runs one node by itself: values of its tensors in, values out.

    An error is in the op's words, and variables hold what they held.

    Args:
        node: the node.
        used: for each output whether anything reads it; others may be None.
    """
    tensors = node.tensors()
    slots = {id(x): i for i, x in enumerate(tensors)}
    ins = [slots[id(x)] if isinstance(x, SymbolicTensor) else None for x in node.inputs]
    outs = [len(tensors) + k for k in range(len(node.outputs))]
    if node.op in (IF, CASE):
        step = _branch_step(node, ins, outs)
    elif node.op is WHILE:
        step = _loop_step(node, ins, outs, used)
    elif "host" in node.attrs:
        step = _host_step(node, ins, outs)
    else:
        step = _kernel_step(node, ins, outs)

    def run(given: list[Any]) -> list[Any]:
        values: list[Any] = [*given, *[None] * len(outs)]
        undo: list[tuple[Any, Any]] = []
        try:
            step(values, undo)
        except BaseException as error:
            for cell, tensor in reversed(undo):
                cell.tensor = tensor
            if isinstance(error, Exception):
                raise _located(node, values, slots, error) from None
            raise
        return [values[slot] for slot in outs]

    return run


def _kernel_step(node: Node, ins: list[int | None], outs: list[int]) -> Step:
    """A step that runs an op's kernel."""
    op, attrs, inputs = node.op, node.attrs, node.inputs
    kernel = op.kernel
    tensors = all(i is not None for i in ins)
    if tensors and not op.variadic and op.outputs == 1 and None not in op.types:
        out = outs[0]
        if len(ins) == 1:
            return _one(kernel, ins[0] or 0, out, attrs)
        if len(ins) == 2:
            return _two(kernel, ins[0] or 0, ins[1] or 0, out, attrs)
    head = len(inputs) - (len(op.types) - 1) if op.variadic else 0
    hosted = [
        i >= head and _is_host(op, i - head + 1 if op.variadic else i)
        for i in range(len(inputs))
    ]
    single = op.outputs == 1

    def step(values: list[Any], undo: list[Any]) -> None:
        args: list[Any] = []
        for i, slot in enumerate(ins):
            if slot is None:
                args.append(inputs[i])
            else:
                value = values[slot]
                args.append(host_value(value) if hosted[i] else value)
        if op.variadic:
            args = [args[:head], *args[head:]]
        result = kernel(*args, **attrs)
        if single:
            values[outs[0]] = _whole(result)
        else:
            for slot, part in zip(outs, result, strict=True):
                values[slot] = _whole(part)

    return step


def _is_host(op: Any, index: int) -> bool:
    return index < len(op.types) and op.types[index] is None


def _one(kernel: Any, x: int, out: int, attrs: dict[str, Any]) -> Step:
    def step(values: list[Any], undo: list[Any]) -> None:
        values[out] = _whole(kernel(values[x], **attrs))

    return step


def _two(kernel: Any, x: int, y: int, out: int, attrs: dict[str, Any]) -> Step:
    def step(values: list[Any], undo: list[Any]) -> None:
        values[out] = _whole(kernel(values[x], values[y], **attrs))

    return step


def _whole(result: Any) -> Any:
    if isinstance(result, np.ndarray | tuple):
        return result
    if type(result) is bytes:
        return np.asarray(result, object)
    return np.asarray(result)


def _state_step(node: Node, ins: list[int | None], outs: list[int]) -> Step:
    """A step that reads or writes a variable."""
    cell = node.attrs["variable"]._cell
    source = ins[0] if ins else None
    if node.op is WRITE:

        def write(values: list[Any], undo: list[Any]) -> None:
            undo.append((cell, cell.tensor))
            cell.tensor = Tensor(values[source or 0])

        return write
    out = outs[0]
    if source is not None:

        def alias(values: list[Any], undo: list[Any]) -> None:
            values[out] = values[source]

        return alias

    def read(values: list[Any], undo: list[Any]) -> None:
        values[out] = cell.read()._array

    return read


def _branch_step(node: Node, ins: list[int | None], outs: list[int]) -> Step:
    """A step that runs one of several graphs."""
    programs = [ReferenceProgram(g, g.outputs) for g in node.attrs["branches"]]
    by_number = node.op is CASE

    def step(values: list[Any], undo: list[Any]) -> None:
        chosen = values[ins[0] or 0]
        if by_number:
            at = int(chosen)
            at = at if 0 <= at < len(programs) else len(programs) - 1
        else:
            at = 0 if bool(chosen) else 1
        results = programs[at]([values[i or 0] for i in ins[1:]])
        for slot, value in zip(outs, results, strict=True):
            values[slot] = value

    return step


def _loop_step(
    node: Node, ins: list[int | None], outs: list[int], used: list[bool]
) -> Step:
    """A step that runs a body while a condition holds."""
    test, body = node.attrs["cond"], node.attrs["body"]
    goes_on = ReferenceProgram(test, test.outputs)
    run = ReferenceProgram(body, body.outputs)
    count = len(ins)
    carried, extras = node.attrs["carried"], len(body.outputs) - count
    kept = [
        (k, source)
        for k, source in enumerate([*carried, *range(count, count + extras)])
        if used[count + k]
    ]

    def step(values: list[Any], undo: list[Any]) -> None:
        state = [values[i or 0] for i in ins]
        history: dict[int, list[Any]] = {k: [] for k, _ in kept}
        while bool(goes_on(state)[0]):
            results = run(state)
            for k, source in kept:
                history[k].append(state[source] if source < count else results[source])
            state = results[:count]
        for slot, value in zip(outs[:count], state, strict=True):
            values[slot] = value
        for k, _ in kept:
            spec = node.outputs[count + k].spec
            values[outs[count + k]] = _stacked(history[k], spec)

    return step


def _stacked(rows: list[Any], spec: Any) -> Any:
    """What one value was in each round, along a new first axis."""
    if rows and isinstance(rows[0], tuple):
        return tuple(rows)
    if not rows:
        dims = spec.shape[1:] if spec.shape is not None else ()
        return np.zeros((0, *[d or 0 for d in dims]), spec.dtype.numpy_dtype)
    if any(row.shape != rows[0].shape for row in rows):
        return _Ragged(rows)
    return np.stack(rows)


class _Ragged(list[Any]):
    """Rows of different shapes: what a value whose shape grows was in each round."""


def _host_step(node: Node, ins: list[int | None], outs: list[int]) -> Step:
    """A step that calls Python."""
    host: Host = node.attrs["host"]

    def step(values: list[Any], undo: list[Any]) -> None:
        given = [values[i or 0] for i in ins if i is not None]
        for slot, value in zip(outs, host.run(given, undo), strict=True):
            values[slot] = value

    return step
