"""Parsing of `tf.train.Example`s in TensorFlow's graphs, by rillet's `parse_example`.

Importing the file enters its reader in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

from rillet.graph.ir import SymbolicTensor
from rillet.saved_model.op_readers import reads
from rillet.saved_model.tensors import damaged


def _keys(x: Any, step: Any) -> list[str]:
    array = x._array
    if not hasattr(array, "ravel"):
        raise damaged("names of features must be constants", step.name)
    return [key.decode("utf-8", "replace") for key in array.ravel()]


def _default(x: Any, step: Any) -> Any:
    """What stands for a missing feature; None where it must be there."""
    while isinstance(x, SymbolicTensor) and x.known is None:
        node = x.node
        if node.type == "Const":
            value = node.attrs["value"]
            return value if value.size else None
        if node.type not in ("Reshape", "Identity"):
            raise damaged("a feature's default must be a constant", step.name)
        x = node.inputs[0]
    array = x.known if isinstance(x, SymbolicTensor) else x._array
    return array if array.size else None


@reads("ParseExampleV2")
def _parse(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.parsing.examples import parse_example
    from rillet.ops.parsing.features import (
        FixedLenFeature,
        FixedLenSequenceFeature,
        VarLenFeature,
    )

    texts, _, sparse, dense, ragged, *defaults = inputs
    sparse_keys, dense_keys = _keys(sparse, step), _keys(dense, step)
    kinds = step.attrs.get("sparse_types") or []
    dense_kinds = step.attrs.get("Tdense") or []
    shapes = step.attrs.get("dense_shapes") or []
    told = (len(kinds), len(dense_kinds), len(shapes), len(defaults))
    if told != (len(sparse_keys), *[len(dense_keys)] * 3) or _keys(ragged, step):
        raise damaged("features have no plain form", step.name)
    features: dict[str, Any] = dict(
        zip(sparse_keys, map(VarLenFeature, kinds), strict=True)
    )
    rows = zip(dense_keys, dense_kinds, shapes, defaults, strict=True)
    for key, kind, dims, default in rows:
        if dims and dims[0] is None:
            fills = _default(default, step)
            features[key] = FixedLenSequenceFeature(
                dims[1:],
                kind,
                allow_missing=True,
                default_value=None if fills is None else fills.reshape(-1)[0],
            )
            continue
        features[key] = FixedLenFeature(dims, kind, _default(default, step))
    found = parse_example(texts, features)
    parts = [found[key] for key in sparse_keys]
    return [
        *[x.indices for x in parts],
        *[x.values for x in parts],
        *[x.dense_shape for x in parts],
        *[found[key] for key in dense_keys],
    ]
