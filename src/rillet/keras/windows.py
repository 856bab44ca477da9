"""Pairs and windows out of sequences: `skipgrams` and `TimeseriesGenerator`.

In: lists and arrays. Out: lists and arrays. `keras.preprocessing.sequence` offers them.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.sequence import Sequence

Array = np.ndarray[Any, Any]


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> Array:
    """How likely the word of each rank is kept, by word2vec's rule and Zipf's law.

    Args:
        size: how many words there are.
        sampling_factor: word2vec's threshold.

    Returns:
        An array of `size` probabilities.
    """
    gamma = 0.577215664901532860606512090082
    rank = np.arange(size)
    rank[0] = 1
    frequency = rank * (np.log(rank) + gamma) + 0.5 - 1.0 / (12.0 * rank)
    found = sampling_factor * frequency
    return np.minimum(1.0, found / np.sqrt(found))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words that stand near each other, and pairs that do not.

    Args:
        sequence: numbers of words; 0 is no word.
        vocabulary_size: one more than the greatest number.
        window_size: how far apart near words stand at most.
        negative_samples: how many random pairs for each near one.
        shuffle: whether to mix both kinds.
        categorical: labels as ``[0, 1]`` and ``[1, 0]``.
        sampling_table: how likely each word is kept; see `make_sampling_table`.
        seed: for the order.

    Returns:
        Pairs, and a label each: 1 for near ones.
    """
    pairs: list[list[int]] = []
    labels: list[Any] = []
    for i, word in enumerate(sequence):
        if not word:
            continue
        if sampling_table is not None and sampling_table[word] < random.random():
            continue
        stop = min(len(sequence), i + window_size + 1)
        for j in range(max(0, i - window_size), stop):
            if j != i and sequence[j]:
                pairs.append([word, sequence[j]])
                labels.append([0, 1] if categorical else 1)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [pair[0] for pair in pairs]
        random.shuffle(words)
        pairs += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)]
            for i in range(count)
        ]
        labels += [[1, 0] if categorical else 0] * count
    if shuffle:
        seed = random.randint(0, 1000000) if seed is None else seed
        for mixed in (pairs, labels):
            random.Random(seed).shuffle(mixed)
    return pairs, labels


class TimeseriesGenerator(Sequence):
    """Batches of windows of a time series with the target after each.

    Args:
        data: an array whose first axis is time.
        targets: what belongs to each time.
        length: how many times a window spans.
        sampling_rate: how far the next time in a window lies.
        stride: how far the next window lies.
        start_index: data before it are left alone.
        end_index: data behind it are left alone.
        shuffle: whether windows are drawn at random.
        reverse: whether times run backwards in a window.
        batch_size: windows a batch.

    Example:
        >>> import numpy as np
        >>> x, y = TimeseriesGenerator(np.arange(6), np.arange(6), 2, batch_size=3)[0]
        >>> x.tolist(), y.tolist()
        ([[0, 1], [1, 2], [2, 3]], [2, 3, 4])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        if len(data) != len(targets):
            raise ValueError(
                house_message(
                    "TimeseriesGenerator",
                    "Data and targets have to be of same length",
                    f"Data length is {len(data)} while target length is {len(targets)}",
                )
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                house_message(
                    "TimeseriesGenerator",
                    "`start_index+length` must not exceed `end_index`: no part of the"
                    " sequence would be left",
                    f"{self.start_index} > {self.end_index}",
                )
            )

    def __len__(self) -> int:
        span = self.batch_size * self.stride
        return (self.end_index - self.start_index + span) // span

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        if self.shuffle:
            low, high = self.start_index, self.end_index + 1
            rows = np.random.randint(low, high, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, last, self.stride)
        found = [self.data[r - self.length : r : self.sampling_rate] for r in rows]
        samples = np.array(found)
        goals = np.array([self.targets[r] for r in rows])
        return (samples[:, ::-1, ...] if self.reverse else samples), goals
