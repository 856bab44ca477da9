"""The place a variable's value stands in, and how sums are written to it.

In flow new values; a tensor that was read before never changes. `core.variable` writes
here, tapes know variables by their cells, and whoever computes a new value from the old
one holds the cell's lock meanwhile, so that threads lose no write. Native programs
write into the array itself where nobody else holds the tensor; `lent` tells readers.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from rillet.core.dtypes import NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.quiet import restore, silence
from rillet.core.tensor import Tensor

Array = np.ndarray[Any, Any]

#: Seconds after which a reader looks again whether it must wait at all.
_PATIENCE: Final = 0.01


class Cell:
    """What a variable owns: its value now, and whether tapes watch it.

    Attributes:
        tensor: the value now; to keep it, take it by `read`.
        trainable: whether tapes watch it.
        lock: held while a new value is computed from the old one.
        lent: whether native code may be writing into the tensor's array; who sets it
            holds the lock and waits for nothing meanwhile.
    """

    __slots__ = ("lent", "lock", "tensor", "trainable", "__weakref__")

    def __init__(self, tensor: Tensor, trainable: bool) -> None:
        self.tensor = tensor
        self.trainable = trainable
        self.lock = threading.RLock()
        self.lent = False

    def read(self) -> Tensor:
        """The value now, once nobody writes into it: it never changes after."""
        tensor = self.tensor
        # Who lends looks for other holders afterwards: one of the two sees the other.
        while self.lent:
            if self.lock.acquire(timeout=_PATIENCE):
                try:
                    return self.tensor
                finally:
                    self.lock.release()
            tensor = self.tensor
        return tensor

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


class Contended(Exception):
    """Other native code may be writing into a variable that is to be read.

    Who gets this holds locks himself, so he must not wait: he lets go of them, and
    begins again with the locks of all that he reads.
    """


class lent:  # noqa: N801  read as a word in a `with` statement
    """A ``with`` block in which native code may write into the arrays of cells.

    Args:
        cells: in the order in which everybody takes their locks, that of their `id`.
        beside: cells that nobody shall write into meanwhile.
    """

    __slots__ = ("_cells", "_held", "_locked")

    def __init__(self, cells: Sequence[Cell], beside: Sequence[Cell] = ()) -> None:
        self._cells = cells
        self._locked = sorted((*cells, *beside), key=id) if beside else cells
        self._held = 0

    def __enter__(self) -> None:
        try:
            for cell in self._locked:
                cell.lock.acquire()
                self._held += 1
        except BaseException:
            self._release()
            raise
        for cell in self._cells:
            cell.lent = True

    def __exit__(self, *exc: object) -> None:
        for cell in self._cells:
            cell.lent = False
        self._release()

    def _release(self) -> None:
        for cell in self._locked[: self._held]:
            cell.lock.release()
