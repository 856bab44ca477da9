"""`keras.utils.Sequence`: a data set that gives its batches by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Sequence:
    """A data set of batches by number, to subclass: `__getitem__` and `__len__`.

    Example:
        >>> import numpy as np
        >>> class Squares(Sequence):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0)[:, None] + index
        ...         return x, x**2
        >>> len(list(Squares()))
        3
    """

    def __getitem__(self, index: int) -> Any:
        """The batch of that number."""
        raise NotImplementedError

    def __len__(self) -> int:
        """The number of batches an epoch."""
        raise NotImplementedError

    def on_epoch_end(self) -> None:
        """Called after each epoch."""

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))
