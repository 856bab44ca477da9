"""Magics and shell lines become calls; everything else stays as it is."""

from __future__ import annotations

import ast
import json

import pytest

from rillet.programs import cells
from rillet.programs.cells import HOOK, Cell

# What stands in the cell, and what runs. H stands for the hook's name.
PLAIN = [
    ("%matplotlib inline", "H.line('matplotlib', 'inline')"),
    ("% matplotlib inline", "H.line('matplotlib', 'inline')"),
    ("%pip install -q x", "H.line('pip', 'install -q x')"),
    ("!pip install x", "H.shell('pip install x')"),
    ("!!ls", "H.shell('ls')"),
    ("_ = !ls -l", "_ = H.shell('ls -l')"),
    ("a, b = !ls", "a, b = H.shell('ls')"),
    ("t = %time f(1)", "t = H.line('time', 'f(1)')"),
    ("?tf.ones", "H.help('tf.ones')"),
    ("??tf.ones", "H.help('tf.ones')"),
    ("tf.ones?", "H.help('tf.ones')"),
    ("tf.ones??", "H.help('tf.ones')"),
    ("if x:\n    !ls\n    y = 1", "if x:\n    H.shell('ls')\n    y = 1"),
    ("!a \\\n  b\nx = 1", "H.shell('a \\\\')\n\nx = 1"),
    ("!echo 'it''s'\nx = (1,\n!ls\n)", None),  # inside brackets it is no magic
    ("s = '''\n!no\n%no\n'''\n%time 1", "s = '''\n!no\n%no\n'''\nH.line('time', '1')"),
    ("x = (7\n % 3)", "x = (7\n % 3)"),
    ("x = 7 \\\n% 3", "x = 7 \\\n% 3"),
    ("# it's (a comment\n%cd a", "# it's (a comment\nH.line('cd', 'a')"),
    ("s = 'a\\'b'\n%cd a", "s = 'a\\'b'\nH.line('cd', 'a')"),
    ("print('100%')\nx != y", "print('100%')\nx != y"),
    ("", ""),
]


@pytest.mark.parametrize(("source", "expected"), PLAIN)
def test_plain(source, expected):
    made = cells.plain(source)
    assert made.count("\n") == source.count("\n")
    if expected is None:
        with pytest.raises(SyntaxError):
            ast.parse(made)
    else:
        assert made == expected.replace("H.", f"{HOOK}.")
        ast.parse(made)


@pytest.mark.parametrize(
    ("source", "magic", "body"),
    [
        ("%%time\nx = 1", ("time", ""), "\nx = 1"),
        ("\n%%writefile  a b.py\nx", ("writefile", "a b.py"), "\n\nx"),
        ("%%html", ("html", ""), ""),
        ("x = 1\n%%time", None, "x = 1\n%%time"),
    ],
)
def test_cell_magic(source, magic, body):
    cell = Cell(1, 0, source)
    assert cell.magic == magic
    assert cell.body == body


def test_read_counts_only_code_that_is_not_blank(notebook):
    found = cells.code_cells(cells.read(notebook("a = 1", "  \n", "b = 2")))
    assert [(c.number, c.index, c.source) for c in found] == [
        (1, 1, "a = 1"),
        (2, 3, "b = 2"),
    ]


def test_version_3_is_brought_up(tmp_path):
    path = tmp_path / "old.ipynb"
    old = {
        "nbformat": 3,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Title"]},
                    {"cell_type": "code", "input": ["x = 1\n", "y = 2"]},
                ]
            }
        ],
    }
    path.write_text(json.dumps(old), encoding="utf-8")
    notebook = cells.read(str(path))
    assert notebook["nbformat"] == 4
    assert notebook["cells"][0]["source"] == "## Title"
    assert [c.source for c in cells.code_cells(notebook)] == ["x = 1\ny = 2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no notebook: "),
        ("[]", "it has no list of cells"),
        ('{"cells": 3}', "it has no list of cells"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path, text, words):
    path = tmp_path / "bad.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(cells.NotebookError, match=words):
        cells.read(str(path))


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(cells.NotebookError, match="cannot read .*No such file"):
        cells.read(str(tmp_path / "none.ipynb"))


def test_write_leaves_nothing_where_it_fails(tmp_path):
    with pytest.raises(cells.NotebookError, match="cannot write"):
        cells.write({"cells": []}, str(tmp_path / "no" / "such" / "out.ipynb"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(cells.NotebookError, match="cannot write"):
        cells.write({"cells": []}, str(tmp_path / "folder"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder"]
