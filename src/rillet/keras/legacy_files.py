"""`.h5` files: whole models and weights as Keras wrote them before `.keras`.

In: a model and a path. Out: a file that tf.keras 2 and Keras 3 read, and models and
weights of such files, whichever of them wrote it.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.compile_form import (
    compiled_by_training_data,
    training_data,
    warn_of_state,
)
from rillet.keras.config_forms import older_form, plain
from rillet.keras.forged import reading_model
from rillet.keras.function_code import safe_mode as in_safe_mode
from rillet.keras.hdf5 import array_of, library, put_array, reading, replacing
from rillet.keras.keras_archive import need_built
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.optimizer_files import take_state
from rillet.keras.serialization import CustomObjectScope

#: HDF5 keeps attributes in a header of at most 64 KB; longer lists are split.
_HEADER = 64512
_TOP = "top_level_model_weights"


def save_whole(model: Any, path: Any, include_optimizer: bool = True) -> None:
    """Write a model, configuration and all, into an `.h5` file.

    Args:
        model: a functional model or a stack.
        path: the file.
        include_optimizer: whether to write the optimizer's state.

    Raises:
        NotImplementedError: for a subclassed model, which these files cannot describe.
    """
    if not model._begins_known and type(model).__name__ != "Sequential":
        raise NotImplementedError(
            house_message(
                "Model.save",
                "Saving the model to HDF5 format requires the model to be a Functional"
                " model or a Sequential model",
                f"{type(model).__name__} is subclassed",
                "Save it as a `.keras` file, or use `save_weights`",
            )
        )
    need_built(model)
    data = older_form(plain(serialize(model), serialize))
    with replacing(path) as scratch, library().File(scratch, "w") as file:
        _note_versions(file)
        _put_text(file, "model_config", json.dumps(data))
        write_layers(model, file.create_group("model_weights"))
        training = training_data(model) if include_optimizer else None
        if training is not None:
            text = json.dumps(training)
            _put_text(file, "training_config", text)
            _write_optimizer(model, file)


def _note_versions(group: Any) -> None:
    group.attrs["keras_version"] = "2.15.0"
    group.attrs["backend"] = "tensorflow"


def _put_text(group: Any, name: str, text: str) -> None:
    group.attrs[name] = text.encode("utf-8")


def _write_optimizer(model: Any, file: Any) -> None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or len(optimizer.variables) < 1:
        return
    group = file.create_group("optimizer_weights")
    names: list[str] = []
    for variable in optimizer.variables:
        name = variable.name
        # In older models several variables bear one name.
        while name in names:
            name = f"{name}_1"
        names.append(name)
        put_array(group, name, variable.numpy())
    _put_names(group, "weight_names", names)


def write_layers(model: Any, group: Any) -> None:
    """Write weights by layer and name.

    Args:
        model: the model.
        group: where they go.
    """
    layers = model.layers
    _note_versions(group)
    _put_names(group, "layer_names", [layer.name for layer in layers])
    for layer in sorted(layers, key=lambda x: x.name):
        _write_weights(group.create_group(layer.name), _weights_of(layer))
    _write_weights(group.create_group(_TOP), _top_weights(model))


def _weights_of(layer: Any) -> list[Any]:
    """A layer's weights in the order of these files."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _top_weights(model: Any) -> list[Any]:
    return [*model._own_variables(True), *model._own_variables(False)]


def _write_weights(group: Any, weights: list[Any]) -> None:
    names: list[str] = []
    for weight in weights:
        name = weight.name
        while name in names:
            stem, _, number = name.partition(":")
            name = f"{stem}_1:{number}" if number else f"{stem}_1"
        names.append(name)
    _put_names(group, "weight_names", names)
    for name, weight in zip(names, weights, strict=True):
        put_array(group, name, weight.numpy())


