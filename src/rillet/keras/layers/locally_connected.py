"""Locally connected layers: convolutions whose weights differ from place to place.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with other sizes. What a weight joins stands in `local_kernels`.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.conv_base import KernelConv
from rillet.keras.layers.local_kernels import Joined, Listed, Masked
from rillet.keras.layers.windows import space_of, with_space
from rillet.keras.serialization import builtin
from rillet.ops.shaping import reshape_op

#: How the weights are kept, by the number that Keras gives the way.
_KERNELS: dict[int, Any] = {1: Joined, 2: Masked, 3: Listed}


class _Local(KernelConv):
    """A convolution whose weights differ from place to place."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
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
        if implementation not in _KERNELS:
            raise ValueError(
                house_message(
                    owner,
                    "Unrecognized implementation mode",
                    f"Received: implementation={implementation!r}",
                    "Use 1, 2 or 3",
                )
            )
        if self.padding != "valid" and implementation == 1:
            raise ValueError(
                house_message(
                    owner,
                    'Invalid border mode (only "valid" is supported if'
                    " implementation is 1)",
                    f"Received: padding={padding!r}",
                    "Give implementation=2",
                )
            )
        self.implementation = implementation
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias; see `Layer.build`."""
        dims = as_shape(input_shape).as_list()
        space = space_of(self.data_format, dims, self.rank)
        if None in space:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "The spatial dimensions of the inputs to a locally connected layer"
                    " should be fully-defined",
                    f"the layer received the inputs shape {tuple(dims)}",
                )
            )
        channels = self._channels(dims)
        self._refuse_empty(dims)
        shape = self.compute_output_shape(dims).as_list()
        outputs = tuple(space_of(self.data_format, shape, self.rank))
        self._weights_form = _KERNELS[self.implementation](
            self, (*space, channels), (*outputs, self.filters)
        )
        self.kernel = self._add_kernel("kernel", self._weights_form.shape, "kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=(*outputs, self.filters),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                trainable=True,
                dtype=self.dtype,
            )
        spread = with_space(self.data_format, [1] * len(dims), outputs, self.filters)
        self._bias_sizes = tuple(spread.as_list())
        self.input_spec = InputSpec(
            ndim=self.rank + 2, axes={self._channel_axis(): channels}
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The outputs, each with weights of its own."""
        outputs = self._weights_form.apply(inputs, self.kernel._dense_tensor())
        if self.bias is not None:
            # With channels first, too, the numbers are laid out in their own order.
            bias = reshape_op.run(self.bias._dense_tensor(), self._bias_sizes)
            outputs = outputs + bias
        if self.activation is not None:
            outputs = self.activation(outputs)
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["dilation_rate"], config["groups"]
        return {**config, "implementation": self.implementation}


@builtin("layer")
class LocallyConnected1D(_Local):
    """A convolution along one axis whose weights differ from place to place.

    Args:
        filters: how many outputs each place has.
        kernel_size: the window's size.
        strides: from a window to the next.
        padding: ``"valid"``; ``"same"`` too where `implementation` is 2 or 3.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel.
        bias_initializer: what gives the bias, of shape ``(places, filters)``.
        kernel_regularizer: a penalty of the kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        implementation: how the weights are kept: 1, a matrix for each place; 2, one
            dense matrix with most of it masked; 3, a list of those that join anything.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.LocallyConnected1D(8, 3)
        >>> layer(tf.ones([2, 10, 4])).shape
        TensorShape([2, 8, 8])
        >>> [w.shape.as_list() for w in layer.weights]
        [[8, 12, 8], [8, 8]]
    """

    _leaf = True
    rank = 1


@builtin("layer")
class LocallyConnected2D(_Local):
    """A convolution over two axes whose weights differ from place to place.

    Args:
        filters: how many outputs each place has.
        kernel_size: the window's size: one number, or height and width.
        strides: from a window to the next, likewise.
        padding: ``"valid"``; ``"same"`` too where `implementation` is 2 or 3.
        **kwargs: the other arguments of `LocallyConnected1D`, and those of `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.LocallyConnected2D(4, 3)(tf.ones([2, 8, 8, 1])).shape
        TensorShape([2, 6, 6, 4])
    """

    _leaf = True
    rank = 2
