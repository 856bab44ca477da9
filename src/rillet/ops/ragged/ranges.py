"""Ragged tensors of number ranges and of partitions, and functions of flat values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.elementwise import maximum
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.alignment import same_rows
from rillet.ops.ragged.building import BuiltRows
from rillet.ops.ragged.indexing import rows_at
from rillet.ops.ragged.rows import RaggedRows, same_splits_type
from rillet.ops.rounding import ceil
from rillet.ops.shaping import broadcast_to, reshape
from rillet.ops.sizes import shape as shape_of
from rillet.ops.sorting import argsort


def range(
    starts: Any,
    limits: Any = None,
    deltas: Any = 1,
    dtype: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> Any:
    """Ranges of numbers, each a row.

    Args:
        starts: the first number of each, or the limits where `limits` is None.
        limits: where each ends, itself left out.
        deltas: the steps.
        dtype: the type; that of the arguments where None.
        name: ignored.
        row_splits_dtype: int32 or int64.

    Returns:
        A `RaggedTensor` ``(rows, (lengths))``.

    Raises:
        InvalidArgumentError: where a step is 0.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.range([3, 5, 2])
        <tf.RaggedTensor [[0, 1, 2], [0, 1, 2, 3, 4], [0, 1]]>
    """
    owner = "ragged.range"
    index = parts.index_type(owner, row_splits_dtype)
    if limits is None:
        starts, limits = 0, starts
    kind = None if dtype is None else as_dtype(dtype)
    values = _one_type([starts, limits, deltas], kind)
    for value in values:
        if value.shape.rank is not None and value.shape.rank > 1:
            raise ValueError(
                house_message(
                    owner, "arguments are scalars or vectors", f"{value.shape}"
                )
            )
    sizes = {v.shape[0] for v in values if v.shape.rank == 1} - {None}
    if len(sizes) > 1:
        raise InvalidArgumentError(
            house_message(
                owner,
                "starts, limits, and deltas must have the same shape",
                f"shapes are {[v.shape for v in values]}",
            )
        )
    first, last, step = _vectors(values)
    parts.check(owner, step != 0, "Requires delta != 0", step)
    gap = (last - first) / step
    lengths = cast(maximum(ceil(gap), gap * 0), index)
    rows, column = parts.ids_of_lengths(lengths), parts.columns(lengths)
    steps = gather(step, rows) * cast(column, step.dtype)
    splits = parts.splits_of_lengths(lengths)
    return RaggedRows._of(gather(first, rows) + steps, splits)


def _one_type(values: list[Any], kind: Any) -> list[Any]:
    made = []
    typed = [v.dtype for v in values if isinstance(v, Tensor)]
    wide = any(np.asarray(v).dtype.kind == "f" for v in values if not _typed(v))
    for value in values:
        if kind is not None:
            made.append(cast(to_tensor(value), kind))
        elif typed and not _typed(value):
            made.append(to_tensor(value, hint=typed[0]))
        elif wide and not _typed(value):
            made.append(to_tensor(value, hint=dtypes.float32))
        else:
            made.append(to_tensor(value))
    wanted = next((v.dtype for v in made if v.dtype.is_floating), made[0].dtype)
    if wanted is dtypes.int32 and any(v.dtype is dtypes.int64 for v in made):
        wanted = dtypes.int64
    return [cast(v, wanted) for v in made]


def _typed(value: Any) -> bool:
    return isinstance(value, Tensor)


def _vectors(values: list[Any]) -> list[Any]:
    """Scalars and vectors as vectors of one length."""
    vector = next((v for v in values if v.shape.rank == 1), None)
    if vector is None:
        return [reshape(v, [1]) for v in values]
    size = vector.shape[0]
    shape = shape_of(vector) if size is None else [size]
    return [v if v.shape.rank == 1 else broadcast_to(v, shape) for v in values]


def row_splits_to_segment_ids(
    splits: Any, name: str | None = None, out_type: Any = None
) -> Any:
    """For each value the number of its row, from row splits.

    Args:
        splits: ``(rows + 1,)``, from 0 up.
        name: ignored.
        out_type: the type; that of `splits` where None.

    Returns:
        A vector.

    Raises:
        ValueError: where `splits` is no vector of integers, or empty.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.row_splits_to_segment_ids([0, 3, 3, 5]).numpy().tolist()
        [0, 0, 0, 2, 2]
    """
    owner = "ragged.row_splits_to_segment_ids"
    splits = parts.index_tensor(owner, "splits", splits)
    if splits.shape.rank not in (1, None) or splits.shape[0] == 0:
        raise ValueError(
            house_message(owner, "Invalid row_splits: a vector", f"{splits.shape}")
        )
    ids = parts.ids_of_lengths(parts.lengths_of_splits(splits))
    return ids if out_type is None else cast(ids, out_type)


def segment_ids_to_row_splits(
    segment_ids: Any,
    num_segments: Any = None,
    out_type: Any = None,
    name: str | None = None,
) -> Any:
    """Row splits of the row numbers of values.

    Args:
        segment_ids: ``(values,)``, in ascending order.
        num_segments: how many rows there are; up to the last named where None.
        out_type: the type; that of the numbers where None.
        name: ignored.

    Returns:
        A vector ``(rows + 1,)``.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.segment_ids_to_row_splits([0, 0, 2]).numpy().tolist()
        [0, 2, 2, 3]
    """
    owner = "ragged.segment_ids_to_row_splits"
    ids = parts.index_tensor(owner, "segment_ids", segment_ids)
    splits = BuiltRows.from_value_rowids(ids, ids, num_segments, validate=False)
    found = splits._splits
    return found if out_type is None else cast(found, out_type)


def stack_dynamic_partitions(
    data: Any, partitions: Any, num_partitions: Any, name: str | None = None
) -> Any:
    """Values put into the rows that `partitions` names, in their order.

    Args:
        data: a tensor or ragged tensor.
        partitions: a row's number for each value.
        num_partitions: how many rows there are.
        name: ignored.

    Returns:
        A `RaggedTensor` ``(num_partitions, (lengths), ...)``.

    Raises:
        InvalidArgumentError: where a number is none of a row's.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.stack_dynamic_partitions(list("abc"), [1, 0, 1], 3)
        <tf.RaggedTensor [[b'b'], [b'a', b'c'], []]>
    """
    owner = "ragged.stack_dynamic_partitions"
    if not isinstance(data, RaggedRows):
        data = to_tensor(data)
    if isinstance(partitions, RaggedRows):
        if not isinstance(data, RaggedRows):
            raise ValueError(house_message(owner, "data must be ragged as partitions"))
        return stack_dynamic_partitions(data._inner, partitions._inner, num_partitions)
    numbers = to_tensor(partitions)
    if numbers.dtype is not dtypes.int64:
        numbers = cast(numbers, dtypes.int32)
    count = parts.index_tensor(owner, "num_partitions", num_partitions, numbers.dtype)
    rank = numbers.shape.rank
    if rank == 0:
        numbers, data = reshape(numbers, [1]), data[None]
    elif rank is not None and rank > 1:
        for _ in [None] * (rank - 1):
            data = _outer_merged(data)
        numbers = reshape(numbers, [-1])
    good = (numbers >= 0) & (numbers < count)
    parts.check(owner, good, "partitions are rows", numbers, count)
    order = argsort(numbers, stable=True)
    values = rows_at(data, order)
    kind = data._splits.dtype if isinstance(data, RaggedRows) else numbers.dtype
    ids = cast(gather(numbers, order), kind)
    return RaggedRows._of(values, parts.splits_of_ids(ids, cast(count, kind)))


def _outer_merged(data: Any) -> Any:
    if isinstance(data, RaggedRows):
        return data._inner
    rest = data.shape[2:]
    return reshape(data, [-1, *rest.as_list()])


def map_flat_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Apply a function to flat values, and put its result into the same rows.

    Args:
        op: called with the flat values in the place of ragged tensors.
        *args: its arguments.
        **kwargs: those by name.

    Returns:
        A `RaggedTensor`; what `op` gives where no argument is ragged.

    Raises:
        ValueError: where the rows of arguments differ, or the result's size is another.

    Example:
        >>> import rillet as tf
        >>> rt = tf.ragged.constant([[1, 2, 3], [], [4]])
        >>> tf.ragged.map_flat_values(tf.ones_like, rt)
        <tf.RaggedTensor [[1, 1, 1], [], [1]]>
    """
    owner = "ragged.map_flat_values"
    found: list[RaggedRows] = []

    def one(value: Any) -> Any:
        if isinstance(value, RaggedRows):
            found.append(value)
            return value
        if isinstance(value, list | tuple):
            return type(value)([one(v) for v in value])
        return value

    given = [one(a) for a in args]
    named = {k: one(v) for k, v in kwargs.items()}
    if not found:
        return op(*args, **kwargs)
    same_splits_type(owner, found)
    first = found[0]
    for other in found[1:]:
        if not same_rows(first, other):
            _compare(owner, first, other)

    def flat(value: Any) -> Any:
        if isinstance(value, RaggedRows):
            return value.flat_values
        if isinstance(value, list | tuple):
            return type(value)([flat(v) for v in value])
        return value

    result = op(*[flat(a) for a in given], **{k: flat(v) for k, v in named.items()})
    if not isinstance(result, RaggedRows):
        result = to_tensor(result)
    have, wanted = first.flat_values.shape, result.shape
    if not have[:1].is_compatible_with(wanted[:1]):
        raise ValueError(
            house_message(
                owner,
                "tf.ragged.map_flat_values requires that the output of `op` have the"
                " same outer-dimension size as flat_values of any ragged inputs",
                f"output shape: {wanted}; expected outer dimension size: {have[0]}",
            )
        )
    return first._with_flat(result)


def _compare(owner: str, a: RaggedRows, b: RaggedRows) -> None:
    one, other = a.nested_row_splits, b.nested_row_splits
    rule = "All ragged inputs must have the same nested_row_splits"
    same = len(one) == len(other) and all(
        x.shape.is_compatible_with(y.shape) for x, y in zip(one, other, strict=True)
    )
    open_ones = any(is_symbolic(s) for s in (*one, *other))
    if not same or not open_ones:
        raise ValueError(house_message(owner, rule, f"{a!r} and {b!r}"))
    for x, y in zip(one, other, strict=True):
        parts.check(owner, x == y, rule, x, y)
