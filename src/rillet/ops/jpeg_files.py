"""JPEG files: decoded whole or in part, their sizes.

In flow strings of bytes, out tensors of pixels. `tf.io` and `tf.image` show these
functions.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import STRING, DType, as_dtype, type_set
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import image_codecs as codecs
from rillet.ops.compare import equal
from rillet.ops.host import integer
from rillet.ops.image_files import check_scalar, check_settings, decoded, depth_of
from rillet.ops.registry import Op, define
from rillet.ops.string_rules import texts
from rillet.ops.strings import substr

Array = np.ndarray[Any, Any]

_JPEG_ATTRS: Final = {
    "channels": 0,
    "ratio": 1,
    "fancy_upscaling": True,
    "try_recover_truncated": False,
    "acceptable_fraction": 1.0,
    "dct_method": "",
}


def _infer_jpeg(contents: Spec, channels: int = 0, **attrs: Any) -> Spec:
    check_scalar("io.decode_jpeg", contents)
    check_settings("io.decode_jpeg", channels, attrs)
    return Spec((None, None, depth_of(channels)), dtypes.uint8)


jpeg_op: Op = define(
    "DecodeJpeg",
    types=(STRING,),
    kernel=lambda contents, **attrs: decoded("io.decode_jpeg", contents, **attrs),
    infer=_infer_jpeg,
    attrs=_JPEG_ATTRS,
    quiet=False,
)


def _jpeg_settings(op: str, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "channels": integer(op, "channels", given["channels"] or 0),
        "ratio": integer(op, "ratio", given["ratio"]),
        "fancy_upscaling": bool(given["fancy_upscaling"]),
        "try_recover_truncated": bool(given["try_recover_truncated"]),
        "acceptable_fraction": float(given["acceptable_fraction"]),
        "dct_method": given["dct_method"],
    }


def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """The pixels of a JPEG file; of a PNG, or of a GIF of one frame, too.

    Values are those of TensorFlow's ``dct_method="INTEGER_ACCURATE"``, whatever
    `dct_method` says; its default rounds more coarsely, by up to five levels.

    Args:
        contents: the file, a scalar string.
        channels: 1 for grey, 3 for colours, 0 for what the file has.
        ratio: 1, 2, 4 or 8: decode to so much less height and width.
        fancy_upscaling: accepted; colours are always interpolated.
        try_recover_truncated: fill what a cut file lacks, instead of refusing it.
        acceptable_fraction: accepted.
        dct_method: ``""``, ``"INTEGER_FAST"`` or ``"INTEGER_ACCURATE"``.
        name: ignored when eager.

    Returns:
        uint8, ``(height, width, channels)``.

    Raises:
        InvalidArgumentError: where the file is damaged or too large.

    Example:
        >>> import rillet as tf
        >>> file = tf.io.encode_jpeg(tf.zeros([4, 6, 3], tf.uint8))
        >>> tf.io.decode_jpeg(file).shape
        TensorShape([4, 6, 3])
    """
    settings = _jpeg_settings("io.decode_jpeg", dict(locals()))
    return jpeg_op.run(texts(contents), **settings)


def _crop(contents: Array, window: Array, **attrs: Any) -> Array:
    op = "io.decode_and_crop_jpeg"
    whole = decoded(op, contents, allowed="jpeg", **attrs)
    _window(op, window)
    y, x, height, width = window.tolist()
    fits = y + height <= whole.shape[0] and x + width <= whole.shape[1]
    if min(y, x) < 0 or min(height, width) < 1 or not fits:
        raise codecs.refused(
            op,
            "jpeg::Uncompress failed. Invalid JPEG data or crop window.",
            f"the window is {window.tolist()}, the image {list(whole.shape[:2])}",
        )
    return np.ascontiguousarray(whole[y : y + height, x : x + width])


def _window(op: str, window: Any) -> None:
    if tuple(window.shape) != (4,):
        raise codecs.refused(
            op, "crop_window must have 4 elements", f"shape is {window.shape}"
        )


def _infer_crop(contents: Spec, window: Spec, channels: int = 0, **attrs: Any) -> Spec:
    check_scalar("io.decode_and_crop_jpeg", contents)
    check_settings("io.decode_and_crop_jpeg", channels, attrs)
    if window.shape is not None:
        _window("io.decode_and_crop_jpeg", window)
    return Spec((None, None, depth_of(channels)), dtypes.uint8)


crop_op: Op = define(
    "DecodeAndCropJpeg",
    types=(STRING, type_set(dtypes.int32)),
    kernel=_crop,
    infer=_infer_crop,
    attrs=_JPEG_ATTRS,
    quiet=False,
)


def decode_and_crop_jpeg(
    contents: Any,
    crop_window: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """A part of a JPEG file's pixels.

    Args:
        contents: as in `decode_jpeg`.
        crop_window: ``[top, left, height, width]``, int32.
        channels: as there, and so the others.

    Returns:
        uint8, ``(height, width, channels)`` of the window.

    Raises:
        InvalidArgumentError: where the window does not lie in the image.
    """
    settings = _jpeg_settings("io.decode_and_crop_jpeg", dict(locals()))
    window = to_tensor(crop_window, dtypes.int32)
    return crop_op.run(texts(contents), window, **settings)


def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """Whether strings begin as JPEG files do: booleans."""
    return equal(substr(contents, 0, 3), b"\xff\xd8\xff")


def _shape(contents: Array, output_type: DType = dtypes.int32) -> Array:
    check_scalar("io.extract_jpeg_shape", contents)
    data = contents.item()
    found = codecs.jpeg_size(data) if codecs.kind_of(data) == "jpeg" else None
    if found is None:
        raise codecs.refused(
            "io.extract_jpeg_shape", f"Invalid JPEG data, size {len(data)}"
        )
    return np.array(found, output_type.numpy_dtype)


shape_op: Op = define(
    "ExtractJpegShape",
    types=(STRING,),
    kernel=_shape,
    infer=lambda contents, output_type=dtypes.int32: Spec((3,), output_type),
    attrs={"output_type": dtypes.int32},
    quiet=False,
)


def extract_jpeg_shape(
    contents: Any, output_type: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """Height, width and channels of a JPEG file, without decoding it: ``(3,)``."""
    return shape_op.run(texts(contents), output_type=as_dtype(output_type))
