"""Files that models carry along: names that are taken, and what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import rillet as tf

SPECIAL = ["folder", *(["pipe"] if hasattr(os, "mkfifo") else [])]


class Reader(tf.Module):
    """Says what stands in its files."""

    def __init__(self, *paths: Path) -> None:
        super().__init__()
        self.files = [tf.saved_model.Asset(path) for path in paths]

    @tf.function(input_signature=[])
    def paths(self) -> object:
        return [file.asset_path for file in self.files]


def special(kind: str, path: Path) -> None:
    """Make something that is no plain file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)


def test_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    places = [tmp_path / name / "words.txt" for name in ("a", "b", "c")]
    for place in places:
        place.parent.mkdir()
        place.write_text(place.parent.name)
    # The first stands twice; it is still one file.
    tf.saved_model.save(Reader(*places, places[0]), tmp_path / "model")
    held = sorted(file.name for file in (tmp_path / "model" / "assets").iterdir())
    assert held == ["words.txt", "words.txt_1", "words.txt_2"]
    loaded = tf.saved_model.load(tmp_path / "model")
    found = [Path(path.numpy().decode()).read_text() for path in loaded.paths()]
    assert found == ["a", "b", "c", "a"]


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_not_saved(kind: str, tmp_path: Path) -> None:
    special(kind, tmp_path / "words.txt")
    with pytest.raises(tf.errors.InvalidArgumentError, match="no plain file"):
        tf.saved_model.save(Reader(tmp_path / "words.txt"), tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_not_loaded(kind: str, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("alpha")
    tf.saved_model.save(Reader(words), tmp_path / "model")
    held = tmp_path / "model" / "assets" / "words.txt"
    held.unlink()
    special(kind, held)
    with pytest.raises(tf.errors.DataLossError, match="no plain file"):
        tf.saved_model.load(tmp_path / "model")
