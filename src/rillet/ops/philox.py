"""Philox4x32-10, TensorFlow's counter-based generator, on NumPy arrays.

In: a `Stream` (64-bit key, 128-bit counter) and how many values are wanted. Out:
flat NumPy arrays of raw bits, uniforms, integers, normals or truncated normals,
laid out as TensorFlow's CPU kernels lay them out: value ``4 i + j`` is word ``j``
of counter ``i``, whatever the number of threads. Called by `samplers`, by the op
records in `random` and `stateless_random`, and by `generator`.

Source: Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3
(SC 2011), for the rounds and their constants.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from rillet.core import threads
from rillet.ops.circle import sine_and_cosine

Array = np.ndarray[Any, Any]

_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF
_MASK128 = (1 << 128) - 1
_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_KEY_STEPS = (
    np.arange(_ROUNDS, dtype=np.uint64)[:, None, None]
    * np.array(_WEYL, np.uint64)[None, :, None]
)
_LOW = np.uint64(_MASK32)
_WORD = np.uint64(32)
# Counters worked on at once: six uint64 work arrays of this length stay in L2, and
# each call of NumPy is long enough for threads not to wait for Python's lock.
_CHUNK = 16384
# Up to this many blocks plain integers beat the fixed cost of NumPy's calls.
_FEW = 4
# What a kernel reserves for each output, so that rejection never runs into the
# next output's words.
RESERVED_PER_OUTPUT = 256
# The key under which a user's seed pair is scrambled into a stream.
_SCRAMBLE_KEY = 0x02461E293EC8F720
# Box-Muller never takes the logarithm of less than this.
_TINY_UNIFORM = 1.0e-7

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOAT_TYPES = (
    np.dtype(np.float16),
    BFLOAT16,
    np.dtype(np.float32),
    np.dtype(np.float64),
)


class Stream(NamedTuple):
    """A position in one of the 2**64 sequences of Philox.

    Args:
        key: names the sequence, 64 bits.
        counter: index of the next block of four 32-bit words, 128 bits.
    """

    key: int
    counter: int

    def skip(self, blocks: int) -> Stream:
        """Return the stream `blocks` blocks of 128 bits further on."""
        return Stream(self.key, (self.counter + blocks) & _MASK128)


def from_seeds(seed: int, seed2: int) -> Stream:
    """Return the stream of a stateful op with the attributes `seed` and `seed2`."""
    return Stream(seed & _MASK64, (seed2 & _MASK64) << 64)


def from_state(state: Array) -> Stream:
    """Return the stream held in a generator's state.

    Args:
        state: shape (3,) or longer, int64 or uint64: counter low, high, key.
    """
    low, high, key = (int(word) & _MASK64 for word in state[:3])
    return Stream(key, high << 64 | low)


def scramble(seed: Array) -> Stream:
    """Return the stream of a stateless op: the seed pair is mixed by Philox itself.

    Args:
        seed: shape (2,), any integer type; both halves may be weak.
    """
    first, second = (int(word) & _MASK64 for word in seed)
    words = blocks(Stream(_SCRAMBLE_KEY, second << 64 | first), 1)[0]
    mixed = [int(word) for word in words]
    return Stream(mixed[1] << 32 | mixed[0], (mixed[3] << 32 | mixed[2]) << 64)


class _Workspace(threading.local):
    """Work arrays of one thread, made once and reused by every call."""

    def __init__(self) -> None:
        self.even = np.empty((2, _CHUNK), np.uint64)
        self.odd = np.empty((2, _CHUNK), np.uint64)
        self.product = np.empty((2, _CHUNK), np.uint64)
        self.steps = np.arange(_CHUNK, dtype=np.uint64)


_workspace = _Workspace()


def _mix(key: int, even: Array, odd: Array, product: Array, out: Array) -> None:
    """Run the ten rounds over n counters at once.

    Args:
        key: 64-bit key.
        even: words 0 and 2 of each counter, uint64 (2, n); overwritten.
        odd: words 1 and 3 likewise.
        product: work space, uint64 (2, n).
        out: uint32 array (n, 4) that takes the result.
    """
    halves = np.array([[[key & _MASK32], [key >> 32]]], np.uint64)
    crossed = product[::-1]
    for round_key in (halves + _KEY_STEPS) & _LOW:
        np.multiply(even, _MULTIPLIERS, out=product)
        np.right_shift(crossed, _WORD, out=even)
        np.bitwise_xor(even, odd, out=even)
        np.bitwise_xor(even, round_key, out=even)
        np.bitwise_and(crossed, _LOW, out=odd)
    out[:, 0::2] = even.T
    out[:, 1::2] = odd.T


def _mix_one(stream: Stream) -> tuple[int, int, int, int]:
    """Run the ten rounds over one counter, without NumPy's cost for each call."""
    key, counter = stream
    k0, k1 = key & _MASK32, key >> 32
    x0, x1 = counter & _MASK32, counter >> 32 & _MASK32
    x2, x3 = counter >> 64 & _MASK32, counter >> 96
    for _ in range(_ROUNDS):
        p0, p1 = x0 * 0xD2511F53, x2 * 0xCD9E8D57
        x0, x1 = p1 >> 32 ^ x1 ^ k0, p1 & _MASK32
        x2, x3 = p0 >> 32 ^ x3 ^ k1, p0 & _MASK32
        k0, k1 = k0 + _WEYL[0] & _MASK32, k1 + _WEYL[1] & _MASK32
    return x0, x1, x2, x3


