"""Python's own functions for rewritten code, where a tensor may be an argument.

On Python values each is the original; on a tensor of a graph it is the op that does
the same.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable
from typing import Any

from rillet.core import dtypes
from rillet.graph.autograph.conversion import convert
from rillet.graph.autograph.iterables import enumerate_, zip_
from rillet.graph.ir import SymbolicTensor
from rillet.ops import elementwise, reduce, sequences, shaping
from rillet.ops.casting import cast
from rillet.ops.compare import logical_and, logical_or
from rillet.ops.mask import where
from rillet.ops.sizes import shape as shape_of
from rillet.ops.sorting import sort
from rillet.ops.strings import to_number


def _symbolic(value: Any) -> bool:
    return isinstance(value, SymbolicTensor)


def range_(*args: Any) -> Any:
    """`range`; of tensors, the op."""
    if not any(_symbolic(a) for a in args):
        return range(*args)
    start, limit, step = (0, *args, 1) if len(args) == 1 else (*args, 1)[:3]
    # Python's range is empty where the op refuses limits on the wrong side
    if _symbolic(step):
        beyond = elementwise.maximum(start, limit)
        limit = where(step > 0, beyond, elementwise.minimum(start, limit))
    elif step > 0:
        limit = elementwise.maximum(start, limit)
    else:
        limit = elementwise.minimum(start, limit)
    return sequences.range(start, limit, step)


def len_(value: Any) -> Any:
    """`len`; of a tensor, the size of its first dimension where that is known."""
    if hasattr(value, "_flat_tensors") and hasattr(value, "size"):
        return value.size()
    if not _symbolic(value):
        return len(value)
    size = value.shape[0] if value.shape.rank else None
    if size is not None or value.shape.rank == 0:
        return size if size is not None else len(value)
    return shape_of(value)[0]


def _converted_to(kind: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def to(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and _symbolic(args[0]):
            if args[0].dtype is dtypes.string:
                return to_number(args[0], kind)
            return cast(args[0], kind)
        return original(*args, **kwargs)

    return to


def _extreme(pair: Any, whole: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == 1:
            if _symbolic(args[0]):
                return whole(args[0], axis=0)
            if isinstance(args[0], list | tuple):
                args = tuple(args[0]) if len(args[0]) > 1 else args
        if not kwargs and any(_symbolic(a) for a in args):
            return functools.reduce(pair, args)
        return original(*args, **kwargs)

    return extreme


def sum_(values: Any, /, start: Any = 0) -> Any:
    """`sum`; of a tensor, along its first dimension."""
    if _symbolic(values):
        return shaping.reduce_sum(values, axis=0) + start
    return sum(values, start)


def _every(pair: Any, whole: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def every(values: Any) -> Any:
        if _symbolic(values):
            return whole(values, axis=0)
        found = list(values)
        if any(_symbolic(v) for v in found):
            return functools.reduce(pair, found)
        return original(found)

    return every


def sorted_(values: Any, /, *, key: Any = None, reverse: bool = False) -> Any:
    """`sorted`; of a tensor, the op."""
    if _symbolic(values) and key is None:
        return sort(values, 0, "DESCENDING" if reverse else "ASCENDING")
    return sorted(values, key=convert(key), reverse=reverse)


def map_(function: Any, *iterables: Any) -> Any:
    """`map` with a converted function."""
    return map(convert(function), *iterables)


def filter_(function: Any, iterable: Any) -> Any:
    """`filter` with a converted function."""
    return filter(convert(function), iterable)


#: What stands for each builtin, by the builtin itself.
OVERLOADS: dict[Any, Callable[..., Any]] = {
    builtins.all: _every(logical_and, reduce.reduce_all, all),
    builtins.any: _every(logical_or, reduce.reduce_any, any),
    builtins.enumerate: enumerate_,
    builtins.filter: filter_,
    builtins.float: _converted_to(dtypes.float32, float),
    builtins.int: _converted_to(dtypes.int32, int),
    builtins.len: len_,
    builtins.map: map_,
    builtins.max: _extreme(elementwise.maximum, reduce.reduce_max, max),
    builtins.min: _extreme(elementwise.minimum, reduce.reduce_min, min),
    builtins.range: range_,
    builtins.sorted: sorted_,
    builtins.sum: sum_,
    builtins.zip: zip_,
}
