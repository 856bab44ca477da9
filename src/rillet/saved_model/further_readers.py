"""Ops of older programs and of saved gradients, composed of rillet's own.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.checks import Assert
from rillet.ops.compare import equal, less, logical_and, logical_or
from rillet.ops.filling import ones, ones_like
from rillet.ops.gather import gather
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_all
from rillet.ops.segment import unsorted_segment_sum
from rillet.ops.sequences import linspace
from rillet.ops.sequences import range as sequence
from rillet.ops.shaping import reduce_sum, reshape
from rillet.ops.sizes import shape
from rillet.ops.transcendental import rsqrt
from rillet.saved_model.older_readers import by_channel, run, size_along
from rillet.saved_model.op_readers import constant, reads
from rillet.saved_model.record_readers import needed
from rillet.saved_model.tensors import damaged

#: Number of Philox, the generator of all these draws.
_PHILOX = 1


@reads("StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal")
def _draws(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """The former draws from a pair of seeds; the bits are those of the later ones."""
    sizes, seed = inputs
    kind = step.attrs.get("dtype") or dtypes.float32
    key, counter = run("StatelessRandomGetKeyCounter", seed)
    return run(f"{step.op}V2", sizes, key, counter, _PHILOX, dtype=kind)


@reads("StatelessRandomUniformInt")
def _whole_draws(reader: Any, step: Any, inputs: list[Any]) -> Any:
    sizes, seed, low, high = inputs
    key, counter = run("StatelessRandomGetKeyCounter", seed)
    kind = step.attrs.get("dtype") or low.dtype
    return run(f"{step.op}V2", sizes, key, counter, _PHILOX, low, high, dtype=kind)


@reads("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3")
def _norm_gradient(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """Gradients of a batch's normalisation, or of one by fixed statistics.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015, section 3.
    """
    g, x, scale, mean, variance = inputs[:5]
    attrs = step.attrs
    epsilon = attrs.get("epsilon", 1e-4)
    axes, facing = by_channel(x, step)
    slope, wide = cast(g, scale.dtype), cast(x, scale.dtype)
    inverse = rsqrt(variance + epsilon)
    normal = (wide - facing(mean)) * facing(inverse)
    by_scale, by_offset = reduce_sum(slope * normal, axes), reduce_sum(slope, axes)
    if attrs.get("is_training", True):
        count = cast(size_along(x, axes), scale.dtype)
        slope = slope - facing(by_offset / count) - normal * facing(by_scale / count)
    back = cast(slope * facing(scale * inverse), x.dtype)
    nothing = constant(np.zeros((), np.float32))
    return back, by_scale, by_offset, nothing, nothing


@reads("NonMaxSuppression", "NonMaxSuppressionV2")
def _first_boxes(reader: Any, step: Any, inputs: list[Any]) -> Any:
    overlap = step.attrs.get("iou_threshold", 0.5)
    boxes, scores, most = inputs[:3]
    if len(inputs) > 3:
        overlap = inputs[3]
    else:
        overlap = constant(np.float32(overlap))
    lowest = constant(np.float32(-np.inf))
    return run("NonMaxSuppressionV3", boxes, scores, most, overlap, lowest)


@reads("NonMaxSuppressionV4")
def _padded_boxes(reader: Any, step: Any, inputs: list[Any]) -> Any:
    pads = step.attrs.get("pad_to_max_output_size") or False
    hard = constant(np.float32(0.0))
    found = run("NonMaxSuppressionV5", *inputs, hard, pad_to_max_output_size=pads)
    return found[0], found[2]


@reads("LinSpace")
def _evenly(reader: Any, step: Any, inputs: list[Any]) -> Any:
    start, stop, count = [reshape(x, []) for x in inputs]
    Assert(count > 0, ["LinSpace: num must be at least 1, but is", count])
    return (linspace(start, stop, count),)


@reads("MaxPoolV2")
def _max_pool(reader: Any, step: Any, inputs: list[Any]) -> Any:
    x, window, strides = inputs
    return run(
        "MaxPool",
        x,
        ksize=needed(window, step, "window").tolist(),
        strides=needed(strides, step, "stride").tolist(),
        padding=step.attrs.get("padding"),
        data_format=step.attrs.get("data_format", b"NHWC"),
    )


@reads("NthElement")
def _nth(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.sorting import sort

    order = "DESCENDING" if step.attrs.get("reverse") else "ASCENDING"
    return (gather(sort(inputs[0], direction=order), inputs[1], axis=-1),)


@reads("MatrixDiagV2")
def _diagonal(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return run("MatrixDiagV3", *inputs, align="LEFT_LEFT")


@reads("ImageProjectiveTransformV2")
def _projected(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return run(
        "ImageProjectiveTransformV3",
        *inputs,
        constant(np.float32(0.0)),
        interpolation=step.attrs.get("interpolation"),
        fill_mode=step.attrs.get("fill_mode", b"CONSTANT"),
    )


@reads("Bincount")
def _counts(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """Values past the size count nowhere; no weights are weights of one."""
    values, size, weights = inputs
    flat, given = reshape(values, [-1]), reshape(weights, [-1])
    counts, weighed = shape(flat)[0], shape(given)[0]
    words = "Bincount: there must be no weights, or one for each value"
    Assert(logical_or(equal(weighed, 0), equal(weighed, counts)), [words, weighed])
    Assert(reduce_all(flat >= 0), ["Bincount: no value may be negative", flat])
    each = concat([given, ones([counts - weighed], weights.dtype)], 0)
    inside = less(flat, size)
    return (unsorted_segment_sum(each, where(inside, flat, -ones_like(flat)), size),)


@reads("ApproximateEqual")
def _nearly(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.elementwise import abs as magnitude

    x, y = inputs
    tolerance = step.attrs.get("tolerance", 1e-5)
    return (less(magnitude(x - y), tolerance),)


def _order(step: Any) -> tuple[str, str]:
    source = step.attrs.get("src_format", b"NHWC").decode("latin-1")
    target = step.attrs.get("dst_format", b"NCHW").decode("latin-1")
    if sorted(source) != sorted(target) or len(set(source)) != len(source):
        raise damaged(f"formats {source!r} and {target!r} do not agree", step.name)
    return source, target


@reads("DataFormatDimMap")
def _axes(reader: Any, step: Any, inputs: list[Any]) -> Any:
    source, target = _order(step)
    places = np.array([target.index(c) for c in source] * 2, np.int32)
    x = inputs[0]
    return (gather(cast(constant(places), x.dtype), x + len(source)),)


@reads("DataFormatVecPermute")
def _sizes(reader: Any, step: Any, inputs: list[Any]) -> Any:
    source, target = _order(step)
    x = inputs[0]
    places = [source.index(c) for c in target]
    # The same of pictures' own dimensions alone, which stand first in the table.
    inner = [c for c in source if c not in "NC"]
    few = [inner.index(c) for c in target if c in inner]
    size = shape(x)[0]
    start = where(less(size, len(source)), 0, len(few))
    table = constant(np.array([*few, *places], np.int32))
    return (gather(x, gather(table, start + sequence(size))),)


@reads("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4")
def _steps(reader: Any, step: Any, inputs: list[Any]) -> Any:
    x, low, high = inputs
    bits, given = step.attrs.get("num_bits", 8), step.attrs.get("range_given", False)
    return (_rounded(step, x, low, high, bits, given),)


@reads("QuantizeAndDequantizeV3")
def _steps_of(reader: Any, step: Any, inputs: list[Any]) -> Any:
    x, low, high, count = inputs
    given = step.attrs.get("range_given", True)
    return (_rounded(step, x, low, high, count, given),)


def _check_ends(step: Any, low: Any, high: Any) -> None:
    """Refuse a given range that TensorFlow's kernels refuse."""
    axis = step.attrs.get("axis", -1)
    vectors = [x for x in (low, high) if x.shape.rank]
    if vectors or (axis >= 0 and step.op.endswith("V4")):
        raise InvalidArgumentError(
            house_message(
                "SavedModel",
                f"{step.op}: a given range is two numbers, for all channels",
                f"node '{step.name}' has axis={axis}, input_min of shape {low.shape},"
                f" input_max of shape {high.shape}",
            )
        )
    words = f"{step.op}: input_min must not be above input_max"
    Assert(low <= high, [words, low, high])


