"""What gradients are taken with respect to: tensors and variables, by identity."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from rillet.core.composite import CompositeTensor, is_whole
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.filling import zeros_like_op
from rillet.ops.host import is_symbolic


class UnconnectedGradients(enum.Enum):
    """What a gradient is where no path leads from target to source."""

    NONE = "none"
    ZERO = "zero"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        raise ValueError(
            house_message(
                "GradientTape.gradient",
                f"{value!r} is not a valid UnconnectedGradients",
                "unconnected_gradients is 'none' or 'zero'",
            )
        )


def source_key(source: Any) -> int:
    """What the walk back knows a tensor or a variable by."""
    if isinstance(source, Variable):
        return id(source._cell)
    if isinstance(source, Tensor):
        return id(source)
    raise TypeError(
        house_message(
            "GradientTape.gradient",
            "sources are tensors or variables",
            f"got {describe(source)}",
            "Give the variables, e.g. model.trainable_variables",
        )
    )


def gradient_tensors(values: list[Any]) -> list[Any]:
    """Values with the tensor that gradients flow through in the place of a composite.

    Returns:
        `values` itself where there is no composite.
    """
    if not any([isinstance(v, CompositeTensor) for v in values]):
        return values
    whole = [isinstance(v, CompositeTensor) and is_whole(v) for v in values]
    pairs = zip(values, whole, strict=True)
    return [v._gradient_tensor() if composite else v for v, composite in pairs]


def like_sources(found: list[Any], sources: list[Any]) -> list[Any]:
    """Gradients as composites where the sources are."""
    out = []
    for g, source in zip(found, sources, strict=True):
        if g is not None and isinstance(source, CompositeTensor):
            g = source._with_gradient_tensor(to_tensor(g))
        out.append(g)
    return out


def no_target(target: Any) -> TypeError:
    """The error for something that no gradient can be taken of."""
    return TypeError(
        house_message(
            "GradientTape.gradient",
            "the target is a tensor that was computed inside the tape's `with` block",
            f"got {describe(target)}",
            "Give the loss itself, not None or a function that computes it",
        )
    )


def zeros_for(source: Any) -> Any:
    """A gradient of zeros for a source."""
    if is_symbolic(source):
        return zeros_like_op.run(source)
    return Tensor(np.zeros(tuple(source.shape), source.dtype.numpy_dtype))
