"""Layers give tf.keras's numbers, names, shapes, masks and configurations."""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"
FAMILIES = ("core", "normalization", "merging", "recurrent")


def _load(name: str) -> Any:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


RUNS = _load("layer_runs")
ROWS = {
    (family, name): row
    for family in FAMILIES
    for name, row in _load(f"{family}_rows").ROWS.items()
}
NUMBERS = {
    family: dict(np.load(FOLDER / f"{family}_layers.npz")) for family in FAMILIES
}
WORDS = {
    family: json.loads((FOLDER / f"{family}_layers.json").read_text("utf-8"))
    for family in FAMILIES
}
#: A graph draws other numbers than eager calls, here as in tf.keras.
DRAWN = ("dropout", "noise", "spatial", "apart", "rnn lstm cell")
COMPILED = [key for key in ROWS if not any(word in key[1] for word in DRAWN)]
#: Rows of classes that tf.keras has, and whose configurations hold no code.
TOLD = [key for key, row in ROWS.items() if row.config]
#: float32 sums of some dozen terms in another order.
LOOSE = {"rtol": 2e-5, "atol": 4e-6}


def _comparable(value: Any) -> Any:
    """A configuration without what only says where it was built."""
    if isinstance(value, dict):
        return {k: _comparable(v) for k, v in value.items() if k != "build_config"}
    if isinstance(value, list):
        return [_comparable(v) for v in value]
    return value


@pytest.mark.parametrize(("family", "name"), ROWS)
def test_layer(family: str, name: str) -> None:
    arrays, words = RUNS.run(tf, ROWS[family, name])
    for key, found in arrays.items():
        wanted = NUMBERS[family].get(f"{name}/{key}", np.zeros(0, "float32"))
        assert found.shape == wanted.shape, key
        np.testing.assert_allclose(found, wanted, err_msg=key, **LOOSE)
    told = json.loads(json.dumps(words))
    wanted_words = WORDS[family][name]
    for key in wanted_words:
        if key != "config":
            assert told[key] == wanted_words[key], key
    if "config" in wanted_words:
        assert _comparable(told["config"]) == _comparable(wanted_words["config"])


@pytest.mark.parametrize(("family", "name"), COMPILED)
def test_compiled(family: str, name: str) -> None:
    """The call and its gradients as one function give the same numbers."""
    arrays, _ = RUNS.run(tf, ROWS[family, name], compiled=True)
    for key, found in arrays.items():
        wanted = NUMBERS[family].get(f"{name}/{key}", np.zeros(0, "float32"))
        np.testing.assert_allclose(found, wanted, err_msg=key, **LOOSE)


@pytest.mark.parametrize(("family", "name"), TOLD)
def test_configuration_makes_an_equal_layer(family: str, name: str) -> None:
    row = ROWS[family, name]
    layer = row.make(tf.keras.layers)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = json.loads(json.dumps(tf.keras.layers.serialize(layer)))
        twin = tf.keras.layers.deserialize(data)
    assert type(twin) is type(layer)
    assert RUNS.plain(twin.get_config()) == RUNS.plain(layer.get_config())


def test_every_row_has_an_answer() -> None:
    for family in FAMILIES:
        assert set(WORDS[family]) == {n for f, n in ROWS if f == family}
