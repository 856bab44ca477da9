"""Attributes that a layer or model lacks: what does their work, or comes nearest.

In: an object and the name that was looked for. Out: an AttributeError whose words are
found when somebody reads them, so that `hasattr` stays cheap. `Layer` raises it.
"""

from __future__ import annotations

from typing import Any, Final

from rillet.core.errors import house_message
from rillet.core.missing import closest

_EXPORT: Final = "Use tf.saved_model.save(model, folder)"
_CLASSES: Final = "Use np.argmax(model.predict(x), axis=-1)"

#: What does the work of the methods that models of other versions have.
_INSTEAD: Final[dict[str, str]] = {
    "predict_classes": _CLASSES,
    "predict_proba": "Use model.predict(x)",
    "save_spec": _EXPORT,
    "to_yaml": "Use model.to_json()",
}


class Absence:
    """What is said of an attribute that an object lacks; worded when it is read.

    Args:
        owner: the layer or model.
        name: the attribute's name.
    """

    __slots__ = ("name", "owner")

    def __init__(self, owner: Any, name: str) -> None:
        self.owner = owner
        self.name = name

    def __str__(self) -> str:
        kind = type(self.owner).__name__
        return house_message(
            f"{kind}.{self.name}",
            f"{kind!r} object has no attribute {self.name!r}",
            fix=self._fix(),
        )

    __repr__ = __str__

    def __reduce__(self) -> Any:
        return str, (str(self),)

    def _fix(self) -> str:
        instead = _INSTEAD if hasattr(type(self.owner), "fit") else {}
        names = {*dir(type(self.owner)), *vars(self.owner), *instead}
        public = sorted(n for n in names if not n.startswith("_"))
        near = closest(self.name, public)
        if not near:
            return ""
        return instead.get(near[0]) or f"Did you mean {near[0]!r}?"


def absent(owner: Any, name: str) -> AttributeError:
    """The error for an attribute that a layer or model does not have.

    Args:
        owner: the layer or model.
        name: the attribute's name.
    """
    # With an `obj` of ours, Python would add a guess of its own.
    return AttributeError(Absence(owner, name), name=name, obj=None)
