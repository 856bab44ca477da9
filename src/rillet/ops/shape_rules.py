"""Shape and type inference shared by op records: specs in, specs out.

A rule takes the specs of an op's tensors (sizes may be None) and host values as they
are, and gives the spec of the result, or words the error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import Dims, broadcast_dims
from rillet.core.spec import Spec


def same_as_input(x: Spec, *rest: Any, **attrs: Any) -> Spec:
    """The shape and type of the first input."""
    return x


def same_shape(dtype: DType) -> Callable[..., Spec]:
    """The shape of the first input, of type `dtype`."""

    def infer(x: Spec, *rest: Any, **attrs: Any) -> Spec:
        return Spec(x.shape, dtype)

    return infer


def broadcast(name: str, dtype: DType | None = None) -> Callable[..., Spec]:
    """Two inputs broadcast to one shape; of the inputs' type, or `dtype`."""

    def infer(x: Spec, y: Spec, **attrs: Any) -> Spec:
        if x.shape is None or y.shape is None:
            return Spec(None, dtype or x.dtype)
        return Spec(broadcast_dims(name, x.shape, y.shape), dtype or x.dtype)

    return infer


def compared(name: str) -> Callable[..., Spec]:
    """Two inputs broadcast to one shape of booleans."""
    return broadcast(name, dtypes.bool_)


def axis_in(name: str, axis: int, rank: int) -> int:
    """`axis`, counted from the front.

    Raises:
        InvalidArgumentError: where a tensor of that rank has no such axis.
    """
    if not -rank <= axis < rank:
        raise InvalidArgumentError(
            house_message(
                name,
                "the axis is out of range",
                f"axis={axis} for a tensor of rank {rank}",
                f"Axes run from {-rank} to {rank - 1}"
                if rank
                else "A scalar has no axes",
            )
        )
    return axis + rank if axis < 0 else axis


def axes_in(name: str, axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that `axis` (None: all, an int, several) names, from the front."""
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, int):
        return (axis_in(name, axis, rank),)
    found = tuple(axis_in(name, a, rank) for a in axis)
    if len(set(found)) != len(found):
        raise InvalidArgumentError(
            house_message(
                name,
                "Invalid reduction arguments: Axes contains duplicate dimension",
                f"axis={list(axis)} for a tensor of rank {rank}",
            )
        )
    return found


def reduced(name: str, dtype: DType | None = None) -> Callable[..., Spec]:
    """The first input without the axes of the second, or with size 1 there."""

    def infer(x: Spec, axis: Any, keep_dims: bool = False, **attrs: Any) -> Spec:
        kind = dtype or x.dtype
        if x.shape is None or isinstance(axis, Spec):
            return Spec(None, kind)
        gone = axes_in(name, axis, len(x.shape))
        if keep_dims:
            dims: Dims = tuple(1 if i in gone else d for i, d in enumerate(x.shape))
        else:
            dims = tuple(d for i, d in enumerate(x.shape) if i not in gone)
        return Spec(dims, kind)

    return infer
