"""Strategies for clusters and TPUs, of which this machine is all there is.

In: programs written for them. Out: one replica where one machine will do, and errors
that say what to use where not.
"""

from __future__ import annotations

import json
import os
from typing import Any

from rillet.core.errors import UnimplementedError, house_message
from rillet.distribute.strategy import Strategy


class CentralStorageStrategy(Strategy):
    """Variables on the processor, and copies of computation; here one.

    Args:
        compute_devices: ignored.
        parameter_device: ignored.
    """

    def __init__(self, compute_devices: Any = None, parameter_device: Any = None):
        super().__init__()


class MultiWorkerMirroredStrategy(Strategy):
    """Copies of a model on several machines; here a cluster of this one alone.

    Args:
        cluster_resolver: tells of the machines.
        communication_options: ignored.

    Raises:
        UnimplementedError: where ``TF_CONFIG`` names several workers.
    """

    def __init__(
        self,
        cluster_resolver: Any = None,
        communication_options: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.cluster_resolver = cluster_resolver
        workers = _workers()
        if len(workers) > 1:
            raise UnimplementedError(
                house_message(
                    "MultiWorkerMirroredStrategy",
                    "rillet trains on one machine",
                    f"TF_CONFIG names {len(workers)} workers: {workers}",
                    "Unset TF_CONFIG to train on this one",
                )
            )


def _workers() -> list[str]:
    try:
        found = json.loads(os.environ.get("TF_CONFIG") or "{}")
        return list(found.get("cluster", {}).get("worker", []))
    except (ValueError, AttributeError):
        return []


class TPUStrategy(Strategy):
    """Training on TPUs, which rillet does not do.

    Raises:
        ValueError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            house_message(
                "TPUStrategy",
                "rillet computes on the processors of this machine",
                "there is no TPU",
                "Use tf.distribute.get_strategy()",
            )
        )


class ParameterServerStrategy(Strategy):
    """Training on a cluster with parameter servers, which rillet does not do.

    Raises:
        UnimplementedError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UnimplementedError(
            house_message(
                "ParameterServerStrategy",
                "rillet trains on one machine",
                "there is no cluster",
                "Use tf.distribute.get_strategy()",
            )
        )


class TPUClusterResolver:
    """Looks for TPUs; programs take another strategy where it finds none.

    Raises:
        ValueError: always.
    """

    def __init__(self, tpu: Any = None, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            house_message(
                "TPUClusterResolver",
                "Please provide a TPU Name to connect to",
                f"tpu={tpu!r}, and rillet computes on the processors of this machine",
                "Use tf.distribute.get_strategy()",
            )
        )
