"""Batches of elements of about one length, for sequence models.

`Dataset.bucket_by_sequence_length` calls it: elements are grouped by the bucket that
their length falls in, each group padded and batched.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64
from rillet.core.errors import house_message
from rillet.data.padding import padded_plan
from rillet.data.structure import made
from rillet.ops.casting import cast
from rillet.ops.checks import Assert
from rillet.ops.compare import less, less_equal
from rillet.ops.gather import gather
from rillet.ops.shaping import reduce_sum

_OWNER = "Dataset.bucket_by_sequence_length"


def bucketed(
    dataset: Any,
    length_of: Any,
    boundaries: list[int],
    sizes: list[int],
    padding: tuple[Any, Any],
    flags: tuple[bool, bool, bool],
) -> Any:
    """The dataset of `Dataset.bucket_by_sequence_length`.

    Args:
        dataset: the dataset.
        length_of: takes an element, gives its length.
        boundaries: upper bounds of lengths.
        sizes: elements a batch.
        padding: shapes and values for `padded_batch`.
        flags: pad to the boundary, no padding, drop the remainder.
    """
    if len(sizes) != len(boundaries) + 1:
        raise ValueError(
            house_message(
                _OWNER,
                "`len(bucket_batch_sizes)` must equal `len(bucket_boundaries) + 1`",
                f"they are {len(sizes)} and {len(boundaries)}",
            )
        )
    to_boundary, no_padding, drop = flags
    edges = to_tensor(np.array(boundaries, np.int32))
    table = to_tensor(np.array(sizes, np.int64))

    def key(*element: Any) -> Any:
        length = cast(length_of(*element), "int32")
        return reduce_sum(cast(less_equal(edges, length), int64))

    def size_of(bucket: Any) -> Any:
        return gather(table, bucket)

    def batched(bucket: Any, group: Any) -> Any:
        size = size_of(bucket)
        if no_padding:
            return group.batch(size, drop_remainder=drop)
        shapes, values = padding
        longest = None
        if to_boundary:
            what = "When pad_to_bucket_boundary=True, elements must have length <"
            last = np.int64(len(boundaries))
            Assert(less(bucket, last), [f"{what} max(bucket_boundaries)."])
            longest = gather(edges, bucket) - 1
        plan = padded_plan(group._plan, size, shapes, values, drop, longest)
        return made(plan)

    return dataset.group_by_window(key, batched, window_size_func=size_of)
