"""Looking for clusters, of which there is none; `tf.distribute.cluster_resolver`."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message


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
