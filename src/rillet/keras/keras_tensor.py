"""The placeholder that stands for a model's input: a shape and a type, no value.

`keras.Input` makes it; `Sequential` reads the shape from it.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import DType, as_dtype
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec


class KerasTensor:
    """A tensor to come: what a model's input will look like.

    Args:
        shape: the shape, None for sizes that may vary.
        dtype: the type.
        name: the name of the layer that made it.
        layer: that layer.
    """

    def __init__(self, shape: Any, dtype: Any, name: str, layer: Any = None) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name
        self.layer = layer

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type."""
        return self._dtype

    @property
    def name(self) -> str:
        """The name of the layer that made it."""
        return self._name

    @property
    def type_spec(self) -> TensorSpec:
        """The shape and type as a spec."""
        return TensorSpec(self._shape, self._dtype, self._name)

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self._shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(
            f"KerasTensor: a placeholder has no value: {self!r}. Call the model on"
            " data."
        )

    def __repr__(self) -> str:
        return (
            f"<KerasTensor: shape={self._shape} dtype={self._dtype.name}"
            f" (created by layer '{self._name}')>"
        )
