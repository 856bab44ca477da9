"""Words to numbers, the older tools: `Tokenizer`, `hashing_trick`.

In: texts. Out: lists and arrays, in plain Python and NumPy.
`keras.preprocessing.text` offers them.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message

Array = np.ndarray[Any, Any]

FILTERS: Final = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text.

    Args:
        input_text: the text.
        filters: characters that stand between words too.
        lower: whether to write all in small letters.
        split: what stands between words.

    Example:
        >>> text_to_word_sequence("A cat, the CAT!")
        ['a', 'cat', 'the', 'cat']
    """
    text = input_text.lower() if lower else input_text
    cut: dict[str | int, str | int | None] = dict.fromkeys(filters, split)
    text = text.translate(str.maketrans(cut))
    return [word for word in text.split(split) if word]


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """A number from 1 to n - 1 for each word of a text, by its hash.

    Args:
        text: the text.
        n: how many numbers there are.
        hash_function: a function of a word, ``"md5"``, or Python's `hash` where None.
        filters: as for `text_to_word_sequence`.
        lower: as there.
        split: as there.
        analyzer: a function that gives the words instead.

    Example:
        >>> hashing_trick("a cat and a dog", 50, "md5")
        [15, 32, 14, 15, 2]
    """
    number = hash if hash_function is None else hash_function
    if hash_function == "md5":
        number = _md5
    words = analyzer(text) if analyzer else None
    if words is None:
        words = text_to_word_sequence(text, filters, lower, split)
    return [number(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """`hashing_trick` with Python's `hash`, which differs from run to run."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


class Tokenizer:
    """Turns texts into lists of numbers, by the frequency of their words.

    Args:
        num_words: only words with numbers below it are kept; all where None.
        filters: characters that stand between words.
        lower: whether to write all in small letters.
        split: what stands between words.
        char_level: whether each character is a word.
        oov_token: what stands for unknown words, at number 1.
        analyzer: a function that gives the words of a text.
        **kwargs: `document_count`.

    Example:
        >>> words = Tokenizer(num_words=3)
        >>> words.fit_on_texts(["the cat", "the dog the cat"])
        >>> words.texts_to_sequences(["dog the cat"])
        [[1, 2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], list[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("nb_words", None)
        self.document_count = int(kwargs.pop("document_count", 0))
        if kwargs:
            raise TypeError(
                house_message(
                    "Tokenizer", "Unrecognized keyword arguments", str(kwargs)
                )
            )
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: defaultdict[str, int] = defaultdict(int)
        self.filters = filters
        self.split = split
        self.lower = lower
        self.num_words = num_words
        self.char_level = char_level
        self.oov_token = oov_token
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.analyzer = analyzer

    def _words(self, text: Any) -> list[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return list(text)
            if isinstance(text, list):
                return [word.lower() for word in text]
            return list(text.lower())
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Learn the words of texts, or of lists of words."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        by_count = sorted(self.word_counts.items(), key=lambda pair: -pair[1])
        first = [] if self.oov_token is None else [self.oov_token]
        every = [*first, *[word for word, _ in by_count]]
        self.word_index = {word: i for i, word in enumerate(every, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Any]) -> None:
        """Learn how many documents have a number, from lists of numbers."""
        for numbers in sequences:
            self.document_count += 1
            for i in set(numbers):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Any:
        """The same, a text at a time."""
        most = self.num_words
        other = self.word_index.get(self.oov_token or "")
        if self.oov_token is None:
            other = None
        for text in texts:
            row = []
            for word in self._words(text):
                i = self.word_index.get(word)
                if i is None or (most and i >= most):
                    i = other
                if i is not None:
                    row.append(i)
            yield row

    def sequences_to_texts(self, sequences: Iterable[Any]) -> list[str]:
        """The words of lists of numbers, with blanks between."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Any]) -> Any:
        """The same, a list at a time."""
        most = self.num_words
        for numbers in sequences:
            row = []
            for i in numbers:
                word = self.index_word.get(i)
                if word is None or (most and i >= most):
                    word = self.oov_token
                if word is not None:
                    row.append(word)
            yield " ".join(row)

    def texts_to_matrix(self, texts: Any, mode: str = "binary") -> Array:
        """A row a text, a column a number; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> Array:
        """A row a list, a column a number.

        Args:
            sequences: lists of numbers.
            mode: ``"binary"``, ``"count"``, ``"freq"`` or ``"tfidf"``.

        Returns:
            An array of ``(lists, num_words)``.

        Raises:
            ValueError: for another mode, or before anything was learnt.
        """
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(
                house_message("Tokenizer", "Unknown vectorization mode", f"{mode!r}")
            )
        width = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if not width or (mode == "tfidf" and not self.document_count):
            raise ValueError(
                house_message(
                    "Tokenizer",
                    "Specify a dimension (`num_words` argument), or fit on some text"
                    " data first",
                )
            )
        out = np.zeros((len(sequences), width))
        for row, numbers in zip(out, sequences, strict=True):
            kept = [i for i in numbers if i < width]
            if not kept:
                continue
            places, counts = np.unique(kept, return_counts=True)
            if mode == "binary":
                row[places] = 1
            elif mode == "count":
                row[places] = counts
            elif mode == "freq":
                row[places] = counts / len(numbers)
            else:
                docs = np.array([self.index_docs.get(int(i), 0) for i in places])
                rarity = np.log(1 + self.document_count / (1 + docs))
                row[places] = (1 + np.log(counts)) * rarity
        return out

    def get_config(self) -> dict[str, Any]:
        """What was learnt, as plain data."""
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            "word_counts": json.dumps(self.word_counts),
            "word_docs": json.dumps(self.word_docs),
            "index_docs": json.dumps(self.index_docs),
            "index_word": json.dumps(self.index_word),
            "word_index": json.dumps(self.word_index),
        }

    def to_json(self, **kwargs: Any) -> str:
        """The same as a text, which `tokenizer_from_json` reads."""
        data = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(data, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_json` wrote."""
    config = json.loads(json_string)["config"]
    learnt = {
        key: json.loads(config.pop(key))
        for key in (
            "word_counts",
            "word_docs",
            "index_docs",
            "index_word",
            "word_index",
        )
    }
    found = Tokenizer(**config)
    found.word_counts = OrderedDict(learnt["word_counts"])
    found.word_docs = defaultdict(int, learnt["word_docs"])
    found.index_docs = defaultdict(
        int, {int(k): v for k, v in learnt["index_docs"].items()}
    )
    found.index_word = {int(k): v for k, v in learnt["index_word"].items()}
    found.word_index = learnt["word_index"]
    return found
