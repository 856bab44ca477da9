"""`while` and `for` statements, over Python values and over tensors.

A loop runs as Python's as long as its condition is Python's; from the first condition
that is a tensor of a graph on, what is left of it becomes one `While`, whose state are
the variables that the body changes and that are wanted again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from rillet.core import context
from rillet.core.errors import house_message
from rillet.graph.autograph.branches import condition, if_stmt
from rillet.graph.autograph.iterables import items_of
from rillet.graph.autograph.state import State, Values, is_traced
from rillet.graph.autograph.traced_loops import Loop, Options

_state = context.state


def loop_options(speaker: Any, **given: Any) -> Options:
    """What the call at a loop's start says, if it is one of `set_loop_options`."""
    return given if speaker is set_loop_options else {}


def set_loop_options(
    parallel_iterations: Any = None,
    swap_memory: Any = None,
    maximum_iterations: Any = None,
    shape_invariants: Any = None,
) -> None:
    """Say more about the loop in whose body this stands first.

    Args:
        parallel_iterations: accepted; rounds run one after another.
        swap_memory: accepted.
        maximum_iterations: the most rounds to run.
        shape_invariants: pairs of a variable and a shape with None for sizes that
            change from round to round.

    Example:
        >>> import rillet as tf
        >>> @tf.function
        ... def doubled(n):
        ...     x = tf.constant([1])
        ...     for _ in tf.range(n):
        ...         tf.autograph.experimental.set_loop_options(
        ...             shape_invariants=[(x, tf.TensorShape([None]))])
        ...         x = tf.concat([x, x], 0)
        ...     return x
        >>> doubled(2).numpy().tolist()
        [1, 1, 1, 1]
    """


def while_stmt(
    test: Callable[[], Any],
    body: Callable[[], None],
    get: Callable[[], Values],
    put: Callable[[Values], None],
    names: Sequence[str],
    carried: int,
    options: Callable[[], Options] | None,
    lists: Sequence[str] = (),
) -> None:
    """Run a loop while its condition is Python's; trace the rest.

    Args:
        test: gives the condition.
        body: runs one round.
        get: reads the variables that the loop changes.
        put: writes them.
        names: their names.
        carried: how many of them are wanted by the next round or after the loop.
        options: gives what `set_loop_options` said, where it was called.
        lists: the names of lists that the body appends to.
    """
    state = State(get, put, names)
    while True:
        holds = test()
        if is_traced(holds):
            break
        if not holds:
            return
        body()

    def holding() -> Any:
        return condition(test(), "while statement", state.place)

    Loop(state, carried, options, lists).run(holding, body)


def for_stmt(
    iterable: Any,
    test: Callable[[], Any],
    body: Callable[[Any], None],
    get: Callable[[], Values],
    put: Callable[[Values], None],
    names: Sequence[str],
    carried: int,
    options: Callable[[], Options] | None,
    lists: Sequence[str] = (),
) -> None:
    """Run a loop over an iterable of Python's, or trace one over tensors.

    Args:
        iterable: what to go through.
        test: whether to go on; asked before each round.
        body: runs one round on an item.
        get: reads the variables that the loop changes.
        put: writes them.
        names: their names.
        carried: how many of them are wanted by the next round or after the loop.
        options: gives what `set_loop_options` said, where it was called.
        lists: the names of lists that the body appends to.
    """
    items = items_of(iterable)
    if items is not None:
        Loop(State(get, put, names), carried, options, lists).run_over(
            items, test, body
        )
        return
    traced_loop = getattr(iterable, "_traced_for", None)
    if traced_loop is not None and _state.tracer is not None:
        loop = Loop(State(get, put, names), carried, options, lists)
        loop.run_by(traced_loop, test, body)
        return
    for item in iterable:
        going = test()
        if not is_traced(going):
            if not going:
                return
            body(item)
            continue
        _must_end(iterable, get)
        one_round = functools.partial(body, item)
        if_stmt(going, one_round, _no_round, get, put, names, carried, carried)


def _no_round() -> None:
    """What runs where a loop over a Python iterable ended before this item."""


def _must_end(iterable: Any, get: Any) -> None:
    """A loop that a tensor may end is written out to its end: it has to have one."""
    if not hasattr(iterable, "__len__"):
        code = get.__code__
        raise NotImplementedError(
            house_message(
                "autograph",
                "a break or return that depends on a tensor cannot end a loop over a"
                " Python iterator of unknown length",
                f"{code.co_filename}:{code.co_firstlineno}",
                "Loop over a list, a range or a tensor",
            )
        )
