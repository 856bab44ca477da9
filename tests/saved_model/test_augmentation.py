"""Models whose layers draw from generators of their own, as SavedModels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

L = tf.keras.layers
LAYERS = {
    "flip": lambda: L.RandomFlip(),
    "rotation": lambda: L.RandomRotation(0.1),
    "crop": lambda: L.RandomCrop(10, 10),
    "brightness": lambda: L.RandomBrightness(0.1),
}


@pytest.mark.parametrize("name", LAYERS)
def test_generators_of_layers_are_saved(name: str, tmp_path: Path) -> None:
    after = [L.GlobalAveragePooling2D(), L.Dense(2)]
    model = tf.keras.Sequential([L.Input((12, 12, 1)), LAYERS[name](), *after])
    images = np.random.default_rng(0).uniform(size=(3, 12, 12, 1)).astype("float32")
    model.save(tmp_path / "model")
    wanted: Any = model.predict(images, verbose=0)
    again = tf.keras.models.load_model(tmp_path / "model")
    np.testing.assert_allclose(again.predict(images, verbose=0), wanted, atol=1e-6)
    plain = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(plain(images, training=False), wanted, atol=1e-6)
    assert plain(images, training=True).shape == (3, 2)
