"""Ops that have kernels of their own: from `lower=Call(name)` to a call.

In flow the tensors of a node; out flow calls that `products` and its kin plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.element_types import item_bytes
from rillet.backends.native.placing import aligned
from rillet.backends.native.products import Operand, product
from rillet.backends.native.sizes import varies
from rillet.ops.expressions import FLOATS
from rillet.ops.lowering import Lazy
from rillet.ops.whole_loops import filled

_MANY_TERMS: Final = 4096
_LEAST_TERMS: Final = 64
_FEW_ROWS: Final = 32
_SMALL_OUT: Final = 1 << 17
_BLOCK_BYTES: Final = 1 << 19
_PRODUCT_TYPES: Final = frozenset(["float32", "float64", "float16", "bfloat16"])


def product_rule(
    ctx: Any, a: Lazy, b: Lazy, transpose_a: bool = False, transpose_b: bool = False
) -> Lazy | None:
    """A product of matrices, or of stacks of them."""
    shape, type = ctx.outputs[0]
    if type not in _PRODUCT_TYPES:
        return None
    if transpose_b and b.rank == 2 and ctx.times_turned() > 1:
        # packed once, not by every product that turns it
        b, transpose_b = ctx.turned(b), False
    left = Operand(a.shape[-2], a.shape[-1], transpose_a, 0, a.shape[:-2])
    right = Operand(b.shape[-2], b.shape[-1], transpose_b, 0, b.shape[:-2])
    onto = ctx.onto.get(id(ctx.present))
    out = onto or ctx.temporary(type, shape)
    if not out.size:
        return filled(0)(ctx)
    inner = a.shape[-2] if transpose_a else a.shape[-1]
    by = ""
    if onto is None and _sums_parts(a, b, transpose_a, transpose_b, inner, out):
        by = "terms"
    plan = product(left, right, type, by=by, accumulate=onto is not None)
    if plan is None:
        return None
    cut = 0
    parts = out
    if plan.parts:
        # a block's rows are read twice, by the product before and by this one
        row = a.shape[1] * item_bytes(type)
        cut = min(plan.block, max(_LEAST_TERMS, _BLOCK_BYTES // row))
        parts = ctx.temporary(type, (-(-plan.extent // cut), *shape))
    found = {"a": ctx.settled(a).buffer, "b": ctx.settled(b).buffer}
    found["out"] = parts.buffer
    words = [found.get(w, w) if isinstance(w, str) else w for w in plan.words]
    ctx.add(
        KernelCall(
            plan.kernel,
            words,
            plan.extent,
            [parts.buffer],
            aligned(found, plan.align),
            plan.ns_per_row,
            block=plan.block,
            cut=cut,
            scratch=plan.scratch,
            flops=2.0 * out.size * inner,
        )
    )
    return _added(ctx, parts) if cut else out


def _sums_parts(
    a: Lazy, b: Lazy, transpose_a: bool, transpose_b: bool, inner: int, out: Lazy
) -> bool:
    """Whether blocks of terms, summed apart, need less memory than reading twice."""
    if a.rank != 2 or b.rank != 2 or not transpose_a or transpose_b:
        return False
    # few rows of out leave little to cut, and tiles half empty
    least = _MANY_TERMS if out.shape[0] > _FEW_ROWS else _MANY_TERMS // 4
    if varies(inner):  # one way for nearly all sizes
        fits = out.type in FLOATS and out.size <= _SMALL_OUT
        return fits and inner >= _LEAST_TERMS
    return inner >= least and out.size * 64 <= inner * out.shape[1] * 8


def _added(ctx: Any, parts: Lazy) -> Any:
    """The sum of the parts, in their order."""
    return ctx.fold(
        parts.shape[1:],
        parts.shape[:1],
        "sum",
        [(0, parts.type)],
        lambda place, inner, accs: [parts.at((inner[0], *place))],
        None,
        True,
    )


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


def rule(name: str) -> Callable[..., Any] | None:
    """What lowers a call of that name; None where the backend has nothing."""
    found = RULES.get(name)
    if found is None:
        # only graphs that convolve or pool pay for loading this
        from rillet.backends.native import kernels_conv

        found = kernels_conv.RULES.get(name)
    return found
