"""Keras models as folders: `model.save(folder)` and `keras.models.load_model(folder)`.

Beside the SavedModel stands ``keras_metadata.pb``, which says what each layer is made
of. A model whose class is known is built anew from it, and its weights are read; any
other runs by the functions that were saved. `rillet` signs these in for Keras.
"""

from __future__ import annotations

import json
import os
from typing import Any

from rillet.checkpoint.messages import VERSION
from rillet.checkpoint.wire import Field, Record, Schema, decode, encode
from rillet.core import nest
from rillet.core.logger import get_logger
from rillet.core.plain_files import bytes_of
from rillet.functions import Function
from rillet.keras import models as _models  # noqa: F401  enters their classes
from rillet.keras.checkpoint_parts import load_checkpoint
from rillet.keras.compile_form import compiled_by_training_data, training_data
from rillet.keras.config_forms import older_form, plain
from rillet.keras.keras_archive import need_built
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.layers.saved_graph import variables_below
from rillet.keras.model import Model
from rillet.keras.optimizers import legacy
from rillet.keras.serialization import CustomObjectScope
from rillet.module import Module
from rillet.saved_model.folders import standing
from rillet.saved_model.keras_functions import input_specs, is_layer, is_model
from rillet.saved_model.keras_vocabularies import (
    LEARNT,
    learnt_names,
    mark_learnt,
    with_vocabularies,
)
from rillet.saved_model.load import load
from rillet.saved_model.objects import Node
from rillet.saved_model.restored import Restored
from rillet.saved_model.saving import write_model
from rillet.saved_model.tensors import damaged

FILE = "keras_metadata.pb"
_OBJECT = Schema(
    "SavedObject",
    Field(2, "node_id", "int"),
    Field(3, "node_path", "string"),
    Field(4, "identifier", "string"),
    Field(5, "metadata", "string"),
    Field(6, "version", VERSION),
)
_METADATA = Schema("SavedMetadata", Field(1, "nodes", _OBJECT, True))


def save_folder(
    model: Any,
    path: str,
    overwrite: bool = True,
    include_optimizer: bool = True,
    signatures: Any = None,
    options: Any = None,
    save_traces: bool = True,
    **kwargs: Any,
) -> None:
    """Save a model as a folder.

    Args:
        model: the model.
        path: the folder.
        overwrite: whether to replace a model that stands there; else ask.
        include_optimizer: whether to save what it was compiled with.
        signatures: as of `tf.saved_model.save`.
        options: a `tf.saved_model.SaveOptions`.
        save_traces: kept; the model's call is always saved.
        **kwargs: ignored.
    """
    if os.path.exists(path) and not overwrite:
        from rillet.keras.model_files import _may_replace

        if not _may_replace(path):
            return
    need_built(model)
    path = os.fspath(path)

    def described(nodes: list[Node]) -> dict[str, bytes]:
        records = [_described(node, include_optimizer) for node in _layers(nodes)]
        return {FILE: encode(_METADATA, Record(_METADATA, nodes=records))}

    held = model.__dict__.get("optimizer")
    if not include_optimizer:
        model.__dict__["optimizer"] = None
    try:
        write_model(model, path, signatures, options, 1, described)
    finally:
        if not include_optimizer:
            model.__dict__["optimizer"] = held


