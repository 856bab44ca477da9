"""Inputs and targets for a picture, out of arrays or of a dataset.

In: what a picture was given as `x` and `y`. Out: both, of a dataset those of its first
batch, or of all batches one after the other. `computation`, `insides`, `networks`,
`scores` and `surfaces` ask.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import rillet as tf
from rillet.explain.picture import refuse


def first_batch(op: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Inputs and targets; of a dataset those of its first batch.

    Args:
        op: who asks.
        x: inputs, or a dataset of inputs or of ``(x, y)``.
        y: targets; None where the dataset brings them, or there are none.

    Raises:
        ValueError: where the dataset is empty, or targets come with it and beside it.
    """
    if not isinstance(x, tf.data.Dataset):
        return x, y
    batch = next(iter(x), None)
    if batch is None:
        raise refuse(op, "the dataset must hold a batch", "an empty dataset")
    return _parted(op, batch, y)


def all_batches(op: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Inputs and targets; of a dataset those of all batches, as arrays.

    Raises:
        ValueError: as `first_batch` does.
    """
    if not isinstance(x, tf.data.Dataset):
        return x, y
    parts = [_parted(op, batch, y) for batch in x]
    if not parts:
        raise refuse(op, "the dataset must hold a batch", "an empty dataset")
    xs, ys = zip(*parts, strict=True)
    return _joined(xs), None if ys[0] is None else _joined(ys)


def _parted(op: str, batch: Any, y: Any) -> tuple[Any, Any]:
    if not isinstance(batch, tuple):
        return batch, y
    if y is not None:
        raise refuse(
            op, "a dataset brings its targets itself", "y beside it", "Leave y out"
        )
    return batch[0], batch[1] if len(batch) > 1 else None


def _joined(parts: Any) -> Any:
    return tf.nest.map_structure(lambda *p: np.concatenate(list(map(np.asarray, p))),
                                 *parts)  # fmt: skip
