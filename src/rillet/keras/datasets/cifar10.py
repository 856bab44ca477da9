"""CIFAR-10: 60,000 small colour pictures in ten classes.

In: the archive `cifar-10-python.tar.gz`, fetched and unpacked once. Out: training and
test arrays. User programs call it as `tf.keras.datasets.cifar10.load_data()`.
"""

from __future__ import annotations

import os

import numpy as np

from .cifar import Split, in_layout, load_batch
from .origins import CIFAR_BASE, PathLike, fetch

__all__ = ["load_data"]

_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_FOLDER = "cifar-10-batches-py"


def load_data(cache_dir: PathLike | None = None) -> tuple[Split, Split]:
    """Load the CIFAR-10 pictures.

    Args:
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: pictures `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)` (channels first if Keras is set so), labels `(50000, 1)`
        and `(10000, 1)`, all uint8.

    Raises:
        OSError: the archive is not here and could not be fetched.
        ValueError: a file is refused.
    """
    folder = fetch(
        _FOLDER, CIFAR_BASE + "cifar-10-python.tar.gz", _HASH, cache_dir, untar=True
    )
    batches = [load_batch(os.path.join(folder, f"data_batch_{i}")) for i in range(1, 6)]
    x_train = np.concatenate([data for data, _ in batches])
    y_train = np.concatenate([np.array(y, np.uint8) for _, y in batches])
    x_test, y_test = load_batch(os.path.join(folder, "test_batch"))
    return (
        (in_layout(x_train), y_train.reshape(-1, 1)),
        (in_layout(x_test), np.array(y_test, np.uint8).reshape(-1, 1)),
    )
