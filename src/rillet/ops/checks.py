"""Checks of values: `tf.debugging.assert_equal` and kin, `Assert`, NaN, infinity.

In flow tensors and a message; an error flows out where a check fails, in TensorFlow's
words. Eagerly a check is a plain comparison. Inside a graph it is an `Assert` node,
which keeps its place in program order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import BOOL, FLOATING
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor, is_tensor
from rillet.ops import compare
from rillet.ops.dispatch import matched
from rillet.ops.elementwise import abs as absolute
from rillet.ops.elementwise import cast
from rillet.ops.lowering import Map
from rillet.ops.reduce import reduce_all
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input
from rillet.ops.summary import summarize as text_of

Array = np.ndarray[Any, Any]


def _assert(condition: Array, *data: Array, summarize: int = 3) -> tuple[()]:
    if not condition.all():
        shown = " ".join(f"[{text_of(np.asarray(d), summarize)}]" for d in data)
        raise InvalidArgumentError(f"assertion failed: {shown}")
    return ()


# One constraint, for the condition: data may be any number of tensors of any types.
assert_op: Op = define(
    "Assert",
    types=(BOOL,),
    kernel=_assert,
    infer=lambda *specs, **attrs: (),
    attrs={"summarize": 3},
    outputs=0,
    effects="io",
    quiet=False,
)


def _waits(condition: Any) -> bool:
    """Whether a condition is checked when a graph runs: one of the graph's tensors."""
    return isinstance(condition, Tensor) and type(condition) is not Tensor


def _elements(tensor: Tensor, summarize: int) -> list[str]:
    """The first elements of a tensor as texts, with dots where there are more."""
    flat = tensor._array.reshape(-1)
    count = len(flat) if summarize < 0 else min(summarize, len(flat))
    shown = [str(flat[i]) for i in range(count)]
    return [*shown, "..."] if count < len(flat) else shown


