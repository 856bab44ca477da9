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

Siblings = Callable[[], Iterable[str]]

_EAGER = "There are no sessions: operations run when they are called, so just call them"

#: What does the work of names that TensorFlow 1 had, or that NumPy has.
_INSTEAD: Final[dict[str, str]] = {
    "ConfigProto": "Use the functions of tf.config",
    "InteractiveSession": _EAGER,
    "Session": _EAGER,
    "all": "Use tf.reduce_all",
    "any": "Use tf.reduce_any",
    "arange": "Use tf.range",
    "array": "Use tf.constant",
    "contrib": "Use tf.keras, tf.image or tf.data in its place",
    "dot": "Use tf.matmul for matrices, tf.tensordot(a, b, 1) for vectors",
    "float": "Use tf.float32",
    "get_variable": "Use tf.Variable",
    "global_variables_initializer": (
        "A tf.Variable has its value as soon as it is made; leave the line out"
    ),
    "int": "Use tf.int32",
    "layers": "Use tf.keras.layers",
    "matrix_inverse": "Use tf.linalg.inv",
    "max": "Use tf.reduce_max",
    "mean": "Use tf.reduce_mean",
    "min": "Use tf.reduce_min",
    "mul": "Use tf.multiply or the operator *",
    "neg": "Use tf.negative or the operator -",
    "placeholder": "Call functions with tensors, or name inputs with tf.keras.Input",
    "random_normal": "Use tf.random.normal",
    "random_uniform": "Use tf.random.uniform",
    "prod": "Use tf.reduce_prod",
    "set_random_seed": "Use tf.random.set_seed",
    "sub": "Use tf.subtract or the operator -",
    "sum": "Use tf.reduce_sum",
    "to_float": "Use tf.cast(x, tf.float32)",
    "to_int32": "Use tf.cast(x, tf.int32)",
    "truncated_normal": "Use tf.random.truncated_normal",
}


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
        module = "tensorflow" + self.namespace.removeprefix("tf")
        return house_message(
            f"{self.namespace}.{self.missing}",
            f"module '{module}' has no attribute '{self.missing}'",
            fix=self._fix(),
        )

    __repr__ = __str__

    def __reduce__(self) -> Any:
        return str, (str(self),)

    def _fix(self) -> str:
        if self.namespace == "tf" and self.missing in _INSTEAD:
            return _INSTEAD[self.missing]
        package = sys.modules.get("rillet" + self.namespace.removeprefix("tf"))
        if self.missing in getattr(package, "_namespaces", ()):
            return "This version of rillet does not have it"
        shown = [n for n in self.siblings() if not n.startswith("_")]
        near = [f"{self.namespace}.{n}" for n in _closest(self.missing, shown)]
        search: Callable[..., list[str]] | None = context.service("names.nearest")
        if not near and search is not None:
            near = search(self.namespace, self.missing)
        return f"Did you mean {near[0]}?" if near else ""


def missing_name(namespace: str, name: str, siblings: Siblings) -> AttributeError:
    """The error for a public name that does not exist; see `Lack`."""
    return AttributeError(Lack(namespace, name, siblings))


def _closest(name: str, siblings: list[str]) -> list[str]:
    """The sibling that differs only in capitals, or the one spelt most alike."""
    import difflib  # only for a message

    plain = {s.lower(): s for s in siblings}
    found = difflib.get_close_matches(name.lower(), plain, 1, 0.75)
    return [plain[f] for f in found]


class Package(ModuleType):
    """A package whose namespaces answer for what they lack, however they came in."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in self.__dict__["_namespaces"]:
            complete(value, f"{public_path(self.__name__)}.{name}")
        super().__setattr__(name, value)


def watch(package: str, namespaces: Iterable[str]) -> None:
    """Make a package's module a `Package`; Python binds what it imports there.

    Args:
        package: the name of the module, which calls this while it is imported.
        namespaces: the names of those modules in it that are public.
    """
    module = sys.modules[package]
    module.__dict__["_namespaces"] = frozenset(namespaces)
    module.__class__ = Package


def public_path(module: str) -> str:
    """How users write a module of rillet: ``tf.keras`` for ``rillet.keras``."""
    return "tf" + module.removeprefix("rillet")


def complete(module: ModuleType, namespace: str) -> None:
    """Let a namespace answer for what it lacks, unless it does so itself.

    Args:
        module: the namespace's module.
        namespace: how users write it.
    """
    if "__getattr__" not in module.__dict__:

        def refuse(name: str) -> Any:
            raise missing_name(namespace, name, module.__dict__.keys)

        module.__dict__["__getattr__"] = refuse
