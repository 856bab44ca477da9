"""`tf.summary.scalar`, `histogram`, `image`, `text` and `audio`.

In: data in memory. Out: through `writing`, events that TensorBoard's plugins show. The
pictures and sounds in them are PNG and WAV.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.checkpoint.wire import Record
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, float32, float64, string, uint8
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.events.messages import plugin
from rillet.events.writing import add_event, checked_rank, summary_scope, value_event
from rillet.ops.elementwise import cast
from rillet.ops.image_types import convert_image_dtype

Array = np.ndarray[Any, Any]
_CHANNELS = {1: 0, 3: 2, 4: 6, 2: 4}
_WAV = b"\x10\x0b"


def _shown(
    name: str,
    kind: str,
    data: Any,
    step: Any,
    metadata: Record,
    encode: Callable[[Array], Array],
    dtype: Any,
) -> Any:
    """One summary: the array that `encode` makes of the data, under the name's tag."""
    with summary_scope(name, f"{kind}_summary") as (tag, _):
        return add_event(
            lambda array: value_event(tag, encode(array), dtype, metadata),
            [data],
            step,
            f"summary.{kind} {tag}",
        )


def scalar(name: str, data: Any, step: Any = None, description: Any = None) -> Any:
    """Write a number, which TensorBoard shows as a curve over the steps.

    Args:
        name: its name.
        data: a scalar of any numeric type; written as float32.
        step: the step; that of the writer's block where None.
        description: Markdown text that is shown with it.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Raises:
        ValueError: where the data is no scalar, or there is a writer and no step.

    Example:
        >>> import rillet as tf
        >>> bool(tf.summary.scalar("loss", 0.5, step=1))  # there is no writer
        False
    """
    tensor = to_tensor(data)
    checked_rank("summary.scalar", tensor.shape, 0, "Expected scalar shape")
    metadata = plugin("scalars", b"", description)
    value = cast(tensor, float32)
    return _shown(name, "scalar", value, step, metadata, _one_number, float32)


def _one_number(array: Array) -> Array:
    if array.ndim:
        raise ValueError(
            house_message(
                "summary.scalar", f"Expected scalar shape, saw shape: {array.shape}"
            )
        )
    return array


def histogram(
    name: str,
    data: Any,
    step: Any = None,
    buckets: int | None = None,
    description: Any = None,
) -> Any:
    """Write how many of some values lie where.

    Args:
        name: its name.
        data: numbers, of any shape. Those that are not finite are not counted.
        step: the step; that of the writer's block where None.
        buckets: into how many buckets of one width they fall; 30 where None.
        description: Markdown text that is shown with it.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Example:
        >>> import rillet as tf
        >>> bool(tf.summary.histogram("kernel", tf.range(10.0), step=1))  # no writer
        False
    """
    count = 30 if buckets is None else int(buckets)
    metadata = plugin("histograms", b"", description)
    value = cast(to_tensor(data), float64)
    return _shown(
        name, "histogram", value, step, metadata, lambda a: counted(a, count), float64
    )


def counted(values: Array, buckets: int) -> Array:
    """Values in buckets of one width.

    Args:
        values: numbers.
        buckets: how many buckets.

    Returns:
        For each bucket its left end, its right end and its count: ``(buckets, 3)``,
        float64. Where all values are one, the last bucket holds them.

    Example:
        >>> counted(np.array([0.0, 1.0, 4.0]), 2).tolist()
        [[0.0, 2.0, 2.0], [2.0, 4.0, 1.0]]
    """
    flat = np.asarray(values, np.float64).reshape(-1)
    flat = flat[np.isfinite(flat)]
    out = np.zeros((max(buckets, 0), 3))
    if not flat.size or buckets <= 0:
        return out
    low, high = float(flat.min()), float(flat.max())
    if low == high:
        out[:, :2] = low
        out[-1, 2] = flat.size
        return out
    # halves, since the whole range may be past the greatest number
    place = (flat / 2 - low / 2) / (high / 2 - low / 2) * buckets
    index = np.minimum(place.astype(np.int64), buckets - 1)
    parts = np.arange(buckets + 1) / buckets
    edges = low * (1 - parts) + high * parts
    out[:, 0], out[:, 1] = edges[:-1], edges[1:]
    out[:, 2] = np.bincount(index, minlength=buckets)
    return out


