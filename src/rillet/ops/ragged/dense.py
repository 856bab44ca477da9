"""Between ragged tensors and tensors: padding, cutting off, merging of axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64 as _INDEX
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor
from rillet.ops.array import concat, stack
from rillet.ops.casting import cast
from rillet.ops.compare import not_equal
from rillet.ops.elementwise import maximum, minimum
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.mask import where
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.reduce import reduce_any, reduce_max
from rillet.ops.shaping import broadcast_to, reshape
from rillet.ops.sizes import shape as shape_of

_OWNER = "RaggedTensor.to_tensor"


def longest(splits: Any) -> Any:
    """The length of the longest row, 0 where there is none: a scalar tensor."""
    zero = Tensor(np.zeros(1, splits.dtype.numpy_dtype))
    return reduce_max(concat([zero, parts.lengths_of_splits(splits)], 0))


def to_dense(rt: RaggedRows, default_value: Any, shape: Any) -> Any:
    """A ragged tensor as a tensor, short rows padded, long ones cut off.

    Args:
        rt: the ragged tensor.
        default_value: what to pad with, of a shape that broadcasts to that of the
            innermost values; zero, or empty text, where None.
        shape: the sizes to have; None for all, or for one, to fit the longest row.
    """
    kind = rt.dtype
    fill = default_value
    if fill is None:
        fill = b"" if kind.name == "string" else np.zeros((), kind.numpy_dtype)
    fill = to_tensor(fill, hint=kind)
    if fill.dtype is not kind:
        raise ValueError(
            house_message(
                _OWNER,
                "default_value has the type of the values",
                f"got {fill.dtype.name} for {kind.name}",
            )
        )
    flat = rt.flat_values
    rank = flat.shape.rank
    if fill.shape.rank is not None and rank is not None and fill.shape.rank >= rank:
        raise InvalidArgumentError(
            house_message(
                _OWNER,
                "default_value.shape and rt.flat_values.shape are incompatible:"
                " default_value's rank is less than that of the flat values",
                f"shapes are {fill.shape} and {flat.shape}",
            )
        )
    sizes = _sizes(rt, shape)
    return _padded(rt, fill, sizes)


def _sizes(rt: RaggedRows, shape: Any) -> list[Any]:
    """The size that each axis is to have, or None."""
    rank = rt.shape.rank
    count = rt.ragged_rank + 1 if rank is None else rank
    if shape is None:
        return [None] * count
    if isinstance(shape, Tensor):
        sizes: list[Any] = [shape[i] for i in range(count)]
        known = getattr(shape, "_array", None)
        if isinstance(known, np.ndarray):
            sizes = known.tolist()
        return [None if n is not None and _is_minus(n) else n for n in sizes]
    listed = TensorShape(shape)
    if listed.rank is None:
        return [None] * count
    if listed.rank != count:
        raise InvalidArgumentError(
            house_message(
                _OWNER,
                "shape has one size for each axis",
                f"shape is {listed}, the ragged tensor's {rt.shape}",
            )
        )
    return listed.as_list()


def _is_minus(size: Any) -> bool:
    return isinstance(size, int) and size < 0


def _padded(rt: RaggedRows, fill: Any, sizes: list[Any]) -> Any:
    inner = rt._inner
    if isinstance(inner, RaggedRows):
        inner = _padded(inner, fill, [None, *sizes[2:]])
    else:
        inner = _cut_inner(inner, fill, sizes[2:])
    splits = rt._splits
    kind = splits.dtype
    if isinstance(rt._uniform, int) and sizes[1] is None:
        width: Any = parts.scalar(rt._uniform, kind)
    else:
        width = longest(splits) if sizes[1] is None else _scalar(sizes[1], kind)
    rows = count_of(rt, kind)
    if sizes[0] is not None:
        wanted = _scalar(sizes[0], kind)
        kept = minimum(rows, wanted)
        splits = concat([splits[: kept + 1], _again(splits[kept], wanted - kept)], 0)
        rows = wanted
    lengths = parts.lengths_of_splits(splits)
    total = parts.size_of(inner, 0, kind)
    column = parts.numbered(width, kind)
    places = where(
        column[None, :] < lengths[:, None], splits[:-1][:, None] + column, total
    )
    pad = _filler(inner, fill)
    dense = gather(concat([inner, pad], 0), places)
    return _shaped(dense, rt, inner, sizes)


def _scalar(size: Any, kind: Any) -> Any:
    return parts.scalar(size, kind) if isinstance(size, int) else cast(size, kind)


def _again(value: Any, count: Any) -> Any:
    return parts.numbered(maximum(count, count * 0), value.dtype) * 0 + value


def _filler(inner: Any, fill: Any) -> Any:
    """One row of padding for values."""
    rest = inner.shape[1:] if inner.shape.rank is not None else TensorShape(None)
    if rest.is_fully_defined():
        return broadcast_to(fill, (1, *rest.as_list()))
    sizes = shape_of(inner)[1:]
    return broadcast_to(fill, concat([Tensor(np.ones(1, np.int32)), sizes], 0))


def _shaped(dense: Any, rt: RaggedRows, inner: Any, sizes: list[Any]) -> Any:
    """The tensor with all that is known of its shape."""
    if not is_symbolic(dense):
        return dense
    rows, length = rt.shape[0], rt.shape[1]
    dims = [n if isinstance(n, int) else None for n in sizes[:2]]
    rest = inner.shape[1:]
    known = [dims[0] if dims[0] is not None else None, dims[1]]
    if sizes[0] is None:
        known[0] = rows
    if sizes[1] is None:
        known[1] = length
    dense.set_shape(TensorShape(known).concatenate(rest))
    return dense


def _cut_inner(inner: Any, fill: Any, sizes: list[Any]) -> Any:
    """Values padded or cut along their own axes where a size is asked for."""
    if all(n is None for n in sizes):
        return inner
    for at, size in enumerate(sizes, 1):
        have = inner.shape[at]
        if size is None or size == have:
            continue
        cut = inner[(slice(None),) * at + (slice(0, size),)]
        missing = parts.scalar(size, _INDEX) - parts.size_of(cut, at, _INDEX)
        dims = [shape_of(cut)[k] for k in range(len(cut.shape))]
        dims[at] = cast(missing, "int32")
        inner = concat([cut, broadcast_to(fill, stack(dims))], at)
    return inner


def from_dense(
    tensor: Any,
    lengths: Any,
    padding: Any,
    ragged_rank: int,
    kind: Any,
) -> Any:
    """A ragged tensor of a tensor, without its padding.

    Args:
        tensor: at least ``ragged_rank + 1`` axes.
        lengths: the lengths of rows, or a list of them for nested rows.
        padding: the value that stands for nothing at the ends of rows.
        ragged_rank: how many axes become ragged.
        kind: the type of the row splits.
    """
    owner = "RaggedTensor.from_tensor"
    tensor = to_tensor(tensor)
    _check_from(owner, tensor, lengths, padding, ragged_rank)
    if lengths is not None and isinstance(lengths, list | tuple):
        if lengths and not isinstance(lengths[0], int | float):
            return _nested_lengths(owner, tensor, list(lengths), kind)
    if ragged_rank > 1:
        return _flattened_outer(tensor, lengths, padding, ragged_rank, kind)
    rows = parts.size_of(tensor, 0, kind)
    columns = parts.size_of(tensor, 1, kind)
    if lengths is None and padding is None:
        values = _merged(tensor)
        known = tensor.shape[1]
        uniform = columns if known is None else known
        return RaggedRows._of(values, parts.uniform_splits(rows, columns), uniform)
    if padding is not None:
        lengths = _unpadded(tensor, padding, columns, kind)
    else:
        lengths = parts.index_tensor(owner, "lengths", lengths, kind)
        lengths = minimum(maximum(lengths, lengths * 0), columns)
        if lengths.shape.rank not in (1, None):
            raise ValueError(
                house_message(
                    owner,
                    "lengths is a vector, one length for each row",
                    f"its shape is {lengths.shape}",
                )
            )
    splits = parts.splits_of_lengths(lengths)
    starts = parts.numbered(rows, kind) * columns
    values = gather(_merged(tensor), parts.spans(starts, lengths))
    return RaggedRows._of(values, splits)


def _check_from(
    owner: str, tensor: Any, lengths: Any, padding: Any, ragged_rank: int
) -> None:
    if lengths is not None and padding is not None:
        raise ValueError(
            house_message(
                owner, "Specify argument `lengths` or `padding`, but not both"
            )
        )
    rank = tensor.shape.rank
    if not isinstance(ragged_rank, int):
        raise TypeError(
            house_message(
                owner,
                "Argument `ragged_rank` must be an int",
                f"received {ragged_rank!r}",
            )
        )
    if ragged_rank <= 0:
        raise ValueError(
            house_message(
                owner,
                "Argument `ragged_rank` must be greater than 0",
                f"received {ragged_rank}",
            )
        )
    if rank is not None and rank <= ragged_rank:
        raise ValueError(
            house_message(
                owner,
                f"The tensor must have more axes than ragged_rank={ragged_rank}",
                f"its shape is {tensor.shape}",
            )
        )


def _merged(tensor: Any) -> Any:
    """A tensor with its first two axes as one."""
    dims = tensor.shape.as_list()
    if None not in dims:
        return reshape(tensor, [dims[0] * dims[1], *dims[2:]])
    if dims.count(None) == 1 and None in dims[:2]:
        return reshape(tensor, [-1, *dims[2:]])
    sizes = shape_of(tensor)
    return reshape(tensor, concat([(sizes[0] * sizes[1])[None], sizes[2:]], 0))


def _unpadded(tensor: Any, padding: Any, columns: Any, kind: Any) -> Any:
    """The lengths of rows without the padding at their ends."""
    padding = to_tensor(padding, hint=tensor.dtype)
    inner = tensor.shape[2:]
    if not padding.shape.is_compatible_with(inner):
        raise ValueError(
            house_message(
                "RaggedTensor.from_tensor",
                "padding has the shape of the values",
                f"shapes are {padding.shape} and {inner}",
            )
        )
    other = not_equal(tensor, padding)
    if inner.rank:
        axes = list(range(2, 2 + inner.rank))
        # padding is what equals it in all elements
        other = reduce_any(other, axes)
    places = parts.numbered(columns, kind) + 1
    return reduce_max(
        concat(
            [
                where(other, places, places * 0),
                _column_of_zeros(tensor, kind),
            ],
            1,
        ),
        1,
    )


def _column_of_zeros(tensor: Any, kind: Any) -> Any:
    rows = parts.size_of(tensor, 0, kind)
    return (parts.numbered(rows, kind) * 0)[:, None]


def _nested_lengths(owner: str, tensor: Any, lengths: list[Any], kind: Any) -> Any:
    """Rows of nested lengths: the outer first, then each row's own."""
    outer = from_dense(tensor, lengths[0], None, 1, kind)
    if len(lengths) == 1:
        return outer
    inner = _nested_lengths(owner, outer._inner, lengths[1:], kind)
    return outer._like(inner)


