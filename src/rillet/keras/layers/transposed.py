"""Transposed convolutions: each input element puts its kernel into a larger output.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with larger sizes. Each is the gradient of a convolution's input, which
`ops.conv` computes.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.conv_base import KernelConv
from rillet.keras.layers.windows import (
    numbers,
    on_all_axes,
    sizes_of,
    space_of,
    spread_length,
    with_space,
)
from rillet.keras.serialization import builtin
from rillet.ops import conv
from rillet.ops.host import integers


class _Transposed(KernelConv):
    """A transposed convolution; see `Conv2DTranspose`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        owner = type(self).__name__
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is not None:
            extra = numbers(owner, "output_padding", output_padding, self.rank, 0)
            self.output_padding = extra
            if any(a >= b for a, b in zip(extra, self.strides, strict=True)):
                raise ValueError(
                    house_message(
                        owner,
                        "Strides must be greater than output padding",
                        f"Received strides={self.strides}, output_padding={extra}",
                    )
                )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias; see `Layer.build`."""
        shape = as_shape(input_shape)
        if len(shape) != self.rank + 2:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    f"Inputs should have rank {self.rank + 2}",
                    f"Received input_shape={shape}",
                )
            )
        channels = self._channels(shape)
        self.input_spec = InputSpec(
            ndim=self.rank + 2, axes={self._channel_axis(): channels}
        )
        self.kernel = self._add_kernel(
            "kernel", (*self.kernel_size, self.filters, channels), "kernel"
        )
        self._add_bias(self.filters)
        self._settle()
        if self.rank == 3:
            # As in tf.keras, which takes `dilation_rate` here without using it.
            self._attrs["dilations"] = on_all_axes(self.data_format, (1, 1, 1))
        self._op = conv.conv3d_input_op if self.rank == 3 else conv.conv2d_input_op
        self.built = True

    def _space(self, dims: Any) -> list[Any]:
        """The spatial sizes of the outputs of inputs of these sizes."""
        rates = self.dilation_rate if self.rank < 3 else (1, 1, 1)
        return [
            spread_length(n, taps, stride, self.padding, extra, rate)
            for n, taps, stride, extra, rate in zip(
                space_of(self.data_format, dims, self.rank),
                self.kernel_size,
                self.strides,
                self.output_padding or (None,) * self.rank,
                rates,
                strict=True,
            )
        ]

    def _convolve(self, x: Any) -> Any:
        dims = sizes_of(x)
        if self.rank == 1:
            del dims[self._height_axis]
        space = self._space(dims)
        if self.rank == 1:
            space = [1, *space]
        filters = self.filters
        if self.data_format == "channels_first":
            sizes: Any = (dims[0], filters, *space)
        else:
            sizes = (dims[0], *space, filters)
        if any(not isinstance(size, int) for size in sizes):
            sizes = integers("conv_transpose", "output_shape", list(sizes))
        return self._op.run(sizes, self._window_kernel(self.kernel), x, **self._attrs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The batch, the larger sizes and the filters' number."""
        dims = as_shape(input_shape).as_list()
        return with_space(self.data_format, dims, self._space(dims), self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {**super().get_config(), "output_padding": self.output_padding}
        if self.rank == 3:
            del config["dilation_rate"]
        return config


@builtin("layer", "Convolution1DTranspose")
class Conv1DTranspose(_Transposed):
    """A transposed convolution along one axis.

    Args:
        filters: how many outputs.
        kernel_size: the window's size.
        strides: how much longer the output is.
        padding: ``"valid"`` or ``"same"``.
        output_padding: how much is added at the end, less than the stride; None for the
            size that a convolution with the same arguments leads back from.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel, of shape
            ``(kernel_size, filters, channels)``.
        bias_initializer: what gives the bias, of shape ``(filters,)``.
        kernel_regularizer: a penalty of the kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Conv1DTranspose(
        ...     1, 2, strides=2, kernel_initializer="ones")
        >>> layer(tf.constant([[[1.], [2.]]])).numpy().ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    _leaf = True
    rank = 1


@builtin("layer", "Convolution2DTranspose")
class Conv2DTranspose(_Transposed):
    """A transposed convolution over two axes, as generators of images use.

    Args:
        filters: how many outputs.
        kernel_size: the window's size: one number, or height and width.
        strides: how many times larger the output is, likewise.
        padding: ``"valid"`` or ``"same"``.
        **kwargs: the other arguments of `Conv1DTranspose`, and those of `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Conv2DTranspose(8, 5, strides=2, padding="same")
        >>> layer(tf.ones([1, 7, 7, 3])).shape
        TensorShape([1, 14, 14, 8])
    """

    _leaf = True
    rank = 2


@builtin("layer", "Convolution3DTranspose")
class Conv3DTranspose(_Transposed):
    """A transposed convolution over three axes.

    Args:
        filters: how many outputs.
        kernel_size: the window's size: one number, or depth, height and width.
        strides: how many times larger the output is, likewise.
        padding: ``"valid"`` or ``"same"``.
        **kwargs: the other arguments of `Conv1DTranspose`, and those of `Layer`;
            `dilation_rate` has no effect, as in tf.keras.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Conv3DTranspose(4, 2, strides=2)
        >>> layer(tf.ones([1, 2, 3, 4, 1])).shape
        TensorShape([1, 4, 6, 8, 4])
    """

    _leaf = True
    rank = 3


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
