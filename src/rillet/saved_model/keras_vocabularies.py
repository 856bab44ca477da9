"""The words that lookup layers of a saved Keras model learnt: they stand in tables.

In flow a folder and what its metadata says of layers; out flow configurations with the
words in them, so that layers are built as large as they were. `keras_models` calls it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from rillet.checkpoint.wire import Record
from rillet.core.variable import Variable
from rillet.ops.lookup.store import Store
from rillet.saved_model.load import Loader, LoadOptions, chosen, read_message
from rillet.saved_model.restored import Restored

#: What rillet's metadata says of a lookup whose words were learnt.
LEARNT = "words_learnt"
#: What tf.keras's says of one whose words were given.
_GIVEN = "has_input_vocabulary"
_INNER = "._lookup_layer"
_LOOKUPS = ("TextVectorization", "StringLookup", "IntegerLookup")


def with_vocabularies(data: Any, metadata: Record, path: str) -> Any:
    """A model's metadata with the words of its lookups.

    Args:
        data: what the metadata says of the model.
        metadata: the metadata of all layers.
        path: the model's folder.
    """
    wanted = _lookups(metadata)
    if not wanted:
        return data
    options = LoadOptions(allow_partial_checkpoint=True)
    loader = Loader(chosen(read_message(path), None, path), path, options)
    loader.root()
    found = {}
    for name, number in wanted.items():
        if 0 <= number < len(loader.made):
            learnt = _learnt(loader.made[number])
            if learnt is not None:
                found[name] = learnt
    return _filled(data, found)


def learnt_names(metadata: Record) -> set[str]:
    """The names of the lookups that learnt their words, and may learn others.

    Args:
        metadata: the metadata of all layers.
    """
    rows = _rows(metadata)
    found = set()
    for path, (_, kind, config, learnt) in rows.items():
        if kind not in _LOOKUPS or not isinstance(config, dict):
            continue
        in_table = config.get("vocabulary") is None
        if learnt or (kind in _LOOKUPS[1:] and not config.get(_GIVEN, not in_table)):
            if path.endswith(_INNER) and path.removesuffix(_INNER) in rows:
                config = rows[path.removesuffix(_INNER)][2]
            found.add(str(config.get("name")))
    return found


def _rows(metadata: Record) -> dict[str, tuple[int, Any, Any, bool]]:
    """Numbers, classes, configurations and whether words were learnt, by paths."""
    rows = {}
    for node in metadata.nodes:
        try:
            told = json.loads(node.metadata)
            kind, config, learnt = told["class_name"], told["config"], told.get(LEARNT)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        rows[node.node_path] = node.node_id, kind, config, learnt is True
    return rows


def mark_learnt(model: Any, names: set[str]) -> None:
    """Let lookups of a model know that their words were learnt, not given.

    Args:
        model: the model.
        names: those of the lookups.
    """
    for layer in model._flatten_layers():
        if layer.name in names:
            vars(getattr(layer, "_lookup_layer", layer))["_fixed"] = False


def _lookups(metadata: Record) -> dict[str, int]:
    """The numbers of lookups without words in their configuration, by layers' names."""
    rows = _rows(metadata)
    found = {}
    for path, (number, kind, config, _) in rows.items():
        if kind not in _LOOKUPS[1:] or not isinstance(config, dict):
            continue
        holder = rows.get(path.removesuffix(_INNER))
        if path.endswith(_INNER) and holder is not None:
            config = holder[2]
        if not isinstance(config, dict):
            continue
        if config.get("vocabulary") is None and isinstance(config.get("name"), str):
            found[config["name"]] = number
    return found


def _learnt(layer: Any) -> tuple[list[Any], list[float] | None] | None:
    """The words of a loaded lookup in their order, and their weights."""
    if not isinstance(layer, Restored):
        return None
    store = vars(vars(layer).get("lookup_table", layer)).get("_store")
    if not isinstance(store, Store) or not len(store):
        return None
    keys, values = store.export()
    if store.value_dtype.is_integer and np.ndim(values) == 1:
        words = keys[np.argsort(values, kind="stable")]
    else:
        words = values[np.argsort(keys, kind="stable")]
    plain = [w.decode("utf-8", "replace") if isinstance(w, bytes) else w for w in words]
    held = vars(layer).get("idf_weights")
    if not isinstance(held, Variable):
        return [_number(w) for w in plain], None
    weights = np.asarray(held.numpy(), float).ravel()
    return [_number(w) for w in plain], weights[len(weights) - len(plain) :].tolist()


def _number(word: Any) -> Any:
    return int(word) if isinstance(word, np.integer) else word


def _filled(data: Any, found: dict[str, Any]) -> Any:
    if isinstance(data, list):
        return [_filled(item, found) for item in data]
    if isinstance(data, tuple):
        return tuple([_filled(item, found) for item in data])
    if not isinstance(data, dict):
        return data
    out = {key: _filled(value, found) for key, value in data.items()}
    config = out.get("config")
    if out.get("class_name") in _LOOKUPS and isinstance(config, dict):
        learnt = found.get(str(config.get("name")))
        if learnt is not None and config.get("vocabulary") is None:
            config["vocabulary"], weights = learnt
            if weights is not None:
                config["idf_weights"] = weights
    return out
