"""Which axes a gradient is summed over where two shapes were broadcast.

Graphs that TensorFlow wrote ask it of shapes that only a run knows; `saved_model` runs
them, and writes gradients with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import INTEGER
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]


def _axes(first: Array, second: Array) -> tuple[Array, Array]:
    """For each of two shapes the axes of the broadcast shape that it is spread over."""
    rank = max(len(first), len(second))
    one = np.ones(rank, first.dtype)
    other = one.copy()
    one[rank - len(first) :] = first
    other[rank - len(second) :] = second
    if np.any((one != other) & (one != 1) & (other != 1)):
        raise InvalidArgumentError(
            house_message(
                "BroadcastGradientArgs",
                "Incompatible shapes",
                f"{first.tolist()} vs. {second.tolist()}",
            )
        )
    # An axis that is 1 in both is summed too, as TensorFlow has it: nothing changes.
    return (
        np.flatnonzero(one == 1).astype(first.dtype),
        np.flatnonzero(other == 1).astype(first.dtype),
    )


def _infer(first: Spec, second: Spec) -> tuple[Spec, Spec]:
    return Spec((None,), first.dtype), Spec((None,), first.dtype)


broadcast_axes_op: Op = define(
    "BroadcastGradientArgs",
    types=(INTEGER, 0),
    kernel=_axes,
    infer=_infer,
    outputs=2,
    quiet=False,
)
