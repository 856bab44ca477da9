"""Lists become arrays without a call of Python for every element."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import rillet as tf

LONG = 5000


def calls_of(value: object) -> int:
    """How many functions, Python's and C's, a conversion calls."""
    seen = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    tf.constant(value)
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        tf.constant(value)
    finally:
        sys.setprofile(before)
    return seen


@pytest.mark.parametrize(
    "value",
    [
        list(range(LONG)),
        [0.5] * LONG,
        [1, 2.5] * LONG,
        ["text"] * 3,
        [[0.5] * 500] * 10,
    ],
    ids=["ints", "floats", "mixed", "strings", "nested"],
)
def test_conversion_calls_nothing_for_each_element(value):
    assert calls_of(value) < 500


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([1, 2.0, True], "float32"),
        ([1.0, True, 2], "float32"),
        ([1, True], "int32"),
        ([True, False], "bool"),
        ([[1j, 2.0], [3, True]], "complex128"),
        ([(1, 2), [3, 4]], "int32"),
        ([2**40, 1], "int64"),
        (1e300 * 0.0, "float32"),
        (float("inf"), "float32"),
        (3.4e38, "float32"),
    ],
)
def test_kinds_that_go_together(value, dtype):
    assert tf.constant(value).dtype.name == dtype


@pytest.mark.parametrize(
    "value",
    [
        [True, 1],
        [True, 1.0],
        [1, "a"],
        [1.0, 1j],
        [[1, 2], ["a", "b"]],
        [None, 1],
        [[True, False], [1, 2]],
        1e39,
        [1e39],
    ],
)
def test_kinds_that_do_not(value):
    with pytest.raises((ValueError, TypeError)):
        tf.constant(value)


def test_tensors_deep_inside_lists_are_stacked():
    x = tf.Variable(2)
    found = tf.constant([[1, 2], (tf.constant(3), x)])
    np.testing.assert_array_equal(found, [[1, 2], [3, 2]])
