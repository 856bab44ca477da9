"""Structures opened into flat lists of tensors, and closed again.

Branches, loops and functions carry flat tensors; programs give them nests, rows of
gradients, tensor arrays. A composite value offers ``_flat_tensors()`` and
``_from_tensors(tensors)``; see `core.composite` for ragged and sparse tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.tensor import Tensor


class Place:
    """Where in the flat list a leaf's tensors stand."""

    __slots__ = ("count", "like", "start")

    def __init__(self, start: int, count: int, like: Any) -> None:
        self.start = start
        self.count = count
        self.like = like


class Form:
    """A structure whose leaves are places, None or plain Python objects."""

    __slots__ = ("structure", "types")

    def __init__(self, structure: Any) -> None:
        self.structure = structure
        self.types: list[Any] = []


def opened(structure: Any, types: list[Any] | None = None) -> tuple[Form, list[Any]]:
    """A structure's form and its tensors.

    Args:
        structure: a nest of tensors, numbers, composites and None.
        types: the types that Python values among the leaves take, in flat order.

    Returns:
        The form, and a flat list of tensors; numbers and variables become tensors.
    """
    tensors: list[Any] = []

    def one(leaf: Any) -> Any:
        start = len(tensors)
        if leaf is None:
            return None
        if isinstance(leaf, IndexedSlices):
            tensors.extend([leaf.values, leaf.indices])
            return Place(start, 2, leaf)
        if isinstance(leaf, CompositeTensor):
            tensors.extend(leaf._flat_tensors())
            return Place(start, len(tensors) - start, leaf._type_spec)
        if hasattr(leaf, "_flat_tensors"):
            tensors.extend(leaf._flat_tensors())
            return Place(start, len(tensors) - start, leaf)
        if is_value(leaf):
            hint = types[start] if types is not None and start < len(types) else None
            tensors.append(to_tensor(leaf, hint=hint))
            return Place(start, 1, None)
        return leaf

    return Form(nest.map_structure(one, structure)), tensors


def is_value(leaf: Any) -> bool:
    """Whether a leaf is, or becomes, one tensor."""
    return (
        isinstance(
            leaf,
            Tensor
            | np.ndarray
            | np.generic
            | bool
            | int
            | float
            | complex
            | str
            | bytes,
        )
        or hasattr(leaf, "_dense_tensor")
        or hasattr(leaf, "__array__")
    )


def rebuilt(form: Form, tensors: list[Any]) -> Any:
    """The structure again, with other tensors in its places."""

    def one(leaf: Any) -> Any:
        if not isinstance(leaf, Place):
            return leaf
        parts = tensors[leaf.start : leaf.start + leaf.count]
        if leaf.like is None:
            return parts[0]
        if isinstance(leaf.like, IndexedSlices):
            return IndexedSlices(parts[0], parts[1], leaf.like.dense_shape)
        return leaf.like._from_tensors(parts)

    return nest.map_structure(one, form.structure)
