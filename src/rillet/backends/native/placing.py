"""What planned kernels say of their buffers, in the scheduler's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def aligned(found: Mapping[str, Any], align: Mapping[str, bool]) -> list[int]:
    """Ids of the buffers of which rows touch only their own part, under every name."""
    good: dict[int, bool] = {}
    for name, buffer in found.items():
        good[id(buffer)] = good.get(id(buffer), True) and bool(align.get(name))
    return [key for key, value in good.items() if value]
