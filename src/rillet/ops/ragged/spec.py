"""What describes a ragged tensor: `tf.RaggedTensorSpec`."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from rillet.core import dtypes
from rillet.core.composite import CompositeSpec
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor

_OWNER = "RaggedTensorSpec"


class RaggedTensorSpec(CompositeSpec):
    """The shape, type and raggedness of a `tf.RaggedTensor`.

    Args:
        shape: the shape; None for sizes that vary, ragged ones too.
        dtype: the type of the values.
        ragged_rank: how many row splits there are; all axes but the first are ragged
            where None.
        row_splits_dtype: the type of the row splits, int32 or int64.
        flat_values_spec: the spec of the flat values where they are no plain tensor.

    Raises:
        TypeError: where `ragged_rank` is no integer.
        ValueError: where it does not fit the shape.

    Example:
        >>> import rillet as tf
        >>> tf.RaggedTensorSpec([None, None], tf.int32)
        RaggedTensorSpec(TensorShape([None, None]), tf.int32, 1, tf.int64)
    """

    __slots__ = ("_dtype", "_rank", "_shape", "_splits_dtype", "_values")
    #: The class of the values, which stands above and signs in.
    _class: Any = None

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        ragged_rank: Any = None,
        row_splits_dtype: Any = dtypes.int64,
        flat_values_spec: Any = None,
    ) -> None:
        self._shape = as_shape(shape)
        if flat_values_spec is not None:
            dtype = flat_values_spec.dtype if dtype is None else dtype
            if as_dtype(dtype) is not flat_values_spec.dtype:
                raise ValueError(
                    house_message(
                        _OWNER,
                        "dtype must be the same as flat_values_spec.dtype",
                        f"got {as_dtype(dtype).name} and {flat_values_spec.dtype.name}",
                    )
                )
        self._dtype = as_dtype(dtype)
        self._values = flat_values_spec
        self._splits_dtype = as_dtype(row_splits_dtype)
        if self._splits_dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError(
                house_message(
                    _OWNER,
                    "row_splits_dtype must be int32 or int64",
                    f"got {self._splits_dtype.name}",
                )
            )
        self._rank = _checked_rank(self._shape, ragged_rank)

    @property
    def dtype(self) -> DType:
        """The type of the values."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The shape, None for sizes that vary."""
        return self._shape

    @property
    def ragged_rank(self) -> int:
        """How many row splits there are."""
        return self._rank

    @property
    def row_splits_dtype(self) -> DType:
        """The type of the row splits."""
        return self._splits_dtype

    @property
    def flat_values_spec(self) -> Any:
        """The spec of the flat values, where one was given."""
        return self._values

    @property
    def value_type(self) -> type:
        """The class of ragged tensors; that of tensors where nothing is ragged."""
        found: type = ragged_class() if self._rank else Tensor
        return found

    @property
    def _composite(self) -> Any:
        return ragged_class()

    @classmethod
    def from_value(cls, value: Any) -> RaggedTensorSpec:
        """The spec of a ragged tensor, or of a tensor."""
        if isinstance(value, Tensor):
            return cls(value.shape, value.dtype, 0)
        found: RaggedTensorSpec = value._type_spec
        return found

    def _parts(self) -> tuple[Any, ...]:
        parts = (self._shape, self._dtype, self._rank, self._splits_dtype)
        return parts if self._values is None else (*parts, self._values)

    def _form_key(self) -> Any:
        dims = self._shape.dims if self._shape.rank is not None else None
        inner = None if dims is None else tuple(dims[1 : self._rank + 1])
        return (self._dtype, self._rank, self._splits_dtype, inner)

    def __hash__(self) -> int:
        return hash((self._shape, self._dtype, self._rank, self._splits_dtype))

    @property
    def _component_specs(self) -> list[TensorSpec]:
        inner = TensorShape(None)
        dims: Any = [None] * (self._rank + 1)
        if self._shape.rank is not None:
            dims = self._shape.as_list()
            if self._rank:
                inner = TensorShape([_product(dims[: self._rank + 1])])
                inner = inner.concatenate(dims[self._rank + 1 :])
            else:
                inner = self._shape
        found = [TensorSpec(inner, self._dtype)]
        for axis in range(self._rank):
            rows = _product(dims[: axis + 1])
            count = None if rows is None else rows + 1
            found.append(TensorSpec([count], self._splits_dtype))
        return found

    def _from_tensors(self, tensors: list[Any]) -> Any:
        if not self._rank:
            return tensors[0]
        value = tensors[0]
        dims: Any = [None] * (self._rank + 1)
        if self._shape.rank is not None:
            dims = self._shape.as_list()
        for axis in range(self._rank, 0, -1):
            value = ragged_class()._of(value, tensors[axis], uniform=dims[axis])
        return value

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a ragged tensor or another such spec fits this one."""
        other = spec_or_value
        if isinstance(other, Tensor) and not self._rank:
            other = RaggedTensorSpec.from_value(other)
        other = getattr(other, "_type_spec", other)
        return (
            isinstance(other, RaggedTensorSpec)
            and self._parts()[1:4] == other._parts()[1:4]
            and self._shape.is_compatible_with(other._shape)
        )

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every value of this spec also fits `other`."""
        return (
            isinstance(other, RaggedTensorSpec)
            and self._parts()[1:4] == other._parts()[1:4]
            and self._shape.is_subtype_of(other._shape)
        )

    def most_specific_compatible_type(self, other: Any) -> Any:
        """The narrowest spec that both this one and `other` fit.

        Raises:
            ValueError: where there is none.
        """
        same = isinstance(other, RaggedTensorSpec)
        if not same or self._parts()[1:4] != other._parts()[1:4]:
            return super().most_specific_compatible_type(other)
        shape = self._shape.most_specific_compatible_shape(other._shape)
        return RaggedTensorSpec(shape, *self._parts()[1:])

    def _batch(self, size: int | None) -> RaggedTensorSpec:
        rank = self._shape.rank
        shape = TensorShape([size]).concatenate(self._shape)
        ragged = self._rank + 1 if rank is None or rank > 0 else 0
        return RaggedTensorSpec(shape, self._dtype, ragged, self._splits_dtype)

    def _unbatch(self) -> RaggedTensorSpec:
        shape = TensorShape(None) if self._shape.rank is None else self._shape[1:]
        rank = max(self._rank - 1, 0)
        return RaggedTensorSpec(shape, self._dtype, rank, self._splits_dtype)

    def _stack(self, values: list[Any]) -> Any:
        return ragged_class()._batch_of(values, self._rank, self._splits_dtype)

    def _rows(self, value: Any) -> Iterable[Any]:
        if self._rank != 1:
            return list(value)
        splits = value.row_splits._array.tolist()
        values = value.values._array
        pairs = zip(splits[:-1], splits[1:], strict=True)
        return [Tensor(values[a:b]) for a, b in pairs]


def ragged_class() -> Any:
    """The class of ragged tensors, which stands above and signs in."""
    if RaggedTensorSpec._class is None:
        importlib.import_module("rillet.ops.ragged.tensor")
    return RaggedTensorSpec._class


def _checked_rank(shape: TensorShape, ragged_rank: Any) -> int:
    rank = shape.rank
    if ragged_rank is None:
        if rank is None:
            raise ValueError(
                house_message(
                    _OWNER, "Must specify ragged_rank or a shape with a known rank"
                )
            )
        return max(rank - 1, 0)
    if not isinstance(ragged_rank, int):
        raise TypeError(
            house_message(
                _OWNER, "Argument `ragged_rank` must be an int", repr(ragged_rank)
            )
        )
    if rank is not None and (ragged_rank < 0 or ragged_rank >= max(rank, 1)):
        raise ValueError(
            house_message(
                _OWNER,
                "Argument `ragged_rank` must be less than rank",
                f"ragged_rank is {ragged_rank}, rank {rank}",
            )
        )
    return ragged_rank


def _product(dims: Any) -> int | None:
    total = 1
    for n in dims:
        if n is None:
            return None
        total *= n
    return int(total)