def _flattened_outer(
    tensor: Any, lengths: Any, padding: Any, ragged_rank: int, kind: Any
) -> Any:
    """Several ragged axes: the outer ones are uniform, the innermost is cut."""
    inner = from_dense(_merged(tensor), lengths, padding, ragged_rank - 1, kind)
    known = tensor.shape[1]
    columns = parts.size_of(tensor, 1, kind)
    splits = parts.uniform_splits(parts.size_of(tensor, 0, kind), columns)
    return RaggedRows._of(inner, splits, columns if known is None else known)


def bounding(rt: RaggedRows, kind: Any) -> Any:
    """The sizes that hold all rows, a vector."""
    sizes = [count_of(rt, kind)]
    value: Any = rt
    while isinstance(value, RaggedRows):
        sizes.append(cast(longest(value._splits), kind))
        value = value._inner
    rest = cast(shape_of(value)[1:], kind)
    return concat([stack(sizes), rest], 0)


def merged_dims(rt: Any, outer: int, inner: int) -> Any:
    """A ragged tensor with the axes from `outer` to `inner` as one.

    Args:
        rt: a ragged tensor, or the tensor inside of one.
        outer: the first axis to merge.
        inner: the last.
    """
    if outer == inner:
        return rt
    if not isinstance(rt, RaggedRows):
        value = rt
        for _ in range(inner - outer):
            value = _merged_at(value, outer)
        return value
    if outer == 1:
        return _one_axis(rt, inner)
    if outer > 1:
        return rt._like(merged_dims(rt._inner, outer - 1, inner - 1))
    value = rt
    for _ in range(inner):
        value = value._inner if isinstance(value, RaggedRows) else _merged(value)
    return value


def _one_axis(rt: RaggedRows, inner: int) -> Any:
    """Axes 1 to `inner` as one: the splits of the outer rows, in innermost values."""
    splits, value = rt._splits, rt._inner
    for _ in range(inner - 1):
        if isinstance(value, RaggedRows):
            splits = gather(value._splits, splits)
            value = value._inner
        else:
            splits = splits * parts.size_of(value, 1, splits.dtype)
            value = _merged(value)
    return RaggedRows._of(value, splits)


def _merged_at(tensor: Any, axis: int) -> Any:
    """A tensor with axes `axis` and `axis + 1` as one."""
    dims = tensor.shape.as_list()
    sizes = shape_of(tensor)
    both = sizes[axis] * sizes[axis + 1]
    if None not in dims:
        both = dims[axis] * dims[axis + 1]
        return reshape(tensor, [*dims[:axis], both, *dims[axis + 2 :]])
    wanted = concat([sizes[:axis], both[None], sizes[axis + 2 :]], 0)
    return reshape(tensor, wanted)
