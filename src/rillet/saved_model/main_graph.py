"""The graph around the functions: what servers and TensorFlow 1's loaders run.

Variables, a call of each signature's function between placeholders, and the nodes that
save and restore values. `save` calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet import version
from rillet.checkpoint.graph import walk
from rillet.checkpoint.messages import VERSION
from rillet.checkpoint.wire import Record
from rillet.core import dtypes
from rillet.core.composite import CompositeSpec
from rillet.core.dtypes import DType
from rillet.core.sparse_tensor import SparseTensorSpec
from rillet.core.variable import Variable
from rillet.graph.concrete import ConcreteFunction
from rillet.ops.lookup.store import Store
from rillet.saved_model import messages
from rillet.saved_model.assets import names_in_model
from rillet.saved_model.attributes import node_message
from rillet.saved_model.function_messages import FunctionMessages
from rillet.saved_model.messages import as_entries
from rillet.saved_model.naming import clean_name
from rillet.saved_model.saved_tables import asset_of
from rillet.saved_model.signatures import RESERVED
from rillet.saved_model.structures import structure_message
from rillet.saved_model.table_writers import creation, file_of, filling
from rillet.saved_model.tensors import shape_message

_PREDICT = "tensorflow/serving/predict"
Attrs = dict[str, tuple[str, Any]]


class MainGraph:
    """Builds the graph of a model.

    Args:
        functions: the model's functions.

    Attributes:
        signatures: what servers read of each signature, by name.
    """

    def __init__(self, functions: FunctionMessages) -> None:
        self._functions = functions
        self._nodes: list[Record] = []
        self._taken: set[str] = set()
        self._handles: dict[int, str] = {}
        self.signatures: dict[str, Record] = {}
        for variable in functions.variables:
            self._handle(variable)
        self._file_names = names_in_model(functions.assets)
        self._files = [
            self._constant(f"assets/{name}", dtypes.string, "asset_path")
            for name in self._file_names
        ]
        self._tables: dict[int, str] = {}
        #: What fills the tables, before a server runs anything.
        self._fills: list[str] = []
        for store in functions.stores:
            self._table(store)

    def _add(self, op: str, name: str, inputs: list[str], attrs: Attrs) -> str:
        name = clean_name(name) or op
        found, at = name, 0
        while found.lower() in self._taken:
            at += 1
            found = f"{name}_{at}"
        self._taken.add(found.lower())
        self._nodes.append(node_message(found, op, inputs, attrs))
        return found

    def _constant(self, value: Any, dtype: DType, name: str) -> str:
        array = value
        if isinstance(value, str):
            array = np.empty((), object)
            array[()] = value.encode()
        attrs: Attrs = {"value": ("tensor", (array, dtype)), "dtype": ("type", dtype)}
        return self._add("Const", name, [], attrs)

    def _handle(self, variable: Variable) -> str:
        found = self._handles.get(id(variable._cell))
        if found is None:
            name = clean_name(variable._name) or "Variable"
            attrs: Attrs = {
                "dtype": ("type", variable.dtype),
                "shape": ("shape", variable.shape._dims),
                "shared_name": ("string", self._free(name)),
                "container": ("string", ""),
                "allowed_devices": ("list(string)", []),
            }
            found = self._add("VarHandleOp", name, [], attrs)
            self._handles[id(variable._cell)] = found
        return found

    def _table(self, store: Store) -> None:
        """Add a table and what fills it."""

        def constant(value: Any, kind: DType) -> str:
            return self._constant(value, kind, "Const")

        inputs, attrs = creation(store, constant)
        made = self._add(store.kind, "hash_table", inputs, attrs)
        self._tables[id(store)] = made
        reader = file_of(store)
        path = None
        if reader is not None:
            path = self._files[self._functions.assets.index(asset_of(reader))]
        op, inputs, attrs = filling(store, constant, path)
        self._fills.append(self._add(op, "key_value_init", [made, *inputs], attrs))

    def _free(self, name: str) -> str:
        found, at = name, 0
        while found.lower() in self._taken:
            at += 1
            found = f"{name}_{at}"
        return found

    def add_signature(self, name: str, concrete: ConcreteFunction) -> None:
        """Add a call of a signature's function."""
        called = self._functions.name_of(concrete)
        inputs, infos = [], {}
        for spec, key in zip(concrete._specs, concrete._names, strict=True):
            attrs: Attrs = {
                "dtype": ("type", spec.dtype),
                "shape": ("shape", spec.shape._dims),
            }
            node = self._add("Placeholder", f"{name}_{key}", [], attrs)
            inputs.append(node)
            infos[key] = _info(f"{node}:0", spec.dtype, spec.shape._dims)
        kinds = [spec.dtype for spec in concrete._specs]
        for item in self._functions.captured(concrete):
            if isinstance(item, Variable):
                inputs.append(self._handle(item))
                kinds.append(dtypes.as_dtype("resource"))
            elif isinstance(item, Store):
                inputs.append(self._tables[id(item)])
                kinds.append(dtypes.as_dtype("resource"))
            else:
                inputs.append(self._files[self._functions.assets.index(item)])
                kinds.append(dtypes.string)
        outputs = concrete.graph.outputs
        attrs = {
            "Tin": ("list(type)", kinds),
            "Tout": ("list(type)", [y.dtype for y in outputs]),
            "f": ("func", called),
            "config": ("string", ""),
            "config_proto": ("string", ""),
            "executor_type": ("string", ""),
        }
        node = self._add(
            "StatefulPartitionedCall", "StatefulPartitionedCall", inputs, attrs
        )
        parts = iter([(f"{node}:{place}", y) for place, y in enumerate(outputs)])
        told = concrete.structured_outputs
        results = {key: _result_info(told[key], parts) for key in sorted(told)}
        self.signatures[name] = Record(
            messages.SIGNATURE,
            inputs=as_entries(messages.INFO_ENTRY, infos),
            outputs=as_entries(messages.INFO_ENTRY, results),
            method_name=_PREDICT,
        )

    def saver_message(self, root: Any) -> Record:
        """Add what saves and restores values; say where it stands."""
        text = dtypes.string
        attrs: Attrs = {"dtype": ("type", text), "shape": ("shape", ())}
        path = self._add("Placeholder", "saver_filename", [], attrs)
        keys = [
            (node.keys["VARIABLE_VALUE"], node.item)
            for node in walk(root, {}, "savedmodel")
            if isinstance(node.item, Variable) and id(node.item._cell) in self._handles
        ]
        names = self._texts([key for key, _ in keys], "save/tensor_names")
        slices = self._texts(["" for _ in keys], "save/shape_and_slices")
        kinds = [v.dtype for _, v in keys]
        reads = [
            self._add(
                "ReadVariableOp",
                f"{self._handle(v)}/Read/ReadVariableOp",
                [self._handle(v)],
                {"dtype": ("type", v.dtype)},
            )
            for _, v in keys
        ]
        control: list[str] = []
        if keys:
            attrs = {"dtypes": ("list(type)", kinds)}
            saved = self._add(
                "SaveV2", "save/SaveV2", [path, names, slices, *reads], attrs
            )
            control = [f"^{saved}"]
        attrs = {"T": ("type", text)}
        done = self._add("Identity", "save/Identity", [path, *control], attrs)
        control = []
        if keys:
            attrs = {"dtypes": ("list(type)", kinds)}
            found = self._add(
                "RestoreV2", "save/RestoreV2", [path, names, slices], attrs
            )
            for place, (_, v) in enumerate(keys):
                attrs = {"dtype": ("type", v.dtype), "validate_shape": ("bool", False)}
                ref = f"{found}:{place}" if place else found
                made = self._add(
                    "AssignVariableOp",
                    "save/AssignVariableOp",
                    [self._handle(v), ref],
                    attrs,
                )
                control.append(f"^{made}")
        restored = self._add("NoOp", "save/restore_all", control, {})
        init = self._add("NoOp", "NoOp", [f"^{fill}" for fill in self._fills], {})
        unknown = Record(messages.TENSOR_INFO, name=init)
        unknown.tensor_shape = shape_message(None)
        self.signatures[RESERVED[0]] = Record(
            messages.SIGNATURE,
            outputs=as_entries(messages.INFO_ENTRY, {RESERVED[0]: unknown}),
        )
        return Record(
            messages.SAVER,
            filename_tensor_name=f"{path}:0",
            save_tensor_name=f"{done}:0",
            restore_op_name=restored,
            version=2,
        )

    def _texts(self, texts: list[str], name: str) -> str:
        array = np.empty(len(texts), object)
        array[:] = [text.encode() for text in texts]
        return self._constant(array, dtypes.string, name)

    def asset_messages(self) -> list[Record]:
        """Where the model's files stand."""
        return [
            Record(
                messages.ASSET_FILE,
                tensor_info=Record(messages.TENSOR_INFO, name=f"{node}:0"),
                filename=name,
            )
            for node, name in zip(self._files, self._file_names, strict=True)
        ]

    def graph_message(self) -> Record:
        """The graph with its functions."""
        library = self._functions.library
        gradients = [
            Record(messages.REGISTERED, gradient_func=function, registered_op_type=name)
            for name, function in library.gradients.items()
        ]
        return Record(
            messages.GRAPH,
            node=self._nodes,
            library=Record(
                messages.LIBRARY,
                function=list(library.functions.values()),
                registered_gradients=gradients,
            ),
            versions=Record(
                VERSION, producer=version.GRAPH_DEF_VERSION, min_consumer=12
            ),
        )


