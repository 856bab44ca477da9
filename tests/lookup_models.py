"""Models of lookups and encodings, with texts for them: `tests/saved_model` and
`tests/foreign` save them and look what comes back."""

from __future__ import annotations

import json
from typing import Any

import rillet as tf

K = tf.keras
WORDS = ["the", "cat", "sat", "dog", "mat"]
RARITY = [0.5, 1.0, 1.5, 2.0, 2.5]
TEXTS = [["The cat, sat on THE mat!"], [""], ["a dog  dog"]]
PAIRS = [["cat", "zz"], ["", "mat"]]
NUMBERS = [[5, 7], [9, -4]]


def _texts(given: Any, **arguments: Any) -> Any:
    arguments.setdefault("vocabulary", WORDS)
    return K.layers.TextVectorization(**arguments), "string", given


def _strings(given: Any = PAIRS, kind: str = "string", **arguments: Any) -> Any:
    return K.layers.StringLookup(vocabulary=WORDS, **arguments), kind, given


def _integers(given: Any = NUMBERS, **arguments: Any) -> Any:
    layer = K.layers.IntegerLookup(vocabulary=[5, 7, 9], **arguments)
    return layer, "int64", given


def _rows() -> dict[str, Any]:
    hot = K.layers.CategoryEncoding(6, output_mode="multi_hot")
    return {
        "words": _texts(TEXTS),
        "length": _texts(TEXTS, output_sequence_length=4),
        "hot": _texts(TEXTS, output_mode="multi_hot"),
        "runs": _texts(TEXTS, output_mode="count", ngrams=2),
        "rarity": _texts(
            TEXTS,
            output_mode="tf_idf",
            idf_weights=RARITY,
            pad_to_max_tokens=True,
            max_tokens=10,
        ),
        "letters": _texts(
            [["Caté!"], ["tt"]], vocabulary=["a", "t", "é"], split="character"
        ),
        "cells": _texts(PAIRS, split=None, standardize="lower"),
        "ragged": _texts(TEXTS, ragged=True),
        "sparse": _texts(TEXTS, output_mode="count", sparse=True),
        "masked": _strings(mask_token=""),
        "buckets": _strings(num_oov_indices=3),
        "many": _strings(output_mode="multi_hot"),
        "one": _strings([["cat"], ["q"]], output_mode="one_hot"),
        "weighed": _strings(output_mode="tf_idf", idf_weights=RARITY),
        "back": _strings([[0, 1], [5, 99]], "int64", invert=True, mask_token="-"),
        "crossed": (
            lambda x: K.layers.HashedCrossing(7)((x, x)),
            "string",
            [["cat"], ["mat"]],
        ),
        "numbers": _integers(num_oov_indices=2),
        "known": _integers([[3, 5], [7, 9]], mask_token=3, num_oov_indices=0),
        "counted": _integers(output_mode="count", sparse=True),
        "encoded": (hot, "int64", [[1, 5], [0, 0]]),
    }


def models() -> dict[str, tuple[Any, Any]]:
    """Models by name, each with a tensor for it."""
    found = {}
    for name, (layer, kind, given) in _rows().items():
        x = K.Input((len(given[0]),), dtype=kind)
        found[name] = K.Model(x, layer(x)), tf.constant(given, getattr(tf, kind))
    K.utils.set_random_seed(3)
    x = K.Input((1,), dtype="string")
    y = K.layers.TextVectorization(vocabulary=WORDS, output_sequence_length=4)(x)
    y = K.layers.GlobalAveragePooling1D()(K.layers.Embedding(8, 3)(y))
    found["network"] = K.Model(x, K.layers.Dense(1)(y)), tf.constant(TEXTS)
    return found


def plain(found: Any) -> Any:
    """Lists of a result, its texts as strings."""
    if hasattr(found, "to_list"):
        found = found.to_list()
    elif hasattr(found, "dense_shape"):
        found = tf.sparse.to_dense(found).numpy().tolist()
    else:
        found = found.numpy().tolist()
    return json.loads(json.dumps(found, default=lambda text: text.decode()))