class _Exported(Module):
    """A model as a server needs it: one function, and the variables."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.variables_held = list(model.variables)
        specs = input_specs(model)

        def serve(*inputs: Any) -> Any:
            structure = nest.pack_sequence_as(specs, list(inputs))
            return model(structure, training=False)

        flat = nest.flatten(specs)
        self.serve = Function(serve, "serve", input_signature=flat, autograph=False)


def export_folder(model: Any, path: str) -> None:
    """Save what a model computes, and its weights, for servers.

    Args:
        model: the model.
        path: the folder.
    """
    need_built(model)
    exported = _Exported(model)
    served = {"serve": exported.serve, "serving_default": exported.serve}
    write_model(exported, path, served, None)


class _Placed:
    """A layer, its number and its path from the root."""

    def __init__(self, node: Node, path: str) -> None:
        self.node = node
        self.path = path


def _layers(nodes: list[Node]) -> list[_Placed]:
    paths = {0: "root"}
    for node in nodes:
        for name, number in node.children:
            paths.setdefault(number, f"{paths[node.number]}.{name}")
    return [_Placed(n, paths[n.number]) for n in nodes if is_layer(n.item)]


def identifier(layer: Any) -> str:
    """What tf.keras calls the kind of an object."""
    kind = type(layer).__name__
    if is_model(layer):
        if kind == "Sequential":
            return "_tf_keras_sequential"
        return "_tf_keras_network" if layer._begins_known else "_tf_keras_model"
    if kind == "InputLayer":
        return "_tf_keras_input_layer"
    return "_tf_keras_rnn_layer" if hasattr(layer, "cell") else "_tf_keras_layer"


def _described(placed: _Placed, include_optimizer: bool) -> Record:
    layer = placed.node.item
    data: dict[str, Any] = {
        "name": layer.name,
        "trainable": bool(layer.trainable),
        "expects_training_arg": True,
        "dtype": layer.dtype,
        "batch_input_shape": None,
        "stateful": bool(getattr(layer, "stateful", False)),
        "must_restore_from_config": False,
        "preserve_input_structure_in_config": False,
        "autocast": True,
        "class_name": type(layer).__name__,
    }
    try:
        form = older_form(plain(serialize(layer), serialize))
        data["config"] = form["config"]
        data["class_name"] = form["class_name"]
    except (NotImplementedError, ValueError, TypeError):
        # A class of the user's without get_config: it runs by its functions.
        data["config"] = None
    if getattr(layer, "_counts_words", False):
        data[LEARNT] = True
    shapes = getattr(layer, "_build_input_shape", None)
    data["build_input_shape"] = _shapes(shapes)
    if is_model(layer):
        data["is_graph_network"] = bool(layer._begins_known)
        data["keras_version"] = "2.15.0"
        data["backend"] = "tensorflow"
        data["model_config"] = {
            "class_name": data["class_name"],
            "config": data["config"],
        }
        training = training_data(layer) if include_optimizer else None
        if training is not None:
            data["training_config"] = training
    return Record(
        _OBJECT,
        node_id=placed.node.number,
        node_path=placed.path,
        identifier=identifier(layer),
        metadata=json.dumps(data),
        version=Record(VERSION, producer=2, min_consumer=1),
    )


def _shapes(value: Any) -> Any:
    if value is None:
        return None
    if hasattr(value, "as_list"):
        found = value.as_list() if value.rank is not None else None
        return {"class_name": "TensorShape", "items": found}
    if isinstance(value, dict):
        return {k: _shapes(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        if all(v is None or isinstance(v, int) for v in value):
            return {"class_name": "TensorShape", "items": list(value)}
        return [_shapes(v) for v in value]
    return None


def load_folder(
    path: str, custom_objects: Any = None, compile: bool = True, options: Any = None
) -> Any:
    """The model in a folder.

    Args:
        path: the folder.
        custom_objects: users' classes and functions by name.
        compile: whether to compile it as it was.
        options: a `tf.saved_model.LoadOptions`.

    Returns:
        The model; one of a class that is not known computes as it did, by the
        functions in the file.

    Raises:
        OSError: where the folder holds no model.
    """
    path = standing(os.fspath(path))
    data = _root_data(path)
    model = None
    if data is not None and data.get("config"):
        model = _rebuilt(data, custom_objects)
    known = model is not None
    if model is None:
        model = Revived(load(path, options=options))
    training = None if data is None else data.get("training_config")
    if compile and training is not None and training.get("optimizer_config"):
        with CustomObjectScope(custom_objects or {}):
            training = {**training, "optimizer_config": _former(training)}
            compiled_by_training_data(model, training, custom_objects)
    elif compile:
        get_logger().warning(
            "No training configuration found in save file, so the model was *not*"
            " compiled. Compile it manually."
        )
    if known:
        message = _metadata(path)
        if message is not None:
            mark_learnt(model, learnt_names(message))
        _read_weights(model, path)
    return model


def _former(training: dict[str, Any]) -> Any:
    """The optimizer, of before Keras 2.11 where it has a plain name."""
    told = training["optimizer_config"]
    name, config = told.get("class_name"), told.get("config")
    kind = getattr(legacy, name, None) if isinstance(name, str) else None
    if kind is None or not isinstance(config, dict) or "is_legacy_optimizer" in config:
        return told
    return kind.from_config(config)


def _read_weights(model: Any, path: str) -> None:
    """Read the weights, and the optimizer's state where it was compiled."""
    optimizer = model.__dict__.get("optimizer")
    build = getattr(optimizer, "build", None)
    if build is not None and model.built:
        build(model.trainable_variables)
    prefix = os.path.join(path, "variables", "variables")
    load_checkpoint(model, prefix).expect_partial()


