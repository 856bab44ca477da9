"""Data sets cut out of arrays: windows of time series, and parts of data sets.

In: arrays and data sets. Out: data sets. `keras.utils` offers the functions.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.data.dataset import Dataset
from rillet.ops.gather import gather


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Any:
    """Windows of a time series as a data set of batches.

    Args:
        data: an array whose first axis is time.
        targets: what belongs to the window that starts at each time; None for no
            targets.
        sequence_length: how many times a window has.
        sequence_stride: how far the next window starts.
        sampling_rate: how far the next time in a window lies.
        batch_size: windows a batch; single windows where None.
        shuffle: whether the order is random.
        seed: for the order.
        start_index: data before it are left alone.
        end_index: data from it on are left alone.

    Returns:
        A data set of windows ``(batch, sequence_length, ...)``, or of pairs of windows
        and targets.

    Raises:
        ValueError: where a number does not fit.

    Example:
        >>> import numpy as np
        >>> windows = timeseries_dataset_from_array(np.arange(5), None, 3)
        >>> [batch.numpy().tolist() for batch in windows]
        [[[0, 1, 2], [1, 2, 3], [2, 3, 4]]]
    """
    name = "timeseries_dataset_from_array"
    whole = np.asarray(data)
    _check(name, len(whole), sequence_length, sequence_stride, sampling_rate)
    start = start_index or 0
    stop = len(whole) if end_index is None else end_index
    if not 0 <= start < len(whole) or not start < stop <= len(whole):
        raise ValueError(
            house_message(
                name,
                "`start_index` and `end_index` must lie in the data, in order",
                f"start_index={start_index}, end_index={end_index}, with"
                f" {len(whole)} times",
            )
        )
    part = to_tensor(whole[start:stop])
    count = stop - start - (sequence_length - 1) * sampling_rate
    wanted = None
    if targets is not None:
        kept = np.asarray(targets)[start:stop]
        count = min(count, len(kept))
        wanted = to_tensor(kept)
    positions = np.arange(0, max(count, 0), sequence_stride, dtype=np.int32)
    if shuffle:
        if seed is None:
            seed = int(np.random.randint(1000000))
        np.random.RandomState(seed).shuffle(positions)
    steps = np.arange(sequence_length, dtype=np.int32) * sampling_rate

    def windows(at: Any) -> Any:
        if batch_size is None:
            found = gather(part, at + steps)
        else:
            found = gather(part, at[:, None] + steps[None])
        return found if wanted is None else (found, gather(wanted, at))

    source: Any = Dataset.from_tensor_slices(positions)
    if shuffle:
        source = source.shuffle(1024 if batch_size is None else batch_size * 8, seed)
    if batch_size is not None:
        source = source.batch(batch_size)
    return source.map(windows).prefetch(-1)


def _check(name: str, total: int, length: int, stride: int, rate: int) -> None:
    rules = (
        (length, "sequence_length"),
        (stride, "sequence_stride"),
        (rate, "sampling_rate"),
    )
    for value, what in rules:
        if value <= 0 or value >= max(total, 2) and what != "sequence_length":
            raise ValueError(
                house_message(
                    name,
                    f"`{what}` must be higher than 0 and lower than the length of the"
                    " data",
                    f"Got: {what}={value} for data of length {total}",
                )
            )


def split_dataset(
    dataset: Any,
    left_size: Any = None,
    right_size: Any = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Any, Any]:
    """A data set in two parts.

    Args:
        dataset: a data set, an array, or a list or tuple of arrays.
        left_size: how many elements the first part has, or which fraction.
        right_size: the same of the second part.
        shuffle: whether elements are shuffled before.
        seed: for the order.

    Returns:
        Two data sets.

    Raises:
        ValueError: where the sizes do not fit.
        TypeError: for another kind of data.

    Example:
        >>> import numpy as np
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), len(right)
        (8, 2)
    """
    if isinstance(dataset, np.ndarray) or hasattr(dataset, "_dense_tensor"):
        rows = list(np.asarray(dataset))
    elif isinstance(dataset, list | tuple):
        rows = [tuple(row) for row in zip(*map(np.asarray, dataset), strict=True)]
    elif isinstance(dataset, Dataset):
        rows = list(dataset.as_numpy_iterator())
    else:
        raise TypeError(
            house_message(
                "split_dataset",
                "`dataset` must be a tf.data.Dataset, an array, or a list or tuple of"
                " arrays",
                f"Received: {type(dataset)}",
            )
        )
    if shuffle:
        random.Random(seed).shuffle(rows)
    left, right = _sizes(len(rows), left_size, right_size)
    return _made(rows[:left]), _made(rows[len(rows) - right :])


def _sizes(total: int, left: Any, right: Any) -> tuple[int, int]:
    def count(size: Any) -> int | None:
        return round(size * total) if isinstance(size, float) else size

    first, second = count(left), count(right)
    if first is None and second is None:
        raise ValueError(
            house_message(
                "split_dataset",
                "At least one of the `left_size` or `right_size` must be specified",
                "Received: left_size=None and right_size=None",
            )
        )
    if first is None:
        first = total - (second or 0)
    elif second is None:
        second = total - first
    if not (0 < first < total and second and 0 < second and first + second <= total):
        raise ValueError(
            house_message(
                "split_dataset",
                "both parts must have elements, and together no more than there are",
                f"left_size={left}, right_size={right}, {total} elements",
            )
        )
    return first, second


def _made(rows: list[Any]) -> Any:
    stacked = nest.map_structure(lambda *parts: np.stack(parts), *rows)
    return Dataset.from_tensor_slices(stacked)
