"""Datasets of files of examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rillet as tf

FEATURES = {
    "x": tf.io.FixedLenFeature([2], tf.float32),
    "y": tf.io.FixedLenFeature([], tf.int64),
    "words": tf.io.VarLenFeature(tf.string),
}


def example(i: int) -> bytes:
    floats = tf.train.FloatList(value=[i, i + 0.5])
    texts = tf.train.BytesList(value=[b"w"] * (i % 3))
    feature = {
        "x": tf.train.Feature(float_list=floats),
        "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[i])),
        "words": tf.train.Feature(bytes_list=texts),
    }
    features = tf.train.Features(feature=feature)
    data: bytes = tf.train.Example(features=features).SerializeToString()
    return data


@pytest.fixture(name="pattern")
def _pattern(tmp_path: Path) -> str:
    for part in range(2):
        with tf.io.TFRecordWriter(str(tmp_path / f"part{part}.tfrecord")) as file:
            for i in range(part * 3, part * 3 + 3):
                file.write(example(i))
    return str(tmp_path / "*.tfrecord")


def make(*args: Any, **more: Any) -> Any:
    return tf.data.experimental.make_batched_features_dataset(*args, **more)


def test_batches_with_labels(pattern: str) -> None:
    rows = make(pattern, 4, FEATURES, label_key="y", num_epochs=1, shuffle=False)
    found = list(rows)
    assert [labels.numpy().tolist() for _, labels in found] == [[0, 1, 2, 3], [4, 5]]
    inputs = found[1][0]
    assert sorted(inputs) == ["words", "x"]
    assert inputs["x"].numpy().tolist() == [[4, 4.5], [5, 5.5]]
    words = tf.sparse.to_dense(inputs["words"]).numpy().tolist()
    assert words == [[b"w", b""], [b"w", b"w"]]


def test_shuffles_and_goes_on(pattern: str) -> None:
    rows = make(pattern, 4, FEATURES, shuffle_seed=1, reader_num_threads=2)
    seen = [n for found in rows.take(3) for n in found["y"].numpy().tolist()]
    assert len(seen) == 12
    assert sorted(set(seen)) == list(range(6))
    assert seen[:6] != sorted(seen[:6])


def test_parses_batches(pattern: str) -> None:
    records = tf.data.Dataset.from_tensor_slices([example(1), example(2)]).batch(2)
    parsed = records.apply(tf.data.experimental.parse_example_dataset(FEATURES))
    assert [found["y"].numpy().tolist() for found in parsed] == [[1, 2]]
    assert parsed.element_spec["words"] == tf.SparseTensorSpec([None, None], tf.string)


def test_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="No files match"):
        make(pattern + ".none", 2, FEATURES)
    with pytest.raises(ValueError, match="must be one of the `features`"):
        make(pattern, 2, FEATURES, label_key="z")


def test_trains_on_examples(pattern: str) -> None:
    wanted = {key: FEATURES[key] for key in ("x", "y")}
    rows = make(pattern, 3, wanted, label_key="y", num_epochs=1, shuffle=False)
    data = rows.map(lambda found, label: (found["x"], label))
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(data, epochs=2, verbose=0).history["loss"][1] >= 0
