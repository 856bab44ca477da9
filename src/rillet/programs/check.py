"""List what a program needs from TensorFlow and rillet lacks, without running it.

Paths of programs and notebooks flow in; a report and an exit status flow out. Called by
``rillet check``.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import sys
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rillet.core import successors

from . import cells, names, tensorflow_names, usage

_SUBCLASS = "Use keras.Sequential or a subclass of keras.Model"


class UnreadableError(Exception):
    """A program cannot be read or parsed; the text says why."""


@dataclass(frozen=True)
class Lack:
    """Something that a program uses and rillet has not.

    Attributes:
        place: ``program.py:3:1`` or ``notebook.ipynb[cell 2]:1:5``.
        symbol: the full TensorFlow name, or ``name(argument=)`` for an argument.
        nearest: what exists instead, best first.
        guarded: whether the program provides for the lack itself.
        advice: what to do instead.
    """

    place: str
    symbol: str
    nearest: tuple[str, ...]
    guarded: bool = False
    advice: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: rillet has no {self.symbol}"
        if self.advice:
            text += f": {self.advice}"
        elif self.nearest:
            text += f"; nearest: {', '.join(self.nearest)}"
        return text + (" (the program provides for that)" if self.guarded else "")


@dataclass(frozen=True)
class Report:
    """What was found in one program.

    Attributes:
        path: the program.
        symbols: how many different names of TensorFlow it uses.
        uses: how often.
        lacks: what is missing, in the order of the source.
    """

    path: str
    symbols: int
    uses: int
    lacks: list[Lack]

    @property
    def missing(self) -> list[Lack]:
        """What is missing and not guarded."""
        return [lack for lack in self.lacks if not lack.guarded]

    def __str__(self) -> str:
        symbols = len({lack.symbol for lack in self.missing})
        return (
            f"{self.path}: {self.symbols} names of TensorFlow in {self.uses} uses; "
            f"missing: {symbols} in {len(self.missing)} uses"
        )


def examine(path: str) -> Report:
    """Look through one program or notebook.

    Raises:
        UnreadableError: it cannot be read, or is no Python.
    """
    pieces = list(_pieces(path))
    trees = [_parsed(place, source) for place, source in pieces]
    found = usage.uses(trees, names.ROOTS, _star)
    lacks: list[Lack] = []
    for (place, _), piece in zip(pieces, found, strict=True):
        for use in piece:
            lacks += _lacks(use, f"{place}:{use.line}:{use.column}")
    whole = [use.name for piece in found for use in piece]
    return Report(path, len(set(whole)), len(whole), lacks)


def _pieces(path: str) -> Iterable[tuple[str, str]]:
    """Yield the parts of a program, each with the name of its place."""
    try:
        if not path.endswith(".ipynb"):
            with tokenize.open(path) as file:
                yield path, file.read()
            return
        for cell in cells.code_cells(cells.read(path)):
            if cell.magic is None or cell.magic[0] in ("time", "timeit", "capture"):
                yield f"{path}[cell {cell.number}]", cells.plain(cell.body)
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise UnreadableError(f"check: cannot read {path}: {error}.") from error
    except cells.NotebookError as error:
        raise UnreadableError(str(error).replace("run:", "check:", 1)) from error


def _parsed(place: str, source: str) -> ast.Module:
    try:
        return ast.parse(source, place)
    except (SyntaxError, ValueError) as error:
        raise UnreadableError(f"check: {place} is no Python: {error}.") from error


def _star(module: str) -> list[str]:
    try:
        found = names.find(module)
    except names.NoSuchName:
        return []
    return list(getattr(found, "__all__", names.public(found)))


def _lacks(use: usage.Use, place: str) -> list[Lack]:
    """Return what of one use is missing: the name itself, or some arguments."""
    if use.role:
        return _object_lacks(use, place)
    try:
        thing = names.find(use.name)
    except names.NoSuchName as lack:
        try:
            names.find_module(use.name)  # a file of TensorFlow's inside
            return []
        except names.NoSuchName:
            advice = successors.instead(names.path_of(use.name))
            near = lack.nearest if lack.name == use.name else ()
            return [Lack(place, use.name, near, use.guarded, advice)]
    known = _parameters(thing) if use.keywords else None
    if known is None:
        return []
    return [
        Lack(
            place,
            f"{use.name}({word}=)",
            tuple(f"{near}=" for near in difflib.get_close_matches(word, known, 2)),
            use.guarded,
        )
        for word in use.keywords
        if word not in known
    ]


def _object_lacks(use: usage.Use, place: str) -> list[Lack]:
    """Return what of a model or a layer that the program made is missing."""
    if use.role == "functional":
        if is_functional():
            return []
        symbol = f"{use.name} on keras.Input (the functional API)"
        return [Lack(place, symbol, (), use.guarded, _SUBCLASS)]
    owner, _, last = use.name.rpartition(".")
    kind = owner.rpartition(".")[2]
    known = f"keras.{kind}" if kind in ("Model", "Sequential") else "keras.layers.Layer"
    if last not in tensorflow_names.members(known) or _has(known, last):
        return []  # it is there, or it is the program's own
    advice = successors.instead(f"{known}.{last}")
    return [Lack(place, use.name, (), use.guarded, advice)]


def _has(path: str, attribute: str) -> bool:
    """Tell whether a class of rillet has an attribute; a missing class counts."""
    try:
        return hasattr(names.walk(path), attribute)
    except LookupError:
        return True


@cache
def is_functional() -> bool:
    """Tell whether rillet calls layers on inputs that have no values yet."""
    try:
        dense, source = names.walk("keras.layers.Dense"), names.walk("keras.Input")
        dense(1)(source(shape=(1,)))
    except (LookupError, NotImplementedError):
        return False
    return True


def _parameters(thing: Any) -> list[str] | None:
    """Return the arguments a callable takes by name, or None where it takes any."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]


def programs(paths: Iterable[str]) -> list[str]:
    """Return the files to look through: a folder stands for all programs in it."""
    found: list[str] = []
    for path in paths:
        if Path(path).is_dir():
            inside = Path(path).rglob("*")
            found += sorted(str(p) for p in inside if p.suffix in (".py", ".ipynb"))
        else:
            found.append(path)
    return found


def main(paths: Iterable[str]) -> int:
    """Print a report on each program.

    Returns:
        0 where nothing is missing, 1 where something is, 2 where a file is unreadable.
    """
    status = 0
    for path in programs(paths):
        try:
            report = examine(path)
        except UnreadableError as error:
            print(error, file=sys.stderr)
            status = 2
            continue
        for lack in report.lacks:
            print(lack)
        print(report)
        status = max(status, int(bool(report.missing)))
    return status
