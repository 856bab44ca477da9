"""A notebook's file, its code cells, and their lines made plain Python.

The path of an ``.ipynb`` file flows in; its cells flow out, with the magics and shell
lines of IPython turned into calls, every line where it stood. Called by ``notebook``,
which runs them, and by ``check``, which only reads them.
"""

from __future__ import annotations

import ast
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOOK = "__rillet_cell__"
"""The name under which a cell finds the object that answers its magics."""

_CELL_MAGIC = re.compile(r"\s*%%\s*(\w+)[ \t]*(.*)")
_LINE_MAGIC = re.compile(r"(\s*)%\s*(\w+)[ \t]*(.*)")
_SHELL = re.compile(r"(\s*)!!?(.*)")
_ASSIGNED = re.compile(r"(\s*[\w.,\[\]'\" ]+?\s*=\s*)([!%])\s*(.*)")
_HELP = re.compile(r"(\s*)(?:\?{1,2}\s*([\w.]+)|([\w.]+)\s*\?{1,2})\s*;?\s*$")


class NotebookError(Exception):
    """A notebook's file cannot be read or written; the text says why."""


@dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes:
        number: its place among the code cells, from 1.
        index: its place among all cells, from 0.
        source: what stands in the file.
    """

    number: int
    index: int
    source: str

    @property
    def magic(self) -> tuple[str, str] | None:
        """The name and the arguments of the cell magic it begins with, if any."""
        first = self.source.lstrip().partition("\n")[0]
        found = _CELL_MAGIC.fullmatch(first.rstrip())
        return (found[1], found[2]) if found else None

    @property
    def body(self) -> str:
        """The source, with a blank line in place of the cell magic."""
        if self.magic is None:
            return self.source
        before, mark, after = self.source.partition("%%")
        return before + after[after.find("\n") :] if "\n" in after else ""


def read(path: str) -> dict[str, Any]:
    """Return a notebook in the form of nbformat 4, older files brought up to it.

    Raises:
        NotebookError: the file is missing, or it is no notebook.
    """
    try:
        notebook = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotebookError(f"run: cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise NotebookError(f"run: {path} is no notebook: {error}.") from error
    if isinstance(notebook, dict) and "worksheets" in notebook:
        notebook = _from_version_3(notebook)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotebookError(
            f"run: {path} is no notebook: it has no list of cells; "
            "save it from Jupyter as nbformat 3 or 4."
        )
    return dict(notebook)


def _from_version_3(notebook: dict[str, Any]) -> dict[str, Any]:
    cells = []
    for sheet in notebook["worksheets"]:
        for old in sheet.get("cells", []):
            kind = old.get("cell_type")
            cell: dict[str, Any] = {"cell_type": kind, "metadata": {}}
            cell["source"] = old.get("input" if kind == "code" else "source", "")
            if kind == "code":
                cell.update(outputs=[], execution_count=None)
            elif kind == "heading":
                level = "#" * int(old.get("level", 1))
                cell.update(
                    cell_type="markdown", source=f"{level} {_text(cell['source'])}"
                )
            cells.append(cell)
    metadata = notebook.get("metadata", {})
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def code_cells(notebook: dict[str, Any]) -> list[Cell]:
    """Return the code cells that are not blank, in order."""
    found: list[Cell] = []
    for index, cell in enumerate(notebook["cells"]):
        source = _text(cell.get("source", ""))
        if cell.get("cell_type") == "code" and source.strip():
            found.append(Cell(len(found) + 1, index, source))
    return found


def check_place(path: str) -> None:
    """Make sure, before a long run, that a notebook can be written to a place.

    Raises:
        NotebookError: it is a folder, or lies in none that can be written.
    """
    place = Path(path).absolute()
    if place.is_dir():
        raise NotebookError(f"run: cannot write {path}: it is a folder.")
    part = _part(place)
    try:
        part.touch()
        part.unlink()
    except OSError as error:
        raise NotebookError(f"run: cannot write {path}: {error.strerror}.") from error


def _part(place: Path) -> Path:
    return place.with_name(f".{place.name}.{os.getpid()}.part")


def write(notebook: dict[str, Any], path: str) -> None:
    """Write a notebook beside its place and rename it, so that it is whole or absent.

    Raises:
        NotebookError: the place cannot be written.
    """
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    place = Path(path).absolute()
    part = _part(place)
    try:
        with open(part, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise NotebookError(f"run: cannot write {path}: {error.strerror}.") from error


def plain(source: str) -> str:
    """Return a cell's source with magics and shell lines turned into calls.

    Source that is Python already is returned as it is, so what looks like a magic
    inside a string stays.

    Example:
        >>> plain("%matplotlib inline")
        "__rillet_cell__.line('matplotlib', 'inline')"
    """
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError):
        pass
    lines = source.split("\n")
    reader = _Reader()
    number = 0
    while number < len(lines):
        line = lines[number]
        call = _call(line) if reader.at_statement else None
        if call is None:
            reader.read(line)
        else:
            lines[number] = call
            while line.endswith("\\") and number + 1 < len(lines):
                number += 1
                line, lines[number] = lines[number], ""
        number += 1
    return "\n".join(lines)


def _call(line: str) -> str | None:
    """Return the call that a magic, a shell line or a question means, else None."""
    if found := _LINE_MAGIC.fullmatch(line):
        return f"{found[1]}{HOOK}.line({found[2]!r}, {found[3].strip()!r})"
    if found := _SHELL.fullmatch(line):
        return f"{found[1]}{HOOK}.shell({found[2].strip()!r})"
    if found := _HELP.fullmatch(line):
        return f"{found[1]}{HOOK}.help({(found[2] or found[3])!r})"
    if found := _ASSIGNED.fullmatch(line):
        if found[2] == "!":
            return f"{found[1]}{HOOK}.shell({found[3].strip()!r})"
        name, _, rest = found[3].partition(" ")
        return f"{found[1]}{HOOK}.line({name!r}, {rest.strip()!r})"
    return None


class _Reader:
    """Follows strings, brackets and continued lines, as far as magics need it."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._continued = False

    @property
    def at_statement(self) -> bool:
        """Whether a new statement may begin on the next line."""
        return not (self._quote or self._depth or self._continued)

    def read(self, line: str) -> None:
        """Take in one line."""
        at = 0
        self._continued = False
        while at < len(line):
            at = self._in_string(line, at) if self._quote else self._in_code(line, at)
        if len(self._quote) == 1:
            self._quote = ""

    def _in_string(self, line: str, at: int) -> int:
        if line[at] == "\\":
            return at + 2
        if line.startswith(self._quote, at):
            at += len(self._quote)
            self._quote = ""
            return at
        return at + 1

    def _in_code(self, line: str, at: int) -> int:
        char = line[at]
        if char == "#":
            return len(line)
        if char in "\"'":
            self._quote = char * 3 if line.startswith(char * 3, at) else char
            return at + len(self._quote)
        if char in "([{":
            self._depth += 1
        elif char in ")]}":
            self._depth = max(0, self._depth - 1)
        elif char == "\\" and at == len(line) - 1:
            self._continued = True
        return at + 1
