"""What CIFAR-10 and CIFAR-100 have in common: batches of 32x32 colour pictures.

In: the pickled batches that the University of Toronto publishes. Out: arrays in the
layout that Keras is set to. `cifar10` and `cifar100` call it.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.settings import image_data_format

from .pickles import read_pickle
from .refusals import refusal

Split = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

_PIXELS = 3 * 32 * 32
MAX_BYTES = 1 << 28


def load_batch(
    path: str | os.PathLike[str], label_key: str = "labels"
) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Read one batch.

    Args:
        path: the file.
        label_key: under which key its labels stand.

    Returns:
        The pictures, `(n, 3, 32, 32)` uint8, and their labels.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or holds something else.
    """
    source = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            house_message(
                "datasets",
                "a batch is missing",
                repr(source),
                f"Remove the folder {os.path.dirname(source)!r} and load again",
            )
        )
    if os.path.getsize(path) > MAX_BYTES:
        raise refusal(source, "it is larger than any batch", f"over {MAX_BYTES} bytes")
    with open(path, "rb") as file:
        held = read_pickle(file.read(), source, encoding="bytes")
    if not isinstance(held, dict):
        raise refusal(source, "it holds no batch", type(held).__name__)
    data, labels = held.get(b"data"), held.get(label_key.encode())
    if (
        isinstance(data, np.ndarray)
        and isinstance(labels, list)
        and data.dtype == np.uint8
        and data.shape == (len(labels), _PIXELS)
        and all(type(label) is int and 0 <= label < 256 for label in labels)
    ):
        return data.reshape(-1, 3, 32, 32), labels
    keys = ", ".join(sorted(map(repr, held)))
    raise refusal(source, "it holds no pictures with labels", f"keys {keys}")


def in_layout(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Turn pictures to Keras's default layout.

    Args:
        x: `(n, 3, 32, 32)`.

    Returns:
        `(n, 32, 32, 3)`, contiguous, unless `image_data_format` says channels first.

    Example:
        >>> in_layout(np.zeros((2, 3, 32, 32), "u1")).shape
        (2, 32, 32, 3)
    """
    if image_data_format() == "channels_first":
        return x
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))
