"""Any object of Keras as plain data, and back: `keras.saving.serialize_keras_object`.

In: a layer, loss, metric, function, array, or a nest of them. Out: data as JSON has it;
and of such data the objects again. What kind an object is of stands in its ``module``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor
from rillet.keras import serialization
from rillet.keras.config_forms import plain
from rillet.keras.function_code import (
    described_function,
    restored_function,
)
from rillet.keras.function_code import safe_mode as in_safe_mode
from rillet.keras.serialization import CustomObjectScope, builtins_of

#: The kinds of objects, each with the public module that they stand in.
_MODULES: Final[dict[str, str]] = {
    "layer": "keras.layers",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "optimizer": "keras.optimizers",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "activation": "keras.activations",
    "schedule": "keras.optimizers.schedules",
}
_KINDS: Final = {module: kind for kind, module in _MODULES.items()} | {
    "keras": "layer",
    "keras.models": "layer",
    "keras.optimizers.schedules": "schedule",
}


def serialize_keras_object(obj: Any) -> Any:
    """An object, or a nest of objects, as plain data.

    Args:
        obj: an object with `get_config`, a function, an array, or a nest of them.

    Returns:
        A dictionary with ``module``, ``class_name``, ``config`` and
        ``registered_name`` for an object; data as JSON has it.

    Example:
        >>> import rillet as tf
        >>> data = serialize_keras_object(tf.keras.layers.Dense(3))
        >>> data["class_name"], data["module"]
        ('Dense', 'keras.layers')
    """
    if obj is None or isinstance(obj, bool | int | float | str):
        return obj
    if isinstance(obj, list | tuple):
        parts = [serialize_keras_object(v) for v in obj]
        if isinstance(obj, tuple):
            return {"class_name": "__tuple__", "config": {"value": parts}}
        return parts
    if isinstance(obj, dict):
        return {k: serialize_keras_object(v) for k, v in obj.items()}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("latin-1")}}
    if isinstance(obj, TensorShape):
        return obj.as_list()
    if isinstance(obj, DType):
        return obj.name
    if isinstance(obj, Tensor | np.ndarray | np.generic):
        array = np.asarray(obj)
        kind = "__tensor__" if isinstance(obj, Tensor) else "__numpy__"
        config = {"value": array.tolist(), "dtype": array.dtype.name}
        return {"class_name": kind, "config": config}
    if hasattr(obj, "get_config"):
        data = serialization.serialize_keras_object(obj, _MODULES[_kind_of(obj)])
        return plain(data, serialize_keras_object)
    if callable(obj):
        return described_function(obj)
    return serialization.serialize_keras_object(obj)


def _kind_of(obj: Any) -> str:
    for kind in _MODULES:
        if type(obj) in builtins_of(kind).values():
            return kind
    return "layer"


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: what it gave.
        custom_objects: users' classes and functions by name.
        safe_mode: whether to refuse lambdas, whose code stands in the data.
        **kwargs: `module_objects` and others of older programs: classes by name.

    Returns:
        The object, or a nest of objects.

    Raises:
        ValueError: where nothing has that name, or a lambda is refused.
    """
    objects = {**(kwargs.get("module_objects") or {}), **(custom_objects or {})}
    with in_safe_mode(safe_mode), CustomObjectScope(objects):
        return _revived(config, objects)


def _revived(config: Any, objects: Mapping[str, Any]) -> Any:
    if isinstance(config, list):
        return [_revived(v, objects) for v in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if name is None or "config" not in config:
        return {k: _revived(v, objects) for k, v in config.items()}
    inner = config["config"]
    if name == "__tuple__":
        return tuple(_revived(v, objects) for v in inner["value"])
    if name == "__bytes__":
        return inner["value"].encode("latin-1")
    if name in ("__numpy__", "__tensor__"):
        array = np.asarray(inner["value"], inner["dtype"])
        return to_tensor(array) if name == "__tensor__" else array
    if name in ("__lambda__", "function"):
        return restored_function(config, objects)
    return serialization.deserialize_keras_object(config, _found_kind(config), objects)


def _found_kind(config: dict[str, Any]) -> str:
    """What kind of object a configuration is of."""
    kind = _KINDS.get(config.get("module") or "")
    if kind is not None:
        return kind
    for one, module in _MODULES.items():
        importlib.import_module(f"rillet.{module}")
        if config["class_name"] in builtins_of(one):
            return one
    return "layer"
