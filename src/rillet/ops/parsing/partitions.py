"""How a feature's numbers cut another feature's values into rows, a batch at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import INDEX
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops.parsing.columns import splits
from rillet.ops.ragged.tensor import RaggedTensor
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape

Array = np.ndarray[Any, Any]


def _rows(numbers: Array, count: int, kind: str) -> Array:
    """The lengths of rows that one example's partition says, of `count` values."""
    if kind == "row_lengths":
        return numbers
    if kind == "value_rowids":
        if len(numbers) != count or (np.diff(numbers) < 0).any():
            raise ValueError("rowids")
        return np.bincount(numbers, minlength=int(numbers.max(initial=-1)) + 1)
    if kind == "row_splits":
        if not len(numbers):
            return numbers
        ends = numbers
    elif kind == "row_starts":
        ends = np.append(numbers, count)
    else:
        ends = np.insert(numbers, 0, 0)
    if ends[0] != 0:
        raise ValueError("the first row begins at 0")
    return np.diff(ends)


def _cut(numbers: Array, inner: Array, outer: Array, kind: str) -> tuple[Array, Array]:
    found: list[Array] = []
    for i in range(len(outer) - 1):
        own = numbers[inner[i] : inner[i + 1]]
        count = int(outer[i + 1] - outer[i])
        try:
            lengths = _rows(own, count, kind)
        except ValueError:
            lengths = np.array([-1])
        if (lengths < 0).any() or lengths.sum() != count:
            raise InvalidArgumentError(
                house_message(
                    "RaggedFeature",
                    f"a partition ({kind}) does not cut an example's {count} values",
                    f"it is {own.tolist()[:20]}",
                )
            )
        found.append(lengths)
    whole = np.concatenate([*found, np.zeros(0, np.int64)])
    counts = np.array([len(row) for row in found], np.int64)
    return splits(whole, outer.dtype), splits(counts, outer.dtype)


def _infer(numbers: Spec, inner: Spec, outer: Spec, kind: str) -> tuple[Spec, Spec]:
    return Spec((None,), outer.dtype), outer


cut_op: Op = define(
    "RilletPartitionRows",
    types=(INDEX, INDEX, INDEX),
    kernel=_cut,
    infer=_infer,
    attrs={"kind": "row_lengths"},
    outputs=2,
    quiet=False,
)


def partitioned(values: Any, outer: Any, kind: str, part: Any) -> tuple[Any, Any]:
    """Values cut into rows, and where each example's rows begin and end.

    Args:
        values: of all examples.
        outer: where each example's values begin and end.
        kind: what the partition says.
        part: the partition's numbers and their splits, or a number.

    Returns:
        A ragged tensor, and splits of its rows.
    """
    if kind != "uniform":
        inner, ends = cut_op.run(part[0], part[1], outer, kind=kind)
        return RaggedTensor.from_row_splits(values, inner, validate=False), ends
    if isinstance(values, RaggedTensor):
        made = RaggedTensor.from_uniform_row_length(values, part)
        return made, outer // part
    dims = values.shape.as_list()[1:]
    return reshape(values, [-1, part, *dims]), outer // part
