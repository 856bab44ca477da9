"""The methods of `Dataset` that map, choose and order elements."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.data.ahead import PrefetchPlan
from rillet.data.base import Base, plan_of
from rillet.data.mapping import (
    AUTOTUNE,
    FilterPlan,
    FlatMapPlan,
    IgnoreErrorsPlan,
    InterleavePlan,
    MapPlan,
    ScanPlan,
    TakeWhilePlan,
    UniquePlan,
    state_function,
)
from rillet.data.mixing import common_spec
from rillet.data.order import (
    CachePlan,
    ConcatenatePlan,
    EnumeratePlan,
    RepeatPlan,
    ShardPlan,
    ShufflePlan,
    SkipPlan,
    TakePlan,
)
from rillet.data.paths import text_of
from rillet.data.plan import integer
from rillet.data.storage import FileCachePlan
from rillet.data.structure import as_leaves, flatten, made, map_nest, spec_of
from rillet.data.tracing import DataFunction


class Transformation(Base):
    """The part of `Dataset` that maps, chooses and orders elements."""

    def _function(self, function: Any, method: str) -> DataFunction:
        return DataFunction(function, (self.element_spec,), f"Dataset.{method}")

    def map(
        self,
        map_func: Any,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        synchronous: bool | None = None,
        use_unbounded_threadpool: bool = False,
        name: str | None = None,
    ) -> Any:
        """Apply a function to every element.

        The function is traced once. Over slices and ranges it runs on many elements
        at a time, where the outcome is provably the same.

        Args:
            map_func: takes an element (a tuple's parts one by one), gives a nest of
                tensors or datasets.
            num_parallel_calls: how many calls may run at once where they wait for
                files, images or Python; `tf.data.AUTOTUNE` for as many as fit.
            deterministic: accepted; the order is always kept.
            synchronous: accepted.
            use_unbounded_threadpool: accepted.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            ValueError: where `map_func` is no function.
            TypeError: where it gives something that is no tensor.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(1, 4).map(lambda x: x * x)
            >>> [int(x) for x in dataset]
            [1, 4, 9]
        """
        function = self._function(map_func, "map")
        parallel = num_parallel_calls
        if parallel is not None:
            parallel = integer("Dataset.map", "num_parallel_calls", parallel)
        return made(MapPlan(self._plan, function, parallel))

    def filter(self, predicate: Any, name: str | None = None) -> Any:
        """Keep the elements for which a function gives true.

        Args:
            predicate: takes an element, gives a boolean scalar; traced once.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            ValueError: where `predicate` gives something else.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(6).filter(lambda x: x % 2 == 0)
            >>> [int(x) for x in dataset]
            [0, 2, 4]
        """
        return made(FilterPlan(self._plan, self._function(predicate, "filter")))

    def take_while(self, predicate: Any, name: str | None = None) -> Any:
        """Keep the elements before the first for which a function gives false.

        Args:
            predicate: takes an element, gives a boolean scalar; traced once.
            name: accepted.

        Returns:
            A `Dataset`.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(10).take_while(lambda x: x < 3)
            >>> [int(x) for x in dataset]
            [0, 1, 2]
        """
        return made(TakeWhilePlan(self._plan, self._function(predicate, "take_while")))

    def flat_map(self, map_func: Any, name: str | None = None) -> Any:
        """The elements of the datasets that a function gives, one after the other.

        Args:
            map_func: takes an element, gives a dataset; traced once.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            TypeError: where it gives no dataset.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.from_tensor_slices([[1, 2], [3, 4]])
            >>> flat = dataset.flat_map(tf.data.Dataset.from_tensor_slices)
            >>> [int(x) for x in flat]
            [1, 2, 3, 4]
        """
        return made(FlatMapPlan(self._plan, self._function(map_func, "flat_map")))

    def interleave(
        self,
        map_func: Any,
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Any:
        """The elements of several datasets that a function gives, in turn.

        Args:
            map_func: takes an element, gives a dataset; traced once.
            cycle_length: how many datasets are open at once; as many as there are
                processors where None.
            block_length: how many elements of each come in a row; 1 where None.
            num_parallel_calls: accepted.
            deterministic: accepted; the order is always kept.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            TypeError: where `map_func` gives no dataset.
            InvalidArgumentError: where a length is not positive.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(1, 4).interleave(
            ...     lambda x: tf.data.Dataset.from_tensors(x).repeat(2),
            ...     cycle_length=2)
            >>> [int(x) for x in dataset]
            [1, 2, 1, 2, 3, 3]
        """
        owner = "Dataset.interleave"
        cycle = AUTOTUNE if cycle_length is None else cycle_length
        block = 1 if block_length is None else block_length
        return made(
            InterleavePlan(
                self._plan,
                self._function(map_func, "interleave"),
                integer(owner, "cycle_length", cycle),
                integer(owner, "block_length", block),
                num_parallel_calls,
            )
        )

    def scan(self, initial_state: Any, scan_func: Any, name: str | None = None) -> Any:
        """Apply a function that carries a state from element to element.

        Args:
            initial_state: a nest of tensors.
            scan_func: ``(state, element) -> (state, value)``; traced once.
            name: accepted.

        Returns:
            A `Dataset` of the values.

        Raises:
            TypeError: where the state changes its types or its form.

        Example:
            >>> import numpy as np
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(4).scan(
            ...     np.int64(0), lambda total, x: (total + x, total + x))
            >>> [int(x) for x in dataset]
            [0, 1, 3, 6]
        """
        first = as_leaves(initial_state)

        def state_of(found: Any) -> Any:
            if not isinstance(found, tuple) or len(found) != 2:
                raise TypeError(
                    house_message(
                        "Dataset.scan",
                        "Invalid `scan_func`. `scan_func` should return a pair"
                        " consisting of new state and the output value",
                        f"its return type is {found!r}",
                    )
                )
            return found[0]

        function, _ = state_function(
            scan_func,
            map_nest(spec_of, first),
            self.element_spec,
            "Dataset.scan",
            state_of,
        )
        plan = ScanPlan(self._plan, flatten(first), function, function.spec[1])
        return made(plan)

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
