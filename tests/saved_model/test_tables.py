"""Tables in SavedModels: written, read, and written again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rillet as tf

WORDS = ["lake", "beta", "y", "zz"]
#: By hand: numbers of the first table, whole batch; 4 and 5 are buckets.
WANTED = {
    "words": [1, -1, -1, -1],
    "changing": [0.5, 0.5, 2.0, 0.5],
    "size": 2,
    "looped": 3 * (1 - 1 - 1 - 1),
    "numbers": [50, -1],
}


class Tables(tf.Module):
    """Tables of each kind, asked in branches and loops too."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.write_text("alpha\nbeta\ngamma\n")
        lookup = tf.lookup
        init = lookup.KeyValueTensorInitializer(
            ["lake", "palmer"], tf.constant([1, 2], tf.int64)
        )
        self.words = lookup.StaticHashTable(init, -1)
        lines = lookup.TextFileInitializer(str(path), tf.string, -2, tf.int64, -1)
        self.lines = lookup.StaticVocabularyTable(lines, 3)
        more = lookup.experimental
        self.changing = more.MutableHashTable(tf.string, tf.float32, 0.5)
        self.changing.insert(tf.constant(["x", "y"]), tf.constant([1.0, 2.0]))
        self.numbers = more.DenseHashTable(tf.int64, tf.int64, -1, -7, -8)
        keys = tf.constant([5, 6], tf.int64)
        self.numbers.insert(keys, keys * 10)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, x: Any) -> Any:
        if tf.size(x) > 2:
            changing = self.changing.lookup(x)
        else:
            changing = self.changing.lookup(x) + 1.0
        looped = tf.constant(0, tf.int64)
        for _ in tf.range(3):
            looped += tf.reduce_sum(self.words.lookup(x))
        return {
            "words": self.words.lookup(x),
            "lines": self.lines.lookup(x),
            "changing": changing,
            "size": self.words.size(),
            "looped": looped,
            "numbers": self.numbers.lookup(tf.constant([5, 7], tf.int64)),
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string),
            tf.TensorSpec([None], tf.float32),
        ]
    )
    def put(self, keys: Any, values: Any) -> Any:
        self.changing.insert(keys, values)
        return self.changing.lookup(keys)


@pytest.fixture
def tables(tmp_path):
    return Tables(tmp_path / "words.txt")


def told(found: Any) -> Any:
    return {key: value.numpy().tolist() for key, value in found.items()}


def test_tables_are_saved_and_loaded_twice(tables, tmp_path):
    x = tf.constant(WORDS)
    whole = told(tables(x))
    assert {key: whole[key] for key in WANTED} == WANTED
    assert whole["lines"][1] == 1 and set(whole["lines"]) <= {1, 3, 4, 5}
    tf.saved_model.save(tables, tmp_path / "one", signatures=tables.__call__)
    assert (tmp_path / "one" / "assets" / "words.txt").read_text().startswith("alpha")
    (tmp_path / "words.txt").unlink()
    loaded = tf.saved_model.load(tmp_path / "one")
    assert told(loaded(x)) == whole
    assert told(loaded.signatures["serving_default"](x)) == whole
    put = loaded.put(tf.constant(["zz"]), tf.constant([7.0]))
    assert put.numpy().tolist() == [7.0]
    tf.saved_model.save(loaded, tmp_path / "two")
    again = told(tf.saved_model.load(tmp_path / "two")(x))
    assert again == {**whole, "changing": [0.5, 0.5, 2.0, 7.0]}


def test_a_table_that_no_object_holds_is_an_error(tmp_path):
    init = tf.lookup.KeyValueTensorInitializer(["a"], [1])
    table = tf.lookup.StaticHashTable(init, -1)
    module = tf.Module()
    module.ask = tf.function(
        table.lookup, input_signature=[tf.TensorSpec([None], tf.string)]
    )
    with pytest.raises(AssertionError, match=r"'untracked' resource.*table"):
        tf.saved_model.save(module, tmp_path / "model")
