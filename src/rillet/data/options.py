"""`tf.data.Options`: settings of a pipeline, most of them advice to a scheduler.

Stages merge the options of what they take elements from. Iteration asks for
`deterministic` and the policies; the advice is kept, so that programs may read it back.
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar

from rillet.core.errors import house_message


class AutoShardPolicy(enum.IntEnum):
    """How a dataset is split among workers."""

    OFF = -1
    AUTO = 0
    FILE = 1
    DATA = 2
    HINT = 3


class ExternalStatePolicy(enum.Enum):
    """What to do about state outside a pipeline when it is saved."""

    WARN = 0
    IGNORE = 1
    FAIL = 2


class AutotuneAlgorithm(enum.Enum):
    """How sizes of buffers are looked for."""

    DEFAULT = 0
    HILL_CLIMB = 1
    GRADIENT_DESCENT = 2
    MAX_PARALLELISM = 3
    STAGE_BASED = 4


class _Settings:
    """A group of named settings, None where nobody set them."""

    _names: ClassVar[dict[str, Any]] = {}
    _title: ClassVar[str] = ""

    def __init__(self) -> None:
        self.__dict__["_set"] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(
                f"'{self._title}' object has no attribute '{name}'", name=None
            )
        held: dict[str, Any] = self.__dict__.setdefault("_set", {})
        default = self._names[name]
        if isinstance(default, type) and issubclass(default, _Settings):
            return held.setdefault(name, default())
        return held.get(name, default)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._names:
            raise AttributeError(
                house_message(
                    f"tf.data.{self._title}",
                    f"Cannot set the property {name} on {self._title}",
                    f"there are {', '.join(self._names)}",
                ),
                name=None,
            )
        default = self._names[name]
        nested = isinstance(default, type) and issubclass(default, _Settings)
        if nested and not isinstance(value, default):
            raise TypeError(
                house_message(
                    f"tf.data.{self._title}.{name}",
                    f"it must be a {default.__name__}",
                    f"got {value!r}",
                )
            )
        self._set[name] = value

    def _merged(self, other: Any) -> Any:
        made = type(self)()
        for source in (self, other):
            for name, value in source._set.items():
                old = made._set.get(name)
                if isinstance(value, _Settings) and old is not None:
                    value = old._merged(value)
                made._set[name] = value
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Settings):
            return NotImplemented
        return all(getattr(self, n) == getattr(other, n, None) for n in self._names)

    __hash__ = None  # type: ignore[assignment]


class AutotuneOptions(_Settings):
    """How buffers and threads are chosen: kept, as advice."""

    _title = "AutotuneOptions"
    _names: ClassVar[dict[str, Any]] = dict.fromkeys(
        (
            "enabled",
            "cpu_budget",
            "ram_budget",
            "autotune_algorithm",
            "initial_parallelism",
            "min_parallelism",
        )
    )


class DistributeOptions(_Settings):
    """How a strategy splits the dataset."""

    _title = "DistributeOptions"
    _names: ClassVar[dict[str, Any]] = {
        "auto_shard_policy": AutoShardPolicy.AUTO,
        "num_devices": None,
    }


class OptimizationOptions(_Settings):
    """Which rewritings of a pipeline are wanted: kept, as advice."""

    _title = "OptimizationOptions"
    _names: ClassVar[dict[str, Any]] = dict.fromkeys(
        (
            "apply_default_optimizations",
            "filter_fusion",
            "filter_parallelization",
            "inject_prefetch",
            "map_and_batch_fusion",
            "map_and_filter_fusion",
            "map_fusion",
            "map_parallelization",
            "noop_elimination",
            "parallel_batch",
            "seq_interleave_prefetch",
            "shuffle_and_repeat_fusion",
        )
    )


class ServiceOptions(_Settings):
    """Settings of a data service: kept."""

    _title = "ServiceOptions"
    _names: ClassVar[dict[str, Any]] = {"pinned": None}


class ThreadingOptions(_Settings):
    """How many threads a pipeline may use."""

    _title = "ThreadingOptions"
    _names: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("max_intra_op_parallelism", "private_threadpool_size")
    )


class Options(_Settings):
    """Settings of a dataset; give them to `Dataset.with_options`.

    Example:
        >>> import rillet as tf
        >>> options = tf.data.Options()
        >>> options.deterministic = False
        >>> dataset = tf.data.Dataset.range(3).with_options(options)
        >>> dataset.options().deterministic
        False
    """

    _title = "Options"
    _names: ClassVar[dict[str, Any]] = {
        "autotune": AutotuneOptions,
        "dataset_name": None,
        "deterministic": None,
        "experimental_distribute": DistributeOptions,
        "experimental_external_state_policy": ExternalStatePolicy.WARN,
        "experimental_optimization": OptimizationOptions,
        "experimental_service": ServiceOptions,
        "experimental_slack": None,
        "experimental_symbolic_checkpoint": None,
        "experimental_warm_start": None,
        "framework_type": None,
        "threading": ThreadingOptions,
    }
    #: Older names of the same settings.
    _old: ClassVar[dict[str, str]] = {
        "experimental_deterministic": "deterministic",
        "experimental_threading": "threading",
    }

    def __getattr__(self, name: str) -> Any:
        return super().__getattr__(self._old.get(name, name))

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(self._old.get(name, name), value)

    def merge(self, options: Options) -> Options:
        """These options, with those that `options` sets in their place.

        Args:
            options: they win where both are set.

        Returns:
            New options.
        """
        made: Options = self._merged(options)
        return made
