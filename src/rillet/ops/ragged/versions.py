"""What ops do with ragged tensors, entered for dispatch (`core.composite`).

Loaded when an op first gets a ragged tensor. Elementwise records need no row:
`elementwise.apply` knows them by how they infer shapes.
"""

from __future__ import annotations

from typing import Any

from rillet.core.composite import register
from rillet.core.convert import to_tensor
from rillet.core.dtypes import float32
from rillet.ops import (
    arithmetic,
    array,
    clip,
    dropout,
    embedding,
    filling,
    functional,
    gather_nd,
    mask,
    sigmoid_losses,
    softmax,
    splits,
    statistics,
    string_pieces,
    tiling,
)
from rillet.ops import shaping as shaping_ops
from rillet.ops.casting import cast
from rillet.ops.elementwise import maximum, minimum
from rillet.ops.mask import where
from rillet.ops.ragged import (
    dynamic_shape,
    gathering,
    joining,
    mapping,
    masking,
    networks,
    ranges,
    reductions,
    shaping,
    strings,
)
from rillet.ops.ragged.alignment import aligned
from rillet.ops.ragged.rows import RaggedRows
from rillet.ops.ragged.tensor import RaggedTensor
from rillet.ops.segment import (
    unsorted_segment_max,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sum,
)
from rillet.ops.shaping import reshape


def _where(
    condition: Any, x: Any = None, y: Any = None, name: str | None = None
) -> Any:
    if x is None and y is None:
        return masking.true_places(condition)
    return NotImplemented


def _clip(
    t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None
) -> Any:
    return maximum(minimum(t, clip_value_max), clip_value_min)


def _add_n(inputs: Any, name: str | None = None) -> Any:
    rebuilt, flats = aligned("add_n", list(inputs))
    return rebuilt(arithmetic.add_n(flats))


def _of_shape(function: Any) -> Any:
    def filled(input: Any, dtype: Any = None, name: str | None = None) -> Any:
        return input._with_flat(function(input.flat_values, dtype))

    return filled


def _gathered(params: Any, indices: Any, axis: Any, batch_dims: int = 0) -> Any:
    return gathering.gather(params, indices, axis=axis, batch_dims=batch_dims)


def _one_hot(indices: Any, depth: Any, on: Any, off: Any, axis: int = -1) -> Any:
    return gathering.one_hot(indices, depth, on, off, axis, on.dtype)


def _reshaped(x: Any, shape: Any) -> Any:
    if not isinstance(x, RaggedRows):
        return NotImplemented
    return reshape(x.flat_values, shape)


def _matmul(
    a: Any,
    b: Any,
    transpose_a: bool,
    transpose_b: bool,
    adjoint_a: bool,
    adjoint_b: bool,
    output_type: Any,
) -> Any:
    return networks.matmul(
        a,
        b,
        transpose_a,
        transpose_b,
        adjoint_a,
        adjoint_b,
        output_type=output_type,
    )


def _cumsum(x: Any, axis: Any, exclusive: bool = False, reverse: bool = False) -> Any:
    return reductions.running_sum(x, axis, exclusive, reverse)


def _segments(reduce: Any) -> Any:
    def handler(data: Any, segment_ids: Any, num_segments: Any) -> Any:
        return reductions.by_segments(reduce, data, segment_ids, num_segments)

    return handler


def _parted(data: Any, partitions: Any, num_partitions: Any) -> Any:
    rows = ranges.stack_dynamic_partitions(data, partitions, num_partitions)
    return [rows[i] for i in range(int(num_partitions))]


def _full(dims: Any, value: Any, name: str | None = None) -> Any:
    return dims._filled(to_tensor(value))


def _constant(number: int) -> Any:
    def made(shape: Any, dtype: Any = float32, name: str | None = None) -> Any:
        return shape._filled(filling.fill([], cast(number, dtype)))

    return made


def _spread(input: Any, shape: Any, name: str | None = None) -> Any:
    return where(shape._filled(to_tensor(True)), input, input)


def _sigmoid_loss(labels: Any = None, logits: Any = None, name: Any = None) -> Any:
    rebuilt, flats = aligned("sigmoid_cross_entropy_with_logits", [labels, logits])
    return rebuilt(sigmoid_losses.sigmoid_cross_entropy_with_logits(*flats))


def _repeated(input: Any, repeats: Any, axis: Any = None, name: Any = None) -> Any:
    if axis is not None or not isinstance(input, RaggedRows):
        return NotImplemented
    return tiling.repeat(input.flat_values, repeats)


_RECORDS: dict[str, Any] = {
    "All": reductions.reduce_all_version,
    "Any": reductions.reduce_any_version,
    "Cumsum": _cumsum,
    "DynamicPartition": _parted,
    "ConcatV2": joining.concat_rows,
    "ExpandDims": shaping.expand_dims,
    "GatherNd": gathering.gather_nd,
    "GatherV2": _gathered,
    "MatMul": _matmul,
    "Max": reductions.reduce_max_version,
    "Mean": reductions.mean,
    "Min": reductions.reduce_min_version,
    "OneHot": _one_hot,
    "Pack": joining.stack_rows,
    "Prod": reductions.reduce_prod_version,
    "Rank": shaping.rank,
    "ReduceJoin": strings.reduce_join,
    "Reshape": _reshaped,
    "ReverseV2": shaping.reverse,
    "Shape": dynamic_shape.sizes,
    "Size": shaping.size,
    "Squeeze": shaping.squeeze,
    "Sum": reductions.reduce_sum_version,
    "Tile": shaping.tile,
    "UnsortedSegmentMax": _segments(unsorted_segment_max),
    "UnsortedSegmentMin": _segments(unsorted_segment_min),
    "UnsortedSegmentProd": _segments(unsorted_segment_prod),
    "UnsortedSegmentSum": _segments(unsorted_segment_sum),
    "Where": masking.true_places,
}
_FUNCTIONS: tuple[tuple[Any, Any], ...] = (
    (arithmetic.add_n, _add_n),
    (array.concat, joining.concat_rows),
    (array.stack, joining.stack_rows),
    (clip.clip_by_value, _clip),
    (dropout.dropout, networks.dropout),
    (dropout.stateless_dropout, networks.stateless_dropout),
    (embedding.embedding_lookup, gathering.embedding_lookup),
    (filling.ones_like, _of_shape(filling.ones_like)),
    (filling.zeros_like, _of_shape(filling.zeros_like)),
    (filling.fill, _full),
    (filling.ones, _constant(1)),
    (filling.zeros, _constant(0)),
    (functional.map_fn, mapping.map_fn),
    (gather_nd.gather_nd, gathering.gather_nd),
    (mask.where, _where),
    (softmax.log_softmax, networks.log_softmax),
    (shaping_ops.broadcast_to, _spread),
    (sigmoid_losses.sigmoid_cross_entropy_with_logits, _sigmoid_loss),
    (softmax.softmax, networks.softmax),
    (splits.split, shaping.split),
    (statistics.reduce_logsumexp, reductions.log_sum_exp),
    (statistics.reduce_std, reductions.deviation),
    (statistics.reduce_variance, reductions.variance),
    (tiling.repeat, _repeated),
    (string_pieces.ngrams, strings.ngrams),
)

for _name, _handler in _RECORDS.items():
    register(RaggedTensor, _name, _handler)
for _function, _handler in _FUNCTIONS:
    register(RaggedTensor, _function, _handler)
