"""Convolutions and pools: from `lower=Call(name)` to calls that `conv` plans.

In flow the tensors of a node and its attributes; out flow lazy tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rillet.backends.native import conv, pooling
from rillet.backends.native.calls import KernelCall
from rillet.backends.native.placing import aligned
from rillet.backends.native.sizes import fixed
from rillet.ops import conv_rules
from rillet.ops.lowering import Lazy

_TYPES: Final = frozenset(["float32", "float64"])


def _sizes(x_shape: Any, w_shape: Any, deep: bool, attrs: dict[str, Any]) -> Any:
    attrs.pop("use_cudnn_on_gpu", None)
    fixed(x_shape[1:], w_shape)
    made = conv_rules.window("conv2d", 4, **attrs)
    placed = conv_rules.plan(made, tuple(x_shape), tuple(w_shape), deep)
    channels = x_shape[1 if placed.channels_first else 3]
    return conv.sizes_of(placed, channels, tuple(w_shape), deep)


def _called(
    ctx: Any, steps: conv.Steps, inputs: dict[str, Lazy], flops: float
) -> Lazy | None:
    """The calls of some plans; the last one writes the node's output."""
    shape, type = ctx.outputs[0]
    out = ctx.temporary(type, shape)
    found = {name: ctx.settled(x).buffer for name, x in inputs.items()}
    found["out"] = out.buffer
    for name, count in steps.temporaries.items():
        found[name] = ctx.temporary(type, (count,)).buffer
    for plan in steps.plans:
        words = [found[w] if isinstance(w, str) else w for w in plan.words]
        names = [w for w in plan.words if isinstance(w, str)]
        written = "out"
        if "out" not in names:
            written = next(n for n in names if n in steps.temporaries)
        ctx.add(
            KernelCall(
                plan.kernel,
                words,
                plan.extent,
                [found[written]],
                aligned({n: found[n] for n in names}, plan.align),
                plan.ns_per_row,
                block=plan.block,
                cut=plan.block if written == "parts" else 0,
                scratch=plan.scratch,
                flops=flops if plan is steps.plans[-1] or written == "parts" else 0.0,
            )
        )
    return out


def _flops(sizes: Any, images: int) -> float:
    outputs = math.prod(sizes.outputs) * sizes.filters
    inner = math.prod(sizes.window) * sizes.channels // max(sizes.groups, 1)
    return 2.0 * images * outputs * inner


def _forward(deep: bool) -> Callable[..., Any]:
    def rule(ctx: Any, x: Lazy, w: Lazy, **attrs: Any) -> Lazy | None:
        if x.rank != 4 or x.type not in _TYPES or not x.size or not w.size:
            return None
        sizes = _sizes(x.shape, w.shape, deep, attrs)
        steps = conv.convolution(sizes, x.shape[0], np.dtype(x.type))
        return _called(ctx, steps, {"x": x, "w": w}, _flops(sizes, x.shape[0]))

    return rule


def _input_gradient(deep: bool) -> Callable[..., Any]:
    def rule(ctx: Any, shape: Any, w: Lazy, dy: Lazy, **attrs: Any) -> Lazy | None:
        if w.rank != 4 or dy.type not in _TYPES or not dy.size or not w.size:
            return None
        shape = tuple(shape)
        sizes = _sizes(shape, w.shape, deep, attrs)
        steps = conv.input_gradient(sizes, shape[0], np.dtype(dy.type))
        return _called(ctx, steps, {"dy": dy, "w": w}, _flops(sizes, shape[0]))

    return rule


def _filter_gradient(deep: bool) -> Callable[..., Any]:
    def rule(ctx: Any, x: Lazy, shape: Any, dy: Lazy, **attrs: Any) -> Lazy | None:
        if x.rank != 4 or dy.type not in _TYPES or not dy.size or not x.size:
            return None
        shape = tuple(shape)
        sizes = _sizes(x.shape, shape, deep, attrs)
        steps = conv.filter_gradient(sizes, x.shape[0], np.dtype(dy.type))
        return _called(ctx, steps, {"x": x, "dy": dy}, _flops(sizes, x.shape[0]))

    return rule


def _pool(kind: str, x_shape: Any, type: str, attrs: dict[str, Any]) -> Any:
    if len(x_shape) != 4 or type not in _TYPES or 0 in x_shape:
        return None
    fixed(x_shape[1:])
    taps = tuple(attrs.pop("ksize"))
    made = conv_rules.window("max_pool", 4, **attrs)
    at = conv_rules.place_all(made, tuple(x_shape), taps)
    first = attrs.get("data_format", "NHWC").startswith("NC")
    plan = pooling.pool(kind, at, first, np.dtype(type))
    return None if plan is None else conv.Steps((plan,), {})


def _pool_rule(kind: str) -> Callable[..., Any]:
    def rule(ctx: Any, x: Lazy, **attrs: Any) -> Lazy | None:
        steps = _pool(kind, x.shape, x.type, attrs)
        return None if steps is None else _called(ctx, steps, {"x": x}, 0.0)

    return rule


def _maximum_gradient(ctx: Any, x: Lazy, y: Lazy, dy: Lazy, **attrs: Any) -> Any:
    steps = _pool("maximum_gradient", x.shape, x.type, attrs)
    return None if steps is None else _called(ctx, steps, {"x": x, "dy": dy}, 0.0)


def _winners(ctx: Any, x: Lazy, y: Lazy, values: Lazy, **attrs: Any) -> Any:
    steps = _pool("winners", x.shape, x.type, attrs)
    given = {"x": x, "values": values}
    return None if steps is None else _called(ctx, steps, given, 0.0)


def _mean_gradient(ctx: Any, shape: Any, dy: Lazy, **attrs: Any) -> Any:
    steps = _pool("mean_gradient", tuple(shape), dy.type, attrs)
    return None if steps is None else _called(ctx, steps, {"dy": dy}, 0.0)


#: By the name in `Call`.
RULES: Final[dict[str, Callable[..., Any]]] = {
    "convolution": _forward(False),
    "convolution_input": _input_gradient(False),
    "convolution_filter": _filter_gradient(False),
    "depthwise": _forward(True),
    "depthwise_input": _input_gradient(True),
    "depthwise_filter": _filter_gradient(True),
    "pool_maximum": _pool_rule("maximum"),
    "pool_maximum_gradient": _maximum_gradient,
    "pool_winners": _winners,
    "pool_mean": _pool_rule("mean"),
    "pool_mean_gradient": _mean_gradient,
}
