"""RNN: a cell run over the steps of sequences.

In flow sequences ``(batch, time, ...)``, masks and first states; out flow the last
output or all of them, and the last states where asked for. SimpleRNN, LSTM, GRU and
the convolutional ones derive from `RNN`; the loop itself stands in `time_loop`.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor
from rillet.keras.base_layer import Layer
from rillet.keras.composites import is_ragged, padded, unpadded
from rillet.keras.input_spec import InputSpec
from rillet.keras.keras_tensor import KerasTensor
from rillet.keras.layers.cell_base import GateCell
from rillet.keras.layers.recurrent_states import StatesLayer, sizes_of
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.layers.stacked_cells import (
    StackedRNNCells,
    call_cell,
    size_of_output,
)
from rillet.keras.layers.time_loop import masks_by_step, walk, walk_graph
from rillet.keras.serialization import builtin
from rillet.keras.shape_probe import is_shape
from rillet.ops.array import pack_op, unpack_op
from rillet.ops.elementwise import cast
from rillet.ops.host import is_symbolic
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import transpose_op

#: Steps that a graph holds one by one, without a mask and with one. They run up to a
#: third faster than a loop (with a mask slower), but each compiles in 17 ms (65 ms).
_UNROLLED, _UNROLLED_MASKED = 64, 16


@builtin("layer")
class RNN(StatesLayer):
    """Runs a cell over the steps of sequences.

    Args:
        cell: a cell: it has `call(inputs, states)`, `state_size` and maybe
            `output_size` and `get_initial_state`; or a list of cells.
        return_sequences: give the outputs of all steps, not the last one only.
        return_state: give the last states too.
        go_backwards: go through time backwards.
        stateful: begin each batch with the states that the last one ended with.
        unroll: write every step into a graph, however many there are.
        time_major: time is the first axis of inputs and outputs, the batch the second.
        **kwargs: `zero_output_for_mask`, and as for `Layer`.

    Raises:
        ValueError: where `cell` is no cell.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.RNN(tf.keras.layers.LSTMCell(4))
        >>> layer(tf.zeros([2, 5, 3])).shape
        TensorShape([2, 4])
    """

    #: The rank of inputs.
    _rank: int | None = 3

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        time_major: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        for needed in ("call", "state_size"):
            if needed not in dir(cell):
                kind = "a `call` method" if needed == "call" else "a `state_size`"
                raise ValueError(
                    house_message(
                        "RNN",
                        f"Argument `cell` should have {kind}",
                        f"The RNN was passed: cell={cell!r}",
                    )
                )
        self.zero_output_for_mask = kwargs.pop("zero_output_for_mask", False)
        if "input_shape" not in kwargs and {"input_dim", "input_length"} & set(kwargs):
            length = kwargs.pop("input_length", None)
            kwargs["input_shape"] = (length, kwargs.pop("input_dim", None))
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.time_major = time_major
        self.supports_masking = True
        self.__dict__["_states"] = None
        self._constants = 0
        if self._rank is not None:
            self.input_spec = [InputSpec(ndim=self._rank)]

    def _makes_masks(self) -> bool:
        return False

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        constants: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layer; states and constants may follow the inputs in a list."""
        if isinstance(inputs, list | tuple) and is_tensors(inputs):
            rest = list(inputs[1:])
            if self._constants and constants is None:
                constants = rest[-self._constants :]
                rest = rest[: -self._constants]
            inputs = inputs[0]
            initial_state = rest or initial_state
        if initial_state is not None:
            kwargs["initial_state"] = initial_state
        if constants is not None:
            given = constants if isinstance(constants, list | tuple) else [constants]
            kwargs["constants"] = list(given)
            self._constants = len(given)
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Build the cell; see `Layer.build`."""
        shape = as_shape(
            input_shape if is_shape(input_shape) else nest.flatten(input_shape)[0]
        )
        batch, rest = (
            (shape[1], shape[2:]) if self.time_major else (shape[0], shape[2:])
        )
        if isinstance(self.cell, Layer) and not self.cell.built:
            self._build_cell(TensorShape([batch, *rest]))
        if self._rank is not None:
            kept = batch if self.stateful else None
            lead = [None, kept] if self.time_major else [kept, None]
            self.input_spec = [InputSpec(shape=(*lead, *rest))]
        self._batch = batch if self.stateful else None
        self.built = True

    def _build_cell(self, shape: TensorShape) -> None:
        """Make the cell's weights, named below this layer's."""
        self.cell._build_scoped(shape)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        initial_state: Any = None,
        constants: Any = None,
    ) -> Any:
        """The last output or all of them, and the last states where asked for.

        Args:
            inputs: ``(batch, time, ...)``, or ``(time, batch, ...)``.
            mask: true for the steps that count, ``(batch, time)``.
            training: whether inputs and states are dropped.
            initial_state: the first states.
            constants: tensors that the cell gets at each step.
        """
        if is_ragged(inputs):
            return self._over_rows(inputs, training, initial_state, constants)
        self._reset_masks()
        states = self._first_states(inputs, initial_state)
        axis = 0 if self.time_major else 1
        count = static_dims(inputs)[axis]
        if is_symbolic(count) or self._is_long(count, mask):
            return self._over_unknown(inputs, states, mask, training, constants, count)
        if not count:
            raise InvalidArgumentError(
                house_message(
                    type(self).__name__,
                    "a sequence has one step at least, and their number is known",
                    f"inputs have shape {inputs.shape}",
                )
            )
        masks = None
        if mask is not None:
            mask = nest.flatten(mask)[0]
            masks = masks_by_step(to_tensor(mask), axis)
        step, whole = self._prepared(inputs, states, training, constants, count)
        steps = list(unpack_op(whole, num=count, axis=0))
        if self.go_backwards:
            steps = steps[::-1]
            masks = None if masks is None else masks[::-1]
        flat = nest.flatten(states)
        outputs, flat = walk(step, steps, flat, masks, self.zero_output_for_mask)
        if self.stateful:
            self._keep(flat)
        out: Any = outputs[-1]
        if self.return_sequences:
            out = nest.map_structure(lambda *ys: pack_op(list(ys), axis=axis), *outputs)
        if not self.return_state:
            return out
        return [out, *nest.pack_sequence_as(states, flat)]

    def _is_long(self, count: int, mask: Any) -> bool:
        """Whether a graph gets a loop over the steps, which compiles sooner."""
        if self.unroll or context.state.tracer is None:
            return False
        return count > (_UNROLLED if mask is None else _UNROLLED_MASKED)

    def _over_rows(
        self, inputs: Any, training: Any, initial_state: Any, constants: Any
    ) -> Any:
        """What `call` gives for sequences of different lengths, each by itself."""
        if self.time_major:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "time_major=True does not go with ragged sequences",
                )
            )
        dense, mask, lengths = padded(inputs)
        found = self.call(dense, mask, training, initial_state, constants)
        if not self.return_sequences:
            return found
        if not self.return_state:
            return unpadded(found, lengths)
        return [unpadded(found[0], lengths), *found[1:]]

    def _over_unknown(
        self, inputs: Any, states: Any, mask: Any, mode: Any, constants: Any, count: Any
    ) -> Any:
        """What `call` gives where a graph has a loop over the steps."""
        step, whole = self._prepared(inputs, states, mode, constants, count)
        if mask is not None:
            mask = self._batch_first(cast(to_tensor(nest.flatten(mask)[0]), "bool"))
        flat, masked = nest.flatten(states), self.zero_output_for_mask
        rows, out, flat = walk_graph(
            step, whole, count, flat, mask, masked, self.go_backwards
        )
        if self.stateful:
            self._keep(flat)
        if self.return_sequences:
            out = self._batch_first(rows)
        if not self.return_state:
            return out
        return [out, *nest.pack_sequence_as(states, flat)]

    def _batch_first(self, x: Any) -> Any:
        """A tensor of steps with the batch where the layer's inputs have it."""
        if self.time_major:
            return x
        return transpose_op(x, [1, 0, *range(2, x.ndim)])

    def _prepared(
        self, inputs: Any, states: Any, training: Any, constants: Any, count: Any
    ) -> tuple[Any, Any]:
        """The function of a step, and what it takes, one step behind the other."""
        cell = self.cell
        whole = isinstance(cell, GateCell) and type(cell).call is GateCell.call
        if whole and inputs.ndim == 3:
            inputs, training_inputs = self._dropped(inputs, training)
            if not self.time_major:
                inputs = transpose_op(inputs, [1, 0, 2])
            _, batch, features = static_dims(inputs)
            rows = reshape_op.run(inputs, (count * batch, features))
            # One product for all steps; the steps then only add to it.
            rows = cell.projection(rows, training_inputs, count)
            apart = reshape_op.run(rows, (count, batch, static_dims(rows)[-1]))
            return cell.stepper(nest.flatten(states), training), apart
        single = not nest.is_nested(cell.state_size)

        def step(x: Any, flat: list[Any]) -> tuple[Any, list[Any]]:
            given = flat[0] if single else nest.pack_sequence_as(cell.state_size, flat)
            out, after = call_cell(cell, x, given, training, constants)
            return out, nest.flatten(after)

        return step, self._batch_first(inputs)

    def _dropped(self, inputs: Any, training: Any) -> tuple[Any, Any]:
        """The inputs, and whether the cell is still to drop some of them."""
        return inputs, training

    def _reset_masks(self) -> None:
        for name in ("reset_dropout_mask", "reset_recurrent_dropout_mask"):
            reset = getattr(self.cell, name, None)
            if reset is not None:
                reset()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs: that of the inputs where all steps are given."""
        found = nest.flatten(mask)[0] if mask is not None else None
        out = found if self.return_sequences else None
        if not self.return_state:
            return out
        return [out, *[None] * len(nest.flatten(self.cell.state_size))]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs; with states a list of shapes."""
        shape = as_shape(
            input_shape if is_shape(input_shape) else nest.flatten(input_shape)[0]
        )
        steps, batch = (0, 1) if self.time_major else (1, 0)
        sizes = sizes_of(size_of_output(self.cell))
        lead = [shape[batch]]
        if self.return_sequences:
            lead = [shape[steps], *lead] if self.time_major else [*lead, shape[steps]]
        out = TensorShape([*lead, *sizes])
        if not self.return_state:
            return out
        states = nest.flatten(self.cell.state_size)
        return [out, *[TensorShape([shape[batch], *sizes_of(s)]) for s in states]]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "time_major": self.time_major,
            "cell": serialize(self.cell),
        }
        if self._constants:
            config["num_constants"] = self._constants
        if self.zero_output_for_mask:
            config["zero_output_for_mask"] = True
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The layer that `get_config` described."""
        rest = dict(config)
        count = rest.pop("num_constants", 0)
        cell = deserialize(rest.pop("cell"), custom_objects)
        layer = cls(cell, **rest)
        layer._constants = count
        return layer


def is_tensors(values: Any) -> bool:
    """Whether a list holds a tensor and its states, not the rows of one."""
    return bool(values) and isinstance(values[0], Tensor | KerasTensor | np.ndarray)
