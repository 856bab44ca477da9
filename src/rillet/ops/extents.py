"""Arithmetic with sizes that may be known only when a graph runs.

In flow sizes as `static_dims` gives them, integers or symbolic int32 scalars; out flow
such sizes. Image ops call it, and what else counts pixels.
"""

from __future__ import annotations

from typing import Any

from rillet.ops.elementwise import maximum, minimum


def known(*sizes: Any) -> bool:
    """Whether all sizes are integers now.

    Args:
        sizes: integers or scalars.
    """
    return all(type(size) is int for size in sizes)


def larger(a: Any, b: Any) -> Any:
    """The greater of two sizes.

    Args:
        a: an integer or a scalar.
        b: another.
    """
    return max(a, b) if known(a, b) else maximum(a, b)


def smaller(a: Any, b: Any) -> Any:
    """The lesser of two sizes.

    Args:
        a: an integer or a scalar.
        b: another.
    """
    return min(a, b) if known(a, b) else minimum(a, b)
