"""`if` statements and conditional expressions, over Python values and over tensors.

Where the condition is a tensor of a graph, both branches are traced and the variables
that they change become outputs of one `If`; otherwise one branch runs, as in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.graph.autograph.state import (
    UNSET,
    State,
    Values,
    flatten,
    is_number,
    is_traced,
    pack,
    same_structure,
    spec_text,
    tensor_of,
    truth,
    zeros_like_spec,
)
from rillet.ops import control
from rillet.ops.compare import logical_not

_MAIN, _ELSE = "main", "else"


class _Swap(Exception):
    """The branch traced first has no result to show; start with the other."""


def if_stmt(
    test: Any,
    main: Callable[[], None],
    other: Callable[[], None],
    get: Callable[[], Values],
    put: Callable[[Values], None],
    names: Sequence[str],
    strict: int,
    live: int,
) -> None:
    """Run one branch, or trace both.

    Args:
        test: the condition.
        main: the branch for true.
        other: the branch for false.
        get: reads the variables that either branch changes.
        put: writes them.
        names: their names; first those that are read later, then those that might be.
        strict: how many of them must be set by both branches.
        live: how many of them outlive the statement.
    """
    state = State(get, put, names)
    pred = condition(test, "if statement", state.place) if is_traced(test) else test
    holds = truth(pred)
    if holds is not None:
        (main if holds else other)()
        return
    before = get()
    branches = [(_MAIN, main), (_ELSE, other)]
    try:
        merged = _traced(state, before, strict, live, pred, branches)
    except _Swap:
        put(before)
        flipped = logical_not(pred)
        merged = _traced(state, before, strict, live, flipped, branches[::-1])
    put((*merged, *before[live:]))


def _traced(
    state: State,
    before: Values,
    strict: int,
    live: int,
    pred: Any,
    branches: list[tuple[str, Callable[[], None]]],
) -> list[Any]:
    """Trace both branches; return what the variables hold after them."""
    merge = _Merge(state, before, strict, live, [label for label, _ in branches])

    def first() -> list[Any]:
        state.put(before)
        branches[0][1]()
        return merge.first(state.get()[:live])

    def second() -> list[Any]:
        state.put(before)
        branches[1][1]()
        return merge.second(state.get()[:live])

    return merge.results(control.cond(pred, first, second))


class _Merge:
    """Brings the variables of two branches together."""

    def __init__(
        self, state: State, before: Values, strict: int, live: int, labels: list[str]
    ) -> None:
        self.state = state
        self.before = before[:live]
        self.strict = strict
        self.labels = labels
        self.one: Values = ()
        self.two: Values = ()
        self.tensors: list[list[Any]] = []

    def first(self, values: Values) -> list[Any]:
        """The outputs of the branch traced first."""
        self.one = values
        self.tensors = []
        out: list[Any] = []
        for i, value in enumerate(values):
            if value is UNSET and self.state.is_result(i):
                if self.labels[0] == _MAIN:
                    raise _Swap
            leaves = [] if value is UNSET else flatten(value)
            tensors = [tensor_of(leaf) for leaf in leaves if is_number(leaf)]
            self.tensors.append(tensors)
            out += tensors
        return out

    def second(self, values: Values) -> list[Any]:
        """The outputs of the other branch, checked against the first's."""
        self.two = values
        out: list[Any] = []
        for i, (one, two) in enumerate(zip(self.one, values, strict=True)):
            if one is UNSET or two is UNSET:
                out += self._half_set(i, one, two)
            else:
                out += self._matched(i, one, two)
        return out

    def _half_set(self, i: int, one: Any, two: Any) -> list[Any]:
        """A variable that has a value after one branch only, or after none."""
        lacking = self.labels[0 if one is UNSET else 1]
        if one is two:
            return []
        if self.state.is_result(i) and two is UNSET:
            return [_zeros(t, self.state, i) for t in self.tensors[i]]
        if i < self.strict and not self.state.is_result(i):
            raise self.state.error(
                ValueError,
                i,
                f"must also be initialized in the {lacking} branch",
                f"Set it before the if, or in the {lacking} branch too",
            )
        # nobody is sure to read it: it is unset afterwards
        return [_zeros(t, self.state, i) for t in self.tensors[i]]

    def _matched(self, i: int, one: Any, two: Any) -> list[Any]:
        state, (label, other) = self.state, self.labels
        for value, where, against in ((one, label, two), (two, other, one)):
            if value is None and against is not None:
                raise self._none(i, where)
        why = same_structure(one, two)
        if why:
            raise state.error(
                TypeError,
                i,
                "must have the same nested structure in the main and else branches"
                f" ({why})",
            )
        out: list[Any] = []
        tensors = iter(self.tensors[i])
        for a, b in zip(flatten(one), flatten(two), strict=True):
            if is_number(a) and is_number(b):
                out.append(self._agreed(i, next(tensors), tensor_of(b)))
            elif is_number(a) != is_number(b) or not (a is b or a == b):
                raise state.error(
                    TypeError,
                    i,
                    f"is {_kind(a)} in the {label} branch, but {_kind(b)} in the"
                    f" {other} branch",
                    "Only tensors and numbers may depend on a tensor",
                )
        return out

    def _none(self, i: int, where: str) -> Any:
        if self.state.is_result(i):
            return self.state.error(
                ValueError,
                i,
                f"is missing: the {where} branch must also have a return statement",
            )
        return self.state.error(
            ValueError, i, f"is None at the end of the {where} branch"
        )

    def _agreed(self, i: int, a: Any, b: Any) -> Any:
        one, two = spec_text(a), spec_text(b)
        if one is not None and two is not None and one.dtype is not two.dtype:
            label, other = self.labels
            if label == _ELSE:
                one, two = two, one
                label, other = other, label
            raise self.state.error(
                TypeError,
                i,
                f"has dtype {one.dtype.name} in the {label} branch, but dtype"
                f" {two.dtype.name} in the {other} branch",
                "Cast one of them with tf.cast",
            )
        return b

    def results(self, outputs: Any) -> list[Any]:
        """What the variables hold after the `If`, from its outputs."""
        left = list(outputs or ())
        found = []
        for i, (one, two) in enumerate(zip(self.one, self.two, strict=True)):
            mine, left = left[: len(self.tensors[i])], left[len(self.tensors[i]) :]
            found.append(self._result(i, one, two, iter(mine)))
        return found

    def _result(self, i: int, one: Any, two: Any, outputs: Any) -> Any:
        if one is UNSET or two is UNSET:
            keeps = self.state.is_result(i) and one is not UNSET
            return pack(one, [*outputs]) if keeps and is_flat(one) else UNSET
        leaves = []
        for a, b in zip(flatten(one), flatten(two), strict=True):
            if not is_number(a):
                leaves.append(a)
                continue
            output = next(outputs)
            leaves.append(a if self._is_same(i, a, b) else output)
        return pack(one, leaves)

    def _is_same(self, i: int, a: Any, b: Any) -> bool:
        """Whether a leaf is Python's and the same after both branches."""
        if isinstance(a, str | bytes):
            return type(a) is type(b) and a == b
        if self.state.is_made(i) and type(a) is bool and type(b) is bool:
            return a is b
        return a is b and any(a is c for c in flatten(self.before[i]))


