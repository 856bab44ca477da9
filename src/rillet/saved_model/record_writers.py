"""Nodes whose records bear TensorFlow's name and take other inputs than its op.

What rillet keeps as an attribute TensorFlow may have as an input, in lists of its own.
`parsing_writers` does the same for records of examples. Importing the file enters its
writers in the table of `list_writers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.graph.ir import Node
from rillet.saved_model.list_writers import WRITERS, Write

Attributes = dict[str, tuple[str, Any]]


def writes(*names: str) -> Callable[[Write], Write]:
    """Enter a writer under names of records."""

    def entered(function: Write) -> Write:
        for name in names:
            WRITERS[name] = function
        return function

    return entered


def texts(writer: Any, values: Sequence[Any]) -> str:
    """Texts as a constant vector."""
    held = np.empty(len(values), object)
    held[:] = [v if isinstance(v, bytes) else str(v).encode() for v in values]
    found: str = writer.constant(held, dtypes.string)
    return found


def text(writer: Any, value: Any) -> str:
    """A text as a constant."""
    held = np.empty((), object)
    held[()] = value if isinstance(value, bytes) else str(value).encode()
    found: str = writer.constant(held, dtypes.string)
    return found


def kinds(values: Sequence[Any]) -> tuple[str, list[DType]]:
    """The types of tensors as an attribute."""
    return "list(type)", [x.dtype for x in values]


@writes("StringSplit")
def _split(writer: Any, node: Node) -> list[str]:
    inputs = [writer.ref(node.inputs[0]), text(writer, node.attrs.get("delimiter", ""))]
    attrs: Attributes = {"skip_empty": ("bool", node.attrs.get("skip_empty", True))}
    made = writer.emit("StringSplit", node.name, inputs, attrs)
    return [f"{made}:{part}:0" for part in ("indices", "values", "shape")]


def _crossed(node: Node) -> tuple[list[Any], list[Any], Attributes]:
    """The tensors in TensorFlow's order, dense ones apart, and what tells them."""
    count = int(node.attrs.get("sparse", 0))
    given = list(node.inputs)
    parts, dense = given[: 3 * count], given[3 * count :]
    attrs: Attributes = {
        "N": ("int", count),
        "sparse_types": kinds(parts[1::3]),
        "dense_types": kinds(dense),
    }
    return [*parts[::3], *parts[1::3], *parts[2::3], *dense], dense, attrs


def _cross_outputs(made: str) -> list[str]:
    names = ("output_indices", "output_values", "output_shape")
    return [f"{made}:{name}:0" for name in names]


@writes("SparseCrossV2")
def _cross(writer: Any, node: Node) -> list[str]:
    given, _, attrs = _crossed(node)
    mark = text(writer, node.attrs.get("separator", b"_X_"))
    inputs = [*map(writer.ref, given), mark]
    return _cross_outputs(writer.emit("SparseCrossV2", node.name, inputs, attrs))


@writes("SparseCrossHashed")
def _cross_hashed(writer: Any, node: Node) -> list[str]:
    """`tf.sparse.cross_hashed` is the first form of the op there, with a hash."""
    given, dense, attrs = _crossed(node)
    count = len(given) - len(dense)
    held = [*given[count // 3 : 2 * count // 3], *dense]
    plain = all(x.dtype is dtypes.string for x in held)
    default = node.op.attrs["hash_key"] if hasattr(node.op, "attrs") else 0
    attrs |= {
        "hashed_output": ("bool", True),
        "num_buckets": ("int", node.attrs.get("num_buckets", 0)),
        "hash_key": ("int", node.attrs.get("hash_key", default)),
        "out_type": ("type", dtypes.int64),
        "internal_type": ("type", dtypes.string if plain else dtypes.int64),
    }
    inputs = list(map(writer.ref, given))
    return _cross_outputs(writer.emit("SparseCross", node.name, inputs, attrs))


@writes("DecodeCSV")
def _csv(writer: Any, node: Node) -> list[str]:
    defaults = node.attrs.get("defaults", ())
    inputs = [writer.ref(node.inputs[0])]
    for kind, value in defaults:
        if value is None:
            held = np.zeros(0, kind.numpy_dtype)
        else:
            held = np.empty(1, kind.numpy_dtype)
            held[0] = value
        inputs.append(writer.constant(held, kind))
    attrs: Attributes = {
        "OUT_TYPE": ("list(type)", [kind for kind, _ in defaults]),
        "field_delim": ("string", node.attrs.get("field_delim", ",")),
        "use_quote_delim": ("bool", node.attrs.get("use_quote_delim", True)),
        "na_value": ("string", node.attrs.get("na_value", "")),
        "select_cols": ("list(int)", node.attrs.get("select_cols", ())),
    }
    made = writer.emit("DecodeCSV", node.name, inputs, attrs)
    return [f"{made}:output:{i}" for i in range(len(defaults))]


@writes("Svd")
def _svd(writer: Any, node: Node) -> list[str]:
    """Singular values are real in rillet, of the matrix's type in TensorFlow."""
    x = node.inputs[0]
    attrs: Attributes = {
        "compute_uv": ("bool", node.attrs.get("compute_uv", True)),
        "full_matrices": ("bool", node.attrs.get("full_matrices", False)),
        "T": ("type", x.dtype),
    }
    made = writer.emit("Svd", node.name, [writer.ref(x)], attrs)
    values = f"{made}:s:0"
    if x.dtype.is_complex:
        attrs = {"T": ("type", x.dtype), "Tout": ("type", node.outputs[0].dtype)}
        values = f"{writer.emit('Real', f'{node.name}/Real', [values], attrs)}:output:0"
    return [values, f"{made}:u:0", f"{made}:v:0"]


@writes("AddV2")
def _add(writer: Any, node: Node) -> list[str]:
    """The newer op adds no texts there."""
    x, y = node.inputs
    name = "Add" if node.outputs[0].dtype is dtypes.string else "AddV2"
    attrs: Attributes = {"T": ("type", node.outputs[0].dtype)}
    made = writer.emit(name, node.name, [writer.ref(x), writer.ref(y)], attrs)
    return [f"{made}:z:0"]


@writes("DrawBoundingBoxesV2")
def _draw(writer: Any, node: Node) -> list[str]:
    """Without colours it is the first form of the op there."""
    colors = node.inputs[2]
    dims = colors.spec.shape
    plain = dims is not None and 0 in dims
    inputs = list(map(writer.ref, node.inputs[: 2 if plain else 3]))
    name = "DrawBoundingBoxes" if plain else "DrawBoundingBoxesV2"
    attrs: Attributes = {"T": ("type", node.inputs[0].dtype)}
    return [f"{writer.emit(name, node.name, inputs, attrs)}:output:0"]
