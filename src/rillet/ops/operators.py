"""Python's operators on tensors and variables; signed in on import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor, install_operators
from rillet.core.variable import Variable
from rillet.ops import bits, compare, dispatch, elementwise, products
from rillet.ops.host import is_symbolic

_KNOWN = (
    Tensor,
    Variable,
    np.ndarray,
    np.generic,
    int,
    float,
    complex,
    list,
    tuple,
    str,
    bytes,
    dict,
    type(None),
)


def _forward(function: Callable[..., Any], reflected: str) -> Callable[..., Any]:
    """``x op y``; where that fails, a stranger on the right may know the operator."""

    def operator(x: Any, y: Any) -> Any:
        try:
            return function(x, y)
        except (TypeError, ValueError):
            known = isinstance(y, _KNOWN) or type(y) is type(x)
            if known or not hasattr(type(y), reflected):
                raise
            return NotImplemented

    return operator


def _backward(function: Callable[..., Any]) -> Callable[..., Any]:
    """``y op x`` where y is no tensor."""

    def operator(x: Any, y: Any) -> Any:
        return function(y, x)

    return operator


def _logical(boolean: Any, bitwise: Any) -> Callable[..., Any]:
    """`&`, `|` and `^`: logic on booleans, bits on integers."""

    def operator(x: Any, y: Any) -> Any:
        typed = x if hasattr(x, "dtype") and not isinstance(x, np.ndarray) else y
        return (boolean if typed.dtype.is_bool else bitwise).run(x, y)

    return operator


def _multiply(x: Any, y: Any) -> Any:
    """``*``, which of two booleans means «and»."""
    try:
        return elementwise.mul_op.run(x, y)
    except InvalidArgumentError:
        if not (dispatch.is_typed(x) and x.dtype.is_bool):
            raise
        return compare.logical_and_op.run(x, y)


def _invert(x: Any) -> Any:
    return (compare.logical_not_op if x.dtype.is_bool else bits.invert_op).run(x)


def _equal(x: Any, y: Any) -> Any:
    """``==``, element by element; False where shapes cannot match."""
    if y is None:
        return False
    try:
        return compare.equal_op.run(x, y)
    except InvalidArgumentError:
        if is_symbolic(x) or to_tensor(x).dtype is not to_tensor(y).dtype:
            raise
        return to_tensor(False)


def _not_equal(x: Any, y: Any) -> Any:
    """``!=``, the opposite of ``==``."""
    if y is None:
        return True
    try:
        return compare.not_equal_op.run(x, y)
    except InvalidArgumentError:
        if is_symbolic(x) or to_tensor(x).dtype is not to_tensor(y).dtype:
            raise
        return to_tensor(True)


_PAIRS: dict[str, Callable[..., Any]] = {
    "add": elementwise.add_op.run,
    "sub": elementwise.sub_op.run,
    "mul": _multiply,
    "truediv": elementwise.truediv,
    "floordiv": elementwise.floor_div_op.run,
    "mod": elementwise.floor_mod_op.run,
    "pow": elementwise.pow_op.run,
    "matmul": products.matmul,
    "and": _logical(compare.logical_and_op, bits.bitwise_and_op),
    "or": _logical(compare.logical_or_op, bits.bitwise_or_op),
    "xor": _logical(compare.logical_xor_op, bits.bitwise_xor_op),
}

_TABLE: dict[str, Callable[..., Any]] = {
    "__lt__": _forward(compare.less_op.run, "__gt__"),
    "__le__": _forward(compare.less_equal_op.run, "__ge__"),
    "__gt__": _forward(compare.greater_op.run, "__lt__"),
    "__ge__": _forward(compare.greater_equal_op.run, "__le__"),
    "__eq__": _equal,
    "__ne__": _not_equal,
    "__neg__": lambda x: elementwise.neg_op.run(x),
    "__pos__": lambda x: x,
    "__abs__": elementwise.abs,
    "__invert__": _invert,
}
for _name, _function in _PAIRS.items():
    _TABLE[f"__{_name}__"] = _forward(_function, f"__r{_name}__")
    _TABLE[f"__r{_name}__"] = _backward(_function)

install_operators(_TABLE, Tensor, Variable)


def _in_place(symbol: str, method: str) -> Callable[..., Any]:
    """``variable += value``, which would leave a tensor where the variable was."""
    fix = f"variable.{method}(value)" if method else "variable.assign"
    other = f"Use {fix} to change it, or `out = variable {symbol[:-1]} value`"

    def operator(variable: Variable, value: Any) -> NoReturn:
        raise RuntimeError(
            house_message(
                "Variable",
                f"`variable {symbol} value` with `tf.Variable`s is not supported",
                f"the variable is {variable.name}",
                other,
            )
        )

    return operator


_IN_PLACE: dict[str, Callable[..., Any]] = {
    "__iadd__": _in_place("+=", "assign_add"),
    "__isub__": _in_place("-=", "assign_sub"),
    "__imul__": _in_place("*=", ""),
    "__itruediv__": _in_place("/=", ""),
    "__ipow__": _in_place("**=", ""),
}
install_operators(_IN_PLACE, Variable)