def _put_names(group: Any, name: str, values: list[str]) -> None:
    data = [v.encode("utf-8") for v in values]
    longest = max((len(v) for v in data), default=1)
    if longest * len(data) <= _HEADER:
        group.attrs[name] = np.array(data, dtype=f"S{longest}")
        return
    step = max(_HEADER // longest, 1)
    for number, start in enumerate(range(0, len(data), step)):
        part = np.array(data[start : start + step], dtype=f"S{longest}")
        group.attrs[f"{name}{number}"] = part


def names_in(group: Any, name: str) -> list[str]:
    """The list of names in an attribute, which may be split over several."""
    parts: list[Any] = []
    if name in group.attrs:
        parts = list(group.attrs[name])
    else:
        number = 0
        while f"{name}{number}" in group.attrs:
            parts += list(group.attrs[f"{name}{number}"])
            number += 1
    return [p.decode("utf-8") if isinstance(p, bytes) else str(p) for p in parts]


def _text(group: Any, name: str) -> Any:
    value = group.attrs.get(name)
    return value.decode("utf-8") if isinstance(value, bytes) else value


def load_whole(
    path: Any,
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in an `.h5` file.

    Args:
        path: the file.
        custom_objects: users' classes and functions by name.
        compile: whether to compile it as it was.
        safe_mode: whether to refuse lambdas, whose code stands in the file.

    Raises:
        ValueError: where the file holds no model, or other weights than it describes.
    """
    with reading(path) as file:
        config = _text(file, "model_config")
        if config is None:
            raise ValueError(
                house_message(
                    "load_model",
                    "No model config found in the file",
                    f"{os.fspath(path)!r} has {sorted(file.attrs)}",
                    "It may hold weights only: use model.load_weights",
                )
            )
        with in_safe_mode(safe_mode), CustomObjectScope(custom_objects or {}):
            with reading_model(path, os.path.getsize(path)):
                model = deserialize(json.loads(config), custom_objects)
            read_layers(model, file["model_weights"])
            training = _text(file, "training_config") if compile else None
            if training is not None:
                with reading_model(path, os.path.getsize(path)):
                    told = json.loads(training)
                    compiled_by_training_data(model, told, custom_objects)
                _read_optimizer(model, file, path)
    return model


def _read_optimizer(model: Any, file: Any, path: Any) -> None:
    if "optimizer_weights" not in file:
        return
    group = file["optimizer_weights"]
    names = names_in(group, "weight_names")
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    if not take_state(optimizer, [group[name] for name in names]):
        warn_of_state(model, os.fspath(path))


def read_layers(model: Any, group: Any) -> None:
    """Read weights by the order of layers: all of them, or none.

    Args:
        model: the model.
        group: what `write_layers` wrote.

    Raises:
        ValueError: where layers or weights differ; nothing is changed then.
    """
    mine = [layer for layer in model.layers if _weights_of(layer)]
    every = names_in(group, "layer_names")
    names = [name for name in every if names_in(group[name], "weight_names")]
    if len(names) != len(mine):
        raise ValueError(
            house_message(
                "load_weights",
                "Layer count mismatch when loading weights from file. Model expected"
                f" {len(mine)} layers, found {len(names)} saved layers",
                f"the model has {[x.name for x in mine]}, the file {names}",
            )
        )
    pairs: list[tuple[Any, Any]] = []
    for layer, name in zip(mine, names, strict=True):
        pairs += _matched(layer, _weights_of(layer), group[name], name)
    if _TOP in group:
        pairs += _matched(model, _top_weights(model), group[_TOP], _TOP)
    _assign(pairs)


def _assign(pairs: list[tuple[Any, Any]]) -> None:
    read = [(v, array_of(d).astype(v.dtype.numpy_dtype)) for v, d in pairs]
    for variable, value in read:
        variable.assign(value)


def _matched(layer: Any, mine: list[Any], group: Any, name: str) -> list[Any]:
    """A layer's weights with the file's, in their order."""
    held = [group[n] for n in names_in(group, "weight_names")]
    if len(held) != len(mine):
        raise ValueError(
            house_message(
                "load_weights",
                f"Weight count mismatch for layer {layer.name} (named {name} in the"
                f" file). Layer expects {len(mine)} weight(s), found {len(held)} saved"
                " weight(s)",
                f"the layer has {[w.name for w in mine]}, the file"
                f" {names_in(group, 'weight_names')}",
            )
        )
    for variable, dataset in zip(mine, held, strict=True):
        if tuple(variable.shape) != tuple(dataset.shape):
            raise ValueError(
                house_message(
                    "load_weights",
                    f"Shape mismatch in layer {layer.name} (named {name} in the file)"
                    f" for weight {variable.name}",
                    f"Weight expects shape {tuple(variable.shape)}, received saved"
                    f" weight with shape {tuple(dataset.shape)}",
                )
            )
    return list(zip(mine, held, strict=True))


def read_layers_by_name(model: Any, group: Any, skip_mismatch: bool = False) -> None:
    """Read the weights of layers that bear the same names as those in the file.

    Args:
        model: the model.
        group: what `write_layers` wrote.
        skip_mismatch: leave layers alone whose weights differ, and say so.

    Raises:
        ValueError: where weights of a layer differ; nothing is changed then.
    """
    from rillet.core.logger import get_logger

    by_name: dict[str, list[Any]] = {}
    for layer in model.layers:
        by_name.setdefault(layer.name, []).append(layer)
    pairs: list[tuple[Any, Any]] = []
    for name in names_in(group, "layer_names"):
        for layer in by_name.get(name, ()):
            try:
                pairs += _matched(layer, _weights_of(layer), group[name], name)
            except ValueError as error:
                if not skip_mismatch:
                    raise
                get_logger().warning("Skipping loading of weights: %s", error)
    _assign(pairs)
