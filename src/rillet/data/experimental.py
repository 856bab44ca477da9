"""`tf.data.experimental`: older names of dataset methods, and what has no other place.

The functions without a dataset among their arguments give one that `Dataset.apply`
takes.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import int64 as _int64
from rillet.data import AUTOTUNE as AUTOTUNE
from rillet.data import INFINITE_CARDINALITY as INFINITE_CARDINALITY
from rillet.data import UNKNOWN_CARDINALITY as UNKNOWN_CARDINALITY
from rillet.data.dataset import Dataset as _Dataset
from rillet.data.example_files import (
    make_batched_features_dataset as make_batched_features_dataset,
)
from rillet.data.example_files import parse_example_dataset as parse_example_dataset
from rillet.data.guarding import AssertCardinalityPlan as _AssertCardinalityPlan
from rillet.data.guarding import PaddedToPlan as _PaddedToPlan
from rillet.data.iterators import Optional as Optional
from rillet.data.iterators import get_next_as_optional as get_next_as_optional
from rillet.data.options import AutoShardPolicy as AutoShardPolicy
from rillet.data.options import AutotuneAlgorithm as AutotuneAlgorithm
from rillet.data.options import AutotuneOptions as AutotuneOptions
from rillet.data.options import DistributeOptions as DistributeOptions
from rillet.data.options import ExternalStatePolicy as ExternalStatePolicy
from rillet.data.options import OptimizationOptions as OptimizationOptions
from rillet.data.options import ServiceOptions as ServiceOptions
from rillet.data.options import ThreadingOptions as ThreadingOptions
from rillet.data.reducers import Reducer as Reducer
from rillet.data.reducers import group_by_reducer as group_by_reducer
from rillet.data.sql import SqlDataset as SqlDataset
from rillet.data.tables import CsvDataset as CsvDataset
from rillet.data.tables import make_csv_dataset as make_csv_dataset
from rillet.data.tfrecord import RecordFile as _RecordFile
from rillet.data.tracing import enable_debug_mode as enable_debug_mode

SHARD_HINT = -1


def Counter(start: Any = 0, step: Any = 1, dtype: Any = _int64) -> Any:
    """The older name of `Dataset.counter`."""
    return _Dataset.counter(start, step, dtype)


def RandomDataset(
    seed: Any = None,
    rerandomize_each_iteration: bool | None = None,
    name: str | None = None,
) -> Any:
    """The older name of `Dataset.random`."""
    return _Dataset.random(seed, rerandomize_each_iteration)


def assert_cardinality(expected_cardinality: Any) -> Any:
    """Promise a dataset's length; an error says so while it runs if it is another.

    Args:
        expected_cardinality: the number of elements.

    Returns:
        A function for `Dataset.apply`.

    Example:
        >>> import rillet as tf
        >>> promise = tf.data.experimental.assert_cardinality(2)
        >>> dataset = tf.data.Dataset.range(4).filter(lambda x: x > 1).apply(promise)
        >>> len(dataset)
        2
    """
    count = int(expected_cardinality)
    return lambda dataset: _Dataset(_AssertCardinalityPlan(dataset._plan, count))


def at(dataset: Any, index: Any) -> Any:
    """The element with a number.

    Args:
        dataset: a dataset of known length.
        index: the number, from 0.

    Raises:
        OutOfRangeError: where there is no such element.
    """
    from rillet.core.errors import OutOfRangeError, house_message

    number, count = int(index), int(dataset.cardinality())
    if number < 0 or 0 <= count <= number:
        raise OutOfRangeError(
            house_message(
                "experimental.at",
                "the index is out of bounds",
                f"index {number} in a dataset of {count} elements",
            )
        )
    return dataset.skip(number).take(1).get_single_element()


def bucket_by_sequence_length(*args: Any, **kwargs: Any) -> Any:
    """The older form of `Dataset.bucket_by_sequence_length`."""
    return lambda dataset: dataset.bucket_by_sequence_length(*args, **kwargs)


def dense_to_ragged_batch(
    batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = _int64
) -> Any:
    """The older form of `Dataset.ragged_batch`."""
    return lambda dataset: dataset.ragged_batch(
        batch_size, drop_remainder, row_splits_dtype
    )


def cardinality(dataset: Any) -> Any:
    """The number of elements of a dataset; see `Dataset.cardinality`."""
    return dataset.cardinality()


def choose_from_datasets(
    datasets: Any, choice_dataset: Any, stop_on_empty_dataset: bool = False
) -> Any:
    """The older form of `Dataset.choose_from_datasets`."""
    made = _Dataset.choose_from_datasets
    return made(datasets, choice_dataset, stop_on_empty_dataset)


def copy_to_device(target_device: Any, source_device: Any = "/cpu:0") -> Any:
    """Nothing to do: there is one device."""
    return lambda dataset: dataset


def prefetch_to_device(device: Any, buffer_size: Any = None) -> Any:
    """The form of `Dataset.prefetch` that names a device."""
    return lambda dataset: dataset.prefetch(-1 if buffer_size is None else buffer_size)


def enumerate_dataset(start: Any = 0) -> Any:
    """The older form of `Dataset.enumerate`."""
    return lambda dataset: dataset.enumerate(start)


def from_list(elements: Any, name: str | None = None) -> Any:
    """A dataset of the elements of a list, each a nest of one form.

    Example:
        >>> import rillet as tf
        >>> dataset = tf.data.experimental.from_list([(1, "a"), (2, "b")])
        >>> [(int(n), t.numpy().decode()) for n, t in dataset]
        [(1, 'a'), (2, 'b')]
    """
    from rillet.core.errors import house_message
    from rillet.data.sources import ListPlan
    from rillet.data.structure import as_leaves, flatten, leaf_of, map_nest, spec_of

    packed = [as_leaves(x) for x in elements]
    if not packed:
        raise ValueError(house_message("from_list", "`elements` should not be empty"))
    spec = map_nest(spec_of, packed[0])
    held = [tuple([leaf_of(x) for x in flatten(one)]) for one in packed]
    return _Dataset(ListPlan(spec, held))


def get_single_element(dataset: Any) -> Any:
    """The older form of `Dataset.get_single_element`."""
    return dataset.get_single_element()


def get_structure(dataset_or_iterator: Any) -> Any:
    """The specs of the elements of a dataset or an iterator."""
    return dataset_or_iterator.element_spec


def group_by_window(
    key_func: Any,
    reduce_func: Any,
    window_size: Any = None,
    window_size_func: Any = None,
) -> Any:
    """The older form of `Dataset.group_by_window`."""
    return lambda dataset: dataset.group_by_window(
        key_func, reduce_func, window_size, window_size_func
    )


def ignore_errors(log_warning: bool = False) -> Any:
    """The older form of `Dataset.ignore_errors`."""
    return lambda dataset: dataset.ignore_errors(log_warning)


def map_and_batch(
    map_func: Any,
    batch_size: Any,
    num_parallel_batches: Any = None,
    drop_remainder: bool = False,
    num_parallel_calls: Any = None,
) -> Any:
    """`Dataset.map`, then `Dataset.batch`."""
    return lambda dataset: dataset.map(map_func, num_parallel_calls).batch(
        batch_size, drop_remainder
    )


def pad_to_cardinality(cardinality: int, mask_key: str = "valid") -> Any:
    """Fill up a dataset of dictionaries with zeros to a number of elements.

    Args:
        cardinality: the number.
        mask_key: the key of a boolean that says whether an element is one of its own.
    """
    return lambda dataset: _Dataset(_PaddedToPlan(dataset._plan, cardinality, mask_key))


def parallel_interleave(
    map_func: Any,
    cycle_length: Any,
    block_length: Any = 1,
    sloppy: Any = False,
    buffer_output_elements: Any = None,
    prefetch_input_elements: Any = None,
) -> Any:
    """The older form of `Dataset.interleave`."""
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length, -1)


def rejection_resample(
    class_func: Any, target_dist: Any, initial_dist: Any = None, seed: Any = None
) -> Any:
    """The older form of `Dataset.rejection_resample`."""
    return lambda dataset: dataset.rejection_resample(
        class_func, target_dist, initial_dist, seed
    )


def sample_from_datasets(
    datasets: Any,
    weights: Any = None,
    seed: Any = None,
    stop_on_empty_dataset: bool = False,
) -> Any:
    """The older form of `Dataset.sample_from_datasets`."""
    return _Dataset.sample_from_datasets(datasets, weights, seed, stop_on_empty_dataset)


def save(
    dataset: Any,
    path: Any,
    compression: str | None = None,
    shard_func: Any = None,
    checkpoint_args: Any = None,
) -> None:
    """The older form of `Dataset.save`."""
    dataset.save(path, compression, shard_func)


def load(
    path: Any,
    element_spec: Any = None,
    compression: str | None = None,
    reader_func: Any = None,
) -> Any:
    """The older form of `Dataset.load`."""
    return _Dataset.load(path, element_spec, compression, reader_func)


def scan(initial_state: Any, scan_func: Any) -> Any:
    """The older form of `Dataset.scan`."""
    return lambda dataset: dataset.scan(initial_state, scan_func)


def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Any:
    """`Dataset.shuffle`, then `Dataset.repeat`."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def snapshot(
    path: Any,
    compression: str | None = "AUTO",
    reader_func: Any = None,
    shard_func: Any = None,
) -> Any:
    """The older form of `Dataset.snapshot`."""
    return lambda dataset: dataset.snapshot(path, compression, reader_func, shard_func)


def take_while(predicate: Any) -> Any:
    """The older form of `Dataset.take_while`."""
    return lambda dataset: dataset.take_while(predicate)


def unbatch() -> Any:
    """The older form of `Dataset.unbatch`."""
    return lambda dataset: dataset.unbatch()


def unique() -> Any:
    """The older form of `Dataset.unique`."""
    return lambda dataset: dataset.unique()


class TFRecordWriter:
    """Writes the strings of a dataset to a TFRecord file.

    Args:
        filename: the file.
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``.
    """

    def __init__(self, filename: Any, compression_type: str | None = None) -> None:
        from rillet.data.paths import text_of

        self._path = text_of(filename)
        self._compression = compression_type

    def write(self, dataset: Any) -> None:
        """Write all elements of a dataset of scalar strings."""
        with _RecordFile(self._path, self._compression) as file:
            for record in dataset.as_numpy_iterator():
                file.write(record)
