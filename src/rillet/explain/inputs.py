"""What can be told of a model's inputs by themselves: NaN, and numbers too large.

In: some rows of them, and the layers they go through. Out: findings. `structure` asks,
and `advice` where nothing is learned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from rillet.explain.findings import Finding
from rillet.explain.picture import number

Array = np.ndarray[Any, Any]

#: A deviation or mean of the inputs beyond which steps are sure to go wrong.
_LARGE: Final = 1000.0
#: Layers that inputs go through as they are; and those that learn.
_SHAPES: Final = ("InputLayer", "Flatten", "Reshape", "Permute", "Masking", "Dropout")
_LEARN: Final = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "LSTM", "GRU")
#: Layers that look numbers up, or scale them.
_BEARS: Final = (
    "Embedding", "Normalization", "Rescaling", "BatchNormalization", "Hashing",
    "IntegerLookup", "Discretization", "CategoryEncoding", "Lambda",
)  # fmt: skip
_PICTURED: Final = ("Dense", "Conv2D", "SimpleRNN", "LSTM", "GRU")


def look(x: Array, layers: list[Any]) -> Iterator[Finding]:
    """What is wrong with inputs.

    Args:
        x: some of them ``(rows, ...)``.
        layers: those that they go through, the first one first, as far as known.
    """
    low, high = span(x)
    if not np.isfinite(low + high):
        yield Finding(
            "inputs",
            "the inputs hold NaN or infinity",
            "Leave such rows out, or fill them in",
        )
        return
    names = [type(layer).__name__ for layer in layers]
    first = next((name for name in names if name not in _SHAPES), "")
    if first not in _LEARN:  # what scales inputs, or what may do so
        return
    if max(-low, high) > _LARGE or (first in _PICTURED and _pixels(x)):
        yield unscaled(x)


def _pixels(x: Array) -> bool:
    """Whether inputs are pictures with brightness from 0 to 255."""
    if x.ndim < 3 and int(np.prod(x.shape[1:])) < 64:
        return False
    low, high = span(x)
    return 0 <= low <= 8 and 128 <= high <= 255


def span(x: Array) -> tuple[float, float]:
    """The smallest and the largest number; NaN where there is one, 0 for none."""
    return (float(x.min()), float(x.max())) if x.size else (0.0, 0.0)


def bears_large(layers: Iterable[Any]) -> bool:
    """Whether some layer of a model may take large inputs as they are."""
    return any(type(layer).__name__ in _BEARS for layer in layers)


def unscaled(x: Array) -> Finding:
    """The finding that inputs are too large to learn from."""
    return Finding(
        "unscaled",
        f"the inputs go from {number(float(x.min()))} to {number(float(x.max()))};"
        " layers learn best from numbers about -1 to 1",
        "Divide images by 255; else subtract the mean and divide by the deviation, or"
        " put a keras.layers.Normalization first",
    )
