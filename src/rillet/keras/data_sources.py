"""Where batches come from: arrays, datasets, generators, `Sequence`s.

In: what users give `fit`, `evaluate` and `predict`. Out: a `Source` that iterates over
batches. `data_handler` calls it.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.composite import composites_in
from rillet.core.errors import house_message
from rillet.data.dataset import Dataset
from rillet.keras.data_batches import (
    pack_x_y_sample_weight,
    standard,
    with_class_weight,
)
from rillet.keras.data_rows import (
    RowIterator,
    as_rows,
    is_array,
    is_list_of_scalars,
    row_count,
)
from rillet.keras.scipy_matrices import without_scipy
from rillet.keras.sequence import Sequence


class Source:
    """Where batches come from; the classes below are the kinds of it.

    Attributes:
        size: batches an epoch, None where nobody knows.
        again: whether each epoch begins a new iterator.
        joins: whether batches can be had several at a time, as rows side by side.
        together: whether they will be asked for so.
        singles: whether they are no batches, but single examples.
    """

    size: int | None = None
    again = True
    joins = False
    together = False
    singles = False

    def iterate(self) -> Iterator[Any]:
        """A new iterator of batches."""
        raise NotImplementedError

    def rehearse(self) -> None:
        """Use what making an iterator uses that nobody reads."""

    def epoch_ended(self) -> None:
        """Called after each epoch."""


class ArraySource(Source):
    """Arrays in memory; see `RowIterator` for the arguments."""

    again = False
    joins = True

    def __init__(
        self, data: Any, count: int, batch: int, shuffle: Any, epochs: int
    ) -> None:
        self._iterator = RowIterator(data, count, batch, shuffle, epochs)
        self.size = -(-count // batch)

    def iterate(self) -> Iterator[Any]:
        """All epochs' batches in one iterator."""
        return self._iterator


def draw_pass(dataset: Any) -> None:
    """Draw the seeds of a pass that nobody makes.

    tf.keras makes one iterator too many before its first epoch, in `fit` and its kin
    and in `adapt`.
    """
    plan = getattr(dataset, "_plan", None)
    for seeds in () if plan is None else plan.chance:
        seeds.draw()


class DatasetSource(Source):
    """A `tf.data.Dataset`, or anything else that can be iterated again and again."""

    def __init__(
        self, dataset: Any, weigh: Callable[[Any], Any] | None, steps: int | None
    ) -> None:
        self._dataset = dataset
        self._weigh = weigh
        cardinality = getattr(dataset, "cardinality", None)
        if cardinality is not None:
            found = int(cardinality())
            self.size = found if found >= 0 else None
        # With another number of steps, an epoch goes on where the last one stopped.
        self.again = steps is None or steps == self.size
        known = steps is not None or self.size is not None
        self.joins = known and weigh is None and getattr(dataset, "_joins", False)
        specs = nest.flatten(getattr(dataset, "element_spec", ()))
        shapes = [getattr(spec, "shape", None) for spec in specs]
        # A batch has an axis for its examples.
        self.singles = any(shape is not None and shape.rank == 0 for shape in shapes)

    def rehearse(self) -> None:
        """Draw the seeds of a pass, as tf.keras does before its first epoch."""
        draw_pass(self._dataset)

    def iterate(self) -> Iterator[Any]:
        """The batches of one pass."""
        batches = iter(self._dataset)
        if self.joins:
            batches.together = self.together
        return batches if self._weigh is None else map(self._weigh, batches)


class GeneratorSource(Source):
    """A generator: batches that come once."""

    again = False

    def __init__(self, generator: Any, weigh: Callable[[Any], Any]) -> None:
        self._generator = generator
        self._weigh = weigh

    def iterate(self) -> Iterator[Any]:
        """The generator, its arrays as tensors."""
        return (self._weigh(standard(batch)) for batch in self._generator)


class SequenceSource(Source):
    """A `keras.utils.Sequence`: batches by number."""

    def __init__(
        self, sequence: Any, weigh: Callable[[Any], Any], shuffle: bool
    ) -> None:
        self._sequence = sequence
        self._weigh = weigh
        self._shuffle = shuffle
        self.size = len(sequence)

    def iterate(self) -> Iterator[Any]:
        """The batches of one epoch, in order or shuffled."""
        order = list(range(len(self._sequence)))
        if self._shuffle:
            random.shuffle(order)
        return (self._weigh(standard(self._sequence[i])) for i in order)

    def epoch_ended(self) -> None:
        """Tell the sequence, which may change."""
        self._sequence.on_epoch_end()


