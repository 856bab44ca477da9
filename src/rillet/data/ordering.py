"""The methods of `Dataset` that choose and order elements."""

from __future__ import annotations

from typing import Any

from rillet.data.ahead import PrefetchPlan
from rillet.data.base import Base, plan_of
from rillet.data.choosing import ShardPlan, SkipPlan, TakePlan
from rillet.data.guarding import IgnoreErrorsPlan, UniquePlan
from rillet.data.joining import ConcatenatePlan, EnumeratePlan
from rillet.data.mixing import common_spec
from rillet.data.order import CachePlan, RepeatPlan, ShufflePlan
from rillet.data.paths import text_of
from rillet.data.plan import integer
from rillet.data.storage import FileCachePlan
from rillet.data.structure import made


class Ordering(Base):
    """The part of `Dataset` that chooses and orders elements."""

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = True,
        name: str | None = None,
    ) -> Any:
        """Give the elements in random order, each out of a buffer's worth of them.

        With the same seeds the order is TensorFlow's. Over slices and ranges only row
        numbers are shuffled.

        Args:
            buffer_size: how many elements the buffer holds.
            seed: an integer, or None for the program's.
            reshuffle_each_iteration: whether every iteration has an order of its own.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            InvalidArgumentError: where the buffer would hold nothing.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(10).shuffle(5, seed=7)
            >>> [int(x) for x in dataset]
            [2, 4, 0, 3, 8, 1, 6, 5, 7, 9]
        """
        again = reshuffle_each_iteration is None or bool(reshuffle_each_iteration)
        size = integer("Dataset.shuffle", "buffer_size", buffer_size)
        return made(ShufflePlan(self._plan, size, seed, again))

    def repeat(self, count: Any = None, name: str | None = None) -> Any:
        """Give all elements again and again.

        Args:
            count: how often; without an end where None or -1.
            name: accepted.

        Returns:
            A `Dataset`.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.range(2).repeat(2)]
            [0, 1, 0, 1]
        """
        number = integer("Dataset.repeat", "count", -1 if count is None else count)
        return made(RepeatPlan(self._plan, number))

    def take(self, count: Any, name: str | None = None) -> Any:
        """Keep the first elements.

        Args:
            count: how many; all where -1.
            name: accepted.

        Returns:
            A `Dataset`.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.range(10).take(3)]
            [0, 1, 2]
        """
        return made(TakePlan(self._plan, integer("Dataset.take", "count", count)))

    def skip(self, count: Any, name: str | None = None) -> Any:
        """Leave the first elements out.

        Args:
            count: how many; all where -1.
            name: accepted.

        Returns:
            A `Dataset`.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.range(5).skip(3)]
            [3, 4]
        """
        return made(SkipPlan(self._plan, integer("Dataset.skip", "count", count)))

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Any:
        """Keep every `num_shards`-th element, from number `index` on.

        Args:
            num_shards: how many shares there are.
            index: which share, from 0.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            InvalidArgumentError: where there is no such share.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.range(10).shard(3, 1)]
            [1, 4, 7]
        """
        shards = integer("Dataset.shard", "num_shards", num_shards)
        return made(
            ShardPlan(self._plan, shards, integer("Dataset.shard", "index", index))
        )

    def concatenate(self, dataset: Any, name: str | None = None) -> Any:
        """Give the elements of this dataset, then those of another.

        Args:
            dataset: its elements are of the same form and types.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            TypeError: where the forms or types differ.

        Example:
            >>> import rillet as tf
            >>> a, b = tf.data.Dataset.range(2), tf.data.Dataset.range(5, 7)
            >>> [int(x) for x in a.concatenate(b)]
            [0, 1, 5, 6]
        """
        other = plan_of("Dataset.concatenate", dataset)
        spec = common_spec("Dataset.concatenate", [self._plan, other])
        return made(ConcatenatePlan(spec, self._plan, other))

    def enumerate(self, start: Any = 0, name: str | None = None) -> Any:
        """Give elements with their numbers.

        Args:
            start: the first one's number.
            name: accepted.

        Returns:
            A `Dataset` of pairs ``(number, element)``.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.from_tensor_slices(["a", "b"]).enumerate(5)
            >>> [(int(i), x.numpy().decode()) for i, x in dataset]
            [(5, 'a'), (6, 'b')]
        """
        first = integer("Dataset.enumerate", "start", start)
        return made(EnumeratePlan(self._plan, first))

    def cache(self, filename: Any = "", name: str | None = None) -> Any:
        """Keep the elements once they were made.

        Args:
            filename: a file to keep them in; memory where empty.
            name: accepted.

        Returns:
            A `Dataset`.
        """
        path = text_of(filename)
        plan = FileCachePlan(self._plan, path) if path else CachePlan(self._plan)
        return made(plan)

    def prefetch(self, buffer_size: Any, name: str | None = None) -> Any:
        """Let a thread make elements ahead of the program.

        Args:
            buffer_size: how many to keep ready; `tf.data.AUTOTUNE` leaves it to the
                pipeline.
            name: accepted.

        Returns:
            A `Dataset`.
        """
        size = -1 if buffer_size is None else buffer_size
        return made(
            PrefetchPlan(self._plan, integer("Dataset.prefetch", "buffer_size", size))
        )

    def unique(self, name: str | None = None) -> Any:
        """Give each element once, where it first comes.

        Args:
            name: accepted.

        Returns:
            A `Dataset`.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.from_tensor_slices([1, 3, 1]).unique()]
            [1, 3]
        """
        return made(UniquePlan(self._plan))

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> Any:
        """Leave out elements that fail.

        Args:
            log_warning: whether to log each error.
            name: accepted.

        Returns:
            A `Dataset`.
        """
        return made(IgnoreErrorsPlan(self._plan, log_warning))
