"""Files of examples: `make_batched_features_dataset` and `parse_example_dataset`.

In: TFRecord files of `tf.train.Example` messages. Out: datasets of dictionaries of
tensors, parsed a batch at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.errors import house_message
from rillet.data.dataset import Dataset
from rillet.data.files import TFRecordDataset
from rillet.data.paths import matching
from rillet.ops.parsing.examples import parse_example


def parse_example_dataset(
    features: Any, num_parallel_calls: Any = 1, deterministic: bool | None = None
) -> Callable[[Any], Any]:
    """A function for `Dataset.apply` that parses batches of serialized examples.

    Args:
        features: as for `tf.io.parse_example`.
        num_parallel_calls: how many batches to parse at a time.
        deterministic: whether batches keep their order.

    Returns:
        A function of a dataset of strings ``(batch,)``.

    Raises:
        ValueError: where `features` is empty.
    """
    if features is None:
        raise ValueError(
            house_message("parse_example_dataset", "Argument `features` is required")
        )

    def apply(dataset: Any) -> Any:
        return dataset.map(
            lambda records: parse_example(records, features),
            num_parallel_calls=num_parallel_calls,
            deterministic=deterministic,
        )

    return apply


def make_batched_features_dataset(
    file_pattern: Any,
    batch_size: int,
    features: Any,
    reader: Any = None,
    label_key: str | None = None,
    reader_args: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    reader_num_threads: int | None = None,
    parser_num_threads: int | None = None,
    sloppy_ordering: bool = False,
    drop_final_batch: bool = False,
) -> Any:
    """Batches of parsed examples from files.

    Args:
        file_pattern: a name with wildcards, or a list of them.
        batch_size: how many examples a batch has.
        features: as for `tf.io.parse_example`.
        reader: a class of datasets of strings; `tf.data.TFRecordDataset` where None.
        label_key: a feature that comes apart from the others.
        reader_args: further arguments for the reader.
        num_epochs: how often to go through; without an end where None.
        shuffle: whether files and examples come in random order.
        shuffle_buffer_size: the size of the buffer for that.
        shuffle_seed: for the shuffling.
        prefetch_buffer_size: batches to keep ready; as many as fit where None.
        reader_num_threads: how many files to read at a time.
        parser_num_threads: how many batches to parse at a time.
        sloppy_ordering: whether batches may overtake each other.
        drop_final_batch: whether a last, smaller batch is left out.

    Returns:
        A `Dataset` of dictionaries of tensors, or of pairs of such a dictionary and the
        label.

    Raises:
        ValueError: where no file matches, or the label is none of the features.
        TypeError: where `reader` is no class of datasets.
    """
    owner = "make_batched_features_dataset"
    paths = matching(file_pattern)
    if not paths:
        raise ValueError(
            house_message(owner, "No files match `file_pattern`", f"{file_pattern}")
        )
    if label_key is not None and label_key not in features:
        raise ValueError(
            house_message(
                owner,
                "The `label_key` provided must be one of the `features` keys",
                f"{label_key!r} is not in {sorted(features)}",
            )
        )
    kind = TFRecordDataset if reader is None else reader
    if not callable(kind):
        raise TypeError(
            house_message(owner, "`reader` is a class of datasets", f"got {reader!r}")
        )
    args = () if reader_args is None else tuple(reader_args)
    files: Any = Dataset.from_tensor_slices(paths)
    if shuffle:
        files = files.shuffle(len(paths), shuffle_seed)
    threads = reader_num_threads or 1
    records = files.interleave(
        lambda name: kind(name, *args), cycle_length=threads, block_length=1
    )
    if shuffle:
        records = records.shuffle(shuffle_buffer_size, shuffle_seed)
    if num_epochs != 1:
        records = records.repeat(num_epochs)
    whole = drop_final_batch or num_epochs is None
    batches = records.batch(batch_size, drop_remainder=whole)
    parsed = batches.apply(
        parse_example_dataset(features, parser_num_threads or 1, not sloppy_ordering)
    )
    if label_key is not None:
        parsed = parsed.map(lambda found: _apart(found, label_key))
    return parsed.prefetch(-1 if prefetch_buffer_size is None else prefetch_buffer_size)


def _apart(found: Any, label: str) -> tuple[Any, Any]:
    """The features without the label, and the label."""
    rest = {key: value for key, value in found.items() if key != label}
    return rest, found[label]
