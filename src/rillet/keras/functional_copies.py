"""Functional models over other placeholders: cut out of others, copied, pickled.

In: a model's calls. Out: the same calls of the same layers on new placeholders, or a
form without placeholders that pickles, and back. `functional` calls it.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.keras.added_layers import AddLoss, AddMetric
from rillet.keras.input_layer import Input, InputLayer
from rillet.keras.keras_tensor import KerasTensor, replaced
from rillet.keras.network import Network
from rillet.keras.nodes import Node


def cut(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The same model over new input layers, where it begins in the middle of another.

    The layers are the same; they get further nodes.
    """
    new: dict[int, KerasTensor] = {}

    def begun(tensor: KerasTensor) -> KerasTensor:
        made = tensor
        if not tensor.node.is_input:
            made = Input(
                batch_shape=None if tensor.composite else tensor.shape,
                dtype=tensor.dtype,
                type_spec=tensor.composite,
            )
        new[id(tensor)] = made
        return made

    inputs = nest.map_structure(begun, inputs)
    network = _ordered(list(new), nest.flatten(outputs))
    for node in network:
        args = replaced(node.call_args, lambda t: new.get(id(t), t))
        kwargs = replaced(node.call_kwargs, lambda t: new.get(id(t), t))

        def copied(value: Any, node: Node = node) -> Any:
            if not isinstance(value, KerasTensor):
                return value
            out = KerasTensor(
                value.shape,
                value.dtype,
                value.name,
                node.layer,
                value.known,
                value.partial,
                value.composite,
            )
            new.setdefault(id(value), out)
            return out

        found = nest.map_structure(copied, node.outputs)
        Node(node.layer, args, kwargs, found)
    return inputs, nest.map_structure(lambda t: new.get(id(t), t), outputs)


def _ordered(ends: list[int], outputs: list[KerasTensor]) -> list[Node]:
    """The calls that lead from some placeholders to others."""
    done: dict[int, Node] = {}

    def reach(tensor: KerasTensor) -> bool:
        """Whether a placeholder depends on one of `ends`; notes the calls between."""
        if id(tensor) in ends:
            return True
        node = tensor.node
        if id(node) in done:
            return True
        leads = [reach(t) for t in node.keras_inputs]
        if any(leads):
            done[id(node)] = node
            return True
        return False

    for tensor in outputs:
        reach(tensor)
    return list(done.values())


def ends_beside(model: Any, layers: dict[str, Any]) -> list[KerasTensor]:
    """What layers give that add losses and metrics, and that no output needs."""
    found: list[KerasTensor] = []
    for layer in layers.values():
        if isinstance(layer, AddLoss | AddMetric) and layer._inbound_nodes:
            found += nest.flatten(layer._inbound_nodes[0].outputs)
    return found


def written(network: Network, model: Any) -> Any:
    """A model's calls without placeholders: for copies and pickles."""
    numbers = network._slots()

    def token(tensor: KerasTensor) -> Any:
        return _Token(numbers[id(tensor)], tensor)

    calls = [
        (
            node.layer,
            replaced(node.call_args, token),
            replaced(node.call_kwargs, token),
            replaced(node.outputs, token),
        )
        for node in network.nodes
    ]
    ends = replaced(
        [model._nested_inputs, model._nested_outputs, network.beside], token
    )
    return calls, ends


def read(state: Any) -> tuple[Any, Any, Any]:
    """The inputs and outputs of a model that `written` described, and other ends."""
    calls, ends = state
    tensors: dict[int, KerasTensor] = {}
    for layer, args, kwargs, outputs in calls:
        given_args, given_kwargs = _fill([args, kwargs], tensors)
        if isinstance(layer, InputLayer):
            tensors[outputs.number] = layer._placeholder
            continue
        made = _made(outputs, layer, tensors)
        Node(layer, given_args, given_kwargs, made)
    inputs, outputs, beside = _fill(ends, tensors)
    return inputs, outputs, beside


class _Token:
    """Stands for a placeholder in what is pickled."""

    def __init__(self, number: int, tensor: KerasTensor) -> None:
        self.number = number
        self.shape = tensor.shape.as_list() if tensor.shape.rank is not None else None
        self.dtype = tensor.dtype.name
        self.known, self.partial = tensor.known, tensor.partial
        self.composite = tensor.composite


def _fill(structure: Any, tensors: dict[int, KerasTensor]) -> Any:
    return _mapped(structure, lambda token: tensors[token.number])


def _made(structure: Any, layer: Any, tensors: dict[int, KerasTensor]) -> Any:
    def one(token: _Token) -> KerasTensor:
        tensors[token.number] = KerasTensor(
            token.shape,
            token.dtype,
            layer.name,
            layer,
            token.known,
            token.partial,
            token.composite,
        )
        return tensors[token.number]

    return _mapped(structure, one)


def _mapped(structure: Any, function: Any) -> Any:
    if isinstance(structure, _Token):
        return function(structure)
    if isinstance(structure, list):
        return [_mapped(v, function) for v in structure]
    if isinstance(structure, tuple):
        parts = [_mapped(v, function) for v in structure]
        named = hasattr(structure, "_fields")
        return type(structure)(*parts) if named else tuple(parts)
    if isinstance(structure, dict):
        return {k: _mapped(v, function) for k, v in structure.items()}
    if isinstance(structure, slice):
        parts = [structure.start, structure.stop, structure.step]
        return slice(*[_mapped(v, function) for v in parts])
    return structure
