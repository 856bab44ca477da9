"""Pictures of models: what stands in them, and who draws them."""

from __future__ import annotations

import builtins
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import rillet as tf

keras, layers = tf.keras, tf.keras.layers


def _model() -> Any:
    keras.backend.clear_session()
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    x = layers.Dense(8, activation="relu")(a)
    x = keras.Sequential([layers.Dense(3), layers.ReLU()], name="inside")(x)
    y = layers.Concatenate()([x, b])
    return keras.Model([a, b], [layers.Dense(1, name="one")(y), layers.ReLU()(y)])


def test_arrows_follow_the_calls() -> None:
    picture = keras.utils.model_to_dot(_model())
    assert set(picture.arrows) == {
        ("a", "dense"),
        ("dense", "inside"),
        ("inside", "concatenate"),
        ("b", "concatenate"),
        ("concatenate", "one"),
        ("concatenate", "re_lu_1"),
    }
    inner = keras.utils.model_to_dot(_model(), expand_nested=True)
    assert ("dense", "inside/dense_1") in inner.arrows
    assert ("inside/re_lu", "concatenate") in inner.arrows
    assert 'subgraph "cluster_inside"' in inner.to_string()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("show_shapes", "(None, 8)"),
        ("show_dtype", "float32"),
        ("show_layer_names", "dense (Dense)"),
        ("show_layer_activations", "Dense, relu"),
        ("show_trainable", "trainable"),
    ],
)
def test_options_add_what_they_name(option: str, text: str) -> None:
    chosen = {"show_layer_names": False, option: True}
    with_it = keras.utils.model_to_dot(_model(), **chosen).to_string()
    without = keras.utils.model_to_dot(_model(), show_layer_names=False).to_string()
    assert text in with_it and text not in without


def test_a_range_of_layers() -> None:
    picture = keras.utils.model_to_dot(_model(), layer_range=["dense", "concat"])
    assert "a" not in {box.key for box in picture.boxes}
    with pytest.raises(ValueError, match="first and the last layer"):
        keras.utils.model_to_dot(_model(), layer_range=["dense", "nothing"])


@pytest.mark.parametrize("name", ["m.png", "m.svg", "m.pdf", "m.dot", "m"])
def test_files_of_each_kind(tmp_path: Path, monkeypatch: Any, name: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    keras.utils.plot_model(_model(), tmp_path / name, show_shapes=True)
    (path,) = tmp_path.iterdir()
    starts = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF", ".dot": b"digraph"}
    assert path.read_bytes().startswith(starts[path.suffix])


def test_notebooks_get_a_drawing() -> None:
    root = ElementTree.fromstring(_model()._repr_svg_())
    texts = [e.text for e in root.iter() if e.tag.endswith("text")]
    assert "concatenate (Concatenate)" in texts
    assert keras.Sequential([layers.Dense(1)])._repr_svg_() is None


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(ValueError, match="not yet been built"):
        keras.utils.plot_model(keras.Sequential([layers.Dense(1)]))
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match="or matplotlib"):
        keras.utils.plot_model(_model(), tmp_path / "m.png")
    with pytest.raises(ImportError, match="must install graphviz"):
        keras.utils.model_to_dot(_model()).create()
