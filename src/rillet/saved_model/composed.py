"""Nodes that TensorFlow computes only with others around them.

A rule gives the outputs of a node, of tensors, as the rules of `rewriting` do; it may
run the node's own record again on what TensorFlow's op can take. `rewriting` takes in
the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.ops.array import concat, stack
from rillet.ops.casting import cast
from rillet.ops.compare import less, less_equal, not_equal
from rillet.ops.cumulative import cumprod, cumsum
from rillet.ops.elementwise import log, maximum, mul_op, negative
from rillet.ops.filling import ones_like, zeros, zeros_like
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.mask import where
from rillet.ops.quotients import realdiv
from rillet.ops.reduce import reduce_prod
from rillet.ops.registry import find
from rillet.ops.sequences import range as sequence
from rillet.ops.shaping import reduce_sum, reshape, static_dims
from rillet.ops.sizes import shape
from rillet.ops.sorting import upper_bound_op
from rillet.ops.tiling import pad
from rillet.saved_model.composed_loops import ctc_loss, matrix_exponential

#: Functions of tensors and attributes that give the node's outputs.
RULES: dict[str, Callable[..., Any]] = {}


def _transform(name: str, rank: int) -> Callable[..., Any]:
    """A Fourier transform of what has at least the sizes it is taken over.

    rillet's records fill up with zeros themselves, TensorFlow's ops only cut.
    """
    inverse = name.startswith("I")

    def rule(x: Any, fft_length: Any) -> Any:
        known = not is_symbolic(fft_length)
        sizes = list(fft_length) if known else [fft_length[i] for i in range(rank)]
        if inverse:
            sizes[-1] = sizes[-1] // 2 + 1
        dims = list(static_dims(x))
        lead = len(dims) - rank
        lacking = [
            max(n - d, 0)
            if isinstance(n, int) and isinstance(d, int)
            else maximum(to_tensor(n) - to_tensor(d), 0)
            for n, d in zip(sizes, dims[lead:], strict=True)
        ]
        if any(not isinstance(n, int) or n for n in lacking):
            after = [cast(to_tensor(n), dtypes.int32) for n in [0] * lead + lacking]
            x = pad(x, stack([zeros_like(stack(after)), stack(after)], 1))
        return find(name).run(x, fft_length)

    return rule


for _rank, _tail in ((1, ""), (2, "2D"), (3, "3D")):
    for _name in (f"RFFT{_tail}", f"IRFFT{_tail}"):
        RULES[_name] = _transform(_name, _rank)


def _inverted_rows(p: Any) -> Any:
    return find("TopKV2").run(negative(p), static_dims(p)[-1])[1]


def _channel_sums(x: Any, depth_radius: int = 5) -> Any:
    """Sums over a window of channels: a product with a band of ones."""
    places = sequence(static_dims(x)[-1])
    apart = reshape(places, [-1, 1]) - reshape(places, [1, -1])
    band = cast(less_equal(maximum(apart, negative(apart)), depth_radius), x.dtype)
    return find("BatchMatMulV2").run(x, band)


def _row_sums(indices: Any, values: Any, dense_shape: Any) -> Any:
    """For each element of a sparse tensor the sum of its row."""
    sizes = dense_shape[:-1]
    strides = cumprod(sizes, exclusive=True, reverse=True)
    rows = reduce_sum(mul_op.run(indices[:, :-1], strides), -1)
    total = find("UnsortedSegmentSum").run(values, rows, reduce_prod(sizes))
    return gather(total, rows)


def _log_slope(x: Any) -> Any:
    """log(x) / (1 - x), and -1 at 1."""
    away = to_tensor(1, hint=x.dtype) - x
    near = less(maximum(away, negative(away)), 1e-3)
    terms = to_tensor(0, hint=x.dtype)
    for k in range(6, 0, -1):
        terms = terms * away - 1 / k
    apart = where(near, ones_like(x), away)
    return where(near, terms, realdiv(log(x), apart))


def _log_slope_grad(x: Any) -> Any:
    """(1/x + log(x) / (1 - x)) / (1 - x), and 1/2 at 1."""
    away = to_tensor(1, hint=x.dtype) - x
    near = less(maximum(away, negative(away)), 0.02)
    terms = zeros_like(x)
    for k in range(9, 0, -1):
        terms = terms * away + k / (k + 1)
    apart = where(near, ones_like(x), away)
    plain = realdiv(realdiv(ones_like(x), x) + realdiv(log(x), apart), apart)
    return where(near, terms, plain)


def _padded_suppression(
    boxes: Any, scores: Any, most: Any, overlap: Any, least: Any
) -> tuple[Any, Any]:
    """The best boxes image by image, each list filled up with zeros."""
    *lead, count = scores.shape.as_list()
    if None in lead:
        raise NotImplementedError("the number of images is not known")
    images = math.prod(lead)
    flat, marks = reshape(boxes, [images, -1, 4]), reshape(scores, [images, -1])
    rows, counts = [], []
    for i in range(images):
        found = find("NonMaxSuppressionV3").run(flat[i], marks[i], most, overlap, least)
        valid = shape(found)[0]
        rows.append(pad(found, stack([stack([0, to_tensor(most) - valid])])))
        counts.append(valid)
    size = most if isinstance(most, int) else -1
    chosen = stack(rows) if rows else zeros([0, most], dtypes.int32)
    valid = stack(counts) if rows else zeros([0], dtypes.int32)
    return reshape(chosen, [*lead, size]), reshape(valid, lead)


def _ends(lengths: Any) -> Any:
    """Where rows begin and end, of their lengths."""
    return concat([zeros([1], lengths.dtype), cumsum(lengths)], 0)


def _cut_rows(numbers: Any, inner: Any, outer: Any, kind: str) -> tuple[Any, Any]:
    """`ops.parsing.partitions` in tensors: an example's numbers cut its values."""
    numbers, inner = cast(numbers, dtypes.int64), cast(inner, dtypes.int64)
    like, outer = outer.dtype, cast(outer, dtypes.int64)
    places = cast(sequence(shape(numbers)[0]), dtypes.int64)
    rows = [reshape(x, [1, -1]) for x in (inner, places)]
    example = reshape(upper_bound_op.run(*rows, out_type=dtypes.int64), [-1]) - 1
    within = numbers + gather(outer, example)
    ends = inner
    if kind == "row_lengths":
        cuts = _ends(numbers)
    elif kind == "value_rowids":
        count = shape(inner)[0] - 1
        most = find("UnsortedSegmentMax").run(numbers, example, count) + 1
        ends = _ends(maximum(most, zeros_like(most)))
        own = numbers + gather(ends, example)
        sizes = find("UnsortedSegmentSum").run(ones_like(own), own, ends[-1])
        cuts = _ends(sizes)
    elif kind == "row_starts":
        cuts = concat([within, outer[-1:]], 0)
    else:
        if kind == "row_splits":
            sizes = inner[1:] - inner[:-1] - 1
            ends = _ends(maximum(sizes, zeros_like(sizes)))
            later = not_equal(places, gather(inner, example))
            within = gather(within, where(later)[:, 0])
        cuts = concat([zeros([1], dtypes.int64), within], 0)
    return cast(cuts, like), cast(ends, like)