def _metadata(path: str) -> Record | None:
    """What the folder says of its layers; None where it is no Keras model."""
    try:
        return decode(_METADATA, bytes_of(os.path.join(path, FILE), "load_model"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _root_data(path: str) -> dict[str, Any] | None:
    message = _metadata(path)
    if message is None:
        return None
    for node in message.nodes:
        if node.node_id == 0:
            try:
                found = _tuples(json.loads(node.metadata))
            except (ValueError, RecursionError):
                raise damaged("its metadata is no JSON", path) from None
            if not isinstance(found, dict):
                return None
            filled: dict[str, Any] = with_vocabularies(found, message, path)
            return filled
    return None


def _tuples(value: Any) -> Any:
    """Data with tf.keras's tuples as such."""
    if isinstance(value, dict):
        if value.get("class_name") == "__tuple__" and "items" in value:
            return tuple([_tuples(item) for item in value["items"]])
        return {key: _tuples(item) for key, item in value.items()}
    return [_tuples(item) for item in value] if isinstance(value, list) else value


def _rebuilt(data: dict[str, Any], custom_objects: Any) -> Any:
    """The model made from its configuration; None where a class is not known."""
    form = {"class_name": data["class_name"], "config": data["config"]}
    try:
        with CustomObjectScope(custom_objects or {}):
            model = deserialize(form, custom_objects)
    except (ValueError, TypeError, KeyError, NotImplementedError):
        return None
    if not isinstance(model, Model):
        return None
    shape = _shape_of(data.get("build_input_shape"))
    if not model.built and shape is not None:
        model.build(shape)
    return model


def _shape_of(value: Any) -> Any:
    if isinstance(value, dict) and value.get("class_name") == "TensorShape":
        items = value.get("items")
        return None if items is None else tuple(items)
    if isinstance(value, list):
        return [_shape_of(v) for v in value]
    if isinstance(value, dict):
        return {k: _shape_of(v) for k, v in value.items()}
    return None


class Revived(Model):
    """A model whose class is not known: it computes by the functions in its file.

    Args:
        restored: what `tf.saved_model.load` gave.
    """

    def __init__(self, restored: Restored) -> None:
        super().__init__()
        self.__dict__["_restored"] = restored
        self.__dict__["keras_api"] = getattr(restored, "keras_api", None)
        for place, variable in enumerate(variables_below(restored, _parts)):
            setattr(self, f"variable_{place}", variable)
        self.built = True

    @property
    def signatures(self) -> Any:
        """What servers call, by name."""
        return self.__dict__["_restored"].signatures

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs by the saved function."""
        return self.__dict__["_restored"](inputs, training=bool(training))


def _parts(item: Any) -> list[Any]:
    """What belongs to the model itself, not to its optimizer or metrics."""
    beside = ("optimizer", "keras_api", "signatures")
    held = vars(item).items() if isinstance(item, Restored) else ()
    return [value for name, value in held if name not in beside]
