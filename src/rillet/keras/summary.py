"""The table that `Model.summary` prints: layers, shapes, numbers of weights.

In: a model. Out: lines of text in Keras's layout, printed or handed to a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.progress import print_message
from rillet.keras.tracking import once_each

_COLUMNS = ("Layer (type)", "Output Shape", "Param #")
_POSITIONS = (0.45, 0.85, 1.0)
_WIDTH = 65
_LINKED_COLUMNS = (*_COLUMNS, "Connected to")
_LINKED_POSITIONS = (0.3, 0.6, 0.7, 1.0)
_LINKED_WIDTH = 98
#: Where a long field is broken, so that each part of a list has a line of its own.
_BREAKS = ("),", "},", "],", "',")
_TRAINABLE_WIDTH = 11
_UNITS = ("Byte", "KB", "MB", "GB", "TB", "PB")


def print_summary(
    model: Any,
    line_length: int | None,
    positions: Any,
    print_fn: Callable[[str], Any] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Any,
) -> None:
    """Print the table of a model's layers; see `Model.summary`."""
    refresh = getattr(model, "_refresh_shapes", None)
    if refresh is not None:
        refresh()
    network = _branching(model)
    table = _Table(
        line_length, positions, print_fn or print_message, show_trainable, network
    )
    table.expand_nested = expand_nested
    table.say(f'Model: "{model.name}"')
    table.rule("_")
    columns = _COLUMNS if network is None else _LINKED_COLUMNS
    headers = [*columns, *(["Trainable"] if show_trainable else [])]
    table.row(headers, 0)
    table.rule("=")
    layers = model.layers
    first, last = _range(layers, layer_range)
    table.layers(layers[first:last], 0)
    table.rule("=")
    _print_totals(model, table)
    table.rule("_")


def _branching(model: Any) -> Any:
    """The network of a model whose layers are no plain chain; else None."""
    network = model.__dict__.get("_network")
    if network is None:
        return None
    for nodes in network.nodes_by_depth.values():
        if len(nodes) > 1 or len(nodes[0].keras_inputs) > 1:
            return network
    for layer in model.layers:
        if sum(node in network for node in layer._inbound_nodes) > 1:
            return network
    return None


def _print_totals(model: Any, table: _Table) -> None:
    trainable = once_each(model.trainable_weights)
    fixed = once_each(model.non_trainable_weights)
    table.say(f"Total params: {_counted([*trainable, *fixed])}")
    table.say(f"Trainable params: {_counted(trainable)}")
    table.say(f"Non-trainable params: {_counted(fixed)}")


def _counted(weights: list[Any]) -> str:
    count = size = 0
    for weight in weights:
        elements = weight.shape.num_elements() or 0
        count += elements
        size += elements * weight.dtype.size
    return f"{count} ({_size_text(size)})"


def _size_text(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} {_UNITS[-1]}"


def _range(layers: list[Any], wanted: Any) -> tuple[int, int]:
    """The places of the first and the one after the last layer to list."""
    if wanted is None:
        return 0, len(layers)
    if len(wanted) != 2 or not all(isinstance(w, str) for w in wanted):
        raise ValueError(
            house_message(
                "summary",
                "layer_range must hold the names of the first and the last layer",
                f"got {wanted!r}",
            )
        )
    found: list[list[int]] = []
    for pattern in wanted:
        places = [i for i, layer in enumerate(layers) if re.match(pattern, layer.name)]
        if not places:
            names = [layer.name for layer in layers]
            raise ValueError(
                house_message(
                    "summary",
                    "Passed layer_names do not match the layer names in the model",
                    f"got {pattern!r}, layers are {names}",
                )
            )
        found.append(places)
    ends = sorted((min(found[0]), max(found[1])))
    return ends[0], ends[1] + 1


class _Table:
    """The lines of a table of fixed columns."""

    def __init__(
        self,
        width: int | None,
        positions: Any,
        print_fn: Callable[[str], Any],
        show_trainable: bool,
        network: Any = None,
    ) -> None:
        width = width or (_WIDTH if network is None else _LINKED_WIDTH)
        ends = list(positions or (_POSITIONS if network is None else _LINKED_POSITIONS))
        if ends[-1] <= 1:
            ends = [int(width * p) for p in ends]
        if show_trainable:
            width += _TRAINABLE_WIDTH
            ends.append(width)
        self.width = width
        self._ends = ends
        self._print = print_fn
        self._show_trainable = show_trainable
        self._network = network
        self.expand_nested = False

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self._print(text)

    def rule(self, mark: str) -> None:
        """Print a line of one character."""
        self._print(mark * self.width)

    def layers(self, layers: Any, depth: int) -> None:
        """Print layers, and below each those inside where they are asked for."""
        for number, layer in enumerate(layers):
            self._layer(layer, depth)
            inner = getattr(layer, "layers", None) if self.expand_nested else None
            if inner:
                self._framed("¯", depth + 1)
                self.layers(inner, depth + 1)
                self._framed("¯", depth)
            elif not depth or number < len(layers) - 1:
                self._framed(" ", depth)

    def _layer(self, layer: Any, depth: int) -> None:
        fields = [f"{layer.name} ({type(layer).__name__})", _shape_text(layer)]
        unused = not layer.built and not getattr(layer, "_stack", ())
        fields.append("0 (unused)" if unused else str(layer.count_params()))
        if self._network is not None:
            fields.append(str(self._links(layer)))
        if self._show_trainable:
            fields.append("Y" if layer.trainable else "N")
        self.row(fields, depth)

    def _links(self, layer: Any) -> list[str]:
        """Where a layer's inputs come from."""
        found: list[str] = []
        for node in layer._inbound_nodes:
            if node in self._network:
                for tensor in node.keras_inputs:
                    source, number, index = tensor._keras_history
                    found.append(f"{source.name}[{number}][{index}]")
        return found

    def _framed(self, mark: str, depth: int) -> None:
        bars = "|" * depth
        self._print(bars + mark * (self.width - 2 * depth) + bars)

    def row(self, fields: list[str], depth: int) -> None:
        """Print fields in their columns; long ones go on in further lines."""
        rest = list(fields)
        while any(rest):
            line = "|" * depth + " "
            for column, end in enumerate(self._ends):
                last = column == len(self._ends) - 1
                start = self._ends[column - 1] if column else depth
                if last:
                    end -= depth
                # Two blanks stand between columns, one before the first.
                room = max(end - start - (0 if last else 3), 1)
                part = rest[column][:room]
                stops = [part.find(b) + len(b) for b in _BREAKS if b in part]
                part = part[: min(stops, default=room)]
                line = (line + part).ljust(end)
                rest[column] = rest[column][len(part) :]
            self._print(line + "|" * depth)


def _shape_text(layer: Any) -> str:
    try:
        return str(layer.output_shape)
    except AttributeError:
        return "multiple"
    except RuntimeError:
        return "?"
