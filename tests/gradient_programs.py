"""Functions with gradients of their own, for rillet and the real TensorFlow alike.

`tests/saved_model/test_custom_gradients.py` saves and loads them with rillet;
`tests/foreign/test_custom_gradients.py` loads what rillet saved with TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: What TensorFlow cannot differentiate once it is loaded, its own files included:
#: gradients that take tensors computed in a branch or in a round of a loop.
INSIDE = ("branch_tensor", "round_tensor", "branch_twice", "outer_in_branch")


def programs(tf: Any) -> dict[str, tuple[Callable[..., Any], bool]]:
    """The functions of one vector and a variable ``w``, and whether to go twice."""

    @tf.custom_gradient
    def seven(x):
        return x * x, lambda g: 7.0 * g

    @tf.custom_gradient
    def softened(x):
        e = tf.exp(x)
        return tf.math.log(1 + e), lambda g: g * (1 - 1 / (1 + e)) * 3.0

    @tf.custom_gradient
    def steered(g, x):
        return g * x * 10.0, lambda h: (h * 100.0, h * g * 1000.0)

    @tf.custom_gradient
    def cubed(x):
        return x**3, lambda g: steered(g, x)

    @tf.custom_gradient
    def crossed(x, y):
        return (x * y, x + y), lambda g, h: (g * 2 + h * 3, g * 5 + h * 11)

    @tf.custom_gradient
    def itself(x):
        return tf.exp(x), lambda g: g * itself(x) * 2.0

    @tf.custom_gradient
    def closed(x):
        return x * 2.0, lambda g: None

    def with_variable(x, w):
        @tf.custom_gradient
        def f(x):
            def grad(g, variables=None):
                return g * 6.0, [g * 8.0 * x for _ in variables]

            return x * w, grad

        return f(x)

    def after_a_write(x, w):
        @tf.custom_gradient
        def f(x):
            def grad(g, variables=None):
                return g * w, [g * x * 9.0 for _ in variables]

            return x * w, grad

        w.assign(w * 1.0)
        return f(x)

    def before(x, w):
        c = tf.cos(x)

        @tf.custom_gradient
        def f(x):
            return x * 2.0, lambda g: g * c

        return f(x)

    def rows(x, w):
        @tf.custom_gradient
        def f(x):
            def grad(g):
                return tf.IndexedSlices(g * 3.0, tf.constant([0, 0]), tf.shape(x))

            return tf.gather(x, [0, 0]), grad

        return f(x)

    def whole_numbers(x, w):
        @tf.custom_gradient
        def f(x, n):
            return x * tf.cast(n, x.dtype), lambda g: (g * 4.0, None)

        return f(x, tf.constant([3, 4]))

    def loop_in_gradient(x, w):
        @tf.custom_gradient
        def f(x):
            def grad(g):
                return tf.while_loop(
                    lambda i, a: i < 3, lambda i, a: (i + 1, a * x), (0, g)
                )[1]

            return x * 2.0, grad

        return f(x)

    def rounds(x, w):
        return tf.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, 0.1 * seven(y)), (0, x)
        )[1]

    def outer_in_loop(x, w):
        c = tf.cos(x)

        @tf.custom_gradient
        def f(x):
            return x * 2.0, lambda g: g * c

        return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, f(y)), (0, x))[1]

    def round_tensor(x, w):
        return tf.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, softened(y)), (0, x)
        )[1]

    def branch_tensor(x, w):
        return tf.cond(tf.reduce_sum(x) < 9, lambda: softened(x), lambda: seven(x))

    inner = tf.function(branch_tensor)

    def branch_twice(x, w):
        return inner(x, w) + inner(x * 2.0, w)

    def outer_in_branch(x, w):
        c = tf.cos(x)

        @tf.custom_gradient
        def f(x):
            return x * 2.0, lambda g: g * c

        return tf.cond(tf.reduce_sum(x) < 9, lambda: f(x), lambda: x)

    def stacked(x, w):
        @tf.custom_gradient
        def f(x):
            y = softened(x)
            return y * 2.0, lambda g: g * y

        return f(x)

    def gradient_inside(x, w):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = softened(x * w)
        return tape.gradient(y, x)

    def recomputed(x, w):
        return tf.recompute_grad(lambda x: tf.sin(x * w))(x)

    return {
        "plain": (lambda x, w: seven(x), False),
        "captured": (lambda x, w: softened(x), True),
        "twice": (lambda x, w: softened(x) * softened(2.0 * x), True),
        "nested": (lambda x, w: cubed(x), True),
        "several": (lambda x, w: crossed(x, 3.0 * x), False),
        "one_of_several": (lambda x, w: crossed(x, 3.0 * x)[1], False),
        "itself": (lambda x, w: itself(x), False),
        "closed": (lambda x, w: closed(x) + x, False),
        "with_variable": (with_variable, False),
        "after_a_write": (after_a_write, False),
        "before": (before, True),
        "rows": (rows, False),
        "whole_numbers": (whole_numbers, False),
        "loop_in_gradient": (loop_in_gradient, False),
        "rounds": (rounds, False),
        "outer_in_loop": (outer_in_loop, False),
        "round_tensor": (round_tensor, False),
        "branch_tensor": (branch_tensor, False),
        "branch_twice": (branch_twice, False),
        "outer_in_branch": (outer_in_branch, False),
        "stacked": (stacked, True),
        "gradient_inside": (gradient_inside, False),
        "recomputed": (recomputed, True),
        "passed": (lambda x, w: tf.grad_pass_through(tf.round)(x) * x, True),
    }


def made(tf: Any) -> Any:
    """A module with all of them as functions."""
    module = tf.Module()
    module.w = tf.Variable([2.0, 3.0], name="w")
    spec = [tf.TensorSpec([None], tf.float32)]

    def function(f: Callable[..., Any]) -> Any:
        return tf.function(lambda x: f(x, module.w), input_signature=spec)

    for name, (f, _) in programs(tf).items():
        setattr(module, name, function(f))
    return module


def gradients(tf: Any, module: Any, name: str, again: bool = False) -> list[Any]:
    """The gradients of a function by its argument and ``w``, and the second one."""
    x = tf.constant([0.5, 1.25])
    with tf.GradientTape() as outer:
        if again:
            outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = getattr(module, name)(x)
        found = tape.gradient(y, [x, module.w])
    if again:
        found.append(outer.gradient(found[0], x))
    return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]
