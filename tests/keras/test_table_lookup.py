"""Tables of `tf.lookup` called on placeholders: each becomes a layer of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

SPACE = tf.lookup.experimental


def _reads(values: Any) -> Any:
    return tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant(values))


def _mutable() -> Any:
    table = SPACE.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(["a", "b"], [7, 8])
    return table


def _dense() -> Any:
    table = SPACE.DenseHashTable(tf.string, tf.int64, -1, "", "gone")
    table.insert(["a", "b"], [7, 8])
    return table


#: Tables by name, and what they give for a, b, c, a.
TABLES: dict[str, tuple[Any, list[float]]] = {
    "static": (lambda: tf.lookup.StaticHashTable(_reads([1, 2]), -1), [1, 2, -1, 1]),
    "floats": (
        lambda: tf.lookup.StaticHashTable(_reads([0.5, 2]), 0),
        [0.5, 2, 0, 0.5],
    ),
    # TensorFlow's hash puts c into the first of two buckets
    "vocabulary": (
        lambda: tf.lookup.StaticVocabularyTable(
            tf.lookup.KeyValueTensorInitializer(
                ["a", "b"], tf.constant([0, 1], tf.int64)
            ),
            2,
        ),
        [0, 1, 2, 0],
    ),
    "mutable": (_mutable, [7, 8, -1, 7]),
    "dense": (_dense, [7, 8, -1, 7]),
}
WORDS = tf.constant([["a", "b"], ["c", "a"]])


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("form", ["dense", "ragged", "sparse", "brackets"])
def test_becomes_a_layer(name: str, form: str) -> None:
    make, wanted = TABLES[name]
    table = make()
    given: dict[str, Any] = {form: True} if form in ("ragged", "sparse") else {}
    words: Any = tf.keras.Input([None], dtype=tf.string, **given)
    found = table[words] if form == "brackets" else table.lookup(words)
    model = tf.keras.Model(words, found)
    assert [type(layer).__name__ for layer in model.layers[1:]] == ["TableLookup"]
    assert found.dtype == table.value_dtype
    if form == "ragged":
        out = model(tf.RaggedTensor.from_row_splits(["a", "b", "c", "a"], [0, 3, 4]))
        assert out.to_list() == [wanted[:3], wanted[3:]]
    elif form == "sparse":
        out = model(tf.sparse.from_dense(WORDS))
        assert out.values.numpy().tolist() == wanted
    else:
        assert model(WORDS).numpy().ravel().tolist() == wanted
        assert model.predict(WORDS, verbose=0).ravel().tolist() == wanted


def test_takes_defaults() -> None:
    words = tf.keras.Input([2], dtype=tf.string)
    others = tf.keras.Input([2], dtype=tf.int64)
    table = _mutable()
    found = [
        table.lookup(words, tf.constant(5, tf.int64)),
        table.lookup(words, dynamic_default_values=others, name="found"),
    ]
    model = tf.keras.Model([words, others], found)
    one, other = model([WORDS, tf.constant([[1, 2], [3, 4]], tf.int64)])
    assert one.numpy().tolist() == [[7, 8], [5, 7]]
    assert other.numpy().tolist() == [[7, 8], [3, 7]]


def test_trains_behind_an_embedding() -> None:
    words = tf.keras.Input([2], dtype=tf.string)
    numbers = tf.lookup.StaticHashTable(_reads([1, 2]), 0).lookup(words)
    rows = tf.keras.layers.Embedding(3, 2)(numbers)
    flat = tf.keras.layers.Flatten()(rows)
    model = tf.keras.Model(words, tf.keras.layers.Dense(1)(flat))
    model.compile("adam", "mse")
    before = model.layers[2].get_weights()[0]
    model.fit(WORDS, np.ones([2, 1]), verbose=0)
    assert (model.layers[2].get_weights()[0] != before).all()


@pytest.mark.parametrize("name", TABLES)
def test_is_saved_with_its_table(name: str, tmp_path: Path) -> None:
    make, wanted = TABLES[name]
    words = tf.keras.Input([2], dtype=tf.string)
    model = tf.keras.Model(words, make().lookup(words))
    tf.saved_model.save(model, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    assert loaded(WORDS).numpy().ravel().tolist() == wanted


def test_a_checkpoint_keeps_a_table_that_changes(tmp_path: Path) -> None:
    def made() -> tuple[Any, Any]:
        table = SPACE.MutableHashTable(tf.string, tf.int64, -1)
        words = tf.keras.Input([2], dtype=tf.string)
        return table, tf.keras.Model(words, table.lookup(words))

    table, model = made()
    table.insert(["c"], [3])
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "kept"))
    table, model = made()
    tf.train.Checkpoint(model=model).restore(path).expect_partial()
    assert model(WORDS).numpy().tolist() == [[-1, -1], [3, -1]]


def test_refuses_other_keys_and_configurations() -> None:
    table = _mutable()
    numbers = tf.keras.Input([2], dtype=tf.int32)
    with pytest.raises(TypeError, match=r"must be tf.string, received: tf.int32"):
        table.lookup(numbers)
    words = tf.keras.Input([2], dtype=tf.string)
    model = tf.keras.Model(words, table.lookup(words))
    with pytest.raises(NotImplementedError, match=r"StringLookup or IntegerLookup"):
        model.to_json()
