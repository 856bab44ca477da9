"""What `compile` was given, in files: written down, and given again.

In: a compiled model, or the ``compile_config`` or ``training_config`` of a file. Out:
plain data, or a compiled model. The readers and writers of files call it.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.keras import losses, metrics, optimizers
from rillet.keras.config_forms import plain
from rillet.keras.serialization import get_registered_object

_PARTS = ("loss", "metrics", "weighted_metrics", "loss_weights")


def compile_data(model: Any) -> dict[str, Any] | None:
    """What a model was compiled with, as plain data; None where it was not.

    Args:
        model: the model.
    """
    config = model.get_compile_config()
    if not config:
        return None
    found: dict[str, Any] = plain(config)
    if found.get("steps_per_execution") is None:
        found.pop("steps_per_execution", None)
    return found


def compiled_again(
    model: Any, config: dict[str, Any] | None, custom_objects: Any = None
) -> bool:
    """Compile a model as a file says.

    Args:
        model: the model.
        config: what `compile_data` gave; None or empty leaves the model as it is.
        custom_objects: users' losses and metrics by name.

    Returns:
        Whether it is compiled now.

    Raises:
        ValueError: where a loss or metric has no such name.
    """
    if not config:
        return False
    given = {k: v for k, v in config.items() if v is not None}
    optimizer = given.pop("optimizer", "rmsprop")
    if isinstance(optimizer, dict):
        optimizer = optimizers.deserialize(optimizer, custom_objects)
    made: dict[str, Any] = {}
    for key, module in (
        ("loss", losses),
        ("metrics", metrics),
        ("weighted_metrics", metrics),
    ):
        if key in given:
            made[key] = _restored(given[key], module, custom_objects)
    for key in ("loss_weights", "run_eagerly", "steps_per_execution", "jit_compile"):
        if key in given:
            made[key] = given[key]
    model.compile(optimizer=optimizer, **made)
    return True


def _restored(value: Any, module: Any, custom_objects: Any) -> Any:
    """Losses or metrics out of plain data; names stay names where they are known."""
    if isinstance(value, dict) and "class_name" in value:
        if value["class_name"] == "MeanMetricWrapper":
            function = value["config"]["fn"]
            made = module.MeanMetricWrapper(
                _function(function, module, custom_objects), value["config"]["name"]
            )
            return made
        if value["class_name"] == "function" or value.get("module") == "builtins":
            return _restored(value["config"], module, custom_objects)
        return module.deserialize(value, custom_objects)
    if isinstance(value, dict):
        return {k: _restored(v, module, custom_objects) for k, v in value.items()}
    if isinstance(value, list):
        return [_restored(v, module, custom_objects) for v in value]
    if isinstance(value, str):
        own = get_registered_object(value, custom_objects)
        return value if own is None else own
    return value


def _function(value: Any, module: Any, custom_objects: Any) -> Any:
    """The function of a metric that is the mean of one."""
    name = value["config"] if isinstance(value, dict) else value
    own = get_registered_object(name, custom_objects)
    return module.deserialize(name, custom_objects) if own is None else own


def training_data(model: Any) -> dict[str, Any] | None:
    """What a model was compiled with, in the form of `.h5` files.

    Args:
        model: the model.
    """
    config = compile_data(model)
    if config is None:
        return None
    optimizer = config.get("optimizer")
    found: dict[str, Any] = {k: config.get(k) for k in _PARTS}
    if isinstance(optimizer, dict):
        name = optimizer["class_name"]
        # tf.keras takes the plain names for its optimizers of before 2.11.
        old = "legacy" in type(model.optimizer).__module__
        if name == "LossScaleOptimizer":
            # So tf.keras calls what wraps those that came after.
            name, old = "LossScaleOptimizerV3", True
        found["optimizer_config"] = {
            "class_name": name if old else f"Custom>{name}",
            "config": optimizer["config"],
        }
    return found


def compiled_by_training_data(
    model: Any, config: dict[str, Any], custom_objects: Any = None
) -> bool:
    """Compile a model as the ``training_config`` of an `.h5` file says.

    Args:
        model: the model.
        config: that configuration.
        custom_objects: users' losses and metrics by name.
    """
    given = {k: config.get(k) for k in _PARTS}
    given["metrics"] = _first_level(given["metrics"])
    optimizer = config.get("optimizer_config")
    if optimizer is None:
        raise ValueError(
            house_message(
                "load_model",
                "the file's training_config names no optimizer",
                f"it has {sorted(config)}",
                "Load with compile=False and compile the model yourself",
            )
        )
    return compiled_again(model, {**given, "optimizer": optimizer}, custom_objects)


def _first_level(value: Any) -> Any:
    """Metrics without the list around a single output's list."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        return value[0]
    return value


def warn_of_state(model: Any, path: Any) -> None:
    """Say that an optimizer's state in a file does not fit."""
    get_logger().warning(
        "The optimizer's variables in %s do not fit the optimizer %s of model '%s';"
        " it starts without them.",
        path,
        type(model.optimizer).__name__,
        model.name,
    )
