"""Functional models as plain data, and back.

In: a model's network, or a configuration as tf.keras 2 or Keras 3 wrote it. Out: the
dictionary of layers and connections, or placeholders that layers made anew were called
on. `functional`, cloning and the readers of files stand on it.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor
from rillet.keras.call_form import form_of
from rillet.keras.input_layer import InputLayer
from rillet.keras.keras_tensor import KerasTensor, placeholders_in, replaced
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.model import Model
from rillet.keras.nodes import Node
from rillet.keras.op_layers import TFOpLambda
from rillet.keras.operations import Operation, is_operation

_CONSTANT = "_CONSTANT_VALUE"


def network_config(
    model: Any, described: Callable[[Any], dict[str, Any]] = serialize
) -> dict[str, Any]:
    """The layers of a functional model and how they are connected.

    Args:
        model: the model.
        described: what gives a layer's own configuration.

    Returns:
        ``layers``, ``input_layers`` and ``output_layers`` as tf.keras 2 writes them.
    """
    numbers = _numbers_of(model._network)

    def place(tensor: KerasTensor) -> list[Any]:
        history = tensor._keras_history
        return [history.layer.name, numbers[id(tensor.node)], history.tensor_index]

    def place_from_0(tensor: KerasTensor) -> list[Any]:
        name, number, index = place(tensor)
        first = int(starts_at_one(tensor._keras_history.layer))
        return [name, number - first, index]

    layers = []
    for layer in model._network.layers:
        data = dict(described(layer))
        data["name"] = layer.name
        data["inbound_nodes"] = [
            _node_data(node, place)
            for node in layer._inbound_nodes
            if node in model._network and not node.is_input
        ]
        if _forms.both:
            data["keras3_nodes"] = [
                _modern_data(node, place_from_0)
                for node in layer._inbound_nodes
                if node in model._network and not node.is_input
            ]
        layers.append(data)
    return {
        "layers": layers,
        "input_layers": _ends(model._nested_inputs, place),
        "output_layers": _ends(model._nested_outputs, place),
    }


class _Forms(threading.local):
    """Whether calls are written in Keras 3's form as well, for files."""

    both: bool = False


_forms = _Forms()


@contextmanager
def both_forms() -> Iterator[None]:
    """A ``with`` block in which configurations hold calls in both Kerases' forms."""
    kept, _forms.both = _forms.both, True
    try:
        yield
    finally:
        _forms.both = kept


def _modern_data(node: Node, place: Callable[[KerasTensor], list[Any]]) -> Any:
    """One call as Keras 3 writes it."""

    def one(tensor: KerasTensor) -> dict[str, Any]:
        config = {
            "shape": tensor.shape.as_list() if tensor.shape.rank is not None else None,
            "dtype": tensor.dtype.name,
            "keras_history": place(tensor),
        }
        return {"class_name": "__keras_tensor__", "config": config}

    args = [replaced(a, one) for a in node.call_args]
    return {"args": args, "kwargs": replaced(node.call_kwargs, one)}


def _ends(structure: Any, place: Callable[[KerasTensor], list[Any]]) -> Any:
    found = replaced(structure, place)
    return [found] if isinstance(structure, KerasTensor) else found


def starts_at_one(layer: Any) -> bool:
    """Whether a layer's first node is its own, as of a model with known inputs.

    tf.keras counts the calls of such a model from 1 on.
    """
    return isinstance(layer, Model) and layer._begins_known


def _numbers_of(network: Any) -> dict[int, int]:
    """The number of each call among those of its layer that the model contains."""
    numbers: dict[int, int] = {}
    for layer in network.layers:
        count = int(starts_at_one(layer))
        for node in layer._inbound_nodes:
            if node in network:
                numbers[id(node)] = count
                count += 1
    return numbers


def _node_data(node: Node, place: Callable[[KerasTensor], list[Any]]) -> Any:
    """One call: a list for each input with the layer that it comes from."""
    args, kwargs = _by_name(node)
    more = {key: _data(value, place) for key, value in kwargs.items()}
    first = args[0] if args else None
    if isinstance(node.layer, TFOpLambda):
        return _kept_structure(first, more, place)
    tensors = _flat(first)
    return [
        [*place(t), more] if isinstance(t, KerasTensor) else [_CONSTANT, -1, t, more]
        for t in tensors
    ]


