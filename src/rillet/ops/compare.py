"""Comparisons, tests and logic, element by element; `bits` has what changes bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, BOOL, FLOATING, REAL, bool_
from rillet.core.tensor import Tensor
from rillet.ops.dispatch import is_typed
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, compared, same_as_input, same_shape

equal_op: Op = define(
    "Equal",
    types=(ANY, 0),
    kernel=np.equal,
    infer=compared("equal"),
    lower=Map(lambda b, x, y: b.eq(x, y)),
)
not_equal_op: Op = define(
    "NotEqual",
    types=(ANY, 0),
    kernel=np.not_equal,
    infer=compared("not_equal"),
    lower=Map(lambda b, x, y: b.ne(x, y)),
)
less_op: Op = define(
    "Less",
    types=(REAL, 0),
    kernel=np.less,
    infer=compared("less"),
    lower=Map(lambda b, x, y: x < y),
)
less_equal_op: Op = define(
    "LessEqual",
    types=(REAL, 0),
    kernel=np.less_equal,
    infer=compared("less_equal"),
    lower=Map(lambda b, x, y: x <= y),
)
greater_op: Op = define(
    "Greater",
    types=(REAL, 0),
    kernel=np.greater,
    infer=compared("greater"),
    lower=Map(lambda b, x, y: x > y),
)
greater_equal_op: Op = define(
    "GreaterEqual",
    types=(REAL, 0),
    kernel=np.greater_equal,
    infer=compared("greater_equal"),
    lower=Map(lambda b, x, y: x >= y),
)
logical_and_op: Op = define(
    "LogicalAnd",
    types=(BOOL, 0),
    kernel=np.logical_and,
    infer=broadcast("logical_and"),
    quiet=False,
    lower=Map(lambda b, x, y: x & y),
)
logical_or_op: Op = define(
    "LogicalOr",
    types=(BOOL, 0),
    kernel=np.logical_or,
    infer=broadcast("logical_or"),
    quiet=False,
    lower=Map(lambda b, x, y: x | y),
)
logical_xor_op: Op = define(
    "RilletLogicalXor",
    types=(BOOL, 0),
    kernel=np.logical_xor,
    infer=broadcast("logical_xor"),
    quiet=False,
    lower=Map(lambda b, x, y: x ^ y),
)
logical_not_op: Op = define(
    "LogicalNot",
    types=(BOOL,),
    kernel=np.logical_not,
    infer=same_as_input,
    quiet=False,
    lower=Map(lambda b, x: ~x),
)


def _test(name: str, function: Any, element: Any) -> Op:
    """A record that asks a question of each float."""
    return define(
        name,
        types=(FLOATING,),
        kernel=function,
        infer=same_shape(bool_),
        quiet=False,
        lower=Map(element),
    )


is_nan_op: Op = _test("IsNan", np.isnan, lambda b, x: b.is_nan(x))
is_inf_op: Op = _test("IsInf", np.isinf, lambda b, x: b.eq(b.abs(x), np.inf))
is_finite_op: Op = _test("IsFinite", np.isfinite, lambda b, x: b.abs(x) < np.inf)


def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x == y, element by element, as booleans.

    Args:
        x: any tensor.
        y: a tensor of the same type.
        name: ignored when eager.

    Returns:
        A boolean tensor of the broadcast shape.

    Raises:
        InvalidArgumentError: where types differ or shapes do not broadcast.

    Example:
        >>> import rillet as tf
        >>> tf.equal([1, 2], [1, 3]).numpy().tolist()
        [True, False]
    """
    return equal_op.run(x, y)


def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x != y, element by element; arguments and errors as those of `tf.equal`."""
    return not_equal_op.run(x, y)


def less(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x < y, element by element; arguments and errors as those of `tf.equal`."""
    return less_op.run(x, y)


def less_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x <= y, element by element; arguments and errors as those of `tf.equal`."""
    return less_equal_op.run(x, y)


def greater(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x > y, element by element; arguments and errors as those of `tf.equal`."""
    return greater_op.run(x, y)


def greater_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x >= y, element by element; arguments and errors as those of `tf.equal`."""
    return greater_equal_op.run(x, y)


def _truth(value: Any) -> Any:
    """`value` as a boolean tensor, where it is none of a type of its own."""
    return value if is_typed(value) else to_tensor(value, bool_)


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x and y, element by element, of booleans.

    Raises:
        TypeError: for Python numbers; InvalidArgumentError for tensors of them.
    """
    return logical_and_op.run(_truth(x), _truth(y))


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x or y, element by element, of booleans."""
    return logical_or_op.run(_truth(x), _truth(y))


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """not x, element by element, of booleans."""
    return logical_not_op.run(_truth(x))


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Whether just one of x and y is true, element by element."""
    return logical_xor_op.run(_truth(x), _truth(y))


def is_nan(x: Any, name: str | None = None) -> Tensor:
    """Whether each float is not a number.

    Args:
        x: a floating tensor.
        name: ignored when eager.

    Returns:
        A boolean tensor of the same shape.

    Raises:
        InvalidArgumentError: for integers.

    Example:
        >>> import rillet as tf
        >>> tf.math.is_nan([1., float("nan")]).numpy().tolist()
        [False, True]
    """
    return is_nan_op.run(x)


def is_inf(x: Any, name: str | None = None) -> Tensor:
    """Whether each float is infinite; the rest is as with `tf.math.is_nan`."""
    return is_inf_op.run(x)


def is_finite(x: Any, name: str | None = None) -> Tensor:
    """Whether each float is a finite number; the rest is as with `tf.math.is_nan`."""
    return is_finite_op.run(x)
