"""Images into files: the ops that encode JPEG and PNG, and quality lost at random.

In flow uint8 (or uint16) pixels, out strings of bytes. `tf.io` and `tf.image` show
these functions.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import image_codecs as codecs
from rillet.ops import png
from rillet.ops.host import integer
from rillet.ops.image_rules import refused
from rillet.ops.image_types import convert_image_dtype
from rillet.ops.jpeg_files import decode_jpeg
from rillet.ops.random import uniform
from rillet.ops.registry import Op, define
from rillet.ops.stateless import stateless_uniform
from rillet.ops.string_rules import filled, not_allowed

Array = np.ndarray[Any, Any]

_FORMATS: Final = {"": 0, "grayscale": 1, "rgb": 3}


def _wrong(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _check_jpeg(image: Any, format: str) -> None:
    op, dims = "io.encode_jpeg", image.shape
    if dims is None:
        return
    if len(dims) != 3:
        raise _wrong(op, "image must be 3-dimensional", f"{list(dims)}")
    if dims[2] not in (1, 3, None):
        raise _wrong(op, f"image must have 1 or 3 channels, got {list(dims)}")
    wanted = _FORMATS[format]
    if wanted and dims[2] not in (wanted, None):
        raise _wrong(op, f"format {format} expects {wanted} channels, got {list(dims)}")


def _infer_jpeg(image: Spec, format: str = "", **attrs: Any) -> Spec:
    _check_jpeg(image, format)
    return Spec((), dtypes.string)


def _jpeg(
    image: Array,
    format: str = "",
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
) -> Array:
    _check_jpeg(image, format)
    if not 0 <= quality <= 100:
        raise _wrong("io.encode_jpeg", f"quality must be in [0,100], got {quality}")
    more: dict[str, Any] = {}
    if image.shape[2] == 3:
        more["subsampling"] = 2 if chroma_downsampling else 0
    if xmp_metadata:
        more["xmp"] = xmp_metadata.encode()
    data = codecs.encode_jpeg(
        image,
        quality=quality or 1,
        progressive=progressive,
        optimize=optimize_size,
        **more,
    )
    return filled([_with_density(data, density_unit, x_density, y_density)], ())


def _with_density(data: bytes, unit: str, x: int, y: int) -> bytes:
    """A file that says how many pixels an inch or a centimetre has."""
    at = data.find(b"JFIF\0") + 7  # the unit follows the name and the version
    said = struct.pack(">BHH", 1 if unit == "in" else 2, x & 0xFFFF, y & 0xFFFF)
    return data[:at] + said + data[at + 5 :]


jpeg_op: Op = define(
    "EncodeJpeg",
    types=(type_set(dtypes.uint8),),
    kernel=_jpeg,
    infer=_infer_jpeg,
    attrs={
        "format": "",
        "quality": 95,
        "progressive": False,
        "optimize_size": False,
        "chroma_downsampling": True,
        "density_unit": "in",
        "x_density": 300,
        "y_density": 300,
        "xmp_metadata": "",
    },
    quiet=False,
)


def encode_jpeg(
    image: Any,
    format: str = "",
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: str | None = None,
) -> Tensor:
    """Pixels as a JPEG file.

    Args:
        image: uint8, ``(height, width, channels)``, 1 or 3 channels.
        format: ``"grayscale"``, ``"rgb"``, or empty for what the channels say.
        quality: 0 to 100.
        progressive: whether the file shows the whole image early, coarsely.
        optimize_size: spend time to make the file smaller.
        chroma_downsampling: whether colours have half the resolution.
        density_unit: ``"in"`` or ``"cm"``.
        x_density: pixels a unit, from left to right.
        y_density: pixels a unit, from top to bottom.
        xmp_metadata: a text to put in.
        name: ignored when eager.

    Returns:
        A scalar string.

    Raises:
        InvalidArgumentError: for other channels or qualities.
    """
    op = "io.encode_jpeg"
    if format not in _FORMATS:
        raise not_allowed(op, "format", format, tuple(_FORMATS))
    if density_unit not in ("in", "cm"):
        raise not_allowed(op, "density_unit", density_unit, ("in", "cm"))
    return jpeg_op.run(
        image,
        format=format,
        quality=integer(op, "quality", quality),
        progressive=bool(progressive),
        optimize_size=bool(optimize_size),
        chroma_downsampling=bool(chroma_downsampling),
        density_unit=density_unit,
        x_density=integer(op, "x_density", x_density),
        y_density=integer(op, "y_density", y_density),
        xmp_metadata=str(xmp_metadata),
    )


def _variable(image: Array, quality: Array) -> Array:
    return _jpeg(image, quality=int(quality))


variable_op: Op = define(
    "EncodeJpegVariableQuality",
    types=(type_set(dtypes.uint8), type_set(dtypes.int32)),
    kernel=_variable,
    infer=lambda image, quality: _infer_jpeg(image),
    quiet=False,
)


def _check_png(image: Any) -> None:
    op, dims = "io.encode_png", image.shape
    if dims is None:
        return
    if len(dims) < 3:
        raise _wrong(op, "images must be at least rank 3", f"{list(dims)}")
    if dims[-1] not in (1, 2, 3, 4, None):
        raise _wrong(op, f"image must have 1, 2, 3, or 4 channels, got {dims[-1]}")


def _infer_png(image: Spec, compression: int = -1) -> Spec:
    _check_png(image)
    return Spec(None if image.shape is None else image.shape[:-3], dtypes.string)


def _png(image: Array, compression: int = -1) -> Array:
    _check_png(image)
    if not -1 <= compression <= 9:
        raise _wrong(
            "io.encode_png", f"compression should be in [-1,9], got {compression}"
        )
    if 0 in image.shape[-3:]:
        raise _wrong("io.encode_png", "the image is empty", f"{list(image.shape)}")
    lead = image.shape[:-3]
    flat = image.reshape(-1, *image.shape[-3:])
    return filled([png.encoded(one, compression) for one in flat], lead)


png_op: Op = define(
    "EncodePng",
    types=(type_set(dtypes.uint8, dtypes.uint16),),
    kernel=_png,
    infer=_infer_png,
    attrs={"compression": -1},
    quiet=False,
)


def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """Pixels as PNG files.

    Args:
        image: uint8 or uint16, ``(..., height, width, channels)``, 1 to 4 channels.
        compression: 0 to 9, or -1 for the usual.
        name: ignored when eager.

    Returns:
        A string for each image.

    Raises:
        InvalidArgumentError: for other shapes.
    """
    level = integer("io.encode_png", "compression", compression)
    return png_op.run(image, compression=level)


def adjust_jpeg_quality(
    image: Any, jpeg_quality: Any, dct_method: str = "", name: str | None = None
) -> Tensor:
    """An image as it comes back from a JPEG file.

    Args:
        image: ``(height, width, channels)``, 1 or 3 channels; floats from 0 to 1.
        jpeg_quality: 0 to 100.
        dct_method: as in `decode_jpeg`.
        name: ignored when eager.

    Returns:
        The image, in the same shape and type.

    Example:
        >>> import rillet as tf
        >>> tf.image.adjust_jpeg_quality(tf.zeros([2, 2, 3]), 75).numpy().max().item()
        0.0
    """
    image = to_tensor(image)
    channels = image.shape[-1]
    kind = image.dtype
    plain = convert_image_dtype(image, dtypes.uint8, saturate=True)
    quality = to_tensor(jpeg_quality, dtypes.int32)
    file = variable_op.run(plain, quality)
    found = decode_jpeg(file, channels=channels or 0, dct_method=dct_method)
    return convert_image_dtype(found, kind, saturate=True)


def _check_qualities(op: str, low: Any, high: Any) -> None:
    if low < 0 or high < 0 or low > 100 or high > 100:
        raise refused(
            op, "jpeg encoding range must be between 0 and 100", f"{low} to {high}"
        )
    if low >= high:
        raise refused(
            op, "`min_jpeg_quality` must be less than `max_jpeg_quality`", f"{low}"
        )


def random_jpeg_quality(
    image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None
) -> Tensor:
    """An image as it comes back from a JPEG file of random quality.

    Args:
        image: as in `adjust_jpeg_quality`.
        min_jpeg_quality: the lowest, 0 or more.
        max_jpeg_quality: what the quality stays below, 100 or less.
        seed: the op's own seed, beside `tf.random.set_seed`'s.

    Raises:
        ValueError: where the range is none.
    """
    _check_qualities("image.random_jpeg_quality", min_jpeg_quality, max_jpeg_quality)
    low, high = min_jpeg_quality, max_jpeg_quality
    return adjust_jpeg_quality(image, uniform([], low, high, dtypes.int32, seed))


def stateless_random_jpeg_quality(
    image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: Any
) -> Tensor:
    """`random_jpeg_quality` that `seed`, two integers, alone decides."""
    op = "image.stateless_random_jpeg_quality"
    _check_qualities(op, min_jpeg_quality, max_jpeg_quality)
    low, high = min_jpeg_quality, max_jpeg_quality
    return adjust_jpeg_quality(
        image, stateless_uniform([], seed, low, high, dtypes.int32)
    )
