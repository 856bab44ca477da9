"""Reuters: 11,228 newswires as lists of word numbers, on 46 subjects.

In: Keras's file `reuters.npz`, fetched once. Out: lists of word numbers and labels.
User programs call it as `tf.keras.datasets.reuters.load_data()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .npz import read_npz
from .origins import (
    KERAS_BASE,
    PathLike,
    check_test_split,
    fetch,
    read_word_index,
)
from .sequences import Cut, Ragged, as_array, legacy_num_words, limit, mark, shorten

__all__ = ["get_label_names", "get_word_index", "load_data"]

Split = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"
# The names are the data set's own, in the order of its label numbers.
_SUBJECTS = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade
reserves ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum
oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei
bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path: PathLike = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    cache_dir: PathLike | None = None,
    **kwargs: Any,
) -> tuple[Split, Split]:
    """Load the newswires, words numbered by how often they occur.

    Args:
        path: the file's name in Keras's folder `datasets`, or an absolute path.
        num_words: words with this number or above count as unknown; None keeps all but
            the last.
        skip_top: words below this number count as unknown.
        maxlen: newswires this long (with their start mark) or longer are left out.
        test_split: the share of newswires that are test data.
        seed: of the shuffle; None shuffles anew at every call.
        start_char: the mark before each newswire; None for none.
        oov_char: what stands for an unknown word; None leaves such words out.
        index_from: is added to every word's number.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.
        **kwargs: `nb_words`, the old name of `num_words`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays `(8982,)` and `(2246,)` of
        lists of int, labels int64 from 0 to 45.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is refused, or `maxlen` leaves no newswire, or
            `test_split` is out of range.
        TypeError: another keyword argument.
    """
    num_words = legacy_num_words("reuters.load_data", num_words, kwargs)
    check_test_split("reuters.load_data", test_split)
    cut = Cut(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    local = fetch(path, KERAS_BASE + "reuters.npz", _HASH, cache_dir)
    held = read_npz(local, ("x", "y"), objects=("x",))
    order = np.arange(len(held["x"]))
    np.random.RandomState(seed).shuffle(order)
    text = mark(Ragged.of(held["x"][order], local), cut)
    text, labels = shorten(text, held["y"][order], cut, "reuters.load_data")
    lists = limit([text], cut)[0].lists()
    at = int(len(lists) * (1 - test_split))
    return (
        (as_array(lists[:at]), labels[:at].copy()),
        (as_array(lists[at:]), labels[at:].copy()),
    )


def get_word_index(path: PathLike = "reuters_word_index.json") -> dict[str, int]:
    """Load the words' numbers, before `index_from` is added.

    Args:
        path: the file's name in Keras's folder `datasets`, or an absolute path.

    Returns:
        The numbers, from 1 for the most frequent, by word.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is refused.
    """
    return read_word_index(path, "reuters_word_index.json", _INDEX_HASH)


def get_label_names() -> tuple[str, ...]:
    """Name the 46 subjects.

    Returns:
        The names, in the order of the labels.

    Example:
        >>> len(get_label_names()), get_label_names()[3]
        (46, 'earn')
    """
    return tuple(_SUBJECTS.split())
