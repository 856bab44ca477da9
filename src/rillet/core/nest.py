"""Nested structures: lists, tuples, dicts, named tuples and attrs classes of leaves.

TensorFlow's rules: None is a leaf, dicts are walked in the order of their sorted keys
and rebuilt in their own, strings and arrays are leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable

#: Types that need no second look.
_KNOWN: dict[type, bool] = {
    **dict.fromkeys((list, tuple, dict), True),
    **dict.fromkeys((int, float, str, bytes, bool, type(None), np.ndarray), False),
    **dict.fromkeys((Tensor, Variable), False),
}


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, tuple, dict or the like.

    Example:
        >>> import rillet as tf
        >>> tf.nest.is_nested([1]), tf.nest.is_nested("abc")
        (True, False)
    """
    kind = type(structure)
    known = _KNOWN.get(kind)
    if known is not None:
        return known
    return issubclass(kind, list | tuple | Mapping) or _is_attrs(structure)


def _is_attrs(structure: Any) -> bool:
    return hasattr(type(structure), "__attrs_attrs__")


def _plain(structure: Any) -> Any:
    """The structure with attrs classes as tuples of their fields."""
    if _is_attrs(structure):
        names = [a.name for a in type(structure).__attrs_attrs__]
        return tuple(getattr(structure, n) for n in names)
    return structure


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves of a structure, in order.

    Args:
        structure: any nest of lists, tuples and dicts, or a leaf alone.
        expand_composites: also open ragged and sparse tensors.

    Returns:
        A list of leaves; those of a dict in the order of its sorted keys.

    Example:
        >>> import rillet as tf
        >>> tf.nest.flatten({"b": [3, 4], "a": 1})
        [1, 3, 4]
    """
    if expand_composites:
        return _components(structure)
    kind = type(structure)
    if kind is list or kind is tuple:
        out: list[Any] = []
        for part in structure:
            out.extend(flatten(part)) if is_nested(part) else out.append(part)
        return out
    if not is_nested(structure):
        return [structure]
    if isinstance(structure, Mapping):
        out = []
        for key in _sorted_keys(structure):
            out.extend(flatten(structure[key]))
        return out
    return flatten(tuple(_plain(structure)))


def _components(structure: Any) -> list[Any]:
    """The leaves, with the components in the place of a composite."""
    out: list[Any] = []
    for leaf in flatten(structure):
        if isinstance(leaf, CompositeTensor):
            out.extend(leaf._flat_tensors())
        elif isinstance(leaf, CompositeSpec):
            out.extend(leaf._component_specs)
        else:
            out.append(leaf)
    return out


def _sorted_keys(structure: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(structure)
    except TypeError:
        raise TypeError(
            house_message(
                "nest.flatten",
                "the keys of a dict must be sortable",
                f"keys are {list(structure)!r}",
            )
        ) from None


def pack_sequence_as(
    structure: Any, flat_sequence: Any, expand_composites: bool = False
) -> Any:
    """A structure like `structure` that holds the leaves of `flat_sequence`.

    Args:
        structure: the form to follow.
        flat_sequence: as many leaves as `structure` has.
        expand_composites: as in `flatten`.

    Returns:
        The leaves in that form.

    Raises:
        ValueError: where the numbers of leaves differ.

    Example:
        >>> import rillet as tf
        >>> tf.nest.pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3])
        {'b': 3, 'a': (1, 2)}
    """
    flat = list(flat_sequence)
    if expand_composites:
        flat = _composed(structure, flat)
    if type(structure) is list and len(structure) == len(flat):
        if not any([is_nested(part) for part in structure]):
            return flat
    count = len(flatten(structure))
    if count != len(flat):
        raise ValueError(
            house_message(
                "nest.pack_sequence_as",
                "Could not pack sequence: the numbers of leaves differ",
                f"the structure has {count}, the sequence {len(flat)}",
            )
        )
    return _pack(structure, iter(flat))


def _composed(structure: Any, flat: list[Any]) -> list[Any]:
    """Leaves for a structure of components: composites are put together again."""
    out: list[Any] = []
    at = 0
    for leaf in flatten(structure):
        count = len(_components(leaf))
        if at + count > len(flat):
            return [*out, *flat[at:]]  # too few, which the count of leaves tells
        if isinstance(leaf, CompositeTensor | CompositeSpec):
            out.append(_like_composite(leaf, flat[at : at + count]))
        else:
            out.append(flat[at])
        at += count
    return [*out, *flat[at:]]


def _like_composite(leaf: Any, parts: list[Any]) -> Any:
    """A composite of other components; where those are no tensors, a list of them."""
    if all(getattr(part, "is_tensor_like", False) for part in parts):
        return leaf._from_tensors(parts)
    return parts


def _pack(structure: Any, leaves: Any) -> Any:
    if not is_nested(structure):
        return next(leaves)
    if isinstance(structure, Mapping):
        found = {key: _pack(structure[key], leaves) for key in _sorted_keys(structure)}
        return _like_mapping(structure, found)
    if _is_attrs(structure):
        names = [a.name for a in type(structure).__attrs_attrs__]
        values = [_pack(getattr(structure, n), leaves) for n in names]
        return type(structure)(*values)
    parts = [_pack(part, leaves) for part in structure]
    if hasattr(structure, "_fields"):
        return type(structure)(*parts)
    return type(structure)(parts)


def _like_mapping(structure: Mapping[Any, Any], found: dict[Any, Any]) -> Any:
    ordered = {key: found[key] for key in structure}
    if type(structure) is dict:
        return ordered
    make: Any = type(structure)
    if hasattr(structure, "default_factory"):
        return make(structure.default_factory, ordered)
    return make(ordered)


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Apply a function to the leaves of structures of one form.

    Args:
        func: called with a leaf of each structure.
        *structure: the structures.
        **kwargs: `check_types` and `expand_composites`, as in TensorFlow.

    Returns:
        The results, in that form.

    Raises:
        TypeError: where `func` is no function, or types of containers differ.
        ValueError: where the forms differ.

    Example:
        >>> import rillet as tf
        >>> tf.nest.map_structure(lambda a, b: a + b, [1, (2,)], [10, (20,)])
        [11, (22,)]
    """
    if not callable(func):
        raise TypeError(
            house_message("nest.map_structure", "`func` must be callable", repr(func))
        )
    if not structure:
        raise ValueError(
            house_message("nest.map_structure", "Must provide at least one structure")
        )
    expand = bool(kwargs.get("expand_composites"))
    for other in structure[1:]:
        assert_same_structure(
            structure[0], other, kwargs.get("check_types", True), expand
        )
    flats = [flatten(s, expand) for s in structure]
    results = [func(*leaves) for leaves in zip(*flats, strict=True)]
    return pack_sequence_as(structure[0], results, expand)


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raise where two structures differ in form.

    Args:
        nest1: a structure.
        nest2: another.
        check_types: also compare the types of lists, tuples and dicts.
        expand_composites: as in `flatten`.

    Raises:
        ValueError: where the numbers of parts or the keys differ.
        TypeError: where types of containers differ.
    """
    nested = is_nested(nest1)
    if nested != is_nested(nest2):
        raise ValueError(
            house_message(
                "nest",
                "The two structures don't have the same nested structure",
                f"{_shown(nest1)} and {_shown(nest2)}",
            )
        )
    if not nested:
        if expand_composites:
            _same_composites(nest1, nest2)
        return
    both_maps = isinstance(nest1, Mapping) and isinstance(nest2, Mapping)
    if check_types and type(nest1) is not type(nest2) and not both_maps:
        raise TypeError(
            house_message(
                "nest",
                "The two structures don't have the same sequence type",
                f"{type(nest1).__name__} and {type(nest2).__name__}",
            )
        )
    if both_maps and set(nest1) != set(nest2) or len(nest1) != len(nest2):
        raise ValueError(
            house_message(
                "nest",
                "The two structures don't have the same nested structure",
                f"{_shown(nest1)} and {_shown(nest2)}",
            )
        )
    keys = _sorted_keys(nest1) if both_maps else range(len(nest1))
    for key in keys:
        assert_same_structure(nest1[key], nest2[key], check_types, expand_composites)


def _same_composites(a: Any, b: Any) -> None:
    """Raise where two leaves have not components of the same form."""
    kinds = CompositeTensor | CompositeSpec
    if not isinstance(a, kinds) and not isinstance(b, kinds):
        return
    specs = [getattr(x, "_type_spec", x) for x in (a, b)]
    keys = [(type(s), s._form_key()) for s in specs if isinstance(s, CompositeSpec)]
    if len(keys) < 2 or keys[0] != keys[1]:
        raise ValueError(
            house_message(
                "nest",
                "The two structures don't have the same nested structure",
                f"{_shown(a)} and {_shown(b)} have other components",
            )
        )


def _shown(structure: Any) -> str:
    text = repr(structure)
    return text if len(text) < 80 else text[:77] + "..."
