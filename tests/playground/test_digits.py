"""Digits: strokes become images like MNIST's, and the network reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet import keras
from rillet.playground import digits
from rillet.playground.digits import Digits, Reader
from rillet.playground.ink import image
from rillet.playground.messages import Example, Play, Strokes
from rillet.playground.settings import PlaygroundError
from rillet.playground.worker import Outbox

from .pages import Mail

ONE = [[[0.5, 0.1], [0.5, 0.9]]]
SEVEN = [[[0.3, 0.2], [0.7, 0.2], [0.5, 0.55], [0.45, 0.85]]]


def centre(picture: np.ndarray) -> np.ndarray:
    rows, columns = np.indices(picture.shape)
    return np.array([(rows * picture).sum(), (columns * picture).sum()]) / picture.sum()


def test_images_are_like_those_of_mnist() -> None:
    for strokes in (ONE, SEVEN):
        made = image(strokes)
        assert made.shape == (28, 28) and made.max() == 1 and made.min() == 0
        assert np.abs(centre(made) - 13.5).max() <= 0.51
        rows = np.flatnonzero(made.max(axis=1))
        assert 18 <= rows[-1] - rows[0] + 1 <= 22


def test_size_and_place_do_not_matter() -> None:
    small = [[[0.8 + x / 8, 0.1 + y / 8] for x, y in SEVEN[0]]]
    assert np.allclose(image(small), image(SEVEN), atol=1e-3)


@pytest.mark.parametrize("strokes", [[], [[]], [[], []]])
def test_no_ink(strokes: list) -> None:
    assert not image(strokes).any()


def test_a_dot_and_a_flood() -> None:
    assert image([[[0.5, 0.5]]]).any()
    places = np.random.default_rng(0).uniform(-1e6, 1e6, (2000, 2)).tolist()
    assert np.isfinite(image([places])).all()


@pytest.fixture(scope="module")
def reader() -> Reader:
    """A network that has seen a tenth of the digits, in place of all."""
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(512, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    model.fit(x[:6000].reshape(-1, 784) / 255.0, y[:6000], epochs=4, verbose=0)
    return Reader(model, x_test, y_test, 0.9)


def test_a_page_reads(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "_reader", [reader])
    mail = Mail()
    page = Digits(Outbox(mail.ring))
    page.handle(Strokes(SEVEN))
    assert page.work() is None
    head, arrays = mail.last(page.outbox, "reading")
    assert arrays["output"].argmax() == 7 and not head["blank"]
    assert arrays["output"].sum() == pytest.approx(1, abs=1e-5)
    assert arrays["image"].shape == (28, 28) and arrays["hidden"].shape == (512,)
    network, kernels = mail.pictures["network"]
    assert kernels["first"].shape == (512, 784) and network["accuracy"] == 0.9
    page.handle(Example(0))
    page.work()
    head, arrays = mail.last(page.outbox, "reading")
    assert head["label"] == 7 and (arrays["image"] == reader.images[0]).all()
    page.handle(Strokes([]))
    page.work()
    assert mail.last(page.outbox, "reading")[0]["blank"]
    with pytest.raises(PlaygroundError, match="not on this page"):
        page.handle(Play())


def test_layers_are_the_networks(reader: Reader) -> None:
    picture = image(SEVEN)
    hidden, said = reader.read(picture)
    kernel, _ = reader.kernels()
    bias = reader._hidden.bias.numpy()
    wanted = np.maximum((picture.reshape(784, 1) * kernel).sum(axis=0) + bias, 0)
    assert np.allclose(hidden, wanted, atol=1e-4) and said.shape == (10,)


def test_it_is_trained_once_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(digits, "cache_folder", lambda: tmp_path / "new")
    monkeypatch.setattr(digits, "_EPOCHS", 1)
    said: list[str] = []
    first = digits._made(said.append)
    assert len(said) == 1 and first.accuracy > 0.93
    again = digits._made(said.append)
    assert len(said) == 1 and again.accuracy == first.accuracy
    path = tmp_path / "new" / digits._FILE
    path.write_bytes(path.read_bytes()[:1000])
    assert digits._made(said.append).accuracy > 0.93 and len(said) == 2
