"""Which variables and layers an object holds in its attributes.

In: attributes as they are set, lists and dictionaries of layers included. Out: the
variables and sublayers in the order they were given. `Layer` stands on it, and so does
the saving of weights, which follows the attributes' names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.checkpoint.waiting import attend, waiting
from rillet.core import nest
from rillet.core.variable import Variable
from rillet.keras.checkpoint_parts import layer_parts, listed
from rillet.module import Module

_CONTAINERS = (list, tuple, dict)


class Tracked(Module):
    """Remembers attributes that hold variables, layers, or containers of them.

    Containers are looked through each time they are asked about, so a layer appended
    to a list counts as well.
    """

    _tracked: dict[str, Any]
    _own_trainable: list[Variable]
    _own_fixed: list[Variable]
    #: The attribute whose layers count as if each were an attribute itself.
    _layer_list = ""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        space = self.__dict__
        space["_tracked"] = {}
        space["_own_trainable"] = []
        space["_own_fixed"] = []
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        tracked = self._tracked
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            raise AttributeError(
                f'Can\'t set the attribute "{name}", likely because it conflicts with'
                " an existing read-only @property of the object. Please choose a"
                " different name."
            ) from None
        if name in tracked:
            self._forget(name)
        if isinstance(value, Variable):
            self._note_variable(value)
            tracked[name] = value
        elif is_module(value) or isinstance(value, _CONTAINERS):
            if not name.startswith("_own_") and name not in self._untracked():
                tracked[name] = value
                for variable in _variables_in(value):
                    self._note_variable(variable)
        if waiting:
            attend()

    def __delattr__(self, name: str) -> None:
        if name in self._tracked:
            self._forget(name)
        object.__delattr__(self, name)

    def _untracked(self) -> tuple[str, ...]:
        """Attributes that hold no parts of the object."""
        return ()

    def _note_variable(self, variable: Variable) -> None:
        own = self._own_trainable if variable.trainable else self._own_fixed
        for known in (*self._own_trainable, *self._own_fixed):
            if known is variable:
                return
        own.append(variable)

    def _forget(self, name: str) -> None:
        value = self._tracked.pop(name)
        gone = [value] if isinstance(value, Variable) else _variables_in(value)
        kept = [v for v in self._tracked.values() if isinstance(v, Variable)]
        for variable in gone:
            if not any(k is variable for k in kept):
                for own in (self._own_trainable, self._own_fixed):
                    own[:] = [v for v in own if v is not variable]

    def _own_variables(self, trainable: bool) -> list[Variable]:
        """The variables of this object itself, not of its sublayers."""
        own = list(self._own_trainable if trainable else self._own_fixed)
        for value in self._tracked.values():
            if isinstance(value, _CONTAINERS):
                own += [v for v in _variables_in(value) if v.trainable is trainable]
        return own

    def _module_parts(self, key: Any = None) -> Iterator[tuple[Any, Any]]:
        """What a `tf.Module` that holds this object finds in it."""
        for name in ("_own_fixed", "_own_trainable"):
            for place, variable in enumerate(self.__dict__[name]):
                yield (name, place), variable
        if self._layer_list:
            # tf.keras's networks list where they begin and end before the rest.
            for name in ("inputs", "outputs"):
                tensors = nest.flatten(getattr(self, name, None) or [])
                for place, tensor in enumerate(tensors):
                    yield (f"_{name[:-1]}_layers", place), tensor.layer
        for name, value in self._tracked.items():
            for place, part in enumerate(modules_in(value)):
                yield (name, place), part

    def _trackable_children(
        self, save_type: str = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        """What a checkpoint follows from here, by tf.keras's names."""
        parts = layer_parts(self)
        return {**listed(self), **parts} if save_type == "savedmodel" else parts

    def _parts(self) -> Iterator[Any]:
        """The layers, modules and containers in attributes, in order."""
        for name, value in list(self._tracked.items()):
            if name == self._layer_list:
                yield from value
            elif isinstance(value, _CONTAINERS):
                yield Contained(value)
            elif is_module(value):
                yield value

    def _children(self) -> Iterator[Any]:
        """Layers and modules in attributes, each once, in order."""
        seen: set[int] = set()
        for value in list(self._tracked.values()):
            for part in modules_in(value):
                if id(part) not in seen:
                    seen.add(id(part))
                    yield part

    def _flatten(  # type: ignore[override]
        self, include_self: bool = True
    ) -> Iterator[Any]:
        """This object and every layer or module below it, each once."""
        seen: set[int] = set()
        line: list[Any] = [self]
        while line:
            part = line.pop(0)
            if id(part) in seen:
                continue
            seen.add(id(part))
            if include_self or part is not self:
                yield part
            children = getattr(part, "_children", None)
            if children is not None:
                line[:0] = list(children())


