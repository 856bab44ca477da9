"""Gradients that users write, stop or compute again."""

import weakref

import numpy as np
import pytest

import rillet as tf


def test_a_gradient_of_ones_own_is_used():
    @tf.custom_gradient
    def twice(x):
        return x * 2.0, lambda g: g * 100.0

    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = twice(x)
    assert y.numpy() == 6.0 and tape.gradient(y, x).numpy() == 100.0


def test_it_keeps_log1pexp_finite():
    """d/dx log(1 + e^x) is 1 at x = 100, where the plain formula gives NaN."""

    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.math.log(1 + e), lambda g: g * (1 - 1 / (1 + e))

    x = tf.constant(100.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        plain, stable = tf.math.log(1 + tf.exp(x)), log1pexp(x)
    assert np.isnan(tape.gradient(plain, x).numpy())
    assert tape.gradient(stable, x).numpy() == 1.0


def test_it_differentiates_again():
    @tf.custom_gradient
    def cube(x):
        return x**3, lambda g: g * 3 * x**2

    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = cube(x)
        first = inner.gradient(y, x)
    assert first.numpy() == 12.0
    assert outer.gradient(first, x).numpy() == 12.0


def test_it_differentiates_what_was_computed_inside():
    """The derivative of the logistic function at 1 is e / (1 + e)²."""

    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.math.log(1 + e), lambda g: g * (1 - 1 / (1 + e))

    x = tf.constant(1.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = log1pexp(x)
        first = inner.gradient(y, x)
    e = np.e
    np.testing.assert_allclose(outer.gradient(first, x), e / (1 + e) ** 2, rtol=1e-6)


def test_a_result_that_is_the_argument_flows_once():
    """The inside is on the tape too, and must not be counted beside grad_fn."""

    @tf.custom_gradient
    def same(x):
        return x, lambda g: g * 10.0

    x = tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = same(x * 2.0)
    assert tape.gradient(y, x).numpy() == 20.0
    assert [g.numpy() for g in tape.gradient(y, [y, x])] == [1.0, 20.0]


def test_recomputing_keeps_nothing_of_the_inside():
    kept = []

    def f(x):
        inner = tf.exp(x)
        kept.append(weakref.ref(inner))
        return inner * 2.0

    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = tf.recompute_grad(f)(x)
    assert kept[0]() is None
    np.testing.assert_allclose(tape.gradient(y, x), 2 * np.e, rtol=1e-6)


def test_several_arguments_and_results():
    @tf.custom_gradient
    def mix(a, b):
        return (a + b, a * b), lambda g1, g2: (g1 * 10.0, g2 * 1000.0)

    a, b = tf.Variable(2.0), tf.Variable(5.0)
    with tf.GradientTape() as tape:
        s, p = mix(a, b)
    assert (s.numpy(), p.numpy()) == (7.0, 10.0)
    assert [g.numpy() for g in tape.gradient([s, p], [a, b])] == [10.0, 1000.0]


def test_variables_are_named_to_the_gradient():
    w = tf.Variable(3.0)

    @tf.custom_gradient
    def layer(x):
        def grad(g, variables=None):
            assert variables == [w] if len(variables) != 1 else variables[0] is w
            return g * 7.0, [g * 11.0]

        return x * w, grad

    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = layer(x)
    assert [g.numpy() for g in tape.gradient(y, [x, w])] == [7.0, 11.0]


def test_a_gradient_that_forgets_the_variables_is_refused():
    w = tf.Variable(3.0)

    @tf.custom_gradient
    def layer(x):
        return x * w, lambda g: g

    with tf.GradientTape() as tape:
        y = layer(tf.Variable(2.0))
    with pytest.raises(TypeError, match="must accept a `variables` argument"):
        tape.gradient(y, w)


def test_stop_gradient():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * tf.stop_gradient(x)
    assert tape.gradient(y, x).numpy() == 3.0


def test_recompute_grad_runs_the_function_twice_and_gives_the_same():
    w = tf.Variable([2.0, 3.0])
    runs = []

    def block(x):
        runs.append(1)
        return tf.exp(tf.sin(x * w))

    x = tf.Variable([0.3, -0.4])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(block(x))
    want = [g.numpy() for g in tape.gradient(y, [x, w])]
    runs.clear()
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.recompute_grad(block)(x))
    assert len(runs) == 1
    have = [g.numpy() for g in tape.gradient(y, [x, w])]
    assert len(runs) == 2
    np.testing.assert_array_equal(have, want)


def test_grad_pass_through_is_the_identity_backwards():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.grad_pass_through(lambda t: t * t)(x)
    assert y.numpy() == 9.0 and tape.gradient(y, x).numpy() == 1.0


@pytest.mark.parametrize("traced", [False, True])
def test_a_gradient_may_call_its_own_function(traced):
    """f = e^x with gradient 2 g f(x): the second one goes through f's again."""

    @tf.custom_gradient
    def f(x):
        return tf.exp(x), lambda g: 2.0 * g * f(x)

    call = tf.function(lambda x: f(x)) if traced else f
    x = tf.constant([0.5, 1.25])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = call(x)
        first = inner.gradient(y, x)
    np.testing.assert_allclose(first, 2 * np.exp(x.numpy()), rtol=1e-6)
    second = outer.gradient(first, x)
    np.testing.assert_allclose(second, 4 * np.exp(x.numpy()), rtol=1e-6)