def is_flat(value: Any) -> bool:
    """Whether all leaves of a value are tensors or numbers."""
    return all(is_number(leaf) for leaf in flatten(value))


def _zeros(tensor: Any, state: State, i: int) -> Any:
    spec = spec_text(tensor)
    if spec is None:
        raise state.error(ValueError, i, "must be set in both branches")
    return zeros_like_spec(spec)


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def condition(test: Any, what: str, place: str = "") -> Any:
    """A scalar bool tensor.

    Raises:
        ValueError: where it has another type or a shape.
    """
    tensor = to_tensor(test)
    shape = tensor.shape
    if tensor.dtype.name == "bool" and shape.rank in (0, None):
        return tensor
    fix = "" if tensor.dtype.name == "bool" else "To use as a boolean, use tf.cast; t"
    fix = f"{fix or 'T'}o check for None, use `is not None`"
    raise ValueError(
        house_message(
            "autograph",
            f"condition of {what} expected to be `tf.bool` scalar",
            f"got {test!r}" + (f" at {place}" if place else ""),
            fix,
        )
    )


def if_exp(test: Any, main: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """``main if test else other``.

    Returns:
        The value of one; a tensor where the condition is one of a graph.
    """
    code: Any = main
    place = f"{code.__code__.co_filename}:{code.__code__.co_firstlineno}"
    traced = is_traced(test)
    pred = condition(test, "conditional expression", place) if traced else test
    holds = truth(pred)
    if holds is not None:
        return main() if holds else other()
    found: dict[int, Any] = {}

    def branch(number: int, run: Callable[[], Any]) -> Callable[[], list[Any]]:
        def traced() -> list[Any]:
            found[number] = value = run()
            leaves = [tensor_of(leaf) for leaf in flatten(value) if is_number(leaf)]
            if number:
                _check_alike(found[0], value, leaves, place)
            return leaves

        return traced

    outputs = iter(control.cond(pred, branch(0, main), branch(1, other)) or ())
    leaves = [next(outputs) if is_number(a) else a for a in flatten(found[0])]
    return pack(found[0], leaves)


def _check_alike(one: Any, two: Any, leaves: list[Any], place: str) -> None:
    why = same_structure(one, two)
    firsts = [tensor_of(a) for a in flatten(one) if is_number(a)]
    if not why and len(firsts) != len(leaves):
        why = f"one is {_kind(one)}, the other {_kind(two)}"
    for a, b in zip(firsts, leaves, strict=False):
        specs = spec_text(a), spec_text(b)
        if why or specs[0] is None or specs[1] is None:
            break
        if specs[0].dtype is not specs[1].dtype:
            why = (
                f"it has dtype {specs[0].dtype.name} in the main branch, but dtype"
                f" {specs[1].dtype.name} in the else branch"
            )
    if why:
        raise TypeError(
            house_message(
                "autograph",
                f"both values of a conditional expression must be alike ({why})",
                place,
            )
        )
