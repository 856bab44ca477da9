"""Images in another size: resized, or the middle cut out of them.

In flow images ``(height, width, channels)``, maybe with a batch in front; out flow
images of the layer's size.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import as_dtype, float32
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.image_sizes import smart_resize
from rillet.keras.layers.upsampling import interpolation_name
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import cast
from rillet.ops.image_frames import crop_to_bounding_box
from rillet.ops.resize import resize


def as_images(owner: str, inputs: Any, dtype: Any) -> Any:
    """The inputs in a type, where they are images.

    Args:
        owner: the layer's class, for the message.
        inputs: images as a tensor.
        dtype: the type wanted; None for their own.

    Raises:
        ValueError: where they are a dictionary, or have neither 3 nor 4 axes.
    """
    rank = None if isinstance(inputs, dict) else inputs.shape.rank
    if rank not in (3, 4):
        shown = (
            f"type(inputs)={type(inputs)}"
            if isinstance(inputs, dict)
            else f"inputs.shape={tuple(inputs.shape)}"
        )
        raise ValueError(
            house_message(
                owner,
                "This layer can only process a tensor representing an image or a batch"
                " of images, which have 3 or 4 axes",
                f"Received: {shown}",
                "Add the axis of channels with images[..., tf.newaxis]"
                if rank == 2
                else "",
            )
        )
    return inputs if dtype is None else cast(inputs, dtype)


def image_size(owner: str, height: Any, width: Any) -> tuple[int, int]:
    """Height and width as positive numbers.

    Raises:
        ValueError: where one is not.
    """
    for name, value in (("height", height), ("width", width)):
        if int(value) < 1:
            raise ValueError(
                house_message(
                    owner, f"`{name}` must be positive", f"Received: {name}={value!r}"
                )
            )
    return int(height), int(width)


def spare_of(images: Any, size: tuple[int, int]) -> tuple[int, int]:
    """By how much images are higher and wider than a size."""
    sizes = list(images.shape)
    return sizes[-3] - size[0], sizes[-2] - size[1]


def sized(input_shape: Any, size: tuple[int, int]) -> TensorShape:
    """The shape of images with another height and width."""
    dims = as_shape(input_shape).as_list()
    dims[-3:-1] = size
    return TensorShape(dims)


@builtin("layer")
class Resizing(Layer):
    """Images in another size.

    Args:
        height: the new height.
        width: the new width.
        interpolation: ``"bilinear"``, ``"nearest"``, ``"bicubic"``, ``"area"``,
            ``"lanczos3"``, ``"lanczos5"``, ``"gaussian"`` or ``"mitchellcubic"``.
        crop_to_aspect_ratio: keep the proportions, and cut off what sticks out.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where a size is not positive.
        NotImplementedError: where there is no such interpolation.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Resizing(4, 6)(tf.ones([2, 9, 9, 3])).shape
        TensorShape([2, 4, 6, 3])
    """

    _leaf = True

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height, self.width = image_size("Resizing", height, width)
        self._method = interpolation_name("Resizing", interpolation)
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio

    def call(self, inputs: Any) -> Any:
        """The images in the new size, in the layer's type."""
        own = as_dtype(self.compute_dtype or "float32")
        images = as_images(
            "Resizing", inputs, own if self._method == "nearest" else float32
        )
        change = smart_resize if self.crop_to_aspect_ratio else resize
        return cast(change(images, (self.height, self.width), self._method), own)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with the layer's height and width."""
        return sized(input_shape, (self.height, self.width))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
        }


@builtin("layer")
class CenterCrop(Layer):
    """The middle of images; smaller images are resized and cut to the proportions.

    Args:
        height: the height of the part.
        width: its width.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where a size is not positive.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape(tf.range(30.), [1, 5, 6, 1])
        >>> tf.keras.layers.CenterCrop(2, 2)(x).numpy()[0, :, :, 0].tolist()
        [[8.0, 9.0], [14.0, 15.0]]
    """

    _leaf = True

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height, self.width = image_size("CenterCrop", height, width)

    def call(self, inputs: Any) -> Any:
        """The part in the middle."""
        own = as_dtype(self.compute_dtype or "float32")
        images = as_images("CenterCrop", inputs, own)
        size = self.height, self.width
        tall, wide = spare_of(images, size)
        if tall < 0 or wide < 0:
            return cast(smart_resize(images, size), own)
        return crop_to_bounding_box(images, tall // 2, wide // 2, *size)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with the layer's height and width."""
        return sized(input_shape, (self.height, self.width))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "height": self.height, "width": self.width}