def _info(name: str, dtype: DType, dims: Any) -> Record:
    return Record(
        messages.TENSOR_INFO,
        name=name,
        dtype=dtype.as_datatype_enum,
        tensor_shape=shape_message(dims),
    )


def _result_info(spec: Any, parts: Iterator[Any]) -> Record:
    """What servers read of a result: a tensor, or a composite of several."""
    if not isinstance(spec, CompositeSpec):
        name, y = next(parts)
        return _info(name, y.dtype, y.spec.shape)
    held = [next(parts) for _ in spec._component_specs]
    if isinstance(spec, SparseTensorSpec):
        names = ("indices_tensor_name", "values_tensor_name", "dense_shape_tensor_name")
        pairs = zip(names, held, strict=True)
        return Record(
            messages.TENSOR_INFO,
            dtype=spec.dtype.as_datatype_enum,
            tensor_shape=shape_message(spec.shape._dims),
            coo_sparse=Record(messages.COO_SPARSE, **{n: h[0] for n, h in pairs}),
        )
    whole = Record(
        messages.COMPOSITE_INFO,
        type_spec=structure_message(spec).type_spec_value,
        components=[
            Record(
                messages.PART_INFO,
                name=name,
                dtype=y.dtype.as_datatype_enum,
                tensor_shape=shape_message(y.spec.shape),
            )
            for name, y in held
        ],
    )
    return Record(messages.TENSOR_INFO, composite_tensor=whole)
