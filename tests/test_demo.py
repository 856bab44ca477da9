"""`rillet demo`: what it prints and draws."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any

import pytest

from rillet import demo


def test_trains_prints_and_draws(tmp_path: Path, capsys: Any) -> None:
    picture = tmp_path / "demo.png"
    assert demo.main(["--epochs", "1", "--out", str(picture)]) == 0
    printed = capsys.readouterr().out
    found = re.search(r"^test accuracy: (0\.\d{4})$", printed, re.M)
    # One epoch reads 95.6 % right, in TensorFlow as here.
    assert found is not None and 0.945 < float(found[1]) < 0.97
    assert "469/469 [" in printed and str(picture) in printed
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_says_what_a_picture_needs(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    shapes = (10, 28, 28), (10,), (10, 10)
    np_arrays = [__import__("numpy").zeros(s) for s in shapes]
    history = {"loss": [1.0], "accuracy": [0.5]}
    monkeypatch.setattr(
        demo, "train", lambda *_: (*np_arrays[:2], history, np_arrays[2], 0.5)
    )
    assert demo.main(["--out", str(tmp_path / "p.png")]) == 0
    assert "pip install matplotlib pillow\n" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--epochs", "0"], ["--batch-size", "0"]])
def test_refuses_counts_below_one(words: list[str], capsys: Any) -> None:
    assert demo.main(words) == 2
    assert "1 or more" in capsys.readouterr().err
