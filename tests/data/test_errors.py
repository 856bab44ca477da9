"""What `tf.data` refuses: TensorFlow 2.21's class, and words that tell the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

Dataset = tf.data.Dataset
E = tf.errors


def used(dataset: Any) -> None:
    list(dataset)


def yielding(values: list[Any], **spec: Any) -> Any:
    signature = tf.TensorSpec(spec.get("shape", ()), spec.get("dtype", tf.int32))
    return Dataset.from_generator(lambda: iter(values), output_signature=signature)


ROWS: list[tuple[str, Callable[[], Any], type[Exception], str]] = [
    (
        "scalar slices",
        lambda: Dataset.from_tensor_slices(5),
        ValueError,
        "Unbatching a tensor is only supported for rank >= 1",
    ),
    (
        "lengths differ",
        lambda: Dataset.from_tensor_slices(([1, 2], [1, 2, 3])),
        ValueError,
        "Dimensions 2 and 3 are not compatible",
    ),
    (
        "batch of shapes",
        lambda: used(yielding([[1], [1, 2]], shape=[None]).batch(2)),
        E.InvalidArgumentError,
        r"in component 0: First element had shape \[1\] and element 1 had shape \[2\]",
    ),
    (
        "generator shape",
        lambda: used(yielding([[1], [1, 2]], shape=[1])),
        E.InvalidArgumentError,
        r"shape \(2,\) where an element of shape \(1,\) was expected",
    ),
    (
        "generator type",
        lambda: used(yielding(["a"])),
        E.InvalidArgumentError,
        "The expected type was int32, but the yielded element was 'a'",
    ),
    (
        "generator call",
        lambda: Dataset.from_generator(iter([1]), tf.int32),
        TypeError,
        "must be a Python callable",
    ),
    (
        "generator signature",
        lambda: Dataset.from_generator(lambda: iter([1])),
        TypeError,
        "Either `output_signature` or `output_types`",
    ),
    (
        "predicate",
        lambda: Dataset.range(3).filter(lambda x: x),
        ValueError,
        "must return a `tf.bool` scalar",
    ),
    ("no dataset", lambda: Dataset.range(3).flat_map(lambda x: x), TypeError, "return"),
    ("no function", lambda: Dataset.range(3).map(3), ValueError, "must be a callable"),
    (
        "no tensor",
        lambda: Dataset.range(3).map(lambda x: object()),
        TypeError,
        r"Unsupported return value from function passed to Dataset.map\(\)",
    ),
    ("zip", lambda: Dataset.zip(Dataset.range(1), 3), TypeError, "<class 'int'>"),
    (
        "concatenate",
        lambda: Dataset.range(3).concatenate(Dataset.from_tensors(1.0)),
        TypeError,
        "Incompatible dataset elements",
    ),
    (
        "batch size",
        lambda: Dataset.range(3).batch(0),
        E.InvalidArgumentError,
        "Batch size must be greater than zero",
    ),
    (
        "batch size type",
        lambda: Dataset.range(3).batch(2.5),
        TypeError,
        "`batch_size` must be an integer",
    ),
    (
        "buffer",
        lambda: Dataset.range(3).shuffle(0),
        E.InvalidArgumentError,
        "buffer_size must be greater than zero",
    ),
    (
        "window",
        lambda: Dataset.range(3).window(0),
        E.InvalidArgumentError,
        "Window size must be greater than zero",
    ),
    (
        "shard",
        lambda: Dataset.range(3).shard(2, 2),
        E.InvalidArgumentError,
        "Index must be between 0 and 1",
    ),
    (
        "unbatch",
        lambda: Dataset.range(3).unbatch(),
        ValueError,
        "Cannot unbatch an input with scalar components",
    ),
    (
        "padded shape",
        lambda: Dataset.range(3).padded_batch(2, padded_shapes=[3]),
        ValueError,
        r"The padded shape \(3,\) is not compatible with the shape \(\)",
    ),
    (
        "padded too long",
        lambda: used(
            Dataset.range(3).map(lambda x: tf.fill([x], x)).padded_batch(2, [1])
        ),
        E.DataLossError,
        "pad to a smaller size than the input element",
    ),
    (
        "padding type",
        lambda: Dataset.from_tensors([1]).padded_batch(2, padding_values=0.5),
        TypeError,
        "does not match type",
    ),
    (
        "single of many",
        lambda: Dataset.range(3).get_single_element(),
        E.InvalidArgumentError,
        "Dataset had more than one element",
    ),
    (
        "single of none",
        lambda: Dataset.range(0).get_single_element(),
        E.InvalidArgumentError,
        "Dataset was empty",
    ),
    (
        "list_files",
        lambda: Dataset.list_files("nowhere/*.x"),
        E.InvalidArgumentError,
        "No files matched pattern",
    ),
    (
        "text",
        lambda: used(tf.data.TextLineDataset("nowhere.txt")),
        E.NotFoundError,
        "nowhere.txt; No such file or directory",
    ),
    (
        "records",
        lambda: used(tf.data.TFRecordDataset(__file__)),
        E.DataLossError,
        r"corrupted record at 0 \(Is this even a TFRecord file\?\)",
    ),
    (
        "compression",
        lambda: tf.data.TFRecordDataset("x", compression_type="zip"),
        E.InvalidArgumentError,
        "Unsupported compression_type",
    ),
    (
        "cardinality",
        lambda: used(
            Dataset.range(3).apply(tf.data.experimental.assert_cardinality(4))
        ),
        E.FailedPreconditionError,
        "expected to contain 4 elements but contained only 3",
    ),
    ("apply", lambda: Dataset.range(3).apply(lambda d: 3), TypeError, "must return"),
    (
        "scan",
        lambda: Dataset.range(3).scan(0, lambda s, x: x),
        TypeError,
        "should return a pair",
    ),
    (
        "state type",
        lambda: Dataset.range(3).reduce(np.int64(0), lambda s, x: 1.5),
        TypeError,
        "The element types for the new state must match the initial state",
    ),
    (
        "step",
        lambda: Dataset.range(1, 10, 0),
        E.InvalidArgumentError,
        "step must be a non-zero integer",
    ),
    ("range", lambda: Dataset.range(), ValueError, "between 1 and 3"),
    ("range of floats", lambda: Dataset.range(2.5), TypeError, "integer"),
    (
        "no datasets",
        lambda: Dataset.sample_from_datasets([]),
        ValueError,
        "should not be empty",
    ),
    (
        "weights",
        lambda: Dataset.sample_from_datasets([Dataset.range(2)] * 2, weights=[1.0]),
        ValueError,
        r"`len\(weights\)=1` vs. `len\(datasets\)=2`",
    ),
    (
        "choices",
        lambda: Dataset.choose_from_datasets(
            [Dataset.range(2)], Dataset.from_tensors(1.0)
        ),
        TypeError,
        "must be scalar `tf.int64` tensors",
    ),
    (
        "choice",
        lambda: used(
            Dataset.choose_from_datasets(
                [Dataset.range(2)] * 2, Dataset.from_tensors(np.int64(5))
            )
        ),
        E.InvalidArgumentError,
        "Selector index out of range: 5 >= 2",
    ),
    (
        "cycle",
        lambda: Dataset.range(3).interleave(lambda x: Dataset.range(2), cycle_length=0),
        E.InvalidArgumentError,
        "cycle_length must be greater than zero",
    ),
    (
        "key",
        lambda: Dataset.range(3).group_by_window(
            lambda x: 1.0, lambda k, d: d, window_size=2
        ),
        ValueError,
        "`key_func` must return a single `tf.int64` scalar",
    ),
    (
        "sizes",
        lambda: Dataset.range(3).group_by_window(lambda x: x, lambda k, d: d),
        ValueError,
        "Exactly one of",
    ),
    (
        "buckets",
        lambda: Dataset.range(3).bucket_by_sequence_length(lambda x: 1, [2], [3]),
        ValueError,
        r"must equal `len\(bucket_boundaries\) \+ 1`",
    ),
    ("abstract", lambda: Dataset(3), TypeError, "Can't instantiate abstract class"),
]


@pytest.mark.parametrize("name, call, kind, words", ROWS, ids=[r[0] for r in ROWS])
def test_refusal(
    name: str, call: Callable[[], Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        call()
