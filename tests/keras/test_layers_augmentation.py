"""Layers that resize images or change them at random give tf.keras's images."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"
layers = tf.keras.layers


def load() -> Any:
    spec = importlib.util.spec_from_file_location(
        "image_rows", FOLDER / "image_rows.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


IMAGES = load()
with np.load(FOLDER / "images.npz") as _file:
    GOLDEN = dict(_file)


def made(row: str, **more: Any) -> Any:
    kind, arguments, _ = IMAGES.ROWS[row]
    return getattr(layers, kind)(**arguments, **more)


def test_every_row_has_an_answer() -> None:
    assert {key.rpartition("/")[0] for key in GOLDEN} == set(IMAGES.ROWS)


@pytest.mark.parametrize("name", IMAGES.ROWS)
def test_images(name: str) -> None:
    for i, found in enumerate(IMAGES.answers(layers, name)):
        wanted = GOLDEN[f"{name}/{i}"]
        assert found.shape == wanted.shape and found.dtype == wanted.dtype
        # Places in float32, up to 1e-6 off, between values up to 255 apart.
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-3)


@pytest.mark.parametrize("name", IMAGES.ROWS)
def test_configuration_makes_an_equal_layer(name: str) -> None:
    layer = made(name, name="here")
    twin = layers.deserialize(layers.serialize(layer))
    assert type(twin) is type(layer) and twin.get_config() == layer.get_config()
    x = IMAGES.images(name, IMAGES.ROWS[name][2])
    np.testing.assert_array_equal(twin(x).numpy(), layer(x).numpy())


@pytest.mark.parametrize("name", IMAGES.ROWS)
def test_shape_is_told_without_data(name: str) -> None:
    shape = IMAGES.ROWS[name][2]
    told = tuple(made(name).compute_output_shape(shape))
    found = GOLDEN[f"{name}/0"].shape
    assert all(t in (None, f) for t, f in zip(told, found, strict=True))
    assert told.count(None) == (name.split()[0] in ("height", "width"))


@pytest.mark.parametrize("name", IMAGES.ROWS)
def test_bytes_and_half_precision(name: str) -> None:
    x = IMAGES.images(name, IMAGES.ROWS[name][2]).astype("uint8")
    assert made(name)(x).dtype == tf.float32
    assert made(name, dtype="mixed_bfloat16")(x).dtype == tf.bfloat16


def test_draws_are_new_unless_seeded() -> None:
    x = IMAGES.images("x", (8, 6, 6, 1))
    tf.keras.utils.set_random_seed(1)
    first = layers.RandomRotation(0.4)(x).numpy()
    assert not np.array_equal(layers.RandomRotation(0.4)(x).numpy(), first)
    tf.keras.utils.set_random_seed(1)
    np.testing.assert_array_equal(layers.RandomRotation(0.4)(x).numpy(), first)


def test_models_augment_unless_told_otherwise() -> None:
    """As in tf.keras, where a call without `training` is one while training here."""
    model = tf.keras.Sequential([layers.RandomFlip(seed=1), layers.Flatten()])
    x = IMAGES.images("x", (4, 3, 3, 1))
    flat = x.reshape(4, 9)
    np.testing.assert_array_equal(model.predict(x, verbose=0), flat)
    np.testing.assert_array_equal(model(x, training=False).numpy(), flat)
    for kwargs in ({}, {"training": True}):
        assert not np.array_equal(model(x, **kwargs).numpy(), flat)
    assert not model.weights


def test_bytes_stay_bytes_where_the_layer_is_of_bytes() -> None:
    x = np.arange(12, dtype="uint8").reshape(2, 2, 3)
    for layer in (
        layers.RandomFlip(dtype="uint8"),
        layers.Resizing(4, 4, dtype="uint8"),
    ):
        assert layer(x).dtype == tf.uint8


def test_gradients_reach_the_images() -> None:
    x = tf.constant(IMAGES.images("x", (2, 5, 5, 1)))
    for layer in (layers.RandomRotation(0.2, "wrap"), layers.RandomContrast(0.2)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x))
        assert tape.gradient(y, x).shape == x.shape


REFUSED = {
    "flip, mode": (
        lambda: layers.RandomFlip("sideways"),
        ValueError,
        "unknown mode argument: 'sideways'. It is one of horizontal",
    ),
    "vector": (
        lambda: layers.RandomFlip()(tf.zeros([2, 2])),
        ValueError,
        r"can only process.*3 or 4 axes.*\(2, 2\)",
    ),
    "dictionary": (
        lambda: layers.RandomZoom(0.1)({"images": tf.zeros([2, 2, 2, 1])}),
        ValueError,
        "only process a tensor representing an image.*dict",
    ),
    "resize, interpolation": (
        lambda: layers.Resizing(2, 2, interpolation="linear"),
        NotImplementedError,
        "Value not recognized for `interpolation`",
    ),
    "resize, 0": (lambda: layers.Resizing(0, 2), ValueError, "`height` must be pos"),
    "turn": (
        lambda: layers.RandomRotation((0.5, 0.1)),
        ValueError,
        "upper bound less than the lower",
    ),
    "turn, fill": (
        lambda: layers.RandomRotation(0.1, fill_mode="mirror"),
        NotImplementedError,
        "Unknown `fill_mode`: only reflect, wrap, constant, nearest",
    ),
    "turn, interpolation": (
        lambda: layers.RandomRotation(0.1, interpolation="bicubic"),
        NotImplementedError,
        "Unknown `interpolation`: only nearest, bilinear",
    ),
    "move": (
        lambda: layers.RandomTranslation(3, 1),
        ValueError,
        r"`height_factor` argument must have values between \[-1, 1\]",
    ),
    "move, order": (
        lambda: layers.RandomTranslation(0.1, (0.5, 0.1)),
        ValueError,
        "`width_factor` cannot have upper bound less than lower bound",
    ),
    "zoom": (lambda: layers.RandomZoom(-3.0), ValueError, r"between \[-1, 1\]"),
    "zoom, width": (
        lambda: layers.RandomZoom(0.1, -3.0),
        ValueError,
        "`width_factor` argument must have values larger than -1",
    ),
    "contrast": (
        lambda: layers.RandomContrast(3),
        ValueError,
        "cannot have negative values or values greater than 1",
    ),
    "bright": (
        lambda: layers.RandomBrightness(3),
        ValueError,
        r"in the range \[-1.0, 1.0\]",
    ),
    "bright, text": (lambda: layers.RandomBrightness("a"), ValueError, "factor='a'"),
    "bright, range": (
        lambda: layers.RandomBrightness(0.1, 3),
        ValueError,
        "`value_range` argument should be a list of two numbers",
    ),
    "height": (
        lambda: layers.RandomHeight((-2, 1)),
        ValueError,
        "must have values larger than -1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    run, kind, text = REFUSED[name]
    with pytest.raises(kind, match=f"(?s){text}"):
        run()


def test_older_programs_find_the_layers_where_they_were() -> None:
    older = layers.experimental.preprocessing
    for name in ("RandomRotation", "RandomFlip", "Resizing", "CenterCrop", "Rescaling"):
        assert getattr(older, name) is getattr(layers, name)
