"""A vocabulary: words to numbers and back, learnt by counting.

In: words, as bytes or whole numbers, in NumPy arrays. Out: int64 numbers. The lookup
layers and TextVectorization keep one each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from rillet.core.dtypes import DType, int64, string
from rillet.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    house_message,
)
from rillet.ops.lookup.store import Store

Array = np.ndarray[Any, Any]

NONE_YET: Final = "the layer has no vocabulary yet"
#: What a layer without a vocabulary needs.
FIRST: Final = "Call adapt(data) or set_vocabulary(words) first, or give `vocabulary`"


class Vocabulary:
    """Words in order, behind a mask token and places for unknown words.

    Args:
        mask: the word of padding, or None; it stands first, at 0.
        unknown: what an unknown word is called.
        unknown_places: over how many numbers unknown words are spread.
        hashed: the number of an unknown word, before the remainder by the places.
    """

    def __init__(
        self,
        mask: Any,
        unknown: Any,
        unknown_places: int,
        hashed: Callable[[Any], int],
    ) -> None:
        self.mask = mask
        self.unknown = unknown
        self.unknown_places = unknown_places
        self._hashed = hashed
        self.forget()
        self.set([])
        #: Whether words were set or learnt; until then lookups are refused.
        self.known = False

    @property
    def special(self) -> int:
        """How many numbers come before the first word."""
        return self.unknown_places + (self.mask is not None)

    def __len__(self) -> int:
        return self.special + len(self.words)

    def forget(self) -> None:
        """Drop the counts of `count`; words stay until others are set or learnt."""
        self.counts: Counter[Any] = Counter()
        self.documents: Counter[Any] = Counter()
        self.seen = 0

    def set(self, words: Iterable[Any]) -> None:
        """Take words as the vocabulary, without special ones."""
        self.known = True
        self.words: list[Any] = list(words)
        start = self.special
        numbered = enumerate(self.words, start)
        self._table: dict[Any, int] = {word: i for i, word in numbered}
        if self.mask is not None:
            self._table[self.mask] = 0
        self._stores: dict[str, Store] = {}

    def to_numbers(self) -> Store:
        """A table of the words' numbers without special ones, as tf.keras has it.

        The same one until the words change.
        """
        found = self._stores.get("numbers")
        if found is None:
            kind = self._kind()
            found = Store("HashTableV2", kind, int64, np.array(-1))
            numbers = np.arange(len(self.words), dtype=np.int64) + self.special
            found.fill(_filled(self.words, kind), numbers)
            found.name = "string_lookup" if kind is string else "integer_lookup"
            self._stores["numbers"] = found
        return found

    def to_words(self) -> Store:
        """A table of numbers' words without special ones, as tf.keras has it.

        The same one until the words change.
        """
        found = self._stores.get("words")
        if found is None:
            kind = self._kind()
            blank = _filled([self.unknown], kind).reshape(())
            found = Store("HashTableV2", int64, kind, blank)
            numbers = np.arange(len(self.words), dtype=np.int64) + self.special
            found.fill(numbers, _filled(self.words, kind))
            found.name = "inverse_lookup"
            self._stores["words"] = found
        return found

    def _kind(self) -> DType:
        return string if isinstance(self.unknown, bytes) else int64

    def all(self) -> list[Any]:
        """The special words and the words."""
        first = [] if self.mask is None else [self.mask]
        return [*first, *[self.unknown] * self.unknown_places, *self.words]

    def count(self, rows: Iterable[Iterable[Any]]) -> None:
        """Count the words of documents."""
        for row in rows:
            words = list(row)
            self.seen += 1
            self.counts.update(words)
            self.documents.update(set(words))

    def learn(self, most: int | None) -> None:
        """Take the most frequent words counted; of equally frequent ones the last.

        Args:
            most: the greatest length of the vocabulary, special words included.
        """
        special = {self.mask, self.unknown}
        found = [(n, word) for word, n in self.counts.items() if word not in special]
        found.sort(reverse=True)
        kept = found if most is None else found[: max(most - self.special, 0)]
        self.set(word for _, word in kept)

    def rarity(self) -> list[float]:
        """The words' inverse document frequencies: log(1 + seen / (1 + with it))."""
        return [
            math.log(1 + self.seen / (1 + self.documents[word])) for word in self.words
        ]

    def check_known(self, op: str) -> None:
        """Refuse to look words up before there are any.

        Raises:
            FailedPreconditionError: there, as an empty table of TensorFlow's does.
        """
        if not self.known:
            raise FailedPreconditionError(
                house_message(op, "Table not initialized", NONE_YET, FIRST)
            )

    def numbers(self, words: Array, op: str) -> Array:
        """The numbers of an array of words, int64.

        Raises:
            FailedPreconditionError: where there is no vocabulary yet.
            InvalidArgumentError: for an unknown word, where there is no place for it.
        """
        self.check_known(op)
        table, places = self._table, self.unknown_places
        flat = words.reshape(-1).tolist()
        if places == 1:
            other = int(self.mask is not None)
            found = [table.get(word, other) for word in flat]
        else:
            missing = [] if places else [word for word in flat if word not in table]
            if missing:
                shown = ", ".join(_shown(word) for word in missing[:8])
                raise InvalidArgumentError(
                    house_message(
                        op,
                        "When `num_oov_indices=0` all inputs should be in vocabulary",
                        f"found OOV values [{shown}]",
                        "Consider setting `num_oov_indices=1`",
                    )
                )
            other = int(self.mask is not None)
            found = [
                at if at is not None else other + self._hashed(word) % places
                for word, at in ((word, table.get(word)) for word in flat)
            ]
        return np.asarray(found, np.int64).reshape(words.shape)

    def words_at(self, numbers: Array, op: str) -> list[Any]:
        """The words of numbers; the unknown word outside the vocabulary.

        Raises:
            FailedPreconditionError: where there is no vocabulary yet.
        """
        self.check_known(op)
        every, size = self.all(), len(self)
        return [
            every[i] if 0 <= i < size else self.unknown
            for i in numbers.reshape(-1).tolist()
        ]


def _filled(words: list[Any], kind: DType) -> Array:
    out = np.empty(len(words), kind.numpy_dtype)
    out[:] = words
    return out


def _shown(word: Any) -> str:
    return (
        '"' + word.decode(errors="replace") + '"' if type(word) is bytes else f"{word}"
    )
