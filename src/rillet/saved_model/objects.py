"""The objects of a model: who holds whom, and which functions each one has.

In flows the object to save; out flow nodes with numbers, as the file lists them. `save`
calls it. `checkpoint.graph` walks the same objects for their values.
"""

from __future__ import annotations

import inspect
from typing import Any

from rillet.checkpoint.children import children_of
from rillet.core.variable import Variable
from rillet.functions import Function
from rillet.graph.concrete import ConcreteFunction
from rillet.saved_model.keras_functions import is_layer, keras_functions
from rillet.saved_model.saved_tables import TableFunction, no_arguments, table_parts

_CONTAINERS = (list, tuple, dict)


class SignatureMap(dict[str, ConcreteFunction]):
    """The signatures of a model by name."""


class Node:
    """An object to save.

    Attributes:
        item: the object.
        number: its place in the file.
        children: pairs of names and numbers.
    """

    __slots__ = ("children", "item", "number")

    def __init__(self, item: Any, number: int) -> None:
        self.item = item
        self.number = number
        self.children: list[tuple[str, int]] = []


def functions_of(item: Any) -> dict[str, Any]:
    """The traced functions that an object has, those of its class included."""
    if isinstance(item, (*_CONTAINERS, Variable, Function, ConcreteFunction)):
        return {}
    own = keras_functions(item)
    found: dict[str, Any] = dict(own or {})
    for kind in reversed(type(item).__mro__):
        for name, value in vars(kind).items():
            if isinstance(value, Function):
                found[name] = getattr(item, name)
    if own is not None:
        return found
    for name, value in getattr(item, "__dict__", {}).items():
        if isinstance(value, Function | ConcreteFunction):
            found[name] = value
    return found


def parts_of(item: Any) -> dict[str, Any]:
    """The parts of an object by name, its functions included."""
    if isinstance(item, SignatureMap):
        return dict(item)
    if isinstance(item, Function | ConcreteFunction | TableFunction):
        return {}
    parts = children_of(item, "savedmodel")
    if is_layer(item):
        # What `fit` traced belongs to training, not to the model.
        parts = {k: v for k, v in parts.items() if not isinstance(v, Function)}
    return {**parts, **functions_of(item), **table_parts(item)}


def objects_below(root: Any, attached: dict[str, Any]) -> list[Node]:
    """All objects below a root, nearest first.

    Args:
        root: the object.
        attached: further parts of it, by name.
    """
    nodes = [Node(root, 0)]
    numbers = {id(root): 0}
    for node in nodes:
        parts = parts_of(node.item)
        if node.item is root:
            parts = {**parts, **attached}
        for name, item in parts.items():
            number = numbers.get(id(item))
            if number is None:
                number = numbers[id(item)] = len(nodes)
                nodes.append(Node(item, number))
            node.children.append((name, number))
    return nodes


def concretes_of(function: Any) -> list[ConcreteFunction]:
    """The traces of a function; one for its signature where there is none yet."""
    if isinstance(function, ConcreteFunction):
        return [function]
    if function.input_signature is not None and not function._concretes():
        function.get_concrete_function()
    return [c for c in function._concretes() if not c.is_local]


def argument_spec(function: Any) -> dict[str, Any]:
    """A Python function's arguments as `inspect.getfullargspec` tells them."""
    signature = function._signature.signature
    found = no_arguments()
    if signature is None:
        return {**found, "varargs": "args", "varkw": "kwargs"}
    defaults, by_name = [], {}
    for one in signature.parameters.values():
        given = one.default is not inspect.Parameter.empty
        if one.kind is one.VAR_POSITIONAL:
            found["varargs"] = one.name
        elif one.kind is one.VAR_KEYWORD:
            found["varkw"] = one.name
        elif one.kind is one.KEYWORD_ONLY:
            found["kwonlyargs"].append(one.name)
            if given:
                by_name[one.name] = one.default
        else:
            found["args"].append(one.name)
            if given:
                defaults.append(one.default)
    found["defaults"] = tuple(defaults) or None
    found["kwonlydefaults"] = by_name or None
    return found
