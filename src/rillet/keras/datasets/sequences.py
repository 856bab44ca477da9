"""Reviews and newswires as lists of word numbers: the cuts that Keras offers.

In: lists of word numbers, as the files of IMDB and Reuters hold them. Out: the same
lists with a start mark, rare words replaced, long ones left out. The words of all lists
stand in one flat array meanwhile, which is some ten times as fast as list
comprehensions. `imdb` and `reuters` call it.
"""

from __future__ import annotations

import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rillet.core.errors import house_message

from .refusals import refusal

#: More words than any of these files has; lists may share their storage in a pickle.
MAX_WORDS = 1 << 27

Words = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """Which words are kept, and under which numbers, by Keras's argument names."""

    num_words: int | None
    skip_top: int
    maxlen: int | None
    start_char: int | None
    oov_char: int | None
    index_from: int


@dataclass(frozen=True)
class Ragged:
    """Lists of words: all words in one array, and how many belong to each list."""

    words: Words
    lengths: Words

    @classmethod
    def of(cls, lists: Iterable[Sequence[int]], source: str) -> Ragged:
        """Flatten lists of integers.

        Args:
            lists: the lists, or arrays, of word numbers.
            source: the file's name, for error messages.

        Returns:
            The words and lengths, int64.

        Raises:
            ValueError: an item is no list of integers.

        Example:
            >>> Ragged.of([[4, 5], [6]], "x.npz").words.tolist()
            [4, 5, 6]
        """
        # A typed array refuses text and fractions, which NumPy would convert.
        flat, lengths = array.array("q"), []
        try:
            for item in lists:
                if len(flat) + len(item) > MAX_WORDS:
                    raise refusal(source, "it holds too many words", str(MAX_WORDS))
                flat.extend(item)
                lengths.append(len(item))
        except (TypeError, OverflowError) as error:
            raise refusal(
                source, "an item is no list of word numbers", str(error)
            ) from None
        words = np.array(flat, dtype=np.int64)
        return cls(words, np.array(lengths, dtype=np.int64))

    def bounds(self) -> Words:
        """Give the place where each list starts, and at last where all end.

        Example:
            >>> Ragged.of([[4, 5], [6]], "x.npz").bounds().tolist()
            [0, 2, 3]
        """
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def lists(self) -> list[list[int]]:
        """Give the lists back.

        Example:
            >>> Ragged.of([[4, 5], [], [6]], "x.npz").lists()
            [[4, 5], [], [6]]
        """
        flat, ends = self.words.tolist(), self.bounds().tolist()
        return [flat[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]

    def only(self, kept: NDArray[np.bool_]) -> Ragged:
        """Keep some of the words.

        Args:
            kept: which, one bool a word.

        Example:
            >>> kept = np.array([True, False, True])
            >>> Ragged.of([[4, 5], [6]], "x").only(kept).lists()
            [[4], [6]]
        """
        counts = np.concatenate([[0], np.cumsum(kept)])[self.bounds()]
        return Ragged(self.words[kept], np.diff(counts))


def mark(text: Ragged, cut: Cut) -> Ragged:
    """Shift the words' numbers and put the start mark before each list.

    Args:
        text: the lists.
        cut: `start_char` and `index_from` are used.

    Returns:
        The lists, each longer by one if there is a start mark.

    Example:
        >>> mark(Ragged.of([[4, 5], []], "x"), Cut(None, 0, None, 1, 2, 3)).lists()
        [[1, 7, 8], [1]]
    """
    words = text.words + cut.index_from
    if cut.start_char is None:
        return Ragged(words, text.lengths)
    starts = text.bounds()[:-1] + np.arange(len(text.lengths))
    marked = np.full(len(words) + len(starts), cut.start_char, dtype=np.int64)
    rest = np.ones(len(marked), dtype=bool)
    rest[starts] = False
    marked[rest] = words
    return Ragged(marked, text.lengths + 1)


def shorten(
    text: Ragged, labels: np.ndarray[Any, Any], cut: Cut, caller: str
) -> tuple[Ragged, np.ndarray[Any, Any]]:
    """Leave out the lists that are not shorter than `maxlen`, with their labels.

    Args:
        text: the lists.
        labels: `(lists,)`.
        cut: `maxlen` is used; None and 0 keep all.
        caller: the public function's name.

    Returns:
        The lists and labels that stay.

    Raises:
        ValueError: none stays.

    Example:
        >>> cut = Cut(None, 0, 2, 1, 2, 3)
        >>> text = Ragged.of([[4, 5], [6]], "x")
        >>> kept, labels = shorten(text, np.arange(2), cut, "x")
        >>> kept.lists(), labels.tolist()
        ([[6]], [1])
    """
    if not cut.maxlen:
        return text, labels
    short = text.lengths < cut.maxlen
    if not short.any():
        raise ValueError(
            house_message(
                caller,
                "no sequence is shorter than maxlen",
                f"maxlen={cut.maxlen}, the shortest has {text.lengths.min(initial=0)}",
                "Give a larger maxlen",
            )
        )
    words = text.words[np.repeat(short, text.lengths)]
    return Ragged(words, text.lengths[short]), labels[short]


def limit(texts: Sequence[Ragged], cut: Cut) -> list[Ragged]:
    """Replace the words that are too frequent or too rare, or leave them out.

    Args:
        texts: parts of one data set; without `num_words` the limit is their largest
            number (which then is cut itself: so Keras does).
        cut: `skip_top`, `num_words` and `oov_char` are used.

    Returns:
        The parts; lists keep their length if there is an `oov_char`.

    Example:
        >>> cut = Cut(6, 5, None, 1, 2, 3)
        >>> [part.lists() for part in limit([Ragged.of([[4, 5], [6]], "x")], cut)]
        [[[2, 5], [2]]]
    """
    top = cut.num_words or max(int(t.words.max(initial=0)) for t in texts)
    done = []
    for text in texts:
        known = (text.words >= cut.skip_top) & (text.words < top)
        if cut.oov_char is None:
            done.append(text.only(known))
        else:
            words = np.where(known, text.words, np.int64(cut.oov_char))
            done.append(Ragged(words, text.lengths))
    return done


def as_array(lists: list[list[int]]) -> np.ndarray[Any, Any]:
    """Hold lists in an object array, as Keras returns them.

    Returns:
        `(lists,)` of lists; `(lists, length)` of integers where all are as long.

    Example:
        >>> as_array([[1], [2, 3]]).shape, as_array([[1, 2], [3, 4]]).shape
        ((2,), (2, 2))
    """
    return np.array(lists, dtype=object)


def legacy_num_words(
    caller: str, num_words: int | None, extra: dict[str, Any]
) -> int | None:
    """Accept the old name `nb_words`.

    Args:
        caller: the public function's name.
        num_words: the value given under the new name.
        extra: the other keyword arguments; `nb_words` is all they may hold.

    Returns:
        The value that counts: the old name's, if it was given.

    Raises:
        TypeError: another name stands in `extra`.

    Example:
        >>> legacy_num_words("imdb.load_data", None, {"nb_words": 10})
        10
    """
    unknown = sorted(set(extra) - {"nb_words"})
    if unknown:
        raise TypeError(
            house_message(caller, "unknown keyword arguments", ", ".join(unknown))
        )
    value: int | None = extra.get("nb_words", num_words)
    return value