def _spread_filter(filter: Any, steps: list[int]) -> Any:
    """A depthwise filter with zeros between its taps."""
    tall, wide, *rest = static_dims(filter)
    down, across = steps
    apart = reshape(filter, [tall, 1, wide, 1, *rest])
    room = [[0, 0], [0, down - 1], [0, 0], [0, across - 1], [0, 0], [0, 0]]
    whole = reshape(pad(apart, room), [tall * down, wide * across, *rest])
    return whole[: (tall - 1) * down + 1, : (wide - 1) * across + 1]


def _steps(attrs: dict[str, Any]) -> list[int]:
    """How far taps are apart, and the attributes for a filter of zeros between."""
    dilations = list(attrs.get("dilations") or [1] * 4)
    attrs["dilations"] = (1, 1, 1, 1)
    at = 2 if attrs.get("data_format") == "NCHW" else 1
    return dilations[at : at + 2]


def _depthwise(x: Any, filter: Any, **attrs: Any) -> Any:
    spread = _spread_filter(filter, _steps(attrs))
    return find("DepthwiseConv2dNative").run(x, spread, **attrs)


def _depthwise_input(sizes: Any, filter: Any, g: Any, **attrs: Any) -> Any:
    """TensorFlow's op has no dilations on processors."""
    spread = _spread_filter(filter, _steps(attrs))
    return find("DepthwiseConv2dNativeBackpropInput").run(sizes, spread, g, **attrs)


def _depthwise_filter(x: Any, sizes: Any, g: Any, **attrs: Any) -> Any:
    down, across = _steps(attrs)
    tall, wide, *rest = sizes
    whole = ((tall - 1) * down + 1, (wide - 1) * across + 1, *rest)
    found = find("DepthwiseConv2dNativeBackpropFilter").run(x, whole, g, **attrs)
    return found[::down, ::across]


RULES |= {
    "DepthwiseConv2dNative": _depthwise,
    "DepthwiseConv2dNativeBackpropInput": _depthwise_input,
    "DepthwiseConv2dNativeBackpropFilter": _depthwise_filter,
    "RilletInvertRows": _inverted_rows,
    "RilletChannelSums": _channel_sums,
    "RilletSparseRowSums": _row_sums,
    "RilletLogSlope": _log_slope,
    "RilletLogSlopeGrad": _log_slope_grad,
    "RilletPaddedSuppression": _padded_suppression,
    "RilletCtcLoss": ctc_loss,
    "RilletPartitionRows": _cut_rows,
    "RilletMatrixExponential": matrix_exponential,
}
