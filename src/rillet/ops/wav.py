"""WAV files: sound as samples, read and written.

In flow strings of bytes, out samples from -1 to 1, and back. `tf.audio` shows these.
"""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import STRING, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import integer
from rillet.ops.image_rules import typed
from rillet.ops.registry import Op, define
from rillet.ops.string_rules import filled, texts

Array = np.ndarray[Any, Any]

_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE


class Wav(NamedTuple):
    """What `decode_wav` gives."""

    audio: Tensor
    sample_rate: Tensor


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _chunks(data: bytes) -> tuple[tuple[int, int, int, int], bytes]:
    """Format, channels, rate and bits, and the bytes of samples."""
    op, form, at = "audio.decode_wav", None, 12
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _refused(op, "Header mismatch: Expected RIFF and WAVE", f"{data[:12]!r}")
    while at + 8 <= len(data):
        kind = data[at : at + 4]
        (size,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + size]
        if kind == b"fmt ":
            if len(body) < 16:
                raise _refused(op, "Bad format chunk size for WAV", f"{len(body)}")
            code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if code == _EXTENSIBLE and len(body) >= 26:
                (code,) = struct.unpack_from("<H", body, 24)
            form = (code, channels, rate, bits)
        elif kind == b"data":
            if form is None:
                raise _refused(op, "the samples stand before their format")
            if len(body) < size:
                raise _refused(
                    op, "Data too short when trying to read string", f"{size} bytes"
                )
            return form, body
        at += 8 + size + size % 2
    raise _refused(op, "No data chunk found in WAV")


def _samples(op: str, code: int, bits: int, body: bytes) -> Array:
    """All samples as floats from -1 to 1."""
    if code == _FLOAT and bits == 32:
        return np.frombuffer(body[: len(body) // 4 * 4], "<f4").astype(np.float32)
    if code == _PCM and bits == 16:
        whole = np.frombuffer(body[: len(body) // 2 * 2], "<i2")
        return whole.astype(np.float32) * np.float32(1 / 32768)
    if code == _PCM and bits == 8:
        return (np.frombuffer(body, np.uint8).astype(np.float32) - 128) / 128
    if code == _PCM and bits == 24:
        parts = np.frombuffer(body[: len(body) // 3 * 3], np.uint8).reshape(-1, 3)
        wide = np.zeros((len(parts), 4), np.uint8)
        wide[:, 1:] = parts
        return (wide.view("<i4")[:, 0] / 2**31).astype(np.float32)
    raise _refused(
        op,
        "Only 8-, 16- and 24-bit PCM and 32-bit float WAV files are supported",
        f"format {code}, {bits} bits",
    )


def _decode(
    contents: Array, desired_channels: int = -1, desired_samples: int = -1
) -> tuple[Array, Array]:
    op = "audio.decode_wav"
    _scalar(contents)
    (code, channels, rate, bits), body = _chunks(contents.item())
    if channels < 1:
        raise _refused(op, "the file has no channels", f"{channels}")
    flat = _samples(op, code, bits, body)
    count = len(flat) // channels
    audio = flat[: count * channels].reshape(count, channels)
    wanted = count if desired_samples == -1 else desired_samples
    width = channels if desired_channels == -1 else desired_channels
    out = np.zeros((wanted, width), np.float32)
    kept = min(count, wanted)
    out[:kept] = audio[:kept, np.minimum(np.arange(width), channels - 1)]
    return out, np.array(rate, np.int32)


def _scalar(contents: Any) -> None:
    if contents.shape:
        raise _refused(
            "audio.decode_wav",
            "Shape must be rank 0: contents must be scalar",
            f"{list(contents.shape)}",
        )


def _infer_decode(
    contents: Spec, desired_channels: int = -1, desired_samples: int = -1
) -> tuple[Spec, Spec]:
    _scalar(contents)
    dims = tuple(None if n == -1 else n for n in (desired_samples, desired_channels))
    return Spec(dims, dtypes.float32), Spec((), dtypes.int32)


decode_op: Op = define(
    "DecodeWav",
    types=(STRING,),
    kernel=_decode,
    infer=_infer_decode,
    attrs={"desired_channels": -1, "desired_samples": -1},
    outputs=2,
    quiet=False,
)


def decode_wav(
    contents: Any,
    desired_channels: int = -1,
    desired_samples: int = -1,
    name: str | None = None,
) -> Wav:
    """The samples of a WAV file.

    Args:
        contents: the file, a scalar string.
        desired_channels: how many channels to give, the last repeated; -1 for those
            that are there.
        desired_samples: how many samples to give, zeros after the last; -1 for those
            that are there.
        name: ignored when eager.

    Returns:
        `audio`, float32 from -1 to 1, ``(samples, channels)``, and `sample_rate`.

    Raises:
        InvalidArgumentError: where the file is damaged or of another kind.

    Example:
        >>> import rillet as tf
        >>> file = tf.audio.encode_wav([[0.5], [-0.5]], 16000)
        >>> audio, rate = tf.audio.decode_wav(file)
        >>> audio.numpy().tolist(), int(rate)
        ([[0.5], [-0.5]], 16000)
    """
    op = "audio.decode_wav"
    return Wav(
        *decode_op(
            texts(contents),
            desired_channels=integer(op, "desired_channels", desired_channels),
            desired_samples=integer(op, "desired_samples", desired_samples),
        )
    )


def _check_audio(audio: Any) -> None:
    if audio.shape is not None and len(audio.shape) != 2:
        raise _refused(
            "audio.encode_wav", "audio must be 2-dimensional", f"{list(audio.shape)}"
        )


def _encode(audio: Array, rate: Array) -> Array:
    _check_audio(audio)
    hertz, channels = int(rate), audio.shape[1]
    if channels == 0 or hertz <= 0:
        raise _refused(
            "audio.encode_wav",
            "there must be channels and a sample rate",
            f"{channels} channels, {hertz} samples a second",
        )
    scaled = np.nan_to_num(audio) * np.float32(32768)
    nearest = np.copysign(np.floor(np.abs(scaled) + np.float32(0.5)), scaled)
    body = np.clip(nearest, -32768, 32767).astype("<i2").tobytes()
    form = struct.pack(
        "<HHIIHH", _PCM, channels, hertz, hertz * channels * 2, channels * 2, 16
    )
    head = b"WAVEfmt " + struct.pack("<I", 16) + form
    whole = head + b"data" + struct.pack("<I", len(body)) + body
    return filled([b"RIFF" + struct.pack("<I", len(whole)) + whole], ())


def _infer_encode(audio: Spec, rate: Spec) -> Spec:
    _check_audio(audio)
    return Spec((), dtypes.string)


encode_op: Op = define(
    "EncodeWav",
    types=(type_set(dtypes.float32), type_set(dtypes.int32)),
    kernel=_encode,
    infer=_infer_encode,
)


def encode_wav(audio: Any, sample_rate: Any, name: str | None = None) -> Tensor:
    """Samples as a WAV file of 16 bits.

    Args:
        audio: float32 from -1 to 1, ``(samples, channels)``; cut off beyond.
        sample_rate: samples a second, int32.
        name: ignored when eager.

    Returns:
        A scalar string.

    Raises:
        InvalidArgumentError: for other shapes.
    """
    return encode_op(typed(audio, dtypes.float32), typed(sample_rate, dtypes.int32))
