"""The arguments of a Python function, as a model's file tells them.

`restored` asks, so that loaded functions take what the program's took.
"""

from __future__ import annotations

import inspect
from typing import Any

from rillet.checkpoint.wire import Record
from rillet.saved_model.structures import Opaque, structure_of
from rillet.saved_model.tensors import damaged


def python_signature(spec: Record) -> inspect.Signature | None:
    """The Python signature in a file; None where there is none."""
    found = structure_of(spec.fullargspec)
    if not hasattr(found, "args"):
        return None
    _check_arguments(found)
    kinds = inspect.Parameter
    names = list(found.args)
    if spec.is_method and names:
        names = names[1:]
    defaults = list(found.defaults or ())[-len(names) :] if names else []
    rows: list[inspect.Parameter] = []
    first = len(names) - len(defaults)
    for place, name in enumerate(names):
        default = defaults[place - first] if place >= first else kinds.empty
        rows.append(_parameter(name, kinds.POSITIONAL_OR_KEYWORD, default))
    if found.varargs:
        rows.append(_parameter(found.varargs, kinds.VAR_POSITIONAL))
    by_name = found.kwonlydefaults or {}
    for name in found.kwonlyargs or ():
        default = by_name.get(name, kinds.empty)
        rows.append(_parameter(name, kinds.KEYWORD_ONLY, default))
    if found.varkw:
        rows.append(_parameter(found.varkw, kinds.VAR_KEYWORD))
    try:
        return inspect.Signature(rows)
    except ValueError:
        return None


_LISTS = ("args", "defaults", "kwonlyargs")
_ARGUMENTS = (*_LISTS, "varargs", "varkw", "kwonlydefaults")


def _check_arguments(found: Any) -> None:
    """Refuse what is no `inspect.FullArgSpec`."""
    parts = [getattr(found, name, Opaque("")) for name in _ARGUMENTS]
    lists = all(isinstance(part, list | tuple | None) for part in parts[:3])
    texts = all(isinstance(part, str | None) for part in parts[3:5])
    if not (lists and texts and isinstance(parts[5], dict | None)):
        raise damaged("a function's arguments have no plain form", repr(found)[:80])


def _parameter(
    name: str, kind: Any, default: Any = inspect.Parameter.empty
) -> inspect.Parameter:
    if not isinstance(name, str) or not name.isidentifier():
        raise damaged("an argument has no name", repr(name))
    return inspect.Parameter(name, kind, default=default)
