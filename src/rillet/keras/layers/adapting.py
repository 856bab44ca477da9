"""What layers share that learn from data before training: `adapt` and its batches.

In: arrays, tensors or data sets. Out: batches to `update_state`, once through.
Normalization, Discretization, the lookups and TextVectorization stand on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.base_layer import Layer
from rillet.keras.data_sources import draw_pass


class Adapting(Layer):
    """A layer with state that comes from data and not from gradients.

    Subclasses define `reset_state`, `update_state` and, where something is to be
    computed at the end, `finalize_state`.
    """

    _adapted = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer; a list of Python values is one tensor."""
        if args and isinstance(args[0], list | tuple | str | bytes | np.ndarray):
            args = (as_batch(args[0]), *args[1:])
        return super().__call__(*args, **kwargs)

    @property
    def is_adapted(self) -> bool:
        """Whether `adapt` has run."""
        return self._adapted

    def adapt(
        self, data: Any, batch_size: int | None = None, steps: Any = None
    ) -> None:
        """Learn the layer's state from data, in place of what it held.

        Args:
            data: an array, a tensor, a list, or a data set of batches.
            batch_size: how many rows of an array to take at a time; 32 where None.
            steps: how many batches to take; all where None.

        Example:
            >>> import rillet as tf
            >>> layer = tf.keras.layers.Normalization(axis=None)
            >>> layer.adapt([1., 2., 3.])
            >>> round(float(layer.mean), 4)
            2.0
        """
        self.reset_state()
        for batch in batches(data, batch_size, steps):
            self._build_once(batch)
            self.update_state(batch)
        self.finalize_state()
        self._adapted = True

    def _build_once(self, batch: Tensor) -> None:
        if not self.built:
            self._build_scoped(_freed(batch))

    def reset_state(self) -> None:
        """Forget what was learnt."""
        raise NotImplementedError

    def update_state(self, data: Any) -> None:
        """Take a batch into account."""
        raise NotImplementedError

    def finalize_state(self) -> None:
        """Make what the layer computes with out of what was learnt."""


def _freed(batch: Tensor) -> Any:
    """A batch's shape, with any number of rows where there are several axes."""
    shape = batch.shape
    if shape.rank is None or shape.rank < 2:
        return shape
    return type(shape)([None, *shape.as_list()[1:]])


def as_batch(value: Any) -> Any:
    """Python values as one tensor; structures with tensors in them as they are."""
    if isinstance(value, list | tuple):
        if any(isinstance(v, Tensor) or hasattr(v, "_dense_tensor") for v in value):
            return value
        if any(hasattr(v, "_keras_history") for v in value):
            return value
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        value = value.astype(object)
    return to_tensor(value)


def batches(data: Any, batch_size: int | None, steps: Any) -> Iterator[Tensor]:
    """The batches of what `adapt` was given.

    Raises:
        ValueError: where a data set gives targets too, or nothing at all.
    """
    if hasattr(data, "element_spec") or hasattr(data, "__next__"):
        yield from _of_dataset(data, steps)
        return
    whole = as_batch(data.to_numpy() if hasattr(data, "to_numpy") else data)
    rows = whole.shape[0] if whole.shape.rank else None
    if rows is None:
        yield whole
        return
    size = batch_size or 32
    count = -(-rows // size) if steps is None else int(steps)
    if batch_size is None and steps is None:
        # The result does not depend on the cuts, but for rounding: few are faster.
        size, count = max(rows, 1), 1
    for i in range(count):
        if i * size < max(rows, 1):
            yield whole[i * size : (i + 1) * size]


def _of_dataset(data: Any, steps: Any) -> Iterator[Tensor]:
    seen = False
    size = data.cardinality() if hasattr(data, "cardinality") else None
    if steps is None or size is not None and int(steps) == int(size):
        draw_pass(data)
    for i, batch in enumerate(data):
        if steps is not None and i >= int(steps):
            return
        if isinstance(batch, tuple | list | dict):
            raise ValueError(
                house_message(
                    "adapt",
                    "expects a data set whose elements are inputs only",
                    f"its elements are {type(batch).__name__}s",
                    "Take the inputs alone: dataset.map(lambda x, y: x)",
                )
            )
        seen = True
        yield batch if isinstance(batch, Tensor) else as_batch(batch)
    if not seen:
        raise ValueError(
            house_message(
                "adapt", "Expected input data to be non-empty", "no batch came"
            )
        )
