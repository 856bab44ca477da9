"""Arguments that a method does not have: what was meant.

In: the method, and the names that it was called with. Out: the call, or a TypeError
that names the method and the nearest argument. `training` and `loops` call it.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from rillet.core.describe import takes
from rillet.core.errors import house_message
from rillet.core.tracebacks import trim

P = ParamSpec("P")
R = TypeVar("R")


_UNEXPECTED = "got an unexpected keyword argument"


def unknown_argument(
    method: Callable[..., Any], name: str, rule: str = _UNEXPECTED
) -> TypeError:
    """The error for an argument that a method does not take.

    Args:
        method: the method.
        name: the argument's name.
        rule: what is said of it: Keras has words of its own for some methods.
    """
    known = _names(method)
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return TypeError(
        house_message(
            method.__name__,
            f"{rule} {name!r}",
            f"it takes {', '.join(known)}",
            f"Did you mean {near[0]!r}?" if near else "",
        )
    )


def checked(method: Callable[P, R]) -> Callable[P, R]:
    """A method of models whose errors are for the user.

    Arguments that it does not take are named, and tracebacks are without our frames.
    """
    known = frozenset(_names(method))
    kinds = [p.kind for p in inspect.signature(method).parameters.values()]
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds
    # Python's own words (a missing argument) name no class of ours.
    method.__qualname__ = f"Model.{method.__name__}"

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            if not takes_any and not known.issuperset(kwargs):
                name = next(k for k in kwargs if k not in known)
                raise unknown_argument(method, name)
            return method(*args, **kwargs)
        except Exception as error:
            trim(error)
            raise

    return call


def note_arguments(
    function: Any, error: TypeError, what: str, args: Any, kwargs: Any
) -> None:
    """Note on an error with what a program's function is called, where it can't be."""
    if not takes(function, *args, **kwargs):
        error.add_note(f"{what} is called with two arguments, (y_true, y_pred).")


def refuse_class(kind: str, given: Any) -> None:
    """Raise where a class is given in place of an instance of it.

    Args:
        kind: what is asked for, such as ``"a loss"``.
        given: what was given.

    Raises:
        TypeError: where it is a class.
    """
    if isinstance(given, type):
        raise TypeError(
            house_message(
                "fit" if kind == "a callback" else "compile",
                f"{kind} must be an instance, not a class",
                f"got the class {given.__name__}",
                f"Did you forget the parentheses, {given.__name__}()?",
            )
        )


def _names(method: Callable[..., Any]) -> list[str]:
    """A method's arguments, in their order, without the model and the rest."""
    found = list(inspect.signature(method).parameters.values())[1:]
    return [p.name for p in found if p.kind is not p.VAR_KEYWORD]
