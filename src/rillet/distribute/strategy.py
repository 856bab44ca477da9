"""Strategies of `tf.distribute` on one machine, with one replica.

In: functions, datasets and values of programs written for several devices. Out: the
same, run once: a strategy here never copies and never waits. Keras asks for the
strategy of a scope; users' loops call `run` and `reduce`.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.ops.reduce import reduce_mean
from rillet.ops.shaping import reduce_sum

_CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


class ReduceOp(enum.Enum):
    """How values of replicas become one: their sum or their mean."""

    SUM = "SUM"
    MEAN = "MEAN"


class InputContext:
    """What a function that makes a dataset is told of the replicas.

    Args:
        num_input_pipelines: how many datasets are made.
        input_pipeline_id: which of them this is.
        num_replicas_in_sync: how many replicas share a batch.
    """

    def __init__(
        self,
        num_input_pipelines: int = 1,
        input_pipeline_id: int = 0,
        num_replicas_in_sync: int = 1,
    ) -> None:
        self.num_input_pipelines = num_input_pipelines
        self.input_pipeline_id = input_pipeline_id
        self.num_replicas_in_sync = num_replicas_in_sync

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """A replica's part of a batch.

        Raises:
            ValueError: where the replicas' parts would differ.
        """
        if global_batch_size % self.num_replicas_in_sync:
            raise ValueError(
                house_message(
                    "InputContext",
                    "The `global_batch_size` is not divisible by"
                    " `num_replicas_in_sync`",
                    f"{global_batch_size} by {self.num_replicas_in_sync}",
                )
            )
        return global_batch_size // self.num_replicas_in_sync


class ValueContext:
    """What a function that makes a replica's value is told.

    Args:
        replica_id_in_sync_group: which replica it is.
        num_replicas_in_sync: how many there are.
    """

    def __init__(
        self, replica_id_in_sync_group: int = 0, num_replicas_in_sync: int = 1
    ) -> None:
        self.replica_id_in_sync_group = replica_id_in_sync_group
        self.num_replicas_in_sync = num_replicas_in_sync


class Options:
    """Settings of distribution, kept as they are given: one replica needs none.

    Args:
        **settings: the settings.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.__dict__.update(settings)


class StrategyExtended:
    """Details of a strategy, for libraries.

    Args:
        strategy: the strategy.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy

    @property
    def worker_devices(self) -> tuple[str, ...]:
        """Where replicas run."""
        return (_CPU,)

    @property
    def parameter_devices(self) -> tuple[str, ...]:
        """Where variables are."""
        return (_CPU,)

    def update(
        self,
        var: Any,
        fn: Callable[..., Any],
        args: Any = (),
        kwargs: Any = None,
        group: bool = True,
    ) -> Any:
        """Call a function on a variable."""
        return fn(var, *args, **(kwargs or {}))

    def reduce_to(
        self, reduce_op: Any, value: Any, destinations: Any, options: Any = None
    ) -> Any:
        """The values of all replicas as one."""
        return self._strategy.reduce(reduce_op, value, None)

    def call_for_each_replica(
        self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function once a replica."""
        return self._strategy.run(fn, args, kwargs)

    def variable_created_in_scope(self, v: Any) -> bool:
        """Whether a variable can be used with the strategy: here every one."""
        return True


