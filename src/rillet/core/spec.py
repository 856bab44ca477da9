"""Descriptions of values without the values: what shape and type a tensor will have.

`Spec` is the bare pair that op records infer on; `TensorSpec` is its public form, used
for signatures and by datasets.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rillet.core import dtypes
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import Dims, TensorShape, as_shape


class Spec(NamedTuple):
    """The sizes (None: unknown; None for all: unknown rank) and type of a tensor."""

    shape: Dims | None
    dtype: DType


class TypeSpec:
    """What describes a value of some type; `TensorSpec` is the one for tensors."""

    @property
    def value_type(self) -> type:
        """The Python type of the values described."""
        raise NotImplementedError

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a value (or what another spec describes) fits this description."""
        raise NotImplementedError

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every value of this spec also fits `other`."""
        return self == other

    def most_specific_compatible_type(self, other: Any) -> Any:
        """The narrowest spec that both this one and `other` fit.

        Raises:
            ValueError: where there is none.
        """
        if self == other:
            return self
        raise ValueError(
            house_message(
                type(self).__name__,
                "No TypeSpec is compatible with both",
                f"{self!r} and {other!r}",
            )
        )

    def most_specific_common_supertype(self, others: Any) -> Any:
        """The narrowest spec that this one and all of `others` fit; None without."""
        found: Any = self
        try:
            for other in others:
                found = found.most_specific_compatible_type(other)
        except (TypeError, ValueError):
            return None
        return found


class TensorSpec(TypeSpec):
    """The shape and type of a tensor.

    Args:
        shape: the sizes, None for an unknown one.
        dtype: the type of the elements.
        name: a name for the argument, kept in signatures.

    Example:
        >>> import rillet as tf
        >>> tf.TensorSpec([None, 3], tf.float32)
        TensorSpec(shape=(None, 3), dtype=tf.float32, name=None)
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(
        self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None
    ) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @property
    def shape(self) -> TensorShape:
        """The shape that tensors must have."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type that tensors must have."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The argument's name, if it has one."""
        return self._name

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None."""
        return self._shape.rank

    @property
    def value_type(self) -> type:
        """The class of tensors."""
        from rillet.core.tensor import Tensor

        return Tensor

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """A spec like `spec`, under another name."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec that describes `tensor` exactly."""
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a tensor or another spec fits this one."""
        return getattr(
            spec_or_value, "dtype", None
        ) is self._dtype and self._shape.is_compatible_with(spec_or_value.shape)

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every tensor of this spec also fits `other`."""
        return (
            isinstance(other, TensorSpec)
            and self._dtype is other._dtype
            and self._shape.is_subtype_of(other._shape)
        )

    def most_specific_compatible_type(self, other: Any) -> TensorSpec:
        """The narrowest spec that both this one and `other` fit."""
        if not isinstance(other, TensorSpec) or other._dtype is not self._dtype:
            raise ValueError(
                house_message(
                    "TensorSpec",
                    "the types have nothing in common",
                    f"{self!r} and {other!r}",
                )
            )
        shape = self._shape.most_specific_compatible_shape(other._shape)
        return TensorSpec(shape, self._dtype, self._name)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TensorSpec)
            and self._shape == other._shape
            and self._dtype is other._dtype
            and self._name == other._name
        )

    def __hash__(self) -> int:
        return hash((self._shape, self._dtype))

    def __repr__(self) -> str:
        return (
            f"TensorSpec(shape={self._shape}, dtype={self._dtype!r},"
            f" name={self._name!r})"
        )

    def __reduce__(self) -> Any:
        return TensorSpec, (self._shape, self._dtype, self._name)
