"""Programs that cannot be traced: TensorFlow's class, the variable, file and line."""

from __future__ import annotations

import re
from typing import Any

import pytest

import rillet as tf


def unset_in_else(x):
    if x > 0:
        y = 1
    return y


def unset_in_main(x):
    if x > 0:
        x = x + 1
    else:
        y = 1
    return y


def other_dtype(x):
    if x > 0:
        y = 1
    else:
        y = 2.0
    return y


def other_dtype_swapped(x):
    if x > 0:
        y = 2.0
    else:
        y = 1
    return y


def none_in_main(x):
    if x > 0:
        y = None
    else:
        y = x
    return y


def no_return(x):
    if x > 0:
        return 1


def no_return_in_main(x):
    if x > 0:
        x = x + 1
    else:
        return x


def other_structure(x):
    y = [x]
    if x > 0:
        y = [x, x]
    return y


def other_object(x):
    y = frozenset([1])
    if x > 0:
        y = frozenset([2])
    return x, y


def dtype_changes(x):
    y = tf.constant(1)
    while x > 0:
        y = 1.5
        x -= 1
    return y


def shape_changes(x):
    y = tf.constant([1])
    for _ in tf.range(x):
        y = tf.concat([y, [1]], 0)
    return y


def structure_changes(x):
    y = (x, x)
    while x > 0:
        y = (y, x)
        x -= 1
    return y


def becomes_none(x):
    y = x
    while x > 0:
        y = None
        x -= 1
    return y


def read_before_set(x):
    while x > 0:
        z = z + 1 if x > 2 else 1  # noqa: F821
        x -= 1
    return z


def object_or_none(x):
    o = None
    while x > 0:
        if o is None:
            o = object()
        x -= 1
    return x, o


def number_as_condition(x):
    if x:
        return 1
    return 2


def number_as_loop_condition(x):
    while x:
        x = x - 1
    return x


def number_before_and(x):
    return x and x > 2


def conditional_of_two_types(x):
    return 1 if x > 0 else 2.0


def vector_as_condition(x):
    if tf.stack([x, x]) > 0:
        return 1
    return 2


def over_a_scalar(x):
    for v in x:
        x = x + v
    return x


def endless_iterator(x):
    total = 0
    for i in iter(int, 1):
        if total > x:
            break
        total += i + 1
    return total


ROWS = [
    (unset_in_else, 1, ValueError, "'y' must also be initialized in the else branch"),
    (unset_in_main, 1, ValueError, "'y' must also be initialized in the main branch"),
    (
        other_dtype,
        1,
        TypeError,
        "'y' has dtype int32 in the main branch, but dtype float32 in the else branch",
    ),
    (
        other_dtype_swapped,
        1,
        TypeError,
        "'y' has dtype float32 in the main branch, but dtype int32 in the else branch",
    ),
    (none_in_main, 1, ValueError, "'y' is None at the end of the main branch"),
    (no_return, 1, ValueError, "the else branch must also have a return statement"),
    (
        no_return_in_main,
        1,
        ValueError,
        "the main branch must also have a return statement",
    ),
    (
        other_structure,
        2,
        TypeError,
        "'y' must have the same nested structure in the main and else branches",
    ),
    (other_object, 2, TypeError, "'y' is a frozenset in the main branch, but a"),
    (
        dtype_changes,
        2,
        TypeError,
        "'y' has dtype int32 before the loop, but dtype float32 after one iteration",
    ),
    (
        shape_changes,
        2,
        ValueError,
        "'y' has shape (1,) before the loop, but shape (2,) after one iteration",
    ),
    (
        structure_changes,
        2,
        TypeError,
        "'y' must keep its nested structure from iteration to iteration",
    ),
    (becomes_none, 2, ValueError, "'y' is None at the end of an iteration"),
    (read_before_set, 1, ValueError, "'z' must be defined before the loop"),
    (object_or_none, 2, ValueError, "'o' is not allowed to be None before the loop"),
    (number_as_condition, 1, ValueError, "if statement expected to be `tf.bool`"),
    (number_as_loop_condition, 1, ValueError, "while statement expected to be"),
    (number_before_and, 1, ValueError, "condition of and expected to be `tf.bool`"),
    (
        conditional_of_two_types,
        1,
        TypeError,
        "dtype int32 in the main branch, but dtype float32 in the else branch",
    ),
    (vector_as_condition, 1, ValueError, "check for None, use `is not None`"),
    (over_a_scalar, 1, ValueError, "Cannot iterate over a scalar tensor"),
    (
        endless_iterator,
        2,
        NotImplementedError,
        "a Python iterator of unknown length",
    ),
]
PLACED = (number_before_and, over_a_scalar)


@pytest.mark.parametrize(
    "fn, line, kind, text", ROWS, ids=[row[0].__name__ for row in ROWS]
)
def test_refused(fn: Any, line: int, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=re.escape(text)) as caught:
        tf.function(fn)(tf.constant(3))
    assert type(caught.value) is kind
    if fn not in PLACED:
        at = fn.__code__.co_firstlineno + line
        assert f"{__file__}:{at}" in str(caught.value)


UNUSED = [
    # set by one branch, wanted by nobody
    (lambda x: unused_after_if(x), 4),
    (lambda x: unused_after_loop(x), 0),
]


def unused_after_if(x):
    if x > 0:
        t = x + 1
        x = t
    return x


def unused_after_loop(x):
    while x > 0:
        t = object()
        x -= 1
        del t
    return x


@pytest.mark.parametrize("fn, wanted", UNUSED)
def test_what_nobody_reads_may_differ(fn: Any, wanted: int) -> None:
    assert int(tf.function(fn)(tf.constant(3))) == wanted


def test_a_failed_trace_leaves_nothing_behind() -> None:
    with pytest.raises(ValueError, match="must also be initialized"):
        tf.function(unset_in_else)(tf.constant(3))
    assert tf.executing_eagerly()
    assert int(tf.function(unused_after_if)(tf.constant(3))) == 4
