"""Sizes of counts whose integers are known only when a graph runs.

In: symbolic integers. Out: how long a table of counts must be, as a symbolic scalar,
and checks of classes as nodes. `counting` asks for them where it cannot look.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.tensor import Tensor
from rillet.ops.array import concat_op
from rillet.ops.checks import assert_less, assert_non_negative
from rillet.ops.elementwise import add_op, cast_op, maximum_op, minimum_op, mul_op
from rillet.ops.host import integer, is_symbolic
from rillet.ops.reduce import reduce_max
from rillet.ops.shaping import reshape_op


def one_beyond(values: Any) -> Any:
    """One more than the greatest of symbolic integers; 0 where there are none.

    Args:
        values: integers of any shape.

    Returns:
        An int32 scalar.
    """
    flat = reshape_op(cast_op(values, DstT=dtypes.int32), (-1,))
    with_least = concat_op([flat, Tensor(np.array([-1], np.int32))], 0)
    return add_op(reduce_max(with_least), 1)


def table_size(values: Any, minlength: Any, maxlength: Any) -> Any:
    """How many integers `bincount` counts.

    Args:
        values: symbolic integers.
        minlength: the least size, or None.
        maxlength: the greatest, or None.

    Returns:
        A number where the two agree, else a symbolic scalar.
    """
    low, high = [
        None if end is None else integer("bincount", name, end)
        for name, end in (("minlength", minlength), ("maxlength", maxlength))
    ]
    if not is_symbolic(low) and not is_symbolic(high) and low is not None:
        if high is not None and high <= low:
            return high
    size = one_beyond(values)
    if low is not None:
        size = maximum_op.run(size, _scalar(low))
    return size if high is None else minimum_op.run(size, _scalar(high))


def _scalar(value: Any) -> Any:
    if is_symbolic(value):
        return cast_op(value, DstT=dtypes.int32)
    return Tensor(np.array(value, np.int32))


def checked_classes(true: Any, guessed: Any, classes: Any) -> tuple[Any, Any]:
    """Places of pairs of classes in a table, and its side, checked as the graph runs.

    Args:
        true: the true classes, a vector of int64.
        guessed: the predicted ones.
        classes: how many there are; found where None.

    Returns:
        The places, int64, and the side as a number or a symbolic scalar.
    """
    if classes is None:
        side = maximum_op.run(one_beyond(true), one_beyond(guessed))
    else:
        side = integer("confusion_matrix", "num_classes", classes)
    wide = cast_op(_scalar(side), DstT=dtypes.int64)
    for name, values in (("labels", true), ("predictions", guessed)):
        assert_non_negative(values, f"confusion_matrix: `{name}` has negative values")
        assert_less(values, wide, f"confusion_matrix: `{name}` out of bound")
    return add_op(mul_op(true, wide), guessed), side
