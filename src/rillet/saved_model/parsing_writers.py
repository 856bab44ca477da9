"""Records that parse examples, as TensorFlow's ops: keys and defaults are inputs there.

Importing the file enters its writers in the table of `list_writers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.graph.ir import Node
from rillet.saved_model.record_writers import Attributes, texts, writes


def _defaults(writer: Any, dense: Any) -> list[str]:
    """For each dense feature what a missing one is; empty where it must be there."""
    found = []
    for column in dense:
        value = column.default
        kind = column.dtype
        held = np.zeros(0, kind.numpy_dtype) if value is None else np.asarray(value)
        found.append(writer.constant(held, kind))
    return found


def _keys(writer: Any, columns: Any) -> str:
    return texts(writer, [c[0] if isinstance(c, tuple) else c.key for c in columns])


def _columns(attrs: Any) -> tuple[Any, Any, Any]:
    return attrs.get("sparse", ()), attrs.get("dense", ()), attrs.get("ragged", ())


def _refs(made: str, counts: list[tuple[str, int]]) -> list[str]:
    return [f"{made}:{name}:{i}" for name, count in counts for i in range(count)]


@writes("ParseExampleV2")
def _example(writer: Any, node: Node) -> list[str]:
    sparse, dense, ragged = _columns(node.attrs)
    inputs = [
        writer.ref(node.inputs[0]),
        texts(writer, []),
        _keys(writer, sparse),
        _keys(writer, dense),
        _keys(writer, ragged),
        *_defaults(writer, dense),
    ]
    attrs: Attributes = {
        "Tdense": ("list(type)", [c.dtype for c in dense]),
        "num_sparse": ("int", len(sparse)),
        "sparse_types": ("list(type)", [kind for _, kind in sparse]),
        "ragged_value_types": ("list(type)", [kind for _, kind, _ in ragged]),
        "ragged_split_types": ("list(type)", [kind for *_, kind in ragged]),
        "dense_shapes": ("list(shape)", [c.shape for c in dense]),
    }
    made = writer.emit("ParseExampleV2", node.name, inputs, attrs)
    many, more = len(sparse), len(ragged)
    return _refs(
        made,
        [
            ("sparse_indices", many),
            ("sparse_values", many),
            ("sparse_shapes", many),
            ("dense_values", len(dense)),
            ("ragged_values", more),
            ("ragged_row_splits", more),
        ],
    )


@writes("ParseSequenceExampleV2")
def _sequence(writer: Any, node: Node) -> list[str]:
    first = _columns(dict(node.attrs.get("context", ())))
    steps = _columns(node.attrs)
    optional = np.array([c.default is not None for c in steps[1]], np.bool_)
    inputs = [
        writer.ref(node.inputs[0]),
        texts(writer, []),
        *[_keys(writer, columns) for columns in (*first, *steps)],
        writer.constant(optional, dtypes.bool_),
        *_defaults(writer, first[1]),
    ]
    attrs: Attributes = {
        "Ncontext_sparse": ("int", len(first[0])),
        "Tcontext_dense": ("list(type)", [c.dtype for c in first[1]]),
        "context_sparse_types": ("list(type)", [kind for _, kind in first[0]]),
        "context_ragged_value_types": ("list(type)", [k for _, k, _ in first[2]]),
        "context_ragged_split_types": ("list(type)", [k for *_, k in first[2]]),
        "context_dense_shapes": ("list(shape)", [c.shape for c in first[1]]),
        "Nfeature_list_sparse": ("int", len(steps[0])),
        "Nfeature_list_dense": ("int", len(steps[1])),
        "feature_list_dense_types": ("list(type)", [c.dtype for c in steps[1]]),
        "feature_list_sparse_types": ("list(type)", [k for _, k in steps[0]]),
        "feature_list_ragged_value_types": ("list(type)", [k for _, k, _ in steps[2]]),
        "feature_list_ragged_split_types": ("list(type)", [k for *_, k in steps[2]]),
        "feature_list_dense_shapes": ("list(shape)", [c.row for c in steps[1]]),
    }
    made = writer.emit("ParseSequenceExampleV2", node.name, inputs, attrs)
    return _refs(made, sequence_outputs(first, steps))


def sequence_outputs(first: Any, steps: Any) -> list[tuple[str, int]]:
    """Outputs of TensorFlow's op in the order that rillet's record has.

    Args:
        first: sparse, dense and ragged columns of the context.
        steps: those of the steps.

    Returns:
        Names, each with how many there are.
    """
    return [
        ("context_sparse_indices", len(first[0])),
        ("context_sparse_values", len(first[0])),
        ("context_sparse_shapes", len(first[0])),
        ("context_dense_values", len(first[1])),
        ("context_ragged_values", len(first[2])),
        ("context_ragged_row_splits", len(first[2])),
        ("feature_list_sparse_indices", len(steps[0])),
        ("feature_list_sparse_values", len(steps[0])),
        ("feature_list_sparse_shapes", len(steps[0])),
        ("feature_list_dense_values", len(steps[1])),
        ("feature_list_dense_lengths", len(steps[1])),
        ("feature_list_ragged_values", len(steps[2])),
        ("feature_list_ragged_inner_splits", len(steps[2])),
        ("feature_list_ragged_outer_splits", len(steps[2])),
    ]
