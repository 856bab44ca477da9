"""`and`, `or`, `not`, chains of comparisons and `assert`, over tensors too.

Operands after the first come as functions, since Python may not need them; in a graph
they become branches, so that they are not computed either.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.graph.autograph.branches import condition
from rillet.graph.autograph.state import is_traced, truth
from rillet.ops import control
from rillet.ops.checks import Assert
from rillet.ops.compare import logical_not, logical_or

Later = Callable[[], Any]


def and_(first: Any, *others: Later) -> Any:
    """``first and other and ...``."""
    for place, other in enumerate(others):
        first = _by_value(first)
        holds = truth(first)
        if holds is None:
            return _both(first, other, others[place + 1 :])
        if not holds:
            return first
        first = other()
    return first


def _by_value(value: Any) -> Any:
    """An operand: a variable's value where a graph is traced, else as it is."""
    return to_tensor(value) if is_traced(value) else value


def _both(first: Any, other: Later, others: tuple[Later, ...]) -> Any:
    pred = condition(first, "and")

    def rest() -> Any:
        return to_tensor(and_(other(), *others))

    return control.cond(pred, rest, lambda: pred)


def or_(first: Any, *others: Later) -> Any:
    """``first or other or ...``."""
    for place, other in enumerate(others):
        first = _by_value(first)
        holds = truth(first)
        if holds is None:
            return _either(first, other, others[place + 1 :])
        if holds:
            return first
        first = other()
    return first


def _either(first: Any, other: Later, others: tuple[Later, ...]) -> Any:
    pred = condition(first, "or")

    def rest() -> Any:
        return to_tensor(or_(other(), *others))

    return control.cond(pred, lambda: pred, rest)


def not_(value: Any) -> Any:
    """``not value``."""
    return logical_not(to_tensor(value)) if is_traced(value) else not value


def none_of(*flags: Any) -> Any:
    """Whether no flag is raised; flags are Python's or a graph's booleans."""
    if any(flag is True for flag in flags):
        return False
    traced = [to_tensor(flag) for flag in flags if is_traced(flag)]
    if not traced:
        return not any(flags)
    return logical_not(functools.reduce(logical_or, traced))


_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
    "In": lambda a, b: a in b,
    "NotIn": lambda a, b: a not in b,
}


def chain(left: Any, signs: tuple[str, ...], *rights: Later) -> Any:
    """``left < right < ...``: neighbours compared, each operand computed once."""
    right = rights[0]()
    holds = _SIGNS[signs[0]](left, right)
    if len(rights) == 1:
        return holds
    return and_(holds, lambda: chain(right, signs[1:], *rights[1:]))


def assert_stmt(test: Any, message: Later) -> None:
    """``assert test, message``; in a graph an `Assert`, which runs with it."""
    if is_traced(test):
        text = message()
        Assert(to_tensor(test), ["assertion failed" if text is None else text])
    elif __debug__ and not test:
        text = message()
        raise AssertionError(*([] if text is None else [text]))