class Strategy:
    """How computation is spread; here over one replica.

    Example:
        >>> import rillet as tf
        >>> strategy = tf.distribute.get_strategy()
        >>> strategy.num_replicas_in_sync
        1
        >>> float(strategy.run(lambda x: x * 2.0, args=(tf.constant(3.0),)))
        6.0
    """

    def __init__(self, extended: Any = None) -> None:
        self.extended = extended or StrategyExtended(self)
        self.cluster_resolver: Any = None

    @property
    def num_replicas_in_sync(self) -> int:
        """How many replicas share a batch: one."""
        return 1

    def scope(self) -> AbstractContextManager[Strategy]:
        """A ``with`` block in which `get_strategy` gives this strategy."""
        return _scope(self)

    def run(
        self,
        fn: Callable[..., Any],
        args: Any = (),
        kwargs: Any = None,
        options: Any = None,
    ) -> Any:
        """Call a function once a replica: once.

        Args:
            fn: the function.
            args: its arguments.
            kwargs: its arguments by name.
            options: ignored.

        Returns:
            What it gives.
        """
        with _replica(self):
            return context.to_call(fn)(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: int | None) -> Any:
        """The values of all replicas as one.

        Args:
            reduce_op: ``"SUM"``, ``"MEAN"`` or a `ReduceOp`.
            value: what `run` gave, or a nest of it.
            axis: an axis to reduce over too, the batch's 0; None for none.

        Raises:
            ValueError: for another `reduce_op`.
        """
        how = _reduce_op(reduce_op)
        if axis is None:
            return nest.map_structure(to_tensor, value)
        reduce = reduce_sum if how is ReduceOp.SUM else reduce_mean
        return nest.map_structure(lambda x: reduce(to_tensor(x), axis=axis), value)

    def gather(self, value: Any, axis: int) -> Any:
        """The values of all replicas, joined along an axis: the one there is."""
        return nest.map_structure(to_tensor, value)

    def group(self, value: Any, name: Any = None) -> Any:
        """An op that waits for the values of all replicas."""
        return value

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """A dataset whose batches are shared out: itself, for one replica."""
        return dataset

    def distribute_datasets_from_function(
        self, dataset_fn: Callable[[InputContext], Any], options: Any = None
    ) -> Any:
        """The dataset that a function makes for a replica."""
        return dataset_fn(InputContext())

    def experimental_distribute_datasets_from_function(
        self, dataset_fn: Callable[[InputContext], Any], options: Any = None
    ) -> Any:
        """The same as `distribute_datasets_from_function`."""
        return self.distribute_datasets_from_function(dataset_fn, options)

    def experimental_distribute_values_from_function(
        self, value_fn: Callable[[ValueContext], Any]
    ) -> Any:
        """The value that a function makes for a replica."""
        return value_fn(ValueContext())

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The values of the replicas on this machine: one."""
        return (value,)

    def unwrap(self, value: Any) -> tuple[Any, ...]:
        """The same as `experimental_local_results`."""
        return self.experimental_local_results(value)


class MirroredStrategy(Strategy):
    """Copies of a model on the devices of a machine; here the processor alone.

    A step uses all processors anyway, so there is nothing to copy.

    Args:
        devices: ignored: there is one device.
        cross_device_ops: ignored.

    Example:
        >>> import rillet as tf
        >>> strategy = tf.distribute.MirroredStrategy()
        >>> with strategy.scope():
        ...     model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        >>> strategy.num_replicas_in_sync
        1
    """

    def __init__(self, devices: Any = None, cross_device_ops: Any = None) -> None:
        super().__init__()


class OneDeviceStrategy(Strategy):
    """Everything on one device.

    Args:
        device: its name, ignored: there is one.
    """

    def __init__(self, device: Any) -> None:
        super().__init__()


class ReplicaContext:
    """Where a function that a strategy runs finds itself.

    Args:
        strategy: the strategy.
        replica_id_in_sync_group: which replica it is.
    """

    def __init__(self, strategy: Strategy, replica_id_in_sync_group: int = 0) -> None:
        self.strategy = strategy
        self.replica_id_in_sync_group = replica_id_in_sync_group

    @property
    def num_replicas_in_sync(self) -> int:
        """How many replicas share a batch."""
        return self.strategy.num_replicas_in_sync

    @property
    def devices(self) -> tuple[str, ...]:
        """Where the replica runs."""
        return (_CPU,)

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The values of all replicas as one, for each of them."""
        return self.strategy.reduce(reduce_op, value, None)

    def all_gather(self, value: Any, axis: int, options: Any = None) -> Any:
        """The values of all replicas, joined along an axis."""
        return self.strategy.gather(value, axis)

    def merge_call(
        self, merge_fn: Callable[..., Any], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function of the strategy and all replicas' values."""
        with _scope(self.strategy):
            return merge_fn(self.strategy, *args, **(kwargs or {}))


class _State(threading.local):
    """The strategy of this thread's scope, and the replica that runs."""

    strategy: Strategy | None = None
    replica: ReplicaContext | None = None
    set: Strategy | None = None


_state = _State()
_default = Strategy()


@contextmanager
def _scope(strategy: Strategy) -> Iterator[Strategy]:
    kept = (_state.strategy, _state.replica)
    _state.strategy, _state.replica = strategy, None
    try:
        yield strategy
    finally:
        _state.strategy, _state.replica = kept


@contextmanager
def _replica(strategy: Strategy) -> Iterator[None]:
    kept = (_state.strategy, _state.replica)
    _state.strategy, _state.replica = strategy, ReplicaContext(strategy)
    try:
        yield
    finally:
        _state.strategy, _state.replica = kept


def get_strategy() -> Strategy:
    """The strategy of the scope, or the usual one.

    Example:
        >>> import rillet as tf
        >>> strategy = tf.distribute.MirroredStrategy()
        >>> with strategy.scope():
        ...     tf.distribute.get_strategy() is strategy
        True
    """
    return _state.strategy or _state.set or _default


def has_strategy() -> bool:
    """Whether there is another strategy than the usual one."""
    return get_strategy() is not _default


def in_cross_replica_context() -> bool:
    """Whether a scope is open and no replica runs in it."""
    return get_replica_context() is None


def get_replica_context() -> ReplicaContext | None:
    """The replica that runs; None in a scope, where none does."""
    if _state.replica is not None:
        return _state.replica
    if _state.strategy is None and _state.set is None:
        return ReplicaContext(_default)
    return None


def experimental_set_strategy(strategy: Strategy | None) -> None:
    """Make a strategy the one of all that follows on this thread.

    Args:
        strategy: the strategy; None for the usual one.

    Raises:
        RuntimeError: where a scope is open.
    """
    if _state.strategy is not None:
        raise RuntimeError(
            house_message(
                "experimental_set_strategy",
                "Must not be called inside a strategy scope",
            )
        )
    _state.set = strategy


def _reduce_op(value: Any) -> ReduceOp:
    if isinstance(value, ReduceOp):
        return value
    try:
        return ReduceOp(str(value).upper())
    except ValueError:
        raise ValueError(
            house_message(
                "Strategy.reduce",
                f"'{str(value).upper()}' is not a valid ReduceOp",
                "the known ones are SUM and MEAN",
            )
        ) from None
