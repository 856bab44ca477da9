"""Arrays as batches: which rows come next, and the rows themselves.

In: arrays of equal length, a batch size, an order. Out: batches, as index arrays or
slices (`RowIterator.take`, many at a time) or gathered (`next`). An eager step takes
gathered ones; `compiled_steps` takes the indices. `data_sources` makes the iterators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from rillet.core import nest
from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.describe import shortened
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.settings import floatx
from rillet.ops import choices, seeds

Rows = slice | np.ndarray[Any, Any]

#: The op seed that tf.keras's shuffling has inside its input pipeline.
_SHUFFLE_SEED = 0
_SCALARS = (bool, int, float, str, bytes)


def is_array(value: Any) -> bool:
    """Whether a value is an array, a tensor or a table of rows."""
    if isinstance(value, Tensor | np.ndarray) or hasattr(value, "_dense_tensor"):
        return True
    return hasattr(value, "__array__") and hasattr(value, "shape")


def is_list_of_scalars(value: Any) -> bool:
    """Whether a value is a (nested) list of plain numbers or strings."""
    if isinstance(value, list | tuple) and value:
        return is_list_of_scalars(value[0])
    return isinstance(value, _SCALARS)


def as_rows(value: Any) -> Any:
    """Arrays, tables and lists of numbers as tensors, floats in Keras's float type.

    Args:
        value: an array-like or a nest of them. NumPy arrays in rows are not copied:
            whoever trains on them promises not to change them meanwhile.

    Returns:
        Tensors in the same nest.
    """
    if value is None:
        return None
    if isinstance(value, list) and is_list_of_scalars(value):
        try:
            value = np.array(value)
        except ValueError:
            raise ValueError(
                house_message(
                    "fit",
                    "the rows of a list must have one length (inhomogeneous shape)",
                    f"got {shortened(value)}",
                    "Pad them, e.g. with keras.utils.pad_sequences, or give a"
                    " tf.ragged.constant",
                )
            ) from None
    return nest.map_structure(_as_rows, value)


def _as_rows(value: Any) -> Any:
    if value is None or isinstance(value, Tensor):
        return value
    if hasattr(value, "_dense_tensor"):
        return to_tensor(value)
    if isinstance(value, CompositeTensor):
        return value
    if type(value).__module__.split(".")[0] == "pandas":
        array = value.to_numpy()
        value = array[:, None] if array.ndim == 1 else array
    if hasattr(value, "toarray") and not isinstance(value, np.ndarray):
        value = value.toarray()
    # In rows, once: native steps would copy the whole array at every call.
    array = np.asarray(value, order="C")
    if array.dtype.kind == "f" and array.dtype.name != floatx():
        return Tensor(array.astype(floatx()))
    if array.dtype.kind in "fiub" and array.dtype.isnative:
        return Tensor(array)
    return to_tensor(array)


def row_count(owner: str, *parts: Any) -> int:
    """The number of rows that all arrays have.

    Raises:
        ValueError: where the numbers differ, or something has no rows.
    """
    sizes: dict[str, list[int]] = {}
    for label, part in zip(("x", "y", "sample_weight"), parts, strict=False):
        for array in nest.flatten(part):
            if array is None:
                continue
            if array.shape.rank == 0:
                raise ValueError(
                    house_message(
                        owner,
                        "data has one row an example, so every array needs an axis",
                        f"{label} holds a single value of shape ()",
                        "Give a batch, e.g. np.array([value])",
                    )
                )
            sizes.setdefault(label, []).append(array.shape[0])
    found = {n for group in sizes.values() for n in group}
    if len(found) > 1:
        lines = [f"  {k} sizes: {', '.join(map(str, v))}" for k, v in sizes.items()]
        raise ValueError(
            f"{owner}: Data cardinality is ambiguous:\n"
            + "\n".join(lines)
            + "\nMake sure all arrays contain the same number of samples."
        )
    return found.pop() if found else 0


class Batches(NamedTuple):
    """Rows of one or more batches of one size, batch after batch.

    Attributes:
        rows: the rows' numbers in their order; a slice where they stand side by side.
        size: rows a batch.
        count: batches.
    """

    rows: Rows
    size: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs

    def one(self, at: int) -> Rows:
        """The rows of one batch."""
        first = at * self.size
        if isinstance(self.rows, slice):
            first += self.rows.start
            return slice(first, first + self.size)
        return self.rows[first : first + self.size]


class RowIterator:
    """Batches of rows in the order that training wants them.

    Args:
        data: tensors of equal length, in the nest that steps receive.
        count: their length.
        batch_size: rows a batch; the last one may be smaller.
        shuffle: false, true, or ``"batch"`` to shuffle batches and within them.
        epochs: how often to go through.
    """

    def __init__(
        self, data: Any, count: int, batch_size: int, shuffle: Any, epochs: int
    ) -> None:
        self.data = data
        self.count = count
        self.batch_size = batch_size
        self._opened: Any = None
        self._runs = self._all_runs(shuffle, epochs)
        self._run: Batches | None = None
        self._at = 0
        self._stream: Any = None

    def take(self, most: int = 1) -> Batches:
        """Which rows the next batches hold: `most` of one size, or fewer.

        Raises:
            StopIteration: after the last batch of the last epoch.
        """
        run = self._run
        while run is None or self._at >= run.count:
            run = self._run = next(self._runs)
            self._at = 0
        count = min(most, run.count - self._at)
        first, last = self._at * run.size, (self._at + count) * run.size
        self._at += count
        if isinstance(run.rows, slice):
            start = run.rows.start
            return Batches(slice(start + first, start + last), run.size, count)
        return Batches(run.rows[first:last], run.size, count)

    def opened(self, how: Callable[[Any], Any]) -> Any:
        """What `how` makes of the whole arrays, made once."""
        if self._opened is None:
            self._opened = how(self.data)
        return self._opened

    def __iter__(self) -> RowIterator:
        return self

    def __next__(self) -> Any:
        return self.gather(self.take().rows)

    def gather(self, which: Rows) -> Any:
        """The batch of the rows named."""
        data = self.data
        if isinstance(data, Tensor):
            return Tensor(pick(data._array, which))
        if type(data) is tuple and all(type(t) is Tensor for t in data):
            return tuple([Tensor(pick(t._array, which)) for t in data])
        return nest.map_structure(
            lambda t: None if t is None else Tensor(pick(t._array, which)), data
        )

    def _all_runs(self, shuffle: Any, epochs: int) -> Iterator[Batches]:
        """Batches of one size that follow each other, over all epochs."""
        size = self.batch_size
        for _ in range(epochs):
            if shuffle == "batch":
                yield from self._shuffled_batches()
                continue
            whole, rest = divmod(self.count, size)
            rows: Rows = slice(0, self.count)
            if shuffle:
                rows = self._permutation(self.count)
            if whole:
                yield Batches(_part(rows, 0, whole * size), size, whole)
            if rest:
                yield Batches(_part(rows, whole * size, self.count), rest, 1)

    def _permutation(self, size: int) -> np.ndarray[Any, Any]:
        if size <= 1:
            return np.arange(size)
        if self._stream is None:
            self._stream = _shuffle_stream()
        if isinstance(self._stream, np.random.Generator):
            return self._stream.permutation(size)
        blocks = -(-(size - 1) // 4)
        return choices.permutation(self._stream.reserve(blocks), size)

    def _shuffled_batches(self) -> Iterator[Batches]:
        number = -(-self.count // self.batch_size)
        for batch in self._permutation(number).tolist():
            start = batch * self.batch_size
            size = min(self.batch_size, self.count - start)
            yield Batches(start + self._permutation(size), size, 1)


def _part(rows: Rows, start: int, stop: int) -> Rows:
    return slice(start, stop) if isinstance(rows, slice) else rows[start:stop]


def _shuffle_stream() -> Any:
    """What rows are shuffled by: TensorFlow's numbers where the program set a seed."""
    seed = seeds.global_seed()
    if seed is None:
        # Nobody can tell which numbers these are, and NumPy's come faster.
        return np.random.default_rng()
    first = seed % (2**31 - 1)
    pair = (first, _SHUFFLE_SEED) if first else (0, 2**31 - 1)
    return seeds.Instance(*pair)


def pick(array: np.ndarray[Any, Any], which: Rows) -> np.ndarray[Any, Any]:
    """The rows named: a view where they stand side by side."""
    return array[which] if isinstance(which, slice) else array.take(which, axis=0)
