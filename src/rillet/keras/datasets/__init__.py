"""Small data sets that courses use, as NumPy arrays: `tf.keras.datasets`.

In: nothing but a name. Out: training and test arrays. MNIST comes with the package; the
others are fetched from their public addresses on first use and kept in Keras's folder.
"""

from __future__ import annotations

from rillet.core import missing as _missing

from . import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]

_missing.watch(__name__, __all__)
