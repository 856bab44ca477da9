"""SimpleRNN, LSTM and GRU."""

from __future__ import annotations

from typing import Any, Self

from rillet.keras import activations, regularizers
from rillet.keras.layers.cell_base import GateCell
from rillet.keras.layers.recurrent import RNN
from rillet.keras.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import mul_op
from rillet.ops.shaping import static_dims

#: Arguments of `RNN` and `Layer`; the others are the cell's.
_OF_LAYER = (
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "time_major",
    "activity_regularizer",
    "zero_output_for_mask",
    "name",
    "trainable",
    "dynamic",
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "input_dim",
    "input_length",
    "weights",
)
_OF_CELL_ONLY = ("name", "trainable", "dtype")
#: What the constructor takes and the cell keeps.
_SHARED = (
    "units",
    "activation",
    "recurrent_activation",
    "use_bias",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "unit_forget_bias",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "dropout",
    "recurrent_dropout",
    "implementation",
    "reset_after",
)


class GateRNN(RNN):
    """A recurrent layer with a cell of its own; abstract."""

    def _with_cell(
        self, kind: type[GateCell], name: str, options: dict[str, Any]
    ) -> None:
        """Finish the constructor: make the cell and be an `RNN` of it.

        Args:
            kind: the cell's class.
            name: the cell's name.
            options: the arguments of the layer and of the cell.
        """
        # Keras 3 asks for a kernel of graphics cards so.
        options.pop("use_cudnn", None)
        outer = {k: options.pop(k) for k in _OF_LAYER if k in options}
        dtype = options.pop("dtype", None)
        trainable = outer.get("trainable", True)
        cell = kind(**options, name=name, dtype=dtype, trainable=trainable)
        super().__init__(cell, dtype=dtype, **outer)

    def _dropped(self, inputs: Any, training: Any) -> tuple[Any, Any]:
        cell = self.cell
        if isinstance(cell, SimpleRNNCell) or not _is_standard(cell, self.unroll):
            return inputs, training
        # Where TensorFlow has a kernel for the whole sequence, each step has a mask.
        sizes = static_dims(inputs)
        masks = cell._masks.masks("inputs", sizes, inputs.dtype, training)
        return inputs if masks is None else mul_op.run(inputs, masks[0]), False

    def __getattr__(self, name: str) -> Any:
        cell = self.__dict__.get("cell")
        if cell is not None and name in _SHARED and name in cell.__dict__:
            return cell.__dict__[name]
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'"
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = super().get_config()
        del own["cell"]
        cell = self.cell.get_config()
        return {
            **own,
            **{k: v for k, v in cell.items() if k not in _OF_CELL_ONLY},
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The layer that `get_config` described."""
        return cls(**config)


def _is_standard(cell: Any, unroll: bool) -> bool:
    """Whether a cell is one that TensorFlow has a kernel for."""
    return (
        cell.activation is activations.tanh
        and cell.recurrent_activation is activations.sigmoid
        and cell.use_bias
        and not cell.recurrent_dropout
        and not unroll
        and getattr(cell, "reset_after", True)
    )


@builtin("layer")
class SimpleRNN(GateRNN):
    """A recurrent layer whose output is its state: ``tanh(x · K + h · R + b)``.

    Args:
        units: the size of the output.
        activation: a function or its name.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel, ``(in, units)``.
        recurrent_initializer: what gives the recurrent kernel, ``(units, units)``.
        bias_initializer: what gives the bias.
        kernel_regularizer: a penalty of the kernel.
        recurrent_regularizer: a penalty of the recurrent kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped while training.
        recurrent_dropout: the part of the states that is dropped while training.
        return_sequences: give the outputs of all steps, not the last one only.
        return_state: give the last state too.
        go_backwards: go through time backwards.
        stateful: begin each batch with the state that the last one ended with.
        unroll: write every step into a graph, however many there are.
        **kwargs: as for `RNN`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.SimpleRNN(4)(tf.zeros([2, 5, 3])).shape
        TensorShape([2, 4])
    """

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)
        options = {k: v for k, v in locals().items() if k not in _NO_OPTIONS}
        self._with_cell(SimpleRNNCell, "simple_rnn_cell", {**options, **kwargs})


@builtin("layer", "LSTMV2")
class LSTM(GateRNN):
    """The recurrent layer with a memory and three gates.

    Source: Hochreiter & Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    Args:
        units: the size of the output.
        activation: a function or its name, of what is written and read.
        recurrent_activation: that of the gates.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel, ``(in, 4 · units)``: the gates of
            input and forgetting, what is written, the gate of output.
        recurrent_initializer: what gives the recurrent kernel, ``(units, 4 · units)``.
        bias_initializer: what gives the bias.
        unit_forget_bias: begin with 1 for the bias of the forget gate.
        kernel_regularizer: a penalty of the kernel.
        recurrent_regularizer: a penalty of the recurrent kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped while training.
        recurrent_dropout: the part of the states that is dropped while training.
        return_sequences: give the outputs of all steps, not the last one only.
        return_state: give the last output and memory too.
        go_backwards: go through time backwards.
        stateful: begin each batch with the states that the last one ended with.
        time_major: time is the first axis, the batch the second.
        unroll: write every step into a graph, however many there are.
        **kwargs: `implementation` (1: a dropout mask for each gate), and as for `RNN`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.LSTM(4, return_sequences=True)(tf.zeros([2, 5, 3])).shape
        TensorShape([2, 5, 4])
    """

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        time_major: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        options = {k: v for k, v in locals().items() if k not in _NO_OPTIONS}
        self._with_cell(LSTMCell, "lstm_cell", {**options, **kwargs})


@builtin("layer", "GRUV2")
class GRU(GateRNN):
    """The recurrent layer with an update and a reset gate (Cho et al., 2014).

    Args:
        units: the size of the output.
        activation: a function or its name.
        recurrent_activation: that of the gates.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel, ``(in, 3 · units)``: the gates of
            update and reset, and what is new.
        recurrent_initializer: what gives the recurrent kernel, ``(units, 3 · units)``.
        bias_initializer: what gives the bias.
        kernel_regularizer: a penalty of the kernel.
        recurrent_regularizer: a penalty of the recurrent kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped while training.
        recurrent_dropout: the part of the states that is dropped while training.
        return_sequences: give the outputs of all steps, not the last one only.
        return_state: give the last state too.
        go_backwards: go through time backwards.
        stateful: begin each batch with the state that the last one ended with.
        unroll: write every step into a graph, however many there are.
        time_major: time is the first axis, the batch the second.
        reset_after: reset after the product with the recurrent kernel, not before.
        **kwargs: `implementation` (1: a dropout mask for each gate), and as for `RNN`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.GRU(4)(tf.zeros([2, 5, 3])).shape
        TensorShape([2, 4])
    """

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        time_major: bool = False,
        reset_after: bool = True,
        **kwargs: Any,
    ) -> None:
        options = {k: v for k, v in locals().items() if k not in _NO_OPTIONS}
        self._with_cell(GRUCell, "gru_cell", {**options, **kwargs})


_NO_OPTIONS = ("self", "kwargs", "__class__")
