"""What users give `fit`, `evaluate` and `predict`, as batches an epoch.

In: arrays, tables, datasets, generators, `Sequence`s, with their sizes and weights.
Out: for each epoch an iterator of batches ``x``, ``(x, y)`` or ``(x, y, weights)``, and
the numbers of its steps. `loops` calls it.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import InvalidArgumentError, OutOfRangeError, house_message
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.keras.data_rows import (
    RowIterator,
    as_rows,
    is_array,
    is_list_of_scalars,
    row_count,
)
from rillet.keras.sequence import Sequence
from rillet.keras.settings import floatx

_SHORT = (
    "Your input ran out of data; interrupting training. Make sure that your dataset or"
    " generator can generate at least `steps_per_epoch * epochs` batches (in this case,"
    " %d batches). You may need to use the repeat() function when building your"
    " dataset."
)


class Source:
    """Where batches come from; the classes below are the kinds of it.

    Attributes:
        size: batches an epoch, None where nobody knows.
        again: whether each epoch begins a new iterator.
    """

    size: int | None = None
    again = True

    def iterate(self) -> Iterator[Any]:
        """A new iterator of batches."""
        raise NotImplementedError

    def epoch_ended(self) -> None:
        """Called after each epoch."""


class ArraySource(Source):
    """Arrays in memory; see `RowIterator` for the arguments."""

    again = False

    def __init__(
        self, data: Any, count: int, batch: int, shuffle: Any, epochs: int
    ) -> None:
        self._iterator = RowIterator(data, count, batch, shuffle, epochs)
        self.size = -(-count // batch)

    def iterate(self) -> Iterator[Any]:
        """All epochs' batches in one iterator."""
        return self._iterator


class DatasetSource(Source):
    """A `tf.data.Dataset`, or anything else that can be iterated again and again."""

    def __init__(
        self, dataset: Any, weigh: Callable[[Any], Any], steps: int | None
    ) -> None:
        self._dataset = dataset
        self._weigh = weigh
        # With a number of steps, an epoch goes on where the last one stopped.
        self.again = steps is None
        cardinality = getattr(dataset, "cardinality", None)
        if cardinality is not None:
            found = int(cardinality())
            self.size = found if found >= 0 else None

    def iterate(self) -> Iterator[Any]:
        """The batches of one pass."""
        return map(self._weigh, iter(self._dataset))


