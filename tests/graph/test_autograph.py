"""Converted functions: as Python's own over values, and traced over tensors.

Every row is run four ways on the same arguments: as it is and converted, on Python
values and traced over tensors. Python itself is the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.backends.reference import ReferenceProgram
from rillet.core import nest
from rillet.core.spec import Spec
from rillet.graph import autograph
from rillet.graph.trace import Tracer


def traced(fn: Callable[..., Any], *args: Any, unknown: bool = False) -> Any:
    """Trace the converted function over tensors, and run the graph."""
    tensors = [tf.constant(a) for a in args]
    with Tracer("test") as tracer:
        specs = [
            Spec((None,) * t.ndim if unknown else t.shape._dims, t.dtype)
            for t in tensors
        ]
        places = [tracer.graph.placeholder(spec) for spec in specs]
        found = autograph.convert(fn)(*places)
        leaves = nest.flatten(found)
        outputs = [tracer.lift(tf.convert_to_tensor(x)) for x in leaves]
    tracer.graph.outputs = outputs
    tracer.graph.writes = tracer.written()
    tracer.graph.inputs = [*places, *[inner for _, inner in tracer.graph.captures]]
    program = ReferenceProgram(tracer.graph, outputs)
    captured = [outer._array for outer, _ in tracer.graph.captures]
    results = program([*[t._array for t in tensors], *captured])
    return nest.pack_sequence_as(found, results)


def plain(value: Any) -> Any:
    """A result as Python's own numbers and lists."""
    leaves = [np.asarray(x).tolist() for x in nest.flatten(value)]
    return nest.pack_sequence_as(value, leaves)


# The programs. Each takes numbers or tensors and works as plain Python on both.


def both_branches(x):
    if x > 2:
        y = x * 10
    else:
        y = x - 1
    return y


def only_one_branch_changes(x):
    y = x
    if x > 2:
        y = y + 5
    return y


def elif_chain(x):
    if x < 0:
        sign = -1
    elif x == 0:
        sign = 0
    elif x < 10:
        sign = 1
    else:
        sign = 2
    return sign


def early_return(x):
    if x > 3:
        return x * 2
    x = x + 1
    if x > 3:
        return x * 3
    return x


def return_in_nested_branches(x, y):
    if x > 0:
        if y > 0:
            return x + y
        x = x + 100
    else:
        if y < 0:
            return x - y
    z = x * y
    return z


def local_to_a_branch(x):
    if x > 1:
        t = x * 2
        y = t + 1
    else:
        y = x
    return y


def old_value_in_the_other_branch(x):
    t = x
    if x > 1:
        t = t * 2
        y = t
    else:
        y = t - 1
    return y


def while_count(n):
    total = 0
    i = 0
    while i < n:
        total += i
        i += 1
    return total, i


def while_break(n):
    i = 0
    while True:
        if i * i >= n:
            break
        i += 1
    return i


def while_continue(n):
    total = 0
    while n > 0:
        n -= 1
        if n % 2 == 0:
            continue
        total += n
    return total


def while_return(n):
    while n > 0:
        n -= 3
        if n == 2:
            return n * 10
    return n - 100


def while_else(n):
    found = 0
    while n > 1:
        if n % 3 == 0:
            found = n
            break
        n -= 1
    else:
        found = -1
    return found


