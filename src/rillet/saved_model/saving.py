"""`tf.saved_model.save`: an object with its functions and variables as a folder.

In flow an object, and signatures; out flows a folder that TensorFlow loads:
``saved_model.pb`` (the functions as graphs, who holds whom, signatures), ``variables``
(a tensor bundle) and ``assets``. Keras's `model.save(folder)` comes here too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from rillet import version
from rillet.checkpoint import saver
from rillet.checkpoint.children import is_trackable
from rillet.checkpoint.messages import REFERENCE, VERSION
from rillet.checkpoint.wire import Record, encode
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.variable import Variable
from rillet.functions import Function
from rillet.graph.concrete import ConcreteFunction
from rillet.saved_model import messages
from rillet.saved_model.assets import Asset, copied, names_in_model
from rillet.saved_model.function_messages import FunctionMessages
from rillet.saved_model.main_graph import MainGraph
from rillet.saved_model.messages import FILE, as_entries
from rillet.saved_model.objects import Node, SignatureMap, objects_below
from rillet.saved_model.replacing import replaced
from rillet.saved_model.saved_tables import TableFunction, holds_table
from rillet.saved_model.signatures import DEFAULT_KEY, signatures_for
from rillet.saved_model.tensors import shape_message

_GENERIC = "_generic_user_object"


class SaveOptions:
    """How a model is written, `tf.saved_model.SaveOptions`.

    Args:
        namespace_whitelist: kept; ops of other libraries are never written.
        save_debug_info: kept; no debug information is written.
        function_aliases: names for functions, by the function.
        experimental_io_device: kept; files are written by this process.
        experimental_variable_policy: kept.
        experimental_custom_gradients: whether gradients that the program gave to
            functions (`tf.custom_gradient`) are written. Without them, asking the
            loaded model for such a gradient is an error.
        extra_tags: further tags of the graph.
    """

    def __init__(
        self,
        namespace_whitelist: Any = None,
        save_debug_info: bool = False,
        function_aliases: Mapping[str, Any] | None = None,
        experimental_debug_stripper: bool = False,
        experimental_io_device: str | None = None,
        experimental_variable_policy: Any = None,
        experimental_custom_gradients: bool = True,
        experimental_image_format: bool = False,
        experimental_skip_saver: bool = False,
        experimental_sharding_callback: Any = None,
        extra_tags: Any = None,
    ) -> None:
        self.namespace_whitelist = list(namespace_whitelist or ())
        self.save_debug_info = save_debug_info
        self.function_aliases = dict(function_aliases or {})
        self.experimental_io_device = experimental_io_device
        self.experimental_variable_policy = experimental_variable_policy
        self.experimental_custom_gradients = experimental_custom_gradients
        self.extra_tags = list(extra_tags or ())


def save(
    obj: Any, export_dir: Any, signatures: Any = None, options: Any = None
) -> None:
    """Save an object, its variables and traced functions, in TensorFlow's format.

    Args:
        obj: a `tf.Module`, Keras model or other object that holds variables and
            `tf.function`s. Functions are saved as they were traced.
        export_dir: the folder; it is made.
        signatures: a `tf.function` with an input signature, a concrete function, or a
            dictionary of these by name: what servers call. Where None, the object's
            only function with an input signature, if it has one.
        options: a `SaveOptions`.

    Raises:
        ValueError: where `obj` cannot be saved, or a signature does not give tensors.
        AssertionError: where a function uses a variable that no object holds.
        UnimplementedError: where a function uses what TensorFlow has no op for.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> class Double(tf.Module):
        ...     @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        ...     def __call__(self, x):
        ...         return 2.0 * x
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tf.saved_model.save(Double(), folder)
        ...     again = tf.saved_model.load(folder)
        ...     print(sorted(again.signatures), again(tf.constant([1.0])).numpy())
        ['serving_default'] [2.]
    """
    # A bare list, dictionary or tuple holds variables, and is yet no root of a model.
    plain = type(obj) in (list, dict, tuple)
    if plain or not is_trackable(obj) or isinstance(obj, Function | ConcreteFunction):
        raise ValueError(
            house_message(
                "saved_model.save",
                "Expected an object of type `Trackable`, such as `tf.Module` or a"
                " subclass of the `Trackable` class, for export",
                f"got {obj!r} with type {type(obj)}",
            )
        )
    write_model(obj, os.fspath(export_dir), signatures, options)


def write_model(
    obj: Any,
    folder: str,
    signatures: Any,
    options: Any,
    first_output: int = 0,
    beside: Callable[[list[Node]], dict[str, bytes]] | None = None,
) -> list[Node]:
    """Save an object.

    Args:
        obj: the object.
        folder: where.
        signatures: as of `save`.
        options: as of `save`.
        first_output: the number that a Keras model's outputs are counted from.
        beside: gives further files by name, from the objects that the model lists.

    Returns:
        The objects that the file lists, by number.
    """
    options = options or SaveOptions()
    with init_scope():
        found = signatures_for(obj, signatures, first_output)
        nodes = objects_below(obj, {"signatures": found})
        message, assets = _saved_model(obj, nodes, found, options)
        files = {FILE: encode(messages.SAVED_MODEL, message)}
        if beside is not None:
            files |= beside(nodes)
        with replaced(folder) as scratch:
            _write(scratch, obj, files, assets)
    return nodes


def _saved_model(
    obj: Any, nodes: list[Node], signatures: SignatureMap, options: Any
) -> tuple[Record, list[Asset]]:
    functions = FunctionMessages(nodes, options.experimental_custom_gradients)
    records = [_object(node, functions) for node in nodes]
    graph = MainGraph(functions)
    for name, concrete in signatures.items():
        graph.add_signature(name, concrete)
    objects = Record(
        messages.OBJECTS,
        nodes=[*records, *functions.kept],
        concrete_functions=as_entries(messages.CONCRETE_ENTRY, functions.concretes),
    )
    info = Record(
        messages.META_INFO,
        tags=["serve", *options.extra_tags],
        tensorflow_version=version.VERSION,
        tensorflow_git_version=version.GIT_VERSION,
        stripped_default_attrs=False,
        function_aliases=as_entries(messages.TEXT_ENTRY, _aliases(options, functions)),
    )
    meta = Record(
        messages.META_GRAPH,
        meta_info_def=info,
        graph_def=graph.graph_message(),
        saver_def=graph.saver_message(obj),
        signature_def=as_entries(messages.SIGNATURE_ENTRY, graph.signatures),
        asset_file_def=graph.asset_messages(),
        object_graph_def=objects,
    )
    # The saver's nodes come last, so the graph is told again.
    meta.graph_def = graph.graph_message()
    whole = Record(
        messages.SAVED_MODEL, saved_model_schema_version=1, meta_graphs=[meta]
    )
    return whole, functions.assets


def _aliases(options: Any, functions: FunctionMessages) -> dict[str, str]:
    found = {}
    for alias, function in options.function_aliases.items():
        for name in functions.names_of(function):
            found[name] = alias
    return found


def _object(node: Node, functions: FunctionMessages) -> Record:
    record = Record(messages.OBJECT)
    record.children = [
        Record(REFERENCE, node_id=number, local_name=name)
        for name, number in node.children
    ]
    item = node.item
    if isinstance(item, Variable):
        record.variable = _variable(item)
    elif isinstance(item, Asset):
        place = functions.assets.index(item)
        record.asset = Record(messages.ASSET, asset_file_def_index=place)
    elif isinstance(item, Function):
        record.function = functions.function(item)
    elif isinstance(item, ConcreteFunction):
        record.bare_concrete_function = functions.bare(item)
    elif isinstance(item, TableFunction):
        record.function = functions.table_function(item)
    elif holds_table(item):
        record.resource = Record(messages.RESOURCE, device="")
    else:
        record.user_object = _user_object(item)
    return record


def _variable(variable: Variable) -> Record:
    return Record(
        messages.SAVED_VARIABLE,
        dtype=variable.dtype.as_datatype_enum,
        shape=shape_message(variable.shape._dims),
        trainable=variable.trainable,
        name=variable._name,
    )


def _user_object(item: Any) -> Record:
    names: dict[Any, str] = {
        SignatureMap: "signature_map",
        list: "trackable_list_wrapper",
        dict: "trackable_dict_wrapper",
    }
    name, metadata = names.get(type(item), _GENERIC), ""
    if isinstance(item, tuple):
        name = "trackable_tuple_wrapper"
    tell = getattr(item, "_saved_identity", None)
    if tell is not None:
        name, metadata = tell()
    versions = Record(VERSION, producer=1, min_consumer=1)
    return Record(
        messages.USER_OBJECT, identifier=name, version=versions, metadata=metadata
    )


def _write(folder: str, obj: Any, files: dict[str, bytes], assets: list[Asset]) -> None:
    """Lay down what a model's folder holds."""
    os.makedirs(os.path.join(folder, "assets"), exist_ok=True)
    for asset, name in zip(assets, names_in_model(assets), strict=True):
        copied(asset, os.path.join(folder, "assets", name))
    prefix = os.path.join(folder, "variables", "variables")
    saver.save(prefix, obj, save_type="savedmodel")
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


__all__ = ["DEFAULT_KEY", "SaveOptions", "save"]