class GeneratorSource(Source):
    """A generator: batches that come once."""

    again = False

    def __init__(self, generator: Any, weigh: Callable[[Any], Any]) -> None:
        self._generator = generator
        self._weigh = weigh

    def iterate(self) -> Iterator[Any]:
        """The generator, its arrays as tensors."""
        return (self._weigh(_standard(batch)) for batch in self._generator)


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
        return (self._weigh(_standard(self._sequence[i])) for i in order)

    def epoch_ended(self) -> None:
        """Tell the sequence, which may change."""
        self._sequence.on_epoch_end()


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
        steps_per_execution: steps that one call of a step function runs.

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
        steps_per_execution: int = 1,
    ) -> None:
        self._first, self._last = initial_epoch, epochs
        self._per_call = steps_per_execution
        self.increment = steps_per_execution
        count = max(epochs - initial_epoch, 0)
        table = None if class_weight is None else _class_table(class_weight)
        self._source = _source_of(
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

    def epochs(self) -> Iterator[tuple[int, Iterator[Any]]]:
        """Each epoch's number and iterator; ends early where data ran out."""
        iterator = None
        for epoch in range(self._first, self._last):
            if self._ran_out:
                return
            if iterator is None or self._source.again:
                iterator = self._source.iterate()
            yield epoch, iterator
            self._source.epoch_ended()

    def steps(self) -> Iterator[int]:
        """The numbers of the steps at which a step function is to be called.

        `increment` says how many steps the call is to run.
        """
        step = 0
        total = self.inferred_steps
        while total is None or step < total:
            left = self._per_call if total is None else total - step
            self.increment = min(self._per_call, left)
            yield step
            step += self.increment
            self._done = step

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


def _source_of(
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
        return batch if table is None else _with_class_weight(owner, batch, table)

    if isinstance(x, Sequence):
        _refuse_extras(owner, "keras.utils.Sequence", y, weights, batch_size)
        return SequenceSource(x, weigh, bool(shuffle))
    if hasattr(x, "element_spec"):
        _refuse_extras(owner, "dataset", y, weights, batch_size)
        return DatasetSource(x, weigh, steps)
    if inspect.isgenerator(x) or (hasattr(x, "__next__") and not is_array(x)):
        _refuse_extras(owner, "python generator", y, weights, batch_size)
        return GeneratorSource(x, weigh)
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
    data = pack(x, y, weights)
    return ArraySource(weigh(data), count, batch, shuffle, epochs)


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


def pack(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Inputs, targets and weights in the form that steps receive."""
    if y is None and sample_weight is None:
        return (x,) if nest.is_nested(x) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack(data: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights of a batch; None for what it lacks.

    Raises:
        ValueError: where a tuple has more than three parts.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            house_message(
                "fit",
                "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or"
                " `(x, y, sample_weight)`",
                f"found {len(data)} parts",
            )
        )
    parts = (*data, None, None)[:3]
    return parts[0], parts[1], parts[2]


def _standard(batch: Any) -> Any:
    """A generator's batch, its arrays as tensors."""
    x, y, weights = unpack(batch)
    return pack(_tensors(x), _tensors(y), _tensors(weights))


def _tensors(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list) and is_list_of_scalars(value):
        value = np.array(value)

    def one(leaf: Any) -> Any:
        if leaf is None or isinstance(leaf, Tensor):
            return leaf
        if type(leaf).__module__.split(".")[0] == "pandas":
            leaf = leaf.to_numpy()
        array = np.asarray(leaf)
        # Generators may fill one array again and again: this one is copied.
        return to_tensor(array.astype(floatx()) if array.dtype.kind == "f" else array)

    return nest.map_structure(one, value)


def _class_table(class_weight: Any) -> np.ndarray[Any, Any]:
    """The weights as an array by class."""
    keys = sorted(class_weight)
    if keys != list(range(len(keys))):
        raise ValueError(
            house_message(
                "class_weight",
                "Expected `class_weight` to be a dict with keys from 0 to one less than"
                " the number of classes",
                f"found {class_weight}",
            )
        )
    return np.array([class_weight[k] for k in keys], floatx())


def _with_class_weight(owner: str, data: Any, table: np.ndarray[Any, Any]) -> Any:
    """The data with each row's weight multiplied by that of its class."""
    x, y, weights = unpack(data)
    if nest.is_nested(y) or y is None:
        raise ValueError(
            house_message(
                owner,
                "`class_weight` is only supported for Models with a single output",
                f"y is {type(y).__name__}",
            )
        )
    labels = to_tensor(y)._array
    if labels.ndim > 2:
        raise ValueError(
            house_message(
                owner,
                "`class_weight` not supported for 3+ dimensional targets",
                f"y has shape {labels.shape}",
            )
        )
    if labels.ndim == 2 and labels.shape[1] > 1:
        classes = labels.argmax(axis=1)
    else:
        classes = np.round(labels.reshape(-1)).astype(np.int64)
    if classes.size and not 0 <= int(classes.min()) <= int(classes.max()) < len(table):
        raise InvalidArgumentError(
            house_message(
                owner,
                "a label has no weight in `class_weight`",
                f"labels run from {classes.min()} to {classes.max()}, class_weight has"
                f" {len(table)} classes",
            )
        )
    found: Any = Tensor(table[classes])
    if weights is not None:
        given = to_tensor(weights)
        found = Tensor(
            given._array.astype(as_dtype(floatx()).numpy_dtype) * found._array
        )
    return pack(x, y, found)


def split_off(
    data: tuple[Any, Any, Any], share: float
) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]:
    """Keep the last rows of arrays for validation.

    Args:
        data: inputs, targets and weights.
        share: how much to keep, between 0 and 1.

    Returns:
        What to train on and what to validate on.

    Raises:
        ValueError: where the data are no arrays, or one part would be empty.
    """
    for part in data:
        for leaf in nest.flatten(part):
            if leaf is not None and not is_array(leaf):
                raise ValueError(
                    house_message(
                        "fit",
                        "`validation_split` is only supported for Tensors or NumPy"
                        " arrays",
                        f"found following types in the input: {type(leaf)}",
                    )
                )
    rows = tuple(as_rows(part) for part in data)
    count = row_count("fit", *rows)
    cut = int(math.floor(count * (1.0 - share)))
    if cut in (0, count):
        raise ValueError(
            f"Training data contains {count} samples, which is not sufficient to split"
            " it into a validation and training set as specified by"
            f" `validation_split={share}`. Either provide more data, or a different"
            " value for the `validation_split` argument."
        )

    def rows_at(which: slice) -> Any:
        return tuple(
            nest.map_structure(
                lambda t: None if t is None else Tensor(t._array[which]), r
            )
            for r in rows
        )

    return rows_at(slice(0, cut)), rows_at(slice(cut, count))
