"""Names as TensorFlow's graphs may have them: of nodes, of functions' arguments.

The writers of graphs call it.
"""

from __future__ import annotations

import re

_BAD = re.compile(r"[^A-Za-z0-9_.\\/>-]")
_BAD_ARGUMENT = re.compile(r"[^a-z0-9_]")


def argument_name(name: str, taken: set[str]) -> str:
    """A name that an argument of a function may have, and no other has."""
    found = _BAD_ARGUMENT.sub("_", name.lower())
    if not found or not found[0].isalpha():
        found = f"arg_{found}" if found else "arg"
    at, plain = 1, found
    while found in taken:
        found, at = f"{plain}_{at}", at + 1
    taken.add(found)
    return found


def clean(name: str) -> str:
    """A name with nothing in it that names may not have."""
    return _BAD.sub("_", name)


def clean_name(name: str) -> str:
    """A name as nodes of TensorFlow may have it; "" where nothing is left."""
    name = clean(name).strip("/")
    if name and not name[0].isalnum() and name[0] != ".":
        name = f"n{name}"
    return name


def plain_name(name: str) -> str:
    """What a function of a library was called before it was numbered."""
    return name.removeprefix("__inference_").rstrip("0123456789").rstrip("_")
