"""What the cells of recurrent layers share: weights, masks, products of all steps.

In flow a step's inputs ``(batch, features)`` and the states; out flow an output and
the next states. A cell has two halves, so that a layer can do the first for all steps
in one product: `projection` of inputs, and a `stepper` of what is projected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.variable import Variable
from rillet.keras import activations, constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.layers.cell_dropout import CellDropout, DroppingCell
from rillet.keras.serialization import builtin
from rillet.ops.array import concat_op
from rillet.ops.elementwise import mul_op
from rillet.ops.filling import zeros
from rillet.ops.host import is_symbolic
from rillet.ops.neural import bias_add_op
from rillet.ops.products import matmul_op
from rillet.ops.shaping import static_dims
from rillet.ops.splits import split_op
from rillet.ops.tiling import tile_op

Step = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


def zero_states(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros for the states of a cell, in the structure of its `state_size`."""

    def one(size: Any) -> Any:
        sizes = [size] if isinstance(size, int) else as_shape(size).as_list()
        return zeros([batch_size, *sizes], dtype or "float32")

    if nest.is_nested(state_size):
        return nest.map_structure(one, state_size)
    return one(state_size)


@builtin("layer")
class AbstractRNNCell(Layer):
    """Base of users' own cells: they define `call`, `state_size` and `output_size`."""

    def call(self, inputs: Any, states: Any) -> Any:
        """Output and next states."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The sizes of the states, without the batch."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The size of the output, without the batch."""
        raise NotImplementedError

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """Zeros for the states."""
        if inputs is not None:
            batch_size, dtype = static_dims(inputs)[0], inputs.dtype
        return zero_states(self.state_size, batch_size, dtype)


class GateCell(DroppingCell, Layer):
    """A cell of gates over one kernel and one recurrent kernel; abstract."""

    #: How many gates share the kernels.
    gates = 1
    _several_states = False
    bias: Variable | None

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        own = type(self).__name__
        if not isinstance(units, int) or units <= 0:
            raise ValueError(
                house_message(
                    own,
                    "Received an invalid value for argument `units`, expected a"
                    " positive integer",
                    f"got {units!r}",
                )
            )
        kwargs.pop("enable_caching_device", None)
        self.implementation = kwargs.pop("implementation", 2)
        seed = kwargs.pop("seed", None)
        super().__init__(**kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self._masks = CellDropout(
            self.dropout, self.recurrent_dropout, self.gates, seed
        )
        self.state_size: Any = [units, units] if self._several_states else units
        self.output_size = units

    def _bias_start(self) -> Any:
        """What gives the bias."""
        return self.bias_initializer

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self.gates,)

    def build(self, input_shape: Any) -> None:
        """Make the kernels and the bias; see `Layer.build`."""
        size = as_shape(input_shape)[-1]
        if size is None:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "the last dimension of the inputs must be known",
                    f"input_shape={input_shape}",
                )
            )
        width = self.units * self.gates
        self.kernel = self.add_weight(
            "kernel",
            shape=(size, width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel",
            shape=(self.units, width),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=self._bias_shape(),
                initializer=self._bias_start(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def _input_bias(self) -> Any:
        return None if self.bias is None else self.bias._dense_tensor()

    def projection(self, inputs: Any, training: Any, steps: int = 1) -> Any:
        """The products of inputs and kernel, and the bias.

        Args:
            inputs: ``(steps · batch, features)``, one step behind the other.
            training: whether inputs are dropped.
            steps: how many steps.
        """
        rows, features = static_dims(inputs)
        sizes = (rows // steps, features)
        masks = self._masks.masks("inputs", sizes, inputs.dtype, training)
        kernel = self.kernel._dense_tensor()
        if masks is None:
            out = matmul_op.run(inputs, kernel)
        else:
            if is_symbolic(steps) or steps > 1:
                masks = [tile_op(m, [steps, 1]) for m in masks]
            out = self._products(inputs, kernel, masks)
        bias = self._input_bias()
        return out if bias is None else bias_add_op.run(out, bias)

    def _products(self, x: Any, kernel: Any, masks: Any) -> Any:
        """Products with a kernel; with `implementation` 1 each gate has its mask."""
        if masks is None:
            return matmul_op.run(x, kernel)
        if self.implementation != 1 or self.gates == 1:
            return matmul_op.run(mul_op.run(x, masks[0]), kernel)
        parts = split_op(1, kernel, num_split=self.gates)
        return concat_op(
            [
                matmul_op.run(mul_op.run(x, m), part)
                for m, part in zip(masks, parts, strict=True)
            ],
            1,
        )

    def _state_masks(self, states: list[Any], training: Any) -> Any:
        h = states[0]
        return self._masks.masks("states", static_dims(h), h.dtype, training)

    def stepper(self, states: list[Any], training: Any) -> Step:
        """The function from what is projected and states to output and states."""
        raise NotImplementedError

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Output and next states of one step."""
        flat = list(states) if nest.is_nested(states) else [states]
        projected = self.projection(inputs, training)
        out, after = self.stepper(flat, training)(projected, flat)
        return out, after if nest.is_nested(states) else after[0]

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """Zeros for the states."""
        if inputs is not None:
            batch_size, dtype = static_dims(inputs)[0], inputs.dtype
        found = zero_states(self.state_size, batch_size, dtype)
        return list(found) if self._several_states else found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
        }
