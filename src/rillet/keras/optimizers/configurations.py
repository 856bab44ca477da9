"""Optimizers as plain data, and back.

`get` finds optimizers through it, and those that wrap another describe it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rillet.keras.lookup import described, found
from rillet.keras.serialization import builtins_of


def serialize(optimizer: Any, use_legacy_format: bool = False) -> Any:
    """An optimizer's configuration as plain data."""
    return described(optimizer, "keras.optimizers", use_legacy_format)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
    **kwargs: Any,
) -> Any:
    """The optimizer that `serialize` described; names of classes in any case."""
    config = dict(config)
    name = config["class_name"]
    if name.lower() in builtins_of("optimizer"):
        config = {"class_name": name.lower(), "config": config.get("config", {})}
    return found("optimizer", config, custom_objects)
