"""Python's operators on placeholders; signed in on import.

In: ``x + 1`` and the like, where `x` is a placeholder. Out: what a new layer gives that
calls the operator's function when the model runs; `op_layers` makes it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor, install_operators
from rillet.keras.keras_tensor import KerasTensor
from rillet.ops import operators as _operators_of_tensors  # noqa: F401
from rillet.ops.indexing import traced_item

#: What the second argument is called, where not `y`.
_SECOND = {"linalg.matmul": "b"}


def _called(symbol: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    call = context.service("keras.call_function")
    if call is None:
        raise RuntimeError(
            house_message("KerasTensor", "operators come with rillet.keras", symbol)
        )
    return call(symbol, args, kwargs)


def _operator(symbol: str, backwards: bool = False) -> Callable[..., Any]:
    def run(x: Any, y: Any) -> Any:
        if backwards:
            x, y = y, x
        return _called(symbol, (x,), {_SECOND.get(symbol, "y"): y})

    return run


def _logical(name: str, backwards: bool = False) -> Callable[..., Any]:
    def run(x: Any, y: Any) -> Any:
        typed = x if isinstance(x, KerasTensor) else y
        kind = "math.logical" if typed.dtype.is_bool else "bitwise.bitwise"
        symbol = f"{kind}_{name}"
        return _operator(symbol, backwards)(x, y)

    return run


def _single(symbol: str) -> Callable[[Any], Any]:
    return lambda x: _called(symbol, (x,), {})


def _compared(symbol: str, against_none: bool) -> Callable[..., Any]:
    def run(x: Any, y: Any) -> Any:
        return against_none if y is None else _operator(symbol)(x, y)

    return run


def _invert(x: Any) -> Any:
    symbol = "math.logical_not" if x.dtype.is_bool else "bitwise.invert"
    return _called(symbol, (x,), {})


def _get_item(x: Any, key: Any) -> Any:
    return _called("__operators__.getitem", (x,), {"slice_spec": key})


_PAIRS = {
    "add": "__operators__.add",
    "sub": "math.subtract",
    "mul": "math.multiply",
    "truediv": "math.truediv",
    "floordiv": "compat.v1.floor_div",
    "mod": "math.floormod",
    "pow": "math.pow",
    "matmul": "linalg.matmul",
}


def _operators() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {
        "__lt__": _operator("math.less"),
        "__le__": _operator("math.less_equal"),
        "__gt__": _operator("math.greater"),
        "__ge__": _operator("math.greater_equal"),
        "__eq__": _compared("__operators__.eq", False),
        "__ne__": _compared("__operators__.ne", True),
        "__neg__": _single("math.negative"),
        "__abs__": _single("math.abs"),
        "__invert__": _invert,
        "__getitem__": _get_item,
    }
    for name, symbol in _PAIRS.items():
        table[f"__{name}__"] = _operator(symbol)
        table[f"__r{name}__"] = _operator(symbol, backwards=True)
    for name in ("and", "or", "xor"):
        table[f"__{name}__"] = _logical(name)
        table[f"__r{name}__"] = _logical(name, backwards=True)
    return table


def _inside(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """An operator that stays an op where one of `rillet.ops`'s functions uses it."""
    plain = traced_item if name == "__getitem__" else getattr(Tensor, name)

    def run(*args: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        return (plain if caller.startswith("rillet.ops") else function)(*args)

    return run


install_operators({n: _inside(n, f) for n, f in _operators().items()}, KerasTensor)
