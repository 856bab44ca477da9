"""Ops that only gradients of TensorFlow's graphs hold, on rillet's functions.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.core import dtypes
from rillet.ops.casting import cast
from rillet.ops.compare import equal, greater, less
from rillet.ops.elementwise import maximum, pow, sqrt
from rillet.ops.filling import ones_like
from rillet.ops.gather import gather
from rillet.ops.gather_nd import gather_nd
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_all
from rillet.ops.segment import unsorted_segment_sum
from rillet.ops.sequences import range as sequence
from rillet.ops.shaping import broadcast_to, reduce_sum, reshape, static_dims
from rillet.saved_model.op_readers import reads
from rillet.saved_model.record_readers import run


@reads("LRNGrad")
def _lrn(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.normalisation import channel_sums_op

    g, x, y = inputs
    radius = int(step.attrs.get("depth_radius", 5))
    bias, alpha, beta = [
        float(step.attrs.get(name, default))
        for name, default in (("bias", 1.0), ("alpha", 1.0), ("beta", 0.5))
    ]
    norm = channel_sums_op(x * x, depth_radius=radius) * alpha + bias
    back = channel_sums_op(g * y / norm, depth_radius=radius)
    return (g * pow(norm, -beta) - x * back * (2 * alpha * beta),)


@reads("MaxPoolGradWithArgmax")
def _argmax(reader: Any, step: Any, inputs: list[Any]) -> Any:
    x, g, places = inputs
    dims = static_dims(x)
    if not step.attrs.get("include_batch_in_index"):
        size = math.prod(dims[1:])
        rows = cast(sequence(dims[0]), places.dtype) * cast(size, places.dtype)
        places = places + reshape(rows, [-1, 1, 1, 1])
    flat = reshape(places, [-1])
    found = unsorted_segment_sum(reshape(g, [-1]), flat, math.prod(dims))
    return (reshape(found, dims),)


def _shares(step: Any, g: Any, ids: Any) -> Any:
    """The gradient of each segment as each of its rows gets it."""
    if "Sum" in step.op:
        return g
    count = static_dims(g)[0]
    sizes = unsorted_segment_sum(ones_like(ids, dtype=g.dtype), ids, count)
    sizes = maximum(sizes, ones_like(sizes))
    sizes = reshape(sizes, [-1, *[1] * (len(g.shape) - 1)])
    return g / (sizes if "Mean" in step.op else sqrt(sizes))


@reads("SparseSegmentSumGrad", "SparseSegmentMeanGrad", "SparseSegmentSqrtNGrad")
def _segments(reader: Any, step: Any, inputs: list[Any]) -> Any:
    g, indices, ids, count = inputs
    rows = gather(_shares(step, g, ids), ids)
    return (unsorted_segment_sum(rows, indices, count),)


@reads("SparseSegmentSumGradV2", "SparseSegmentMeanGradV2", "SparseSegmentSqrtNGradV2")
def _segments_that_are(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """Only the rows that an index names, and which they are."""
    (whole,) = _segments(reader, step, inputs)
    indices, count = inputs[1], inputs[3]
    named = unsorted_segment_sum(ones_like(indices), indices, count)
    places = where(greater(named, 0))[:, 0]
    return gather(whole, places), cast(places, indices.dtype)


@reads("SparseFillEmptyRowsGrad")
def _filled(reader: Any, step: Any, inputs: list[Any]) -> Any:
    places, g = inputs
    found = gather(g, places)
    return found, reduce_sum(g) - reduce_sum(found)


@reads("SparseSliceGrad")
def _slice(reader: Any, step: Any, inputs: list[Any]) -> Any:
    g, places, start, kept = inputs
    same = reduce_all(equal(places[:, None, :], (kept + start)[None, :, :]), -1)
    return (reduce_sum(where(same, g[None, :], g[None, :] * 0), 1),)


@reads("SparseDenseCwiseAdd")
def _dense_added(reader: Any, step: Any, inputs: list[Any]) -> Any:
    places, values, dims, dense = inputs
    return (values + gather_nd(broadcast_to(dense, dims), places),)


@reads("SparseBincount")
def _bincount(reader: Any, step: Any, inputs: list[Any]) -> Any:
    places, values, dims, size, weights = inputs
    size = cast(size, dtypes.int64)
    kept = where(less(values, cast(size, values.dtype)))[:, 0]
    bins = cast(gather(values, kept), dtypes.int64)
    binary = step.attrs.get("binary_output")
    plain = weights.shape.as_list() == [0]
    if binary or plain:
        counts = ones_like(bins, dtype=weights.dtype)
    else:
        counts = gather(weights, kept)
    by_rows = places.shape.as_list()[-1] == 2
    if by_rows:
        bins = bins + gather(places[:, 0], kept) * size
    total = dims[0] * size if by_rows else size
    found = unsorted_segment_sum(counts, bins, total)
    if binary:
        found = cast(greater(found, 0), weights.dtype)
    if by_rows:
        found = reshape(found, run("Pack", [dims[0], size], axis=0))
    return (found,)
