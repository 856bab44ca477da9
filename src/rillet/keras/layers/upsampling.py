"""Upsampling: space made larger by repeating elements, or by interpolation.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with larger sizes. Interpolation is `tf.image.resize`'s.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.windows import (
    layout_name,
    numbers,
    sizes_of,
    space_of,
    with_space,
)
from rillet.keras.serialization import builtin
from rillet.ops.resize import resize
from rillet.ops.shaping import broadcast_to, reshape
from rillet.ops.transposes import transpose

#: The ways to interpolate, as in `tf.image.resize`.
INTERPOLATIONS = (
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
)


def interpolation_name(owner: str, value: Any) -> str:
    """The name of an interpolation in lower case.

    Raises:
        NotImplementedError: where there is no such interpolation.
    """
    found = str(value).lower()
    if found not in INTERPOLATIONS:
        raise NotImplementedError(
            house_message(
                owner,
                "Value not recognized for `interpolation`",
                f"Received: interpolation={value!r}",
                f"Supported values are {', '.join(INTERPOLATIONS)}",
            )
        )
    return found


def repeated(x: Any, start: int, times: tuple[int, ...]) -> Any:
    """Each element of the axes from `start` on as often as `times` says."""
    sizes = sizes_of(x)
    apart, spread, joined = sizes[:start], sizes[:start], sizes[:start]
    for n, often in zip(sizes[start:], times, strict=False):
        apart += [n, 1]
        spread += [n, often]
        joined.append(n * often)
    rest = sizes[start + len(times) :]
    wide = broadcast_to(reshape(x, [*apart, *rest]), [*spread, *rest])
    return reshape(wide, [*joined, *rest])


class _UpSampling(Layer):
    """Larger space; see `UpSampling2D`."""

    #: The number of spatial axes.
    rank = 2

    def __init__(self, size: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        fallback = "channels_last" if self.rank == 1 else None
        self.data_format = layout_name(owner, data_format, fallback)
        self._times = numbers(owner, "size", size, self.rank)
        self.size: Any = self._times
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._start = 1 if self.data_format == "channels_last" else 2

    def call(self, inputs: Any) -> Any:
        """The inputs, each element repeated."""
        return repeated(inputs, self._start, self._times)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with larger spatial sizes."""
        dims = as_shape(input_shape).as_list()
        space = [
            None if n is None else n * often
            for n, often in zip(
                space_of(self.data_format, dims, self.rank), self._times, strict=True
            )
        ]
        channels = dims[-1 if self.data_format == "channels_last" else 1]
        return with_space(self.data_format, dims, space, channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {**super().get_config(), "size": self.size}
        if self.rank > 1:
            config["data_format"] = self.data_format
        return config


@builtin("layer")
class UpSampling1D(_UpSampling):
    """Repeats each step of sequences.

    Args:
        size: how often.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `size` is no positive number.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant([[[1.], [2.]]])
        >>> tf.keras.layers.UpSampling1D(2)(x).numpy().ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    _leaf = True
    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, kwargs.pop("data_format", None), **kwargs)
        self.size = self._times[0]


@builtin("layer")
class UpSampling2D(_UpSampling):
    """Makes images larger, by repeating pixels or by interpolation.

    Args:
        size: how many times: one number, or for height and width.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"``, ``"area"``,
            ``"lanczos3"``, ``"lanczos5"``, ``"gaussian"`` or ``"mitchellcubic"``; all
            but the first give float32.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `size` or `data_format` is none.
        NotImplementedError: where there is no such interpolation.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape(tf.range(4.), [1, 2, 2, 1])
        >>> tf.keras.layers.UpSampling2D((1, 2))(x).numpy()[0, :, :, 0].tolist()
        [[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]]
    """

    _leaf = True
    rank = 2

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = interpolation_name("UpSampling2D", interpolation)

    def call(self, inputs: Any) -> Any:
        """The larger images."""
        if self.interpolation == "nearest":
            return repeated(inputs, self._start, self._times)
        first = self.data_format == "channels_first"
        images = transpose(inputs, (0, 2, 3, 1)) if first else inputs
        sizes = sizes_of(images)[1:3]
        larger = [n * often for n, often in zip(sizes, self._times, strict=True)]
        found = resize(images, larger, self.interpolation)
        return transpose(found, (0, 3, 1, 2)) if first else found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "interpolation": self.interpolation}


@builtin("layer")
class UpSampling3D(_UpSampling):
    """Repeats the elements of volumes along their three axes.

    Args:
        size: how often: one number, or one an axis.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `size` or `data_format` is none.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.UpSampling3D((1, 2, 3))(tf.ones([1, 2, 2, 2, 5])).shape
        TensorShape([1, 2, 4, 6, 5])
    """

    _leaf = True
    rank = 3

    def __init__(
        self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(size, data_format, **kwargs)
