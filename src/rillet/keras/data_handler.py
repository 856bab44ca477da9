"""What users give `fit`, `evaluate` and `predict`, as batches an epoch.

In: arrays, tables, datasets, generators, `Sequence`s, with their sizes and weights.
Out: for each epoch an iterator of batches ``x``, ``(x, y)`` or ``(x, y, weights)``, and
the numbers of its steps. `loops` calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.errors import OutOfRangeError, house_message
from rillet.core.logger import get_logger
from rillet.keras.data_batches import class_table, pack_x_y_sample_weight
from rillet.keras.data_rows import as_rows
from rillet.keras.data_sources import DatasetSource, source_of
from rillet.keras.scipy_matrices import without_scipy

_SHORT = (
    "Your input ran out of data; interrupting training. Make sure that your dataset or"
    " generator can generate at least `steps_per_epoch * epochs` batches (in this case,"
    " %d batches). You may need to use the repeat() function when building your"
    " dataset."
)


class DataHandler:
    """The batches of a whole `fit`, `evaluate` or `predict`, epoch by epoch.

    Args:
        owner: who asks, for messages.
        x: inputs: arrays in any nest, a dataset, a generator or a `Sequence`.
        y: targets, where `x` does not bring them.
        sample_weight: weights of examples, likewise.
        batch_size: rows a batch; 32 where None.
        steps: batches an epoch; all where None.
        initial_epoch: the number of the first epoch.
        epochs: one more than the number of the last.
        shuffle: whether and how to shuffle rows.
        class_weight: weights by class.

    Raises:
        ValueError: where the data and the arguments do not fit together.
    """

    def __init__(
        self,
        owner: str,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        initial_epoch: int = 0,
        epochs: int = 1,
        shuffle: Any = False,
        class_weight: Any = None,
    ) -> None:
        self._first, self._last = initial_epoch, epochs
        self.increment = 1
        count = max(epochs - initial_epoch, 0)
        table = None if class_weight is None else class_table(class_weight)
        self._source = source_of(
            owner, x, y, sample_weight, batch_size, steps, count, shuffle, table
        )
        if steps == -1:
            steps = None
        self.inferred_steps = steps if steps is not None else self._source.size
        if steps is None and isinstance(self._source, DatasetSource):
            infinite = getattr(x, "cardinality", None)
            if infinite is not None and int(infinite()) == -1:
                raise ValueError(
                    house_message(
                        owner,
                        "When passing an infinitely repeating dataset, please specify a"
                        " `steps_per_epoch` value so that epoch level callbacks"
                        " continue to work",
                    )
                )
        self._ran_out = False

    def resume_at(self, epoch: int | None) -> None:
        """Begin with a later epoch, where training goes on from a backup."""
        if epoch is not None:
            self._first = max(self._first, epoch)

    def epochs(self) -> Iterator[tuple[int, Iterator[Any]]]:
        """Each epoch's number and iterator; ends early where data ran out."""
        iterator = None
        if self._source.again:
            self._source.rehearse()
        for epoch in range(self._first, self._last):
            if self._ran_out:
                return
            if iterator is None or self._source.again:
                iterator = self._source.iterate()
            yield epoch, iterator
            self._source.epoch_ended()

    @property
    def gives_singles(self) -> bool:
        """Whether a dataset's elements are examples and no batches."""
        return self._source.singles

    @property
    def by_rows(self) -> bool:
        """Whether batches can be had several at a time, as rows side by side."""
        return self._source.joins

    def take_together(self, several: bool) -> None:
        """Say whether calls will run many steps: nothing is read ahead then."""
        self._source.together = several

    def steps(self, per_call: Callable[[], int]) -> Iterator[int]:
        """The numbers of the steps at which a step function is to be called.

        Args:
            per_call: how many steps the next call is to run; `increment` says how many
                of them are left in the epoch.
        """
        step = 0
        total = self.inferred_steps
        while total is None or step < total:
            wanted = per_call()
            self.increment = wanted if total is None else min(wanted, total - step)
            yield step
            step += self.increment

    def ran_out(self, step: int) -> None:
        """Note that the iterator ended in the middle of an epoch."""
        if self.inferred_steps is None:
            self.inferred_steps = step
            return
        self._ran_out = True
        total = self.inferred_steps * (self._last - self._first)
        get_logger().warning(_SHORT, total)


#: What an iterator that ended raises.
ENDED = (StopIteration, OutOfRangeError)


def one_batch(
    owner: str, x: Any, y: Any, weights: Any, class_weight: Any
) -> Iterator[Any]:
    """An iterator over whole arrays as one batch.

    The arrays are copied: the caller may fill them anew while the model keeps the batch
    (in a variable, say).
    """
    x, y = without_scipy(x), without_scipy(y)
    x, y, weights = (nest.map_structure(_own, part) for part in (x, y, weights))
    if class_weight is None:
        DataHandler(owner, x, y, weights)
        packed = pack_x_y_sample_weight(as_rows(x), as_rows(y), as_rows(weights))
        return iter([packed if isinstance(packed, tuple) else (packed,)])
    count = len(nest.flatten(as_rows(x))[0])
    handler = DataHandler(owner, x, y, weights, count, class_weight=class_weight)
    for _, iterator in handler.epochs():
        return iterator
    return iter(())


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
