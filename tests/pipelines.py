"""Pipelines of `tf.data`, each written once: real TensorFlow's results are golden.

A row's function takes the module that stands for `tf` and gives a dataset. Files that
rows read are in a folder whose name they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Row = Callable[[Any, Any], Any]


def _ragged(tf: Any, count: int = 5) -> Any:
    return tf.data.Dataset.range(1, count).map(lambda n: tf.fill([n], n))


def _bucketed(tf: Any, bounds: list[int], sizes: list[int], **options: Any) -> Any:
    rows = [[0], [1, 2, 3, 4], [5, 6, 7], [7, 8, 9, 10, 11], [13, 14, 15], [21, 22]]
    dataset = tf.data.Dataset.from_generator(
        lambda: rows, output_signature=tf.TensorSpec([None], tf.int64)
    )
    return dataset.bucket_by_sequence_length(
        lambda row: tf.shape(row)[0], bounds, sizes, **options
    )


def _seeded(tf: Any, seed: int, dataset: Any) -> Any:
    tf.random.set_seed(seed)
    try:
        return dataset()
    finally:
        tf.random.set_seed(None)


#: Options of `rejection_resample`.
RESAMPLED: dict[str, dict[str, Any]] = {
    "estimated": {"target_dist": [0.4, 0.3, 0.3], "seed": 5},
    "known": {"target_dist": [0.4, 0.3, 0.3], "initial_dist": [0.5, 0.3, 0.2]},
    "doubles": {
        "target_dist": np.full(3, 1 / 3),
        "initial_dist": np.array([0.6, 0.2, 0.2]),
        "seed": 2,
    },
    "as they are": {"target_dist": [0.5, 0.3, 0.2], "initial_dist": [0.5, 0.3, 0.2]},
    "one left out": {"target_dist": [0.5, 0.5, 0.0], "initial_dist": [0.5, 0.3, 0.2]},
}


def _resampled(tf: Any, **options: Any) -> Any:
    classes = np.random.RandomState(1).choice(3, 50, p=[0.5, 0.3, 0.2])
    pairs = tf.data.Dataset.from_tensor_slices((np.arange(50), classes))
    return _seeded(
        tf, 3, lambda: pairs.rejection_resample(lambda number, one: one, **options)
    )


def _pixels(x: Any, y: Any, tf: Any) -> Any:
    x = tf.reshape(x, (1, 6))
    return tf.cast(tf.squeeze(x), tf.float32) / 255.0, tf.one_hot(y, 3)


def _pictures(tf: Any) -> Any:
    images = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3) * 9
    labels = np.array([0, 2, 1, 1], np.uint8)
    return tf.data.Dataset.from_tensor_slices((images, labels))


def _table(tf: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(
        {"b": [1.5, 2.5, 3.5], "a": (["x", "yy", "zzz"], [[1, 2], [3, 4], [5, 6]])}
    )


ROWS: dict[str, Row] = {
    # sources
    "from_tensors": lambda tf, f: tf.data.Dataset.from_tensors(([1, 2], {"k": "v"})),
    "from_tensor_slices": lambda tf, f: _table(tf),
    "range": lambda tf, f: tf.data.Dataset.range(2, 20, 5),
    "range down": lambda tf, f: tf.data.Dataset.range(5, -3, -2),
    "range typed": lambda tf, f: tf.data.Dataset.range(3, output_type=tf.float32),
    "range empty": lambda tf, f: tf.data.Dataset.range(5, 1),
    "counter": lambda tf, f: tf.data.Dataset.counter(7, 3).take(3),
    "random": lambda tf, f: tf.data.Dataset.random(seed=4).take(6),
    "random anew": lambda tf, f: tf.data.Dataset.random(
        seed=4, rerandomize_each_iteration=True
    ).take(6),
    "generator": lambda tf, f: tf.data.Dataset.from_generator(
        lambda n: (([i] * i, str(i)) for i in range(n)),
        args=(3,),
        output_signature=(
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([], tf.string),
        ),
    ),
    "generator by types": lambda tf, f: tf.data.Dataset.from_generator(
        lambda: iter([(1, [2.0, 3.0]), (4, [5.0, 6.0])]), (tf.int32, tf.float32)
    ),
    "text lines": lambda tf, f: tf.data.TextLineDataset(
        [f"{f}/one.txt", f"{f}/two.txt"]
    ),
    "text lines in turn": lambda tf, f: tf.data.TextLineDataset(
        [f"{f}/one.txt", f"{f}/two.txt"], num_parallel_reads=2
    ),
    "text lines of names": lambda tf, f: tf.data.TextLineDataset(
        tf.data.Dataset.from_tensor_slices([f"{f}/two.txt", f"{f}/one.txt"])
    ),
    "text lines skipped": lambda tf, f: tf.data.Dataset.from_tensor_slices(
        [f"{f}/one.txt", f"{f}/two.txt"]
    ).flat_map(lambda name: tf.data.TextLineDataset(name).skip(1)),
    "records": lambda tf, f: tf.data.TFRecordDataset(f"{f}/records.tfrecord"),
    "records zipped": lambda tf, f: tf.data.TFRecordDataset(
        f"{f}/records.gz", compression_type="GZIP"
    ),
    "fixed length": lambda tf, f: tf.data.FixedLengthRecordDataset(
        f"{f}/fixed.bin", 3, header_bytes=1, footer_bytes=2
    ),
    "csv": lambda tf, f: tf.data.experimental.CsvDataset(
        f"{f}/table.csv",
        [tf.int32, tf.constant([0.5], tf.float32), tf.constant(["-"])],
        header=True,
    ),
    "csv columns": lambda tf, f: tf.data.experimental.CsvDataset(
        f"{f}/table.csv", [["none"]], header=True, select_cols=[2]
    ),
    "csv batches": lambda tf, f: tf.data.experimental.make_csv_dataset(
        f"{f}/table.csv", 2, label_name="n", num_epochs=1, shuffle=False
    ),
    "csv selected": lambda tf, f: tf.data.experimental.make_csv_dataset(
        f"{f}/table.csv",
        2,
        select_columns=["x", "name"],
        column_defaults=[tf.constant([7.0]), ""],
        num_epochs=2,
        shuffle=False,
    ),
    "files": lambda tf, f: tf.data.Dataset.list_files(f"{f}/*.txt", shuffle=False).map(
        lambda name: tf.strings.regex_replace(name, ".*/", "")
    ),
    "files shuffled": lambda tf, f: tf.data.Dataset.list_files(f"{f}/*.*", seed=3).map(
        lambda name: tf.strings.regex_replace(name, ".*/", "")
    ),
    # order
    "shuffle": lambda tf, f: tf.data.Dataset.range(10).shuffle(4, seed=3),
    "shuffle all": lambda tf, f: tf.data.Dataset.range(7).shuffle(100, seed=1),
    "shuffle the same": lambda tf, f: tf.data.Dataset.range(10).shuffle(
        4, seed=3, reshuffle_each_iteration=False
    ),
    "shuffle by global seed": lambda tf, f: _seeded(
        tf, 5, lambda: tf.data.Dataset.range(10).shuffle(6)
    ),
    "shuffle by both seeds": lambda tf, f: _seeded(
        tf, 5, lambda: tf.data.Dataset.range(10).shuffle(6, seed=9)
    ),
    "shuffle repeated": lambda tf, f: (
        tf.data.Dataset.range(5).shuffle(3, seed=1).repeat(3)
    ),
    "repeat shuffled": lambda tf, f: (
        tf.data.Dataset.range(5).repeat(2).shuffle(3, seed=1)
    ),
    "shuffle of few rows": lambda tf, f: _ragged(tf, 9).shuffle(4, seed=2),
    "shuffle batched": lambda tf, f: (
        _pictures(tf).map(lambda x, y: _pixels(x, y, tf)).shuffle(3, seed=8).batch(3)
    ),
    "shuffle zipped": lambda tf, f: tf.data.Dataset.zip(
        (
            tf.data.Dataset.range(6).shuffle(6, seed=1),
            tf.data.Dataset.range(6).shuffle(6, seed=2),
        )
    ),
    "cache shuffled": lambda tf, f: tf.data.Dataset.range(6).cache().shuffle(3, seed=2),
    "shuffle cached": lambda tf, f: tf.data.Dataset.range(6).shuffle(3, seed=2).cache(),
    "repeat": lambda tf, f: tf.data.Dataset.range(3).repeat(2),
    "repeat none": lambda tf, f: tf.data.Dataset.range(3).repeat(0),
    "take": lambda tf, f: tf.data.Dataset.range(9).repeat().take(12),
    "take all": lambda tf, f: tf.data.Dataset.range(3).take(-1),
    "skip": lambda tf, f: tf.data.Dataset.range(9).repeat(2).skip(13),
    "skip all": lambda tf, f: tf.data.Dataset.range(9).skip(-1),
    "shard": lambda tf, f: tf.data.Dataset.range(11).shard(4, 2),
    "concatenate": lambda tf, f: tf.data.Dataset.range(3).concatenate(
        tf.data.Dataset.range(7, 9)
    ),
    "concatenate batches": lambda tf, f: (
        tf.data.Dataset.range(3).concatenate(tf.data.Dataset.range(7, 11)).batch(2)
    ),
    "zip": lambda tf, f: tf.data.Dataset.zip(
        {"a": tf.data.Dataset.range(3), "b": (_table(tf), tf.data.Dataset.range(5, 9))}
    ),
    "enumerate": lambda tf, f: _ragged(tf).enumerate(start=4),
    "unique": lambda tf, f: tf.data.Dataset.from_tensor_slices(
        ["b", "a", "b", "", "a"]
    ).unique(),
    **{
        f"resampled {name}": lambda tf, f, options=options: _resampled(tf, **options)
        for name, options in RESAMPLED.items()
    },
    "sample": lambda tf, f: tf.data.Dataset.sample_from_datasets(
        [tf.data.Dataset.range(k, k + 6) for k in (0, 10, 20)],
        weights=[0.2, 0.3, 0.5],
        seed=11,
    ),
    "sample evenly": lambda tf, f: tf.data.Dataset.sample_from_datasets(
        [tf.data.Dataset.range(k, k + 6) for k in (0, 10)],
        seed=12,
        stop_on_empty_dataset=True,
    ),
    "choose": lambda tf, f: tf.data.Dataset.choose_from_datasets(
        [tf.data.Dataset.range(k, k + 3) for k in (0, 10, 20)],
        tf.data.Dataset.from_tensor_slices(np.array([2, 0, 0, 1, 2, 0, 0, 1])),
    ),
    "choose on": lambda tf, f: tf.data.Dataset.choose_from_datasets(
        [tf.data.Dataset.range(k, k + 2) for k in (0, 10, 20)],
        tf.data.Dataset.from_tensor_slices(np.array([2, 0, 0, 0, 1, 2, 2, 1])),
        stop_on_empty_dataset=False,
    ),
    # functions
    "map": lambda tf, f: tf.data.Dataset.range(4).map(lambda x: (x, [x, x * x], "t")),
    "map pictures": lambda tf, f: _pictures(tf).map(lambda x, y: _pixels(x, y, tf)),
    "map dict": lambda tf, f: _table(tf).map(
        lambda row: {"s": tf.strings.length(row["a"][0]), "n": row["b"] + 1.0}
    ),
    "map branches": lambda tf, f: tf.data.Dataset.range(6).map(
        lambda x: x * 10 if x % 2 == 0 else -x
    ),
    "map random": lambda tf, f: tf.data.Dataset.range(4).map(
        lambda x: tf.random.uniform([2], seed=3)
    ),
    "map random by global seed": lambda tf, f: _seeded(
        tf, 2, lambda: tf.data.Dataset.range(4).map(lambda x: tf.random.uniform([]))
    ),
    "map python": lambda tf, f: tf.data.Dataset.range(5).map(
        lambda x: tf.numpy_function(lambda v: v * 3, [x], tf.int64),
        num_parallel_calls=tf.data.AUTOTUNE,
    ),
    "map to datasets": lambda tf, f: (
        tf.data.Dataset.range(1, 4)
        .map(lambda n: tf.data.Dataset.range(n))
        .flat_map(lambda d: d.batch(2))
    ),
    "filter": lambda tf, f: tf.data.Dataset.range(9).filter(lambda x: x % 3 == 1),
    "filter elements": lambda tf, f: _ragged(tf, 7).filter(lambda x: tf.size(x) > 3),
    "take_while": lambda tf, f: tf.data.Dataset.range(9).take_while(lambda x: x < 4),
    "flat_map": lambda tf, f: tf.data.Dataset.range(1, 4).flat_map(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(x)
    ),
    "flat_map nested": lambda tf, f: tf.data.Dataset.range(3).flat_map(
        lambda i: tf.data.Dataset.range(i + 1).map(lambda j: (i, i * 10 + j))
    ),
    "interleave": lambda tf, f: tf.data.Dataset.range(1, 7).interleave(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(x),
        cycle_length=3,
        block_length=2,
    ),
    "interleave in parallel": lambda tf, f: tf.data.Dataset.range(1, 7).interleave(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(x),
        cycle_length=2,
        num_parallel_calls=2,
    ),
    "scan": lambda tf, f: tf.data.Dataset.range(5).scan(
        np.int64(1), lambda s, x: (s * 2, s + x)
    ),
    "scan growing": lambda tf, f: tf.data.Dataset.range(4).scan(
        tf.zeros([0], tf.int64), lambda s, x: (tf.concat([s, [x]], 0), tf.size(s))
    ),
    "ignore_errors": lambda tf, f: (
        tf.data.Dataset.from_tensor_slices([1.0, 0.0, 4.0])
        .map(lambda x: tf.debugging.check_numerics(1.0 / x, "bad"))
        .ignore_errors()
    ),
    # groups
    "batch": lambda tf, f: _table(tf).batch(2),
    "batch dropped": lambda tf, f: _table(tf).batch(2, drop_remainder=True),
    "batch mapped": lambda tf, f: (
        tf.data.Dataset.range(7).batch(3).map(lambda x: tf.reduce_sum(x))
    ),
    "batch of batches": lambda tf, f: tf.data.Dataset.range(8).batch(2).batch(2),
    "batch over repeats": lambda tf, f: tf.data.Dataset.range(5).repeat(3).batch(4),
    "padded_batch": lambda tf, f: _ragged(tf).padded_batch(2),
    "padded_batch to": lambda tf, f: _ragged(tf).padded_batch(
        3, padded_shapes=[6], padding_values=np.int64(-1)
    ),
    "padded_batch of several": lambda tf, f: (
        _ragged(tf)
        .map(lambda x: {"row": x, "n": tf.size(x), "s": tf.strings.as_string(x)})
        .padded_batch(2, {"row": [None], "n": [], "s": [5]}, drop_remainder=True)
    ),
    "rebatch": lambda tf, f: tf.data.Dataset.range(10).batch(4).rebatch([3, 2]),
    "unbatch": lambda tf, f: _table(tf).batch(2).unbatch(),
    "unbatch rows": lambda tf, f: _ragged(tf).unbatch(),
    "window": lambda tf, f: (
        tf.data.Dataset.range(10)
        .window(3, shift=2, stride=2)
        .flat_map(lambda w: w.batch(5))
    ),
    "window apart": lambda tf, f: (
        tf.data.Dataset.range(10)
        .window(2, shift=4, stride=3)
        .flat_map(lambda w: w.batch(5))
    ),
    "window pairs": lambda tf, f: (
        tf.data.Dataset.range(9)
        .window(4, 1, drop_remainder=True)
        .flat_map(lambda w: w.batch(4))
        .map(lambda w: (w[:-1], w[-1]))
    ),
    "window of several": lambda tf, f: (
        _table(tf)
        .window(2)
        .flat_map(
            lambda row: tf.data.Dataset.zip((row["b"].batch(2), row["a"][1].batch(2)))
        )
    ),
    "window reduced": lambda tf, f: (
        tf.data.Dataset.range(7)
        .window(3)
        .map(lambda w: w.reduce(np.int64(0), lambda a, b: a + b))
    ),
    "group_by_window": lambda tf, f: tf.data.Dataset.range(11).group_by_window(
        lambda x: x % 3, lambda key, group: group.batch(3), window_size=3
    ),
    "group_by_window sizes": lambda tf, f: tf.data.Dataset.range(11).group_by_window(
        lambda x: x % 2,
        lambda key, group: group.batch(9).map(lambda rows: (key, rows)),
        window_size_func=lambda key: key + 2,
    ),
    "bucket": lambda tf, f: _bucketed(tf, [3, 5], [2, 2, 2]),
    "bucket to edges": lambda tf, f: _bucketed(
        tf, [3, 5, 8], [2, 2, 2, 2], pad_to_bucket_boundary=True
    ),
    "bucket dropped": lambda tf, f: _bucketed(
        tf, [3, 5], [2, 3, 2], padding_values=np.int64(-7), drop_remainder=True
    ),
    "group_by_reducer": lambda tf, f: tf.data.Dataset.range(7).apply(
        tf.data.experimental.group_by_reducer(
            lambda x: x % 3,
            tf.data.experimental.Reducer(
                lambda key: (key, np.int64(0)),
                lambda state, x: (state[0], state[1] + x),
                lambda key, total: (key, total),
            ),
        )
    ),
    "pad_to_cardinality": lambda tf, f: (
        tf.data.Dataset.range(2)
        .map(lambda x: {"x": x})
        .apply(tf.data.experimental.pad_to_cardinality(4))
    ),
    "assert_cardinality": lambda tf, f: (
        tf.data.Dataset.range(4)
        .filter(lambda x: x > 1)
        .apply(tf.data.experimental.assert_cardinality(2))
    ),
    "shuffle_and_repeat": lambda tf, f: tf.data.Dataset.range(4).apply(
        tf.data.experimental.shuffle_and_repeat(3, 2, seed=5)
    ),
    "prefetch": lambda tf, f: tf.data.Dataset.range(4).prefetch(2).repeat(2),
    "cache": lambda tf, f: _ragged(tf).cache(),
    "apply": lambda tf, f: tf.data.Dataset.range(4).apply(lambda d: d.skip(1)),
}


def write_files(folder: Any) -> None:
    """Write the text files that rows read; records come from real TensorFlow."""
    texts = {
        "one.txt": b"first\nsecond, \xc3\xa9\n\nlast",
        "two.txt": b"a\r\nb\n",
        "fixed.bin": b"Habcdefghiff",
        "table.csv": (b'n,x,name\n1,2.5,one\n2,,"two, ""too"""\n3,4,\n-4,1e3,four\n'),
    }
    for name, data in texts.items():
        (folder / name).write_bytes(data)


RECORDS = (b"", b"one", bytes(range(256)) * 4)


def plain(value: Any) -> Any:
    """An element as JSON holds it: NumPy's values as lists, bytes as text."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    return value


def facts(dataset: Any) -> dict[str, Any]:
    """What is compared of a dataset: two passes, its specs, its cardinality."""
    return {
        "first": [plain(x) for x in dataset.as_numpy_iterator()],
        "second": [plain(x) for x in dataset.as_numpy_iterator()],
        "spec": repr(dataset.element_spec),
        "cardinality": int(dataset.cardinality()),
    }