def collatz(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def range_sum(n):
    total = 0
    for i in range(n):
        total += i
    return total


def range_with_step(n):
    total = 0
    for i in range(1, n, 3):
        total += i * i
    return total


def range_down(n):
    last = 0
    for i in range(n, 0, -2):
        last = last * 10 + i
    return last


def nested_loops(n):
    total = 0
    for i in range(n):
        for j in range(i):
            if j == 3:
                break
            if (i + j) % 2 == 0:
                continue
            total += i * j
    return total


def for_else(n):
    found = -1
    for i in range(2, n):
        if n % i == 0:
            found = i
            break
    else:
        found = 0
    return found


def return_in_for(n):
    for i in range(n):
        if i * i > 10:
            return i
    return -1


def return_in_inner_loop(n):
    for i in range(n):
        for j in range(i):
            if i * j == 6:
                return i * 10 + j
    return -1


def python_range_and_break(x):
    total = 0
    for i in range(5):
        if total > x:
            break
        total += i
    return total


def boolean_words(x, y):
    a = 1 if x > 0 and y > 0 else 0
    b = 1 if x > 0 or y > 0 else 0
    c = 1 if not x > 0 else 0
    d = 1 if 0 < x < y < 10 else 0
    return a, b, c, d


def conditional_expression(x):
    return x * 2 if x > 1 else (x - 1 if x > 0 else x)


def guarded_by_and(x, y):
    if y != 0 and x // y > 1:
        return 1
    return 0


def nested_function(x):
    def inner(v):
        if v > 1:
            return v * 2
        return v

    return inner(x) + inner(x - 2)


def closure_is_written(x):
    count = 0

    def add(v):
        nonlocal count
        if v > 1:
            count = count + 1
        else:
            count = count + 10
        return v

    add(x)
    add(x - 2)
    return count


def with_lambda(x):
    f = lambda v: v if v > 1 else -v  # noqa: E731
    return f(x) + f(x - 2)


def helper(v):
    if v > 1:
        return v * 7
    return v


def calls_a_helper(x):
    return helper(x) + helper(x - 2)


def tuples_and_dicts(x):
    state = {"a": x, "b": (x, x + 1)}
    if x > 1:
        state = {"a": x * 2, "b": (x, x)}
    return state


def attribute_of_an_object(x):
    class Box:
        pass

    box = Box()
    box.value = x
    if x > 1:
        box.value = x * 2
    i = 0
    while i < x:
        box.value = box.value + 1
        i += 1
    return box.value


def entry_of_a_dict(x):
    state = {"n": x}
    if x > 1:
        state["n"] = state["n"] + 10
    return state["n"]


def try_finally(x):
    y = 0
    try:
        if x > 1:
            y = 1
        else:
            y = 2
    finally:
        y = y + 10
    return y


def return_in_try(x):
    try:
        if x > 1:
            return x
        x = x + 5
    except ValueError:
        return x
    return x * 2


def unpacking(x):
    a, (b, *c) = x, (x + 1, x + 2, x + 3)
    if x > 1:
        a, b = b, a
    return a, b, c


def walrus(x):
    if (y := x * 2) > 4:
        y = y + 1
    return y


def builtins(x, y):
    return max(x, y), min(x, y, 3), abs(x - y), sum([x, y]), int(x), float(y)


def any_and_all(x, y):
    return int(any([x > 1, y > 1])), int(all([x > 1, y > 1]))


def match_statement(x):
    kind = "double"
    match kind:
        case "double" if True:
            if x > 1:
                x = x * 2
        case _:
            x = x * 3
    return x


def deleted(x):
    y = x
    if x > 1:
        t = y
        del t
    else:
        t = 0
    return y


PAIRS = [(3, 4), (0, 5), (-2, -3), (2, 0), (-1, 3)]
NUMBERS = [0, 1, 2, 3, 5, 9, 12]
OVER_NUMBERS = [
    both_branches,
    only_one_branch_changes,
    elif_chain,
    early_return,
    local_to_a_branch,
    old_value_in_the_other_branch,
    while_count,
    while_break,
    while_continue,
    while_return,
    while_else,
    range_sum,
    range_with_step,
    range_down,
    nested_loops,
    for_else,
    return_in_for,
    return_in_inner_loop,
    python_range_and_break,
    conditional_expression,
    nested_function,
    closure_is_written,
    with_lambda,
    calls_a_helper,
    tuples_and_dicts,
    attribute_of_an_object,
    entry_of_a_dict,
    try_finally,
    return_in_try,
    unpacking,
    walrus,
    match_statement,
    deleted,
]
OVER_PAIRS = [
    return_in_nested_branches,
    boolean_words,
    guarded_by_and,
    builtins,
    any_and_all,
]
ROWS = [(f, [(n,) for n in NUMBERS]) for f in OVER_NUMBERS]
ROWS += [(f, PAIRS) for f in OVER_PAIRS] + [(collatz, [(1,), (6,), (27,)])]


@pytest.mark.parametrize("fn, calls", ROWS, ids=[f.__name__ for f, _ in ROWS])
def test_python_values_stay_pythons(fn: Any, calls: Any) -> None:
    for args in calls:
        assert autograph.convert(fn)(*args) == fn(*args), args


@pytest.mark.parametrize("fn, calls", ROWS, ids=[f.__name__ for f, _ in ROWS])
def test_tensors_are_traced(fn: Any, calls: Any) -> None:
    for args in calls:
        assert plain(traced(fn, *args)) == plain(fn(*args)), args
