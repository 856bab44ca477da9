"""`tf.keras.regularizers`: penalties on weights and outputs.

In: a weight. Out: a scalar that training adds to the loss. `Layer.add_weight` calls
`get`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.lookup import described, found
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.arithmetic import l2_normalize
from rillet.ops.elementwise import abs, cast, mul_op, square_op
from rillet.ops.filling import eye
from rillet.ops.products import matmul
from rillet.ops.shaping import reduce_sum, sum_op

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


class Regularizer:
    """A penalty; subclasses define `__call__` and `get_config`.

    Example:
        >>> import rillet as tf
        >>> class Third(tf.keras.regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return tf.reduce_sum(tf.abs(x)) / 3.
        >>> float(Third()(tf.constant([1., -2.])))
        1.0
    """

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`, a scalar."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data.

        Raises:
            NotImplementedError: where a subclass does not define it.
        """
        raise NotImplementedError(
            house_message(
                type(self).__name__, "Regularizer does not implement get_config"
            )
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A regularizer from what `get_config` gave."""
        return cls(**config)


def _factor(owner: str, value: Any) -> float:
    """A factor as Keras's float type holds it.

    Raises:
        ValueError: where it is no finite number.
    """
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise ValueError(
            house_message(
                owner,
                "the value is not a valid regularization penalty number, expected an"
                " int or float value",
                f"got {value!r}",
            )
        )
    if not math.isfinite(float(value)):
        raise ValueError(
            house_message(
                owner,
                f"Value {value} is not a valid regularization penalty number, an"
                " infinite number or NaN are not valid values",
            )
        )
    kind = floatx()
    return float(np.dtype(kind).type(value)) if kind != "bfloat16" else float(value)


def _absolute(factor: float, x: Any) -> Tensor:
    return mul_op(sum_op(abs(x), None), factor)


def _squared(factor: float, x: Any) -> Tensor:
    return mul_op(sum_op(square_op(x), None), factor)


@builtin("regularizer")
class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx².

    Args:
        l1: the factor of the absolute values.
        l2: the factor of the squares.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.regularizers.L1L2(l1=1., l2=2.)(tf.constant([1., -2.])))
        13.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("L1L2", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`, a scalar."""
        x = to_tensor(x)
        penalty: Any = cast(0.0, x.dtype)
        if self.l1:
            penalty = penalty + _absolute(self.l1, x)
        if self.l2:
            penalty = penalty + _squared(self.l2, x)
        return penalty

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"l1": self.l1, "l2": self.l2}


@builtin("regularizer", "l1")
class L1(Regularizer):
    """l1 · Σ|x|.

    Args:
        l1: the factor.
        **kwargs: `l`, the factor's older name.
    """

    def __init__(self, l1: float = 0.01, **kwargs: Any) -> None:
        l1 = kwargs.pop("l", l1)
        _no_more("L1", kwargs)
        self.l1 = _factor("L1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`, a scalar."""
        return _absolute(self.l1, x)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"l1": self.l1}


@builtin("regularizer", "l2")
class L2(Regularizer):
    """l2 · Σx².

    Args:
        l2: the factor.
        **kwargs: `l`, the factor's older name.
    """

    def __init__(self, l2: float = 0.01, **kwargs: Any) -> None:
        l2 = kwargs.pop("l", l2)
        _no_more("L2", kwargs)
        self.l2 = _factor("L2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`, a scalar."""
        return _squared(self.l2, x)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"l2": self.l2}


@builtin("regularizer", "orthogonal_regularizer")
class OrthogonalRegularizer(Regularizer):
    """How far the rows, or columns, of a matrix are from being orthogonal.

    Args:
        factor: the factor of the mean absolute product of two of them.
        mode: ``"rows"`` or ``"columns"``.

    Raises:
        ValueError: for another mode.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                house_message(
                    "OrthogonalRegularizer",
                    '`mode` must be either "rows" or "columns"',
                    f"got {mode!r}",
                )
            )
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """The penalty of a matrix `x`, a scalar."""
        x = to_tensor(x)
        if len(x.shape) != 2:
            raise ValueError(
                house_message(
                    "OrthogonalRegularizer",
                    "Inputs must have rank 2",
                    f"x has shape {x.shape}",
                )
            )
        by_rows = self.mode == "rows"
        unit = l2_normalize(x, axis=1 if by_rows else 0)
        product = matmul(unit, unit, transpose_a=not by_rows, transpose_b=by_rows)
        size = int(x.shape[0 if by_rows else 1])
        off = product * (1.0 - eye(size, dtype=x.dtype))
        pairs = size * (size - 1.0) / 2.0
        # Each pair stands twice in the product.
        return self.factor * 0.5 * reduce_sum(abs(off)) / pairs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"factor": self.factor, "mode": self.mode}


def _no_more(owner: str, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise TypeError(house_message(owner, "Argument(s) not recognized", f"{kwargs}"))


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """Both penalties, with factors that are not zero."""
    return L1L2(l1=l1, l2=l2)


l1 = L1
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer


def get(identifier: Any) -> Any:
    """The regularizer that `identifier` stands for: a name, a configuration, itself.

    Raises:
        ValueError: where nothing has that name.
    """
    if identifier == "l1_l2":
        return l1_l2()
    return found("regularizer", identifier)


def serialize(regularizer: Any, use_legacy_format: bool = False) -> Any:
    """A regularizer's configuration as plain data."""
    return described(regularizer, "keras.regularizers", use_legacy_format)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The regularizer that `serialize` described."""
    if config == "l1_l2":
        return l1_l2()
    return found("regularizer", config, custom_objects)
