"""The states of recurrent layers: the first ones, and those kept between batches.

`RNN` begins its loop with them and keeps the last ones where it is stateful.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import Variable
from rillet.keras.base_layer import Layer
from rillet.keras.layers.cell_base import zero_states
from rillet.ops.elementwise import cast
from rillet.ops.shaping import static_dims


class StatesLayer(Layer):
    """A layer with a cell, the first states of each batch, and maybe kept ones.

    Attributes:
        cell: the cell that runs over the steps.
        stateful: whether a batch begins with the states that the last one ended with.
        time_major: whether the batch is the second axis of inputs.
    """

    cell: Any
    stateful: bool
    time_major: bool
    _batch: int | None

    def _untracked(self) -> tuple[str, ...]:
        return (*super()._untracked(), "_states")

    def _trackable_children(
        self, save_type: str = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        """A SavedModel holds the states too; its functions read and write them."""
        found = super()._trackable_children(save_type, **kwargs)
        if save_type == "savedmodel" and self.stateful and self.built:
            if self.__dict__["_states"] is None and self._batch is not None:
                self.reset_states()
            found["states"] = nest.flatten(self.__dict__["_states"] or [])
        return found

    @property
    def states(self) -> Any:
        """The states kept between batches; None for each where none are kept."""
        found = self.__dict__["_states"]
        if found is None:
            return [None] * len(nest.flatten(self.cell.state_size))
        return found

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """The first states for inputs: zeros, or what the cell says."""
        dims = static_dims(inputs)
        batch = dims[1] if self.time_major else dims[0]
        own = getattr(self.cell, "get_initial_state", None)
        if own is None:
            found = zero_states(self.cell.state_size, batch, inputs.dtype)
        else:
            found = own(inputs=None, batch_size=batch, dtype=inputs.dtype)
        return list(found) if nest.is_nested(found) else [found]

    def _first_states(self, inputs: Any, given: Any) -> list[Any]:
        """The states to begin with, as the cell's `state_size` nests them."""
        if given is None and self.stateful:
            batch = static_dims(inputs)[1 if self.time_major else 0]
            if self.__dict__["_states"] is None:
                self._batch = self._batch or batch
                self.reset_states()
            kept = [v.read_value() for v in nest.flatten(self.__dict__["_states"])]
            if kept[0].shape[0] != batch:
                raise ValueError(
                    house_message(
                        type(self).__name__,
                        "a stateful layer takes batches of one size",
                        f"it keeps states of {kept[0].shape[0]} sequences, the batch"
                        f" has {batch}",
                        "Give fit a batch_size that divides the number of sequences",
                    )
                )
            return _as_list(nest.pack_sequence_as(self.cell.state_size, kept))
        if given is None:
            return self.get_initial_state(inputs)
        flat = [cast(to_tensor(s), inputs.dtype) for s in nest.flatten(given)]
        shapes = self._state_shapes()
        fits = len(flat) == len(shapes) and all(
            shape.is_compatible_with(s.shape)
            for s, shape in zip(flat, shapes, strict=True)
        )
        if not fits:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "An `initial_state` was passed that is not compatible with"
                    " `cell.state_size`",
                    f"the states have shapes {[tuple(s.shape) for s in flat]}; however"
                    f" `cell.state_size` is {self.cell.state_size}",
                )
            )
        return _as_list(nest.pack_sequence_as(self.cell.state_size, flat))

    def _state_shapes(self) -> list[Any]:
        """The shapes that states have."""
        sizes = nest.flatten(self.cell.state_size)
        return [TensorShape([None, *sizes_of(n)]) for n in sizes]

    def _zero_kept(self, batch: int) -> list[Any]:
        """Zeros for the states kept between batches."""
        made = zero_states(self.cell.state_size, batch, self._compute_type)
        return _as_list(made)

    def _keep(self, flat: list[Any]) -> None:
        """Remember the last states for the next batch."""
        with context.recording_stopped():
            for variable, value in zip(
                nest.flatten(self.__dict__["_states"]), flat, strict=True
            ):
                variable.assign(value, read_value=False)

    def reset_states(self, states: Any = None) -> None:
        """Set the states kept between batches to zero, or to values.

        Args:
            states: the values, one for each state.

        Raises:
            AttributeError: where the layer keeps none.
            ValueError: where the batch's size is unknown, or values do not fit.
        """
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        kept = self.__dict__["_states"]
        if kept is None:
            batch = self.__dict__.get("_batch")
            if batch is None:
                raise ValueError(
                    house_message(
                        type(self).__name__,
                        "If a RNN is stateful, it needs to know its batch size",
                        f"the layer is '{self.name}'",
                        "Give batch_input_shape=, or call the layer on a batch first",
                    )
                )
            kept = nest.map_structure(_variable, self._zero_kept(batch))
            self.__dict__["_states"] = kept
        flat = nest.flatten(kept)
        if states is None:
            for variable in flat:
                variable.assign(np.zeros(tuple(variable.shape), "float32"))
            return
        values = [np.asarray(v) for v in nest.flatten(states)]
        if len(values) != len(flat):
            raise ValueError(
                house_message(
                    type(self).__name__,
                    f"Layer {self.name} expects {len(flat)} states, but it received"
                    f" {len(values)} state values",
                    f"their shapes are {[v.shape for v in values]}",
                )
            )
        for at, (variable, value) in enumerate(zip(flat, values, strict=True)):
            if tuple(variable.shape) != value.shape:
                raise ValueError(
                    house_message(
                        type(self).__name__,
                        f"State {at} is incompatible with layer {self.name}: expected"
                        f" shape={tuple(variable.shape)}",
                        f"found shape={value.shape}",
                    )
                )
        for variable, value in zip(flat, values, strict=True):
            variable.assign(value.astype(variable.dtype.numpy_dtype))


def _as_list(value: Any) -> list[Any]:
    return list(value) if nest.is_nested(value) else [value]


def sizes_of(size: Any) -> list[Any]:
    """A state's sizes without the batch: a number is a vector's."""
    return [size] if isinstance(size, int) else as_shape(size).as_list()


def _variable(value: Any) -> Variable:
    return Variable(value, trainable=False)
