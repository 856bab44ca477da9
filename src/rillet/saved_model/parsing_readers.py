"""Parsing of `tf.train.Example`s in TensorFlow's graphs, by rillet's records.

Keys and defaults are inputs there, attributes here. Importing the file enters its
readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.ops.parsing.columns import Dense
from rillet.saved_model.op_readers import reads
from rillet.saved_model.parsing_writers import sequence_outputs
from rillet.saved_model.record_readers import needed, run
from rillet.saved_model.tensors import damaged


def _keys(x: Any, step: Any) -> list[str]:
    """Names of features."""
    array = np.asarray(needed(x, step, "list of features"), object)
    return [key.decode("utf-8", "replace") for key in array.reshape(-1)]


def _paired(step: Any, keys: list[str], *told: Any) -> list[Any]:
    """Keys with what attributes say of each."""
    lists = [[] if values is None else list(values) for values in told]
    if any(len(values) != len(keys) for values in lists):
        raise damaged(
            f"{step.op} has {len(keys)} keys and other numbers of types",
            str([len(values) for values in lists]),
        )
    return list(zip(keys, *lists, strict=True))


def _dense(
    step: Any, keys: list[str], types: Any, shapes: Any, defaults: list[Any]
) -> tuple[Dense, ...]:
    found = []
    for key, kind, dims, value in _paired(step, keys, types, shapes, defaults):
        if dims is None:
            raise damaged("a dense feature has no shape", f"{key} in {step.name}")
        held = needed(value, step, "default")
        default = held if held.size or (held.ndim and 0 in dims) else None
        if dims and dims[0] is None:
            default = _fill(kind) if default is None else default.reshape(-1)[0]
            default = np.asarray(default, kind.numpy_dtype)
        elif default is not None:
            default = _shaped(default, dims, key, step)
        found.append(Dense(key, kind, tuple(dims), default))
    return tuple(found)


def _fill(kind: Any) -> Any:
    """What pads where no default is told."""
    return b"" if kind.name == "string" else 0


def _shaped(default: Any, dims: Any, key: str, step: Any) -> Any:
    """A default in its feature's shape."""
    if default.size != np.prod(dims, dtype=np.int64):
        raise damaged(
            house_message("SavedModel", "a default has another size", key), step.name
        )
    return default.reshape(dims)


def _run(name: str, texts: Any, **columns: Any) -> list[Any]:
    found = run(name, texts, **columns)
    return list(found) if isinstance(found, tuple | list) else [found]


@reads("ParseExampleV2")
def _parse(reader: Any, step: Any, inputs: list[Any]) -> Any:
    texts, _, *keys = inputs[:5]
    sparse, dense, ragged = [_keys(x, step) for x in keys]
    attrs = step.attrs.get
    return _run(
        step.op,
        texts,
        sparse=tuple(_paired(step, sparse, attrs("sparse_types"))),
        dense=_dense(step, dense, attrs("Tdense"), attrs("dense_shapes"), inputs[5:]),
        ragged=tuple(
            _paired(
                step, ragged, attrs("ragged_value_types"), attrs("ragged_split_types")
            )
        ),
    )


@reads("ParseExample")
def _parse_first(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """The first form, in which each key is an input."""
    attrs = step.attrs.get
    some, more = int(attrs("Nsparse") or 0), int(attrs("Ndense") or 0)
    keys = [_keys(x, step)[0] for x in inputs[2 : 2 + some + more]]
    rest = inputs[2 + some + more :]
    dense = _dense(step, keys[some:], attrs("Tdense"), attrs("dense_shapes"), rest)
    sparse = tuple(_paired(step, keys[:some], attrs("sparse_types")))
    return _run("ParseExampleV2", inputs[0], sparse=sparse, dense=dense, ragged=())


@reads("ParseSingleExample")
def _parse_single(reader: Any, step: Any, inputs: list[Any]) -> Any:
    attrs = step.attrs.get
    sparse, dense = [
        [key.decode("utf-8", "replace") for key in attrs(name) or ()]
        for name in ("sparse_keys", "dense_keys")
    ]
    return _run(
        "ParseExampleV2",
        inputs[0],
        sparse=tuple(_paired(step, sparse, attrs("sparse_types"))),
        dense=_dense(step, dense, attrs("Tdense"), attrs("dense_shapes"), inputs[1:]),
        ragged=(),
    )


@reads("ParseSequenceExampleV2")
def _parse_sequence(reader: Any, step: Any, inputs: list[Any]) -> Any:
    texts, _, *keys = inputs[:8]
    names = [_keys(x, step) for x in keys]
    missing = needed(inputs[8], step, "list of features").reshape(-1)
    missing = missing if missing.size else [False] * len(names[4])
    attrs = step.attrs.get
    columns = []
    for part, start in (("context", 0), ("feature_list", 3)):
        sparse, dense, ragged = names[start : start + 3]
        shapes = attrs(f"{part}_dense_shapes")
        if start:
            types = attrs("feature_list_dense_types")
            held = tuple(
                [
                    Dense(key, kind, (None, *dims), np.asarray(0) if empty else None)
                    for key, kind, dims, empty in _paired(
                        step, dense, types, shapes, missing
                    )
                ]
            )
        else:
            held = _dense(step, dense, attrs("Tcontext_dense"), shapes, inputs[9:])
        ends = f"{part}_ragged_value_types", f"{part}_ragged_split_types"
        columns.append(
            (
                tuple(_paired(step, sparse, attrs(f"{part}_sparse_types"))),
                held,
                tuple(_paired(step, ragged, *map(attrs, ends))),
            )
        )
    first, steps = [
        tuple(zip(("sparse", "dense", "ragged"), c, strict=True)) for c in columns
    ]
    found = iter(_run(step.op, texts, context=first, **dict(steps)))
    parts = {
        name: [next(found) for _ in range(count)]
        for name, count in sequence_outputs(*columns)
    }
    # TensorFlow gives the outer splits first.
    inner = parts.pop("feature_list_ragged_inner_splits")
    parts["feature_list_ragged_inner_splits"] = inner
    return [x for values in parts.values() for x in values]
