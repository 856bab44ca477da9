"""How a class's `call` takes its arguments, looked up once a class.

In: the class of a layer. Out: the name of its first argument, whether it takes
`training` and `mask`, and their defaults. `Layer.__call__` and `Model` call it.
"""

from __future__ import annotations

import inspect
from typing import Any


class CallForm:
    """The signature of a `call` method.

    Attributes:
        first: the name of the first argument, or None.
        first_default: the first argument's default; `inspect.Parameter.empty` if none.
        training: whether `training` can be passed.
        mask: whether `mask` can be passed.
        default_training: the default of `training`, or None.
        names: the names of all arguments.
        defaults: the defaults of those that have one.
        open: whether further keyword arguments are taken.
        training_at: the position of `training` after self, or -1.
    """

    __slots__ = (
        "default_training",
        "defaults",
        "first",
        "first_default",
        "mask",
        "names",
        "open",
        "training",
        "training_at",
    )

    def __init__(self, call: Any, bound: bool) -> None:
        found = list(inspect.signature(call).parameters.values())
        if not bound and found:
            found = found[1:]
        self.open = any(p.kind is p.VAR_KEYWORD for p in found)
        plain = [p for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        self.names = [p.name for p in plain]
        self.first = self.names[0] if plain else None
        self.first_default: Any = plain[0].default if plain else inspect.Parameter.empty
        self.training = self.open or "training" in self.names
        self.mask = self.open or "mask" in self.names
        self.defaults = {
            p.name: p.default for p in plain if p.default is not p.empty
        }
        default: Any = None
        for p in plain:
            if p.name == "training" and p.default is not p.empty:
                default = p.default
        self.default_training = default
        positional = [p.name for p in plain if p.kind is not p.KEYWORD_ONLY]
        self.training_at = (
            positional.index("training") if "training" in positional else -1
        )


def form_of(layer: Any) -> CallForm:
    """The form of a layer's `call`."""
    if "call" in layer.__dict__:
        return CallForm(layer.__dict__["call"], bound=True)
    cls = type(layer)
    form: CallForm | None = cls.__dict__.get("_call_form")
    if form is None:
        form = CallForm(cls.call, bound=False)
        cls._call_form = form
    return form
