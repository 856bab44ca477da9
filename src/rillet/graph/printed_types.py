"""The types of a function's arguments and results in words, as TensorFlow prints them.

In: a signature with the arguments that a trace was made for, and specs of results. Out:
text. `ConcreteFunction` calls it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rillet.core.spec import TensorSpec, TypeSpec

#: A parameter: its name, what kind it is, and its type in words.
Parameter = tuple[str, str, str]
_PLAIN, _FIRST, _NAMED = "POSITIONAL_OR_KEYWORD", "POSITIONAL_ONLY", "KEYWORD_ONLY"


def worded(value: Any) -> str:
    """A nest of specs and Python values in words.

    Example:
        >>> from rillet.graph.printed_types import worded
        >>> worded({"a": [1, None]})
        "Dict[['a', List[Literal[1], Literal[None]]]]"
    """
    if isinstance(value, TypeSpec):
        return repr(value)
    if isinstance(value, Mapping):
        items = [f"[{key!r}, {worded(item)}]" for key, item in value.items()]
        return f"Dict[{', '.join(items)}]"
    if isinstance(value, list | tuple):
        name = "List" if isinstance(value, list) else "Tuple"
        return f"{name}[{', '.join(worded(item) for item in value)}]"
    return f"Literal[{value!r}]"


def unnamed(spec: Any, name: str | None = None) -> Any:
    """A tensor's spec without its name, or only where the name is `name`."""
    if isinstance(spec, TensorSpec) and (name is None or spec.name == name):
        return TensorSpec(spec.shape, spec.dtype)
    return spec


def parameters(
    signature: inspect.Signature | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    told: Callable[[str, Any], str],
) -> Iterator[Parameter]:
    """The parameters of a trace in order.

    Args:
        signature: the function's, None where nobody knows it.
        args: what was given by place.
        kwargs: what was given by name.
        told: gives the type of a named argument in words.
    """
    rest = list(args)
    known = [] if signature is None else list(signature.parameters.values())
    for parameter in known:
        if parameter.kind is parameter.VAR_POSITIONAL:
            for at, value in enumerate(rest):
                name = f"{parameter.name}_{at}"
                yield name, _FIRST, told(name, value)
            rest = []
        elif parameter.kind is parameter.KEYWORD_ONLY and parameter.name in kwargs:
            yield parameter.name, _NAMED, told(parameter.name, kwargs[parameter.name])
        elif rest and parameter.kind is not parameter.VAR_KEYWORD:
            value = rest.pop(0)
            if parameter.name != "self":
                yield parameter.name, parameter.kind.name, told(parameter.name, value)
    for at, value in enumerate(rest):
        yield f"args_{at}", _PLAIN, told(f"args_{at}", value)
    named = {parameter.name for parameter in known}
    for name, value in kwargs.items():
        if name not in named:
            yield name, _NAMED, told(name, value)


def on_one_line(rows: list[Parameter], result: str) -> str:
    """A signature as `repr` has it: ``(x: ..., *, flag: ...) -> ...``."""
    parts: list[str] = []
    before = ""
    for name, kind, words in rows:
        if before == _FIRST and kind != _FIRST:
            parts.append("/")
        if kind == _NAMED and before != _NAMED:
            parts.append("*")
        parts.append(f"{name}: {words}")
        before = kind
    if before == _FIRST:
        parts.append("/")
    return f"({', '.join(parts)}) -> {result}"
