"""Images and arrays: read, turned into one another, written; through Pillow.

In: paths, images of Pillow, arrays. Out: the others. `keras.utils` and
`keras.preprocessing.image` offer them, `directories` reads its data sets with them.
"""

from __future__ import annotations

import io
import os
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.image_sizes import centred_part
from rillet.keras.settings import floatx, image_data_format

Array = np.ndarray[Any, Any]

_MODES: Final = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_FILTERS: Final = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow() -> Any:
    """Pillow's `Image`, loaded when an image is first read.

    Raises:
        ImportError: where Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            house_message(
                "load_img",
                "Could not import PIL.Image, which reads and writes images",
                fix="pip install pillow",
            )
        ) from None
    return Image


def _format(data_format: str | None) -> str:
    found = image_data_format() if data_format is None else data_format
    if found not in ("channels_first", "channels_last"):
        raise ValueError(
            house_message("images", "Invalid data_format", f"data_format={found!r}")
        )
    return found


def load_img(
    path: Any,
    grayscale: bool = False,
    color_mode: str = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """An image file as an image of Pillow.

    Args:
        path: the file's path, or its bytes in an `io.BytesIO`.
        grayscale: the older way to say ``color_mode="grayscale"``.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        target_size: the height and width to resize to; as it is where None.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"``, ``"hamming"``,
            ``"box"`` or ``"lanczos"``.
        keep_aspect_ratio: cut the image to the proportions of `target_size` first.

    Returns:
        The image.

    Raises:
        ValueError: for an unknown mode or interpolation.
        TypeError: where `path` is none.
    """
    image = pillow()
    mode = "grayscale" if grayscale else color_mode
    if mode not in _MODES:
        raise ValueError(
            house_message(
                "load_img",
                'color_mode must be "grayscale", "rgb" or "rgba"',
                f"color_mode={mode!r}",
            )
        )
    if isinstance(path, io.BytesIO):
        found = image.open(path)
    elif isinstance(path, str | bytes | os.PathLike):
        with open(path, "rb") as file:
            found = image.open(io.BytesIO(file.read()))
    else:
        raise TypeError(
            house_message(
                "load_img", "path should be path-like or io.BytesIO", f"{type(path)}"
            )
        )
    deep = mode == "grayscale" and found.mode in ("I;16", "I")
    if not deep and found.mode != _MODES[mode]:
        found = found.convert(_MODES[mode])
    if target_size is None:
        return found
    if interpolation not in _FILTERS:
        raise ValueError(
            house_message(
                "load_img",
                f"Invalid interpolation method {interpolation}",
                f"supported are {', '.join(_FILTERS)}",
            )
        )
    height, width = target_size
    if found.size == (width, height):
        return found
    kind = getattr(image.Resampling, interpolation.upper())
    if not keep_aspect_ratio:
        return found.resize((width, height), kind)
    top, left, tall, wide = centred_part(found.height, found.width, (height, width))
    box = (left, top, left + wide, top + tall)
    return found.resize((width, height), kind, box=box)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Array:
    """An image of Pillow as an array.

    Args:
        img: the image.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dtype: the type; Keras's float type where None.

    Returns:
        An array of ``(height, width, channels)``, or channels first.

    Raises:
        ValueError: where it is no image.
    """
    order = _format(data_format)
    array = np.asarray(img, dtype=dtype or floatx())
    if array.ndim == 2:
        array = array[None] if order == "channels_first" else array[..., None]
    elif array.ndim == 3:
        array = array.transpose(2, 0, 1) if order == "channels_first" else array
    else:
        raise ValueError(
            house_message("img_to_array", "Unsupported image shape", f"{array.shape}")
        )
    return np.array(array)


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array as an image of Pillow.

    Args:
        x: ``(height, width, channels)`` with 1, 3 or 4 channels, or channels first.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        scale: whether to bring the values to 0 to 255 first.
        dtype: the type to compute in; Keras's float type where None.

    Returns:
        The image.

    Raises:
        ValueError: for another shape.
    """
    array = np.asarray(x, dtype=dtype or floatx())
    if array.ndim != 3:
        raise ValueError(
            house_message(
                "array_to_img",
                "Expected image array to have rank 3 (single image)",
                f"Got array with shape: {array.shape}",
            )
        )
    if _format(data_format) == "channels_first":
        array = array.transpose(1, 2, 0)
    if scale:
        array = array - array.min()
        most = array.max()
        if most:
            array = array / most
        array = array * 255
    channels, image = array.shape[2], pillow()
    if channels == 1:
        flat = array[:, :, 0]
        deep = flat.max(initial=0) > 255
        return image.fromarray(flat.astype("int32" if deep else "uint8"))
    if channels in (3, 4):
        return image.fromarray(array.astype("uint8"))
    raise ValueError(
        house_message("array_to_img", "Unsupported channel number", f"{channels}")
    )


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array into an image file.

    Args:
        path: the file; its ending says the format.
        x: the array, as for `array_to_img`.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        file_format: the format where the path does not say.
        scale: whether to bring the values to 0 to 255 first.
        **kwargs: for Pillow's `save`.
    """
    found = array_to_img(x, data_format, scale)
    if found.mode == "RGBA" and (file_format or "") in ("jpg", "jpeg"):
        found = found.convert("RGB")
    found.save(path, format=file_format, **kwargs)
