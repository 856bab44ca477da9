"""What TensorFlow's registry says of ops: their arguments and attributes, in order.

`definitions.txt` holds a row an op, written by `scripts/list_op_definitions.py`. Rows
are parsed when they are asked for. The writer and the reader of graphs ask.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes


class Argument(NamedTuple):
    """An input or output.

    Attributes:
        name: its name.
        type: the number of its type; 0 where an attribute says it.
        type_attr: the attribute that says the type, or all types of a list.
        number_attr: the attribute that says how many there are; "" for one.
        is_list: whether `type_attr` is a list of types.
    """

    name: str
    type: int
    type_attr: str
    number_attr: str
    is_list: bool


class Attribute(NamedTuple):
    """An attribute; `default` is None where there is none, else its text."""

    name: str
    kind: str
    default: str | None


class Definition(NamedTuple):
    """One op; `module` is where rillet has its record, "" where it has none."""

    name: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    attributes: tuple[Attribute, ...]
    has_state: bool
    module: str


@functools.cache
def _rows() -> dict[str, str]:
    text = Path(__file__).with_name("definitions.txt").read_text(encoding="utf-8")
    rows = {}
    for line in text.splitlines():
        name, _, rest = line.partition("|")
        rows[name.lstrip("!")] = f"{name}|{rest}"
    return rows


@functools.cache
def definition(name: str) -> Definition | None:
    """The definition of an op; None where the table has none."""
    row = _rows().get(name)
    if row is None:
        return None
    head, inputs, outputs, attributes, module = row.split("|")
    return Definition(
        name,
        tuple(map(_argument, inputs.split())),
        tuple(map(_argument, outputs.split())),
        tuple(map(_attribute, attributes.split())),
        head.startswith("!"),
        module,
    )


def _argument(text: str) -> Argument:
    name, _, kind = text.partition(":")
    number, star, tail = kind.rpartition("*")
    if tail.isdigit():
        return Argument(name, int(tail), "", number, False)
    return Argument(name, 0, tail, number, bool(star) and not number)


def _attribute(text: str) -> Attribute:
    name, _, kind = text.partition(":")
    kind, given, default = kind.partition("=")
    return Attribute(name, kind, default if given else None)


def parsed(kind: str, text: str) -> object:
    """A default's value from its text.

    Args:
        kind: the attribute's kind, such as ``int`` or ``list(type)``.
        text: the text.
    """
    if kind.startswith("list("):
        inner = kind[5:-1]
        return [parsed(inner, part) for part in text.split(",") if part]
    if kind in ("int", "type"):
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "bool":
        return text == "1"
    if kind == "shape":
        return None
    return unquote_to_bytes(text)
