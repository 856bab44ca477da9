"""Layers to configurations and back."""

from __future__ import annotations

from typing import Any

from rillet.keras.serialization import deserialize_keras_object, serialize_keras_object


def serialize(layer: Any) -> dict[str, Any]:
    """A layer's class and configuration as plain data.

    Args:
        layer: a layer or model.

    Returns:
        A dictionary with ``module``, ``class_name``, ``config`` and
        ``registered_name``.
    """
    return serialize_keras_object(layer, "keras.layers")


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The layer that `serialize` described.

    Args:
        config: what `serialize` gave.
        custom_objects: users' classes by name.

    Returns:
        A new layer, not built.

    Raises:
        ValueError: where no layer has that name.
    """
    return deserialize_keras_object(config, "layer", custom_objects)
