"""What all convolutions share: arguments, weights, bias, activation, shapes.

In flow the constructor's arguments and, called, tensors ``(batch, *space, channels)``
or with the channels after the batch; out flow the same with other sizes. What does not
depend on the inputs is settled in `build`. The layers stand in `convolution`,
`transposed` and `depthwise`; the products are `ops.conv`'s.
"""

from __future__ import annotations

from typing import Any

from rillet.core.composite import CompositeTensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import Variable
from rillet.keras import activations, constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.windows import (
    channels_of,
    layout_name,
    numbers,
    on_all_axes,
    op_format,
    padding_name,
    refuse_empty,
    space_of,
    window_length,
    with_space,
)
from rillet.ops.neural import bias_add_op
from rillet.ops.window_arguments import (
    flat_batch,
    spread_batch,
    with_axis,
    without_axis,
)


class BaseConv(Layer):
    """What all convolutions share: windows, a bias and an activation.

    Args:
        filters: how many outputs; None where the inputs decide.
        kernel_size: the window's size: one number, or one a spatial axis.
        strides: from a window to the next.
        padding: ``"valid"``, ``"same"``, and in some layers ``"causal"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        groups: into how many groups of channels the work is split.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        bias_initializer: what gives the bias.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        bias_constraint: applied to the bias after each update.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.
    """

    #: The number of spatial axes.
    rank = 2
    _fallback_layout: str | None = None
    _may_be_causal = False

    def __init__(
        self,
        filters: Any,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        owner = type(self).__name__
        self.filters = filters
        self.kernel_size = numbers(owner, "kernel_size", kernel_size, self.rank)
        self.strides = numbers(owner, "strides", strides, self.rank)
        self.padding = padding_name(owner, padding, self._may_be_causal)
        self.data_format = layout_name(owner, data_format, self._fallback_layout)
        self.dilation_rate = numbers(owner, "dilation_rate", dilation_rate, self.rank)
        self.groups = groups or 1
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        self.bias: Variable | None = None
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                house_message(
                    owner,
                    "`strides > 1` not supported in conjunction with"
                    " `dilation_rate > 1`",
                    f"Received: strides={self.strides} and"
                    f" dilation_rate={self.dilation_rate}",
                )
            )

    def _settle(self) -> None:
        """Settle what the record in `ops.conv` is told; called by `build`."""
        first = self.data_format == "channels_first"
        self._bias_format = "NCHW" if first else "NHWC"
        #: The axis that windows of rank 1 lack, to run as windows of rank 2.
        self._height_axis = 2 if first else 1
        steps, rates = self.strides, self.dilation_rate
        rank = self.rank
        if rank == 1:
            steps, rates, rank = (1, *steps), (1, *rates), 2
        attrs: dict[str, Any] = {
            "strides": on_all_axes(self.data_format, steps),
            "padding": self.padding.upper(),
            "data_format": op_format(self.data_format, rank),
            "dilations": on_all_axes(self.data_format, rates),
        }
        if self.padding == "causal":
            margins = [0] * 8
            before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
            margins[2 * self._height_axis + 2] = before
            attrs["padding"] = "EXPLICIT"
            attrs["explicit_paddings"] = tuple(margins)
        self._attrs = attrs

    def _add_bias(self, channels: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=(channels,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                trainable=True,
                dtype=self.dtype,
            )

    def _add_kernel(self, name: str, shape: tuple[int, ...], kind: str) -> Variable:
        """A weight whose initializer and kin are the attributes that `kind` begins."""
        return self.add_weight(
            name,
            shape=shape,
            initializer=getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
            trainable=True,
            dtype=self.dtype,
        )

    def _window_kernel(self, kernel: Variable) -> Any:
        """The value of a kernel as the record takes it."""
        value = kernel._dense_tensor()
        return with_axis(value, 0) if self.rank == 1 else value

    def call(self, inputs: Any) -> Any:
        """The convolution's outputs."""
        if isinstance(inputs, CompositeTensor):
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "a convolution takes plain tensors",
                    f"got a {type(inputs).__name__} of shape"
                    f" {getattr(inputs, 'shape', None)}",
                    "Give its rows one length first: x.to_tensor()",
                )
            )
        x, leading = flat_batch(inputs, self.rank + 2)
        if self.rank == 1:
            x = with_axis(x, self._height_axis)
        outputs = self._convolve(x)
        if self.bias is not None:
            outputs = bias_add_op.run(
                outputs, self.bias._dense_tensor(), data_format=self._bias_format
            )
        if self.rank == 1:
            outputs = without_axis(outputs, self._height_axis)
        if leading is not None:
            outputs = spread_batch(outputs, leading)
        if self.activation is not None:
            outputs = self.activation(outputs)
        return outputs

    def _convolve(self, x: Any) -> Any:
        """The outputs without bias; subclasses define it."""
        raise NotImplementedError

    def _channels(self, input_shape: Any) -> int:
        return channels_of(
            type(self).__name__, self.data_format, input_shape, self.rank
        )

    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else -1 - self.rank

    def _output_channels(self, dims: list[Any]) -> Any:
        return self.filters

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The batch, the windows' numbers and the filters'."""
        dims = as_shape(input_shape).as_list()
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
        channels = self._output_channels(dims)
        return with_space(self.data_format, dims, space, channels)

    def _refuse_empty(self, input_shape: Any) -> None:
        """Raise where the windows are larger than the inputs."""
        refuse_empty(self, input_shape, "kernel_size")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class KernelConv(BaseConv):
    """A convolution with one kernel, straight or transposed; see `Conv2D`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            whole_filters(type(self).__name__, filters),
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        if self.filters % self.groups:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "The number of filters must be evenly divisible by the number of"
                    " groups",
                    f"Received: groups={self.groups}, filters={self.filters}",
                )
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
        }


def whole_filters(owner: str, filters: Any) -> int:
    """The number of filters.

    Raises:
        ValueError: where it is not positive.
        TypeError: where it is no number.
    """
    wrong = house_message(
        owner,
        "Invalid value for argument `filters`. Expected a strictly positive value",
        f"Received filters={filters!r}",
    )
    try:
        found = int(filters)
    except (TypeError, ValueError):
        raise TypeError(wrong) from None
    if isinstance(filters, str):
        raise TypeError(wrong)
    if found <= 0:
        raise ValueError(wrong)
    return found
