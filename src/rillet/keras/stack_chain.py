"""The placeholders between the layers of a stack, made when somebody asks for them.

In: a stack's input layer and its layers. Out: the calls of each on what the one before
gives. `Sequential` keeps one for its `inputs`, `outputs` and its layers' `output`.
"""

from __future__ import annotations

from typing import Any

from rillet.core.shapes import TensorShape
from rillet.keras.base_layer import Layer
from rillet.keras.input_layer import InputLayer


class Chain:
    """The placeholders between the layers of a stack."""

    def __init__(self, entry: InputLayer, shape: TensorShape) -> None:
        self.entry = entry
        self.shape = shape
        self._nodes: list[Any] = []
        self._layers: list[Layer] = []

    @property
    def top(self) -> Any:
        """What the last layer gives."""
        return self._nodes[-1].outputs if self._nodes else self.entry.output

    def follow(self, stack: list[Layer]) -> None:
        """Call the layers that came since, and forget those that went."""
        while self._layers != stack[: len(self._layers)]:
            self._forget()
        for layer in stack[len(self._layers) :]:
            layer(self.top)
            self._nodes.append(layer._inbound_nodes[-1])
            self._layers.append(layer)

    def _forget(self) -> None:
        node = self._nodes.pop()
        inbound = self._layers.pop()._inbound_nodes
        inbound[:] = [n for n in inbound if n is not node]
        if self._layers:
            self._layers[-1]._outbound_nodes.clear()

    def undo(self) -> None:
        """Take the calls of all layers back."""
        while self._layers:
            self._forget()
