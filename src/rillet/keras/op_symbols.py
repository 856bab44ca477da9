"""TensorFlow's names of the functions that layers on placeholders call, both ways.

In: a function of `rillet.ops`, or a name such as ``math.reduce_mean`` out of a file.
Out: the name, or the function. Only functions of the table can be named by a file: it
holds none that reads, writes or runs anything. `scripts/list_op_symbols.py` writes it.
"""

from __future__ import annotations

import importlib
import operator
from functools import cache
from importlib import resources
from typing import Any

from rillet.core.errors import house_message
from rillet.ops.registry import TABLE


def _add(x: Any, y: Any, name: str | None = None) -> Any:
    return x + y


def _equal(x: Any, y: Any, name: str | None = None) -> Any:
    return x == y


def _not_equal(x: Any, y: Any, name: str | None = None) -> Any:
    return x != y


_OPERATORS: dict[str, Any] = {
    "__operators__.add": _add,
    "__operators__.eq": _equal,
    "__operators__.ne": _not_equal,
    "__operators__.getitem": operator.getitem,
}
#: Names by op, for ops that run in no public function.
_BY_OP = {
    "AddV2": "__operators__.add",
    "Sub": "math.subtract",
    "Mul": "math.multiply",
    "RealDiv": "math.truediv",
    "FloorDiv": "compat.v1.floor_div",
    "FloorMod": "math.floormod",
    "Pow": "math.pow",
    "BatchMatMulV2": "linalg.matmul",
    "MatMul": "linalg.matmul",
    "Less": "math.less",
    "LessEqual": "math.less_equal",
    "Greater": "math.greater",
    "GreaterEqual": "math.greater_equal",
    "Equal": "__operators__.eq",
    "NotEqual": "__operators__.ne",
    "StridedSlice": "strided_slice",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Elu": "nn.elu",
    "Selu": "nn.selu",
    "Softmax": "nn.softmax",
    "LogSoftmax": "nn.log_softmax",
    "Softplus": "math.softplus",
    "Softsign": "nn.softsign",
    "Sigmoid": "math.sigmoid",
    "Tanh": "math.tanh",
    "Exp": "math.exp",
    "Log": "math.log",
    "Square": "math.square",
    "Sqrt": "math.sqrt",
    "Neg": "math.negative",
    "Abs": "math.abs",
    "Erf": "math.erf",
}


@cache
def _rows() -> tuple[dict[str, tuple[str, str]], dict[tuple[str, str], str]]:
    """Module and name by symbol, and the symbol by module and name."""
    forward: dict[str, tuple[str, str]] = {}
    backward: dict[tuple[str, str], str] = {}
    text = resources.files("rillet.keras").joinpath("op_symbols.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        symbol, module, name = line.split()
        forward[symbol] = (module, name)
        backward.setdefault((module, name), symbol)
    return forward, backward


def symbol_of(function: Any) -> str:
    """TensorFlow's name of a function or op, without ``tf.``.

    Example:
        >>> import rillet as tf
        >>> symbol_of(tf.reduce_mean)
        'math.reduce_mean'
    """
    by_op = _BY_OP.get(getattr(function, "name", ""))
    if by_op is not None:
        return by_op
    name = getattr(function, "__name__", None) or f"raw_ops.{function.name}"
    module = getattr(function, "__module__", "")
    found = _rows()[1].get((module, name))
    if found is not None:
        return found
    space = vars(importlib.import_module(module)) if module else {}
    for public, value in space.items():
        if value is function and (module, public) in _rows()[1]:
            return _rows()[1][module, public]
    return str(name).rstrip("_")


def function_of(symbol: str) -> Any:
    """The function that a name stands for.

    Raises:
        ValueError: where the table has no such name.
    """
    if symbol in _OPERATORS:
        return _OPERATORS[symbol]
    forward, _ = _rows()
    for name in (symbol, symbol.removeprefix("compat.v1.")):
        if name in forward:
            module, attribute = forward[name]
            return getattr(importlib.import_module(module), attribute)
    if symbol.startswith("raw_ops."):
        op = TABLE.get(symbol.removeprefix("raw_ops."))
        if op is not None and op.effects in ("", "random"):
            return op.run
    raise ValueError(
        house_message(
            "TFOpLambda",
            "the configuration names a function that files may not name, or that this"
            " version of rillet does not have",
            f"function={symbol!r}",
            "Write the step as a layer of your own, and save the model again",
        )
    )
