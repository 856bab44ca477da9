"""CIFAR-100: 60,000 small colour pictures in a hundred classes, of twenty kinds.

In: the archive `cifar-100-python.tar.gz`, fetched and unpacked once. Out: training and
test arrays. User programs call it as `tf.keras.datasets.cifar100.load_data()`.
"""

from __future__ import annotations

import os

import numpy as np

from rillet.core.errors import house_message

from .cifar import Split, in_layout, load_batch
from .origins import CIFAR_BASE, PathLike, fetch

__all__ = ["load_data"]

_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
_FOLDER = "cifar-100-python"


def load_data(
    label_mode: str = "fine", cache_dir: PathLike | None = None
) -> tuple[Split, Split]:
    """Load the CIFAR-100 pictures.

    Args:
        label_mode: `"fine"` for the hundred classes, `"coarse"` for the twenty kinds.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: pictures `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)` uint8 (channels first if Keras is set so), labels
        `(50000, 1)` and `(10000, 1)` int64.

    Raises:
        OSError: the archive is not here and could not be fetched.
        ValueError: `label_mode` is another word, or a file is refused.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            house_message(
                "cifar100.load_data",
                "label_mode must be 'fine' or 'coarse'",
                f"received label_mode={label_mode!r}",
            )
        )
    folder = fetch(
        _FOLDER, CIFAR_BASE + "cifar-100-python.tar.gz", _HASH, cache_dir, untar=True
    )
    splits = []
    for part in ("train", "test"):
        path = os.path.join(folder, part)
        x, labels = load_batch(path, f"{label_mode}_labels")
        splits.append((in_layout(x), np.array(labels, np.int64).reshape(-1, 1)))
    return splits[0], splits[1]
