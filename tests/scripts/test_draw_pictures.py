"""The page of pictures shows every function, with the code that draws it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from rillet import explain

ROOT = Path(__file__).resolve().parents[2]
#: What tells in words, and stands in the page as words.
WORDS = {"doctor", "examine", "naive", "step"}


def load():
    path = ROOT / "scripts" / "draw_pictures.py"
    spec = importlib.util.spec_from_file_location("draw_pictures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


draw = load()
PAGE = draw.PAGE.read_text("utf-8")
SHOWN = list(draw.shown(PAGE))


@pytest.mark.parametrize("name", explain.__all__)
def test_every_function_stands_in_the_page_with_its_code(name):
    if name in WORDS:
        assert re.search(rf"^(>>>|\.\.\.) .*explain\.{name}\b", PAGE, re.MULTILINE)
        return
    own = re.compile(rf"{name}(_|\.)")
    beside = [sources for file, sources in SHOWN if own.match(file) and sources]
    assert beside
    for sources in beside:
        # the last picture that is made before the file is the one that it holds
        last = [source for source in sources if "explain." in source][-1]
        assert f"explain.{name}(" in last


def test_the_folder_holds_what_the_page_shows():
    files = {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
    assert files == {file for file, _ in SHOWN}


def test_an_example_gives_its_picture():
    page = """
>>> first = 1 + 1
>>> first
2

![One](pictures/one.svg)

>>> def twice(x):
...     return 2 * x
>>> print(twice(first))
4

![Two](pictures/two.png)
![Again](pictures/two.gif)
"""
    names = {}
    found = [
        (file, [draw.run(source, names) for source in sources])
        for file, sources in draw.shown(page)
    ]
    assert found == [("one.svg", [2, 2]), ("two.png", [None, None]), ("two.gif", [])]
