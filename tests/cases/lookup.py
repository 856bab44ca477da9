"""Rows of `ops.lookup`: tables that a row makes, fills and asks."""

import numpy as np

from cases import Case

WORDS = np.array([["lake", "king"], ["palmer", "lake"]])
NUMBERS = np.array([3, -1, 7, 3], np.int64)


def case(op, call, *inputs, **more):
    """A row without gradients."""
    return Case(op, call, inputs, order=0, **more)


def static(tf, **more):
    """A table of three words."""
    words, ids = ["emerson", "lake", "palmer"], tf.constant([0, 1, 2], tf.int64)
    return tf.lookup.KeyValueTensorInitializer(words, ids, **more)


def vocabulary_of(tf, words):
    """Numbers of words, five buckets for others."""
    return tf.lookup.StaticVocabularyTable(static(tf), 5).lookup(words)


def numbered(tf, keys):
    """Buckets of numbers that are not in a table."""
    known = tf.constant([3, 9], tf.int64)
    made = tf.lookup.KeyValueTensorInitializer(known, tf.constant([0, 1], tf.int64))
    return tf.lookup.StaticVocabularyTable(made, 4).lookup(keys)


def changed(tf, keys, what):
    """A table that holds rows of two numbers, after `what` was done to it."""
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, [0.0, -1.0])
    table.insert(keys, tf.reshape(tf.range(8.0), [4, 2]))
    return what(table)


def removed(table):
    """What is left after keys were removed."""
    table.remove(table.export()[0][:1] * 0 + 7)
    return [table.lookup(NUMBERS), table.size()]


def sorted_export(tf, table):
    """Keys and values in the order of the keys."""
    keys, values = table.export()
    order = tf.argsort(keys)
    return [tf.gather(keys, order), tf.gather(values, order)]


def dense(tf, keys):
    """A dense table with its special keys."""
    table = tf.lookup.experimental.DenseHashTable(
        tf.int64, tf.int32, default_value=-5, empty_key=0, deleted_key=-9
    )
    table.insert(keys, tf.range(4))
    table.erase(keys[1:2])
    return [table.lookup(keys), table.size()]


CASES = (
    case(
        "LookupTableFindV2",
        lambda tf, x: tf.lookup.StaticHashTable(static(tf), -1).lookup(x),
        WORDS,
        refused=(((np.arange(2),), "TypeError", "must be tf.string"),),
    ),
    case("LookupTableFindV2", vocabulary_of, WORDS, name="vocabulary"),
    case("LookupTableFindV2", numbered, NUMBERS, name="numbers"),
    case("LookupTableFindV2", dense, NUMBERS, name="dense"),
    case(
        "LookupTableInsertV2",
        lambda tf, x: changed(tf, x, lambda t: t.lookup(x[:3])),
        NUMBERS,
    ),
    case("LookupTableRemoveV2", lambda tf, x: changed(tf, x, removed), NUMBERS),
    case(
        "LookupTableSizeV2",
        lambda tf, x: changed(tf, x, lambda t: t.size()),
        NUMBERS,
    ),
    case(
        "LookupTableExportV2",
        lambda tf, x: changed(tf, x, lambda t: sorted_export(tf, t)),
        NUMBERS,
    ),
)
