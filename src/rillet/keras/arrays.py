"""Arrays made ready for training: one-hot labels, unit rows, padded sequences.

NumPy in, NumPy out; `keras.utils` offers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rillet.core.errors import house_message

Array = np.ndarray[Any, Any]


def to_categorical(
    y: Any, num_classes: int | None = None, dtype: Any = "float32"
) -> Array:
    """One-hot rows of integer labels.

    Args:
        y: integers of any shape, 0 to `num_classes` - 1; a last axis of size 1 counts
            for nothing.
        num_classes: how many classes there are; the greatest label plus 1 where None.
        dtype: the type of the result.

    Returns:
        An array of the shape of `y` with an axis of `num_classes` after it.

    Raises:
        IndexError: where a label is out of range.

    Example:
        >>> to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.array(y, dtype="int64")
    dims = labels.shape
    if len(dims) > 1 and dims[-1] == 1:
        dims = dims[:-1]
    flat = labels.reshape(-1)
    count = num_classes or (int(flat.max()) + 1 if flat.size else 0)
    wrong = flat[(flat >= count) | (flat < -count)]
    if wrong.size:
        raise IndexError(
            house_message(
                "to_categorical",
                "labels run from 0 to num_classes - 1",
                f"got label {wrong[0]} with num_classes={count}",
            )
        )
    rows = np.zeros((flat.size, count), dtype=dtype)
    rows[np.arange(flat.size), flat] = 1
    return rows.reshape((*dims, count))


def normalize(x: Any, axis: int = -1, order: int = 2) -> Array:
    """An array divided by its norms along an axis; where a norm is 0, as it is.

    Args:
        x: numbers.
        axis: the axis of the norms.
        order: of the norm; 2 is Euclid's.

    Example:
        >>> normalize([[3., 4.]]).tolist()
        [[0.6, 0.8]]
    """
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    divided: Array = np.asarray(x) / np.expand_dims(norms, axis)
    return divided


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> Array:
    """Sequences of several lengths as the rows of one array.

    Args:
        sequences: a list of lists (of numbers, or of arrays of one shape).
        maxlen: the length of the rows; that of the longest where None.
        dtype: the type of the result.
        padding: ``"pre"`` or ``"post"``: where short ones are filled up.
        truncating: ``"pre"`` or ``"post"``: where long ones are cut.
        value: what they are filled with.

    Returns:
        An array ``(sequences, maxlen, ...)``.

    Raises:
        ValueError: where something else than sequences is given, or an argument is
            none of those allowed.

    Example:
        >>> pad_sequences([[1], [2, 3]]).tolist()
        [[0, 1], [2, 3]]
    """
    rows = _rows(sequences)
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(
                house_message(
                    "pad_sequences", f"{name} is 'pre' or 'post'", f"got {given!r}"
                )
            )
    length = max((len(row) for row in rows), default=0) if maxlen is None else maxlen
    inner = next((np.asarray(row).shape[1:] for row in rows if len(row)), ())
    texts = np.issubdtype(dtype, np.str_)
    if isinstance(value, str) and np.dtype(dtype) != object and not texts:
        raise ValueError(
            house_message(
                "pad_sequences",
                f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}",
                fix="You should set `dtype=object` for variable length strings",
            )
        )
    out = np.full((len(rows), length, *inner), value, dtype=dtype)
    for i, row in enumerate(rows):
        if not len(row):
            continue
        # A slice from -0 would take everything.
        cut = row[len(row) - min(length, len(row)) :]
        if truncating == "post":
            cut = row[:length]
        part = np.asarray(cut, dtype=dtype)
        if part.shape[1:] != inner:
            raise ValueError(
                house_message(
                    "pad_sequences",
                    f"Shape of sample {part.shape[1:]} of sequence at position {i} is"
                    f" different from expected shape {inner}",
                )
            )
        if padding == "post":
            out[i, : len(part)] = part
        else:
            out[i, length - len(part) :] = part
    return out


def _rows(sequences: Any) -> list[Sequence[Any]]:
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            house_message(
                "pad_sequences", "`sequences` must be iterable", f"got {sequences!r}"
            )
        )
    for row in sequences:
        if not hasattr(row, "__len__"):
            raise ValueError(
                house_message(
                    "pad_sequences",
                    "`sequences` must be a list of iterables",
                    f"found non-iterable: {row}",
                )
            )
    return list(sequences)
