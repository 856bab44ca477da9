"""Buckets of strings by hash: the very numbers that TensorFlow gives.

In flow strings, out flow buckets in int64. Three hashes: MurmurHash64A (A. Appleby) in
TensorFlow's seed, FarmHash's Fingerprint64 (G. Pike), and SipHash-2-4 (Aumasson,
Bernstein, "SipHash: a fast short-input PRF", 2012) with a key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import STRING
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.host import integer, integers
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_shape
from rillet.ops.string_rules import mapped, texts

Array = np.ndarray[Any, Any]

_MASK: Final = 2**64 - 1
_SEED: Final = 0xDECAFCAFFE
_MURMUR: Final = 0xC6A4A7935BD1E995
_K0: Final = 0xC3A5C85C97CB3127
_K1: Final = 0xB492B66FBE98F273
_K2: Final = 0x9AE16A3B2F90404F
_SIP: Final = (
    0x736F6D6570736575,
    0x646F72616E646F6D,
    0x6C7967656E657261,
    0x7465646279746573,
)


def murmur64(data: bytes) -> int:
    """MurmurHash64A of a string."""
    h = _SEED ^ (len(data) * _MURMUR & _MASK)
    whole = len(data) & ~7
    for i in range(0, whole, 8):
        k = _word(data, i) * _MURMUR & _MASK
        k = (k ^ k >> 47) * _MURMUR & _MASK
        h = (h ^ k) * _MURMUR & _MASK
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MURMUR & _MASK
    h = (h ^ h >> 47) * _MURMUR & _MASK
    return h ^ h >> 47


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _turned(value: int, by: int) -> int:
    value &= _MASK
    return (value >> by | value << 64 - by) & _MASK


def _mixed(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _two(u: int, v: int, factor: int) -> int:
    """Two words in one."""
    u, v = u & _MASK, v & _MASK
    a = _mixed((u ^ v) * factor)
    return _mixed((v ^ a) * factor) * factor & _MASK


def fingerprint64(data: bytes) -> int:
    """FarmHash's Fingerprint64 of a string."""
    size = len(data)
    if size > 64:
        return _farm_long(data)
    factor = _K2 + size * 2 & _MASK
    if size > 16:
        return _farm_middle(data, factor)
    if size >= 8:
        a, b = _word(data, 0) + _K2, _word(data, size - 8)
        c = _turned(b, 37) * factor + a
        return _two(c, (_turned(a, 25) + b) * factor, factor)
    if size >= 4:
        first = int.from_bytes(data[:4], "little")
        last = int.from_bytes(data[-4:], "little")
        return _two(size + (first << 3), last, factor)
    if size:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[-1] << 2)
        return _mixed(y * _K2 & _MASK ^ z * _K0 & _MASK) * _K2 & _MASK
    return _K2


def _farm_middle(data: bytes, factor: int) -> int:
    """17 to 64 bytes."""
    size = len(data)
    k = _K1 if size <= 32 else _K2
    a, b = _word(data, 0) * k & _MASK, _word(data, 8)
    c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
    y = (_turned(a + b, 43) + _turned(c, 30) + d) & _MASK
    z = _two(y, a + _turned(b + _K2, 18) + c, factor)
    if size <= 32:
        return z
    e, f = _word(data, 16) * factor & _MASK, _word(data, 24)
    g = (y + _word(data, size - 32)) * factor
    h = (z + _word(data, size - 24)) * factor
    return _two(
        _turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor
    )


