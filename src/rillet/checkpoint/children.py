"""Who holds whom, by which name: the edges of the object graph that files hold.

An object tells its parts by a method `_trackable_children` (modules, layers,
optimizers, checkpoints), lists and dictionaries by their places and keys. What it has
to save itself it tells by `_checkpoint_attributes`, or by TensorFlow's pair
`_serialize_to_tensors` and `_restore_from_tensors`. `graph` and `restoration` ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.variable import Variable

Array = np.ndarray[Any, Any]
VALUE = "VARIABLE_VALUE"
_CONTAINERS = (list, tuple, dict)


class Attribute:
    """A value that an object saves.

    Args:
        name: its name within the object.
        full_name: its name in files of TensorFlow 1.
        read: gives the value, an array.
        write: puts a value in its place.
        variable: the variable that it is the value of, or None.
    """

    __slots__ = ("name", "full_name", "read", "write", "variable")

    def __init__(
        self,
        name: str,
        full_name: str,
        read: Callable[[], Any],
        write: Callable[[Array], None],
        variable: Variable | None = None,
    ) -> None:
        self.name = name
        self.full_name = full_name
        self.read = read
        self.write = write
        self.variable = variable

    def check(self, key: str, shape: list[int], dtype: Any) -> None:
        """Raise where a saved value does not fit the variable.

        Raises:
            ValueError: where the shape differs.
            InvalidArgumentError: where the type does.
        """
        variable = self.variable
        if variable is None:
            return
        if not variable.shape.is_compatible_with(shape):
            raise ValueError(
                f"Received incompatible tensor with shape {tuple(shape)} when"
                f" attempting to restore variable with shape {variable.shape} and name"
                f" {variable.name}."
            )
        if dtype is not variable.dtype:
            raise InvalidArgumentError(
                house_message(
                    "Checkpoint.restore",
                    f"tensor_name = {key}; expected dtype {variable.dtype.name} does"
                    f" not equal original dtype {dtype.name}",
                    f"the variable is '{variable.name}'",
                )
            )


def is_trackable(value: Any) -> bool:
    """Whether a checkpoint can follow a value: variables, modules, containers, …"""
    kind = type(value)
    if issubclass(kind, (Variable, list, dict)):
        return True
    if issubclass(kind, tuple):
        return any(is_trackable(item) for item in value)
    return (
        hasattr(kind, "_trackable_children")
        or hasattr(kind, "_checkpoint_attributes")
        or hasattr(kind, "_serialize_to_tensors")
        # a traced function has no state; TensorFlow's graph has a node for it
        or hasattr(kind, "get_concrete_function")
    )


def attribute_children(space: Mapping[str, Any]) -> dict[str, Any]:
    """The trackable values among an object's attributes."""
    return {name: value for name, value in space.items() if is_trackable(value)}


def children_of(value: Any, save_type: str = "checkpoint") -> dict[str, Any]:
    """The parts of an object, by name.

    Args:
        value: the object.
        save_type: ``"checkpoint"``, or ``"savedmodel"`` where a model is exported.

    Raises:
        ValueError: where a dictionary has a part under a key that is no string.
    """
    if isinstance(value, dict):
        return _entries(value)
    if isinstance(value, tuple):
        # TensorFlow knows the parts of a named tuple by both, the names first.
        found = dict(zip(getattr(value, "_fields", ()), value, strict=False))
        found.update((str(i), item) for i, item in enumerate(value))
        return {name: item for name, item in found.items() if is_trackable(item)}
    if isinstance(value, list):
        return {str(i): item for i, item in enumerate(value) if is_trackable(item)}
    if isinstance(value, Variable):
        return {}
    tell = getattr(value, "_trackable_children", None)
    if tell is None:
        return {}
    try:
        return dict(tell(save_type=save_type))
    except TypeError as error:
        if "save_type" not in str(error):
            raise
        return dict(tell())


def _entries(value: dict[Any, Any]) -> dict[str, Any]:
    found = {}
    for key, item in value.items():
        if not is_trackable(item):
            continue
        if not isinstance(key, str):
            raise ValueError(
                f"Unable to save the object {value!r}: the dictionary has a non-string"
                f" key, {key!r}, which maps to a trackable object or mutable data"
                " structure. Use strings as keys, or keep the dictionary in an object"
                " that is no module."
            )
        found[key] = item
    return found


def attributes_of(value: Any) -> list[Attribute]:
    """What an object saves itself."""
    if isinstance(value, Variable):
        return [_of_variable(value)]
    if isinstance(value, _CONTAINERS):
        return []
    tell = getattr(value, "_checkpoint_attributes", None)
    if tell is not None:
        return list(tell())
    if hasattr(type(value), "_serialize_to_tensors"):
        return _of_tensors(value)
    return []


def _of_variable(variable: Variable) -> Attribute:
    def write(array: Array) -> None:
        variable._cell.write(array, "assign")

    return Attribute(
        VALUE,
        variable._name,
        lambda: variable._cell.read()._array,
        write,
        variable,
    )


def _of_tensors(value: Any) -> list[Attribute]:
    """The attributes of an object with TensorFlow's own pair of methods."""
    held: dict[str, Array] = {}
    tensors = value._serialize_to_tensors()

    def one(name: str) -> Attribute:
        def write(array: Array) -> None:
            held[name] = array
            if len(held) == len(tensors):
                value._restore_from_tensors(dict(held))

        return Attribute(name, "", lambda: np.asarray(tensors[name]), write)

    return [one(name) for name in tensors]


class Figure:
    """A number in an attribute of an object, which files hold as a variable.

    Args:
        owner: the object.
        attribute: the attribute's name.
        full_name: the variable's name in files of TensorFlow 1.
    """

    def __init__(self, owner: Any, attribute: str, full_name: str) -> None:
        self._owner = owner
        self._attribute = attribute
        self._full_name = full_name

    def _checkpoint_attributes(self) -> list[Attribute]:
        return [Attribute(VALUE, self._full_name, self._read, self._write)]

    def _read(self) -> Array:
        return np.asarray(getattr(self._owner, self._attribute), np.float32)

    def _write(self, array: Array) -> None:
        # The shortest number of that float: 0.9 and not 0.8999999761581421.
        setattr(self._owner, self._attribute, float(str(np.float32(array))))
