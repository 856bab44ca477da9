"""`tf.saved_model.load`: a folder that TensorFlow or rillet wrote, as objects.

In flows a folder; out flows an object with the functions, variables and parts of the
one that was saved. Models of version 1 have signatures alone. Paths in a model never
lead out of its folder. Functions are traced when they are first called.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.restoration import graph_in
from rillet.checkpoint.wire import Record, decode
from rillet.core.errors import NotFoundError
from rillet.core.plain_files import bytes_of
from rillet.core.scopes import init_scope, name_scope
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.saved_model import messages
from rillet.saved_model.assets import Asset, asset_path
from rillet.saved_model.folders import standing
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.messages import FILE, as_dict
from rillet.saved_model.restored import (
    Restored,
    RestoredFunction,
    RestoredResource,
    RestoredSignature,
    SavedTrace,
    Signatures,
    callable_kind,
)
from rillet.saved_model.tensors import array_of, damaged, dims_of, dtype_of

_MOST_OBJECTS = 1 << 20
#: Places of all its lists together.
_MOST_PLACES = 1 << 20


class LoadOptions:
    """How a model is read, `tf.saved_model.LoadOptions`.

    Args:
        allow_partial_checkpoint: whether variables may lack values in the files.
        experimental_io_device: kept; files are read by this process.
        experimental_skip_checkpoint: do not read the variables' values.
        experimental_variable_policy: kept.
        experimental_load_function_aliases: kept.
        allowed_ops: ops that touch files or run code, which the model may use all the
            same. Only for models that are trusted.
    """

    def __init__(
        self,
        allow_partial_checkpoint: bool = False,
        experimental_io_device: str | None = None,
        experimental_skip_checkpoint: bool = False,
        experimental_variable_policy: Any = None,
        experimental_load_function_aliases: bool = False,
        allowed_ops: Any = (),
    ) -> None:
        self.allow_partial_checkpoint = allow_partial_checkpoint
        self.experimental_io_device = experimental_io_device
        self.experimental_skip_checkpoint = experimental_skip_checkpoint
        self.experimental_variable_policy = experimental_variable_policy
        self.experimental_load_function_aliases = experimental_load_function_aliases
        self.allowed_ops = tuple(allowed_ops)


def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds a SavedModel.

    Args:
        export_dir: the folder.

    Example:
        >>> import rillet as tf
        >>> tf.saved_model.contains_saved_model("no/such/folder")
        False
    """
    folder = standing(os.fspath(export_dir))
    names = (FILE, "saved_model.pbtxt")
    return any(os.path.exists(os.path.join(folder, name)) for name in names)


def read_message(folder: str) -> Record:
    """The message that ``saved_model.pb`` holds.

    Raises:
        OSError: where there is no such file.
        DataLossError: where it is damaged.
    """
    path = os.path.join(folder, FILE)
    try:
        data = bytes_of(path, "saved_model.load")
    except (FileNotFoundError, NotADirectoryError):
        raise OSError(
            f"SavedModel file does not exist at: {folder}{os.sep}"
            "{saved_model.pbtxt|saved_model.pb}"
        ) from None
    return decode(messages.SAVED_MODEL, data)


def load(export_dir: Any, tags: Any = None, options: Any = None) -> Any:
    """Load what `tf.saved_model.save`, Keras, or TensorFlow 1 saved.

    Args:
        export_dir: the folder.
        tags: which graph, where there are several: a tag or a set of them.
        options: a `LoadOptions`.

    Returns:
        An object whose attributes are the saved object's variables, functions and
        parts; ``signatures`` holds what servers call, by name.

    Raises:
        OSError: where the folder holds no model.
        ValueError: where there are several graphs and no tags.
        RuntimeError: where no graph has such tags.
        DataLossError: where the files are damaged.
    """
    folder = standing(os.fspath(export_dir))
    options = options or LoadOptions()
    meta = chosen(read_message(folder), tags, folder)
    with init_scope(), name_scope(""):
        if not meta.has("object_graph_def") or not meta.object_graph_def.nodes:
            from rillet.saved_model.version_one import load_version_one

            root = load_version_one(meta, folder, options)
        else:
            root = Loader(meta, folder, options).root()
    info = meta.meta_info_def
    root.__dict__["tensorflow_version"] = info.tensorflow_version
    root.__dict__["tensorflow_git_version"] = info.tensorflow_git_version
    return root