def _kept_structure(first: Any, more: Any, place: Any) -> Any:
    if isinstance(first, KerasTensor):
        return [*place(first), more]
    if isinstance(first, list | tuple) and placeholders_in(first):
        return [_kept_structure(v, more, place) for v in first]
    return [_CONSTANT, -1, _data(first, place), more]


def _flat(structure: Any) -> list[Any]:
    if isinstance(structure, list | tuple):
        return [leaf for part in structure for leaf in _flat(part)]
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in _flat(structure[key])]
    return [structure]


def _by_name(node: Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call's arguments with all but the first by name."""
    args, kwargs = node.call_args, dict(node.call_kwargs)
    if len(args) > 1 and not isinstance(node.layer, TFOpLambda):
        names = form_of(node.layer).names
        for name, value in zip(names[1:], args[1:], strict=False):
            kwargs[name] = value
        args = args[:1]
    elif len(args) > 1:
        args = (list(args),)
    return args, {k: v for k, v in kwargs.items() if v is not None or k != "mask"}


def _data(value: Any, place: Callable[[KerasTensor], list[Any]]) -> Any:
    """An argument as plain data."""
    if isinstance(value, KerasTensor):
        return place(value)
    if isinstance(value, list | tuple):
        return [_data(v, place) for v in value]
    if isinstance(value, dict):
        return {k: _data(v, place) for k, v in value.items()}
    if isinstance(value, slice):
        parts = {"start": value.start, "stop": value.stop, "step": value.step}
        return {k: _data(v, place) for k, v in parts.items()}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__"}
    if isinstance(value, DType):
        return value.name
    if isinstance(value, TensorShape):
        return value.as_list()
    if isinstance(value, Tensor):
        return value.numpy().tolist()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if hasattr(value, "_dense_tensor"):
        return value.numpy().tolist()
    return value


def network_of(
    config: dict[str, Any],
    custom_objects: Any = None,
    made_layers: dict[str, Any] | None = None,
) -> tuple[Any, Any, dict[str, Any]]:
    """The inputs and outputs of the model that a configuration describes.

    Args:
        config: what `network_config` gave, or Keras 3's own form.
        custom_objects: users' classes by name.
        made_layers: layers to use instead of new ones, by name.

    Returns:
        The inputs, the outputs, and the layers by name.

    Raises:
        ValueError: where a layer needs what no other gives.
    """
    layers: dict[str, Any] = dict(made_layers or {})
    operations: dict[str, Operation] = {}
    for data in config["layers"]:
        name = data.get("name") or data["config"]["name"]
        if name not in layers and is_operation(data):
            operations[name] = Operation(data)
            layers[name] = operations[name].layer
        elif name not in layers:
            layers[name] = deserialize(data, custom_objects)
    wiring = _Wiring(layers, operations)
    waiting = [
        (layers[data.get("name") or data["config"]["name"]], number, node)
        for data in config["layers"]
        for number, node in enumerate(data["inbound_nodes"])
    ]
    while waiting:
        later = [entry for entry in waiting if not wiring.connect(*entry)]
        if len(later) == len(waiting):
            raise ValueError(
                house_message(
                    "Model.from_config",
                    "the configuration connects layers to what none of them gives",
                    f"unconnected are {sorted({e[0].name for e in later})}",
                )
            )
        waiting = later
    inputs = wiring.ends(config["input_layers"])
    outputs = wiring.ends(config["output_layers"])
    return inputs, outputs, layers


class _Missing(Exception):
    """A call's input is not there yet."""


class _Wiring:
    """Layers being called on each other's placeholders, as a configuration says."""

    def __init__(
        self, layers: dict[str, Any], operations: dict[str, Operation]
    ) -> None:
        self._layers = layers
        self._operations = operations
        #: The number of each layer's first call, before calls tell stacks their input.
        self._starts = {name: int(starts_at_one(x)) for name, x in layers.items()}
        #: What calls gave, flat, by layer and number in the configuration.
        self._given: dict[tuple[str, int], list[Any]] = {}

    def connect(self, layer: Any, number: int, node: Any) -> bool:
        """Call a layer as a node says; False where an input is missing yet."""
        modern = isinstance(node, dict)
        if (layer.name, number - 1) not in self._given and number and modern:
            return False
        start = 0 if modern else self._starts[layer.name]
        try:
            args, kwargs = self._modern(node) if modern else self._older(layer, node)
        except _Missing:
            return False
        if number and (layer.name, start + number - 1) not in self._given:
            return False
        operation = self._operations.get(layer.name)
        if operation is not None:
            found = operation.call(args, kwargs)
        else:
            found = layer(*args, **kwargs)
        flat = [t for t in _flat(found)]
        self._given[layer.name, start + number] = flat
        return True

    def tensor(self, name: str, node: int, index: int) -> Any:
        """The placeholder that a call gave."""
        layer = self._layers.get(name)
        if isinstance(layer, InputLayer):
            return layer.output
        for number in (node, node - 1, node + 1):
            found = self._given.get((name, number))
            if found is not None and (number == node or starts_at_one(layer)):
                return found[index]
        raise _Missing

    def ends(self, structure: Any) -> Any:
        """Placeholders in the structure of a model's inputs or outputs."""
        found = self._leaves(structure)
        if (
            isinstance(structure, list)
            and len(structure) == 1
            and _is_place(structure[0])
        ):
            return found[0]
        return found

    def _leaves(self, value: Any) -> Any:
        if _is_place(value):
            return self.tensor(*value[:3])
        if isinstance(value, list | tuple):
            return [self._leaves(v) for v in value]
        if isinstance(value, dict):
            return {k: self._leaves(v) for k, v in value.items()}
        return value

    def _older(self, layer: Any, node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call as tf.keras 2 writes them."""
        kwargs: dict[str, Any] = {}

        def one(entry: Any) -> Any:
            if isinstance(entry, dict):
                return {k: one(v) for k, v in entry.items()}
            if not entry or not isinstance(entry[0], str):
                return [one(e) for e in entry]
            if len(entry) > 3 and isinstance(entry[3], dict):
                kwargs.update(entry[3])
            if entry[0] == _CONSTANT:
                return self._leaves(entry[2])
            return self.tensor(*entry[:3])

        first = one(node)
        if isinstance(layer, TFOpLambda):
            args = tuple(first) if _takes_many(layer) else (first,)
            return args, _taken(layer, self._leaves(kwargs))
        if isinstance(first, list) and len(first) == 1:
            first = first[0]
        return (first,), {k: self._argument(v) for k, v in kwargs.items()}

    def _argument(self, value: Any) -> Any:
        return self._leaves(value)

    def _modern(self, node: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call as Keras 3 writes them."""
        args = tuple(self._value(v) for v in node.get("args", []))
        kwargs = {k: self._value(v) for k, v in node.get("kwargs", {}).items()}
        return args, {k: v for k, v in kwargs.items() if v is not None or k != "mask"}

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            kind = value.get("class_name")
            if kind == "__keras_tensor__":
                return self.tensor(*value["config"]["keras_history"])
            if kind == "__slice__":
                parts = value["config"]
                names = ("start", "stop", "step")
                return slice(*[self._value(parts[n]) for n in names])
            if kind == "__tuple__":
                return tuple(self._value(v) for v in value["config"]["value"])
            if kind == "__ellipsis__":
                return Ellipsis
            if kind in ("__numpy__", "__tensor__"):
                parts = value["config"]
                return np.asarray(parts["value"], parts["dtype"])
            if kind is not None and "config" in value:
                return deserialize(value)
            return {k: self._value(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(v) for v in value]
        return value


def _takes_many(layer: Any) -> bool:
    """Whether a function takes any number of arguments, as `tf.einsum` does."""
    taken = inspect.signature(layer.__dict__["function"]).parameters.values()
    return any(p.kind is p.VAR_POSITIONAL for p in taken)


def _taken(layer: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a function takes, and those that say something."""
    if "slice_spec" in kwargs:
        return kwargs
    names = inspect.signature(layer.__dict__["function"]).parameters
    return {k: v for k, v in kwargs.items() if k in names or v is not None}


def _is_place(value: Any) -> bool:
    """Whether a value names a placeholder: a layer, one of its calls, an output."""
    return (
        isinstance(value, list | tuple)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and isinstance(value[2], int)
        and not isinstance(value[1], bool)
    )
