"""The readers of data files: what they take, and everything that they must refuse."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import zipfile
import zlib

import dataset_lookalikes as lookalikes
import numpy as np
import pytest

from rillet.keras.datasets import packed
from rillet.keras.datasets.idx import read_idx
from rillet.keras.datasets.npz import read_npz
from rillet.keras.datasets.pickles import read_object_array, read_pickle
from rillet.keras.datasets.sequences import Ragged

# --- pickles: data -------------------------------------------------------------------


def ragged_of_arrays():
    out = np.empty(2, dtype=object)
    out[0], out[1] = np.array([1, 2]), np.array([[3.5]], ">f4")
    return out


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_object_arrays(protocol):
    want = lookalikes.lists(20, 4)
    got = read_object_array(pickle.dumps(want, protocol), "file")
    assert got.dtype == object and got.tolist() == want.tolist()
    table = np.array([[[1], [2, 3]], [[], [300000, 2**62, -7]]], dtype=object)
    got = read_object_array(pickle.dumps(np.asfortranarray(table), protocol), "file")
    assert got.shape == (2, 2) and got.tolist() == table.tolist()


@pytest.mark.parametrize("protocol", [2, 4])
def test_arrays_in_object_arrays(protocol):
    got = read_object_array(pickle.dumps(ragged_of_arrays(), protocol), "file")
    assert got[0].tolist() == [1, 2] and got[0].dtype == np.int64
    assert got[1].tolist() == [[3.5]] and got[1].dtype == np.dtype(">f4")
    got[0][0] = 5


@pytest.mark.parametrize("protocol", [2, 4])
def test_numpy_numbers(protocol):
    data = pickle.dumps([np.int64(-3), np.uint8(200), np.float32(0.5)], protocol)
    assert read_pickle(data, "file") == [-3, 200, 0.5]


def test_dictionaries_and_python_2():
    pixels = lookalikes.cifar_pixels(2, 0)
    data = lookalikes.python2_batch(pixels, {"labels": [4, 5]})
    held = read_pickle(data, "file", encoding="bytes")
    assert held[b"labels"] == [4, 5]
    assert np.array_equal(held[b"data"], pixels)
    assert held[b"batch_label"] == b"a batch of a look-alike"
    plain = {"a": (1, None, True), "b": ["word", b"bytes"]}
    assert read_pickle(pickle.dumps(plain, 4), "file") == plain
    assert read_pickle(pickle.dumps(plain, 2), "file") == plain


# --- pickles: attacks ----------------------------------------------------------------


class Calls:
    def __init__(self, function, *args):
        self.pair = function, args

    def __reduce__(self):
        return self.pair


ARRAY = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n"
DTYPE = b"cnumpy\ndtype\n"
STATE = b"(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


def numbers(code: bytes, shape: bytes, data: bytes) -> bytes:
    text = b"X" + struct.pack("<I", len(code)) + code
    return (
        b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        b"C\x01b\x87R(K\x01" + shape + b"\x86" + DTYPE + text + b"K\x00K\x01\x87R"
        + STATE + b"\x89C" + bytes([len(data)]) + data + b"tb."
    )  # fmt: skip


def array_of(value):
    out = np.empty(1, dtype=object)
    out[0] = value
    return pickle.dumps(out, 4)


ATTACKS = {
    "system": pickle.dumps(Calls(os.system, "echo harm"), 2),
    "system, protocol 4": pickle.dumps(Calls(os.system, "echo harm"), 4),
    "eval in an array": array_of(Calls(eval, "1")),
    "numpy's load": b"\x80\x02cnumpy\nload\nX\x01\x00\x00\x00x\x85R.",
    "attribute path": b"\x80\x04\x8c\x05numpy\x8c\x0ccore.os.name\x93.",
    "subclass": ARRAY + b"cnumpy\nmatrix\nK\x00\x85C\x01b\x87R.",
    "subclass by an instance": ARRAY + b"NK\x00\x85C\x01b\x87R.",
    "class that is called": b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x85R.",
    "state of a stand-in": b"\x80\x02c_codecs\nencode\n}X\x01\x00\x00\x00aK\x01sb.",
    "bare stand-in": b"\x80\x02c_codecs\nencode\n.",
    "bare dtype": b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R.",
    "other encoding": pickle.dumps(
        Calls(__import__("_codecs").encode, "x", "rot13"), 2
    ),
    "new object": b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85\x81.",
    "persistent": b"\x80\x02X\x01\x00\x00\x00xQ.",
    "extension": b"\x80\x02\x82\x01.",
    "instance": b"(inumpy\ndtype\n.",
    "memo bomb": b"\x80\x02]r\xff\xff\xff\x7f.",
    "text bomb": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b"x.",
    "bytes bomb": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"x.",
    "frame bomb": b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.",
    "long bomb": b"\x80\x02\x8a\xff" + b"\x01" * 255 + b".",
    "shape without data": numbers(b"u1", b"J\xff\xff\xff\x7fK\x02", b"xx"),
    "negative shape": numbers(b"u1", b"J\xff\xff\xff\xffK\x02", b"xx"),
    "text as data": numbers(b"U1", b"K\x01K\x01", b"xxxx"),
    "record": numbers(b"i1,i1", b"K\x01K\x01", b"xx"),
    "objects from bytes": numbers(b"O", b"K\x01K\x01", b"12345678"),
    "no dtype": numbers(b"nonsense", b"K\x01K\x01", b"x"),
    "object arrays inside": array_of(np.empty(2, dtype=object)),
    "cut short": pickle.dumps(lookalikes.lists(9, 1), 2)[:-40],
    "cut before the end": pickle.dumps([1, 2], 2)[:-1],
    "empty": b"",
    "stack": b"\x80\x02RRR.",
    "not an array": pickle.dumps([1, 2], 4),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(name, capfd):
    with pytest.raises(ValueError, match=r"^datasets: 'file' was refused, "):
        read_object_array(ATTACKS[name], "file")
    assert "harm" not in capfd.readouterr().out


def test_a_name_is_told():
    with pytest.raises(ValueError, match=r"asks for code: (posix|nt)\.system"):
        read_object_array(ATTACKS["system"], "file")


def test_random_damage():
    good = pickle.dumps(ragged_of_arrays(), 2)
    rng = np.random.default_rng(3)
    for _ in range(300):
        bad = bytearray(good)
        for at in rng.integers(0, len(bad), rng.integers(1, 4)):
            bad[at] = rng.integers(0, 256)
        try:
            read_object_array(bytes(bad), "file")
        except ValueError as error:
            assert "was refused" in str(error)


@pytest.mark.parametrize("item", [["a"], [1.5], [2**70], 5, [[1]], None])
def test_lists_of_other_things(item):
    with pytest.raises(ValueError, match="refused, an item is no list of word numbers"):
        Ragged.of([[1], item], "file")


# --- npz -----------------------------------------------------------------------------


def header(text: str) -> bytes:
    data = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(data)) + data


def archive(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


FORM = "{{'descr': {}, 'fortran_order': False, 'shape': {}, }}"
GOOD = header(FORM.format("'|u1'", "(2,)")) + b"ab"
BAD_NPZ = {
    "more than declared": (GOOD + b"c", "disagrees with its data"),
    "less than declared": (GOOD[:-1], "disagrees with its data"),
    "huge": (header(FORM.format("'<f8'", "(1099511627776,)")), "disagrees"),
    "overflow": (header(FORM.format("'<f8'", "(2**63, 2**63)")), "header cannot"),
    "negative": (header(FORM.format("'|u1'", "(-2,)")) + b"ab", "negative extent"),
    "objects": (header(FORM.format("'|O'", "(1,)")) + array_of([1]), "Python objects"),
    "no header": (b"nothing", "header cannot be read"),
    "code": (header("__import__('os').getpid()"), "header cannot be read"),
    "version": (b"\x93NUMPY\x09\x00" + GOOD[8:], "header cannot be read"),
    "nothing": (b"", "header cannot be read"),
}


@pytest.mark.parametrize("name", BAD_NPZ)
def test_bad_npz(tmp_path, name):
    data, words = BAD_NPZ[name]
    path = archive(tmp_path / "x.npz", [("x.npy", data)])
    with pytest.raises(ValueError, match=words) as caught:
        read_npz(path, ("x",))
    assert "Remove the file and load again" in str(caught.value)


def test_npz_orders_and_types(tmp_path):
    arrays = {
        "f": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big": np.arange(3, dtype=">i2"),
        "none": np.zeros((0, 4)),
        "scalar": np.array(2.5),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    got = read_npz(tmp_path / "x.npz", tuple(arrays))
    for name, array in arrays.items():
        assert got[name].dtype == array.dtype and got[name].shape == array.shape
        assert np.array_equal(got[name], array) and got[name].flags.writeable


def test_npz_declared_sizes(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros(1 << 20, np.uint8))
    with pytest.raises(ValueError, match="declared sizes exceed"):
        read_npz(path, ("x",), max_bytes=1 << 19)


def test_npz_declared_size_is_a_lie(tmp_path):
    path = archive(tmp_path / "x.npz", [("x.npy", GOOD + b"\0" * 100_000)])
    data = path.read_bytes()
    true, lie = (struct.pack("<I", n) for n in (len(GOOD) + 100_000, len(GOOD)))
    assert data.count(true) == 2
    path.write_bytes(data.replace(true, lie))
    with pytest.raises(ValueError, match="damaged or cut short"):
        read_npz(path, ("x",))


def test_npz_check_sum(tmp_path):
    path = archive(tmp_path / "x.npz", [("x.npy", GOOD)], zipfile.ZIP_STORED)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"ab", b"ac"))
    with pytest.raises(ValueError, match="damaged or cut short"):
        read_npz(path, ("x",))


def test_npz_other_refusals(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive(path, [("x.npy", GOOD), ("x.npy", GOOD)])
    with pytest.raises(ValueError, match="stands in it twice"):
        read_npz(path, ("x",))
    archive(path, [("x.npy", GOOD)], zipfile.ZIP_LZMA)
    with pytest.raises(ValueError, match="compressed as NumPy does not"):
        read_npz(path, ("x",))
    path.write_bytes(b"no zip")
    with pytest.raises(ValueError, match="damaged or cut short"):
        read_npz(path, ("x",))
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "absent.npz", ("x",))


def test_npz_objects_disagree_with_the_header(tmp_path):
    text = header(FORM.format("'|O'", "(7,)"))
    path = archive(tmp_path / "x.npz", [("x.npy", text + array_of([1]))])
    with pytest.raises(ValueError, match="declares .7,., holds .1,."):
        read_npz(path, ("x",), objects=("x",))


# --- idx and packed images -----------------------------------------------------------

IDX = bytes([0, 0, 8, 1, 0, 0, 0, 2])
BAD_IDX = {
    "rank": (gzip.compress(bytes([0, 0, 8, 2, 0, 0, 0, 2]) + b"ab"), "of rank 1"),
    "type": (gzip.compress(bytes([0, 0, 13, 1, 0, 0, 0, 2]) + b"ab"), "of rank 1"),
    "short": (gzip.compress(IDX + b"a"), "does not fit its extents"),
    "long": (gzip.compress(IDX + b"abc"), "does not fit its extents"),
    "huge": (gzip.compress(b"\0\0\x08\x01\xff\xff\xff\xff"), "does not fit"),
    "no head": (gzip.compress(b"\0\0"), "of rank 1"),
    "cut": (gzip.compress(IDX + b"ab")[:-9], "damaged or cut short"),
    "plain": (IDX + b"ab", "damaged or cut short"),
}


@pytest.mark.parametrize("name", BAD_IDX)
def test_bad_idx(tmp_path, name):
    data, words = BAD_IDX[name]
    path = tmp_path / "x.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=words):
        read_idx(path, 1)


def test_packing_both_ways():
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (9000, 4, 6), dtype=np.uint8)
    images[rng.random(images.shape) < 0.7] = 0
    images[17] = 0
    mask, ink = packed.pack_images(images)
    assert mask.shape == (9000, 3)
    assert np.array_equal(packed.unpack_images(mask, ink, 4, 6), images)
    with pytest.raises(ValueError, match="mask and values disagree"):
        packed.unpack_images(mask, ink[:-1], 4, 6)
    with pytest.raises(ValueError, match="mask and values disagree"):
        packed.unpack_images(mask, ink, 4, 8)


def test_numpy_reads_the_same_archive(tmp_path):
    from rillet.keras.datasets.npz import write_npz

    path = tmp_path / "x.npz"
    write_npz(path, {"x": np.arange(5)})
    with np.load(path) as held:
        assert held["x"].tolist() == [0, 1, 2, 3, 4]
    first = path.read_bytes()
    write_npz(path, {"x": np.arange(5)})
    assert path.read_bytes() == first
    assert zlib.crc32(first) and io.BytesIO(first).read(2) == b"PK"
