"""Chance in pipelines: seeds of iterations, words of streams, random datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import int64
from rillet.core.scopes import init_scope
from rillet.core.spec import TensorSpec
from rillet.data.plan import INFINITE, Plan, Run
from rillet.data.structure import Element
from rillet.ops import philox, seeds
from rillet.ops.philox import Stream


class SeedSource:
    """The seeds that a dataset's iterations begin with.

    Args:
        seed: what the program gave.
        again: whether every iteration has seeds of its own.
    """

    def __init__(self, seed: Any, again: bool) -> None:
        if seed is None and seeds.global_seed() is not None:
            with init_scope():
                pair = seeds.get_seed(None)
        else:
            pair = seeds.get_seed(seed)
        first, second = pair[0] or 0, pair[1] or 0
        if (first, second) == (0, 0):
            first, second = seeds.fresh_word(), seeds.fresh_word()
        self._fixed = (first, second)
        self._words = Words(philox.from_seeds(first, second)) if again else None
        self._draws = 0

    def draw(self) -> Stream:
        """The stream of the next iteration."""
        self._draws += 1
        if self._words is None:
            return philox.from_seeds(*self._fixed)
        return philox.from_seeds(self._words.next(), self._words.next())

    def mark(self) -> list[int]:
        """What `rewind` needs to draw again from here: seeds, and draws so far."""
        return [*self._fixed, self._draws]

    def rewind(self, mark: list[int]) -> None:
        """Go to where a source stood when it gave `mark`."""
        first, second, self._draws = mark
        self._fixed = (first, second)
        if self._words is not None:
            self._words = Words(philox.from_seeds(first, second))
            for _ in range(2 * self._draws):
                self._words.next()


class Words:
    """The 32-bit words of a stream, one after the other.

    Args:
        stream: where to begin.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left: list[int] = []
        self._size = 1

    def next(self) -> int:
        """The next word."""
        if not self._left:
            found = philox.blocks(self._stream, self._size).reshape(-1)
            self._stream = self._stream.skip(self._size)
            self._left = found[::-1].tolist()
            self._size = min(self._size * 4, 1024)
        return self._left.pop()


class RandomPlan(Plan):
    """Random numbers without an end: unsigned 32-bit ones, as int64."""

    kind = "_RandomDataset"

    def __init__(self, seed: Any, again: bool) -> None:
        super().__init__(TensorSpec((), int64))
        self._seeds = SeedSource(seed, again)
        self.chance.append(self._seeds)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        words = Words(self._seeds.draw())
        while True:
            yield (np.array(words.next(), np.int64),)

    def cardinality(self) -> int:
        """Infinite."""
        return INFINITE
