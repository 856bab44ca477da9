"""The arguments of padded batches: shapes to pad to, values to pad with.

`collection` and `buckets` call it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.data.grouping import PaddedBatchPlan
from rillet.data.plan import Plan, integer
from rillet.data.signatures import flat_shapes
from rillet.data.structure import check_tensors, flatten

_OWNER = "Dataset.padded_batch"


def padded_plan(
    plan: Plan,
    batch_size: Any,
    padded_shapes: Any,
    padding_values: Any,
    drop_remainder: Any,
    longest: Any = None,
) -> Plan:
    """The plan of `Dataset.padded_batch`.

    Args:
        plan: of the dataset.
        batch_size: see the method.
        padded_shapes: see the method.
        padding_values: see the method.
        drop_remainder: see the method.
        longest: what unknown sizes are padded to; None for the longest of the batch.
    """
    specs = plan.structure.flat
    check_tensors(_OWNER, specs)
    if padded_shapes is None:
        given: list[Any] = [s.shape for s in specs]
    elif len(specs) == 1 and not isinstance(plan.spec, tuple | dict):
        given = [padded_shapes]
    else:
        given = flat_shapes(plan.spec, padded_shapes)
    shapes = [_padded_shape(s, g) for s, g in zip(specs, given, strict=True)]
    return PaddedBatchPlan(
        plan,
        integer(_OWNER, "batch_size", batch_size),
        shapes,
        _paddings(specs, padding_values),
        bool(drop_remainder),
        longest,
    )


def _padded_shape(spec: TensorSpec, given: Any) -> TensorShape:
    """A shape to pad to, which an element's shape must allow."""
    if given is None:
        return TensorShape(None)
    if isinstance(given, int | np.integer):
        given = [given]
    if hasattr(given, "numpy"):
        given = given.numpy().tolist()
    shape = given
    if not isinstance(given, TensorShape):
        sizes = [None if d is None or int(d) == -1 else int(d) for d in given]
        shape = TensorShape(sizes)
    known = spec.shape.rank is not None and shape.rank is not None
    fits = not known or shape.rank == spec.shape.rank
    if fits and known:
        pairs = zip(shape, spec.shape, strict=True)
        fits = all(p is None or n is None or n <= p for p, n in pairs)
    if not fits:
        raise ValueError(
            house_message(
                _OWNER,
                f"The padded shape {shape} is not compatible with the shape"
                f" {spec.shape} of the corresponding input component",
                f"the component is {spec!r}",
            )
        )
    found: TensorShape = shape
    return found


def _paddings(specs: list[Any], given: Any) -> list[Any]:
    """The padding of each component."""
    leaves = flatten(given) if given is not None else [None] * len(specs)
    if len(leaves) == 1 and len(specs) > 1:
        leaves = leaves * len(specs)
    if len(leaves) != len(specs):
        raise ValueError(
            house_message(
                _OWNER,
                "`padding_values` must have a value for each component",
                f"there are {len(specs)} components and {len(leaves)} values",
            )
        )
    return [_padding(spec, value) for spec, value in zip(specs, leaves, strict=True)]


def _padding(spec: Any, value: Any) -> Any:
    if value is None:
        empty: Any = b"" if spec.dtype.name == "string" else 0
        return np.array(empty, spec.dtype.numpy_dtype)
    try:
        tensor = to_tensor(value, hint=spec.dtype)
    except (TypeError, ValueError):
        tensor = to_tensor(value)
    if tensor.shape.rank != 0:
        raise ValueError(
            house_message(_OWNER, "Padding value should be a scalar", f"got {value!r}")
        )
    if tensor.dtype is not spec.dtype:
        raise TypeError(
            house_message(
                _OWNER,
                f"The padding value type {tensor.dtype!r} does not match type"
                f" {spec.dtype!r} of the corresponding input component",
                f"got {value!r}",
            )
        )
    return tensor._array
