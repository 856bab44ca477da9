"""Types and shapes of elements, as programs write them, as a nest of specs.

`creation` and `padding` call it.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec, TypeSpec
from rillet.data.structure import flatten, pack

_OWNER = "Dataset.from_generator"


def signature_of(types: Any, shapes: Any, signature: Any) -> Any:
    """The nest of specs of what a generator yields.

    Args:
        types: a nest of types, or None.
        shapes: a nest of shapes, or None.
        signature: the nest of specs itself, or None.

    Raises:
        TypeError: where it is missing, given twice, or no nest of specs.
    """
    if signature is not None:
        if types is not None or shapes is not None:
            raise TypeError(
                house_message(
                    _OWNER,
                    "`output_types` and `output_shapes` cannot be given with"
                    " `output_signature`",
                    fix="Give only output_signature",
                )
            )
        if isinstance(signature, list):
            signature = tuple(signature)
        for spec in flatten(signature):
            if not isinstance(spec, TypeSpec):
                raise TypeError(
                    house_message(
                        _OWNER,
                        "`output_signature` must contain objects that are subclass of"
                        " `tf.TypeSpec`",
                        f"found {type(spec)} which is not",
                    )
                )
        return signature
    if types is None:
        raise TypeError(
            house_message(
                _OWNER,
                "Either `output_signature` or `output_types` must be specified",
                fix="Give output_signature=tf.TensorSpec(...)",
            )
        )
    if isinstance(types, list):
        types = tuple(types)
    kinds = [as_dtype(k) for k in flatten(types)]
    found = [None] * len(kinds) if shapes is None else flat_shapes(types, shapes)
    specs = [
        TensorSpec(TensorShape(None) if s is None else as_shape(s), k)
        for s, k in zip(found, kinds, strict=True)
    ]
    return pack(types, iter(specs))


def flat_shapes(like: Any, shapes: Any) -> list[Any]:
    """The shapes of a nest, one for each leaf of `like`, whose tuples are shapes.

    Args:
        like: a nest of one leaf for each shape.
        shapes: that nest; shapes may be lists, tuples, tensors, `TensorShape`s, None.

    Raises:
        ValueError: where the forms differ.
    """
    if isinstance(like, dict):
        return [s for key in sorted(like) for s in flat_shapes(like[key], shapes[key])]
    if type(like) is tuple or hasattr(like, "_fields"):
        parts = list(shapes)
        if len(parts) != len(like):
            raise ValueError(
                house_message(
                    "Dataset",
                    "The two structures don't have the same nested structure",
                    f"{shapes!r} for {like!r}",
                )
            )
        return [s for a, b in zip(like, parts, strict=True) for s in flat_shapes(a, b)]
    return [shapes]
