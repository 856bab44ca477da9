"""Older and fused forms of ops, on rillet's functions.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.ops.casting import cast
from rillet.ops.elementwise import add_op, mul_op, sub_op
from rillet.ops.identity import identity_op
from rillet.saved_model.op_readers import READERS, Read, constant, reads
from rillet.saved_model.records import record_of, run_record


def _renamed(name: str) -> Read:
    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        op = record_of(name)
        assert op is not None
        return run_record(op, step.attrs, inputs)

    return read


for _old, _new in {
    "BatchMatMul": "BatchMatMulV2",
    "BatchMatMulV3": "BatchMatMulV2",
    "Inv": "Reciprocal",
    "Gather": "GatherV2",
    "Mod": "TruncateMod",
    "ResizeNearestNeighborV2": "ResizeNearestNeighbor",
    "TopK": "TopKV2",
}.items():
    READERS[_old] = _renamed(_new)


@reads("Gather")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather import gather

    return (gather(inputs[0], inputs[1]),)


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


@reads("LogicalXor")
def _xor(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.compare import not_equal

    return (not_equal(*inputs),)


@reads("Select")
def _select(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.mask import where
    from rillet.ops.shaping import reshape

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


@reads("CheckNumerics")
def _check_numerics(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (identity_op(inputs[0]),)


@reads("Assert")
def _assert(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.checks import assert_op

    assert_op.run(*inputs, summarize=step.attrs.get("summarize") or 3)
    return ()


@reads("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.reduce import reduce_mean
    from rillet.ops.shaping import reshape
    from rillet.ops.transcendental import rsqrt

    x, scale, offset, mean, variance = inputs
    attrs = step.attrs
    epsilon = attrs.get("epsilon", 1e-4)
    first = attrs.get("data_format", b"NHWC").startswith(b"NC")
    rank = len(x.shape)
    axes = [i for i in range(rank) if i != (1 if first else rank - 1)]
    wide = cast(x, scale.dtype)

    def facing(v: Any) -> Any:
        return reshape(v, [1, -1, *[1] * (rank - 2)]) if first else v

    outs = [mean, variance]
    if attrs.get("is_training", True):
        found = reduce_mean(wide, axes)
        apart = sub_op.run(wide, facing(found))
        spread = reduce_mean(mul_op.run(apart, apart), axes)
        count = cast(_count(x, axes), spread.dtype)
        whole = spread * (count / (count - 1.0))
        factor = attrs.get("exponential_avg_factor", 1.0)
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


def _count(x: Any, axes: list[int]) -> Any:
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
    from rillet.ops.compare import greater_equal
    from rillet.ops.rearrange import expand_dims
    from rillet.ops.shaping import reduce_sum

    x = inputs[0]
    kind = x.dtype if x.dtype.is_floating else dtypes.float32
    edges = constant(np.asarray(step.attrs.get("boundaries") or (), kind.numpy_dtype))
    passed = greater_equal(expand_dims(cast(x, kind), -1), edges)
    return (reduce_sum(cast(passed, dtypes.int32), -1),)


def _quantized(x: Any, low: Any, high: Any, step: Any) -> Any:
    """Numbers rounded to the nearest of 2^bits steps, of which zero is one.

    Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", 2018.
    """
    from rillet.ops.clip import clip_by_value
    from rillet.ops.rounding import floor

    top = float(2 ** (step.attrs.get("num_bits") or 8) - 1)
    first = 1.0 if step.attrs.get("narrow_range") else 0.0
    scale = (high - low) / (top - first)
    zero = clip_by_value(floor(first - low / scale + 0.5), first, top)
    begin, end = (first - zero) * scale, (top - zero) * scale
    held = clip_by_value(x, begin, end)
    return floor((held - begin) / scale + 0.5) * scale + begin


@reads("FakeQuantWithMinMaxArgs")
def _fake_args(reader: Any, step: Any, inputs: list[Any]) -> Any:
    low = np.float32(step.attrs.get("min", -6.0))
    high = np.float32(step.attrs.get("max", 6.0))
    return (_quantized(inputs[0], constant(low), constant(high), step),)


@reads("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def _fake_vars(reader: Any, step: Any, inputs: list[Any]) -> Any:
    x, low, high = inputs[:3]
    return (_quantized(x, low, high, step),)


@reads("Roll")
def _roll(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.rearrange import roll

    return (roll(*inputs),)
