"""Objects to configurations and back, by the names of their classes.

In: a layer, loss, initializer, function. Out: the plain dictionary that Keras writes
into files, and from it the object again. Classes of rillet sign in with `builtin`,
users' own with `register_keras_serializable` or a `custom_object_scope`.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from rillet.core.errors import house_message
from rillet.keras.config_forms import adapted
from rillet.keras.forged import need_text

_T = TypeVar("_T")

_PLURALS = {"loss": "losses"}
#: What Keras calls a kind in its messages, where that differs.
_WORDS = {
    "loss": "loss function",
    "metric": "metric function",
    "activation": "activation function",
}

#: Users' classes and functions by registered name ("package>name").
_CUSTOM: dict[str, Any] = {}
_CUSTOM_NAMES: dict[Any, str] = {}
#: rillet's own by kind ("layer", "loss", …) and then by name.
_BUILTIN: dict[str, dict[str, Any]] = {}


class _Scopes(threading.local):
    """The custom objects of the scopes this thread is in."""

    objects: tuple[Mapping[str, Any], ...] = ()


_scopes = _Scopes()


def builtin(kind: str, *names: str) -> Callable[[_T], _T]:
    """A decorator: enter a class or function of rillet under its names.

    Args:
        kind: what it is, such as ``"layer"`` or ``"loss"``.
        *names: further names beside its own.
    """

    def enter(item: _T) -> _T:
        table = _BUILTIN.setdefault(kind, {})
        for name in (getattr(item, "__name__", ""), *names):
            table[name] = item
        return item

    return enter


def builtins_of(kind: str) -> dict[str, Any]:
    """The classes and functions of one kind by name."""
    return _BUILTIN.setdefault(kind, {})


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[_T], _T]:
    """A decorator: let Keras find a class or function when it reads a configuration.

    Args:
        package: what the name is unique in.
        name: the name; the object's own where None.

    Returns:
        The decorator.

    Raises:
        ValueError: where a class without `get_config` is registered.

    Example:
        >>> @register_keras_serializable("mine")
        ... def double(x):
        ...     return x + x
        >>> get_registered_name(double)
        'mine>double'
    """

    def enter(item: _T) -> _T:
        own: Any = item
        if isinstance(own, type) and not hasattr(own, "get_config"):
            raise ValueError(
                house_message(
                    "register_keras_serializable",
                    "Cannot register a class that does not have a get_config() method",
                    f"got {own.__name__}",
                )
            )
        full = f"{package}>{name or own.__name__}"
        _CUSTOM[full] = item
        _CUSTOM_NAMES[item] = full
        return item

    return enter


def get_registered_name(obj: Any) -> str:
    """The name an object is registered by, or its own name."""
    try:
        found = _CUSTOM_NAMES.get(obj)
    except TypeError:
        found = None
    return found if found is not None else obj.__name__


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The object registered by `name`, or None."""
    for table in (*reversed(_scopes.objects), _CUSTOM, custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """The live table of users' objects by name."""
    return _CUSTOM


class CustomObjectScope:
    """A ``with`` block in which Keras finds these objects by name.

    Args:
        *args: dictionaries of names and objects.
    """

    def __init__(self, *args: Mapping[str, Any]) -> None:
        self._tables = args

    def __enter__(self) -> CustomObjectScope:
        self._kept = _scopes.objects
        _scopes.objects = (*self._kept, *self._tables)
        return self

    def __exit__(self, *exc: object) -> None:
        _scopes.objects = self._kept


custom_object_scope = CustomObjectScope


@contextmanager
def _also(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    if not custom_objects:
        yield
        return
    with CustomObjectScope(custom_objects):
        yield


def serialize_keras_object(obj: Any, module: str = "keras") -> Any:
    """An object's configuration as plain data.

    Args:
        obj: an object with `get_config`, a function, or plain data.
        module: the public module that the class stands in.

    Returns:
        A dictionary with ``module``, ``class_name``, ``config`` and
        ``registered_name``; a function's name; plain data as it is.

    Raises:
        ValueError: where the object has no configuration.
    """
    if obj is None or isinstance(obj, bool | int | float | str | bytes | list | dict):
        return obj
    if hasattr(obj, "get_config"):
        cls = type(obj)
        registered = _CUSTOM_NAMES.get(cls)
        own = cls.__module__.startswith("rillet.")
        return {
            "module": module if own else cls.__module__,
            "class_name": cls.__name__,
            "config": obj.get_config(),
            "registered_name": None if own else registered or cls.__name__,
        }
    if hasattr(obj, "__name__"):
        return _CUSTOM_NAMES.get(obj, obj.__name__)
    raise ValueError(
        house_message(
            "serialize_keras_object",
            "the object cannot be serialized, since it does not implement get_config()",
            f"got {obj!r}",
        )
    )


def deserialize_keras_object(
    identifier: Any,
    kind: str,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The object that a name or configuration stands for.

    Args:
        identifier: a name, or a dictionary with ``class_name`` and ``config``.
        kind: what is asked for, such as ``"layer"``; chooses rillet's own table and
            words the error.
        custom_objects: users' classes and functions by name.

    Returns:
        An instance for a dictionary; the class or function for a name.

    Raises:
        ValueError: where nothing has that name.
    """
    if not isinstance(identifier, dict):
        return _lookup(str(identifier), kind, custom_objects)
    name = need_text(identifier.get("class_name"), "class's name")
    known = identifier.get("registered_name") or name
    found = get_registered_object(need_text(known, "registered name"), custom_objects)
    if found is None:
        found = _lookup(name, kind, custom_objects)
    config = identifier.get("config", {})
    if not isinstance(found, type):
        return found
    maker: Any = found
    if maker.__module__.startswith("rillet."):
        config = adapted(maker, config)
    with _also(custom_objects):
        return maker.from_config(config) if hasattr(maker, "from_config") else maker()


def _lookup(name: str, kind: str, custom: Mapping[str, Any] | None) -> Any:
    own = builtins_of(kind)
    found = get_registered_object(name, custom, own)
    if found is None:
        # tf.keras registers some classes of its own, as "Custom>Adam".
        bare = name.partition(">")[2]
        found = own.get(bare, own.get(bare.lower())) if bare else None
    if found is None:
        for full, item in _CUSTOM.items():
            if full.partition(">")[2] == name:
                return item
        raise ValueError(
            house_message(
                f"{_PLURALS.get(kind, f'{kind}s')}.deserialize",
                f"Unknown {_WORDS.get(kind, kind)}: '{name}'",
                "no built-in and no registered object has that name",
                _meant(name, kind, own),
            )
        )
    return found


def _meant(name: str, kind: str, own: Mapping[str, Any]) -> str:
    """What may be meant by a name that nothing has: the fix of an error."""
    near = difflib.get_close_matches(name, own, 1, 0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    for other in ("optimizer", "loss", "metric", "activation"):
        if other != kind and name in builtins_of(other):
            article = "an" if other[0] in "ao" else "a"
            return f"'{name}' is {article} {_WORDS.get(other, other)}, no {kind}"
    return (
        "Please ensure you are using a `keras.utils.custom_object_scope` and that this"
        f" object is included in the scope, or load with custom_objects={{'{name}':"
        " ...}"
    )
