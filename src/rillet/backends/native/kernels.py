"""Ops that have kernels of their own: from `lower=Call(name)` to a call.

In flow the tensors of a node; out flow calls that `products` and its kin plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.products import Operand, product
from rillet.ops.lowering import Lazy, filled

_PRODUCT_TYPES: Final = frozenset(["float32", "float64", "float16", "bfloat16"])


def product_rule(
    ctx: Any, a: Lazy, b: Lazy, transpose_a: bool = False, transpose_b: bool = False
) -> Lazy | None:
    """A product of matrices, or of stacks of them."""
    shape, type = ctx.outputs[0]
    if type not in _PRODUCT_TYPES:
        return None
    left = Operand(a.shape[-2], a.shape[-1], transpose_a, 0, a.shape[:-2])
    right = Operand(b.shape[-2], b.shape[-1], transpose_b, 0, b.shape[:-2])
    out = ctx.temporary(type, shape)
    if not out.size:
        return filled(0)(ctx)
    plan = product(left, right, type)
    if plan is None or plan.parts:
        return None
    found = {"a": ctx.settled(a).buffer, "b": ctx.settled(b).buffer, "out": out.buffer}
    words = [found.get(w, w) if isinstance(w, str) else w for w in plan.words]
    aligned = _aligned(found, plan.align)
    inner = a.shape[-2] if transpose_a else a.shape[-1]
    ctx.add(
        KernelCall(
            plan.kernel,
            words,
            plan.extent,
            [out.buffer],
            aligned,
            plan.ns_per_row,
            block=plan.block,
            scratch=plan.scratch,
            flops=2.0 * out.size * inner,
        )
    )
    return out


def _aligned(found: dict[str, Any], align: Any) -> list[int]:
    """Ids of buffers that rows touch only their own part of, under every name."""
    good: dict[int, bool] = {}
    for name, buffer in found.items():
        good[id(buffer)] = good.get(id(buffer), True) and bool(align.get(name))
    return [key for key, value in good.items() if value]


def batch_product_rule(
    ctx: Any, a: Lazy, b: Lazy, adj_x: bool = False, adj_y: bool = False
) -> Lazy | None:
    """A product of stacks of matrices."""
    return product_rule(ctx, a, b, adj_x, adj_y)


#: By the name in `Call`.
RULES: Final[dict[str, Callable[..., Any]]] = {
    "product": product_rule,
    "batch_product": batch_product_rule,
}