def _farm_four(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes mixed with two words."""
    w, x, y, z = (_word(data, at + i) for i in (0, 8, 16, 24))
    a += w
    b = _turned(b + a + z, 21)
    c = a
    a += x + y
    b += _turned(a, 44)
    return (a + z) & _MASK, (b + c) & _MASK


_State = tuple[int, int, int, tuple[int, int], tuple[int, int]]


def _farm_block(
    data: bytes, at: int, state: _State, factor: int, weight: int
) -> _State:
    """64 bytes mixed into the state."""
    x, y, z, v, w = state
    x = _turned(x + y + v[0] + _word(data, at + 8), 37) * factor & _MASK
    y = _turned(y + v[1] + _word(data, at + 48), 42) * factor & _MASK
    x ^= w[1] * weight & _MASK
    y = y + v[0] * weight + _word(data, at + 40) & _MASK
    z = _turned(z + w[0], 33) * factor & _MASK
    v = _farm_four(data, at, v[1] * factor, x + w[0])
    w = _farm_four(data, at + 32, z + w[1], y + _word(data, at + 16))
    return z, y, x, v, w


def _farm_long(data: bytes) -> int:
    """More than 64 bytes: in blocks of 64, then the last 64 once more."""
    size = len(data)
    y = 81 * _K1 + 113 & _MASK
    z = _mixed(y * _K2 + 113) * _K2 & _MASK
    state: _State = (81 * _K2 + _word(data, 0) & _MASK, y, z, (0, 0), (0, 0))
    for at in range(0, (size - 1) // 64 * 64, 64):
        state = _farm_block(data, at, state, _K1, 1)
    x, y, z, v, w = state
    factor = _K1 + ((z & 0xFF) << 1) & _MASK
    first = w[0] + (size - 1 & 63)
    v = v[0] + first & _MASK, v[1]
    w = first + v[0] & _MASK, w[1]
    x, y, z, v, w = _farm_block(data, size - 64, (x, y, z, v, w), factor, 9)
    return _two(
        _two(v[0], w[0], factor) + _mixed(y) * _K0 + z,
        _two(v[1], w[1], factor) + x,
        factor,
    )


def _sip_round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0, v2 = v0 + v1 & _MASK, v2 + v3 & _MASK
    v1, v3 = _turned(v1, 51) ^ v0, _turned(v3, 48) ^ v2
    v0 = _turned(v0, 32)
    v2, v0 = v2 + v1 & _MASK, v0 + v3 & _MASK
    v1, v3 = _turned(v1, 47) ^ v2, _turned(v3, 43) ^ v0
    return v0, v1, _turned(v2, 32), v3


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of a string under a key of two words."""
    v = tuple(c ^ k for c, k in zip(_SIP, (*key, *key), strict=True))
    whole = len(data) & ~7
    words = [_word(data, i) for i in range(0, whole, 8)]
    words.append(len(data) % 256 << 56 | int.from_bytes(data[whole:], "little"))
    for word in words:
        v = _sip_round(*_sip_round(v[0], v[1], v[2], v[3] ^ word))
        v = v[0] ^ word, v[1], v[2], v[3]
    v = v[0], v[1], v[2] ^ 0xFF, v[3]
    for _ in range(4):
        v = _sip_round(*v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _buckets(
    op: str, x: Array, num_buckets: int, hashed: Callable[[Any], int]
) -> Array:
    if num_buckets < 1:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Value for attr 'num_buckets' of {num_buckets} must be at least"
                " minimum 1",
            )
        )
    return mapped(lambda value: hashed(value) % num_buckets, x, np.int64)


def _strong(x: Array, num_buckets: int, key: tuple[int, ...]) -> Array:
    if len(key) != 2:
        raise InvalidArgumentError(
            house_message(
                "strings.to_hash_bucket_strong",
                "Key must have 2 elements",
                f"it has {len(key)}",
            )
        )
    words = key[0] & _MASK, key[1] & _MASK
    return _buckets(
        "strings.to_hash_bucket_strong", x, num_buckets, lambda v: siphash(v, words)
    )


hash_op: Op = define(
    "StringToHashBucket",
    types=(STRING,),
    kernel=lambda x, num_buckets: _buckets(
        "strings.to_hash_bucket", x, num_buckets, murmur64
    ),
    infer=same_shape(dtypes.int64),
    attrs={"num_buckets": 1},
    quiet=False,
)
fast_op: Op = define(
    "StringToHashBucketFast",
    types=(STRING,),
    kernel=lambda x, num_buckets: _buckets(
        "strings.to_hash_bucket_fast", x, num_buckets, fingerprint64
    ),
    infer=same_shape(dtypes.int64),
    attrs={"num_buckets": 1},
    quiet=False,
)
strong_op: Op = define(
    "StringToHashBucketStrong",
    types=(STRING,),
    kernel=_strong,
    infer=same_shape(dtypes.int64),
    attrs={"num_buckets": 1, "key": ()},
    quiet=False,
)


def to_hash_bucket(input: Any, num_buckets: Any, name: str | None = None) -> Tensor:
    """The bucket of each string by the oldest hash; see `to_hash_bucket_fast`."""
    count = integer("strings.to_hash_bucket", "num_buckets", num_buckets)
    return hash_op.run(texts(input), num_buckets=count)


def to_hash_bucket_fast(
    input: Any, num_buckets: Any, name: str | None = None
) -> Tensor:
    """The bucket of each string by FarmHash, the same on every machine.

    Args:
        input: strings.
        num_buckets: how many buckets there are.
        name: ignored when eager.

    Returns:
        Numbers from 0 to `num_buckets` - 1, int64, in the same shape.

    Raises:
        InvalidArgumentError: where there is no bucket.

    Example:
        >>> import rillet as tf
        >>> tf.strings.to_hash_bucket_fast(["Hello", "TensorFlow"], 3).numpy().tolist()
        [0, 2]
    """
    count = integer("strings.to_hash_bucket_fast", "num_buckets", num_buckets)
    return fast_op.run(texts(input), num_buckets=count)


def to_hash_bucket_strong(
    input: Any, num_buckets: Any, key: Any, name: str | None = None
) -> Tensor:
    """The bucket of each string by a keyed hash, which nobody can aim at a bucket.

    Args:
        input: strings.
        num_buckets: how many buckets there are.
        key: two numbers.
        name: ignored when eager.

    Returns:
        Numbers from 0 to `num_buckets` - 1, int64, in the same shape.

    Raises:
        InvalidArgumentError: where there is no bucket, or the key is no pair.

    Example:
        >>> import rillet as tf
        >>> tf.strings.to_hash_bucket_strong("Hello", 3, key=[1, 2]).numpy()
        np.int64(2)
    """
    op = "strings.to_hash_bucket_strong"
    count = integer(op, "num_buckets", num_buckets)
    return strong_op.run(texts(input), num_buckets=count, key=integers(op, "key", key))
