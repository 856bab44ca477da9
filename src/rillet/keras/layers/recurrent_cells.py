"""The cells of SimpleRNN, LSTM and GRU: what happens in one step.

In flow a step's inputs ``(batch, features)`` and the states; out flow an output and
the next states. What the cells share stands in `cell_base`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.keras import activations, initializers
from rillet.keras.layers.cell_base import GateCell, Step
from rillet.keras.serialization import builtin
from rillet.ops.array import concat_op
from rillet.ops.elementwise import add_op, mul_op, sub_op
from rillet.ops.neural import bias_add_op
from rillet.ops.products import matmul_op
from rillet.ops.shaping import reshape_op
from rillet.ops.splits import split_op


@builtin("layer")
class SimpleRNNCell(GateCell):
    """One step of `SimpleRNN`: ``activation(x · kernel + h · recurrent + bias)``.

    Args: those of `SimpleRNN` but for what concerns sequences.

    Example:
        >>> import rillet as tf
        >>> cell = tf.keras.layers.SimpleRNNCell(4)
        >>> out, state = cell(tf.zeros([2, 3]), tf.zeros([2, 4]))
        >>> out.shape
        TensorShape([2, 4])
    """

    def stepper(self, states: list[Any], training: Any) -> Step:
        """See `GateCell.stepper`."""
        recurrent = self.recurrent_kernel._dense_tensor()
        masks = self._state_masks(states, training)
        activation = self.activation

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            (h,) = states
            if masks is not None:
                h = mul_op.run(h, masks[0])
            out = add_op.run(x, matmul_op.run(h, recurrent))
            out = out if activation is None else activation(out)
            return out, [out]

        return step


@builtin("layer")
class LSTMCell(GateCell):
    """One step of `LSTM`.

    Args: those of `LSTM` but for what concerns sequences.

    Example:
        >>> import rillet as tf
        >>> cell = tf.keras.layers.LSTMCell(4)
        >>> out, states = cell(tf.zeros([2, 3]), [tf.zeros([2, 4])] * 2)
        >>> len(states)
        2
    """

    gates = 4
    _several_states = True

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        if self.recurrent_dropout:
            # As in Keras: each gate then has a mask of its own.
            self.implementation = 1
        self.unit_forget_bias = unit_forget_bias

    def _bias_start(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer
        units, given = self.units, self.bias_initializer

        def start(shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
            one = initializers.get("ones")((units,), dtype=dtype)
            parts = [given((units,), dtype=dtype), one]
            return concat_op([*parts, given((units * 2,), dtype=dtype)], 0)

        return start

    def stepper(self, states: list[Any], training: Any) -> Step:
        """See `GateCell.stepper`."""
        recurrent = self.recurrent_kernel._dense_tensor()
        masks = self._state_masks(states, training)
        activation, gate = self.activation, self.recurrent_activation

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            h, c = states
            if masks is None:
                z = add_op.run(x, matmul_op.run(h, recurrent))
            else:
                z = add_op.run(x, self._products(h, recurrent, masks))
            i, f, new, o = split_op(1, z, num_split=4)
            c = add_op.run(mul_op.run(gate(f), c), mul_op.run(gate(i), activation(new)))
            h = mul_op.run(gate(o), activation(c))
            return h, [h, c]

        return step

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
            "implementation": self.implementation,
        }


@builtin("layer")
class GRUCell(GateCell):
    """One step of `GRU`.

    Args: those of `GRU` but for what concerns sequences.

    Example:
        >>> import rillet as tf
        >>> cell = tf.keras.layers.GRUCell(4)
        >>> out, state = cell(tf.zeros([2, 3]), tf.zeros([2, 4]))
        >>> out.shape
        TensorShape([2, 4])
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        if self.recurrent_dropout:
            # As in Keras: each gate then has a mask of its own.
            self.implementation = 1
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        width = self.units * 3
        return (2, width) if self.reset_after else (width,)

    def _input_bias(self) -> Any:
        if self.bias is None or not self.reset_after:
            return super()._input_bias()
        first, _ = self._biases()
        return first

    def _biases(self) -> list[Any]:
        assert self.bias is not None
        parts = split_op(0, self.bias._dense_tensor(), num_split=2)
        return [reshape_op.run(part, (self.units * 3,)) for part in parts]

    def stepper(self, states: list[Any], training: Any) -> Step:
        """See `GateCell.stepper`."""
        masks = self._state_masks(states, training)
        # With implementation 1 only the products see the dropped states.
        whole = masks is not None and self.implementation != 1
        first = None if masks is None else masks[0]
        recur = self._recurring(masks if self.implementation == 1 else None)
        activation, gate = self.activation, self.recurrent_activation

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            (h,) = states
            if whole:
                h = mul_op.run(h, first)
            x_z, x_r, x_h = split_op(1, x, num_split=3)
            r_z, r_r, rest = recur(h)
            z, r = gate(add_op.run(x_z, r_z)), gate(add_op.run(x_r, r_r))
            new = activation(add_op.run(x_h, rest(r)))
            kept = mul_op.run(z, h)
            h = add_op.run(kept, mul_op.run(sub_op.run(1.0, z), new))
            return h, [h]

        return step

    def _recurring(self, masks: Any) -> Callable[[Any], Any]:
        """From a state to what it adds to the gates, and a function of the reset."""
        recurrent = self.recurrent_kernel._dense_tensor()
        if self.reset_after:
            bias = None if self.bias is None else self._biases()[1]

            def after(h: Any) -> Any:
                inner = self._products(h, recurrent, masks)
                if bias is not None:
                    inner = bias_add_op.run(inner, bias)
                z, r, new = split_op(1, inner, num_split=3)
                return z, r, lambda reset: mul_op.run(reset, new)

            return after
        parts = split_op(1, recurrent, num_split=3)

        def before(h: Any) -> Any:
            of_z, of_r, of_new = (
                [h] * 3 if masks is None else [mul_op.run(h, m) for m in masks]
            )
            return (
                matmul_op.run(of_z, parts[0]),
                matmul_op.run(of_r, parts[1]),
                lambda reset: matmul_op.run(mul_op.run(reset, of_new), parts[2]),
            )

        return before

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "implementation": self.implementation,
            "reset_after": self.reset_after,
        }