def _mix_at(stream: Stream, offsets: Array, out: Array) -> None:
    """Mix the counters ``stream.counter + offsets``, at most `_CHUNK` of them."""
    n = len(offsets)
    if n <= _FEW:
        for row, offset in enumerate(offsets):
            out[row] = _mix_one(stream.skip(int(offset)))
        return
    even = _workspace.even[:, :n]
    odd = _workspace.odd[:, :n]
    product = _workspace.product[:, :n]
    low, high = stream.counter & _MASK64, stream.counter >> 64
    position = product[0]
    np.add(offsets, np.uint64(low), out=position)
    np.bitwise_and(position, _LOW, out=even[0])
    np.right_shift(position, _WORD, out=odd[0])
    even[1].fill(high & _MASK32)
    odd[1].fill(high >> 32)
    if low and int(offsets.max()) + low > _MASK64:
        wrapped = position < np.uint64(low)
        above = (high + 1) & _MASK64
        even[1][wrapped] = above & _MASK32
        odd[1][wrapped] = above >> 32
    _mix(stream.key, even, odd, product, out)


def blocks(stream: Stream, count: int) -> Array:
    """Return `count` consecutive blocks: uint32, shape (count, 4)."""
    out = np.empty((count, 4), np.uint32)

    def run(start: int, part: Array) -> None:
        _mix_at(stream.skip(start), _workspace.steps[: len(part)], part)

    _over_chunks(run, out)
    return out