def _rounded(step: Any, x: Any, low: Any, high: Any, bits: Any, given: bool) -> Any:
    """Numbers rounded to steps of a range in which zero is a step.

    The wider side says how wide a step is. Gradients pass; those of the fourth version
    only where the number is inside the range that the node was given.
    """
    from rillet.autodiff.custom import custom_gradient
    from rillet.ops.clip import clip_by_value
    from rillet.ops.compare import greater_equal, less_equal
    from rillet.ops.elementwise import minimum, pow
    from rillet.ops.filling import zeros_like
    from rillet.ops.reduce import reduce_max, reduce_min
    from rillet.ops.rounding import floor, round

    attrs = step.attrs
    axis = attrs.get("axis", -1)
    signed = attrs.get("signed_input", True)
    narrow = attrs.get("narrow_range", False)
    upward = attrs.get("round_mode", b"HALF_TO_EVEN") == b"HALF_UP"
    bits = to_tensor(bits, dtypes.int32)
    most = 61 if signed else 62
    words = f"{step.op}: num_bits must be from 1 to {most}, but is"
    Assert(logical_and(bits >= 1, bits <= most), [words, bits])
    if given and not step.op.endswith("V3"):  # which takes ends as they come
        _check_ends(step, low, high)
    top = pow(2.0, cast(bits - int(signed), x.dtype)) - 1.0
    bottom = -(top + float(not narrow)) if signed else top * 0.0
    rank = len(x.shape)
    sizes = [-1 if i == axis else 1 for i in range(rank)] if axis >= 0 else []
    others = [i for i in range(rank) if i != axis]

    @custom_gradient
    def rounded(x: Any, low: Any, high: Any) -> Any:
        first, last = reshape(low, sizes), reshape(high, sizes)
        begin, end = first, last
        if not given:
            begin = reshape(reduce_min(x, others), sizes)
            end = reshape(reduce_max(x, others), sizes)
        huge = ones_like(end) * float(np.finfo(np.float32).max)
        down, up = begin * bottom, end * top
        some = ones_like(end)
        by_low = where(down > 0.0, bottom / where(down > 0.0, begin, some), huge)
        by_high = where(up > 0.0, top / where(up > 0.0, end, some), huge)
        scale = minimum(by_low, by_high)
        held = clip_by_value(x, bottom / scale, top / scale) if given else x
        parts = held * scale
        whole = floor(parts + 0.5) if upward else round(parts)

        def grad(g: Any) -> Any:
            if step.op.endswith("V4"):
                inside = logical_and(greater_equal(x, first), less_equal(x, last))
                g = where(inside, g, zeros_like(g))
            return g, zeros_like(low), zeros_like(high)

        return whole / scale, grad

    return rounded(x, low, high)
