"""The way from a model's outputs back to its inputs, put in order.

In: placeholders that go in and come out. Out: a `Network`: calls of layers in an order
in which they can run, layers by depth as `Model.layers` lists them, and a plan that
runs them. `functional` stands on it; `summary` and `plotting` read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.keras.keras_tensor import KerasTensor, placeholders_in, replaced
from rillet.keras.nodes import Node


class Network:
    """The calls between some placeholders and others.

    Args:
        inputs: the placeholders that go in.
        outputs: those that come out.
        beside: further ones to compute, as losses are.

    Attributes:
        nodes: the calls, in an order in which they can run.
        layers: the layers, from the inputs on.
        nodes_by_depth: calls by their distance from the outputs.

    Raises:
        ValueError: where the outputs need more than the inputs, or names are not
            unique.
    """

    def __init__(
        self,
        inputs: list[KerasTensor],
        outputs: list[KerasTensor],
        beside: list[KerasTensor] | None = None,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.beside = list(beside or ())
        order: dict[int, int] = {}
        ends = [*outputs, *self.beside]
        found = _walked(ends, {id(t) for t in inputs}, order)
        depths, layer_depths = _depths(found)
        for tensor in inputs:
            node = tensor.node
            if id(node) not in depths:
                depths[id(node)] = 0
                layer_depths.setdefault(id(node.layer), 0)
                order.setdefault(id(node.layer), -1)
                found.append(node)
        self.nodes_by_depth: dict[int, list[Node]] = {}
        for node in found:
            self.nodes_by_depth.setdefault(depths[id(node)], []).append(node)
        self.depths = sorted(self.nodes_by_depth, reverse=True)
        self.nodes = [n for d in self.depths for n in self.nodes_by_depth[d]]
        by_depth: dict[int, list[Any]] = {}
        for layer in {id(n.layer): n.layer for n in found}.values():
            by_depth.setdefault(layer_depths[id(layer)], []).append(layer)
        self.layers = [
            layer
            for depth in sorted(by_depth, reverse=True)
            for layer in sorted(by_depth[depth], key=lambda x: order[id(x)])
        ]
        self._check_connected()
        self._check_names()
        self._members = {id(node) for node in self.nodes}
        slots = self._slots()
        self._count = len(slots)
        self._in = [slots[id(t)] for t in inputs]
        self._out = [slots[id(t)] for t in outputs]
        self._plan = [_Step(n, slots) for n in self.nodes if not n.is_input]

    def __contains__(self, node: Node) -> bool:
        return id(node) in self._members

    def _slots(self) -> dict[int, int]:
        """A number for each placeholder."""
        known: dict[int, int] | None = self.__dict__.get("_numbers")
        if known is None:
            tensors = list(self.inputs)
            for node in self.nodes:
                tensors += placeholders_in(node.outputs)
            known = self.__dict__["_numbers"] = {}
            for tensor in tensors:
                known.setdefault(id(tensor), len(known))
        return known

    def _check_connected(self) -> None:
        computed = {id(t) for t in self.inputs}
        accessed: list[str] = []
        for node in self.nodes:
            if node.is_input:
                continue
            for tensor in node.keras_inputs:
                if id(tensor) not in computed:
                    raise _disconnected(tensor, node, accessed)
            computed.update(id(t) for t in placeholders_in(node.outputs))
            accessed.append(node.layer.name)
        for tensor in self.outputs:
            if id(tensor) not in computed:
                raise _disconnected(tensor, tensor.node, accessed)

    def _check_names(self) -> None:
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    house_message(
                        "Model",
                        f'The name "{name}" is used {names.count(name)} times in the'
                        " model. All layer names should be unique",
                        fix="Give the layers names of their own, with `name=`",
                    )
                )

    def run(self, given: list[Any]) -> list[Any]:
        """What comes out for values of the inputs.

        Args:
            given: the values, in the order of `inputs`.
        """
        values: list[Any] = [None] * self._count
        for slot, value in zip(self._in, given, strict=True):
            values[slot] = value
        for step in self._plan:
            if step.first >= 0 and step.out >= 0:
                values[step.out] = step.layer(values[step.first])
            else:
                step.run(values)
        return [values[slot] for slot in self._out]


class _Step:
    """One call of a layer: where its arguments lie and where its results go."""

    __slots__ = ("args", "first", "kwargs", "layer", "out", "outs")

    def __init__(self, node: Node, slots: dict[int, int]) -> None:
        self.layer = node.layer
        self.args = node.call_args
        self.kwargs = node.call_kwargs
        self.outs = [
            slots[id(t)] if isinstance(t, KerasTensor) else -1
            for t in nest.flatten(node.outputs)
        ]
        self.out = self.outs[0] if isinstance(node.outputs, KerasTensor) else -1
        self.first = -1
        lone = len(self.args) == 1 and isinstance(self.args[0], KerasTensor)
        if lone and not self.kwargs:
            self.first = slots[id(self.args[0])]
        else:
            number = _numbered(slots)
            self.args = replaced(self.args, number)
            self.kwargs = replaced(self.kwargs, number)

    def run(self, values: list[Any]) -> None:
        """Call the layer on values and put its results among them."""
        if self.first >= 0:
            found = self.layer(values[self.first])
        else:
            args = _filled(self.args, values)
            found = self.layer(*args, **_filled(self.kwargs, values))
        if self.out >= 0:
            values[self.out] = found
            return
        for slot, value in zip(self.outs, nest.flatten(found), strict=True):
            if slot >= 0:
                values[slot] = value


class _Slot:
    """The number of a placeholder among arguments."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


