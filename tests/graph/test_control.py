"""Branches, loops and host calls: traced against eager, to second order.

Each row is a function of a vector ``[1, 2, 3]``; eager Python is the expected value,
since there a loop is nothing but its ops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

START = np.array([1.0, 2.0, 3.0], np.float32)


def power(x: Any) -> Any:
    return tf.while_loop(
        lambda i, a: i < 5, lambda i, a: (i + 1, a * x), (0, tf.ones([3]))
    )[1]


def capped(x: Any) -> Any:
    return tf.while_loop(lambda a: True, lambda a: [a * x], [x], maximum_iterations=3)[
        0
    ]


def nested(x: Any) -> Any:
    def body(i: Any, s: Any) -> Any:
        s = tf.cond(i % 2 == 0, lambda: s * x[0], lambda: s + x[1] * x[1])
        _, s = tf.while_loop(
            lambda j, s: j < i, lambda j, s: (j + 1, s * x[2]), (tf.constant(0), s)
        )
        return i + 1, s

    return tf.while_loop(lambda i, s: i < 4, body, (tf.constant(0), tf.constant(1.0)))[
        1
    ]


def arrays(x: Any) -> Any:
    ta = tf.TensorArray(tf.float32, size=3).unstack(x)

    def body(i: Any, ta: Any) -> Any:
        return i + 1, ta.write(i, ta.read(i) * ta.read(0))

    return tf.while_loop(lambda i, ta: i < 3, body, (tf.constant(1), ta))[1].stack()


def growing(x: Any) -> Any:
    ta = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    _, ta = tf.while_loop(
        lambda i, ta: i < 3, lambda i, ta: (i + 1, ta.write(i, x[i] ** 3)), (0, ta)
    )
    return ta.stack()


@tf.custom_gradient
def squared(a: Any) -> Any:
    return a * a, lambda g: g * 100.0 * a


inner = tf.function(lambda a: tf.reduce_sum(squared(a) * a))

ROWS: dict[str, Callable[..., Any]] = {
    "cond": lambda x: tf.cond(x[0] > 0, lambda: x * x, lambda: -x),
    "cond other": lambda x: tf.cond(x[0] > 9, lambda: x * x, lambda: -x * x * x),
    "cond nest": lambda x: tf.cond(
        x[0] > 0, lambda: {"a": x * x, "b": (x[0],)}, lambda: {"a": x, "b": (x[1],)}
    )["a"],
    "case": lambda x: tf.case(
        [(x[0] > 5, lambda: x[0]), (x[0] > 0, lambda: x[1] * x[1] * x[0])],
        default=lambda: x[2],
    ),
    "switch": lambda x: tf.switch_case(
        tf.cast(x[1], tf.int32), [lambda: x[0], lambda: x[1], lambda: x[2] ** 3]
    ),
    "switch default": lambda x: tf.switch_case(
        tf.cast(x[2], tf.int32), [lambda: x[0]], default=lambda: x[1] ** 2
    ),
    "while": power,
    "while capped": capped,
    "nested": nested,
    "map_fn": lambda x: tf.map_fn(lambda v: v * v * v, x),
    "map_fn nest": lambda x: tf.map_fn(
        lambda p: p[0] * p[1], (x, x * x), fn_output_signature=tf.float32
    ),
    "vectorized_map": lambda x: tf.vectorized_map(lambda v: tf.sin(v) * x, x),
    "scan": lambda x: tf.scan(lambda a, v: a * v, x),
    "scan reverse": lambda x: tf.scan(
        lambda a, v: a * v, x, initializer=tf.constant(2.0), reverse=True
    ),
    "foldl": lambda x: tf.foldl(lambda a, v: a * v, x),
    "foldr": lambda x: tf.foldr(lambda a, v: a * v + a, x),
    "TensorArray": arrays,
    "TensorArray grows": growing,
    "py_function": lambda x: tf.py_function(lambda v: v * v * v, [x], tf.float32),
    "custom gradient": lambda x: squared(x) * x,
    "custom gradient in a function": lambda x: inner(x) * x[0],
}


def derivatives(function: Callable[..., Any], x: Any) -> list[Any]:
    """The value, its gradient, and the gradient of that."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(function(x) ** 2)
        g = tape.gradient(y, x)
    return [y, g, outer.gradient(g, x)]


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
@pytest.mark.parametrize("name", ROWS)
def test_traced_equals_eager(name: str, inside: bool) -> None:
    function, x = ROWS[name], tf.constant(START)
    want = derivatives(function, x)
    if inside:
        have = tf.function(lambda x: derivatives(function, x), autograph=False)(x)
    else:
        have = derivatives(tf.function(function, autograph=False), x)
    for a, b in zip(have, want, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-5)


