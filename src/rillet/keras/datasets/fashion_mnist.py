"""Fashion-MNIST: 70,000 pictures of clothes, in ten kinds.

In: the four IDX files that Keras keeps, fetched once. Out: training and test arrays.
User programs call it as `tf.keras.datasets.fashion_mnist.load_data()`. The data are
Zalando's, under the MIT licence.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .idx import read_idx
from .origins import KERAS_BASE, PathLike, fetch
from .refusals import refusal

__all__ = ["load_data"]

Split = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

# The MD5 sums that Zalando publishes with the files.
_FILES = {
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
}


def load_data(cache_dir: PathLike | None = None) -> tuple[Split, Split]:
    """Load the pictures of clothes.

    Args:
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(60000, 28, 28)` and
        `(10000, 28, 28)`, labels `(60000,)` and `(10000,)`, all uint8.

    Raises:
        OSError: a file is not here and could not be fetched.
        ValueError: a file is refused.
    """
    paths = [
        fetch(
            name,
            KERAS_BASE + name,
            digest,
            cache_dir,
            cache_subdir=os.path.join("datasets", "fashion-mnist"),
        )
        for name, digest in _FILES.items()
    ]
    splits = []
    for labels, images in (paths[:2], paths[2:]):
        y, x = read_idx(labels, 1), read_idx(images, 3)
        if x.shape != (len(y), 28, 28):
            raise refusal(
                images, "its pictures do not fit the labels", f"{x.shape}, {y.shape}"
            )
        splits.append((x, y))
    return splits[0], splits[1]
