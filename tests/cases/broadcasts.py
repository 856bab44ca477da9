"""A row for `ops.broadcast_axes`, which no public function calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases import Case


def axes(tf: Any, one: Any, other: Any) -> Any:
    """The record's two vectors."""
    from rillet.ops.broadcast_axes import broadcast_axes_op

    return list(broadcast_axes_op(one, other))


CASES = (
    Case(
        "BroadcastGradientArgs",
        axes,
        (np.array([2, 1, 3], np.int32), np.array([1, 4, 1], np.int32)),
        order=0,
        golden=False,
        expect=lambda one, other: (
            np.array([1], np.int32),
            np.array([0, 2], np.int32),
        ),
        refused=(
            (
                (np.array([2, 3], np.int32), np.array([4], np.int32)),
                "InvalidArgumentError",
                "Incompatible shapes",
            ),
        ),
    ),
)
