"""What the names of a program stand for, scope by scope.

`usage` binds names while it walks a program, and looks them up: to names of TensorFlow,
and to models, layers and inputs that the program made with Keras.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Made:
    """What a name stands for that the program made itself with Keras.

    Attributes:
        kind: ``model``, ``layer`` or ``input``; of an input, all computed from it.
        path: the class of Keras, by its full name.
        own: what the program's own subclasses define.
        is_class: whether it is the class, not an object.
    """

    kind: str
    path: str
    own: frozenset[str] = frozenset()
    is_class: bool = False


@dataclass
class Scope:
    """Names bound in one scope: to a TensorFlow name, or to something else (None)."""

    outer: Scope | None
    is_class: bool = False
    bound: dict[str, str | Made | None] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)

    def look_up(self, name: str) -> str | Made | None:
        """Return what a name stands for where this scope's code runs."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound and (scope is self or not scope.is_class):
                return scope.bound[name]
            scope = scope.outer
        return None

    def bind(self, name: str, value: str | Made | None) -> None:
        """Let a name stand for something, in the scope that it belongs to."""
        scope = self
        if name in self.global_names:
            while scope.outer is not None:
                scope = scope.outer
        scope.bound[name] = value


def kind_of(path: str) -> str:
    """Return what a call of a TensorFlow name makes, if it is of Keras."""
    parts = path.split(".")
    if "keras" not in parts and parts[0] != "tf_keras":
        return ""
    if parts[-1] in ("Model", "Sequential"):
        return "model"
    if parts[-1] == "Input":
        return "input"
    return "layer" if parts[-2:-1] == ["layers"] and parts[-1][0].isupper() else ""
