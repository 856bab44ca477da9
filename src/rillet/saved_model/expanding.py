"""Nodes of rillet's own that are told by rules, as graphs of TensorFlow's ops.

Elementwise ops say what one element is (`ops.expressions`); here that is said of whole
tensors. Gradients of ops whose sizes are unknown are traced with the sizes as tensors.
`rewriting` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.graph.ir import CONST, Graph, Node, SymbolicTensor
from rillet.graph.trace import Tracer
from rillet.ops import compare, elementwise, quotients, rounding, transcendental
from rillet.ops.casting import cast
from rillet.ops.filling import zeros_like
from rillet.ops.lowering import Map
from rillet.ops.mask import where


class Value:
    """A tensor where an expression stands for one of its elements.

    Args:
        tensor: the tensor.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    @property
    def type(self) -> str:
        """The name of the elements' type."""
        name: str = self.tensor.dtype.name
        return name

    def __neg__(self) -> Value:
        return Value(elementwise.negative(self.tensor))


def _two(function: Callable[..., Any], turned: bool = False) -> Callable[..., Value]:
    def run(x: Any, y: Any) -> Value:
        return _both(function, y, x) if turned else _both(function, x, y)

    return run


def _both(function: Callable[..., Any], x: Any, y: Any) -> Value:
    like = (x if isinstance(x, Value) else y).tensor.dtype
    a, b = [
        v.tensor if isinstance(v, Value) else to_tensor(v, hint=like) for v in (x, y)
    ]
    if a.dtype is not b.dtype:
        b = cast(b, a.dtype)
    return Value(function(a, b))


_PAIRS: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("add", elementwise.add_op),
    "sub": ("sub", elementwise.sub_op),
    "mul": ("mul", elementwise.mul_op),
    "truediv": ("div", quotients.realdiv),
    "lt": ("lt", compare.less),
    "le": ("le", compare.less_equal),
    "gt": ("gt", compare.greater),
    "ge": ("ge", compare.greater_equal),
    "and": ("bit_and", compare.logical_and),
    "or": ("bit_or", compare.logical_or),
}
for _sign, (_name, _function) in _PAIRS.items():
    setattr(Value, f"__{_sign}__", _two(_function))
    if _sign in ("add", "sub", "mul", "truediv"):
        setattr(Value, f"__r{_sign}__", _two(_function, turned=True))


class _Maths:
    """What rules ask for by name, on whole tensors."""

    def const(self, value: Any, type: str) -> Value:
        kind = dtypes.as_dtype(type)
        return Value(to_tensor(np.asarray(value, kind.numpy_dtype)))

    def cast(self, x: Value, type: str) -> Value:
        return Value(cast(x.tensor, dtypes.as_dtype(type)))

    def select(self, condition: Value, x: Any, y: Any) -> Value:
        like = (x if isinstance(x, Value) else y).tensor.dtype
        a, b = [
            v.tensor if isinstance(v, Value) else to_tensor(v, hint=like)
            for v in (x, y)
        ]
        return Value(where(condition.tensor, a, b))

    def fma(self, x: Any, y: Any, z: Any) -> Value:
        found: Value = x * y + z
        return found

    def __getattr__(self, name: str) -> Callable[..., Value]:
        for found, function in _PAIRS.values():
            if found == name:
                return _two(function)
        if name in _TWO:
            return _two(_TWO[name])
        if name not in _ONE:
            raise NotImplementedError(name)
        return lambda x: Value(_ONE[name](x.tensor))


_TWO: dict[str, Callable[..., Any]] = {
    "maximum": elementwise.maximum,
    "minimum": elementwise.minimum,
    "pow": elementwise.pow,
    "eq": compare.equal,
    "ne": compare.not_equal,
}
_ONE: dict[str, Callable[..., Any]] = {
    "neg": elementwise.negative,
    "abs": elementwise.abs,
    "sqrt": elementwise.sqrt,
    "square": elementwise.square,
    "exp": elementwise.exp,
    "log": elementwise.log,
    "tanh": transcendental.tanh,
    "sign": elementwise.sign,
    "floor": rounding.floor,
    "ceil": rounding.ceil,
    "rsqrt": transcendental.rsqrt,
    "log1p": transcendental.log1p,
    "expm1": transcendental.expm1,
    "is_nan": compare.is_nan,
    "bit_not": compare.logical_not,
}


def by_elements(node: Node) -> Callable[..., Any] | None:
    """A function of tensors that computes what an elementwise op of rillet's does."""
    lower = getattr(node.op, "lower", None)
    if not node.type.startswith("Rillet") or not isinstance(lower, Map):
        return None

    def rule(*args: Any, **attrs: Any) -> Any:
        given = [Value(x) if isinstance(x, Tensor) else x for x in args]
        found = lower.element(_Maths(), *given, **attrs)
        flat = found if isinstance(found, tuple | list) else [found]
        return [y.tensor for y in flat]

    return rule


def gradient_graph(node: Node) -> Graph | None:
    """What a `RilletGradient` node does, traced; None where its rule asks for sizes."""
    layout: Any = node.attrs["host"].run.__self__
    tracer = Tracer(node.name, None, isolated=True)
    try:
        with tracer:
            args: list[SymbolicTensor] = [
                tracer.graph.placeholder(x.spec, "x") for x in node.inputs
            ]
            tracer.graph.inputs = list(args)
            base = 2 * layout.count
            outs = []
            parts = layout.parts(list(args))
            for i, part in zip(layout.wanted, parts, strict=True):
                if part is None:
                    part = zeros_like(args[layout.places.index(base + i)])
                outs.append(tracer.lift(to_tensor(part)))
            tracer.graph.outputs = outs
    except (TypeError, ValueError, NotImplementedError):
        return None
    settle(tracer.graph)
    return tracer.graph


def settle(graph: Graph) -> None:
    """Let what rules wrote down be constants of the graph, not inputs."""
    for outer, inner in graph.captures:
        inner.node.op = CONST
        inner.node.attrs = {"value": outer._array}
    taken = {id(inner) for _, inner in graph.captures}
    graph.inputs = [x for x in graph.inputs if id(x) not in taken]
    graph.captures = []
