"""Damaged and hostile files: an error of rillet's own each time, in bounded time."""

from __future__ import annotations

import os
import random
import shutil
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint import messages, table
from rillet.checkpoint.bundle import BundleReader, write_bundle
from rillet.checkpoint.graph import GRAPH_KEY
from rillet.checkpoint.restoration import graph_in
from rillet.checkpoint.table import Table, write_table
from rillet.checkpoint.wire import Record, decode, encode
from rillet.core.varints import varint

GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoints"
#: `RILLET_FUZZ=100000` is the number that a release is held to.
ROUNDS = int(os.environ.get("RILLET_FUZZ", 2000))
#: What may be raised: rillet's own errors, and what a wrong shape or type means.
OWN = (tf.errors.OpError, ValueError)
#: Bytes that reading a file of 2 KB may take for a moment.
MOST = 8 << 20


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Bytes with a few changes: flips, cuts, copies, and huge numbers."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if not out:
            return b""
        at = rng.randrange(len(out))
        way = rng.randrange(6)
        if way == 0:
            out[at] = rng.randrange(256)
        elif way == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif way == 2:
            del out[at : at + rng.randrange(1, 9)]
        elif way == 3:
            out[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif way == 4:
            out[at : at + 5] = b"\xff\xff\xff\xff\x7f"
        else:
            del out[at:]
    return bytes(out)


def read_all(prefix: str) -> None:
    reader = BundleReader(prefix)
    graph_in(reader)
    for name in reader.keys():
        reader.dtype(name)
        reader.shape(name)
        reader.read(name)


@pytest.fixture(scope="module", autouse=True)
def warmed():
    read_all(str(GOLDEN / "objects-1"))


def attempt(work, data: bytes) -> None:
    """Run some reading: it may work, or raise what is ours."""
    tracemalloc.start()
    try:
        work(data)
    except OWN:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < MOST, data.hex()


@pytest.mark.parametrize("name", ["objects-1", "slices", "model"])
def test_damaged_index(name, tmp_path):
    rng = random.Random(1)
    prefix = str(tmp_path / "x")
    data = f"{name}.data-00000-of-00001"
    shutil.copy(GOLDEN / data, prefix + data[len(name) :])
    whole = (GOLDEN / f"{name}.index").read_bytes()

    def work(data: bytes) -> None:
        Path(f"{prefix}.index").write_bytes(data)
        read_all(prefix)

    for _ in range(ROUNDS // 6):
        attempt(work, damaged(whole, rng))


@pytest.mark.parametrize("name", ["objects-1", "slices"])
def test_damaged_entries_with_checksums_that_fit(name, tmp_path):
    rng = random.Random(2)
    prefix = str(tmp_path / "x")
    data = f"{name}.data-00000-of-00001"
    shutil.copy(GOLDEN / data, prefix + data[len(name) :])
    rows = list(Table((GOLDEN / f"{name}.index").read_bytes()))

    def work(data: bytes) -> None:
        Path(f"{prefix}.index").write_bytes(data)
        read_all(prefix)

    for _ in range(ROUNDS // 4):
        changed = list(rows)
        at = rng.randrange(len(rows))
        changed[at] = (rows[at][0], damaged(rows[at][1], rng))
        attempt(work, write_table(changed))


def test_damaged_data(tmp_path):
    rng = random.Random(3)
    prefix = str(tmp_path / "x")
    shutil.copy(GOLDEN / "objects-1.index", f"{prefix}.index")
    whole = (GOLDEN / "objects-1.data-00000-of-00001").read_bytes()

    def work(data: bytes) -> None:
        Path(f"{prefix}.data-00000-of-00001").write_bytes(data)
        read_all(prefix)

    for _ in range(ROUNDS // 6):
        attempt(work, damaged(whole, rng))


def test_damaged_object_graph(tmp_path):
    rng = random.Random(4)
    graph = BundleReader(str(GOLDEN / "model")).read(GRAPH_KEY).item()

    for _ in range(ROUNDS // 2):
        attempt(lambda data: decode(messages.OBJECT_GRAPH, data), damaged(graph, rng))


def test_restoring_damaged_object_graphs(tmp_path):
    rng = random.Random(5)
    reader = BundleReader(str(GOLDEN / "objects-1"))
    values = {name: reader.read(name) for name in reader.keys()}
    graph = values[GRAPH_KEY].item()
    prefix = str(tmp_path / "x")

    def work(data: bytes) -> None:
        values[GRAPH_KEY] = np.array(data, object)
        write_bundle(prefix, values)
        part = tf.Module()
        checkpoint = tf.train.Checkpoint(part=part)
        checkpoint.restore(prefix).expect_partial()
        part.b = tf.Variable([0.0, 0.0])
        part.rows = [tf.Variable(0.0)]

    for _ in range(ROUNDS // 20):
        attempt(work, damaged(graph, rng))


def test_changed_bytes_of_a_tensor_are_told(tmp_path):
    prefix = str(tmp_path / "x")
    write_bundle(prefix, {"v": np.arange(100.0)})
    path = Path(f"{prefix}.data-00000-of-00001")
    data = bytearray(path.read_bytes())
    data[400] ^= 1
    path.write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match="checksum of v does not match"):
        BundleReader(prefix).read("v")


def test_a_cut_file_takes_no_memory(tmp_path):
    # An index that promises a tensor of 1 TB.
    prefix = str(tmp_path / "x")
    write_bundle(prefix, {"v": np.zeros(4, "float32")})
    rows = dict(Table(Path(f"{prefix}.index").read_bytes()))
    entry = decode(messages.ENTRY, rows[b"v"])
    entry.size = 1 << 40
    entry.shape = Record(messages.SHAPE, dim=[Record(messages.DIM, size=1 << 38)])
    rows[b"v"] = encode(messages.ENTRY, entry)
    Path(f"{prefix}.index").write_bytes(write_table(sorted(rows.items())))
    with pytest.raises(tf.errors.DataLossError, match="ends at byte"):
        BundleReader(prefix).read("v")


@pytest.mark.parametrize("sizes", [(0, 1 << 62), (1 << 31, 1 << 31), (-1,)])
def test_shapes_that_no_array_has(sizes, tmp_path):
    prefix = str(tmp_path / "x")
    write_bundle(prefix, {"v": np.zeros(0, "float32")})
    rows = dict(Table(Path(f"{prefix}.index").read_bytes()))
    entry = decode(messages.ENTRY, rows[b"v"])
    dims = [Record(messages.DIM, size=size) for size in sizes]
    entry.shape = Record(messages.SHAPE, dim=dims)
    rows[b"v"] = encode(messages.ENTRY, entry)
    Path(f"{prefix}.index").write_bytes(write_table(sorted(rows.items())))
    with pytest.raises(tf.errors.DataLossError, match="tensor v has a shape of"):
        BundleReader(prefix).read("v")


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 47, b"\0" * 48, b"\0" * 100],
)
def test_no_table(data, tmp_path):
    path = tmp_path / "x.index"
    path.write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match="bad magic number"):
        tf.train.load_checkpoint(str(tmp_path / "x"))


def test_nested_without_end():
    # A slice in a slice in a slice: the reader must not run out of stack.
    schema = messages.OBJECT_GRAPH
    data = b"\x0a\x00" * 10
    assert len(decode(schema, data).nodes) == 10
    with pytest.raises(tf.errors.DataLossError, match="longer than 10 bytes"):
        decode(schema, b"\xff" * 11)


def test_keys_that_share_too_much_are_refused():
    """Each key is one byte longer than the one before: a little file, endless keys."""
    block = table._BlockWriter(1 << 60)
    for i in range(3000):
        block.add(b"a" * i, b"")
    body, out = block.finish(), bytearray()
    out += body
    index = table._BlockWriter(1)
    index.add(b"z", varint(0) + varint(len(body) - 5))
    handles = b""
    for writer in (table._BlockWriter(16), index):
        part = writer.finish()
        handles += varint(len(out)) + varint(len(part) - 5)
        out += part
    out += handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    assert len(out) < 20000
    with pytest.raises(tf.errors.DataLossError, match="impossibly long"):
        list(Table(bytes(out), "bomb"))