def is_module(value: Any) -> bool:
    """Whether a value is a layer, or another object that holds variables."""
    if isinstance(value, Tracked):
        return True
    return _is_module_type(type(value))


def _is_module_type(kind: type) -> bool:
    return hasattr(kind, "trainable_variables") and hasattr(kind, "submodules")


class Contained:
    """A list, tuple or dictionary in an attribute of a model, as a holder of weights.

    Those of the layers in it come before the variables in it, as Keras has them.
    """

    def __init__(self, container: Any) -> None:
        self._held = held = list(_values(container))
        self._modules = [
            Contained(v) if isinstance(v, _CONTAINERS) else v
            for v in held
            if isinstance(v, _CONTAINERS) or is_module(v)
        ]

    def _own(self, trainable: bool) -> list[Variable]:
        return [
            v
            for v in self._held
            if isinstance(v, Variable) and v.trainable is trainable
        ]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        found = [v for m in self._modules for v in m.trainable_variables]
        return found + self._own(True)

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone."""
        found = [v for m in self._modules for v in fixed_of(m)]
        return found + self._own(False)

    @property
    def variables(self) -> list[Variable]:
        """All variables, trainable ones first."""
        return self.trainable_variables + self.non_trainable_variables


def fixed_of(part: Any) -> list[Variable]:
    """The variables of a layer or module that training leaves alone."""
    found = getattr(part, "non_trainable_variables", None)
    if found is not None:
        return list(found)
    trains = {id(v) for v in part.trainable_variables}
    return [v for v in part.variables if id(v) not in trains]


def _holds(kind: type) -> bool:
    """Whether values of a type can be parts of an object, or contain some."""
    parts = (Variable, Tracked, *_CONTAINERS)
    return issubclass(kind, parts) or _is_module_type(kind)


def _values(container: Any) -> Any:
    """What a container holds; a dictionary's values by their keys, as Keras does.

    Nothing where no value can matter: a model may hold a long list of words, and is
    looked through at every step.
    """
    plain = not isinstance(container, dict)
    kinds = set(map(type, container if plain else container.values()))
    if not any(map(_holds, kinds)):
        return ()
    if plain:
        return container
    try:
        return [container[key] for key in sorted(container)]
    except TypeError:
        return container.values()


def modules_in(value: Any) -> Iterator[Any]:
    """The layers and modules in a value, containers looked through."""
    if isinstance(value, _CONTAINERS):
        for part in _values(value):
            if isinstance(part, _CONTAINERS) or is_module(part):
                yield from modules_in(part)
    elif is_module(value):
        yield value


def _variables_in(value: Any) -> list[Variable]:
    """The variables that containers hold directly."""
    found: list[Variable] = []
    if isinstance(value, _CONTAINERS):
        for part in _values(value):
            if isinstance(part, Variable):
                found.append(part)
            elif isinstance(part, _CONTAINERS):
                found += _variables_in(part)
    return found


def once_each(weights: list[Any]) -> list[Any]:
    """The weights without those that occur a second time."""
    seen: set[int] = set()
    out = []
    for weight in weights:
        if id(weight) not in seen:
            seen.add(id(weight))
            out.append(weight)
    return out
