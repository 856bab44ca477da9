"""The methods of `Dataset` that call a function on elements."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.data.base import Base
from rillet.data.folding import ScanPlan, state_function
from rillet.data.mapping import (
    AUTOTUNE,
    FilterPlan,
    FlatMapPlan,
    InterleavePlan,
    MapPlan,
    TakeWhilePlan,
)
from rillet.data.plan import integer
from rillet.data.structure import as_leaves, flatten, made, map_nest, spec_of
from rillet.data.tracing import DataFunction


class Transformation(Base):
    """The part of `Dataset` that calls functions on elements."""

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
