"""Batches ``x``, ``(x, y)`` and ``(x, y, weights)``: packed, opened, weighed, split.

In: batches or whole arrays in the forms that users give. Out: those that steps receive.
`data_sources`, `training` and `loops` call it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.keras.data_rows import as_rows, is_array, is_list_of_scalars, row_count
from rillet.keras.settings import floatx


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Inputs, targets and weights in the form that steps receive."""
    if y is None and sample_weight is None:
        # A list would pass for x and y; a dictionary can only be x.
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
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


def standard(batch: Any) -> Any:
    """A generator's batch, its arrays as tensors."""
    x, y, weights = unpack_x_y_sample_weight(batch)
    return pack_x_y_sample_weight(_tensors(x), _tensors(y), _tensors(weights))


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


def class_table(class_weight: Any) -> np.ndarray[Any, Any]:
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


def with_class_weight(owner: str, data: Any, table: np.ndarray[Any, Any]) -> Any:
    """The data with each row's weight multiplied by that of its class."""
    x, y, weights = unpack_x_y_sample_weight(data)
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
    return pack_x_y_sample_weight(x, y, found)


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
