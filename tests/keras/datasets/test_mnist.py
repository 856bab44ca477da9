"""MNIST: what the package holds, and what it makes of a user's own file."""

from __future__ import annotations

import hashlib
import socket

import numpy as np
import pytest

from rillet.keras.datasets import mnist

# Counts of the digits 0 to 9, as published for MNIST; hashes of the arrays of the
# `mnist.npz` that was packed.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
HASHES = [
    "6510e85a72c3e9475c492d559d3770d2",
    "e86ee40d66677c011a9abda399ec8c4d",
    "240610fa99e73bfa49df8e7fc24d3206",
    "073c3904dfbd3e141ff8aa01cfde6b15",
]
NAMES = ("x_train", "y_train", "x_test", "y_test")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path


def own(count=3):
    x = np.full((count, 28, 28), 9, np.uint8)
    y = np.arange(count, dtype=np.uint8)
    return dict(zip(NAMES, (x, y, x[:2], y[:2]), strict=True))


def test_packaged(monkeypatch):
    def no_network(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_network)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("u1")}
    assert np.bincount(y_train).tolist() == TRAIN_COUNTS
    assert np.bincount(y_test).tolist() == TEST_COUNTS
    hashes = [
        hashlib.md5(a.tobytes()).hexdigest() for a in (x_train, y_train, x_test, y_test)
    ]
    assert hashes == HASHES
    # The mean and deviation that programs for MNIST normalise with.
    assert round(float(x_train.mean()) / 255, 4) == 0.1307
    assert round(float(x_train.std()) / 255, 4) == 0.3081


def test_fresh_and_writeable():
    (first, labels), _ = mnist.load_data()
    first[:], labels[:] = 0, 0
    (second, labels), _ = mnist.load_data()
    assert second.max() == 255 and labels.max() == 9
    assert second.flags.c_contiguous


def test_size_in_the_package():
    assert 9e6 <= mnist._PACKED.stat().st_size <= 11.5e6


@pytest.mark.parametrize("where", ["cache", "absolute", "other cache"])
def test_own_file(tmp_path, home, where):
    folder = home / "datasets" if where == "cache" else tmp_path / "own" / "datasets"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "mnist.npz", **own())
    arguments = {
        "cache": {},
        "absolute": {"path": str(folder / "mnist.npz")},
        "other cache": {"cache_dir": folder.parent},
    }[where]
    (x, y), (x_test, _) = mnist.load_data(**arguments)
    assert x.shape == (3, 28, 28) and y.tolist() == [0, 1, 2] and len(x_test) == 2
    x[0] = 1  # writeable


BROKEN = [
    ("shape", {"x_train": np.zeros((3, 27, 28), np.uint8)}, r"is \(3, 27, 28\)"),
    ("dtype", {"x_test": np.zeros((2, 28, 28))}, "x_test .* float64"),
    ("labels' dtype", {"y_train": np.arange(3)}, "y_train is .* int64"),
    ("count", {"y_test": np.zeros(5, np.uint8)}, r"y_test is \(5,\)"),
    ("label", {"y_test": np.array([3, 10], np.uint8)}, "from 0 to 9"),
    ("rank", {"y_test": np.zeros((2, 1), np.uint8)}, "y_test"),
    ("empty", {"x_test": np.zeros((0, 28, 28), np.uint8),
               "y_test": np.zeros(0, np.uint8)}, "x_test"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "words"), BROKEN)
def test_own_file_is_checked(home, name, change, words):
    np.savez(home / "datasets" / "mnist.npz", **{**own(), **change})
    with pytest.raises(ValueError, match=words) as caught:
        mnist.load_data()
    assert "Remove the file to use the copy that comes with rillet" in str(caught.value)


def test_own_file_without_a_name(home):
    arrays = own()
    del arrays["y_test"]
    np.savez(home / "datasets" / "mnist.npz", **arrays)
    with pytest.raises(ValueError, match="it lacks y_test"):
        mnist.load_data()


def test_own_file_cut_short(home):
    path = home / "datasets" / "mnist.npz"
    np.savez(path, **own())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match="damaged or cut short"):
        mnist.load_data()
