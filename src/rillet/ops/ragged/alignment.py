"""Broadcasting between ragged tensors and tensors: values side by side in one form.

Operands flow in; out flow their flat values, each as long as the result's, and what
puts a result's flat values back into rows. An axis broadcasts where all its rows have
the length 1 by form (a new axis, a tensor's size 1); ragged rows must have equal
lengths, as in TensorFlow. Elementwise ops and `tf.where` call this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.gather import gather
from rillet.ops.mask import where
from rillet.ops.ragged import dense
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.indexing import expanded
from rillet.ops.ragged.rows import RaggedRows, count_of, is_open, same_splits_type

Rebuild = Callable[[Any], Any]


def aligned(owner: str, values: list[Any]) -> tuple[Rebuild, list[Any]]:
    """Flat values of operands that belong together, element by element.

    Args:
        owner: the op, for messages.
        values: ragged tensors and tensors.

    Returns:
        What makes a ragged tensor of flat values, and the flat values.

    Raises:
        InvalidArgumentError: where the shapes do not fit.
        ValueError: where a rank is unknown and matters, or row splits have two types.
    """
    same_splits_type(owner, values)
    ragged = [v for v in values if isinstance(v, RaggedRows)]
    first = ragged[0]
    if all(same_rows(first, other) for other in ragged[1:]):
        inner = first.flat_values.shape.rank
        dense_ones = [v for v in values if not isinstance(v, RaggedRows)]
        if all(
            v.shape.rank == 0
            or (None not in (inner, v.shape.rank) and v.shape.rank < inner)
            for v in dense_ones
        ):
            flats = [v.flat_values if isinstance(v, RaggedRows) else v for v in values]
            return first._with_flat, flats
    return _spread(owner, values)


def same_rows(a: RaggedRows, b: RaggedRows) -> bool:
    """Whether two ragged tensors are known to be cut in the same way."""
    one, other = a.nested_row_splits, b.nested_row_splits
    return len(one) == len(other) and all(map(_same, one, other))


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if is_open(a) or is_open(b):
        return False
    return np.array_equal(a._array, b._array)


def _spread(owner: str, values: list[Any]) -> tuple[Rebuild, list[Any]]:
    ranks = [v.shape.rank for v in values]
    if None in ranks:
        raise ValueError(
            house_message(owner, "broadcasting ragged tensors needs known ranks")
        )
    rank = max(ranks)
    depth = max(
        rank - v.shape.rank + v.ragged_rank for v in values if isinstance(v, RaggedRows)
    )
    kind = next(v._splits.dtype for v in values if isinstance(v, RaggedRows))
    even = [_deepened(v, rank, depth, kind) for v in values]
    count, at = _outer(owner, even, kind)
    levels = even
    splits: list[tuple[Any, Any]] = []
    for _ in range(depth):
        cut, length, at = _level(owner, levels, at)
        splits.append((cut, length))
        levels = [v._inner for v in levels]
    flats = [gather(v, i) for v, i in zip(levels, at, strict=True)]

    def rebuilt(flat: Any) -> Any:
        for cut, length in reversed(splits):
            flat = RaggedRows._of(flat, cut, length)
        return flat

    return rebuilt, flats


def _deepened(value: Any, rank: int, depth: int, kind: Any) -> Any:
    """A value of a rank with exactly so many row splits."""
    for _ in range(rank - value.shape.rank):
        value = expanded(value, 0)
    return deepened(value, depth, kind)


def deepened(value: Any, depth: int, kind: Any) -> Any:
    """A value whose first axes are made ragged, so that there are `depth` splits."""
    if not isinstance(value, RaggedRows):
        return dense.from_dense(value, None, None, depth, kind) if depth else value
    if depth == 1:
        return value
    return value._like(deepened(value._inner, depth - 1, kind))


def _outer(owner: str, values: list[Any], kind: Any) -> tuple[Any, list[Any]]:
    """How many rows the result has, and for each value which of its rows they are."""
    sizes = [v.shape[0] for v in values]
    counts = [count_of(v, kind) for v in values]
    others = [i for i, n in enumerate(sizes) if n != 1]
    if not others:
        one = parts.scalar(1, kind)
        return one, [parts.numbered(one, kind)] * len(values)
    count = counts[others[0]]
    for i in others[1:]:
        if sizes[others[0]] is None or sizes[i] is None:
            count = where(count == 1, counts[i], count)
    rows = parts.numbered(count, kind)
    at = []
    for size, own in zip(sizes, counts, strict=True):
        if size == 1:
            at.append(rows * 0)
            continue
        good = (own == count) | (own == 1) if size is None else own == count
        parts.check(owner, good, _RULE, own, count)
        at.append(rows * where(own == 1, own * 0, own * 0 + 1))
    return count, at


_RULE = "Incompatible shapes: Condition x == y did not hold: rows have equal lengths"


def _level(owner: str, values: list[Any], at: list[Any]) -> tuple[Any, Any, list[Any]]:
    """One axis further in.

    Args:
        owner: the op.
        values: each with splits of this axis.
        at: for each the rows that the result's rows come from.

    Returns:
        The result's splits and its rows' one length, and where each one's values are.
    """
    lengths = [
        gather(parts.lengths_of_splits(v._splits), i)
        for v, i in zip(values, at, strict=True)
    ]
    ones = [v._uniform == 1 if isinstance(v._uniform, int) else False for v in values]
    open_ones = [isinstance(v._uniform, Tensor) for v in values]
    ruling = [i for i, one in enumerate(ones) if not one] or [0]
    wanted = lengths[ruling[0]]
    for i in ruling[1:]:
        if open_ones[ruling[0]]:
            wanted = where(values[ruling[0]]._uniform == 1, lengths[i], wanted)
    for i in ruling:
        if i == ruling[0] and not open_ones[i]:
            continue
        good = lengths[i] == wanted
        if open_ones[i]:
            good = good | (values[i]._uniform == 1)
        if lengths[i] is not wanted:
            parts.check(owner, good, _RULE, lengths[i], wanted)
    rows, column = parts.ids_of_lengths(wanted), parts.columns(wanted)
    found = []
    for i, v in enumerate(values):
        firsts = gather(gather(v._splits, at[i]), rows)
        if ones[i] and i != ruling[0]:
            found.append(firsts)
        elif open_ones[i]:
            moves = where(v._uniform == 1, v._uniform * 0, v._uniform * 0 + 1)
            found.append(firsts + column * moves)
        else:
            found.append(firsts + column)
    known = {v._uniform for v, one in zip(values, ones, strict=True) if not one} or {1}
    length = known.pop() if len(known) == 1 else None
    return parts.splits_of_lengths(wanted), _number(length), found


def _number(length: Any) -> int | None:
    return length if isinstance(length, int) else None
