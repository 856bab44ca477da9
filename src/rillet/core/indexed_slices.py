"""Gradients of gathered rows: values and the indices they belong to."""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor


class IndexedSlices:
    """Some rows of a tensor: those at `indices` are `values`, the rest zero.

    Rows that occur more than once add up.

    Args:
        values: the rows, of shape ``(n, ...)``.
        indices: their places, integers of shape ``(n,)``.
        dense_shape: the shape of the whole tensor, where it is known.
    """

    is_tensor_like = True
    __slots__ = ("_dense_shape", "_indices", "_values")

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values: Tensor = to_tensor(values)
        self._indices: Tensor = to_tensor(indices)
        self._dense_shape = None if dense_shape is None else to_tensor(dense_shape)

    @property
    def values(self) -> Tensor:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """Where the rows stand."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the whole tensor, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole tensor as far as it is known."""
        if self._dense_shape is None:
            rank = self._values.shape.rank
            return TensorShape(None if rank is None else [None] * rank)
        return TensorShape(self._dense_shape)

    @property
    def dtype(self) -> DType:
        """The type of the rows."""
        return self._values.dtype

    @property
    def device(self) -> str:
        """The device that holds the rows."""
        return self._values.device

    @property
    def name(self) -> str:
        """Not defined when eager."""
        return self._values.name

    def _dense_tensor(self) -> Tensor:
        """The whole tensor, by the op that storey 1 signed in."""
        densify = context.service("ops.densify")
        if densify is None:
            raise RuntimeError("IndexedSlices: densify comes with rillet.ops")
        return densify(self)

    def numpy(self) -> Any:
        """The whole tensor as a NumPy array."""
        return self._dense_tensor().numpy()

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    def __repr__(self) -> str:
        # TensorFlow's class has none of its own: what Python shows for its objects
        home = "tensorflow.python.framework.indexed_slices"
        return f"<{home}.IndexedSlices object at {id(self):#x}>"

    def __str__(self) -> str:
        dense = self._dense_shape
        shape = "" if dense is None else f", dense_shape={dense!s}"
        return (
            f"IndexedSlices(indices={self._indices!s}, values={self._values!s}{shape})"
        )