def _numbered(slots: dict[int, int]) -> Callable[[KerasTensor], _Slot]:
    return lambda tensor: _Slot(slots[id(tensor)])


def _filled(structure: Any, values: list[Any]) -> Any:
    """Arguments with values where numbers stand."""
    if isinstance(structure, _Slot):
        return values[structure.number]
    if isinstance(structure, list):
        return [_filled(v, values) for v in structure]
    if isinstance(structure, tuple):
        parts = [_filled(v, values) for v in structure]
        named = hasattr(structure, "_fields")
        return type(structure)(*parts) if named else tuple(parts)
    if isinstance(structure, dict):
        return {k: _filled(v, values) for k, v in structure.items()}
    if isinstance(structure, slice):
        parts = [structure.start, structure.stop, structure.step]
        return slice(*[_filled(v, values) for v in parts])
    return structure


def _walked(
    outputs: list[KerasTensor], ends: set[int], order: dict[int, int]
) -> list[Node]:
    """The calls that outputs need, each after those it needs itself.

    Args:
        outputs: where to begin.
        ends: placeholders to stop at.
        order: filled with the order in which layers are met.
    """
    done: dict[int, Node] = {}
    for tensor in outputs:
        line: list[tuple[Node, bool]] = [(tensor.node, False)]
        while line:
            node, seen = line.pop()
            if id(node) in done:
                continue
            if seen:
                done[id(node)] = node
                continue
            order.setdefault(id(node.layer), len(order))
            line.append((node, True))
            if any(id(t) in ends for t in placeholders_in(node.outputs)):
                continue
            parents = [t.node for t in node.keras_inputs]
            line += [(parent, False) for parent in reversed(parents)]
    return list(done.values())


def _depths(nodes: list[Node]) -> tuple[dict[int, int], dict[int, int]]:
    """How far calls and layers are from the outputs; a layer as far as its calls."""
    depths: dict[int, int] = {}
    layers: dict[int, int] = {}
    for node in reversed(nodes):
        depth = max(depths.get(id(node), 0), layers.get(id(node.layer), 0))
        depths[id(node)] = layers[id(node.layer)] = depth
        for parent in node.parent_nodes:
            depths[id(parent)] = max(depth + 1, depths.get(id(parent), 0))
    return depths, layers


def _disconnected(tensor: KerasTensor, node: Node, accessed: list[str]) -> ValueError:
    if tensor.node.is_input:
        return ValueError(
            house_message(
                "Model",
                "Found input tensor cannot be reached given provided output tensors."
                " Please make sure the tensor is included in the model inputs when"
                " building functional model",
                f"the outputs need {tensor!r}",
                "Add it to `inputs`",
            )
        )
    return ValueError(
        house_message(
            "Model",
            f"Graph disconnected: cannot obtain value for tensor {tensor!r} at layer"
            f' "{node.layer.name}"',
            f"The following previous layers were accessed without issue: {accessed}",
        )
    )
