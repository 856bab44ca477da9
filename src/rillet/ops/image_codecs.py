"""Files of images into arrays and back: JPEG, PNG, GIF, BMP, WebP.

Bytes flow in, uint8 or uint16 arrays out. Pillow decodes JPEG, GIF, WebP and PNG of up
to 8 bits; it is loaded with the first such file. Sizes are read from a file's head and
checked before anything is decoded. `image_files` makes ops of these functions.
"""

from __future__ import annotations

import importlib
import io
import struct
from typing import Any, Final

import numpy as np

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.ops import gif, png

Array = np.ndarray[Any, Any]

#: More values than this in one file are refused, as TensorFlow does.
MOST_VALUES: Final = 1 << 29
#: How many bytes one of zlib's can stand for: nothing is unpacked that lacks too many.
_MOST_PACKED: Final = 1032
#: libpng's weights of red, green and blue in grey, by 2^15, and what it rounds with.
_GREY: Final = np.array([9797, 19234, 3737], np.int64)


def refused(
    op: str, rule: str, values: str = "", fix: str = ""
) -> InvalidArgumentError:
    """The error for a file that cannot be decoded."""
    return InvalidArgumentError(house_message(op, rule, values, fix))


def _pillow(op: str, module: str) -> Any:
    try:
        return importlib.import_module(f"PIL.{module}")
    except ImportError:
        raise ImportError(
            house_message(
                op, "Pillow, which decodes images, is missing", "", "pip install pillow"
            )
        ) from None


