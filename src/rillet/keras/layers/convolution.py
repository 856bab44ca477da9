"""Convolutions in one, two and three dimensions.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with other sizes. The products are `ops.conv`'s.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.conv_base import KernelConv
from rillet.keras.serialization import builtin
from rillet.ops import conv
from rillet.ops.window_arguments import with_axis, without_axis


class _Conv(KernelConv):
    """A convolution that is not transposed."""

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias; see `Layer.build`."""
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "The number of input channels must be evenly divisible by the"
                    " number of groups",
                    f"Received groups={self.groups}, but the input has {channels}"
                    f" channels (full input shape is {as_shape(input_shape)})",
                )
            )
        self._refuse_empty(input_shape)
        depth = channels // self.groups
        self.kernel = self._add_kernel(
            "kernel", (*self.kernel_size, depth, self.filters), "kernel"
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(
            min_ndim=self.rank + 2, axes={self._channel_axis(): channels}
        )
        self._settle()
        self._op = conv.conv3d_op if self.rank == 3 else conv.conv2d_op
        self.built = True

    def _convolve(self, x: Any) -> Any:
        return self.convolution_op(x, self.kernel._dense_tensor())

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution alone, for subclasses that change inputs or kernel.

        Args:
            inputs: as for `call`; in a `Conv1D` the layer gives them with an axis of
                height 1.
            kernel: the kernel, or what a subclass makes of it.

        Returns:
            The outputs without bias and activation.
        """
        if self.rank > 1:
            return self._op.run(inputs, kernel, **self._attrs)
        kernel = with_axis(kernel, 0)
        if len(inputs.shape) > 3:
            return self._op.run(inputs, kernel, **self._attrs)
        wide = with_axis(inputs, self._height_axis)
        return without_axis(
            self._op.run(wide, kernel, **self._attrs), self._height_axis
        )


@builtin("layer", "Convolution1D")
class Conv1D(_Conv):
    """A convolution along one axis, such as time.

    Args:
        filters: how many outputs, each with weights of its own.
        kernel_size: the window's size.
        strides: from a window to the next.
        padding: ``"valid"`` (windows inside the input only), ``"same"`` (zeros at both
            ends) or ``"causal"`` (zeros before the first step only, so that no output
            sees a later input).
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        groups: into how many groups channels are split; each output sees its own.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel, of shape
            ``(kernel_size, channels / groups, filters)``.
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
        >>> layer = tf.keras.layers.Conv1D(
        ...     1, 2, padding="causal", kernel_initializer="ones")
        >>> layer(tf.constant([[[1.], [2.], [4.]]])).numpy().ravel().tolist()
        [1.0, 3.0, 6.0]
    """

    _leaf = True
    rank = 1
    _fallback_layout = "channels_last"
    _may_be_causal = True


@builtin("layer", "Convolution2D")
class Conv2D(_Conv):
    """A convolution over two axes, such as those of images.

    Args:
        filters: how many outputs, each with weights of its own.
        kernel_size: the window's size: one number, or height and width.
        strides: from a window to the next, likewise.
        padding: ``"valid"`` (windows inside the input only) or ``"same"`` (zeros
            around).
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        **kwargs: the other arguments of `Conv1D`, and those of `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Conv2D(2, 3, activation="relu")
        >>> layer(tf.ones([4, 28, 28, 1])).shape
        TensorShape([4, 26, 26, 2])
        >>> [w.shape.as_list() for w in layer.weights]
        [[3, 3, 1, 2], [2]]
    """

    _leaf = True
    rank = 2


@builtin("layer", "Convolution3D")
class Conv3D(_Conv):
    """A convolution over three axes, such as those of volumes or films.

    Args:
        filters: how many outputs, each with weights of its own.
        kernel_size: the window's size: one number, or depth, height and width.
        strides: from a window to the next, likewise.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: from a tap to the next; above 1 only with strides of 1.
        **kwargs: the other arguments of `Conv1D`, and those of `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Conv3D(2, 2)(tf.ones([1, 4, 5, 6, 3])).shape
        TensorShape([1, 3, 4, 5, 2])
    """

    _leaf = True
    rank = 3


Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
