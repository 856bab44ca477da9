"""Older and fused forms of ops, on rillet's functions.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.graph.control import IF
from rillet.ops.casting import cast
from rillet.ops.elementwise import add_op, maximum, mul_op, sub_op
from rillet.ops.shaping import reshape
from rillet.saved_model.op_readers import READERS, Read, constant, reads, tracing
from rillet.saved_model.records import run_op


def run(name: str, *inputs: Any, **attrs: Any) -> tuple[Any, ...]:
    """Run rillet's record of an op."""
    found: tuple[Any, ...] = run_op(name, attrs, list(inputs))
    return found


def _renamed(name: str) -> Read:
    return lambda reader, step, inputs: run_op(name, step.attrs, inputs)


for _old, _new in {
    "BatchMatMul": "BatchMatMulV2",
    "Inv": "Reciprocal",
    "Mod": "TruncateMod",
}.items():
    READERS[_old] = _renamed(_new)


@reads("BatchMatMulV3")
def _wide_products(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """The sums are of the result's type, which may be wider than the factors'."""
    kind = step.attrs.get("Tout") or inputs[0].dtype
    wide = [cast(x, kind) for x in inputs]
    turned = {name: step.attrs.get(name) for name in ("adj_x", "adj_y")}
    return run("BatchMatMulV2", *wide, **turned)


@reads("Equal", "NotEqual")
def _equal(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """Shapes that cannot go together make a plain no, where the node says so."""
    x, y = inputs
    if step.attrs.get("incompatible_shape_error", True):
        return run(step.op, x, y)
    shape = _joint(x.shape, y.shape)
    no = constant(np.asarray(step.op == "NotEqual"))
    if shape is None:
        return (no,)
    if _surely(x.shape, y.shape):
        return run(step.op, x, y)
    branches = [lambda: list(run(step.op, x, y)), lambda: [no]]
    (found,) = tracing("graph.branches")(
        _goes_with(x, y), branches, IF, ("equal", "apart")
    )
    found.set_shape(shape)
    return (found,)


def _joint(first: TensorShape, second: TensorShape) -> TensorShape | None:
    """What shapes broadcast to, as far as they are known; None where they cannot."""
    from rillet.ops.sizes import broadcast_static_shape

    try:
        return broadcast_static_shape(first, second)
    except ValueError:
        return None


def _surely(first: TensorShape, second: TensorShape) -> bool:
    """Whether shapes that may broadcast do so whatever the run brings."""
    if first.rank == 0 or second.rank == 0:
        return True
    if first.rank is None or second.rank is None:
        return False
    pairs = zip(reversed(first.as_list()), reversed(second.as_list()), strict=False)
    return all(1 in pair or None not in pair for pair in pairs)


def _goes_with(x: Any, y: Any) -> Any:
    """Whether the run's shapes broadcast."""
    from rillet.ops.array import concat
    from rillet.ops.compare import equal, logical_or
    from rillet.ops.filling import ones
    from rillet.ops.reduce import reduce_all
    from rillet.ops.sizes import rank, shape

    most = maximum(rank(x), rank(y))
    a, b = [concat([ones([most - rank(v)], dtypes.int32), shape(v)], 0) for v in (x, y)]
    single = logical_or(equal(a, 1), equal(b, 1))
    return reduce_all(logical_or(single, equal(a, b)))


@reads("Gather")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather import gather

    return (gather(inputs[0], inputs[1]),)


@reads("ConcatV2")
def _concat(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """The axis may be a vector of one."""
    axis = inputs[-1]
    if axis.shape.rank != 0:
        if not axis.shape.is_compatible_with([1]):
            raise InvalidArgumentError(
                house_message(
                    "SavedModel",
                    "ConcatV2: the axis is one number",
                    f"node '{step.name}' has an axis of shape {axis.shape}",
                )
            )
        axis = reshape(axis, [])
    return run_op(step.op, step.attrs, [*inputs[:-1], axis])


@reads("Add")
def _add(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if inputs[0].dtype is dtypes.string:
        from rillet.ops.string_joins import join

        return (join(inputs),)
    return (add_op.run(*inputs),)


@reads("Div")
def _div(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.quotients import realdiv
    from rillet.ops.rounding import truncatediv

    whole = inputs[0].dtype.is_integer
    return ((truncatediv if whole else realdiv)(*inputs),)


@reads("Select")
def _select(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.mask import where

    test, x, y = inputs
    rank = len(x.shape)
    if len(test.shape) == 1 and rank > 1:
        test = reshape(test, [-1, *[1] * (rank - 1)])
    return (where(test, x, y),)


@reads("ShapeN")
def _shape_n(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.sizes import shape

    kind = step.attrs.get("out_type") or dtypes.int32
    return [shape(x, out_type=kind) for x in inputs]


@reads("Assert")
def _assert(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.checks import assert_op

    assert_op.run(*inputs, summarize=step.attrs.get("summarize") or 3)
    return ()


def by_channel(x: Any, step: Any) -> tuple[list[int], Callable[[Any], Any]]:
    """The axes that a batch is normalised over, and what turns a vector to channels."""
    first = step.attrs.get("data_format", b"NHWC").startswith(b"NC")
    rank = len(x.shape)
    axes = [i for i in range(rank) if i != (1 if first else rank - 1)]

    def facing(v: Any) -> Any:
        return reshape(v, [1, -1, *[1] * (rank - 2)]) if first else v

    return axes, facing


@reads("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.reduce import reduce_mean
    from rillet.ops.transcendental import rsqrt

    x, scale, offset, mean, variance = inputs
    attrs = step.attrs
    epsilon = attrs.get("epsilon", 1e-4)
    factor = attrs.get("exponential_avg_factor", 1.0)
    axes, facing = by_channel(x, step)
    wide = cast(x, scale.dtype)
    outs = [mean, variance]
    if attrs.get("is_training", True):
        found = reduce_mean(wide, axes)
        apart = sub_op.run(wide, facing(found))
        spread = reduce_mean(mul_op.run(apart, apart), axes)
        count = cast(size_along(x, axes), spread.dtype)
        whole = spread * (count / maximum(count - 1.0, 1.0))
        outs = [found, whole]
        if factor != 1.0:
            outs = [
                mean * (1.0 - factor) + found * factor,
                variance * (1.0 - factor) + whole * factor,
            ]
        mean, variance = found, spread
    gain = mul_op.run(scale, rsqrt(variance + epsilon))
    y = (wide - facing(mean)) * facing(gain) + facing(offset)
    return (cast(y, x.dtype), *outs, mean, variance, constant(np.zeros(0, np.float32)))


def size_along(x: Any, axes: list[int]) -> Any:
    """How many elements there are along axes."""
    from rillet.ops.gather import gather
    from rillet.ops.reduce import reduce_prod
    from rillet.ops.sizes import shape

    return reduce_prod(gather(shape(x), axes))


@reads("DynamicStitch", "ParallelDynamicStitch")
def _stitch(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.unique import dynamic_stitch

    half = len(inputs) // 2
    return (dynamic_stitch(inputs[:half], inputs[half:]),)


@reads("AdjustContrastv2")
def _contrast(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.image_adjustments import adjust_contrast

    return (adjust_contrast(*inputs),)


@reads("AdjustHue")
def _hue(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.image_adjustments import adjust_hue

    return (adjust_hue(*inputs),)


@reads("AdjustSaturation")
def _saturation(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.image_adjustments import adjust_saturation

    return (adjust_saturation(*inputs),)


@reads("ClipByValue")
def _clip(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.clip import clip_by_value

    return (clip_by_value(*inputs),)


@reads("Bucketize")
def _bucketize(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """Edges are float32, compared as C++ compares; what is no number is past them."""
    from rillet.ops.compare import less
    from rillet.ops.rearrange import expand_dims
    from rillet.ops.shaping import reduce_sum

    x = inputs[0]
    kind = x.dtype if x.dtype.is_floating else dtypes.float32
    edges = np.asarray(step.attrs.get("boundaries") or (), np.float32)
    below = less(
        expand_dims(cast(x, kind), -1), constant(edges.astype(kind.numpy_dtype))
    )
    # not `logical_not`: TensorFlow would make of it "not less is greater or equal"
    return (len(edges) - reduce_sum(cast(below, dtypes.int32), -1),)


@reads("Roll")
def _roll(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.rearrange import roll

    return (roll(*inputs),)
