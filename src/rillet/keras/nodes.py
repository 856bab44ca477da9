"""Calls of layers on placeholders: the edges that functional models are made of.

`symbolic` makes a `Node` for each such call; layers keep theirs, and `network` walks
them from a model's outputs back to its inputs. `LayerNodes` is what a layer says of its
calls: `input`, `output` and their shapes.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.core.shapes import TensorShape
from rillet.keras.keras_tensor import KerasHistory, KerasTensor, placeholders_in
from rillet.keras.tracking import Tracked


class Node:
    """One call of a layer on placeholders.

    Args:
        layer: the layer that was called.
        args: the positional arguments, placeholders among them.
        kwargs: the arguments by name.
        outputs: the placeholders that came out, in the call's structure.

    Attributes:
        layer: the layer.
        keras_inputs: the placeholders among the arguments, in order.
        parent_nodes: the calls that made those.
    """

    def __init__(self, layer: Any, args: Any, kwargs: Any, outputs: Any) -> None:
        self.layer = layer
        self.call_args = args
        self.call_kwargs = kwargs
        self.outputs = outputs
        self.keras_inputs = placeholders_in([args, kwargs])
        index = len(layer._inbound_nodes)
        layer._inbound_nodes.append(self)
        for place, tensor in enumerate(nest.flatten(outputs)):
            if isinstance(tensor, KerasTensor):
                tensor._history = KerasHistory(layer, index, place)
        for tensor in self.keras_inputs:
            if tensor._history is not None:
                tensor._history.layer._outbound_nodes.append(self)

    @property
    def is_input(self) -> bool:
        """Whether this is where a model begins."""
        return not self.keras_inputs

    @property
    def index(self) -> int:
        """The number of the call among those of its layer."""
        for number, node in enumerate(self.layer._inbound_nodes):
            if node is self:
                return number
        return -1

    @property
    def parent_nodes(self) -> list[Node]:
        """The calls that made the inputs."""
        return [t.node for t in self.keras_inputs if t._history is not None]

    @property
    def inbound_layers(self) -> Any:
        """The layers that made the inputs; one alone, or a list."""
        found = [t._keras_history.layer for t in self.keras_inputs]
        return found[0] if len(found) == 1 else found

    @property
    def outbound_layer(self) -> Any:
        """The layer that was called."""
        return self.layer

    @property
    def input_tensors(self) -> Any:
        """The placeholders that went in first; one alone, or a nest."""
        if self.is_input:
            return self.outputs
        given = self.call_args[0] if self.call_args else None
        if given is not None and placeholders_in(given):
            return _lone(given)
        return _lone(self.keras_inputs)

    @property
    def output_tensors(self) -> Any:
        """The placeholders that came out."""
        return self.outputs

    @property
    def input_shapes(self) -> Any:
        """The shapes of what went in."""
        return shapes_of(self.input_tensors)

    @property
    def output_shapes(self) -> Any:
        """The shapes of what came out."""
        return shapes_of(self.outputs)


def _lone(structure: Any) -> Any:
    if isinstance(structure, list | tuple) and len(structure) == 1:
        return structure[0]
    return structure


def shapes_of(structure: Any) -> Any:
    """The shapes of a nest of tensors, as tuples; lists stay lists."""
    if isinstance(structure, list):
        return [shapes_of(v) for v in structure]
    if isinstance(structure, tuple):
        parts = [shapes_of(v) for v in structure]
        named = hasattr(structure, "_fields")
        return type(structure)(*parts) if named else tuple(parts)
    if isinstance(structure, dict):
        return {k: shapes_of(v) for k, v in structure.items()}
    return plain_shape(structure.shape) if hasattr(structure, "shape") else None


def plain_shape(shape: TensorShape) -> Any:
    """A shape as a tuple; None where the rank is unknown."""
    return None if shape.rank is None else tuple(shape.as_list())


class LayerNodes(Tracked):
    """What a layer knows of its calls on placeholders; see `Layer`."""

    _name: str
    _inbound: list[Node]

    @property
    def _inbound_nodes(self) -> list[Node]:
        found: list[Node] = self.__dict__.setdefault("_calls_in", [])
        return found

    @property
    def _outbound_nodes(self) -> list[Node]:
        found: list[Node] = self.__dict__.setdefault("_calls_out", [])
        return found

    @property
    def inbound_nodes(self) -> list[Node]:
        """The calls of this layer on placeholders."""
        self._describe_home()
        return self._inbound_nodes

    @property
    def outbound_nodes(self) -> list[Node]:
        """The calls of other layers on what this one gave."""
        self._describe_home()
        return self._outbound_nodes

    def _describe_home(self) -> None:
        """Let the stack that this layer is on make placeholders, if it has none yet."""
        home = self._model_around()
        if home is not None:
            home._describe_stack()

    def _model_around(self) -> Any:
        """The stack that the layer was last put on, or None."""
        home = self.__dict__.get("_home")
        return None if home is None else home()

    @property
    def input(self) -> Any:
        """The placeholder, or nest of them, that the layer was called on.

        Raises:
            AttributeError: where it was called on none.
        """
        self._describe_home()
        nodes = self._inbound_nodes
        if not nodes:
            raise AttributeError(
                f"Layer {self._name} is not connected, no input to return."
            )
        return nodes[0].input_tensors

    @property
    def output(self) -> Any:
        """The placeholder, or nest of them, that the layer gave; see `input`."""
        self._describe_home()
        nodes = self._inbound_nodes
        if not nodes:
            raise AttributeError(f"Layer {self._name} has no inbound nodes.")
        return nodes[0].output_tensors

    @property
    def input_mask(self) -> Any:
        """The masks of `input`."""
        return _masks(self.input)

    @property
    def output_mask(self) -> Any:
        """The masks of `output`."""
        return _masks(self.output)

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs, where the layer stands in a model that knows it.

        Raises:
            AttributeError: where it does not, or several calls differ.
        """
        return self._shape_at_all("input")

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs; raises as `input_shape` does."""
        return self._shape_at_all("output")

    def _shape_at_all(self, end: str) -> Any:
        known = self._known_shape(f"_{end}_shape_known")
        nodes = self._inbound_nodes
        if not nodes:
            if known is not None:
                return known
            what = (
                f" defined {end} shape."
                if end == "output"
                else (
                    " defined input shape. Note that the `input_shape` property is only"
                    " available for Functional and Sequential models."
                )
            )
            raise AttributeError(
                f'The layer "{self._name}" has never been called and thus has no{what}'
            )
        shapes = [getattr(node, f"{end}_shapes") for node in nodes]
        if any(repr(s) != repr(shapes[0]) for s in shapes):
            raise AttributeError(
                f'The layer "{self._name}" has multiple inbound nodes, with different'
                f' {end} shapes. Hence the notion of "{end} shape" is ill-defined for'
                f" the layer. Use `get_{end}_shape_at(node_index)` instead."
            )
        return shapes[0]

    def _known_shape(self, key: str) -> Any:
        """A shape that the model around tells; None where it cannot."""
        home = self._model_around()
        if home is not None:
            home._refresh_shapes()
        return self.__dict__.get(key)

    def _node_at(self, index: int, what: str) -> Node:
        self._describe_home()
        nodes = self._inbound_nodes
        if not nodes:
            raise RuntimeError(
                f"The layer {self._name} has never been called and thus has no defined"
                f" {what}."
            )
        if not -len(nodes) <= index < len(nodes):
            raise ValueError(
                f"Asked to get {what} at node {index}, but the layer has only"
                f" {len(nodes)} inbound nodes."
            )
        return nodes[index]

    def get_input_at(self, node_index: int) -> Any:
        """The placeholders of one of the layer's calls.

        Args:
            node_index: which call, from 0 on.

        Raises:
            RuntimeError: where the layer was never called on placeholders.
            ValueError: where it has not so many calls.
        """
        return self._node_at(node_index, "input").input_tensors

    def get_output_at(self, node_index: int) -> Any:
        """What one of the layer's calls gave; raises as `get_input_at` does."""
        return self._node_at(node_index, "output").output_tensors

    def get_input_shape_at(self, node_index: int) -> Any:
        """The shapes that went into a call; raises as `get_input_at` does."""
        return self._node_at(node_index, "input shape").input_shapes

    def get_output_shape_at(self, node_index: int) -> Any:
        """The shapes that came out of a call; raises as `get_input_at` does."""
        return self._node_at(node_index, "output shape").output_shapes

    def get_input_mask_at(self, node_index: int) -> Any:
        """The masks that went into a call; raises as `get_input_at` does."""
        return _masks(self._node_at(node_index, "input mask").input_tensors)

    def get_output_mask_at(self, node_index: int) -> Any:
        """The masks that came out of a call; raises as `get_input_at` does."""
        return _masks(self._node_at(node_index, "output mask").output_tensors)


def _masks(structure: Any) -> Any:
    if isinstance(structure, list | tuple):
        return [_masks(v) for v in structure]
    return getattr(structure, "_keras_mask", None)