def Assert(
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> None:
    """Raise where a condition does not hold.

    Args:
        condition: a boolean or a scalar tensor of one.
        data: values to show in the error.
        summarize: how many elements of each to show; 3 by default, -1 for all.
        name: ignored when eager.

    Raises:
        InvalidArgumentError: where the condition is false.
        ValueError: where the condition has several elements.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.Assert(tf.constant(2) > 1, ["never shown"])
    """
    ends = 3 if summarize is None else int(summarize)
    tensors = [to_tensor(value) for value in data]
    if _waits(condition):
        assert_op.run(condition, *tensors, summarize=ends)
    elif condition:
        assert_op.run(True, *tensors, summarize=ends)
    else:
        shown = "\n".join([", ".join(_elements(t, ends)) for t in tensors])
        raise InvalidArgumentError(
            f"Expected '{condition!s}' to be true. Summarized data: {shown}"
        )


def _compared(
    sign: str, op: Any, x: Any, y: Any, message: str | None, summarize: int | None
) -> None:
    """Raise unless `op` holds for every pair of elements."""
    x, y = matched(op, x, y)
    holds = op.run(x, y)
    every = reduce_all(holds)
    ends = 3 if summarize is None else int(summarize)
    rule = f"Condition x {sign} y did not hold."
    if _waits(every):
        texts = [message or "", rule, "x = ", x, "y = ", y]
        assert_op.run(every, *map(to_tensor, texts), summarize=ends)
        return
    if every:
        return
    a, b = x._array, y._array
    parts = [message] if message else []
    parts.append(rule)
    if a.shape == b.shape and a.ndim:
        where = np.argwhere(~holds._array)
        where = where if ends < 0 else where[:ends]
        index = tuple(where.T)
        parts.append(f"Indices of first {len(where)} different values:\n{where}")
        parts.append(f"Corresponding x values:\n{a[index]}")
        parts.append(f"Corresponding y values:\n{b[index]}")
    for label, array in (("x", a), ("y", b)):
        first = array.reshape(-1) if ends < 0 else array.reshape(-1)[:ends]
        parts.append(f"First {len(first)} elements of {label}:\n{first}")
    raise InvalidArgumentError("\n".join(parts))


def assert_equal(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``x == y`` holds for every pair of elements.

    Args:
        x: a tensor.
        y: a tensor whose shape broadcasts with that of `x`.
        message: words to begin the error with.
        summarize: how many elements to show; 3 by default, -1 for all.
        name: ignored when eager.

    Raises:
        InvalidArgumentError: where a pair differs.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.assert_equal([1, 2], tf.constant([1, 2]))
    """
    _compared("==", compare.equal_op, x, y, message, summarize)


def assert_none_equal(
    x: Any,
    y: Any,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``x != y`` for every pair of elements; see `assert_equal`."""
    _compared("!=", compare.not_equal_op, x, y, message, summarize)


def assert_less(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``x < y`` for every pair of elements; see `assert_equal`."""
    _compared("<", compare.less_op, x, y, message, summarize)


def assert_less_equal(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``x <= y`` for every pair of elements; see `assert_equal`."""
    _compared("<=", compare.less_equal_op, x, y, message, summarize)


def assert_greater(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``x > y`` for every pair of elements; see `assert_equal`."""
    _compared(">", compare.greater_op, x, y, message, summarize)


def assert_greater_equal(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``x >= y`` for every pair of elements; see `assert_equal`."""
    _compared(">=", compare.greater_equal_op, x, y, message, summarize)


def label(name: str, x: Any) -> str:
    """An argument's name with its shape and type, as assertions show it."""
    return f"{name} (shape={x.shape} dtype={x.dtype.name}) = "


def _against_zero(
    sign: str, op: Any, x: Any, message: str | None, summarize: int | None
) -> None:
    x = to_tensor(x)
    every = reduce_all(op.run(x, to_tensor(0, x.dtype)))
    ends = 3 if summarize is None else int(summarize)
    begin = f"{message}.  " if message else ""
    rule = f"Condition x {sign} 0 did not hold element-wise:"
    if _waits(every):
        texts = [begin + rule, label("x", x), x]
        assert_op.run(every, *map(to_tensor, texts), summarize=ends)
    elif not every:
        shown: Any = _elements(x, ends)
        if x.ndim == 0:
            shown = shown[0]
        raise InvalidArgumentError(f"{begin}\n{rule}\n{label('x', x)}\n{shown}")


def assert_positive(
    x: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless every element is greater than 0.

    Args:
        x: a real tensor.
        message: words to begin the error with.
        summarize: how many elements to show; 3 by default, -1 for all.
        name: ignored when eager.

    Raises:
        InvalidArgumentError: where an element is not.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.assert_positive([0.5, 1.0])
    """
    _against_zero(">", compare.greater_op, x, message, summarize)


def assert_negative(
    x: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless every element is less than 0; see `assert_positive`."""
    _against_zero("<", compare.less_op, x, message, summarize)


def assert_non_negative(
    x: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless every element is 0 or greater; see `assert_positive`."""
    _against_zero(">=", compare.greater_equal_op, x, message, summarize)


def assert_non_positive(
    x: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless every element is 0 or less; see `assert_positive`."""
    _against_zero("<=", compare.less_equal_op, x, message, summarize)


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless ``|x - y| <= atol + rtol * |y|`` for every pair of elements.

    Args:
        x: a floating or complex tensor.
        y: a tensor of the same type whose shape broadcasts with that of `x`.
        rtol: ten units in the last place by default.
        atol: ten units in the last place of 1 by default.
        message: words to add to the error.
        summarize: how many elements to show; 3 by default, -1 for all.
        name: ignored when eager.

    Raises:
        InvalidArgumentError: where a pair lies farther apart, or is not a number.
        ValueError: where the values are neither floating nor complex.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.assert_near([1.0], [1.0 + 1e-7])
    """
    x = to_tensor(x)
    y = to_tensor(y, x.dtype)
    kind = x.dtype.real_dtype
    if not kind.is_floating:
        raise ValueError(
            house_message(
                "debugging.assert_near",
                "the values must be floating or complex",
                describe(x),
                "Use assert_equal for integers",
            )
        )
    finfo: Any = ml_dtypes.finfo
    ten = 10 * float(finfo(kind.numpy_dtype).eps)
    rtol, atol = (
        cast(to_tensor(ten if t is None else t, None if is_tensor(t) else kind), kind)
        for t in (rtol, atol)
    )
    near = absolute(x - y) <= atol + rtol * absolute(y)
    begin = f"{message}.  " if message else ""
    rule = f"x and y not equal to tolerance rtol = {rtol!s}, atol = {atol!s}"
    data: Sequence[Any] = (begin, rule, label("x", x), x, label("y", y), y)
    Assert(reduce_all(near), data, summarize)


def _check_numerics(tensor: Array, message: str) -> Array:
    if not np.isfinite(tensor).all():
        kinds = (("Inf", np.isinf(tensor).any()), ("NaN", np.isnan(tensor).any()))
        found = " and ".join([name for name, present in kinds if present])
        raise InvalidArgumentError(f"{message} : Tensor had {found} values")
    return tensor


def _checked_gradient(g: Any, y: Any, tensor: Any, message: str) -> Any:
    words = "Not a number (NaN) or infinity (Inf) values detected in gradient."
    return check_numerics_op.run(g, message=f"{words} {message}")


def _lower_check(ctx: Any, tensor: Any, **attrs: Any) -> Any:
    """In memory, so that it is checked whoever uses it."""
    check = Map(lambda b, x: b.checked(x, b.abs(x) < np.inf))
    return ctx.settled(check(ctx, tensor))


check_numerics_op: Op = define(
    "CheckNumerics",
    types=(FLOATING,),
    kernel=_check_numerics,
    infer=same_as_input,
    grad=(_checked_gradient,),
    attrs={"message": ""},
    effects="io",
    quiet=False,
    lower=_lower_check,
)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """A tensor, once it is known to hold neither NaN nor infinity.

    Args:
        tensor: a floating tensor.
        message: what the error begins with.
        name: ignored when eager.

    Returns:
        The tensor. Its gradient is checked too.

    Raises:
        InvalidArgumentError: where an element is NaN or infinite.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.check_numerics([1.0, 2.0], "weights").numpy().tolist()
        [1.0, 2.0]
    """
    return check_numerics_op.run(tensor, message=message)


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Tensor:
    """The same as `check_numerics`."""
    return check_numerics_op.run(x, message=message)
