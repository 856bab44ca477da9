"""Comparisons, logic and bits, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import ANY, BOOL, INTEGER, REAL
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, compared, same_as_input

equal_op: Op = define("Equal", types=(ANY, 0), kernel=np.equal, infer=compared("equal"))
not_equal_op: Op = define(
    "NotEqual", types=(ANY, 0), kernel=np.not_equal, infer=compared("not_equal")
)
less_op: Op = define("Less", types=(REAL, 0), kernel=np.less, infer=compared("less"))
less_equal_op: Op = define(
    "LessEqual", types=(REAL, 0), kernel=np.less_equal, infer=compared("less_equal")
)
greater_op: Op = define(
    "Greater", types=(REAL, 0), kernel=np.greater, infer=compared("greater")
)
greater_equal_op: Op = define(
    "GreaterEqual",
    types=(REAL, 0),
    kernel=np.greater_equal,
    infer=compared("greater_equal"),
)
logical_and_op: Op = define(
    "LogicalAnd",
    types=(BOOL, 0),
    kernel=np.logical_and,
    infer=broadcast("logical_and"),
    quiet=False,
)
logical_or_op: Op = define(
    "LogicalOr",
    types=(BOOL, 0),
    kernel=np.logical_or,
    infer=broadcast("logical_or"),
    quiet=False,
)
logical_xor_op: Op = define(
    "RilletLogicalXor",
    types=(BOOL, 0),
    kernel=np.logical_xor,
    infer=broadcast("logical_xor"),
    quiet=False,
)
logical_not_op: Op = define(
    "LogicalNot",
    types=(BOOL,),
    kernel=np.logical_not,
    infer=same_as_input,
    quiet=False,
)
bitwise_and_op: Op = define(
    "BitwiseAnd",
    types=(INTEGER, 0),
    kernel=np.bitwise_and,
    infer=broadcast("bitwise_and"),
    quiet=False,
)
bitwise_or_op: Op = define(
    "BitwiseOr",
    types=(INTEGER, 0),
    kernel=np.bitwise_or,
    infer=broadcast("bitwise_or"),
    quiet=False,
)
bitwise_xor_op: Op = define(
    "BitwiseXor",
    types=(INTEGER, 0),
    kernel=np.bitwise_xor,
    infer=broadcast("bitwise_xor"),
    quiet=False,
)
invert_op: Op = define(
    "Invert",
    types=(INTEGER,),
    kernel=np.invert,
    infer=same_as_input,
    quiet=False,
)


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


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x and y, element by element, of booleans."""
    return logical_and_op.run(x, y)


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x or y, element by element, of booleans."""
    return logical_or_op.run(x, y)


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """not x, element by element, of booleans."""
    return logical_not_op.run(x)


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Whether just one of x and y is true, element by element."""
    return logical_xor_op.run(x, y)


def bitwise_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that both integers have."""
    return bitwise_and_op.run(x, y)


def bitwise_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that either integer has."""
    return bitwise_or_op.run(x, y)


def bitwise_xor(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that just one of the integers has."""
    return bitwise_xor_op.run(x, y)


def invert(x: Any, name: str | None = None) -> Tensor:
    """Every bit of an integer turned over."""
    return invert_op.run(x)
