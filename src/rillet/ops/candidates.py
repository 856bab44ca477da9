"""How candidate samplers draw classes from a Philox stream, word by word.

In: a stream, true classes and sizes. Out: drawn classes and expected counts. Each
sampler is a pair: draw one class, and give the chance of each of several. Called by
the op records in `candidate_sampling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.ops import philox
from rillet.ops.philox import Array, Stream
from rillet.ops.seeds import Instance

# 32-bit words that TensorFlow sets aside for each class drawn.
_RESERVED_WORDS = 2048
_MAX_INT32 = 2**31 - 1
_PIECE = 64


class _Words:
    """32-bit words of a stream, one after the other."""

    def __init__(self, stream: Stream) -> None:
        self._words = self._run(stream)

    @staticmethod
    def _run(stream: Stream) -> Iterator[int]:
        while True:
            yield from philox.blocks(stream, _PIECE).reshape(-1).tolist()
            stream = stream.skip(_PIECE)

    def word(self) -> int:
        return next(self._words)

    def single(self) -> float:
        """A float32 in [0, 1)."""
        return (self.word() & 0x7FFFFF) * 2.0**-23

    def double(self) -> float:
        """A float64 in [0, 1); the first word is the higher."""
        high, low = self.word(), self.word()
        return ((high & 0xFFFFF) << 32 | low) * 2.0**-52

    def below(self, limit: int, bits: int = 32) -> int:
        """An integer below `limit`, by refusing what would favour small ones."""
        while True:
            draw = self.word()
            if bits == 64:
                draw |= self.word() << 32
            if limit & (limit - 1) == 0:
                return draw & (limit - 1)
            if draw >= (2**bits - 1) % limit + 1:
                return draw % limit


Draw = Callable[[_Words], int]
Chance = Callable[[Array], Array]
Sampler = tuple[Draw, Chance]


def sample(
    op: str,
    true_classes: Array,
    sampler: Sampler,
    held: Instance,
    sizes: tuple[int, int, bool, int],
) -> tuple[Array, Array, Array]:
    """Draw classes and count expectations; `sizes` as `check` takes them."""
    num_true, num_sampled, unique, range_max = sizes
    check(op, true_classes, *sizes)
    draw, chance = sampler
    words = _Words(held.reserve(_RESERVED_WORDS * num_sampled // 4))
    picked: list[int] = []
    seen: set[int] = set()
    tries = 0
    while len(picked) < num_sampled:
        tries += 1
        value = draw(words)
        if not unique or value not in seen:
            seen.add(value)
            picked.append(value)
    drawn = np.array(picked, np.int64)
    expected = [
        _expected(chance(classes), num_sampled, tries)
        for classes in (true_classes, drawn)
    ]
    return drawn, expected[0], expected[1]


def _expected(chance: Array, count: int, tries: int) -> Array:
    """Return how often classes of these chances are met in the batch."""
    chance = chance.astype(np.float32)
    if tries == count:
        return chance * np.float32(count)
    missed = np.float32(tries) * np.log1p(-chance)
    return np.asarray(-np.expm1(missed), np.float32)


def check(
    op: str,
    true_classes: Array,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
) -> None:
    def refuse(rule: str, values: str = "") -> InvalidArgumentError:
        return InvalidArgumentError(house_message(op, rule, values))

    if true_classes.ndim != 2:
        raise refuse(
            "true_classes must be a matrix", f"shape {list(true_classes.shape)}"
        )
    if true_classes.shape[1] != num_true:
        raise refuse(
            "true_classes must have num_true columns",
            f"expected: {num_true} was: {true_classes.shape[1]}",
        )
    if range_max <= 0:
        raise refuse("range_max must be positive", f"range_max={range_max}")
    if unique and num_sampled > range_max:
        raise refuse(
            "Sampler's range is too small",
            f"num_sampled={num_sampled}, range_max={range_max}",
        )
    outside = true_classes[(true_classes < 0) | (true_classes >= range_max)]
    if outside.size:
        raise refuse(
            f"`true_candidate` out of range [0, {range_max})",
            f"received {int(outside[0])}",
        )


def uniform(range_max: int) -> Sampler:
    def chance(classes: Array) -> Array:
        return np.full(classes.shape, 1.0 / range_max, np.float32)

    return lambda words: words.below(range_max, 64), chance


def log_uniform(range_max: int) -> Sampler:
    scale = math.log1p(range_max)

    def draw(words: _Words) -> int:
        return (int(math.exp(words.double() * scale)) - 1) % range_max

    def chance(classes: Array) -> Array:
        return np.log((classes + 2.0) / (classes + 1.0)) / scale

    return draw, chance


class Learned:
    """Weights of a unigram model, 1 at first, that grow with each class seen."""

    def __init__(self, range_max: int) -> None:
        self.weights = np.ones(range_max, np.int64)

    def sampler(self) -> Sampler:
        ends = np.cumsum(self.weights)
        total = int(ends[-1])

        def draw(words: _Words) -> int:
            return int(np.searchsorted(ends, words.below(total), side="right"))

        def chance(classes: Array) -> Array:
            single = self.weights[classes].astype(np.float32)
            return single / np.float32(total)

        return draw, chance

    def learn(self, classes: Array) -> None:
        room = _MAX_INT32 - int(self.weights.sum())
        np.add.at(self.weights, classes.reshape(-1)[:room], 1)


def fixed(weights: Array) -> Sampler:
    """Draw by Walker's alias tables (Vose, IEEE Trans. Softw. Eng. 17, 1991)."""
    count = len(weights)
    total = float(np.sum(weights, dtype=np.float64))
    share = (weights * np.float32(count)).astype(np.float64) / total
    alias = list(range(count))
    low = [i for i in range(count) if share[i] < 1.0]
    high = [i for i in range(count) if share[i] >= 1.0]
    while low and high:
        small, large = low.pop(), high.pop()
        alias[small] = large
        share[large] -= 1.0 - share[small]
        (low if share[large] < 1.0 else high).append(large)
    for left in (*low, *high):
        share[left], alias[left] = 1.0, left
    keep = share.astype(np.float32).tolist()
    mass = np.float32(0)
    for weight in weights:
        mass += weight

    def draw(words: _Words) -> int:
        level = words.single()
        index = words.below(count)
        return index if level < keep[index] else alias[index]

    return draw, lambda classes: weights[classes] / mass


def weights_of(range_max: int, rest: Any) -> Array:
    """Return the weights of a shard of the classes, reserved ones at 0 first."""
    name = "FixedUnigramCandidateSampler"
    file, given = rest["vocab_file"], list(rest["unigrams"])
    if bool(file) == bool(given):
        raise InvalidArgumentError(
            f"{name}: Must provide either vocab_file or unigrams, and only one."
        )
    if file:
        with open(file, encoding="utf-8") as lines:
            given = [float(line.rsplit(",", 1)[-1]) for line in lines if line.strip()]
    reserved = [0.0] * rest["num_reserved_ids"]
    powers = np.array(given, np.float32) ** np.float32(rest["distortion"])
    every = np.concatenate([np.array(reserved, np.float32), powers])
    mine = every[rest["shard"] :: rest["num_shards"]]
    if len(mine) != range_max:
        raise InvalidArgumentError(
            f"{name}: range is {range_max} must be equal to weights size {len(mine)}."
        )
    return np.asarray(mine, np.float32)
