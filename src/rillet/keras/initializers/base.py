"""What every initializer is: a function of a shape and a type, with a configuration."""

from __future__ import annotations

from typing import Any, Self

from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.tensor import Tensor
from rillet.keras.settings import floatx

_PARTITION = ("partition_shape", "partition_offset")
_ALLOWED = (*_PARTITION, "layout")


class Initializer:
    """Gives the first value of a weight; subclasses define `__call__`.

    Example:
        >>> import rillet as tf
        >>> class Half(tf.keras.initializers.Initializer):
        ...     def __call__(self, shape, dtype=None, **kwargs):
        ...         return tf.fill(shape, tf.cast(0.5, dtype))
        >>> Half()((2,), tf.float32).numpy().tolist()
        [0.5, 0.5]
    """

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`.

        Raises:
            NotImplementedError: where a subclass does not define it.
        """
        raise NotImplementedError(
            house_message(
                "Initializer", "subclasses must implement the `__call__()` method"
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer from what `get_config` gave."""
        given = dict(config)
        given.pop("dtype", None)
        return cls(**given)


def sizes(shape: Any, kwargs: dict[str, Any]) -> tuple[int, ...]:
    """The sizes asked for: a part's where the call names one.

    Args:
        shape: what the initializer was called with.
        kwargs: the further arguments of that call.

    Raises:
        TypeError: where an argument is unknown.
        ValueError: where a size is not known.
    """
    for key in kwargs:
        if key not in _ALLOWED:
            raise TypeError(
                house_message(
                    "initializer",
                    "Unknown keyword arguments",
                    f"[{key!r}]; allowed are {list(_ALLOWED)}",
                )
            )
    wanted = as_shape(kwargs.get("partition_shape", shape))
    if not wanted.is_fully_defined():
        raise ValueError(
            house_message(
                "initializer", "all sizes of the shape must be known", f"got {wanted}"
            )
        )
    return tuple(int(size or 0) for size in wanted.as_list())


def nonce(kwargs: dict[str, Any]) -> int | None:
    """What tells the draw of one part of a weight from that of another."""
    offset = kwargs.get("partition_offset")
    return hash(tuple(offset)) if offset is not None else None


def float_type(owner: Any, dtype: Any) -> DType:
    """The type to draw in: `dtype`, or Keras's float type.

    Raises:
        ValueError: where it is no float type.
    """
    kind = as_dtype(floatx() if dtype is None else dtype)
    if not kind.is_floating:
        raise ValueError(
            house_message(
                type(owner).__name__,
                "Expected float point type",
                f"got {kind.name}",
                "Choose tf.float32, or another initializer for integers",
            )
        )
    return kind
