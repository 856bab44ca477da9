"""Pools: the largest element, or the mean, of every window.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with smaller sizes. The records are `ops.pools`'.
"""

from __future__ import annotations

from typing import Any

from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.windows import (
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
from rillet.keras.serialization import builtin
from rillet.ops import pools
from rillet.ops.window_arguments import with_axis, without_axis


class _Pooling(Layer):
    """One number for every window; see `MaxPooling2D`.

    Args:
        pool_size: the window's size: one number, or one a spatial axis.
        strides: from a window to the next; the window's size where None.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.
    """

    #: The number of spatial axes.
    rank = 2
    _fallback_layout: str | None = None
    #: The record that computes the windows.
    _op: Any = None

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.pool_size = numbers(owner, "pool_size", pool_size, self.rank)
        steps = self.pool_size if strides is None else strides
        self.strides = numbers(owner, "strides", steps, self.rank)
        self.padding = padding_name(owner, padding)
        self.data_format = layout_name(owner, data_format, self._fallback_layout)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        taps, steps, rank = self.pool_size, self.strides, self.rank
        if rank == 1:
            taps, steps, rank = (1, *taps), (1, *steps), 2
        #: The axis that windows of rank 1 lack, to run as windows of rank 2.
        self._height_axis = 1 if self.data_format == "channels_last" else 2
        self._attrs = {
            "ksize": on_all_axes(self.data_format, taps),
            "strides": on_all_axes(self.data_format, steps),
            "padding": self.padding.upper(),
            "data_format": op_format(self.data_format, rank),
        }

    def build(self, input_shape: Any) -> None:
        """Refuse inputs that are smaller than a window."""
        words = " (Negative dimension size)"
        refuse_empty(self, input_shape, "pool_size", words)
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """One number for every window and channel."""
        if self.rank > 1:
            return self._op.run(inputs, **self._attrs)
        wide = self._op.run(with_axis(inputs, self._height_axis), **self._attrs)
        return without_axis(wide, self._height_axis)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The batch, the windows' numbers and the channels."""
        dims = as_shape(input_shape).as_list()
        space = [
            window_length(n, taps, stride, self.padding)
            for n, taps, stride in zip(
                space_of(self.data_format, dims, self.rank),
                self.pool_size,
                self.strides,
                strict=True,
            )
        ]
        channels = dims[-1 if self.data_format == "channels_last" else 1]
        return with_space(self.data_format, dims, space, channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


@builtin("layer", "MaxPool1D")
class MaxPooling1D(_Pooling):
    """The largest element of every window along one axis.

    Args:
        pool_size: the window's size.
        strides: from a window to the next; the window's size where None.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.MaxPooling1D(2, strides=1)
        >>> layer(tf.constant([[[1.], [3.], [2.]]])).numpy().ravel().tolist()
        [3.0, 3.0]
    """

    _leaf = True
    rank = 1
    _fallback_layout = "channels_last"
    _op = pools.max_pool_op


@builtin("layer", "MaxPool2D")
class MaxPooling2D(_Pooling):
    """The largest element of every window over two axes.

    Args:
        pool_size: the window's size: one number, or height and width.
        strides: from a window to the next, likewise; the window's size where None.
        padding: ``"valid"`` (windows inside the input only) or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.MaxPooling2D()(tf.ones([1, 28, 28, 6])).shape
        TensorShape([1, 14, 14, 6])
    """

    _leaf = True
    rank = 2
    _op = pools.max_pool_op


@builtin("layer", "MaxPool3D")
class MaxPooling3D(_Pooling):
    """The largest element of every window over three axes.

    Args:
        pool_size: the window's size: one number, or depth, height and width.
        strides: from a window to the next, likewise; the window's size where None.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.MaxPooling3D()(tf.ones([1, 4, 4, 6, 2])).shape
        TensorShape([1, 2, 2, 3, 2])
    """

    _leaf = True
    rank = 3
    _op = pools.max_pool3d_op


@builtin("layer", "AvgPool1D")
class AveragePooling1D(_Pooling):
    """The mean of every window along one axis; padding is not counted.

    Args:
        pool_size: the window's size.
        strides: from a window to the next; the window's size where None.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.AveragePooling1D(2, 1, "same")
        >>> layer(tf.constant([[[1.], [3.], [2.]]])).numpy().ravel().tolist()
        [2.0, 2.5, 2.0]
    """

    _leaf = True
    rank = 1
    _fallback_layout = "channels_last"
    _op = pools.avg_pool_op


@builtin("layer", "AvgPool2D")
class AveragePooling2D(_Pooling):
    """The mean of every window over two axes; padding is not counted.

    Args:
        pool_size: the window's size: one number, or height and width.
        strides: from a window to the next, likewise; the window's size where None.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1., 2., 3., 6.], [1, 2, 2, 1])
        >>> tf.keras.layers.AveragePooling2D()(x).numpy().item()
        3.0
    """

    _leaf = True
    rank = 2
    _op = pools.avg_pool_op


@builtin("layer", "AvgPool3D")
class AveragePooling3D(_Pooling):
    """The mean of every window over three axes; padding is not counted.

    Args:
        pool_size: the window's size: one number, or depth, height and width.
        strides: from a window to the next, likewise; the window's size where None.
        padding: ``"valid"`` or ``"same"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is out of range.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.AveragePooling3D()(tf.ones([1, 4, 4, 6, 2])).shape
        TensorShape([1, 2, 2, 3, 2])
    """

    _leaf = True
    rank = 3
    _op = pools.avg_pool3d_op


MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
