"""Strings brought together: joined, reduced, by segments.

In flow tensors of bytes; `tf.strings` shows these functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import INDEX, STRING
from rillet.core.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import axis_or_none, integer
from rillet.ops.registry import Op, define
from rillet.ops.string_rules import filled, texts

Array = np.ndarray[Any, Any]


def _infer_join(specs: list[Spec], separator: str = "") -> Spec:
    shapes = [s.shape for s in specs if s.shape != ()]
    for shape in shapes[1:]:
        first = shapes[0]
        if None not in (first, shape) and first != shape:
            raise InvalidArgumentError(
                house_message(
                    "strings.join",
                    "Input shapes do not match",
                    f"{list(first or ())} vs. {list(shape or ())}",
                )
            )
    return Spec(shapes[0] if shapes else (), dtypes.string)


def _join(arrays: list[Array], separator: str = "") -> Array:
    shapes = [a.shape for a in arrays if a.ndim]
    if len(set(shapes)) > 1:
        raise ValueError("Input shapes do not match")
    shape = shapes[0] if shapes else ()
    columns = [np.broadcast_to(a, shape).reshape(-1).tolist() for a in arrays]
    between = separator.encode()
    return filled([between.join(row) for row in zip(*columns, strict=True)], shape)


join_op: Op = define(
    "StringJoin",
    types=(STRING,),
    kernel=_join,
    infer=_infer_join,
    attrs={"separator": ""},
    variadic=True,
    quiet=False,
)


def join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """Strings of several tensors, joined element by element.

    Args:
        inputs: a list of tensors of one shape, scalars among them.
        separator: what stands between the parts.
        name: ignored when eager.

    Returns:
        Strings in that shape.

    Raises:
        InvalidArgumentError: where shapes differ.

    Example:
        >>> import rillet as tf
        >>> tf.strings.join([["a", "b"], "c"], separator="-").numpy().tolist()
        [b'a-c', b'b-c']
    """
    parts = [texts(value) for value in inputs]
    return join_op.run(parts, separator=separator) if parts else to_tensor(b"")


def _join_axes(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes to join along, the one that runs fastest last."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for a in axes:
        if not -rank <= a < rank:
            raise OutOfRangeError(
                house_message(
                    "strings.reduce_join",
                    f"Invalid reduction dimension {a} for input with {rank}"
                    " dimension(s)",
                )
            )
    found = tuple(a % rank for a in axes)
    for a in found:
        if found.count(a) > 1:
            raise InvalidArgumentError(
                house_message(
                    "strings.reduce_join", f"Duplicate reduction dimension {a}"
                )
            )
    return found[::-1]


def _infer_reduce_join(x: Spec, axis: Any, keep_dims: bool, separator: str) -> Spec:
    if x.shape is None or isinstance(axis, Spec):
        return Spec(None, x.dtype)
    gone = _join_axes(axis, len(x.shape))
    if keep_dims:
        kept = tuple(1 if i in gone else d for i, d in enumerate(x.shape))
        return Spec(kept, x.dtype)
    return Spec(tuple(d for i, d in enumerate(x.shape) if i not in gone), x.dtype)


def _reduce_join(x: Array, axis: Any, keep_dims: bool, separator: str) -> Array:
    gone = _join_axes(axis, x.ndim)
    kept = [i for i in range(x.ndim) if i not in gone]
    shape = tuple(
        [
            1 if i in gone else x.shape[i]
            for i in range(x.ndim)
            if keep_dims or i in kept
        ]
    )
    width = int(np.prod([x.shape[i] for i in gone], dtype=np.int64))
    count = int(np.prod([x.shape[i] for i in kept], dtype=np.int64))
    rows = x.transpose([*kept, *gone]).reshape(count, width).tolist()
    return filled([separator.encode().join(row) for row in rows], shape)


reduce_join_op: Op = define(
    "ReduceJoin",
    types=(STRING, None),
    kernel=_reduce_join,
    infer=_infer_reduce_join,
    attrs={"keep_dims": False, "separator": ""},
    quiet=False,
)


def reduce_join(
    inputs: Any,
    axis: Any = None,
    keepdims: bool = False,
    separator: str = "",
    name: str | None = None,
) -> Tensor:
    """Strings of one tensor, joined along axes.

    Args:
        inputs: strings.
        axis: an axis, several, or None for all. Of several, the first named runs
            fastest.
        keepdims: keep joined axes with size 1.
        separator: what stands between the parts.
        name: ignored when eager.

    Returns:
        Strings without the joined axes.

    Raises:
        OutOfRangeError: where an axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=0).numpy().tolist()
        [b'ac', b'bd']
    """
    return reduce_join_op.run(
        texts(inputs),
        axis_or_none("strings.reduce_join", axis),
        keep_dims=bool(keepdims),
        separator=separator,
    )


def _infer_segment_join(
    x: Spec, segment_ids: Spec, num_segments: Any, separator: str
) -> Spec:
    dims, ids = x.shape, segment_ids.shape
    if not isinstance(num_segments, int) or dims is None or ids is None:
        return Spec(None, x.dtype)
    for i, (a, b) in enumerate(zip(dims, ids, strict=False)):
        if a is not None and b is not None and a != b:
            raise InvalidArgumentError(
                house_message(
                    "strings.unsorted_segment_join",
                    "the shape of segment_ids must begin that of inputs",
                    f"dimension {i} is {b} in segment_ids, {a} in inputs",
                )
            )
    return Spec((num_segments, *dims[len(ids) :]), x.dtype)


def _segment_join(x: Array, ids: Array, num_segments: int, separator: str) -> Array:
    op = "strings.unsorted_segment_join"
    if num_segments < 0:
        raise InvalidArgumentError(
            house_message(
                op, f"Number of segments must be non-negative but got {num_segments}"
            )
        )
    if x.shape[: ids.ndim] != ids.shape:
        raise ValueError("the shape of segment_ids must begin that of inputs")
    if ids.size and not (0 <= ids.min() and ids.max() < num_segments):
        raise InvalidArgumentError(
            house_message(
                op,
                "segment_ids are not allowed to exceed num_segments or to have negative"
                " values",
                f"they run from {ids.min()} to {ids.max()}, num_segments is"
                f" {num_segments}",
            )
        )
    rest = x.shape[ids.ndim :]
    width = int(np.prod(rest, dtype=np.int64))
    found: list[list[list[bytes]]] = [
        [[] for _ in range(width)] for _ in range(num_segments)
    ]
    rows = x.reshape(ids.size, width).tolist()
    for segment, row in zip(ids.reshape(-1).tolist(), rows, strict=True):
        for place, value in zip(found[segment], row, strict=True):
            if place or value:  # TensorFlow separates what comes after a text
                place.append(value)
    between = separator.encode()
    joined = [between.join(parts) for row in found for parts in row]
    return filled(joined, (num_segments, *rest))


segment_join_op: Op = define(
    "UnsortedSegmentJoin",
    types=(STRING, INDEX, None),
    kernel=_segment_join,
    infer=_infer_segment_join,
    attrs={"separator": ""},
    quiet=False,
)


def unsorted_segment_join(
    inputs: Any,
    segment_ids: Any,
    num_segments: Any,
    separator: str = "",
    name: str | None = None,
) -> Tensor:
    """Strings joined by segment, in the order they stand in.

    Args:
        inputs: strings.
        segment_ids: the segment of each, whose shape begins that of `inputs`.
        num_segments: how many segments there are.
        separator: what stands between the parts.
        name: ignored when eager.

    Returns:
        A string for each segment, empty for one without parts.

    Raises:
        InvalidArgumentError: where a segment is negative or too large.

    Example:
        >>> import rillet as tf
        >>> tf.strings.unsorted_segment_join(
        ...     ["this", "a", "test", "is"], [0, 1, 2, 1], 3, ":").numpy().tolist()
        [b'this', b'a:is', b'test']
    """
    count = integer("strings.unsorted_segment_join", "num_segments", num_segments)
    return segment_join_op.run(texts(inputs), segment_ids, count, separator=separator)
