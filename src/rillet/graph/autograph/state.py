"""The variables that a branch or a loop may change, as flat lists of tensors.

Rewritten code hands the operators two functions, one that reads its variables and one
that writes them, and their names. `branches` and `loops` see them through `State`, and
words about a variable (`'x' has dtype ...`) are found here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.autograph.jumps import RETURNED
from rillet.graph.ir import SymbolicTensor
from rillet.ops.dispatch import spec_of
from rillet.ops.filling import zeros

Values = tuple[Any, ...]
_MADE = "ag__"


class _Unset:
    """What stands for a variable that has no value yet."""

    def __repr__(self) -> str:
        return "unset"


UNSET: Final = _Unset()


def peek(read: Callable[[], Any]) -> Any:
    """A variable's value, or `UNSET` where it has none."""
    try:
        return read()
    except (NameError, AttributeError, LookupError, TypeError):
        return UNSET


def is_traced(value: Any) -> bool:
    """Whether a graph is being traced and `value` is a tensor or variable of it."""
    if context.state.tracer is None:
        return False
    return isinstance(value, Tensor) or hasattr(value, "_dense_tensor")


def truth(value: Any) -> bool | None:
    """The truth value of a condition; None where only the graph's run will tell."""
    if isinstance(value, SymbolicTensor):
        return None if value.known is None else bool(value.known)
    return bool(value)


class State:
    """The variables of one branch or loop, with the place of the statement.

    Args:
        get: reads all of them.
        put: writes all of them; `UNSET` deletes.
        names: what the user calls them.
    """

    def __init__(
        self,
        get: Callable[[], Values],
        put: Callable[[Values], None],
        names: Sequence[str],
    ) -> None:
        self.get = get
        self.put = put
        self.names = names
        code = get.__code__
        self.place = f"{code.co_filename}:{code.co_firstlineno}"

    def is_made(self, index: int) -> bool:
        """Whether a variable is one that rewriting made up."""
        return self.names[index].startswith(_MADE)

    def is_result(self, index: int) -> bool:
        """Whether a variable holds the function's result."""
        return self.names[index] == RETURNED

    def error(self, kind: type[Exception], index: int, rule: str, fix: str = "") -> Any:
        """An error about one variable, in the statement's place."""
        who = "return value" if self.is_result(index) else repr(self.names[index])
        return kind(house_message("autograph", f"{who} {rule}", self.place, fix))


def is_number(leaf: Any) -> bool:
    """Whether a leaf of a variable's value becomes a tensor in a graph."""
    if isinstance(leaf, Tensor | bool | int | float | complex | str | bytes):
        return True
    if isinstance(leaf, np.ndarray | np.generic):
        return True
    return hasattr(leaf, "_flat_tensors") or _is_sparse(leaf)


def _is_sparse(leaf: Any) -> bool:
    """Whether a leaf is a value made of several tensors, and no variable."""
    return hasattr(leaf, "_dense_tensor") and not hasattr(leaf, "assign")


def tensor_of(leaf: Any) -> Any:
    """A leaf as a tensor; a value made of several stays as it is."""
    return leaf if hasattr(leaf, "_flat_tensors") else to_tensor(leaf)


def spec_text(leaf: Any) -> Spec | None:
    """The type and shape of a tensor leaf."""
    return None if hasattr(leaf, "_flat_tensors") else _symbolic_spec(leaf)


def _symbolic_spec(leaf: Any) -> Spec:
    spec = getattr(leaf, "spec", None)
    return spec if isinstance(spec, Spec) else spec_of(leaf)


def zeros_like_spec(spec: Spec) -> Any:
    """Zeros of a type and shape; unknown sizes are 0."""
    return zeros([d or 0 for d in spec.shape or ()], spec.dtype)


def flatten(value: Any) -> list[Any]:
    """The leaves of a variable's value."""
    return nest.flatten(value)


def same_structure(one: Any, other: Any) -> str:
    """Why two values are built differently; nothing where they are alike."""
    try:
        nest.assert_same_structure(one, other)
    except (ValueError, TypeError) as error:
        return str(error)
    return ""


def pack(like: Any, leaves: Sequence[Any]) -> Any:
    """A value built like another, of other leaves."""
    return nest.pack_sequence_as(like, leaves)
