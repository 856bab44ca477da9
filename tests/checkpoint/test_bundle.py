"""Bundles: TensorFlow's files read, our own read back, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.bundle import BundleReader, write_bundle
from rillet.checkpoint.table import Table, write_table

GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoints"
KNOWN = json.loads((GOLDEN / "values.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_tensorflow_wrote(name):
    reader = BundleReader(str(GOLDEN / name))
    assert reader.keys() == sorted(KNOWN[name])
    for key, (dtype, shape, data) in KNOWN[name].items():
        value = reader.read(key)
        assert (reader.dtype(key).name, reader.shape(key)) == (dtype, shape)
        assert list(value.shape) == shape
        flat = value.reshape(-1)
        if dtype == "string":
            assert [item.hex() for item in flat] == data
        elif dtype.startswith("complex"):
            assert [[x.real, x.imag] for x in flat.tolist()] == data
        else:
            assert flat.astype("float64").tolist() == data


def test_what_it_wrote_is_written_with_the_same_checksums(tmp_path):
    for name in ("objects-1", "model"):
        reader = BundleReader(str(GOLDEN / name))
        again = str(tmp_path / name)
        write_bundle(again, {key: reader.read(key) for key in reader.keys()})
        suffix = ".data-00000-of-00001"
        # The order of tensors in the data is free, and TensorFlow's differs.
        theirs = (GOLDEN / f"{name}{suffix}").read_bytes()
        assert sorted(theirs) == sorted(Path(again + suffix).read_bytes())
        mine = BundleReader(again)
        for key in reader.keys():
            one, other = reader.entry(key), mine.entry(key)
            assert (one.crc32c, one.size) == (other.crc32c, other.size), key


VALUES = {
    "matrix": np.arange(6, dtype="float32").reshape(2, 3),
    "turned": np.arange(6, dtype="float32").reshape(2, 3).T,
    "scalar": np.array(3, "int64"),
    "empty": np.zeros((0, 3)),
    "flags": np.array([True, False]),
    "words": np.array([b"x", b"", b"y" * 300], object),
    "word": np.array(b"lone", object),
    "brain": np.array([1.5, -2], tf.bfloat16.as_numpy_dtype),
    "unicode/ü": np.array([1 + 2j]),
}


def same(prefix: str, values: dict[str, np.ndarray]) -> None:
    reader = BundleReader(prefix)
    assert reader.keys() == sorted(values)
    for name, value in values.items():
        found = reader.read(name)
        assert found.dtype == value.dtype
        np.testing.assert_array_equal(found, value)


def test_round_trip(tmp_path):
    write_bundle(str(tmp_path / "deep" / "x"), VALUES)
    same(str(tmp_path / "deep" / "x"), VALUES)
    assert sorted(os.listdir(tmp_path / "deep")) == [
        "x.data-00000-of-00001",
        "x.index",
    ]


def test_writing_again_leaves_the_usual_names(tmp_path):
    prefix = str(tmp_path / "x")
    for round_ in range(3):
        write_bundle(prefix, {"v": np.full(10, round_)})
        same(prefix, {"v": np.full(10, round_)})
        assert sorted(os.listdir(tmp_path)) == ["x.data-00000-of-00001", "x.index"]


def test_without_links_another_name_serves(tmp_path, monkeypatch):
    def no_link(*args):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_link)
    prefix = str(tmp_path / "x")
    for round_ in range(4):
        write_bundle(prefix, {"v": np.full(10, round_)})
        same(prefix, {"v": np.full(10, round_)})
        assert len(os.listdir(tmp_path)) == 2


def test_many_blocks(tmp_path):
    values = {f"layer/{i:05d}/kernel": np.full(i % 3, i) for i in range(9000)}
    write_bundle(str(tmp_path / "x"), values)
    assert (tmp_path / "x.index").stat().st_size > 262144
    reader = BundleReader(str(tmp_path / "x"))
    assert reader.keys() == sorted(values)
    for name in ("layer/00000/kernel", "layer/08999/kernel", "layer/04500/kernel"):
        np.testing.assert_array_equal(reader.read(name), values[name])
    assert "layer/9" not in reader


def test_tables_hold_what_was_put_in():
    rows = [(f"{i:06d}".encode() * (i % 7 + 1), b"v" * (i % 300)) for i in range(5000)]
    table = Table(write_table(rows))
    assert list(table) == rows
    assert all(table.get(key) == value for key, value in rows[::97])
    assert table.get(b"") is None
    assert list(Table(write_table([]))) == []


def test_a_failed_write_leaves_what_stood_there(tmp_path):
    prefix = str(tmp_path / "x")
    write_bundle(prefix, {"v": np.ones(3)})

    class Failing(dict):
        def __getitem__(self, key):
            raise RuntimeError("the value cannot be had")

    with pytest.raises(RuntimeError, match="cannot be had"):
        write_bundle(prefix, Failing(v=1))
    same(prefix, {"v": np.ones(3)})
    assert len(os.listdir(tmp_path)) == 2


KILLED = """
import sys
import numpy as np
from rillet.checkpoint.bundle import write_bundle
round_ = 0
print("ready", flush=True)
while True:
    round_ += 1
    write_bundle(sys.argv[1], {"a": np.full(20000, round_), "b": np.full(9, round_)})
"""


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("turn", range(6))
def test_a_kill_leaves_a_whole_checkpoint(turn, tmp_path):
    prefix = str(tmp_path / "x")
    write_bundle(prefix, {"a": np.full(20000, 0), "b": np.full(9, 0)})
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, prefix],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(tf.__file__).parents[1])},
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.02 + 0.017 * turn)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    reader = BundleReader(prefix)
    first = int(reader.read("a")[0])
    np.testing.assert_array_equal(reader.read("a"), np.full(20000, first))
    np.testing.assert_array_equal(reader.read("b"), np.full(9, first))
    # And it can be written over as ever.
    write_bundle(prefix, {"v": np.ones(3)})
    same(prefix, {"v": np.ones(3)})


STEPS = ["replace", "replace", "remove", "link", "replace", "remove"]


@pytest.mark.parametrize("last", range(1, len(STEPS) + 1))
def test_every_step_of_writing_leaves_a_whole_checkpoint(last, tmp_path, monkeypatch):
    # The process ends right before its n-th change of names.
    prefix = str(tmp_path / "x")
    write_bundle(prefix, {"v": np.zeros(5)})
    done = 0

    class Ended(BaseException):
        pass

    def counted(name):
        real = getattr(os, name)

        def step(*args):
            nonlocal done
            done += 1
            if done >= last:
                raise Ended
            return real(*args)

        monkeypatch.setattr(os, name, step)

    for name in ("replace", "remove", "link"):
        counted(name)
    with pytest.raises(Ended):
        write_bundle(prefix, {"v": np.ones(5)})
    monkeypatch.undo()
    found = BundleReader(prefix).read("v")
    assert found.tolist() in ([0.0] * 5, [1.0] * 5)
    assert (found[0] == 1) is np.bool_(last > 2)
