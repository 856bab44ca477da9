"""What describes a value: `tf.type_spec_from_value`."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec, TypeSpec


def type_spec_from_value(value: Any) -> TypeSpec:
    """The spec of a tensor, a composite or whatever brings its own.

    Args:
        value: a tensor, a composite, a dataset, or what becomes a tensor.

    Raises:
        TypeError: where there is none.

    Example:
        >>> import rillet as tf
        >>> tf.type_spec_from_value(tf.constant([1, 2]))
        TensorSpec(shape=(2,), dtype=tf.int32, name=None)
    """
    if isinstance(value, TypeSpec):
        return value
    spec = getattr(value, "_type_spec", None)
    if isinstance(spec, TypeSpec):
        return spec
    try:
        tensor = to_tensor(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            house_message(
                "type_spec_from_value",
                "Could not build a TypeSpec for a value of type"
                f" {type(value).__name__}",
                repr(value),
            )
        ) from error
    return TensorSpec(tensor.shape, tensor.dtype)
