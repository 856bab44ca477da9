"""PNG files of 16 bits with every filter, and files that claim more than they hold."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

import rillet as tf
from rillet.ops import png


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file."""
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def written(image: np.ndarray, kinds: np.ndarray) -> bytes:
    """A file of 16 bits whose rows have given filters, by the format's definition."""
    height, width, channels = image.shape
    step = 2 * channels
    rows = np.zeros((height + 1, width * step + step), np.int64)
    rows[1:, step:] = image.astype(">u2").reshape(height, -1).view(np.uint8)
    lines = []
    for y, kind in enumerate(kinds.tolist()):
        a, b, c = rows[y + 1, :-step], rows[y, step:], rows[y, :-step]
        near = [abs(a + b - c - one) for one in (a, b, c)]
        paeth = np.choose(np.argmin(near, axis=0), [a, b, c])
        guess = [0 * a, a, b, (a + b) // 2, paeth][kind]
        found = (rows[y + 1, step:] - guess) % 256
        lines.append(bytes([kind]) + bytes(found.tolist()))
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"".join(lines)))
    return png.SIGNATURE + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 40, 3), (70, 1, 2), (30, 17, 1), (40, 25, 3), (33, 50, 4)]
)
@pytest.mark.parametrize("kind", [None, 0, 1, 2, 3, 4])
def test_takes_filters_off(shape: tuple[int, ...], kind: int | None) -> None:
    chance = np.random.default_rng(3)
    image = chance.integers(0, 65536, shape).astype(np.uint16)
    kinds = chance.integers(0, 5, shape[0])
    if kind is not None:
        kinds[:] = kind
    found = tf.io.decode_png(written(image, kinds), dtype=tf.uint16)
    np.testing.assert_array_equal(found.numpy(), image)


def test_refuses_an_unknown_filter() -> None:
    data = written(np.zeros((2, 2, 1), np.uint16), np.array([0, 4]))
    at = data.index(b"IDAT") + 4
    raw = bytearray(zlib.decompress(data[at:-16]))
    raw[5] = 5
    changed = chunk(b"IDAT", zlib.compress(bytes(raw)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid PNG data"):
        tf.io.decode_png(data[: at - 8] + changed + data[-12:], dtype=tf.uint16)


@pytest.mark.parametrize("depth", [1, 8, 16])
def test_claims_too_much(depth: int) -> None:
    """A head of 11,000 by 11,000 pixels over some bytes: nothing is made for it."""
    head = struct.pack(">IIBBBBB", 11000, 11000, depth, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(100)))
    data = png.SIGNATURE + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid PNG data"):
        tf.io.decode_png(data)


@pytest.mark.parametrize("depth", [8, 16])
def test_unpacks_no_more_than_the_head_says(depth: int) -> None:
    """One pixel, and pixels packed that would fill 200 MB."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(200)]
    body = chunk(b"IDAT", b"".join(parts) + packer.flush())
    head = struct.pack(">IIBBBBB", 1, 1, depth, 0, 0, 0, 0)
    data = png.SIGNATURE + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")
    assert tf.io.decode_png(data).numpy().tolist() == [[[0]]]
