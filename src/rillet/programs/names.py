"""From a name in TensorFlow to the thing in rillet, or to the nearest that exists.

Dotted TensorFlow names flow in (``tensorflow.keras.layers.Dense``,
``keras.layers.core.Dense``, ``tensorflow.python.ops.math_ops``); the object of rillet,
or a ``NoSuchName`` that says what comes nearest, flows out. ``alias`` asks for modules,
``check`` for any symbol.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from functools import cache
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from rillet.core import missing, successors

from . import device_lib, internals, tensorflow_names

PACKAGE = "rillet"
ROOTS = frozenset({"tensorflow", "tensorflow_core", "keras", "tf_keras"})

_INSIDE = "tensorflow.python."

# Folders and files of rillet that TensorFlow's top level has no namesake of.
_STOREYS = frozenset(
    """backends checkpoint cli core demo explain export graph module ops playground
    programs serving""".split()
)
# Searched for a name that stands elsewhere: tf.log is tf.math.log now.
_FAMILIES = (
    "",
    *"""math nn linalg random strings image io debugging config data train nest summary
    sparse ragged signal bitwise lookup sets test dtypes errors saved_model keras
    keras.layers keras.utils keras.optimizers keras.models keras.losses keras.metrics
    keras.callbacks keras.initializers keras.backend keras.activations
    keras.regularizers compat.v1""".split(),
)


class NoSuchName(LookupError):
    """A TensorFlow name that rillet has not, with the nearest that it has.

    Attributes:
        name: the full TensorFlow name.
        nearest: full TensorFlow names that exist, best first; may be empty.
    """

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        self.name = name
        self.nearest = nearest
        text = f"rillet has no {name}"
        if tensorflow_names.version(path_of(name)) == 2:
            text += " yet"
        if advice := successors.instead(path_of(name)):
            text += f". {advice}."
        elif nearest:
            text += f"; did you mean {nearest[0]}?"
        super().__init__(text)


class Gathered(ModuleType):
    """A module of TensorFlow's inside, whose names lie in namespaces of rillet."""

    def __init__(self, name: str, sources: tuple[Any, ...]) -> None:
        super().__init__(name, f"Names of {name}, as rillet has them.")
        self.__dict__.update(__path__=[], _sources=sources)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            for source in self.__dict__["_sources"]:
                if hasattr(source, name):
                    return getattr(source, name)
            if name in internals.RENAMED:
                with suppress(LookupError):
                    return walk(internals.RENAMED[name])
        raise AttributeError(str(NoSuchName(f"{self.__name__}.{name}")))

    def __dir__(self) -> list[str]:
        own = set(super().__dir__())
        return sorted(own.union(*map(dir, self.__dict__["_sources"])))


def top() -> ModuleType:
    """Return the package that stands for TensorFlow."""
    return importlib.import_module(PACKAGE)


def member(parent: Any, part: str) -> Any:
    """Return a public attribute, or a submodule that has not been imported yet.

    Raises:
        LookupError: ``parent`` has neither.
    """
    if parent is top() and part in _STOREYS:
        raise LookupError(part)
    try:
        return getattr(parent, part)
    except AttributeError:
        path = getattr(parent, "__path__", None)
    full = f"{getattr(parent, '__name__', '')}.{part}"
    if not path or PathFinder.find_spec(full, path) is None:
        raise LookupError(part)
    return importlib.import_module(full)


def walk(path: str) -> Any:
    """Return the object at a dotted path below rillet; ``""`` is rillet itself.

    Raises:
        LookupError: some part of the path does not exist.
    """
    found: Any = top()
    for part in filter(None, path.split(".")):
        found = member(found, part)
    return found


def find(name: str) -> Any:
    """Return what a full TensorFlow name means in rillet.

    Args:
        name: a dotted name that begins with one of ``ROOTS``.

    Raises:
        NoSuchName: rillet has nothing by that name.

    Example:
        >>> import rillet
        >>> find("tensorflow.constant") is rillet.constant
        True
    """
    return _find(name, as_module=False)


def find_module(name: str) -> Any:
    """Return the module or namespace of rillet that an import of ``name`` means.

    Raises:
        NoSuchName: there is none, or the name is that of something else.
    """
    found = _find(name, as_module=True)
    if isinstance(found, type) or callable(found):
        raise NoSuchName(f"module {name}")
    return found


def _find(name: str, as_module: bool) -> Any:
    if name == "tensorflow.python.client.device_lib":
        return device_lib
    sources = sources_of(name)
    if sources is not None:
        return gather(name, sources)
    parent_name, _, last = name.rpartition(".")
    if not parent_name:
        raise NoSuchName(name)
    parent = _find(parent_name, as_module=True)
    try:
        return member(parent, last)
    except LookupError:
        pass
    if name in internals.FOLDERS:
        return gather(name, ())
    if as_module and last.islower() and _is_private_file(name):
        return parent
    raise NoSuchName(name, nearest(name, parent))