def test_variables_are_written_in_loops_and_branches() -> None:
    v = tf.Variable(2.0)

    @tf.function(autograph=False)
    def function(n: Any) -> Any:
        def body(i: Any) -> Any:
            v.assign(v * 3.0 + 1.0)
            return (i + 1,)

        tf.while_loop(lambda i: i < n, body, (tf.constant(0),))
        tf.cond(n > 5, lambda: v.assign(0.0), lambda: v.assign_add(100.0))
        return v + 0.0

    assert float(function(tf.constant(2))) == 22.0 + 100.0
    assert float(v) == 122.0
    assert float(function(tf.constant(6))) == 0.0


def test_random_numbers_of_a_branch_are_the_same_on_the_way_back() -> None:
    """The gradient of the sum of dropped squares is 4x where it was kept, else 0."""
    x = tf.constant(START)

    @tf.function(autograph=False)
    def function() -> Any:
        return tf.cond(x[0] > 0, lambda: tf.nn.dropout(x * x, 0.5, seed=1), lambda: x)

    for _ in range(5):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function()
        g = tape.gradient(y, x).numpy()
        np.testing.assert_allclose(g, np.where(y.numpy() > 0, 4 * START, 0))


def test_host_calls_keep_their_place(capfd: Any) -> None:
    import sys

    v = tf.Variable(0.0)

    @tf.function
    def function() -> None:
        v.assign(1.0)
        tf.print("print", v, output_stream=sys.stdout)
        tf.py_function(lambda: print("python", v.numpy(), flush=True), [], [])
        v.assign_add(1.0)
        tf.print("print", v, output_stream=sys.stdout)

    function()
    assert capfd.readouterr().out.split("\n")[:3] == [
        "print 1",
        "python 1.0",
        "print 2",
    ]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: tf.cond(x, 1, lambda: x), TypeError, "true_fn must be callable"),
        (lambda x: tf.cond(x, lambda: x, lambda: x), TypeError, "must be a boolean"),
        (
            lambda x: tf.cond(x > 0, lambda: x, lambda: 1),
            TypeError,
            "must return the same types",
        ),
        (
            lambda x: tf.cond(x > 0, lambda: x, lambda: (x, x)),
            ValueError,
            "must return the same structure",
        ),
        (
            lambda x: tf.while_loop(
                lambda a: tf.reduce_sum(a) < 9,
                lambda a: [tf.concat([a, a], 0)],
                [tf.reshape(x, [1])],
            ),
            ValueError,
            r"enters the loop with shape \(1,\), but has shape \(2,\)",
        ),
        (
            lambda x: tf.while_loop(
                lambda a: a < 9, lambda a: [tf.cast(a, "int32")], [x]
            ),
            TypeError,
            "its own type",
        ),
        (lambda x: tf.while_loop(lambda: x, lambda: x, []), ValueError, "No loop var"),
        (lambda x: tf.switch_case(0, []), ValueError, "must not be empty"),
        (lambda x: tf.map_fn(3, x), TypeError, "not callable"),
        (lambda x: tf.map_fn(lambda v: v, x), ValueError, "not scalars"),
    ],
)
def test_refused(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        tf.function(call, autograph=False)(tf.constant(1.0))


def test_shapes_may_change_where_that_is_said() -> None:
    @tf.function(autograph=False)
    def function(x: Any) -> Any:
        return tf.while_loop(
            lambda a: tf.size(a) < 9,
            lambda a: [tf.concat([a, a], 0)],
            [x],
            shape_invariants=[tf.TensorShape([None])],
        )[0]

    assert function(tf.constant([1.0])).shape.as_list() == [16]


def _written(count: Any, x: Any) -> Any:
    rows = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(count):
        rows = rows.write(i, x * 2.0)
    return rows


def test_an_array_knows_after_a_loop_what_was_written_in_it() -> None:
    seen = []

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def stacked(count: Any) -> Any:
        rows = _written(count, tf.ones([3, 4]))
        seen.append((rows.element_shape.as_list(), rows.stack().shape.as_list()))
        return rows.stack(), rows.concat()

    assert [y.shape.as_list() for y in stacked(2)] == [[2, 3, 4], [6, 4]]
    assert [y.shape.as_list() for y in stacked(0)] == [[0, 3, 4], [0, 4]]
    assert seen == [([3, 4], [None, 3, 4])]


@pytest.mark.parametrize("method", ["stack", "concat"])
def test_no_elements_of_unknown_shape_make_no_tensor(method: str) -> None:
    # TensorFlow 2.21 refuses both; a program that knows the sizes need not
    @tf.function(
        input_signature=[tf.TensorSpec([], tf.int32), tf.TensorSpec([None, None])],
        jit_compile=False,
    )
    def made(count: Any, x: Any) -> Any:
        return getattr(_written(count, x), method)()

    x = tf.ones([3, 4])
    assert made(2, x).shape[-1] == 4
    words = f"Tried to {method} elements of an empty list with non-fully-defined"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        made(0, x)
