"""What a tape around a graph under construction would see, kept with the graph.

In flow ops and reads as the tracer tells them; `gradient` walks the entries, `inline`
tells them to tapes where the graph is called. `trace` makes one a graph.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import COMPLEX, FLOATING
from rillet.core.tensor import Tensor
from rillet.ops.dispatch import Recorded

_DIFFERENTIABLE = FLOATING | COMPLEX


class _SameRead(Recorded):
    """What a branch or body read is what it was given; no gradient of a program's."""

    __slots__ = ()


_SAME = _SameRead("ReadVariableOp", lambda g, y, x: [g])


class Log:
    """A recorder that keeps all that a graph's gradient needs, in order.

    Args:
        tracer: what builds the graph.

    Attributes:
        entries: what a tape would have kept: ops, inputs, outputs, attributes.
        variables: those that were read, by their cells' ids.
    """

    def __init__(self, tracer: Any) -> None:
        self.tracer = tracer
        self.entries: list[tuple[Any, Any, Any, Any]] = []
        self.variables: dict[int, Any] = {}

    def record(self, op: Any, inputs: Any, outputs: Any, attrs: Any) -> None:
        """Keep an op that has a gradient."""
        if op.grad is not None:
            lift = self.tracer.lift
            inputs = tuple([lift(x) if isinstance(x, Tensor) else x for x in inputs])
            self.entries.append((op, inputs, outputs, attrs))

    def read(self, variable: Any, tensor: Any) -> None:
        """Keep a read.

        What a branch or body reads after it wrote is the variable to a tape, as what it
        was given: gradients of both leave by the input.
        """
        cell = variable._cell
        self.variables[id(cell)] = variable
        if not self.tracer.isolated and variable.dtype.numpy_dtype in _DIFFERENTIABLE:
            source = self.tracer.source(variable)
            if tensor is source:
                self.entries.append((None, (cell,), (tensor,), None))
            elif tensor.shape.is_compatible_with(source.shape):
                self.entries.append((_SAME, (source,), (tensor,), None))
            return
        self.entries.append((None, (cell,), (tensor,), None))

    def left(self, tensor: Any, how: str) -> None:
        """Values that leave are of no interest."""
