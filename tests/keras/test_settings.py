"""Keras's folder and the layout of images that it remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rillet.keras import settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(settings, "_image_data_format", None)


def test_home(monkeypatch, tmp_path):
    assert settings.keras_home() == tmp_path
    monkeypatch.delenv("KERAS_HOME")
    assert settings.keras_home() == Path.home() / ".keras"


LAYOUTS = [
    (None, "channels_last"),
    ('{"image_data_format": "channels_first"}', "channels_first"),
    ('{"image_data_format": "sideways"}', "channels_last"),
    ("[1]", "channels_last"),
    ("{", "channels_last"),
]


@pytest.mark.parametrize(("text", "layout"), LAYOUTS)
def test_layout(tmp_path, text, layout):
    if text:
        (tmp_path / "keras.json").write_text(text)
    assert settings.image_data_format() == layout
    settings.set_image_data_format("channels_first")
    assert settings.image_data_format() == "channels_first"
