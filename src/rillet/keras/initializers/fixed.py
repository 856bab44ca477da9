"""Initializers without chance: zeros, ones, a constant, the identity."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import constant
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.initializers.base import Initializer, float_type, sizes
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.filling import ones, zeros


def _plain_type(owner: Any, dtype: Any) -> Any:
    kind = as_dtype(floatx() if dtype is None else dtype)
    if kind.name == "string":
        raise ValueError(
            house_message(
                type(owner).__name__,
                "Expected numeric or boolean dtype",
                f"got {kind.name}",
            )
        )
    return kind


@builtin("initializer", "zeros", "zero")
class Zeros(Initializer):
    """Zeros.

    Example:
        >>> import rillet as tf
        >>> tf.keras.initializers.Zeros()((2,)).numpy().tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`: any numeric or boolean type."""
        return zeros(sizes(shape, kwargs), _plain_type(self, dtype))


@builtin("initializer", "ones", "one")
class Ones(Initializer):
    """Ones.

    Example:
        >>> import rillet as tf
        >>> tf.keras.initializers.Ones()((2,)).numpy().tolist()
        [1.0, 1.0]
    """

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`: any numeric or boolean type."""
        return ones(sizes(shape, kwargs), _plain_type(self, dtype))


@builtin("initializer", "constant")
class Constant(Initializer):
    """One value everywhere, or given values.

    Args:
        value: a number, or as many values as the shape has elements.

    Example:
        >>> import rillet as tf
        >>> tf.keras.initializers.Constant(3.)((2,)).numpy().tolist()
        [3.0, 3.0]
    """

    def __init__(self, value: Any = 0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`.

        Raises:
            TypeError: where the values do not fill the shape.
        """
        kind = as_dtype(floatx() if dtype is None else dtype)
        value = self.value
        if isinstance(value, np.ndarray | np.generic):
            value = np.asarray(value).astype(kind.numpy_dtype)
        return constant(value, kind, sizes(shape, kwargs))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"value": self.value}


@builtin("initializer", "identity", "eye")
class Identity(Initializer):
    """The identity matrix, scaled.

    Args:
        gain: the value on the diagonal.

    Example:
        >>> import rillet as tf
        >>> tf.keras.initializers.Identity()((2, 2)).numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A matrix of `shape` and `dtype`.

        Raises:
            ValueError: where the shape has other than two sizes.
        """
        kind = float_type(self, dtype)
        dims = sizes(shape, kwargs)
        if len(dims) != 2:
            raise ValueError(
                house_message(
                    "Identity",
                    "Identity matrix initializer can only be used for 2D matrices",
                    f"shape={shape} is of rank {len(dims)}",
                )
            )
        eye = np.eye(*dims, dtype=kind.numpy_dtype)
        return Tensor(eye * kind.numpy_dtype.type(self.gain))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"gain": self.gain}
