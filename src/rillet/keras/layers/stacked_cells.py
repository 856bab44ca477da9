"""StackedRNNCells: several cells as one, each fed by the one before."""

from __future__ import annotations

from typing import Any, Self

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.call_form import form_of
from rillet.keras.layers.cell_base import zero_states
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.serialization import builtin
from rillet.ops.shaping import static_dims


def call_cell(cell: Any, inputs: Any, states: Any, training: Any, more: Any) -> Any:
    """Call a cell with what its `call` takes; the next states as a list."""
    given: dict[str, Any] = {}
    if isinstance(cell, Layer):
        form = form_of(cell)
        if form.training:
            given["training"] = training
        if more is not None and ("constants" in form.names or form.open):
            given["constants"] = more
    function = cell if callable(cell) else cell.call
    several = nest.is_nested(cell.state_size)
    out, after = function(inputs, states if several else [states], **given)
    if several:
        return out, after
    return out, after[0] if nest.is_nested(after) else after


def size_of_output(cell: Any) -> Any:
    """The sizes of a cell's outputs, without the batch."""
    found = getattr(cell, "output_size", None)
    if found is None:
        found = cell.state_size
        found = found[0] if isinstance(found, list | tuple) else found
    return found


@builtin("layer")
class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one before.

    Args:
        cells: the cells.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where one is no cell.

    Example:
        >>> import rillet as tf
        >>> cells = [tf.keras.layers.LSTMCell(4), tf.keras.layers.GRUCell(2)]
        >>> tf.keras.layers.RNN(cells)(tf.zeros([1, 5, 3])).shape
        TensorShape([1, 2])
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        for cell in cells:
            if "call" not in dir(cell):
                raise ValueError(
                    house_message(
                        "StackedRNNCells",
                        "All cells must have a `call` method",
                        f"Received cell without a `call` method: {cell!r}",
                    )
                )
            if "state_size" not in dir(cell):
                raise ValueError(
                    house_message(
                        "StackedRNNCells",
                        "All cells must have a `state_size` attribute",
                        f"Received cell without a `state_size`: {cell!r}",
                    )
                )
        self._last_first = kwargs.pop("reverse_state_order", False)
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self) -> Any:
        """The sizes of the cells' states."""
        cells = self.cells[::-1] if self._last_first else self.cells
        return tuple(c.state_size for c in cells)

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return size_of_output(self.cells[-1])

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """The first states of the cells."""
        if inputs is not None:
            batch_size, dtype = static_dims(inputs)[0], inputs.dtype
        found = []
        for cell in self.cells[::-1] if self._last_first else self.cells:
            own = getattr(cell, "get_initial_state", None)
            if own is None:
                found.append(zero_states(cell.state_size, batch_size, dtype))
            else:
                found.append(own(inputs=inputs, batch_size=batch_size, dtype=dtype))
        return tuple(found)

    def build(self, input_shape: Any) -> None:
        """Build the cells; see `Layer.build`."""
        shape = as_shape(input_shape)
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell._build_scoped(shape)
            size = size_of_output(cell)
            sizes = [size] if isinstance(size, int) else as_shape(size).as_list()
            shape = TensorShape([shape[0], *sizes])
        self.built = True

    def call(
        self, inputs: Any, states: Any, constants: Any = None, training: Any = None
    ) -> Any:
        """The last cell's output, and the next states of all."""
        pairs = zip(
            self.cells, states[::-1] if self._last_first else states, strict=True
        )
        after = []
        for cell, state in pairs:
            inputs, new = call_cell(cell, inputs, state, training, constants)
            after.append(new)
        return inputs, tuple(after[::-1] if self._last_first else after)

    def reset_dropout_mask(self) -> None:
        """Draw the cells' masks of inputs anew at the next call."""
        for cell in self.cells:
            if hasattr(cell, "reset_dropout_mask"):
                cell.reset_dropout_mask()

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw the cells' masks of states anew at the next call."""
        for cell in self.cells:
            if hasattr(cell, "reset_recurrent_dropout_mask"):
                cell.reset_recurrent_dropout_mask()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "cells": [serialize(c) for c in self.cells]}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The cells that `get_config` described."""
        rest = dict(config)
        cells = [deserialize(c, custom_objects) for c in rest.pop("cells")]
        return cls(cells, **rest)
