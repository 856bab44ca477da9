"""Global pools: the largest element, or the mean, of all of space.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flows one number for each example and channel.
"""

from __future__ import annotations

from typing import Any

from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.windows import layout_name, with_space
from rillet.keras.serialization import builtin
from rillet.ops.casting import cast
from rillet.ops.rearrange import expand_dims
from rillet.ops.reduce import reduce_max, reduce_mean
from rillet.ops.shaping import reduce_sum


class _GlobalPooling(Layer):
    """One number for all of space; see `GlobalMaxPooling2D`.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``.
        keepdims: keep the spatial axes with size 1.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where there is no such layout.
    """

    #: The number of spatial axes.
    rank = 2
    _fallback_layout: str | None = None

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.data_format = layout_name(owner, data_format, self._fallback_layout)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        start = 1 if self.data_format == "channels_last" else 2
        self._axes = tuple(range(start, start + self.rank))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """``(batch, channels)``, with sizes of 1 between where `keepdims` is set."""
        dims = as_shape(input_shape).as_list()
        channels = dims[-1 if self.data_format == "channels_last" else 1]
        if not self.keepdims:
            return TensorShape([dims[0], channels])
        return with_space(self.data_format, dims, [1] * self.rank, channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "keepdims": self.keepdims,
        }


class _GlobalMax(_GlobalPooling):
    def call(self, inputs: Any) -> Any:
        """The largest element of each example and channel."""
        return reduce_max(inputs, self._axes, self.keepdims)


class _GlobalAverage(_GlobalPooling):
    def call(self, inputs: Any) -> Any:
        """The mean of each example and channel."""
        return reduce_mean(inputs, self._axes, self.keepdims)


@builtin("layer", "GlobalMaxPool1D")
class GlobalMaxPooling1D(_GlobalMax):
    """The largest element along one axis, such as time.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``.
        keepdims: keep the axis with size 1.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where there is no such layout.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant([[[1., 5.], [3., 4.]]])
        >>> tf.keras.layers.GlobalMaxPooling1D()(x).numpy().tolist()
        [[3.0, 5.0]]
    """

    _leaf = True
    rank = 1
    _fallback_layout = "channels_last"


@builtin("layer", "GlobalMaxPool2D")
class GlobalMaxPooling2D(_GlobalMax):
    """The largest element over two axes; the arguments are `GlobalMaxPooling1D`'s.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.GlobalMaxPooling2D()(tf.ones([2, 7, 7, 5])).shape
        TensorShape([2, 5])
    """

    _leaf = True
    rank = 2


@builtin("layer", "GlobalMaxPool3D")
class GlobalMaxPooling3D(_GlobalMax):
    """The largest element over three axes; the arguments are `GlobalMaxPooling1D`'s.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.GlobalMaxPooling3D(keepdims=True)
        >>> layer(tf.ones([2, 3, 4, 5, 6])).shape
        TensorShape([2, 1, 1, 1, 6])
    """

    _leaf = True
    rank = 3


@builtin("layer", "GlobalAvgPool1D")
class GlobalAveragePooling1D(_GlobalAverage):
    """The mean along one axis, such as time; masked steps are not counted.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``.
        keepdims: keep the axis with size 1.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where there is no such layout.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.GlobalAveragePooling1D()
        >>> x = tf.constant([[[1.], [3.], [8.]]])
        >>> layer(x).numpy().item()
        4.0
        >>> layer(x, mask=tf.constant([[True, True, False]])).numpy().item()
        2.0
    """

    rank = 1
    _fallback_layout = "channels_last"

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The mean of each example and channel, over steps whose mask is true."""
        if mask is None:
            return reduce_mean(inputs, self._axes, self.keepdims)
        axis = self._axes[0]
        kept = expand_dims(cast(mask, inputs.dtype), 3 - axis)
        total = reduce_sum(inputs * kept, axis, keepdims=self.keepdims)
        return total / reduce_sum(kept, axis, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: no steps are left."""
        return None


@builtin("layer", "GlobalAvgPool2D")
class GlobalAveragePooling2D(_GlobalAverage):
    """The mean over two axes; the arguments are `GlobalMaxPooling1D`'s.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.GlobalAveragePooling2D()(tf.ones([2, 7, 7, 5])).shape
        TensorShape([2, 5])
    """

    _leaf = True
    rank = 2


@builtin("layer", "GlobalAvgPool3D")
class GlobalAveragePooling3D(_GlobalAverage):
    """The mean over three axes; the arguments are `GlobalMaxPooling1D`'s.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.GlobalAveragePooling3D()(tf.ones([2, 3, 4, 5, 6])).shape
        TensorShape([2, 6])
    """

    _leaf = True
    rank = 3


GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
