"""The place a variable's value stands in, and how sums are written to it.

In flow new values; a tensor that was read before never changes. `core.variable` writes
here, tapes know variables by their cells, and whoever computes a new value from the old
one holds the cell's lock meanwhile, so that threads lose no write.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from rillet.core.dtypes import NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.quiet import restore, silence
from rillet.core.tensor import Tensor

Array = np.ndarray[Any, Any]


class Cell:
    """What a variable owns: its value now, and whether tapes watch it."""

    __slots__ = ("lock", "tensor", "trainable", "__weakref__")

    def __init__(self, tensor: Tensor, trainable: bool) -> None:
        self.tensor = tensor
        self.trainable = trainable
        self.lock = threading.RLock()

    def write(self, array: Array, how: str) -> None:
        """Put a value in, or add it to the one there, or subtract it.

        Args:
            array: of the value's type, and for sums of its shape.
            how: "assign", "assign_add" or "assign_sub".

        Raises:
            InvalidArgumentError: for sums of a type that has none.
        """
        if how == "assign":
            with self.lock:
                self.tensor = Tensor(array)
            return
        if array.dtype not in NUMERIC:
            raise InvalidArgumentError(
                house_message(
                    f"Variable.{how}",
                    "only numbers are added and subtracted",
                    f"the variable is {self.tensor.dtype.name}",
                    "Compute the new value and use assign",
                )
            )
        combine = np.add if how == "assign_add" else np.subtract
        token = silence()
        try:
            with self.lock:
                self.tensor = Tensor(np.asarray(combine(self.tensor._array, array)))
        finally:
            restore(token)
