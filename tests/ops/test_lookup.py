"""Tables: files, errors, order of effects, checkpoints, datasets, copies.

Expected values are TensorFlow 2.21's, seen when this was written.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

Index = tf.lookup.TextFileIndex


def words() -> Any:
    return tf.lookup.KeyValueTensorInitializer(["a", "b", "c"], [1, 2, 3])


@pytest.fixture(name="table")
def _table() -> Any:
    return tf.lookup.StaticHashTable(words(), -1)


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Path:
    (tmp_path / "pairs").write_bytes(b"emerson 10\nlake 20\r\npalmer 30\n")
    (tmp_path / "words").write_bytes(b"brain\nsalad\nsurgery\n")
    return tmp_path


def from_file(path: Path, *args: Any, default: Any = -1, **more: Any) -> Any:
    made = tf.lookup.TextFileInitializer(str(path), *args, **more)
    return tf.lookup.StaticHashTable(made, default)


def test_columns_of_a_file(files: Path) -> None:
    table = from_file(files / "pairs", tf.string, 0, tf.int64, 1, delimiter=" ")
    found = table[tf.constant(["palmer", "lake", "tarkus"])]
    assert found.numpy().tolist() == [30, 20, -1]


def test_lines_and_their_numbers(files: Path) -> None:
    whole, number = Index.WHOLE_LINE, Index.LINE_NUMBER
    table = from_file(
        files / "words", tf.string, whole, tf.int64, number, value_index_offset=3
    )
    assert table[tf.constant(["salad", "x"])].numpy().tolist() == [4, -1]
    back = from_file(files / "words", tf.int64, number, tf.string, whole, default="?")
    keys = tf.constant([0, 2, 9], tf.int64)
    assert back[keys].numpy().tolist() == [b"brain", b"surgery", b"?"]


def test_only_so_many_lines(files: Path) -> None:
    args = (tf.string, 0, tf.int64, 1)
    table = from_file(files / "pairs", *args, vocab_size=2, delimiter=" ")
    assert int(table.size()) == 2


BAD_FILES = {
    "missing": (("none", tf.string, 0, tf.int64, 1), "NotFoundError", "none; No such"),
    "columns": (("pairs", tf.string, 0, tf.int64, 2), "InvalidArg", "at least 3 got 2"),
    "number": (("pairs", tf.int64, 0, tf.int64, 1), "InvalidArg", "not a valid int64"),
    "count": (("pairs", tf.string, 0, tf.int64, 1, 5), "InvalidArg", "expected 5 but"),
    "index": (("pairs", tf.string, -3, tf.int64, 1), "ValueError", "should be >= -2"),
    "type": (("pairs", tf.string, -2, tf.string, -1), "ValueError", "must be int64"),
}


@pytest.mark.parametrize("row", BAD_FILES)
def test_files_that_do_not_fit(files: Path, row: str) -> None:
    (name, *args), kind, words = BAD_FILES[row]
    with pytest.raises(Exception, match=words) as caught:
        from_file(files / name, *args, delimiter=" ")
    assert type(caught.value).__name__.startswith(kind)


def key_twice(tf: Any) -> Any:
    made = tf.lookup.KeyValueTensorInitializer(["a", "a"], [1, 2])
    return tf.lookup.StaticHashTable(made, -1)


def too_few(tf: Any) -> Any:
    made = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1])
    return tf.lookup.StaticHashTable(made, -1)


def reserved(tf: Any) -> Any:
    dense = tf.lookup.experimental.DenseHashTable
    return dense(tf.int64, tf.int64, -1, 0, -1).lookup(tf.constant([0], tf.int64))


REFUSED = {
    "twice": (key_twice, "FailedPreconditionError", "Key a has 1 .* value 2"),
    "few": (too_few, "InvalidArgumentError", r"Expected shape \[2\] for value"),
    "scalar": (
        lambda tf: tf.lookup.StaticHashTable(words(), [1, 2]),
        "ValueError",
        "is a scalar",
    ),
    "int32": (
        lambda tf: tf.lookup.StaticVocabularyTable(words(), 5),
        "TypeError",
        "Invalid `value_dtype`",
    ),
    "buckets": (
        lambda tf: tf.lookup.StaticVocabularyTable(None, 0),
        "ValueError",
        "use StaticHashTable",
    ),
    "reserved": (reserved, "InvalidArgumentError", "Using the empty_key"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: str) -> None:
    call, kind, text = REFUSED[row]
    with pytest.raises(Exception, match=text) as caught:
        call(tf)
    assert type(caught.value).__name__ == kind


@pytest.mark.parametrize("compiled", [None, False])
def test_effects_keep_their_order(compiled: bool | None) -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)

    @tf.function(jit_compile=compiled)
    def step(x: Any) -> Any:
        table.insert(x, tf.range(tf.size(x, tf.int64)))
        before = table.lookup(x)
        table.remove(x[:1])
        return before, table.size(), table.lookup(x)

    before, size, after = step(tf.constant(["p", "q"]))
    assert before.numpy().tolist() == [0, 1]
    assert int(size) == 1
    assert after.numpy().tolist() == [-1, 1]


def test_a_loop_fills_a_table() -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, 0)

    @tf.function
    def fill(n: Any) -> Any:
        total = tf.constant(0, tf.int64)
        for i in tf.range(n):
            table.insert([i], [i * i])
            total += table.lookup([i])[0]
        return total

    assert int(fill(tf.constant(5, tf.int64))) == 30
    assert int(table.size()) == 5


def test_made_inside_a_function() -> None:
    @tf.function
    def look(x: Any) -> Any:
        return tf.lookup.StaticHashTable(words(), -1).lookup(x)

    assert look(tf.constant(["c", "?"])).numpy().tolist() == [3, -1]


def test_default_for_each_key() -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(["a"], [5])
    found = table.lookup(["a", "q"], dynamic_default_values=[7, 8])
    assert found.numpy().tolist() == [5, 8]


def test_maps_a_dataset(table: Any) -> None:
    data = tf.data.Dataset.from_tensor_slices(["a", "b", "q"]).map(table.lookup)
    assert [int(x) for x in data] == [1, 2, -1]
    assert data.element_spec == tf.TensorSpec([], tf.int32)


def test_checkpoints_hold_what_a_table_holds(tmp_path: Path, table: Any) -> None:
    holder = tf.Module()
    holder.fixed = table
    holder.open = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    holder.open.insert(["a", "b"], [1, 2])
    path = tf.train.Checkpoint(a=holder).save(str(tmp_path / "c"))
    kept = dict(tf.train.list_variables(path))
    assert kept["a/open/.ATTRIBUTES/table-keys"] == [2]
    assert kept["a/open/.ATTRIBUTES/table-values"] == [2]
    holder.open.insert(["c", "a"], [3, 9])
    tf.train.Checkpoint(a=holder).restore(path).assert_consumed()
    assert holder.open.lookup(["a", "b", "c"]).numpy().tolist() == [1, 2, -1]


def test_what_tensorflow_saved_of_a_dense_table() -> None:
    """TensorFlow writes free places too, in rows of one."""
    dense = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, 0, -1)
    keys, values = dense._checkpoint_attributes()
    keys.write(np.array([[0], [11], [-1], [0], [12]]))
    values.write(np.array([[0], [1], [5], [0], [2]]))
    assert dense.lookup([11, 12, 13]).numpy().tolist() == [1, 2, -1]


def test_copies_are_tables_of_their_own() -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(["a"], [1])
    other = copy.deepcopy(table)
    other.insert(["a"], [2])
    assert table.lookup(["a"]).numpy().tolist() == [1]
    assert other.lookup(["a"]).numpy().tolist() == [2]


def test_a_layer_looks_up(table: Any) -> None:
    class Layer(tf.keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.table = table

        def call(self, x: Any) -> Any:
            return self.table.lookup(x)

    inputs = tf.keras.Input((), dtype=tf.string)
    model = tf.keras.Model(inputs, Layer()(inputs))
    assert model.predict(tf.constant(["b", "?"]), verbose=0).tolist() == [2, -1]
