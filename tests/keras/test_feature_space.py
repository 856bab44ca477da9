"""`keras.utils.FeatureSpace` against tf.keras's, in models, files and errors."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parents[1] / "golden" / "keras"
WANTED = json.loads((FOLDER / "space.json").read_text(encoding="utf-8"))
FeatureSpace = tf.keras.utils.FeatureSpace


def _rows() -> Any:
    spec = importlib.util.spec_from_file_location("rows", FOLDER / "space_rows.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS = _rows()


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return ROWS.results(tf)


def same(a: Any, b: Any) -> bool:
    """Whether types and numbers agree; float32 ones to six digits."""
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in b)
    if isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == pytest.approx(b, rel=1e-5) if isinstance(b, float) else a == b


@pytest.mark.parametrize("name", WANTED)
def test_gives_what_keras_gives(name: str, found: dict[str, Any]) -> None:
    assert same(found[name], WANTED[name]), (found[name], WANTED[name])


def test_stands_in_a_model_and_trains() -> None:
    space = ROWS.space(tf)
    out = tf.keras.layers.Dense(1)(space.get_encoded_features())
    model = tf.keras.Model(space.get_inputs(), out)
    columns = {name: np.array(values) for name, values in ROWS.DATA.items()}
    model.compile("sgd", "mse")
    before = model.get_weights()[-2]
    model.fit(columns, np.ones(4), verbose=0)
    assert (model.get_weights()[-2] != before).any()


@pytest.mark.parametrize("mode", ["concat", "dict"])
def test_comes_back_from_its_file(mode: str, tmp_path: Path) -> None:
    space = ROWS.space(tf, output_mode=mode)
    path = tmp_path / "space.keras"
    space.save(path)
    again = tf.keras.models.load_model(path)
    one, other = space(ROWS.DATA), again(ROWS.DATA)
    if mode == "concat":
        one, other = {"all": one}, {"all": other}
    for name in one:
        np.testing.assert_array_equal(other[name], one[name])


def test_names_are_kerass() -> None:
    space = ROWS.space(tf)
    assert [cross.name for cross in space.crosses] == ["i_X_s", "h_X_ih"]
    assert list(space.get_inputs()) == list(ROWS.DATA)
    assert space.get_inputs()["i"].dtype == tf.int64
    assert space.get_encoded_features().shape.as_list() == [None, 32]


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: FeatureSpace({}), ValueError, "cannot be None or empty"),
    (lambda: FeatureSpace({"a": "floaty"}), ValueError, "feature 'a' is one of"),
    (lambda: FeatureSpace({"a": "float"}, "x"), ValueError, "'concat' or 'dict'"),
    (
        lambda: FeatureSpace({"a": "string_hashed"}, crosses=[("a", "b")]),
        ValueError,
        "all features of a cross are in `features`",
    ),
    (
        lambda: FeatureSpace({"a": "float_normalized"})({"a": [1.0]}),
        ValueError,
        r"You need to call `.adapt\(dataset\)`",
    ),
    (
        lambda: FeatureSpace({"a": "float_normalized"}).adapt([1.0]),
        ValueError,
        "only be called on a tf.data.Dataset",
    ),
    (
        lambda: FeatureSpace({"a": FeatureSpace.integer_hashed(3, "int")})({"a": [1]}),
        ValueError,
        "Cannot concatenate features",
    ),
    (lambda: FeatureSpace({"a": "float"})([1.0]), ValueError, "on a dictionary"),
    (
        lambda: FeatureSpace({"a": "float", "b": "float"})({"a": [1.0]}),
        KeyError,
        "columns are missing: b",
    ),
    (
        lambda: FeatureSpace.integer_hashed(3, output_mode="oh"),
        ValueError,
        "Invalid value for argument `output_mode`",
    ),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[2][:24])
def test_refuses(row: tuple[Any, type[Exception], str]) -> None:
    call, kind, words = row
    with pytest.raises(kind, match=words):
        call()