def source_of(
    owner: str,
    x: Any,
    y: Any,
    weights: Any,
    batch_size: Any,
    steps: Any,
    epochs: int,
    shuffle: Any,
    table: Any,
) -> Source:
    """The kind of source that the data is."""

    def weigh(batch: Any) -> Any:
        return batch if table is None else with_class_weight(owner, batch, table)

    if isinstance(x, Sequence):
        _refuse_extras(owner, "keras.utils.Sequence", y, weights, batch_size)
        return SequenceSource(x, weigh, bool(shuffle))
    if hasattr(x, "element_spec"):
        _refuse_extras(owner, "dataset", y, weights, batch_size)
        return DatasetSource(x, None if table is None else weigh, steps)
    if inspect.isgenerator(x) or (hasattr(x, "__next__") and not is_array(x)):
        _refuse_extras(owner, "python generator", y, weights, batch_size)
        return GeneratorSource(x, weigh)
    x, y = without_scipy(x), without_scipy(y)
    if composites_in([x, y, weights]):
        return _composite_source(owner, x, y, weights, batch_size, shuffle, table)
    _check_arrays(owner, x, y, weights)
    x, y, weights = as_rows(x), as_rows(y), as_rows(weights)
    count = row_count(owner, x, y, weights)
    if count == 0:
        raise ValueError(
            house_message(
                owner,
                "Expected input data to be non-empty",
                "the arrays have 0 rows",
            )
        )
    batch = 32 if batch_size is None else _batch_size(owner, batch_size)
    if steps is not None and batch_size is None:
        batch = max(1, int(math.ceil(count / steps))) if steps > 0 else batch
    data = pack_x_y_sample_weight(x, y, weights)
    return ArraySource(weigh(data), count, batch, shuffle, epochs)


def _composite_source(
    owner: str, x: Any, y: Any, weights: Any, size: Any, shuffle: Any, table: Any
) -> Source:
    """Ragged or sparse tensors, as a dataset of their rows."""
    data = pack_x_y_sample_weight(x, y, weights)
    rows = Dataset.from_tensor_slices(_as_tuples(data))
    if shuffle is True:
        rows = rows.shuffle(max(1, int(rows.cardinality())))
    dataset = rows.batch(32 if size is None else _batch_size(owner, size))

    def weigh(batch: Any) -> Any:
        return with_class_weight(owner, batch, table)

    return DatasetSource(dataset, None if table is None else weigh, None)


def _as_tuples(value: Any) -> Any:
    """A nest of arrays without lists, which datasets take for tensors."""
    if isinstance(value, list | tuple):
        return tuple([_as_tuples(v) for v in value])
    if isinstance(value, dict):
        return {key: _as_tuples(v) for key, v in value.items()}
    return value


def _batch_size(owner: str, value: Any) -> int:
    if not isinstance(value, int | np.integer):
        raise TypeError(
            house_message(
                owner,
                "`batch_size` must be a positive integer",
                f"got {value!r} of type {type(value).__name__}",
            )
        )
    if value < 1:
        raise ValueError(
            house_message(
                owner,
                "Expected batch_size to be positive",
                f"Received is {value}",
            )
        )
    return int(value)


def _refuse_extras(owner: str, kind: str, y: Any, weights: Any, batch: Any) -> None:
    if y is not None:
        raise ValueError(
            house_message(
                owner,
                f"`y` argument is not supported when using {kind} as input",
                f"y is {type(y).__name__}",
                f"Let the {kind} give (inputs, targets)",
            )
        )
    if weights is not None:
        raise ValueError(
            house_message(
                owner,
                f"`sample_weight` argument is not supported when using {kind} as input",
                f"sample_weight is {type(weights).__name__}",
                f"Let the {kind} give (inputs, targets, sample_weights)",
            )
        )
    if batch is not None:
        raise ValueError(
            house_message(
                owner,
                "The `batch_size` argument must not be specified for the given input"
                " type",
                f"input is a {kind}, batch_size={batch}",
            )
        )


def _check_arrays(owner: str, x: Any, y: Any, weights: Any) -> None:
    """Raise where something is neither an array nor all of it plain lists."""
    if x is None:
        raise ValueError(
            house_message(owner, "there is no data: `x` is missing", "x=None")
        )
    parts = [p for p in (x, y, weights) if p is not None]
    if all(isinstance(p, list) and is_list_of_scalars(p) for p in parts):
        return
    for part in parts:
        for leaf in nest.flatten(part):
            if leaf is not None and not is_array(leaf):
                raise ValueError(
                    house_message(
                        owner,
                        "Failed to find data adapter that can handle input",
                        ", ".join(_kind(p) for p in (x, y) if p is not None),
                        "Convert lists with np.array(...)",
                    )
                )


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        kinds = sorted({str(type(v)) for v in nest.flatten(value)})
        return f"({type(value)} containing values of types {kinds})"
    return str(type(value))