def kind_of(data: bytes) -> str:
    """The format that a file's first bytes tell; empty for none known."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == png.SIGNATURE:
        return "png"
    if data[:4] == b"GIF8":
        return "gif"
    if data[:2] == b"BM":
        return "bmp"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return ""


def _checked_size(op: str, width: int, height: int, values: int) -> None:
    if width <= 0 or height <= 0:
        raise refused(op, "the image has no size", f"{width}x{height}")
    if width * height * values > MOST_VALUES:
        raise refused(
            op,
            "the image is too large to decode",
            f"it is {width}x{height} with {values} values a pixel, at most"
            f" {MOST_VALUES} values are decoded",
        )


def jpeg_size(data: bytes) -> tuple[int, int, int] | None:
    """Height, width and channels of a JPEG file; None where its head is damaged."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (0x01, *range(0xD0, 0xD9)):
            at += 2
            continue
        (size,) = struct.unpack_from(">H", data, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width, data[at + 9]
        at += 2 + size
    return None


def _bad_jpeg(op: str) -> InvalidArgumentError:
    return refused(op, "jpeg::Uncompress failed. Invalid JPEG data or crop window.")


def decode_jpeg(
    op: str, data: bytes, channels: int, ratio: int = 1, recover: bool = False
) -> Array:
    """A JPEG file as ``(height, width, channels)``, uint8.

    Args:
        op: whom errors name.
        data: the file.
        channels: 1, 3, or 0 for as many as the file has.
        ratio: 1, 2, 4 or 8: decode to so much less height and width.
        recover: fill what a cut file lacks, instead of refusing it.
    """
    if channels == 4:
        raise refused(op, "JPEG does not support 4 channels")
    size = jpeg_size(data)
    if size is None:
        raise _bad_jpeg(op)
    height, width, found = size
    _checked_size(op, width, height, max(found, 3))
    wanted = channels or min(found, 3)
    if wanted == 1 and found == 4:
        raise _bad_jpeg(op)
    plugin = _pillow(op, "JpegImagePlugin")
    if recover:
        data += b"\xff\xd9"
    try:
        image = plugin.JpegImageFile(io.BytesIO(data))
        mode = "L" if wanted == 1 else "RGB"
        small = (max(width // ratio, 1), max(height // ratio, 1))
        image.draft(None if found == 4 else mode, small if ratio > 1 else image.size)
        exact = (-(-width // ratio), -(-height // ratio))
        image = image.convert(mode)
        if image.size != exact:
            image = image.resize(exact, 4, reducing_gap=None)
        array = np.asarray(image)
    except (OSError, SyntaxError, ValueError, struct.error, IndexError) as error:
        raise _bad_jpeg(op) from error
    return array[..., None] if wanted == 1 else array


def _bad_png(op: str, data: bytes) -> InvalidArgumentError:
    return refused(op, f"Invalid PNG data, size {len(data)}")


def decode_png(op: str, data: bytes, channels: int, deep: bool) -> Array:
    """A PNG file as ``(height, width, channels)``, uint16 where `deep`, else uint8."""
    head = png.header(data)
    if head is None:
        raise _bad_png(op, data)
    width, height, depth = head[:3]
    _checked_size(op, width, height, 4)
    if len(data) * _MOST_PACKED < width * height * depth // 8:
        raise _bad_png(op, data)
    try:
        if depth == 16:
            array = png.decoded_deep(data)
        else:
            plain = _plain_png(op, data, head)
            array = _shallow_png(op, data, channels == 4) if plain is None else plain
    except (OSError, SyntaxError, ValueError, struct.error, IndexError) as error:
        raise _bad_png(op, data) from error
    # libpng mixes, then widens or narrows; so do we, and round where it does. What is
    # opaque TensorFlow takes from the file's depth, before libpng widens that.
    array = _with_channels(array, channels, (1 << depth) - 1)
    if deep and array.dtype == np.uint8:
        array = array.astype(np.uint16) * 257
    if not deep and array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    return array


def _plain_png(op: str, data: bytes, head: tuple[int, ...]) -> Array | None:
    """The pixels of a file that holds nothing but 8 bits of colour; None for others.

    Pillow unpacks them, without making an image file of the bytes, which for small
    images takes most of the time.
    """
    width, height, depth, color, laced = head
    channels = png.CHANNELS[color]
    if depth != 8 or laced or color == 3:
        return None
    packed = png.lone_pixels(data)
    if packed is None:
        return None
    mode = ("L", "LA", "RGB", "RGBA")[channels - 1]
    image = _pillow(op, "Image")
    try:
        found = image.frombytes(mode, (width, height), packed, "zip", mode, 0)
    except ValueError:
        return None
    pixels = np.frombuffer(found.tobytes(), np.uint8)
    return pixels.reshape(height, width, channels)


def _shallow_png(op: str, data: bytes, alpha: bool) -> Array:
    """The pixels of a file of up to 8 bits; its clear colour counts with `alpha`."""
    image = _pillow(op, "PngImagePlugin").PngImageFile(io.BytesIO(data))
    image.load()
    clear = "transparency" in image.info
    if image.mode == "P" or (clear and alpha):
        return np.asarray(image.convert("RGBA" if clear else "RGB"))
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("L")
    array = np.asarray(image)
    return array[..., None] if array.ndim == 2 else array


def _with_channels(array: Array, channels: int, opaque: int = 255) -> Array:
    """Values with 1, 3 or 4 channels; 0 for those that are there."""
    have = array.shape[-1]
    if channels in (0, have):
        return array
    most = np.iinfo(array.dtype).max
    color = array[..., : have - 1] if have in (2, 4) else array
    alpha = array[..., have - 1 :] if have in (2, 4) else None
    if channels == 1:
        if color.shape[-1] == 3:
            wide = color.astype(np.int64)
            mixed = sum(wide[..., i] * _GREY[i] for i in range(3))
            half = 16384 if most > 255 else 0
            color = ((mixed + half) >> 15).astype(array.dtype)[..., None]
        return color
    if color.shape[-1] == 1:
        color = np.repeat(color, 3, axis=-1)
    if channels == 3:
        return np.ascontiguousarray(color)
    if alpha is None:
        alpha = np.full((*color.shape[:-1], 1), opaque, array.dtype)
    return np.concatenate([color, alpha], axis=-1)


def decode_gif(op: str, data: bytes, first: bool = False) -> Array:
    """A GIF file as ``(frames, height, width, 3)``, uint8; the first alone on demand.

    A frame lies on what the frames before it left, as in TensorFlow, which does not
    dispose of them.
    """
    found = gif.frames_of(data)
    if not found:
        raise _bad_gif(op, data, "failed to slurp gif file: no image is whole")
    height, width = _largest(found)
    _checked_size(op, width, height, 3)
    most = MOST_VALUES // (3 * width * height)
    pixels = sum([frame.height * frame.width for frame in found])
    if pixels > MOST_VALUES if first else len(found) > most:
        raise refused(op, "the frames are too many to decode", f"{most} fit")
    plugin = _pillow(op, "GifImagePlugin")
    whole: list[Array] = []
    for frame in found:
        try:
            numbers = gif.pixels(plugin, frame)
            # Of later frames only whether they are whole matters, where one is wanted.
            whole.append(whole[0] if first and whole else numbers)
        except (OSError, SyntaxError, ValueError, struct.error, IndexError) as error:
            if not whole:
                why = f"failed to slurp gif file: {error}"
                raise _bad_gif(op, data, why) from error
            # TensorFlow gives what comes before the damage.
            break
    below = np.zeros((*_largest(found[: len(whole)]), 3), np.uint8)
    frames: list[Array] = []
    for frame, numbers in zip(found, whole[:1] if first else whole, strict=False):
        try:
            below = gif.laid(below, frame, numbers)
        except ValueError as error:
            raise _bad_gif(op, data, f"{error} for frame {len(frames)}") from error
        frames.append(below)
    return np.stack(frames)


def _largest(frames: list[gif.Frame]) -> tuple[int, int]:
    """The height and width that hold each frame by itself."""
    return max(f.height for f in frames), max(f.width for f in frames)


def _bad_gif(op: str, data: bytes, why: str) -> InvalidArgumentError:
    return refused(op, f"Invalid GIF data (size {len(data)}), {why}")


def decode_webp(op: str, data: bytes, channels: int, first: bool = False) -> Array:
    """A WebP file as ``(frames, height, width, channels)``, uint8."""
    plugin = _pillow(op, "WebPImagePlugin")
    try:
        image = plugin.WebPImageFile(io.BytesIO(data))
        width, height = image.size
        count = 1 if first else int(image.n_frames)
        animated = int(image.n_frames) > 1
        _checked_size(op, width, height, 4 * count)
        found = 4 if animated or image.mode == "RGBA" else 3
        if channels not in (0, found):
            raise refused(
                op,
                "Number of channels requested does not match input",
                f"the file has {found}, channels={channels}",
            )
        frames = []
        for k in range(count):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGBA" if found == 4 else "RGB")))
    except (OSError, SyntaxError, ValueError, struct.error, EOFError) as error:
        raise refused(op, "Invalid WebP data", f"size {len(data)}: {error}") from error
    return np.stack(frames)


def decode_bmp(op: str, data: bytes, channels: int) -> Array:
    """A BMP file without compression as ``(height, width, channels)``, uint8."""
    if channels == 1:
        raise refused(op, f"`channels` must be 0, 3 or 4 for BMP, but got {channels}")
    if len(data) < 32:
        raise refused(
            op, "Incomplete bmp content, requires at least 32 bytes", f"got {len(data)}"
        )
    start, _, width, height, _, bits = struct.unpack_from("<iiiiHH", data, 10)
    found = bits // 8
    if bits not in (8, 24, 32):
        raise refused(op, "a BMP file has 8, 24 or 32 bits a pixel", f"it has {bits}")
    down, rows = height < 0, abs(height)
    _checked_size(op, width, rows, max(found, channels, 1))
    line = (width * found + 3) // 4 * 4
    if start < 0 or len(data) - start < line * rows:
        raise refused(
            op,
            "Incomplete bmp content",
            f"{line * rows} bytes of pixels are needed, {len(data) - start} are there",
        )
    pixels = np.frombuffer(data, np.uint8, line * rows, start).reshape(rows, line)
    array = pixels[:, : width * found].reshape(rows, width, found)
    array = array if down else array[::-1]
    if found >= 3:
        array = array[..., [2, 1, 0, 3][:found]]
    return np.ascontiguousarray(_with_channels(array, channels))


def encode_jpeg(array: Array, **options: Any) -> bytes:
    """``(height, width, 1 or 3)`` as a JPEG file, with Pillow's options."""
    image = _pillow("io.encode_jpeg", "Image")
    out = io.BytesIO()
    plain = array[..., 0] if array.shape[-1] == 1 else array
    image.fromarray(np.ascontiguousarray(plain)).save(out, "JPEG", **options)
    return out.getvalue()


def is_deep(data: bytes) -> bool:
    """Whether a PNG file has 16 bits a value."""
    head = png.header(data)
    return head is not None and head[2] == 16
