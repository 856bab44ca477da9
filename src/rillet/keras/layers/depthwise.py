"""Depthwise and separable convolutions: channels are convolved each by itself.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with other sizes. The products are `ops.conv`'s.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras import constraints, initializers, regularizers
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.conv_base import BaseConv, whole_filters
from rillet.keras.layers.windows import op_format
from rillet.keras.serialization import builtin
from rillet.ops import conv


def _multiplier(owner: str, value: Any) -> int:
    if not isinstance(value, int) or value < 1:
        raise ValueError(
            house_message(
                owner,
                "`depth_multiplier` must be a positive integer",
                f"Received: depth_multiplier={value!r}",
            )
        )
    return value


class _Depthwise(BaseConv):
    """Each channel convolved with filters of its own; see `DepthwiseConv2D`."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            None,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.depth_multiplier = _multiplier(type(self).__name__, depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias; see `Layer.build`."""
        shape = as_shape(input_shape)
        if len(shape) != self.rank + 2:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    f"Inputs to `DepthwiseConv` should have rank {self.rank + 2}",
                    f"Received input_shape={shape}",
                )
            )
        channels = self._channels(shape)
        self._refuse_empty(shape)
        self.depthwise_kernel = self._add_kernel(
            "depthwise_kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            "depthwise",
        )
        self._add_bias(channels * self.depth_multiplier)
        self.input_spec = InputSpec(
            min_ndim=self.rank + 2, axes={self._channel_axis(): channels}
        )
        self._settle()
        self.built = True

    def _convolve(self, x: Any) -> Any:
        kernel = self._window_kernel(self.depthwise_kernel)
        return conv.depthwise_op.run(x, kernel, **self._attrs)

    def _output_channels(self, dims: list[Any]) -> Any:
        own = dims[self._channel_axis()]
        return None if own is None else own * self.depth_multiplier

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["filters"]
        return {
            **config,
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }


@builtin("layer")
class DepthwiseConv1D(_Depthwise):
    """A convolution along one axis in which each channel has filters of its own.

    Args:
        kernel_size: the window's size.
        strides: from a window to the next.
        padding: ``"valid"`` or ``"same"``.
        depth_multiplier: how many filters each channel has.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        depthwise_initializer: what gives the kernel, of shape
            ``(kernel_size, channels, depth_multiplier)``.
        bias_initializer: what gives the bias, of shape
            ``(channels * depth_multiplier,)``.
        depthwise_regularizer: a penalty of the kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        depthwise_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.DepthwiseConv1D(2, depth_multiplier=3)
        >>> layer(tf.ones([1, 5, 4])).shape
        TensorShape([1, 4, 12])
    """

    _leaf = True
    rank = 1


@builtin("layer")
class DepthwiseConv2D(_Depthwise):
    """A convolution over two axes in which each channel has filters of its own.

    Args:
        kernel_size: the window's size: one number, or height and width.
        strides: from a window to the next, likewise.
        padding: ``"valid"`` or ``"same"``.
        depth_multiplier: how many filters each channel has.
        **kwargs: the other arguments of `DepthwiseConv1D`, and those of `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.DepthwiseConv2D(3, padding="same")
        >>> layer(tf.ones([1, 8, 8, 4])).shape
        TensorShape([1, 8, 8, 4])
    """

    _leaf = True
    rank = 2


class _Separable(BaseConv):
    """A depthwise convolution, then one that mixes channels; see `SeparableConv2D`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        # Files of tf.keras carry a kernel's settings too, which no weight obeys.
        for unused in ("initializer", "regularizer", "constraint"):
            kwargs.pop(f"kernel_{unused}", None)
        super().__init__(
            whole_filters(type(self).__name__, filters),
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.depth_multiplier = _multiplier(type(self).__name__, depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make both kernels and the bias; see `Layer.build`."""
        channels = self._channels(input_shape)
        self._refuse_empty(input_shape)
        deep = channels * self.depth_multiplier
        self.depthwise_kernel = self._add_kernel(
            "depthwise_kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            "depthwise",
        )
        self.pointwise_kernel = self._add_kernel(
            "pointwise_kernel", (*(1,) * self.rank, deep, self.filters), "pointwise"
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(
            ndim=self.rank + 2, axes={self._channel_axis(): channels}
        )
        self._settle()
        self._mixing = {
            "strides": (1, 1, 1, 1),
            "padding": "VALID",
            "data_format": op_format(self.data_format, 2),
            "dilations": (1, 1, 1, 1),
        }
        self.built = True

    def _convolve(self, x: Any) -> Any:
        own = self._window_kernel(self.depthwise_kernel)
        deep = conv.depthwise_op.run(x, own, **self._attrs)
        mixes = self._window_kernel(self.pointwise_kernel)
        return conv.conv2d_op.run(deep, mixes, **self._mixing)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }


@builtin("layer", "SeparableConvolution1D")
class SeparableConv1D(_Separable):
    """A depthwise convolution along one axis, then one that mixes the channels.

    Args:
        filters: how many outputs.
        kernel_size: the window's size.
        strides: from a window to the next.
        padding: ``"valid"``, ``"same"`` or ``"causal"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        depth_multiplier: how many filters each channel has in the first step.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        depthwise_initializer: what gives the first step's kernel, of shape
            ``(kernel_size, channels, depth_multiplier)``.
        pointwise_initializer: what gives the second step's kernel, of shape
            ``(1, channels * depth_multiplier, filters)``.
        bias_initializer: what gives the bias, of shape ``(filters,)``.
        depthwise_regularizer: a penalty of the first step's kernel.
        pointwise_regularizer: a penalty of the second step's kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        depthwise_constraint: applied to the first step's kernel after each update.
        pointwise_constraint: applied to the second step's kernel after each update.
        bias_constraint: applied to the bias after each update.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.SeparableConv1D(5, 3, padding="causal")
        >>> layer(tf.ones([1, 8, 4])).shape
        TensorShape([1, 8, 5])
    """

    _leaf = True
    rank = 1
    _may_be_causal = True


@builtin("layer", "SeparableConvolution2D")
class SeparableConv2D(_Separable):
    """A depthwise convolution over two axes, then one that mixes the channels.

    Args:
        filters: how many outputs.
        kernel_size: the window's size: one number, or height and width.
        strides: from a window to the next, likewise.
        padding: ``"valid"`` or ``"same"``.
        **kwargs: the other arguments of `SeparableConv1D`, and those of `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.SeparableConv2D(6, 3)
        >>> layer(tf.ones([1, 8, 8, 4])).shape
        TensorShape([1, 6, 6, 6])
        >>> [w.shape.as_list() for w in layer.weights]
        [[3, 3, 4, 1], [1, 1, 4, 6], [6]]
    """

    _leaf = True
    rank = 2


SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
