"""`tf.keras.constraints`: where weights may lie.

In: a weight after an optimizer's update. Out: the value that it is given instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.lookup import described, found
from rillet.keras.serialization import builtin
from rillet.keras.settings import epsilon
from rillet.ops.clip import clip_by_value
from rillet.ops.compare import greater_equal
from rillet.ops.elementwise import cast, sqrt, square
from rillet.ops.gather import gather
from rillet.ops.shaping import reduce_sum, reshape

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "RadialConstraint",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "maxnorm",
    "min_max_norm",
    "non_neg",
    "nonneg",
    "radial_constraint",
    "serialize",
    "unit_norm",
    "unitnorm",
]


class Constraint:
    """A function of a weight; subclasses define `__call__`."""

    def __call__(self, w: Any) -> Any:
        """The value that a weight `w` is given instead."""
        raise NotImplementedError(
            house_message(type(self).__name__, "a constraint must implement `__call__`")
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A constraint from what `get_config` gave."""
        return cls(**config)


def _norms(w: Any, axis: Any) -> Any:
    return sqrt(reduce_sum(square(w), axis=axis, keepdims=True))


@builtin("constraint", "max_norm")
class MaxNorm(Constraint):
    """Weights whose norm along an axis is at most a maximum.

    Args:
        max_value: the greatest norm.
        axis: the axis of the sums, or several.

    Example:
        >>> import rillet as tf
        >>> w = tf.keras.constraints.MaxNorm(1.)(tf.constant([[3.], [4.]]))
        >>> w.numpy().round(3).tolist()
        [[0.6000000238418579], [0.800000011920929]]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        """The weight `w`, shortened where it is too long."""
        w = to_tensor(w)
        norms = _norms(w, self.axis)
        wanted = clip_by_value(norms, 0, self.max_value)
        return w * (wanted / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"max_value": self.max_value, "axis": self.axis}


@builtin("constraint", "non_neg")
class NonNeg(Constraint):
    """Weights that are not negative."""

    def __call__(self, w: Any) -> Tensor:
        """The weight `w` with zeros where it was negative."""
        w = to_tensor(w)
        return w * cast(greater_equal(w, cast(0.0, w.dtype)), w.dtype)


@builtin("constraint", "unit_norm")
class UnitNorm(Constraint):
    """Weights of norm 1 along an axis, or several.

    Args:
        axis: the axis of the sums.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        """The weight `w`, scaled."""
        w = to_tensor(w)
        return w / (epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"axis": self.axis}


@builtin("constraint", "min_max_norm")
class MinMaxNorm(Constraint):
    """Weights whose norm along an axis lies between two values.

    Args:
        min_value: the least norm.
        max_value: the greatest norm.
        rate: how far a step goes towards the range; 1 goes all the way.
        axis: the axis of the sums, or several.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Any = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        """The weight `w`, scaled."""
        w = to_tensor(w)
        norms = _norms(w, self.axis)
        inside = clip_by_value(norms, self.min_value, self.max_value)
        wanted = self.rate * inside + (1 - self.rate) * norms
        return w * (wanted / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


@builtin("constraint", "radial_constraint")
class RadialConstraint(Constraint):
    """Square kernels that are the same at the same distance from their middle.

    A kernel of shape ``(size, size, in, out)`` takes its middle from its first element
    (before the middle in its diagonal) and each ring from the diagonal on.
    """

    def __call__(self, w: Any) -> Tensor:
        """The kernel `w`, made radial.

        Raises:
            ValueError: where `w` is no square kernel of rank 4.
        """
        w = to_tensor(w)
        dims = [int(d) for d in w.shape]
        if len(dims) != 4 or dims[0] != dims[1]:
            raise ValueError(
                house_message(
                    "RadialConstraint",
                    "The weight tensor must have rank 4 and square kernels",
                    f"w has shape {w.shape}",
                )
            )
        size = dims[0]
        flat = reshape(w, (size * size, dims[2] * dims[3]))
        return reshape(gather(flat, _sources(size)), dims)


def _sources(size: int) -> Any:
    """From which element of the flat kernel each element takes its value."""
    start = size // 2
    inner = 1 if size % 2 else 2
    diagonal = np.full((inner, inner), max(start - 1, 0))
    for ring in range(0 if size % 2 else 1, start):
        diagonal = np.pad(diagonal, 1, constant_values=start + ring)
    return (diagonal * (size + 1)).reshape(-1).astype(np.int32)


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
radial_constraint = RadialConstraint
unit_norm = UnitNorm
#: Older names.
maxnorm = MaxNorm
nonneg = NonNeg
unitnorm = UnitNorm


def get(identifier: Any) -> Any:
    """The constraint that `identifier` stands for: a name, a configuration, itself.

    Raises:
        ValueError: where nothing has that name.
    """
    return found("constraint", identifier)


def serialize(constraint: Any, use_legacy_format: bool = False) -> Any:
    """A constraint's configuration as plain data."""
    return described(constraint, "keras.constraints", use_legacy_format)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The constraint that `serialize` described."""
    return found("constraint", config, custom_objects)
