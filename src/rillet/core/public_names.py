"""Which names of a namespace users see: in `dir`, on completion, by `import *`.

In: the module of a namespace, imported. Out: its `__all__` and `__dir__`, unless it
tells itself what it has. `missing.complete` calls it.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


def show_public(module: ModuleType) -> None:
    """Give a namespace's module an `__all__` and a `__dir__` of its public names.

    Public is what does not begin with an underscore, unless it is a module (but for
    those in `_namespaces`) or came from outside rillet, such as `typing.Any`. A module
    that has a `__dir__` is left as it is: its names may load later.

    Args:
        module: the module, whose names are all bound.
    """
    space = module.__dict__
    if "__dir__" in space:
        return
    if "__all__" not in space:
        spaces = space.get("_namespaces", ())
        space["__all__"] = sorted(
            name
            for name, value in space.items()
            if name in spaces or not name.startswith("_") and not _is_foreign(value)
        )
    own = [n for n in space if n.startswith("__")]
    shown = sorted({*space["__all__"], *own})
    space["__dir__"] = lambda: list(shown)


def _is_foreign(value: Any) -> bool:
    if isinstance(value, ModuleType):
        return True
    home = getattr(value, "__module__", None)
    return isinstance(home, str) and home.partition(".")[0] != "rillet"
