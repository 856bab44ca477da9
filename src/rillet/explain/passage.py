"""What a function computes, op by op: records, values, and the layer that asked.

In: a function to run. Out: its `Passage`, which `computation` draws, `steps` tells and
`nonfinite` searches.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rillet import keras
from rillet.core import context
from rillet.explain.picture import refuse


@dataclass(eq=False)
class Ran:
    """One op that ran.

    Attributes:
        op: its record; None where a variable was read.
        inputs: tensors that went in; the variable where one was read.
        outputs: tensors that came out.
        attrs: the op's attributes.
        layers: the layers it ran in, the outermost first.
        after: the layer that ran before it, where somebody noted that.
    """

    op: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    layers: tuple[Any, ...] = ()
    after: Any = None

    @property
    def layer(self) -> Any:
        """The outermost layer that is no model, or None."""
        for layer in self.layers:
            if not isinstance(layer, keras.Model):
                return layer
        return None

    @property
    def models(self) -> list[Any]:
        """The models it ran in, the outermost first."""
        return [layer for layer in self.layers if isinstance(layer, keras.Model)]


class Passage:
    """A recorder of all ops of this thread, whether or not a tape asks for them.

    Attributes:
        ran: the ops, the oldest first.
        names: what the function called its values, by their ids.
    """

    def __init__(self, hears: Callable[[Ran], None] | None = None) -> None:
        self.ran: list[Ran] = []
        self.names: dict[int, str] = {}
        self._hears = hears

    def record(
        self, op: Any, inputs: tuple[Any, ...], outputs: tuple[Any, ...], attrs: Any
    ) -> None:
        """Note an op."""
        self._note(Ran(op, inputs, outputs, dict(attrs or {}), layers_running()))

    def read(self, variable: Any, tensor: Any) -> None:
        """Note that a variable was read."""
        self._note(Ran(None, (variable,), (tensor,), {}, layers_running()))

    def left(self, tensor: Any, how: str) -> None:
        """A value left the tensors: of no interest here."""

    def _note(self, ran: Ran) -> None:
        if self._hears is not None:
            self._hears(ran)
        else:
            self.ran.append(ran)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function eagerly and note all its ops.

        Returns:
            What it returned.
        """
        function = getattr(function, "python_function", function)
        with context.pushed_recorder(self):
            return function(*args)

    def run_named(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function, and remember what it calls its values."""
        function = getattr(function, "python_function", function)
        code = getattr(function, "__code__", None)

        def at_return(frame: Any, event: str, _: Any) -> None:
            if event == "return" and frame.f_code is code:
                for name, value in frame.f_locals.items():
                    if _namable(value):
                        self.names.setdefault(id(value), name)

        before = sys.getprofile()
        sys.setprofile(at_return)
        try:
            return self.run(function, *args)
        finally:
            sys.setprofile(before)


def _namable(value: Any) -> bool:
    return hasattr(value, "_array") or hasattr(value, "_cell")


def layers_running() -> tuple[Any, ...]:
    """The layers that are being called on this thread, the outermost first."""
    return tuple(reversed(list(_layers(sys._getframe(1)))))


def _layers(frame: Any) -> Iterator[Any]:
    while frame is not None:
        if frame.f_code.co_name == "__call__":
            found = frame.f_locals.get("self")
            if isinstance(found, keras.layers.Layer):
                yield found
        frame = frame.f_back


def hanging(ran: list[Ran], inputs: list[Any]) -> set[int]:
    """The ids of all tensors that were made from inputs, and of these."""
    found = {id(x) for x in inputs}
    for each in ran:
        if any(id(x) in found for x in each.inputs):
            found.update(id(y) for y in each.outputs)
    return found


def taped(tape: Any, target: Any) -> list[Ran]:
    """What a tape recorded, where the target was made from it.

    Raises:
        ValueError: where there is no target, or the tape does not hold how it was made.
    """
    if target is None:
        raise refuse(
            "explain.graph", "a tape needs a target", "None", "Give target=loss"
        )
    cells = {id(v._cell): v for v in tape._variables.values()}
    found = []
    for op, inputs, outputs, attrs in tape._entries:
        if op is None:
            inputs = tuple(cells.get(id(c), c) for c in inputs)
        found.append(Ran(op, inputs, outputs, dict(attrs or {})))
    if any(y is target for ran in found for y in ran.outputs):
        return found
    if tape._used:
        fix = "Ask before tape.gradient, or make the tape persistent"
    else:
        fix = (
            "Compute the target inside the tape's block, from variables or from"
            " constants that tape.watch(x) was called for"
        )
    raise refuse(
        "explain.graph",
        "the tape does not hold how the target was made",
        f"{len(found)} ops",
        fix,
    )
