"""Images as files hold them: the ops that decode PNG, GIF, BMP, WebP, and any of all.

In flow strings of bytes, out tensors of pixels. `tf.io` and `tf.image` show these
functions; `jpeg_files` has the ops of JPEG.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import STRING, DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import image_codecs as codecs
from rillet.ops.host import integer
from rillet.ops.registry import Op, define
from rillet.ops.string_rules import not_allowed, texts

Array = np.ndarray[Any, Any]

_KNOWN: Final = "One of JPEG, PNG, GIF, BMP, WebP required"


def check_scalar(op: str, contents: Any) -> None:
    """Refuse several files where one is wanted."""
    if contents.shape:
        raise InvalidArgumentError(
            house_message(
                op, f"`contents` must be scalar but got shape{list(contents.shape)}"
            )
        )


def check_settings(op: str, channels: int, attrs: dict[str, Any]) -> None:
    """Refuse attributes that no file could be decoded with."""
    if channels not in (0, 1, 3, 4):
        raise codecs.refused(op, f"`channels` must be 0, 1, 3 or 4 but got {channels}")
    if attrs.get("ratio", 1) not in (1, 2, 4, 8):
        raise codecs.refused(op, "ratio must be 1, 2, 4 or 8", f"got {attrs['ratio']}")
    if attrs.get("dct_method", "") not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
        raise codecs.refused(
            op,
            "dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}",
            f"got {attrs['dct_method']!r}",
        )


def _typed(array: Array, dtype: DType) -> Array:
    """Pixels in the type asked for."""
    if dtype is dtypes.uint8:
        return array
    if dtype is dtypes.uint16:
        wide = array.astype(np.uint16)
        return wide if array.dtype == np.uint16 else wide << np.uint16(8)
    scale = np.float32(1) / np.float32(np.iinfo(array.dtype).max)
    return array.astype(np.float32) * scale


def decoded(
    op: str,
    contents: Array,
    channels: int = 0,
    dtype: DType = dtypes.uint8,
    animations: bool = False,
    allowed: str = "jpeg png gif webp",
    **attrs: Any,
) -> Array:
    """The pixels of any file: three dimensions, or four where it may be animated."""
    check_scalar(op, contents)
    check_settings(op, channels, attrs)
    data = contents.item()
    if not data:
        raise codecs.refused(op, "Input is empty.")
    kind = codecs.kind_of(data)
    if not kind:
        raise codecs.refused(op, f"Unknown image file format. {_KNOWN}.")
    if kind not in allowed.split():
        raise codecs.refused(
            op,
            f"Trying to decode {kind.upper()} format using a wrong op",
            "",
            f"Use `decode_{kind}` or `decode_image`",
        )
    if kind == "jpeg":
        ratio, recover = attrs.get("ratio", 1), attrs.get("try_recover_truncated")
        found = codecs.decode_jpeg(op, data, channels, ratio, bool(recover))
    elif kind == "png":
        deep = dtype is not dtypes.uint8 and codecs.is_deep(data)
        found = codecs.decode_png(op, data, channels, deep or dtype is dtypes.uint16)
    elif kind == "bmp":
        found = codecs.decode_bmp(op, data, channels)
    elif kind == "webp":
        if dtype is not dtypes.uint8:
            raise codecs.refused(op, "WebP only supports uint8 for dtype", dtype.name)
        found = codecs.decode_webp(op, data, channels, attrs.get("first_frame", False))
    else:
        if channels not in (0, 3):
            raise codecs.refused(op, f"channels must be 0 or 3 for GIF, got {channels}")
        found = codecs.decode_gif(op, data, attrs.get("first_frame", False))
        if not animations and len(found) > 1:
            raise codecs.refused(
                op,
                f"Got {len(found)} frames, but animated gifs can only be decoded by"
                " tf.io.decode_gif or tf.io.decode_image",
            )
    if kind == "gif" and not animations or attrs.get("first_frame"):
        found = found[0] if found.ndim == 4 else found
    return np.ascontiguousarray(_typed(found, dtype))


def depth_of(channels: int) -> int | None:
    """The size of the axis of channels, where it is known."""
    return channels or None


def _infer_png(contents: Spec, channels: int = 0, dtype: DType = dtypes.uint8) -> Spec:
    check_scalar("io.decode_png", contents)
    check_settings("io.decode_png", channels, {})
    return Spec((None, None, depth_of(channels)), dtype)


png_op: Op = define(
    "DecodePng",
    types=(STRING,),
    kernel=lambda contents, **attrs: decoded("io.decode_png", contents, **attrs),
    infer=_infer_png,
    attrs={"channels": 0, "dtype": dtypes.uint8},
    quiet=False,
)


def decode_png(
    contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None
) -> Tensor:
    """The pixels of a PNG file; of a JPEG, or of a GIF of one frame, too.

    Args:
        contents: the file, a scalar string.
        channels: 1, 3 or 4; 0 for what the file has.
        dtype: uint8 or uint16.
        name: ignored when eager.

    Returns:
        ``(height, width, channels)`` in that type.

    Raises:
        InvalidArgumentError: where the file is damaged or too large.

    Example:
        >>> import rillet as tf
        >>> file = tf.io.encode_png(tf.constant([[[7], [9]]], tf.uint8))
        >>> tf.io.decode_png(file).numpy().tolist()
        [[[7], [9]]]
    """
    kind = as_dtype(dtype)
    if kind not in (dtypes.uint8, dtypes.uint16):
        raise not_allowed("io.decode_png", "dtype", kind.name, ("uint8", "uint16"))
    count = integer("io.decode_png", "channels", channels or 0)
    return png_op.run(texts(contents), channels=count, dtype=kind)


def _infer_gif(contents: Spec) -> Spec:
    check_scalar("io.decode_gif", contents)
    return Spec((None, None, None, 3), dtypes.uint8)


def _gif(contents: Array) -> Array:
    found = decoded("io.decode_gif", contents, channels=3, animations=True)
    return found if found.ndim == 4 else found[None]


gif_op: Op = define(
    "DecodeGif", types=(STRING,), kernel=_gif, infer=_infer_gif, quiet=False
)


def decode_gif(contents: Any, name: str | None = None) -> Tensor:
    """The frames of a GIF file: uint8, ``(frames, height, width, 3)``."""
    return gif_op.run(texts(contents))


def _infer_bmp(contents: Spec, channels: int = 0) -> Spec:
    check_scalar("io.decode_bmp", contents)
    return Spec((None, None, depth_of(channels)), dtypes.uint8)


bmp_op: Op = define(
    "DecodeBmp",
    types=(STRING,),
    kernel=lambda contents, **attrs: decoded(
        "io.decode_bmp", contents, allowed="bmp", **attrs
    ),
    infer=_infer_bmp,
    attrs={"channels": 0},
    quiet=False,
)


def decode_bmp(contents: Any, channels: int = 0, name: str | None = None) -> Tensor:
    """The pixels of a BMP file: uint8, ``(height, width, channels)``."""
    count = integer("io.decode_bmp", "channels", channels or 0)
    return bmp_op.run(texts(contents), channels=count)


def _webp(contents: Array, channels: int = 0, dtype: DType = dtypes.uint8) -> Array:
    op = "io.decode_webp"
    return decoded(op, contents, channels, dtype, True, allowed="webp")


webp_op: Op = define(
    "DecodeWebP",
    types=(STRING,),
    kernel=_webp,
    infer=lambda contents, channels=0, dtype=dtypes.uint8: Spec(
        (None, None, None, depth_of(channels)), dtype
    ),
    attrs={"channels": 0, "dtype": dtypes.uint8},
    quiet=False,
)


def decode_webp(
    contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None
) -> Tensor:
    """The frames of a WebP file: uint8, ``(frames, height, width, channels)``."""
    count = integer("io.decode_webp", "channels", channels or 0)
    return webp_op.run(texts(contents), channels=count, dtype=as_dtype(dtype))


def _image(
    contents: Array,
    channels: int = 0,
    dtype: DType = dtypes.uint8,
    expand_animations: bool = True,
) -> Array:
    return decoded(
        "io.decode_image",
        contents,
        channels,
        dtype,
        expand_animations,
        "jpeg png gif bmp webp",
        first_frame=not expand_animations,
    )


def _infer_image(
    contents: Spec,
    channels: int = 0,
    dtype: DType = dtypes.uint8,
    expand_animations: bool = True,
) -> Spec:
    check_scalar("io.decode_image", contents)
    check_settings("io.decode_image", channels, {})
    dims = None if expand_animations else (None, None, depth_of(channels))
    return Spec(dims, dtype)


image_op: Op = define(
    "DecodeImage",
    types=(STRING,),
    kernel=_image,
    infer=_infer_image,
    attrs={"channels": 0, "dtype": dtypes.uint8, "expand_animations": True},
    quiet=False,
)


def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """The pixels of a JPEG, PNG, GIF, BMP or WebP file.

    Args:
        contents: the file, a scalar string.
        channels: 1, 3 or 4; 0 or None for what the file has.
        dtype: uint8, uint16, or float32 for values from 0 to 1.
        name: ignored when eager.
        expand_animations: whether GIF and WebP files give four dimensions, a frame
            each; else their first frame.

    Returns:
        ``(height, width, channels)``, or ``(frames, height, width, channels)``.

    Raises:
        InvalidArgumentError: where the file is damaged, unknown or too large.

    Example:
        >>> import rillet as tf
        >>> file = tf.io.encode_png(tf.constant([[[255], [0]]], tf.uint8))
        >>> tf.io.decode_image(file, dtype=tf.float32).numpy().tolist()
        [[[1.0], [0.0]]]
    """
    kind = as_dtype(dtype)
    if kind not in (dtypes.uint8, dtypes.uint16, dtypes.float32):
        names = ("uint8", "uint16", "float32")
        raise not_allowed("io.decode_image", "dtype", kind.name, names)
    return image_op.run(
        texts(contents),
        channels=integer("io.decode_image", "channels", channels or 0),
        dtype=kind,
        expand_animations=bool(expand_animations),
    )