def _over_chunks(run: Callable[[int, Array], None], out: Array) -> None:
    """Calls `run` with the place and the rows of every chunk of `out`, over threads."""

    def block(i: int) -> None:
        run(i * _CHUNK, out[i * _CHUNK : (i + 1) * _CHUNK])

    threads.parallel(block, -(-len(out) // _CHUNK))


def blocks_at(stream: Stream, offsets: Array) -> Array:
    """Return the blocks at `offsets` from the stream's position.

    Args:
        stream: where to count from.
        offsets: shape (n,), uint64.

    Returns:
        uint32, shape (n, 4).
    """
    out = np.empty((len(offsets), 4), np.uint32)
    for start in range(0, len(offsets), _CHUNK):
        part = slice(start, start + _CHUNK)
        _mix_at(stream, offsets[part], out[part])
    return out


def per_block(dtype: np.dtype[Any]) -> int:
    """Return how many values of `dtype` TensorFlow makes of one block: 4 or 2."""
    return 2 if dtype.itemsize == 8 else 4


def uniforms_of(words: Array, dtype: np.dtype[Any]) -> Array:
    """Turn blocks into uniforms in [0, 1): the low bits become the mantissa.

    Args:
        words: uint32, shape (n, 4); may be overwritten.
        dtype: one of `FLOAT_TYPES`.

    Returns:
        shape (n, 4), or (n, 2) for float64.
    """
    if dtype == np.float32:
        np.bitwise_and(words, np.uint32(0x7FFFFF), out=words)
        np.bitwise_or(words, np.uint32(0x3F800000), out=words)
        single = words.view(np.float32)
        return np.subtract(single, np.float32(1), out=single)
    if dtype == np.float64:
        bits = (words[:, 0::2] & np.uint32(0xFFFFF)).astype(np.uint64)
        bits <<= _WORD
        bits |= words[:, 1::2]
        bits |= np.uint64(1023 << 52)
        double = bits.view(np.float64)
        return np.subtract(double, 1.0, out=double)
    if dtype == np.float16:
        bits = (words & np.uint32(0x3FF)).astype(np.uint16)
        bits |= np.uint16(15 << 10)
        return np.asarray(bits.view(np.float16) - np.float16(1))
    bits = (words & np.uint32(0x7F)) << np.uint32(16)
    bits |= np.uint32(0x3F800000)
    return np.asarray((bits.view(np.float32) - np.float32(1)).astype(BFLOAT16))


def normals_of(words: Array, dtype: np.dtype[Any]) -> Array:
    """Turn blocks into standard normals by the Box-Muller transform.

    Single precision goes through double and is rounded once at each step, which
    is what the C library's float functions give nearly everywhere.

    Args:
        words: uint32, shape (n, 4); may be overwritten.
        dtype: float32 (also behind float16 and bfloat16) or float64.

    Returns:
        shape (n, 4) float32, or (n, 2) float64.
    """
    if dtype == np.float64:
        pair = uniforms_of(words, dtype)
        angle = (2 * np.pi) * pair[:, 1]
        radius = np.sqrt(-2.0 * np.log(np.maximum(pair[:, 0], _TINY_UNIFORM)))
        return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)
    uniform = uniforms_of(words, np.dtype(np.float32))
    first = np.maximum(uniform[:, 0::2], np.float32(_TINY_UNIFORM))
    log = np.log(first, dtype=np.float64).astype(np.float32)
    radius = np.sqrt(np.float32(-2) * log)
    angle = (2 * np.pi * uniform[:, 1::2].astype(np.float64)).astype(np.float32)
    sine, cosine = sine_and_cosine(angle.astype(np.float64))
    out = np.empty(uniform.shape, np.float32)
    np.multiply(sine, radius, out=out[:, 0::2])
    np.multiply(cosine, radius, out=out[:, 1::2])
    return out


def _fill(stream: Stream, size: int, dtype: np.dtype[Any], make: Any) -> Array:
    """Fill a flat array of `size` values chunk by chunk with ``make(words)``."""
    each = per_block(dtype)
    groups = -(-size // each)
    out = np.empty((groups, each), dtype)

    def run(start: int, part: Array) -> None:
        words = np.empty((len(part), 4), np.uint32)
        _mix_at(stream.skip(start), _workspace.steps[: len(part)], words)
        part[...] = make(words)

    _over_chunks(run, out)
    return out.reshape(-1)[:size]


def uniform(stream: Stream, size: int, dtype: np.dtype[Any]) -> Array:
    """Return `size` uniforms in [0, 1) as a flat array of `dtype`."""
    return _fill(stream, size, dtype, lambda words: uniforms_of(words, dtype))


def normal(stream: Stream, size: int, dtype: np.dtype[Any]) -> Array:
    """Return `size` standard normals as a flat array of `dtype`."""
    return _fill(stream, size, dtype, lambda words: normals_of(words, dtype))


def _words64(words: Array) -> Array:
    """Join words into uint64, shape (n, 2), the low word first."""
    high = words[:, 1::2].astype(np.uint64)
    high <<= _WORD
    high |= words[:, 0::2]
    return high


def full_int(stream: Stream, size: int, dtype: np.dtype[Any]) -> Array:
    """Return `size` integers over the whole range of a 32- or 64-bit `dtype`."""
    unsigned = np.dtype(np.uint32 if dtype.itemsize == 4 else np.uint64)
    wide = dtype.itemsize == 8
    bits = _fill(stream, size, unsigned, _words64 if wide else lambda words: words)
    return bits.view(dtype)


def uniform_int(
    stream: Stream, size: int, low: int, high: int, dtype: np.dtype[Any]
) -> Array:
    """Return `size` integers in [low, high), by the remainder of raw bits.

    Args:
        stream: where to draw from.
        size: how many.
        low: smallest value, within `dtype`.
        high: one past the largest, above `low`.
        dtype: int32 or int64.
    """
    bits = full_int(stream, size, np.dtype(f"u{dtype.itemsize}"))
    span = bits.dtype.type(high - low)
    # NumPy divides by one scalar with multiplications; its remainder does not.
    bits -= (bits // span) * span
    bits += bits.dtype.type(low & ((1 << 8 * dtype.itemsize) - 1))
    return bits.view(dtype)


def truncated_normal(stream: Stream, size: int, dtype: np.dtype[Any]) -> Array:
    """Return `size` normals of which those beyond two deviations were redrawn.

    Each group (four values, two for float64) owns a region of the stream and takes
    from it, in order, the first normals inside the bounds.

    Args:
        stream: where to draw from.
        size: how many.
        dtype: one of `FLOAT_TYPES`.
    """
    each = per_block(dtype)
    groups = -(-size // each)
    stride = np.uint64(each * RESERVED_PER_OUTPUT // 4)
    work = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    out = np.empty((groups, each), dtype)

    def run(start: int, part: Array) -> None:
        region = np.arange(start, start + len(part), dtype=np.uint64) * stride
        _truncated_groups(stream, region, work, part)

    _over_chunks(run, out)
    return out.reshape(-1)[:size]


def _truncated_groups(
    stream: Stream, region: Array, work: np.dtype[Any], out: Array
) -> None:
    """Fill every row of `out` from its own region of the stream."""
    each = out.shape[1]
    values = normals_of(blocks_at(stream, region), work)
    out[...] = values
    # Five rows in six are done: none of their values was beyond the bounds.
    active = np.flatnonzero(~np.logical_and.reduce(np.abs(values) < 2.0, axis=1))
    filled = np.zeros(len(out), np.int64)
    values = values[active]
    block = 0
    while active.size:
        inside = np.abs(values) < 2.0
        place = filled[active, None] + np.cumsum(inside, axis=1) - 1
        row, column = np.nonzero(inside & (place < each))
        out[active[row], place[row, column]] = values[row, column]
        filled[active] += inside.sum(axis=1)
        active = active[filled[active] < each]
        block += 1
        words = blocks_at(stream, region[active] + np.uint64(block))
        values = normals_of(words, work)
