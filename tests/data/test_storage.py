"""Datasets in files: caches, `save` and `load`, snapshots, TFRecords."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pipelines import RECORDS

import rillet as tf
from rillet.core.checksums import crc32c, masked
from rillet.data.tfrecord import RecordFile

Dataset = tf.data.Dataset
GOLDEN = Path(__file__).parent.parent / "golden"


def table() -> Any:
    return Dataset.from_tensor_slices(
        {"text": ["", "b\0c", "é"], "x": np.arange(6.0).reshape(3, 2), "n": [1, 2, 3]}
    )


def plain(dataset: Any) -> list[Any]:
    return [(e["text"].numpy(), e["x"].numpy().tolist(), int(e["n"])) for e in dataset]


def test_save_and_load(tmp_path: Path) -> None:
    table().save(str(tmp_path / "saved"))
    loaded = Dataset.load(str(tmp_path / "saved"))
    assert loaded.element_spec == table().element_spec
    assert plain(loaded) == plain(loaded) == plain(table())
    assert len(loaded) == 3


def test_save_in_shards(tmp_path: Path) -> None:
    folder = str(tmp_path / "shards")
    Dataset.range(7).save(folder, compression="GZIP", shard_func=lambda x: x % 2)
    assert [int(x) for x in Dataset.load(folder)] == [0, 2, 4, 6, 1, 3, 5]
    turned = Dataset.load(folder, reader_func=lambda d: d.interleave(lambda s: s, 2))
    assert [int(x) for x in turned] == [0, 1, 2, 3, 4, 5, 6]


def test_saving_again_replaces(tmp_path: Path) -> None:
    folder = str(tmp_path / "saved")
    Dataset.range(3).save(folder)
    Dataset.range(5, 7).save(folder)
    assert [int(x) for x in Dataset.load(folder)] == [5, 6]


def test_load_without_a_folder(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="no saved dataset"):
        Dataset.load(str(tmp_path / "nothing"))


def counted(calls: list[int]) -> Any:
    def count(x: Any) -> Any:
        calls.append(1)
        return x

    return Dataset.range(3).map(lambda x: tf.numpy_function(count, [x], tf.int64))


def test_cache_in_a_file(tmp_path: Path) -> None:
    calls: list[int] = []
    dataset = counted(calls).cache(str(tmp_path / "kept"))
    assert [int(x) for x in dataset.take(1)] == [0]
    del calls[:]
    assert not list(tmp_path.glob("kept*"))
    for _ in range(2):
        assert [int(x) for x in dataset] == [0, 1, 2]
    assert len(calls) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["kept.data"]


def test_snapshot(tmp_path: Path) -> None:
    calls: list[int] = []
    dataset = counted(calls).snapshot(str(tmp_path / "snap"))
    for _ in range(2):
        assert [int(x) for x in dataset] == [0, 1, 2]
    assert len(calls) == 3


def test_checksums_of_published_values() -> None:
    # RFC 3720, appendix B.4
    assert crc32c(b"\x00" * 32) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(bytes(range(31, -1, -1))) == 0x113FDB5C


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 4096, 100_003])
def test_long_checksums_are_those_byte_by_byte(size: int) -> None:
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    assert crc32c(data) == state ^ 0xFFFFFFFF


def test_records_are_written_as_tensorflow_writes_them(tmp_path: Path) -> None:
    for name, zipped in (("records.tfrecord", ""), ("records.gz", "GZIP")):
        with RecordFile(str(tmp_path / name), zipped) as file:
            for record in RECORDS:
                file.write(record)
    wanted = (GOLDEN / "data_records.tfrecord").read_bytes()
    assert (tmp_path / "records.tfrecord").read_bytes() == wanted
    assert gzip.decompress((tmp_path / "records.gz").read_bytes()) == wanted


def test_zlib_records(tmp_path: Path) -> None:
    path = str(tmp_path / "z")
    writer = tf.data.experimental.TFRecordWriter(path, "ZLIB")
    writer.write(Dataset.from_tensor_slices(["a", "bc"]))
    found = tf.data.TFRecordDataset(path, "ZLIB")
    assert [x.numpy() for x in found] == [b"a", b"bc"]


@pytest.mark.parametrize("at", [3, 9, 13, 17])
def test_damaged_records_are_told(at: int, tmp_path: Path) -> None:
    data = bytearray((GOLDEN / "data_records.tfrecord").read_bytes())
    data[16 + at] ^= 4
    path = tmp_path / "damaged"
    path.write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match="corrupted record at 16"):
        list(tf.data.TFRecordDataset(str(path)))


def test_cut_records_are_told(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes((GOLDEN / "data_records.tfrecord").read_bytes()[:-3])
    with pytest.raises(tf.errors.DataLossError, match="truncated record"):
        list(tf.data.TFRecordDataset(str(path)))


def test_masks() -> None:
    value = crc32c(b"abc")
    turned = (value >> 15 | value << 17) & 0xFFFFFFFF
    assert masked(b"abc") == (turned + 0xA282EAD8) % 2**32


def test_rows_of_a_query(tmp_path: Path) -> None:
    import sqlite3

    path = str(tmp_path / "base.db")
    with sqlite3.connect(path) as base:
        base.execute("create table t(a int, b text, c real)")
        rows = [(1, "x", 2.5), (2, None, None)]
        base.executemany("insert into t values(?, ?, ?)", rows)
    kinds = (tf.int32, tf.string, tf.float64)
    query = "select a, b, c from t order by a"
    dataset = tf.data.experimental.SqlDataset("sqlite", path, query, kinds)
    assert list(dataset.as_numpy_iterator()) == [(1, b"x", 2.5), (2, b"", 0.0)]
    with pytest.raises(tf.errors.InvalidArgumentError, match="column"):
        list(tf.data.experimental.SqlDataset("sqlite", path, query, kinds[:2]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="sqlite"):
        tf.data.experimental.SqlDataset("mysql", path, query, kinds)


@pytest.mark.parametrize("zipped", ["GZIP", "ZLIB"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_compressed_records_come_as_far_as_they_are_whole(
    zipped: str, damage: str, tmp_path: Path
) -> None:
    path = tmp_path / "records"
    records = np.random.default_rng(0).bytes(64_000)
    with RecordFile(str(path), zipped) as file:
        for at in range(0, 64_000, 1000):
            file.write(records[at : at + 1000])
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[40_000:]
    else:
        data[-6] ^= 255  # the compressed data's own checksum
    path.write_bytes(data)
    found = []
    with pytest.raises(tf.errors.DataLossError, match="cannot be decompressed"):
        for record in tf.data.TFRecordDataset(str(path), zipped):
            found.append(record.numpy())
    assert b"".join(found) == records[: 1000 * len(found)]
    assert len(found) == 64 if damage == "changed" else 30 < len(found) < 41
    with pytest.raises(tf.errors.DataLossError, match="cannot be decompressed"):
        list(tf.data.FixedLengthRecordDataset(str(path), 1, compression_type=zipped))


def test_zlib_files_are_inflated_piece_by_piece(tmp_path: Path) -> None:
    """64 MB of records in 64 KB of file."""
    path = str(tmp_path / "z")
    with RecordFile(path, "ZLIB") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    sizes = {len(record.numpy()) for record in tf.data.TFRecordDataset(path, "ZLIB")}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sizes == {1 << 20} and peak < 16 << 20


def test_a_length_that_is_false_takes_no_memory(tmp_path: Path) -> None:
    head = (1 << 60).to_bytes(8, "little")
    path = tmp_path / "long"
    path.write_bytes(head + masked(head).to_bytes(4, "little") + b"abc")
    with pytest.raises(tf.errors.DataLossError, match="truncated record at 0"):
        list(tf.data.TFRecordDataset(str(path)))