def image(
    name: str,
    data: Any,
    step: Any = None,
    max_outputs: int = 3,
    description: Any = None,
) -> Any:
    """Write pictures.

    Args:
        name: their name.
        data: ``(pictures, height, width, channels)`` with 1 to 4 channels: floats in
            [0, 1], or whole numbers that fill their type's range, such as uint8.
        step: the step; that of the writer's block where None.
        max_outputs: how many of the pictures are written, at most.
        description: Markdown text that is shown with them.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Raises:
        ValueError: where the data is of another rank or has other channels.

    Example:
        >>> import rillet as tf
        >>> noise = tf.random.uniform((1, 4, 4, 3), seed=1)
        >>> bool(tf.summary.image("noise", noise, step=1))  # there is no writer
        False
    """
    tensor = to_tensor(data)
    checked_rank("summary.image", tensor.shape, 4, "data must have rank 4")
    metadata = plugin("images", b"", description)

    def encode(array: Array) -> Array:
        shown = convert_image_dtype(Tensor(array[:max_outputs]), uint8, saturate=True)
        sizes = [str(array.shape[2]).encode(), str(array.shape[1]).encode()]
        return _texts([*sizes, *[png(a) for a in shown.numpy()]])

    return _shown(name, "image", tensor, step, metadata, encode, string)


def png(pixels: Array) -> bytes:
    """A picture as PNG.

    Args:
        pixels: ``(height, width, channels)``, uint8, with 1 to 4 channels: grey, grey
            and alpha, colour, colour and alpha.

    Raises:
        ValueError: where there are no such channels.

    Source: the PNG specification, www.w3.org/TR/png, sections 5 and 9 to 11.
    """
    height, width, channels = pixels.shape
    if channels not in _CHANNELS:
        raise ValueError(
            house_message(
                "summary.image",
                "a picture has 1, 2, 3 or 4 channels",
                f"got {channels}",
                "The last axis is that of the channels",
            )
        )
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = pixels.reshape(height, width * channels)
    head = struct.pack(">IIBBBBB", width, height, 8, _CHANNELS[channels], 0, 0, 0)
    body = zlib.compress(rows.tobytes())
    parts = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def text(name: str, data: Any, step: Any = None, description: Any = None) -> Any:
    """Write text, which TensorBoard shows as Markdown, a tensor of it as a table.

    Args:
        name: its name.
        data: strings, of any shape.
        step: the step; that of the writer's block where None.
        description: Markdown text that is shown with it.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Example:
        >>> import rillet as tf
        >>> bool(tf.summary.text("note", "**bold**", step=1))  # there is no writer
        False
    """
    metadata = plugin("text", b"", description)
    value = to_tensor(data, string)
    return _shown(name, "text", value, step, metadata, lambda a: a, string)


def audio(
    name: str,
    data: Any,
    sample_rate: int,
    step: Any = None,
    max_outputs: int = 3,
    encoding: str | None = None,
    description: Any = None,
) -> Any:
    """Write sounds.

    Args:
        name: their name.
        data: ``(sounds, frames, channels)``, float32 in [-1, 1].
        sample_rate: frames a second.
        step: the step; that of the writer's block where None.
        max_outputs: how many of the sounds are written, at most.
        encoding: ``"wav"``, the only one, or None.
        description: Markdown text that is shown with them.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Raises:
        ValueError: where the data is of another rank, or the encoding is unknown.

    Example:
        >>> import rillet as tf
        >>> silence = tf.zeros((1, 100, 1))
        >>> bool(tf.summary.audio("silence", silence, 8000, step=1))  # no writer
        False
    """
    if encoding not in (None, "wav"):
        raise ValueError(
            house_message("summary.audio", "Unknown encoding", f"{encoding!r}")
        )
    tensor = cast(to_tensor(data), as_dtype("float32"))
    checked_rank("summary.audio", tensor.shape, 3, "data must have rank 3")
    metadata = plugin("audio", _WAV, description)
    rate = int(sample_rate)

    def encode(array: Array) -> Array:
        found = [[wav(sound, rate), b""] for sound in array[:max_outputs]]
        flat = _texts([part for pair in found for part in pair])
        return flat.reshape(len(found), 2)

    return _shown(name, "audio", tensor, step, metadata, encode, string)


def wav(frames: Array, rate: int) -> bytes:
    """A sound as WAV, in 16 bits.

    Args:
        frames: ``(frames, channels)``, floats; what is past [-1, 1] is cut.
        rate: frames a second.
    """
    whole = np.clip(np.rint(np.nan_to_num(frames) * 32768.0), -32768, 32767)
    data = whole.astype("<i2").tobytes()
    size = 2 * frames.shape[1]
    form = struct.pack("<HHIIHH", 1, frames.shape[1], rate, rate * size, size, 16)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body = head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _texts(values: list[bytes]) -> Array:
    out = np.empty(len(values), object)
    out[:] = values
    return out
