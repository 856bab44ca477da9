"""Attributes that tensors and variables lack: what is said, and what does the work.

`Tensor.__getattr__` and `Variable.__getattr__` raise what `missing_attribute` makes. It
is worded when somebody reads it, so that `hasattr` stays cheap.
"""

from __future__ import annotations

from typing import Any, Final

from rillet.core.errors import house_message
from rillet.core.missing import closest

GRAPH_ONLY = "Tensor.{name} is undefined when eager execution is enabled."
_GRAPH_NAMES = ("name", "op", "graph", "value_index")

#: What does the work of the methods that arrays of NumPy, or of others, have.
_METHODS: Final[dict[str, str]] = {
    "T": "tf.transpose(x)",
    "all": "tf.reduce_all(x)",
    "any": "tf.reduce_any(x)",
    "argmax": "tf.argmax(x)",
    "argmin": "tf.argmin(x)",
    "argsort": "tf.argsort(x)",
    "assign": "a tf.Variable: a tensor never changes",
    "assign_add": "a tf.Variable: a tensor never changes",
    "assign_sub": "a tf.Variable: a tensor never changes",
    "astype": "tf.cast(x, dtype)",
    "backward": "tf.GradientTape",
    "clip": "tf.clip_by_value(x, low, high)",
    "copy": "tf.identity(x)",
    "cumsum": "tf.cumsum(x)",
    "data": "x.numpy()",
    "detach": "tf.stop_gradient(x)",
    "dim": "x.shape.rank",
    "dot": "tf.matmul(x, y) for matrices, tf.tensordot(x, y, 1) for vectors",
    "eval": "x.numpy()",
    "flatten": "tf.reshape(x, [-1])",
    "grad": "tape.gradient of a tf.GradientTape",
    "item": "x.numpy().item()",
    "max": "tf.reduce_max(x)",
    "mean": "tf.reduce_mean(x)",
    "min": "tf.reduce_min(x)",
    "permute": "tf.transpose(x, perm)",
    "prod": "tf.reduce_prod(x)",
    "ravel": "tf.reshape(x, [-1])",
    "reshape": "tf.reshape(x, shape)",
    "round": "tf.round(x)",
    "size": "tf.size(x)",
    "squeeze": "tf.squeeze(x)",
    "std": "tf.math.reduce_std(x)",
    "sum": "tf.reduce_sum(x)",
    "tolist": "x.numpy().tolist()",
    "transpose": "tf.transpose(x)",
    "unsqueeze": "tf.expand_dims(x, axis)",
    "var": "tf.math.reduce_variance(x)",
    "view": "tf.reshape(x, shape)",
}


class Absence:
    """What is said of an attribute that a tensor or a variable lacks.

    Args:
        holder: its class.
        kind: what users call that: ``Tensor``, ``Variable``.
        name: the attribute.
    """

    __slots__ = ("holder", "kind", "missing")

    def __init__(self, holder: type, kind: str, name: str) -> None:
        self.holder = holder
        self.kind = kind
        self.missing = name

    def __str__(self) -> str:
        name = self.missing
        if self.kind == "Tensor" and name in _GRAPH_NAMES:
            return GRAPH_ONLY.format(name=name)
        rule = f"'{self.kind}' object has no attribute '{name}'"
        if name.startswith("_"):
            return rule
        return house_message(self.kind, rule, fix=self._fix())

    __repr__ = __str__

    def __reduce__(self) -> Any:
        return str, (str(self),)

    def _fix(self) -> str:
        if self.missing in _METHODS:
            return f"Use {_METHODS[self.missing]}"
        there = [name for name in dir(self.holder) if not name.startswith("_")]
        if near := closest(self.missing, there):
            return f"Did you mean {near[0]}?"
        if near := closest(self.missing, _METHODS):
            return f"Use {_METHODS[near[0]]}"
        return "x.numpy() has NumPy's methods"


def missing_attribute(holder: type, kind: str, name: str) -> AttributeError:
    """The error for an attribute that is not there; Python adds no guess to ours.

    Example:
        >>> import rillet as tf
        >>> print(missing_attribute(tf.Variable, "Variable", "assing"))
        Variable: 'Variable' object has no attribute 'assing'.
        Did you mean assign?
    """
    return AttributeError(Absence(holder, kind, name), name=None)