@cache
def gather(name: str, sources: tuple[str, ...]) -> Any:
    """Return the one namespace of ``sources``, or a module over those that exist.

    Raises:
        NoSuchName: none of them exists in rillet.
    """
    found = []
    for source in sources:
        try:
            found.append(walk(source))
        except LookupError:
            continue
    if sources and not found:
        raise NoSuchName(name)
    if len(sources) == 1 and name.removeprefix(_INSIDE) not in internals.PYTHON_MODULES:
        return found[0]
    return Gathered(name, tuple(found))


def sources_of(name: str) -> tuple[str, ...] | None:
    """Return the paths in rillet that a module of TensorFlow stands for.

    Returns:
        None for a name that no table holds: it is looked up in its parent.

    Example:
        >>> sources_of("keras.layers.core")
        ('keras.layers',)
    """
    if name in internals.TENSORFLOW_PREFIXES:
        return ("",)
    if name in internals.KERAS_PREFIXES:
        return ("keras",)
    for prefix in internals.KERAS_PREFIXES:
        if name.startswith(f"{prefix}."):
            return _keras_sources(name.removeprefix(f"{prefix}."))
    if name.startswith(_INSIDE):
        return internals.PYTHON_MODULES.get(name.removeprefix(_INSIDE))
    return None


def _keras_sources(path: str) -> tuple[str, ...] | None:
    """Return what an old file of Keras, by its path below the root, stands for."""
    family, _, rest = path.partition(".")
    if family in internals.KERAS_MODULES and (not rest or rest.islower()):
        return internals.KERAS_MODULES[family]
    child = rest.partition(".")[0]
    if child not in internals.KERAS_CHILDREN.get(family, ()) or not rest.islower():
        return None
    if f"{family}.{child}" in internals.PUBLIC_IF_THERE:
        try:
            walk(f"keras.{family}.{child}")
        except LookupError:
            return (f"keras.{family}",)
        return None
    return (f"keras.{family}",)


def _is_private_file(name: str) -> bool:
    """Tell whether a module lay below a family that was private whole."""
    for prefix in internals.PRIVATE_PREFIXES:
        if name.startswith(f"{prefix}."):
            below = name.removeprefix(f"{prefix}.").split(".")
            is_keras = prefix.endswith(("keras", "src"))
            return not is_keras or (
                len(below) > 1 and below[0] in internals.KERAS_FAMILIES
            )
    return False


def public(namespace: Any) -> list[str]:
    """Return the names of a namespace that TensorFlow's users may use."""
    hidden = _STOREYS if namespace is top() else frozenset()
    return [n for n in dir(namespace) if not n.startswith("_") and n not in hidden]


def nearest(name: str, parent: Any) -> tuple[str, ...]:
    """Return up to three existing TensorFlow names that come nearest to ``name``.

    Only public names of TensorFlow's are offered, and none in place of a name that
    TensorFlow has: whoever wrote that meant it.

    Args:
        name: the full name that is missing.
        parent: the namespace where it was looked for.
    """
    root, _, _ = name.partition(".")
    parent_name, _, last = name.rpartition(".")
    if tensorflow_names.version(path_of(name)) == 2:
        return ()
    moved, similar = [], []
    for family in _FAMILIES:
        try:
            names = public(walk(family))
        except (LookupError, ImportError):
            continue  # a family that lacks its package offers no names
        prefix = _prefixed(root, family)
        names = _known(family, names) if prefix else []
        if last in names:
            moved.append(f"{prefix}.{last}")
        else:
            near = missing.closest(last, names) if len(last) > 5 else []
            similar += [f"{prefix}.{name}" for name in near]
    siblings = public(parent)
    if not isinstance(parent, Gathered):
        siblings = _known(path_of(parent_name), siblings)
    found = [f"{parent_name}.{near}" for near in missing.closest(last, siblings, 3)]
    return tuple(dict.fromkeys(moved + found + similar))[:3]


def _known(space: str, names: list[str]) -> list[str]:
    """Return those names of a namespace that TensorFlow has there too."""
    version = tensorflow_names.version
    return [n for n in names if version(f"{space}.{n}".lstrip(".")) == 2]


def path_of(name: str) -> str:
    """Return a full TensorFlow name as users write it, without ``tf.``.

    Example:
        >>> path_of("tensorflow.nn.relu"), path_of("keras.layers.Dense")
        ('nn.relu', 'keras.layers.Dense')
    """
    root, _, rest = name.partition(".")
    if root in ("keras", "tf_keras"):
        return f"keras.{rest}".rstrip(".")
    return rest


def elsewhere(namespace: str, name: str) -> list[str]:
    """Return where a name that a namespace lacks stands, or one much like it.

    Args:
        namespace: as users write it: ``tf.nn``.
        name: what is missing there.

    Returns:
        Full names that begin with ``tf.``, best first; may be empty.
    """
    path = namespace.removeprefix("tf").lstrip(".")
    found = nearest(f"tensorflow.{path}.{name}".replace("..", "."), walk(path))
    return ["tf." + full.removeprefix("tensorflow.") for full in found]


def _prefixed(root: str, family: str) -> str:
    """Return a family's full name under the root the program uses, or nothing."""
    if root in ("tensorflow", "tensorflow_core"):
        return f"tensorflow.{family}".rstrip(".")
    if family.partition(".")[0] == "keras":
        return root + family.removeprefix("keras")
    return ""
