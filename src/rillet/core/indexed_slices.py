"""Gradients of gathered rows: values and the indices they belong to."""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype, float32, int64
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor


class IndexedSlicesSpec(CompositeSpec):
    """The shape and types of `IndexedSlices`.

    Args:
        shape: the shape of the whole tensor.
        dtype: the type of the rows.
        indices_dtype: the type of their places.
        dense_shape_dtype: the type of the shape they carry, None where they carry none.
        indices_shape: the shape of their places, ``(n,)``.

    Example:
        >>> import rillet as tf
        >>> tf.IndexedSlicesSpec([None, 3]).value_type
        <class 'rillet.core.indexed_slices.IndexedSlices'>
    """

    __slots__ = ("_carried", "_dtype", "_index", "_places", "_shape")

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = float32,
        indices_dtype: Any = int64,
        dense_shape_dtype: Any = None,
        indices_shape: Any = None,
    ) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._index = as_dtype(indices_dtype)
        carried = dense_shape_dtype
        self._carried = None if carried is None else as_dtype(carried)
        self._places = as_shape(indices_shape).with_rank(1)

    @property
    def value_type(self) -> type:
        """The class of such rows."""
        return IndexedSlices

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole tensor."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the rows."""
        return self._dtype

    def _parts(self) -> tuple[Any, ...]:
        return (self._shape, self._dtype, self._index, self._carried, self._places)

    def _form_key(self) -> Any:
        return self._carried

    @property
    def _component_specs(self) -> list[TensorSpec]:
        rank = self._shape.rank
        rows = TensorShape(None) if rank is None else self._shape[1:]
        values = self._places.concatenate(rows)
        found = [TensorSpec(values, self._dtype), TensorSpec(self._places, self._index)]
        if self._carried is not None:
            found.append(TensorSpec([rank], self._carried))
        return found

    def _from_tensors(self, tensors: list[Any]) -> Any:
        return IndexedSlices(*tensors)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether rows or another such spec fit this one."""
        other = spec_or_value
        if isinstance(other, IndexedSlices):
            other = other._type_spec
        return (
            isinstance(other, IndexedSlicesSpec)
            and self._shape.is_compatible_with(other._shape)
            and self._parts()[1:4] == other._parts()[1:4]
            and self._places.is_compatible_with(other._places)
        )


class IndexedSlices(CompositeTensor):
    """Some rows of a tensor: those at `indices` are `values`, the rest zero.

    Rows that occur more than once add up.

    Args:
        values: the rows, of shape ``(n, ...)``.
        indices: their places, integers of shape ``(n,)``.
        dense_shape: the shape of the whole tensor, where it is known.
    """

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
    def _type_spec(self) -> IndexedSlicesSpec:
        dense = self._dense_shape
        kind = None if dense is None else dense.dtype
        places = self._indices.shape
        return IndexedSlicesSpec(
            self.shape, self.dtype, self._indices.dtype, kind, places
        )

    def _flat_tensors(self) -> list[Any]:
        found = [self._values, self._indices]
        if self._dense_shape is not None:
            found.append(self._dense_shape)
        return found

    def _gradient_tensor(self) -> Any:
        return self._values

    def _with_gradient_tensor(self, tensor: Any) -> Any:
        return IndexedSlices(tensor, self._indices, self._dense_shape)

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
