"""What users may write for an object: its name, its class, its configuration, itself.

In: the `loss="mse"` or `optimizer={"class_name": ...}` of a program. Out: the object.
The `get`, `serialize` and `deserialize` of losses, metrics, optimizers, initializers,
regularizers, constraints and activations stand on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.serialization import deserialize_keras_object, serialize_keras_object

#: What Keras calls a kind in this message, where that differs.
_WORDS = {"loss": "loss function", "metric": "metric function"}


def found(
    kind: str, identifier: Any, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """The object that `identifier` stands for; a class gives an instance.

    Args:
        kind: what is asked for, such as ``"loss"``.
        identifier: None, a name, a configuration, a class, a function or an instance.
        custom_objects: users' classes and functions by name.

    Returns:
        The object, or None.

    Raises:
        ValueError: where nothing has that name, or `identifier` is of another sort.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str | dict):
        item = deserialize_keras_object(identifier, kind, custom_objects)
        return item() if isinstance(item, type) else item
    if callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    raise ValueError(
        house_message(
            f"{kind}s.get" if kind != "loss" else "losses.get",
            f"Could not interpret {_WORDS.get(kind, kind)} identifier",
            f"{identifier!r} of type {type(identifier).__name__}",
            "Give a name, an instance, a class or a function",
        )
    )


def described(item: Any, module: str, use_legacy_format: bool = False) -> Any:
    """An object's name or configuration.

    Args:
        item: the object, or None.
        module: the public module it stands in, such as ``"keras.losses"``.
        use_legacy_format: only ``class_name`` and ``config``, as older files hold.

    Returns:
        A dictionary, a function's name, or None.
    """
    if item is None:
        return None
    data = serialize_keras_object(item, module)
    if use_legacy_format and isinstance(data, dict):
        return {key: data[key] for key in ("class_name", "config")}
    return data
