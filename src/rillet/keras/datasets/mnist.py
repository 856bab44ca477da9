"""MNIST: 70,000 handwritten digits, which ship inside the package.

In: nothing, or a user's own copy of `mnist.npz`. Out: training and test arrays. User
programs call it as `tf.keras.datasets.mnist.load_data()`; no network is needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.settings import keras_home

from .npz import read_npz
from .packed import unpack_images

__all__ = ["load_data"]

Split = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

_NAMES = ("x_train", "y_train", "x_test", "y_test")
_PACKED = Path(__file__).with_name("mnist_packed.npz")
_SIDE = 28


def load_data(
    path: str | os.PathLike[str] = "mnist.npz",
    cache_dir: str | os.PathLike[str] | None = None,
) -> tuple[Split, Split]:
    """Load the MNIST digits.

    Where `path` names a file that exists (in the folder `datasets` of Keras's folder,
    or anywhere if it is absolute), that file is checked and used; else the copy that
    came with the package. Nothing is downloaded.

    Args:
        path: an `.npz` with the arrays x_train, y_train, x_test, y_test.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(60000, 28, 28)` and
        `(10000, 28, 28)`, labels `(60000,)` and `(10000,)`, all uint8, fresh and
        writeable at every call.

    Raises:
        ValueError: the user's file is damaged, or its arrays are not images of digits
            and their labels.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape, y_train[:5].tolist()
        ((60000, 28, 28), (10000, 28, 28), [5, 0, 4, 1, 9])
    """
    home = Path(os.path.expanduser(cache_dir)) if cache_dir else keras_home()
    # An absolute path on the right replaces what stands on the left.
    own = home / "datasets" / os.path.expanduser(path)
    if own.is_file():
        return _read_own(own)
    return _read_packed()


def _read_packed() -> tuple[Split, Split]:
    parts = [f"{s}_{a}" for s in ("train", "test") for a in ("mask", "ink", "labels")]
    held = read_npz(_PACKED, tuple(parts))
    train, test = (
        (
            unpack_images(held[f"{s}_mask"], held[f"{s}_ink"], _SIDE, _SIDE),
            held[f"{s}_labels"],
        )
        for s in ("train", "test")
    )
    return train, test


def _read_own(path: Path) -> tuple[Split, Split]:
    held = read_npz(path, _NAMES)
    for images, labels in (_NAMES[:2], _NAMES[2:]):
        _check_split(path, images, held[images], labels, held[labels])
    return (held["x_train"], held["y_train"]), (held["x_test"], held["y_test"])


def _check_split(
    path: Path,
    images: str,
    x: np.ndarray[Any, Any],
    labels: str,
    y: np.ndarray[Any, Any],
) -> None:
    right = (
        x.dtype == np.uint8
        and y.dtype == np.uint8
        and x.shape == (len(y) if y.ndim == 1 else -1, _SIDE, _SIDE)
        and len(x) > 0
        and int(y.max()) < 10
    )
    if right:
        return
    raise ValueError(
        house_message(
            "mnist.load_data",
            f"{str(path)!r} does not hold MNIST digits: {images} must be (n, 28, 28) "
            f"uint8 and {labels} (n,) uint8 from 0 to 9",
            f"{images} is {x.shape} {x.dtype}, {labels} is {y.shape} {y.dtype}",
            "Remove the file to use the copy that comes with rillet",
        )
    )
