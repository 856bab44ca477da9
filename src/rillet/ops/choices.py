"""Draws that choose among items on Philox streams: categories and permutations.

In: a `philox.Stream` and NumPy arrays. Out: NumPy arrays of indices. Called by the
op records in `random` and `stateless_random`.

Source for `index_shuffle`: Black and Rogaway, Ciphers with arbitrary finite domains
(CT-RSA 2002), for walking the cycle; Beaulieu et al., The Simon and Speck families
of lightweight block ciphers (IACR ePrint 2013/404), for the cipher.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.ops import philox
from rillet.ops.philox import Array, Stream

# Comparisons made at once when many rows take few samples each.
_COMPARED = 1 << 18
# Items up to which exchanging them in turn is as fast as sorting the exchanges.
_FEW_ITEMS = 256
_TIME_BITS = 31  # more items than 2**31 fill 16 GB with their order alone
_SMALLEST_CIPHER_BLOCK = 16
_SIMON_SEQUENCE = 0x7369F885192C0EF5
_SIMON_CONSTANT = 0xFFFFFFFC


def categorical(
    stream: Stream, logits: Array, samples: int, dtype: np.dtype[Any]
) -> Array:
    """Return draws of class indices by inverting the cumulative weights.

    Args:
        stream: where to draw from.
        logits: shape (batch, classes), float; classes that are not finite have no
            weight.
        samples: draws a row.
        dtype: int32 or int64.

    Returns:
        shape (batch, samples), `dtype`.
    """
    batch, classes = logits.shape
    finite = np.isfinite(logits)
    wide = logits.astype(np.float64)
    lowest = np.full_like(wide, np.finfo(np.float64).min)
    top = np.max(np.where(finite, wide, lowest), axis=1, keepdims=True)
    weights = np.where(finite, np.exp(np.where(finite, wide - top, 0.0)), 0.0)
    cumulative = np.cumsum(weights, axis=1)
    draws = philox.uniform(stream, batch * samples, np.dtype(np.float64))
    wanted = draws.reshape(batch, samples) * cumulative[:, -1:]
    out = np.empty((batch, samples), dtype)
    if samples * classes <= _COMPARED and samples < batch:
        rows = max(1, _COMPARED // max(1, samples * classes))
        for start in range(0, batch, rows):
            part = slice(start, start + rows)
            passed = cumulative[part, None, :] <= wanted[part, :, None]
            out[part] = np.count_nonzero(passed, axis=2)
        return out
    for row in range(batch):
        out[row] = np.searchsorted(cumulative[row], wanted[row], side="right")
    return out


def permutation(stream: Stream, size: int) -> Array:
    """Return a random order of ``range(size)`` by Fisher and Yates's exchanges.

    Args:
        stream: where to draw from; one 32-bit word an exchange.
        size: how many items.

    Returns:
        shape (size,), int64.
    """
    if size <= 1:
        return np.arange(size)
    words = philox.blocks(stream, -(-(size - 1) // 4)).reshape(-1)[: size - 1]
    remaining = np.arange(size, 1, -1, dtype=np.uint32)
    partners = (words % remaining).astype(np.int64) + np.arange(size - 1)
    return exchanged(partners) if size > _FEW_ITEMS else _exchanged_in_turn(partners)


def _exchanged_in_turn(partners: Array) -> Array:
    """`exchanged`, one step after the other."""
    order = list(range(len(partners) + 1))
    for here, there in enumerate(partners.tolist()):
        order[here], order[there] = order[there], order[here]
    return np.array(order, np.int64)


def exchanged(partners: Array) -> Array:
    """Return ``range(n)`` after item i changed places with `partners[i]`, i rising.

    No item before i moves at step i, so what stands at i then came there with the last
    earlier step that named i, from where that step stood: a forest of steps, whose
    roots are items that nothing had moved. The way to a root is halved at each round.

    Args:
        partners: shape (n - 1,), int64, ``i <= partners[i] < n``.

    Returns:
        shape (n,), int64.

    Example:
        >>> exchanged(np.array([2, 1, 3])).tolist()
        [2, 1, 3, 0]
    """
    steps = np.arange(len(partners))
    origin = np.arange(len(partners) + 1)
    # Steps by partner, then by time: each beside the one before with its partner.
    keys = np.sort(partners << _TIME_BITS | steps)
    named, time = keys >> _TIME_BITS, keys & ((1 << _TIME_BITS) - 1)
    again = named[1:] == named[:-1]
    moved = time < named
    # Of several steps with one partner the last one counts: NumPy writes in order.
    origin[named[moved]] = time[moved]
    while True:
        further = origin[origin]
        if np.array_equal(further, origin):
            break
        origin = further
    order = np.empty(len(origin), np.int64)
    order[-1] = origin[-1]
    order[time] = named
    order[time[1:][again]] = origin[time[:-1][again]]
    return order


def index_shuffle(index: Array, seed: Array, max_index: Array, rounds: int) -> Array:
    """Return where each index stands in a random order of ``0 … max_index``.

    Args:
        index: shape (n,), uint64, each at most its `max_index`.
        seed: shape (n, 3), uint32.
        max_index: shape (n,), uint64.
        rounds: of the cipher, even, 4 or more.

    Returns:
        shape (n,), uint64.
    """
    result = [
        _walk(int(i), [int(word) for word in key], int(top), rounds)
        for i, key, top in zip(index, seed, max_index, strict=True)
    ]
    return np.array(result, np.uint64)


def _walk(index: int, key: list[int], top: int, rounds: int) -> int:
    """Encrypt `index` until it falls inside ``0 … top``."""
    if top == 0:
        return 0
    bits = math.ceil(math.log2(top))
    half = min(max(bits + bits % 2, _SMALLEST_CIPHER_BLOCK), 64) // 2
    keys = _round_keys(key, half, rounds)
    while True:
        index = _encrypt(index, keys, half)
        if index <= top:
            return index


def _round_keys(key: list[int], half: int, rounds: int) -> list[int]:
    mask = (1 << half) - 1

    def turned(word: int, by: int) -> int:
        return (word >> by | word << (half - by)) & mask

    sequence = _SIMON_SEQUENCE & mask
    keys = [word & mask for word in key]
    for i in range(3, rounds):
        constant = (_SIMON_CONSTANT & mask) ^ (sequence & 1)
        keys.append(
            constant ^ keys[i - 3] ^ turned(keys[i - 1], 3) ^ turned(keys[i - 1], 4)
        )
        sequence >>= 1
    return keys


def _encrypt(value: int, keys: list[int], half: int) -> int:
    mask = (1 << half) - 1

    def mixed(word: int) -> int:
        def turned(by: int) -> int:
            return (word << by | word >> (half - by)) & mask

        return (turned(1) & turned(8)) ^ turned(2)

    left, right = value >> half & mask, value & mask
    for first, second in zip(keys[0::2], keys[1::2], strict=True):
        left ^= mixed(right) ^ first
        right ^= mixed(left) ^ second
    return left << half | right
