"""rillet loads from the same file what the real tf.keras loads (`make_golden.py`)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import dataset_calls as cases
import dataset_lookalikes as lookalikes
import numpy as np
import pytest

from rillet.keras import digests, settings
from rillet.keras.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    reuters,
)

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


@pytest.fixture(autouse=True)
def channels_last():
    settings.set_image_data_format("channels_last")


def place(monkeypatch, module, path, attribute="_HASH"):
    """Let a file of ours pass for the published one."""
    monkeypatch.setattr(module, attribute, digests.hash_file(path, "sha256"))
    return path


def compare(loaded, golden):
    arrays = [array for split in loaded for array in split]
    assert len(arrays) == len(golden)
    for array, want in zip(arrays, golden, strict=True):
        assert isinstance(array, np.ndarray)
        assert (str(array.dtype), list(array.shape)) == (want["dtype"], want["shape"])
        assert array.flags.writeable
        if "values" in want:
            assert array.tolist() == want["values"]
        else:
            data = np.ascontiguousarray(array).tobytes()
            assert hashlib.sha256(data).hexdigest() == want["sha256"]


@pytest.mark.parametrize("name", cases.IMDB)
def test_imdb(monkeypatch, tmp_path, name):
    path = place(monkeypatch, imdb, lookalikes.imdb(tmp_path))
    compare(imdb.load_data(path, **cases.IMDB[name]), GOLDEN["imdb"][name])


@pytest.mark.parametrize("name", cases.REUTERS)
def test_reuters(monkeypatch, tmp_path, name):
    path = place(monkeypatch, reuters, lookalikes.reuters(tmp_path))
    compare(reuters.load_data(path, **cases.REUTERS[name]), GOLDEN["reuters"][name])


def test_words_are_python_integers(monkeypatch, tmp_path):
    path = place(monkeypatch, imdb, lookalikes.imdb(tmp_path))
    (x, _), _ = imdb.load_data(path)
    assert type(x[0]) is list and type(x[0][0]) is int


@pytest.mark.parametrize("name", cases.BOSTON)
def test_boston(monkeypatch, tmp_path, name):
    path = lookalikes.table(tmp_path, "boston.npz", 26, 3)
    place(monkeypatch, boston_housing, path)
    compare(
        boston_housing.load_data(path, **cases.BOSTON[name]), GOLDEN["boston"][name]
    )


@pytest.mark.parametrize("name", cases.CALIFORNIA)
def test_california(monkeypatch, tmp_path, name):
    path = lookalikes.table(tmp_path, "california.npz", 640, 2)
    place(monkeypatch, california_housing, path)
    loaded = california_housing.load_data(path=path, **cases.CALIFORNIA[name])
    compare(loaded, GOLDEN["california"][name])


def test_label_names():
    assert list(reuters.get_label_names()) == GOLDEN["labels"]


def test_fashion(monkeypatch, tmp_path):
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    lookalikes.fashion(folder)
    hashes = {n: digests.hash_file(folder / n, "md5") for n in fashion_mnist._FILES}
    monkeypatch.setattr(fashion_mnist, "_FILES", hashes)
    compare(fashion_mnist.load_data(cache_dir=tmp_path), GOLDEN["fashion"])


def cached_tarball(monkeypatch, tmp_path, module, inside):
    """Put an archive into a cache; loading has to unpack it."""
    folder = tmp_path / "cache" / "datasets"
    folder.mkdir(parents=True)
    path = lookalikes.tarball(inside, folder / f"{inside.name}.tar.gz")
    place(monkeypatch, module, path)
    return tmp_path / "cache"


def test_cifar10(monkeypatch, tmp_path):
    inside = lookalikes.cifar10(tmp_path)
    cache = cached_tarball(monkeypatch, tmp_path, cifar10, inside)
    compare(cifar10.load_data(cache_dir=cache), GOLDEN["cifar10"])


@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100(monkeypatch, tmp_path, mode):
    inside = lookalikes.cifar100(tmp_path)
    cache = cached_tarball(monkeypatch, tmp_path, cifar100, inside)
    loaded = cifar100.load_data(mode, cache_dir=cache)
    compare(loaded, GOLDEN[f"cifar100 {mode}"])


def test_cifar_channels_first(monkeypatch, tmp_path):
    inside = lookalikes.cifar100(tmp_path)
    cache = cached_tarball(monkeypatch, tmp_path, cifar100, inside)
    settings.set_image_data_format("channels_first")
    try:
        (x, _), _ = cifar100.load_data(cache_dir=cache)
    finally:
        settings.set_image_data_format("channels_last")
    assert x.shape == (12, 3, 32, 32)
    want = lookalikes.cifar_pixels(12, 0)
    assert np.array_equal(x.reshape(12, -1), want)


def test_a_missing_batch_says_what_to_do(monkeypatch, tmp_path):
    inside = lookalikes.cifar100(tmp_path)
    (inside / "test").unlink()
    cache = cached_tarball(monkeypatch, tmp_path, cifar100, inside)
    with pytest.raises(FileNotFoundError, match="Remove the folder .*cifar-100"):
        cifar100.load_data(cache_dir=cache)


BAD_ARGUMENTS = [
    (lambda: boston_housing.load_data(test_split=1), "less than 1"),
    (lambda: reuters.load_data(test_split=-0.1), "at least 0"),
    (lambda: california_housing.load_data(version="big"), "'small' or 'large'"),
    (lambda: cifar100.load_data("both"), "'fine' or 'coarse'"),
    (lambda: settings.set_image_data_format("last"), "channels_last"),
]


@pytest.mark.parametrize(("call", "words"), BAD_ARGUMENTS)
def test_bad_arguments(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_maxlen_that_leaves_nothing(monkeypatch, tmp_path):
    path = place(monkeypatch, imdb, lookalikes.imdb(tmp_path))
    with pytest.raises(ValueError, match=r"maxlen=1.*larger maxlen"):
        imdb.load_data(path, maxlen=1)
    path = place(monkeypatch, reuters, lookalikes.reuters(tmp_path))
    with pytest.raises(ValueError, match=r"maxlen=1.*larger maxlen"):
        reuters.load_data(path, maxlen=1)


def test_old_keyword(monkeypatch, tmp_path):
    path = place(monkeypatch, imdb, lookalikes.imdb(tmp_path))
    compare(imdb.load_data(path, nb_words=20), GOLDEN["imdb"]["top"])
    with pytest.raises(TypeError, match="unknown keyword arguments: words"):
        imdb.load_data(path, words=3)


def test_word_index(monkeypatch, tmp_path):
    path = tmp_path / "index.json"
    path.write_text('{"the": 1, "brücke": 2}', encoding="utf-8")
    for module in (imdb, reuters):
        place(monkeypatch, module, path, "_INDEX_HASH")
        assert module.get_word_index(path) == {"the": 1, "brücke": 2}
    path.write_text('{"the": "1"}', encoding="utf-8")
    place(monkeypatch, imdb, path, "_INDEX_HASH")
    with pytest.raises(ValueError, match="no table of words"):
        imdb.get_word_index(path)
