"""The first batch of an epoch, looked at on its way into the training step.

In: an iterator of batches, and who wants to see one. Out: the same batches. `advice`
puts it before data that are no arrays: nothing is read that training would not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rillet.core import nest
from rillet.keras.data_batches import unpack_x_y_sample_weight
from rillet.keras.data_rows import is_array


def brings_targets(x: Any) -> bool:
    """Whether something is no arrays, but gives batches: a dataset, a generator."""
    return not (is_array(x) or isinstance(x, (dict, list, tuple)) or x is None)


def inputs_and_targets(data: Any) -> tuple[Any, Any]:
    """What a batch holds but for its weights."""
    x, y, _ = unpack_x_y_sample_weight(data)
    return x, y


class FirstBatch:
    """An iterator that shows its first batch.

    Args:
        iterator: where the batches come from.
        hears: is given inputs and targets of the first.
    """

    def __init__(self, iterator: Any, hears: Callable[[Any, Any], None]) -> None:
        self._iterator = iterator
        self._hears: Callable[[Any, Any], None] | None = hears

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        data = next(self._iterator)
        if self._hears is not None:
            self._show(data)
        return data

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._iterator, name)
        if name == "pull_joined" and self._hears is not None:
            return self._joined
        return value

    def _joined(self, most: int) -> Any:
        """Several batches side by side, as iterators of datasets give them."""
        found = self._iterator.pull_joined(most)
        if found is not None and self._hears is not None:
            data, size, _ = found
            self._show(nest.map_structure(lambda rows: rows[:size], data))
        return found

    def _show(self, data: Any) -> None:
        hears, self._hears = self._hears, None
        if hears is not None:
            hears(*inputs_and_targets(data))
