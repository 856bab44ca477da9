"""Let ``import tensorflow`` and ``import keras`` mean rillet.

Names of modules that a program imports flow in through Python's import system; the
matching modules of rillet flow out, the same objects and not copies. Called by
``rillet.install_as_tensorflow()``, by the runner of programs and notebooks, and by the
stand-in packages that child processes find.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from . import internals, names

DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "keras", "tf-keras")
#: Packages beside TensorFlow that programs import, and what does some of their work.
COMPANIONS = {
    "tensorflow_addons": "Much of it came to tf.keras: AdamW, Lion, GroupNormalization,"
    " SpectralNormalization, F1Score, gelu",
    "tensorflow_datasets": "tf.keras.datasets has MNIST and others; tf.data reads files"
    " and arrays",
    "tensorflow_hub": "tf.keras.layers.TFSMLayer and tf.saved_model.load read"
    " SavedModels from a folder",
    "tensorflow_io": "tf.io and tf.data read files",
    "tensorflow_model_optimization": "There is nothing in its place",
    "tensorflow_probability": "tf.random draws numbers; tf.math and tf.linalg have what"
    " densities are made of",
    "tensorflow_text": "tf.strings and tf.keras.layers.TextVectorization split and"
    " count words",
}
STAND_INS = Path(__file__).parent / "standins"


class _StandIn(Distribution):
    """What ``importlib.metadata`` tells about a package that rillet stands for."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return STAND_INS / path


class Handover(Loader):
    """Puts a module of rillet where the import system laid a fresh one.

    Args:
        found: the module, or a namespace that is none.
    """

    def __init__(self, found: Any) -> None:
        self._found = found

    def exec_module(self, module: ModuleType) -> None:
        """Enter the module under the name that was asked for."""
        if not hasattr(self._found, "__path__"):
            self._found.__path__ = []  # so that imports below it reach the finders
        sys.modules[module.__name__] = self._found
        _shield_children(module.__name__, self._found)


class Alias(MetaPathFinder):
    """Finds TensorFlow's and Keras's modules in rillet."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Answer for every module below ``tensorflow``, ``keras`` and ``tf_keras``.

        Raises:
            ModuleNotFoundError: rillet has no such module.
            ImportError: a name that is no module was looked for in a module of
                TensorFlow's inside.
        """
        if fullname.partition(".")[0] not in names.ROOTS:
            return None
        try:
            found = names.find_module(fullname)
        except names.NoSuchName as lack:
            if not _is_import():
                return None
            parent = fullname.rpartition(".")[0]
            if isinstance(sys.modules.get(parent), names.Gathered):
                raise _cannot_import(fullname, lack) from None
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: {lack}", name=fullname
            ) from None
        return ModuleSpec(fullname, Handover(found), is_package=True)

    def find_distributions(
        self, context: DistributionFinder.Context | None = None
    ) -> Iterator[Distribution]:
        """Yield the versions that programs test: TensorFlow's and Keras's."""
        wanted = context.name if context else None
        version = names.walk("version.VERSION")
        for name in DISTRIBUTIONS:
            if wanted is None or _normal(wanted) == _normal(name):
                yield _StandIn(name, version)


class LastWord(MetaPathFinder):
    """Speaks for names below rillet that no other finder has.

    ``from tensorflow.keras.layers import Dens`` ends here, for the module behind is
    rillet's and Python looks for a submodule of it by that name.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find an old file of Keras, or refuse under the name the program knows.

        Raises:
            ImportError: the name is no module, and what comes nearest.
        """
        package, _, rest = fullname.partition(".")
        if package in COMPANIONS and _is_import():
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: it is a package of its own, which is"
                f" built on TensorFlow's inside and is no part of rillet."
                f" {COMPANIONS[package]}.",
                name=fullname,
            )
        if package != names.PACKAGE or not rest or not _is_import():
            return None
        theirs = f"tensorflow.{rest}"
        try:
            found = names.find_module(theirs)
        except names.NoSuchName as lack:
            raise _cannot_import(theirs, lack) from None
        return ModuleSpec(fullname, Handover(found), is_package=True)


def _is_import() -> bool:
    """Tell whether an import asks a finder, or someone who only wants to know.

    ``importlib.util.find_spec`` answers None for what does not exist; a refusal in
    words is for imports alone.
    """
    caller = sys._getframe(3)
    return caller.f_code.co_name == "_find_and_load_unlocked"


def _cannot_import(name: str, lack: names.NoSuchName) -> ImportError:
    parent, _, last = name.rpartition(".")
    text = f"cannot import name {last!r} from {parent!r}: {lack}"
    return ImportError(text, name=name)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _shield_children(name: str, found: Any) -> None:
    """Enter old files of Keras whose name rillet uses for a file of its own.

    An import ends by setting the child on its parent. ``keras.layers.core`` is
    ``rillet.keras.layers`` and would be set over rillet's file ``core`` there; a module
    that is entered beforehand is handed out without that.
    """
    prefix = next((p for p in internals.KERAS_PREFIXES if name.startswith(p + ".")), "")
    family = name.removeprefix(f"{prefix}.")
    for child in internals.KERAS_CHILDREN.get(family, ()):
        full = f"{name}.{child}"
        if names.sources_of(full) and hasattr(found, child):
            sys.modules.setdefault(full, names.find_module(full))


def install_as_tensorflow() -> None:
    """Let ``tensorflow``, ``keras`` and ``tf_keras`` mean rillet from here on.

    Every later import of those names, at any depth, gives rillet's modules. Calling it
    again changes nothing.

    Raises:
        RuntimeError: the real TensorFlow or Keras is imported already.

    Example:
        >>> import rillet
        >>> rillet.install_as_tensorflow()
        >>> import tensorflow as tf
        >>> tf is rillet
        True
    """
    if any(isinstance(finder, Alias) for finder in sys.meta_path):
        return
    for root in sorted(names.ROOTS):
        module = sys.modules.get(root)
        where = getattr(module, "__file__", None)
        if module is None or _is_stand_in(where):
            continue
        raise RuntimeError(
            f"install_as_tensorflow: another {root} is imported already: "
            f"{getattr(module, '__version__', 'version unknown')} from {where}; call "
            f"rillet.install_as_tensorflow() before the first `import {root}`, "
            "in a fresh session."
        )
    sys.meta_path.insert(0, Alias())
    sys.meta_path.append(LastWord())


def _is_stand_in(where: str | None) -> bool:
    return where is not None and STAND_INS in Path(where).parents
