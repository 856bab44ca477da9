"""ConvLSTM1D, 2D and 3D: LSTM whose products are convolutions (Shi et al., 2015).

In flow sequences ``(batch, time, *space, channels)``; out flow the last output or all
of them, and the states. The loop is `time_loop`'s; the convolutions of the inputs are
done for all steps at once.
"""

from __future__ import annotations

from typing import Any, Self

from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import Variable
from rillet.keras import activations, constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.layers.cell_dropout import CellDropout, DroppingCell
from rillet.keras.layers.conv_base import whole_filters
from rillet.keras.layers.recurrent import RNN
from rillet.keras.layers.time_loop import Step
from rillet.keras.layers.windows import (
    channels_of,
    layout_name,
    numbers,
    op_format,
    padding_name,
    space_of,
    window_length,
    with_space,
)
from rillet.keras.serialization import builtin
from rillet.ops.array import concat_op
from rillet.ops.convolutions import convolution
from rillet.ops.elementwise import add_op, mul_op
from rillet.ops.filling import zeros
from rillet.ops.neural import bias_add_op
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.splits import split_op
from rillet.ops.tiling import tile_op
from rillet.ops.transposes import transpose_op


class ConvLSTMCell(DroppingCell, Layer):
    """One step of a convolutional LSTM.

    Args:
        rank: the number of spatial axes.
        filters: the channels of the output.
        kernel_size: the windows' size.
        **options: the other arguments of `ConvLSTM2D`.
    """

    bias: Variable | None

    def __init__(
        self, rank: int, filters: int, kernel_size: Any, **options: Any
    ) -> None:
        own = f"ConvLSTM{rank}D"
        take = options.pop
        self.rank = rank
        settings = {k: take(k) for k in ("name", "dtype", "trainable") if k in options}
        super().__init__(**settings)
        self.filters = whole_filters(own, filters)
        self.kernel_size = numbers(own, "kernel_size", kernel_size, rank)
        self.strides = numbers(own, "strides", take("strides"), rank)
        self.padding = padding_name(own, take("padding"))
        self.data_format = layout_name(own, take("data_format"))
        self.dilation_rate = numbers(own, "dilation_rate", take("dilation_rate"), rank)
        self.activation = activations.get(take("activation"))
        self.recurrent_activation = activations.get(take("recurrent_activation"))
        self.use_bias = take("use_bias")
        self.unit_forget_bias = take("unit_forget_bias")
        for part in ("kernel", "recurrent", "bias"):
            for kind, module in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                setattr(self, f"{part}_{kind}", module.get(take(f"{part}_{kind}")))
        self.dropout = min(1.0, max(0.0, take("dropout")))
        self.recurrent_dropout = min(1.0, max(0.0, take("recurrent_dropout")))
        self._masks = CellDropout(
            self.dropout, self.recurrent_dropout, 4, take("seed", None)
        )
        if options:
            raise TypeError(f"{own}: Keyword argument not understood: {[*options]}")
        self.state_size = (self.filters, self.filters)
        self._format = op_format(self.data_format, rank)
        first = self.data_format == "channels_first"
        self._bias_format = "NCHW" if first else "NHWC"
        self._channel_axis = 1 if first else rank + 1

    def build(self, input_shape: Any) -> None:
        """Make the kernels and the bias; see `Layer.build`."""
        channels = channels_of(
            f"ConvLSTM{self.rank}D", self.data_format, input_shape, self.rank
        )
        for name, part, size in (
            ("kernel", "kernel", channels),
            ("recurrent_kernel", "recurrent", self.filters),
        ):
            weight = self.add_weight(
                name,
                shape=(*self.kernel_size, size, self.filters * 4),
                initializer=getattr(self, f"{part}_initializer"),
                regularizer=getattr(self, f"{part}_regularizer"),
                constraint=getattr(self, f"{part}_constraint"),
            )
            setattr(self, name, weight)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=(self.filters * 4,),
                initializer=self._bias_start,
                regularizer=self.__dict__["bias_regularizer"],
                constraint=self.__dict__["bias_constraint"],
            )
        self.built = True

    def _bias_start(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        given: Any = self.__dict__["bias_initializer"]
        if not self.unit_forget_bias:
            return given(shape, dtype=dtype)
        n = self.filters
        one = initializers.get("ones")((n,), dtype=dtype)
        parts = [given((n,), dtype=dtype), one, given((2 * n,), dtype=dtype)]
        return concat_op(parts, 0)

    def output_sizes(self, shape: Any) -> TensorShape:
        """The shape of a step's output for inputs of a shape."""
        dims = as_shape(shape).as_list()
        space = [
            window_length(n, taps, stride, self.padding, rate)
            for n, taps, stride, rate in zip(
                space_of(self.data_format, dims, self.rank),
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                strict=True,
            )
        ]
        return with_space(self.data_format, dims, space, self.filters)

    def _convolved(self, x: Any, kernel: Any, masks: Any, of_inputs: bool) -> Any:
        """Convolutions for the four gates, each with its mask where there are masks."""
        options: dict[str, Any] = {
            "strides": self.strides if of_inputs else 1,
            "padding": self.padding.upper() if of_inputs else "SAME",
            "data_format": self._format,
        }
        if of_inputs:
            options["dilations"] = self.dilation_rate
        if masks is None:
            return convolution(x, kernel, **options)
        parts = split_op(self.rank + 1, kernel, num_split=4)
        return concat_op(
            [
                convolution(mul_op.run(x, m), part, **options)
                for m, part in zip(masks, parts, strict=True)
            ],
            self._channel_axis,
        )

    def projection(self, inputs: Any, training: Any, steps: int = 1) -> Any:
        """The convolutions of the inputs of all steps, and the bias."""
        dims = static_dims(inputs)
        sizes = (dims[0] // steps, *dims[1:])
        masks = self._masks.masks("inputs", sizes, inputs.dtype, training)
        if masks is not None and steps > 1:
            masks = [tile_op(m, [steps] + [1] * (len(dims) - 1)) for m in masks]
        kernel: Any = self.__dict__["kernel"]._dense_tensor()
        out = self._convolved(inputs, kernel, masks, True)
        if self.bias is None:
            return out
        bias = self.bias._dense_tensor()
        return bias_add_op.run(out, bias, data_format=self._bias_format)

    def stepper(self, states: list[Any], training: Any) -> Step:
        """The function from what is projected and states to output and states."""
        h = states[0]
        masks = self._masks.masks("states", static_dims(h), h.dtype, training)
        kernel: Any = self.__dict__["recurrent_kernel"]._dense_tensor()
        activation, gate = self.activation, self.recurrent_activation

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            h, c = states
            z = add_op.run(x, self._convolved(h, kernel, masks, False))
            i, f, new, o = split_op(self._channel_axis, z, num_split=4)
            kept = mul_op.run(gate(f), c)
            c = add_op.run(kept, mul_op.run(gate(i), activation(new)))
            h = mul_op.run(gate(o), activation(c))
            return h, [h, c]

        return step

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Output and next states of one step."""
        projected = self.projection(inputs, training)
        return self.stepper(list(states), training)(projected, list(states))

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer that are the cell's."""
        own = self.__dict__
        found = {k: own[k] for k in _PLAIN}
        for k in ("activation", "recurrent_activation"):
            found[k] = activations.serialize(own[k])
        for part in ("kernel", "recurrent", "bias"):
            for kind, module in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                found[f"{part}_{kind}"] = module.serialize(own[f"{part}_{kind}"])
        return {**super().get_config(), **found}


_PLAIN = (
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "data_format",
    "dilation_rate",
    "use_bias",
    "unit_forget_bias",
    "dropout",
    "recurrent_dropout",
)


class ConvLSTM(RNN):
    """A convolutional LSTM of any rank; abstract. See `ConvLSTM2D`."""

    #: The number of spatial axes.
    space = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "hard_sigmoid",
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
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        cell = ConvLSTMCell(
            self.space,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            name=f"conv_lstm_cell_{self.space}d",
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            seed=kwargs.pop("seed", None),
        )
        self._rank = self.space + 3
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    def __getattr__(self, name: str) -> Any:
        cell = self.__dict__.get("cell")
        shared = (*_PLAIN, "activation", "recurrent_activation")
        found = name in shared or name.endswith(("_initializer", "_regularizer"))
        if cell is not None and (found or name.endswith("_constraint")):
            if name in cell.__dict__:
                return cell.__dict__[name]
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'"
        )

    def _build_cell(self, shape: TensorShape) -> None:
        self.cell.build(shape)
        self._output_sizes = self.cell.output_sizes(shape)

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Zeros of the outputs' sizes."""
        dims = as_shape(inputs.shape)
        step = TensorShape([dims[0], *dims[2:]])
        sizes = self.cell.output_sizes(step).as_list()
        sizes[0] = static_dims(inputs)[0]
        return [zeros(sizes, inputs.dtype), zeros(sizes, inputs.dtype)]

    def _zero_kept(self, batch: int) -> list[Any]:
        sizes = [batch, *self._output_sizes[1:]]
        return [zeros(sizes, self._compute_type), zeros(sizes, self._compute_type)]

    def _state_shapes(self) -> list[Any]:
        return [TensorShape([None, *self._output_sizes[1:]])] * 2

    def _prepared(
        self, inputs: Any, states: Any, training: Any, constants: Any, count: Any
    ) -> tuple[Any, Any]:
        dims = static_dims(inputs)
        order = [1, 0, *range(2, len(dims))]
        rows = reshape_op.run(transpose_op(inputs, order), (-1, *dims[2:]))
        rows = self.cell.projection(rows, training, count)
        apart = reshape_op.run(rows, (count, dims[0], *static_dims(rows)[1:]))
        step = self.cell.stepper(list(states), training)
        return step, apart

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs; with states a list of shapes."""
        shape = as_shape(input_shape)
        one = self.cell.output_sizes(TensorShape([shape[0], *shape[2:]]))
        out = (
            TensorShape([one[0], shape[1], *one[1:]]) if self.return_sequences else one
        )
        return [out, one, one] if self.return_state else out

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = super().get_config()
        del own["cell"]
        cell = self.cell.get_config()
        for key in ("name", "trainable", "dtype"):
            del cell[key]
        regularizer = regularizers.serialize(self.activity_regularizer)
        return {**own, **cell, "activity_regularizer": regularizer}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The layer that `get_config` described."""
        rest = dict(config)
        for key in ("unroll", "time_major"):
            rest.pop(key, None)
        return cls(**rest)


@builtin("layer")
class ConvLSTM1D(ConvLSTM):
    """`ConvLSTM2D` for rows: inputs are ``(batch, time, length, channels)``.

    Args: those of `ConvLSTM2D`.
    """

    space = 1


@builtin("layer")
class ConvLSTM2D(ConvLSTM):
    """A recurrent layer over images: LSTM with convolutions in place of products.

    Args:
        filters: the channels of the output.
        kernel_size: the windows' size: one number, or one a spatial axis.
        strides: from a window of the inputs to the next.
        padding: ``"valid"`` or ``"same"``, of the inputs; states are padded alike.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next.
        activation: a function or its name.
        recurrent_activation: that of the gates.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel.
        recurrent_initializer: what gives the recurrent kernel.
        bias_initializer: what gives the bias.
        unit_forget_bias: begin with 1 for the bias of the forget gate.
        kernel_regularizer: a penalty of the kernel.
        recurrent_regularizer: a penalty of the recurrent kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        return_sequences: give the outputs of all steps, not the last one only.
        return_state: give the last states too.
        go_backwards: go through time backwards.
        stateful: begin each batch with the states that the last one ended with.
        dropout: the part of the inputs that is dropped while training.
        recurrent_dropout: the part of the states that is dropped while training.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.ConvLSTM2D(4, 3, padding="same")
        >>> layer(tf.zeros([1, 2, 8, 8, 3])).shape
        TensorShape([1, 8, 8, 4])
    """

    space = 2


@builtin("layer")
class ConvLSTM3D(ConvLSTM):
    """`ConvLSTM2D` for volumes: inputs are ``(batch, time, d, h, w, channels)``.

    Args: those of `ConvLSTM2D`.
    """

    space = 3