def chosen(whole: Record, tags: Any, folder: str) -> Record:
    """The graph with the tags asked for.

    Raises:
        ValueError: where there are several graphs and no tags.
        RuntimeError: where no graph has such tags.
    """
    graphs = whole.meta_graphs
    if not graphs:
        raise damaged("it holds no graph", folder)
    if tags is None:
        if len(graphs) > 1:
            held = [list(g.meta_info_def.tags) for g in graphs]
            raise ValueError(
                "Importing a SavedModel with `tf.saved_model.load` requires a `tags=`"
                " argument if there is more than one MetaGraph. Got `tags=None`, but"
                f" there are {len(graphs)} MetaGraphs in the SavedModel with tag sets:"
                f" {held}. Pass a `tags=` argument to load this SavedModel."
            )
        found: Record = graphs[0]
        return found
    wanted = {tags} if isinstance(tags, str) else set(tags)
    for graph in graphs:
        if set(graph.meta_info_def.tags) == wanted:
            ours: Record = graph
            return ours
    held = [list(g.meta_info_def.tags) for g in graphs]
    raise RuntimeError(
        f"MetaGraphDef associated with tags {sorted(wanted)} could not be found in"
        f" SavedModel. The tag sets available in '{folder}' are: {held}."
    )


class Loader:
    """Makes the objects of one model.

    Args:
        meta: the graph with its objects.
        folder: where the model is.
        options: a `LoadOptions`.
    """

    def __init__(self, meta: Record, folder: str, options: Any) -> None:
        self.folder = folder
        self._options = options
        self._meta = meta
        self._objects = meta.object_graph_def
        self._nodes = list(self._objects.nodes)
        count = len(self._nodes)
        if count > _MOST_OBJECTS:
            raise damaged("it holds too many objects", str(count))
        for node in self._nodes:
            for child in node.children:
                if not 0 <= child.node_id < count:
                    raise damaged("an object names one that is missing", folder)
        self.reader = Reader(meta.graph_def, options.allowed_ops, folder)
        self._concretes = as_dict(self._objects.concrete_functions)
        self.reader.gradients.learn(self._concretes, self._nodes, self.bound)
        self._constants = {n.name: n for n in meta.graph_def.node if n.op == "Const"}
        self._traces: dict[str, SavedTrace] = {}
        self._places = 0
        #: What the tables held, by the numbers of their nodes.
        self._parts: dict[int, dict[str, Any]] = {}
        self.made: list[Any] = [None] * count
        self.edges: list[list[tuple[str, int]]] = [
            [(c.local_name, c.node_id) for c in node.children] for node in self._nodes
        ]

    def root(self) -> Any:
        """The model's object."""
        values = self._values()
        for number, node in enumerate(self._nodes):
            self.made[number] = self._object(node, number, values)
        for number, node in enumerate(self._nodes):
            self._connect(self.made[number], self.edges[number], node)
        for number, item in enumerate(self.made):
            if isinstance(item, RestoredResource):
                item.begin(self, self._parts.get(number, {}))
        root = self.made[0]
        if not isinstance(root, Restored):
            raise damaged("its root is no object", self.folder)
        if "signatures" not in root.__dict__:
            root.__dict__["signatures"] = Signatures()
        return root

    def _values(self) -> Any:
        """What gives a variable's value by the number of its node."""
        prefix = os.path.join(self.folder, "variables", "variables")
        if self._options.experimental_skip_checkpoint:
            return lambda number: None
        try:
            bundle = BundleReader(prefix)
        except NotFoundError:
            if any(node.has("variable") for node in self._nodes):
                raise
            return lambda number: None
        graph = graph_in(bundle)
        if graph is None:
            raise damaged("its variables have no object graph", self.folder)
        keys = self._keys(graph, bundle)

        def value(number: int) -> Any:
            key = keys.get(number)
            return None if key is None or key not in bundle else bundle.read(key)

        return value

    def _keys(self, graph: Record, bundle: BundleReader) -> dict[int, str]:
        """The names of values by the numbers of nodes: both graphs walked at once."""
        found: dict[int, str] = {}
        twins = {0: 0}
        line = [0]
        while line or self._slots_below(graph, twins, line):
            number = line.pop()
            there = graph.nodes[twins[number]]
            for attribute in there.attributes:
                if attribute.name == "VARIABLE_VALUE":
                    found[number] = attribute.checkpoint_key
                elif not self._nodes[number].has("variable"):
                    self._note_part(number, attribute.checkpoint_key, bundle)
            names = {c.local_name: c.node_id for c in there.children}
            for key, mine in self.edges[number]:
                if key in names and mine not in twins:
                    twins[mine] = names[key]
                    line.append(mine)
        return found

    def _slots_below(self, graph: Record, twins: dict[int, int], line: Any) -> bool:
        """Walk on to optimizers' slots, whose variables are known by now."""
        for number, other in list(twins.items()):
            slots = {
                (s.original_variable_node_id, s.slot_name): s.slot_variable_node_id
                for s in graph.nodes[other].slot_variables
            }
            for slot in self._nodes[number].slot_variables:
                key = (twins.get(slot.original_variable_node_id), slot.slot_name)
                mine = slot.slot_variable_node_id
                if key in slots and mine not in twins and 0 <= mine < len(self._nodes):
                    twins[mine] = slots[key]
                    line.append(mine)
        return bool(line)

    def _note_part(self, number: int, key: str, bundle: BundleReader) -> None:
        """Read what a table held."""
        for name in ("keys", "values"):
            whole = key if key.endswith(f"-{name}") else f"{key}-{name}"
            if whole in bundle:
                self._parts.setdefault(number, {})[name] = bundle.read(whole)

    def _object(self, node: Record, number: int, values: Any) -> Any:
        if node.has("variable"):
            return self._variable(node.variable, values(number))
        if node.has("function"):
            return self._function(node.function)
        if node.has("bare_concrete_function"):
            bare = node.bare_concrete_function
            trace = self.trace(bare.concrete_function_name)
            return RestoredSignature(trace, list(bare.argument_keywords), bare)
        if node.has("asset"):
            return self._asset(node.asset.asset_file_def_index)
        if node.has("constant"):
            held = self._constants.get(node.constant.operation)
            if held is None:
                raise damaged("a constant is missing", node.constant.operation)
            told = as_dict(held.attr)
            if "value" not in told:
                raise damaged("a constant has no value", node.constant.operation)
            return Tensor(array_of(told["value"].tensor))
        return self._user_object(node, number)

    def _user_object(self, node: Record, number: int) -> Any:
        identifier = node.user_object.identifier
        if identifier == "signature_map":
            return Signatures()
        if identifier in ("trackable_list_wrapper", "trackable_tuple_wrapper"):
            return []
        if identifier == "trackable_dict_wrapper":
            return {}
        names = {name for name, _ in self.edges[number]}
        if "_create_resource" in names:
            return RestoredResource(identifier or "resource")
        kind = callable_kind if "__call__" in names else Restored
        return kind(identifier or "resource")

    def _variable(self, saved: Record, value: Any) -> Variable:
        kind, dims = dtype_of(saved.dtype), dims_of(saved.shape)
        if value is None:
            partial = self._options.allow_partial_checkpoint
            if not partial and not self._options.experimental_skip_checkpoint:
                raise damaged("a variable has no value", saved.name)
            import numpy as np

            value = np.zeros([d or 0 for d in dims or ()], kind.numpy_dtype)
        return Variable(
            Tensor(value),
            trainable=saved.trainable,
            name=saved.name or None,
            dtype=kind,
            shape=None if dims is not None and None not in dims else dims,
        )

    def _asset(self, place: int) -> Asset:
        files = self._meta.asset_file_def
        if not 0 <= place < len(files):
            raise damaged("an asset is missing", str(place))
        return Asset(asset_path(self.folder, files[place].filename))

    def trace(self, name: str) -> SavedTrace:
        """A function as it was traced."""
        found = self._traces.get(name)
        if found is None:
            saved = self._concretes.get(name)
            if saved is None or not self.reader.has(name):
                raise damaged("a function is missing", name)
            found = self._traces[name] = SavedTrace(self, name, saved)
        return found

    def bound(self, numbers: list[int]) -> list[Any]:
        """The objects that a function captured."""
        found = []
        for number in numbers:
            if not 0 <= number < len(self.made):
                raise damaged("a function captured an object that is missing")
            item = self.made[number]
            if isinstance(item, Asset):
                item = item.asset_path
            elif isinstance(item, RestoredResource):
                item = item.handle(self)
            found.append(item)
        return found

    def _function(self, saved: Record) -> Any:
        traces = [self.trace(name) for name in saved.concrete_functions]
        return RestoredFunction(traces, saved.function_spec)

    def _connect(self, item: Any, edges: list[tuple[str, int]], node: Record) -> None:
        if isinstance(item, list):
            places = {int(k): n for k, n in edges if k.isdecimal() and len(k) < 7}
            # what is no part of a graph between others has a place, as in TensorFlow
            count = max(places, default=-1) + 1
            self._places += count
            if self._places > _MOST_PLACES:
                raise damaged("its lists have too many places", str(self._places))
            item += [None] * count
            for place, number in places.items():
                item[place] = self.made[number]
        elif isinstance(item, dict):
            for name, number in edges:
                made = item[name] = self.made[number]
                if isinstance(made, RestoredSignature):
                    made.called(name)
        elif isinstance(item, Restored):
            for name, number in edges:
                item.__dict__[name] = self.made[number]
