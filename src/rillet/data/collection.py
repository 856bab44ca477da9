"""The methods of `Dataset` that put elements together or take them apart."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, int64
from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec
from rillet.data.base import Base
from rillet.data.buckets import bucketed
from rillet.data.grouping import (
    BatchPlan,
    RaggedBatchPlan,
    RebatchPlan,
    UnbatchPlan,
)
from rillet.data.padding import padded_plan
from rillet.data.plan import integer
from rillet.data.resampling import resampled
from rillet.data.storage import saved, snapshotted
from rillet.data.structure import DatasetSpec, made
from rillet.data.tracing import DataFunction
from rillet.data.windows import GroupPlan, WindowPlan


class Collection(Base):
    """The part of `Dataset` that puts elements together or takes them apart."""

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Any:
        """Stack elements, so many at a time.

        Args:
            batch_size: how many.
            drop_remainder: whether to leave out a smaller last batch.
            num_parallel_calls: accepted.
            deterministic: accepted.
            name: accepted.

        Returns:
            A `Dataset` whose tensors have one more axis, the first.

        Raises:
            InvalidArgumentError: where `batch_size` is not positive; while it runs,
                where elements have different shapes.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(5).batch(2)
            >>> [x.numpy().tolist() for x in dataset]
            [[0, 1], [2, 3], [4]]
        """
        size = integer("Dataset.batch", "batch_size", batch_size)
        return made(BatchPlan(self._plan, size, bool(drop_remainder)))

    def ragged_batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        row_splits_dtype: Any = int64,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Any:
        """Join elements of different sizes into ragged tensors, so many at a time.

        Args:
            batch_size: how many.
            drop_remainder: whether to leave out a smaller last batch.
            row_splits_dtype: int32 or int64.
            num_parallel_calls: accepted.
            deterministic: accepted.
            name: accepted.

        Returns:
            A `Dataset` with `tf.RaggedTensor`s in the place of tensors whose sizes are
            not all known; the others are stacked.

        Raises:
            InvalidArgumentError: where `batch_size` is not positive.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(4).map(tf.range).ragged_batch(2)
            >>> [x.to_list() for x in dataset]
            [[[], [0]], [[0, 1], [0, 1, 2]]]
        """
        size = integer("Dataset.ragged_batch", "batch_size", batch_size)
        splits = as_dtype(row_splits_dtype)
        return made(RaggedBatchPlan(self._plan, size, bool(drop_remainder), splits))

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Any:
        """Pad elements to one shape and stack them.

        Args:
            batch_size: how many.
            padded_shapes: a nest of shapes to pad to; None or -1 for the longest of
                the batch, as everywhere where it is left out.
            padding_values: a nest of scalars to pad with; 0 and empty strings where
                None. One value stands for all components.
            drop_remainder: whether to leave out a smaller last batch.
            name: accepted.

        Returns:
            A `Dataset` whose tensors have one more axis, the first.

        Raises:
            ValueError: where shapes do not fit the elements.
            DataLossError: while it runs, where an element is longer than its shape.

        Example:
            >>> import rillet as tf
            >>> rows = tf.data.Dataset.range(1, 4).map(lambda n: tf.fill([n], n))
            >>> [x.numpy().tolist() for x in rows.padded_batch(2)]
            [[[1, 0], [2, 2]], [[3, 3, 3]]]
        """
        return made(
            padded_plan(
                self._plan, batch_size, padded_shapes, padding_values, drop_remainder
            )
        )

    def rebatch(
        self, batch_size: Any, drop_remainder: bool = False, name: str | None = None
    ) -> Any:
        """Put the rows of batches together anew.

        Args:
            batch_size: rows a batch, or a list of sizes that come again and again.
            drop_remainder: whether to leave out a smaller last batch.
            name: accepted.

        Returns:
            A `Dataset` of batches.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(6).batch(4).rebatch(3)
            >>> [x.numpy().tolist() for x in dataset]
            [[0, 1, 2], [3, 4, 5]]
        """
        sizes = to_tensor(batch_size)._array.reshape(-1).tolist()
        return made(RebatchPlan(self._plan, sizes, bool(drop_remainder)))

    def unbatch(self, name: str | None = None) -> Any:
        """Give the rows of each element.

        Args:
            name: accepted.

        Returns:
            A `Dataset` whose tensors have no first axis any more.

        Raises:
            ValueError: where a component is a scalar.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(3).batch(2).unbatch()
            >>> [int(x) for x in dataset]
            [0, 1, 2]
        """
        return made(UnbatchPlan(self._plan))

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Any:
        """Give datasets of neighbouring elements.

        Args:
            size: elements a window.
            shift: from the beginning of one to the next; `size` where None.
            stride: from element to element within a window.
            drop_remainder: whether to leave out smaller windows at the end.
            name: accepted.

        Returns:
            A `Dataset` of datasets, one for each component.

        Raises:
            InvalidArgumentError: where a number is not positive.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(5).window(3, shift=1,
            ...                                           drop_remainder=True)
            >>> [x.numpy().tolist() for x in dataset.flat_map(lambda w: w.batch(3))]
            [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        """
        owner = "Dataset.window"
        sizes = (
            integer(owner, "size", size),
            integer(owner, "shift", size if shift is None else shift),
            integer(owner, "stride", stride),
        )
        return made(WindowPlan(self._plan, sizes, bool(drop_remainder)))

    def group_by_window(
        self,
        key_func: Any,
        reduce_func: Any,
        window_size: Any = None,
        window_size_func: Any = None,
        name: str | None = None,
    ) -> Any:
        """Gather elements by a key, and turn each full group into a dataset.

        Args:
            key_func: takes an element, gives a scalar int64; traced once.
            reduce_func: ``(key, dataset) -> dataset``; traced once.
            window_size: elements a group.
            window_size_func: takes a key, gives the size of its groups, instead.
            name: accepted.

        Returns:
            A `Dataset` of the elements of those datasets.

        Raises:
            ValueError: where neither or both sizes are given, or a key is no int64.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(6).group_by_window(
            ...     lambda x: x % 2, lambda key, group: group.batch(3), window_size=3)
            >>> [x.numpy().tolist() for x in dataset]
            [[0, 2, 4], [1, 3, 5]]
        """
        owner = "Dataset.group_by_window"
        if (window_size is None) == (window_size_func is None):
            raise ValueError(
                house_message(
                    owner,
                    "Exactly one of the `window_size` and `window_size_func` arguments"
                    " must be provided",
                    f"got {window_size!r} and {window_size_func!r}",
                )
            )
        one = TensorSpec((), int64)
        key = DataFunction(key_func, (self.element_spec,), owner)
        if window_size_func is None:
            fixed = to_tensor(window_size, int64)
            window_size_func = lambda key: fixed  # noqa: E731
        size = DataFunction(window_size_func, (one,), owner)
        specs = (one, DatasetSpec(self.element_spec))
        reduce = DataFunction(reduce_func, specs, owner)
        return made(GroupPlan(self._plan, key, reduce, size))

    def bucket_by_sequence_length(
        self,
        element_length_func: Any,
        bucket_boundaries: Any,
        bucket_batch_sizes: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        pad_to_bucket_boundary: bool = False,
        no_padding: bool = False,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Any:
        """Batch elements with others of about their length.

        Args:
            element_length_func: takes an element, gives its length, an int32 scalar.
            bucket_boundaries: upper bounds of the buckets' lengths, rising.
            bucket_batch_sizes: elements a batch, one more than boundaries.
            padded_shapes: see `padded_batch`.
            padding_values: see `padded_batch`.
            pad_to_bucket_boundary: whether to pad to one less than the boundary.
            no_padding: whether elements of a bucket are equally long already.
            drop_remainder: whether to leave out smaller last batches.
            name: accepted.

        Returns:
            A `Dataset` of batches.

        Raises:
            ValueError: where there is not one size more than boundaries.
        """
        return bucketed(
            self,
            element_length_func,
            list(bucket_boundaries),
            list(bucket_batch_sizes),
            (padded_shapes, padding_values),
            (pad_to_bucket_boundary, no_padding, drop_remainder),
        )

    def rejection_resample(
        self,
        class_func: Any,
        target_dist: Any,
        initial_dist: Any = None,
        seed: Any = None,
        name: str | None = None,
    ) -> Any:
        """Leave elements out at random, so that classes come as often as wanted.

        Args:
            class_func: takes an element, gives its class, a scalar integer.
            target_dist: how often each class should come, a vector.
            initial_dist: how often each class comes; estimated where None.
            seed: for the draws.
            name: accepted.

        Returns:
            A `Dataset` of pairs ``(class, element)``.
        """
        return resampled(self, class_func, target_dist, initial_dist, seed)

    def snapshot(
        self,
        path: Any,
        compression: str | None = "AUTO",
        reader_func: Any = None,
        shard_func: Any = None,
        name: str | None = None,
    ) -> Any:
        """Write elements to a folder the first time, and read them there afterwards.

        Args:
            path: the folder.
            compression: ``"AUTO"``, ``"GZIP"``, ``"SNAPPY"`` or None.
            reader_func: takes a dataset of datasets, one for each shard, gives one.
            shard_func: takes an element, gives its shard, an int64 scalar.
            name: accepted.

        Returns:
            A `Dataset`.
        """
        return snapshotted(self, path, compression, reader_func, shard_func)

    def save(
        self,
        path: Any,
        compression: str | None = None,
        shard_func: Any = None,
        checkpoint_args: Any = None,
    ) -> None:
        """Write all elements to a folder; `Dataset.load` reads them.

        Args:
            path: the folder.
            compression: ``"GZIP"`` or None.
            shard_func: takes an element, gives its shard, an int64 scalar.
            checkpoint_args: accepted.
        """
        saved(self, path, compression, shard_func)
