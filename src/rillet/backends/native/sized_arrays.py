"""Arrays of numbers that hang on the sizes of a graph's inputs.

In flow constants that differ between two sets of sizes, from `likeness`; the lowering
asks them for their elements and gets sizes, and `compiled` puts other elements in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.backends.native.sizes import Untraceable

Array = np.ndarray[Any, Any]


class SizedArray(Array):
    """An array, some of whose elements are sizes that vary; host values of it tell.

    Attributes:
        sizes: nested lists, as of `tolist`; None where it is data of varying extent.
        extents: its shape.
        number: which of the arrays of its graph it is.
    """

    sizes: Any
    extents: tuple[int, ...]
    number: int

    def __array_finalize__(self, obj: Any) -> None:
        """Parts and results are plain numbers."""
        self.sizes = None
        self.extents = self.shape
        self.number = -1

    def tolist(self) -> Any:
        """The elements, sizes that vary among them."""
        if self.sizes is None:
            raise Untraceable("an array whose extent varies is looked into")
        return self.sizes

    def item(self, *args: Any) -> Any:
        """The only element."""
        found = self.tolist()
        while isinstance(found, list) and len(found) == 1:
            found = found[0]
        return found

    def __getitem__(self, key: Any) -> Any:
        """A part; the whole of a single number stays what it is."""
        return self if key == () and not self.ndim else super().__getitem__(key)
