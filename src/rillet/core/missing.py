"""Names that a namespace lacks: what is said, and what comes nearest.

The packages that load their names on first use raise a `missing_name`, and `watch` that
the namespaces below them do. Looking for the nearest name imports much, so it waits
until somebody reads the message: `hasattr` stays cheap.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Final

from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.public_names import show_public

Siblings = Callable[[], Iterable[str]]

#: What is said of a name by the version of TensorFlow that has it.
_KNOWN: Final[tuple[str, ...]] = (
    "",
    "TensorFlow 1 had it, TensorFlow 2 and rillet have not",
    "TensorFlow has it, rillet does not have it yet",
)


class Lack:
    """What is said of a public name that does not exist; worded when it is read.

    Args:
        namespace: where it was looked for, as users write it: ``tf.nn``.
        name: the name.
        siblings: gives what the namespace has.
    """

    __slots__ = ("missing", "namespace", "siblings")

    def __init__(self, namespace: str, name: str, siblings: Siblings) -> None:
        self.namespace = namespace
        self.missing = name
        self.siblings = siblings

    def __str__(self) -> str:
        from rillet.core import successors  # only for a message

        module = "rillet" + self.namespace.removeprefix("tf")
        path = f"{self.namespace}.{self.missing}".removeprefix("tf.")
        version: Callable[[str], int] | None = context.service("names.version")
        known = version(path) if version is not None else 0
        return house_message(
            f"tf.{path}",
            f"module '{module}' has no attribute '{self.missing}'",
            _KNOWN[known],
            successors.instead(path) or self._nearest(known),
        )

    __repr__ = __str__

    def __reduce__(self) -> Any:
        return str, (str(self),)

    def _nearest(self, known: int) -> str:
        """The nearest name, unless TensorFlow has this very one: then none is meant."""
        if known == 2:
            return ""
        search: Callable[..., list[str]] | None = context.service("names.nearest")
        near = search(self.namespace, self.missing) if search is not None else []
        return f"Did you mean {near[0]}?" if near else ""


def missing_name(namespace: str, name: str, siblings: Siblings) -> AttributeError:
    """The error for a public name that does not exist; see `Lack`.

    It has no `name`, so that Python does not add a guess of its own to ours.
    """
    return AttributeError(Lack(namespace, name, siblings), name=None)


def closest(name: str, others: Iterable[str], count: int = 1) -> list[str]:
    """Those of other names that a slip of the hand would turn into this one.

    Args:
        name: what was written.
        others: what there is.
        count: how many to return at most.

    Returns:
        The nearest first; capitals and underscores count only between equals.

    Example:
        >>> closest("sofmax", ["softmax", "argmax"])
        ['softmax']
    """
    import difflib  # only for a message

    wanted = _plain(name)
    limit = 1 if len(wanted) <= 4 else 2
    plain: dict[str, list[str]] = {}
    for other in others:
        plain.setdefault(_plain(other), []).append(other)
    found = difflib.get_close_matches(wanted, plain, count, 0.7)
    near = [other for f in found if _distance(wanted, f) <= limit for other in plain[f]]
    return sorted(near, key=lambda other: _distance(name, other))[:count]


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _distance(a: str, b: str) -> int:
    """How many letters to add, drop, change or swap with the next, from `a` to `b`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        last, before, row = before, row, [i]
        for j in range(1, len(b) + 1):
            change = before[j - 1] + (a[i - 1] != b[j - 1])
            best = min(before[j] + 1, row[j - 1] + 1, change)
            if last and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]


class Package(ModuleType):
    """A package whose namespaces answer for what they lack, however they came in."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            if name in self.__dict__["_namespaces"]:
                complete(value, f"{public_path(self.__name__)}.{name}")
            elif self.__dict__["_hides"]:
                # Imports find it in `sys.modules`; users need not.
                return
        super().__setattr__(name, value)


def watch(package: str, namespaces: Iterable[str], hide: bool = False) -> None:
    """Make a package's module a `Package`; Python binds what it imports there.

    Args:
        package: the name of the module, which calls this while it is imported.
        namespaces: the names of those modules in it that are public.
        hide: whether its other modules are to be no attributes of it.
    """
    module = sys.modules[package]
    space = module.__dict__
    space["_namespaces"] = frozenset(namespaces)
    space["_hides"] = hide
    module.__class__ = Package
    for name in space["_namespaces"].intersection(space):
        complete(space[name], f"{public_path(package)}.{name}")


def public_path(module: str) -> str:
    """How users write a module of rillet: ``tf.keras`` for ``rillet.keras``."""
    return "tf" + module.removeprefix("rillet")


def complete(module: ModuleType, namespace: str) -> None:
    """Let a namespace answer for what it lacks and show what is public.

    One that does so itself is left alone.

    Args:
        module: the namespace's module.
        namespace: how users write it.
    """
    if "__getattr__" not in module.__dict__:

        def refuse(name: str) -> Any:
            raise missing_name(namespace, name, module.__dict__.keys)

        module.__dict__["__getattr__"] = refuse
    show_public(module)
