"""IMDB: 50,000 film reviews as lists of word numbers, good or bad.

In: Keras's file `imdb.npz`, fetched once. Out: lists of word numbers and labels. User
programs call it as `tf.keras.datasets.imdb.load_data()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .npz import read_npz
from .origins import KERAS_BASE, PathLike, fetch, read_word_index
from .sequences import Cut, Ragged, as_array, legacy_num_words, limit, mark, shorten

__all__ = ["get_word_index", "load_data"]

Split = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_INDEX_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: PathLike = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    cache_dir: PathLike | None = None,
    **kwargs: Any,
) -> tuple[Split, Split]:
    """Load the film reviews, words numbered by how often they occur.

    Args:
        path: the file's name in Keras's folder `datasets`, or an absolute path.
        num_words: words with this number or above count as unknown; None keeps all but
            the last.
        skip_top: words below this number count as unknown.
        maxlen: reviews this long (with their start mark) or longer are left out.
        seed: of the shuffle; None shuffles anew at every call.
        start_char: the mark before each review; None for none.
        oov_char: what stands for an unknown word; None leaves such words out.
        index_from: is added to every word's number.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.
        **kwargs: `nb_words`, the old name of `num_words`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays `(25000,)` of lists of
        int, labels `(25000,)` int64, 1 for a good review.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is refused, or `maxlen` leaves no review.
        TypeError: another keyword argument.
    """
    num_words = legacy_num_words("imdb.load_data", num_words, kwargs)
    cut = Cut(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    local = fetch(path, KERAS_BASE + "imdb.npz", _HASH, cache_dir)
    names = ("x_train", "y_train", "x_test", "y_test")
    held = read_npz(local, names, objects=("x_train", "x_test"))
    rng = np.random.RandomState(seed)
    texts, labels = [], []
    for part in ("train", "test"):
        x, y = held[f"x_{part}"], held[f"y_{part}"]
        order = np.arange(len(x))
        rng.shuffle(order)
        text = mark(Ragged.of(x[order], local), cut)
        text, y = shorten(text, y[order], cut, "imdb.load_data")
        texts.append(text)
        labels.append(y)
    x_train, x_test = (as_array(text.lists()) for text in limit(texts, cut))
    return (x_train, labels[0]), (x_test, labels[1])


def get_word_index(path: PathLike = "imdb_word_index.json") -> dict[str, int]:
    """Load the words' numbers, before `index_from` is added.

    Args:
        path: the file's name in Keras's folder `datasets`, or an absolute path.

    Returns:
        The numbers, from 1 for the most frequent, by word.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is refused.
    """
    return read_word_index(path, "imdb_word_index.json", _INDEX_HASH)
