"""What goes in and comes out: arrays of every form, and nothing shared that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

X = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)


def _unaligned() -> np.ndarray:
    raw = np.zeros(X.nbytes + 1, np.uint8)
    out = raw[1:].view(np.float32).reshape(X.shape)
    out[...] = X
    assert not out.flags.aligned
    return out


def _read_only() -> np.ndarray:
    out = X.copy()
    out.flags.writeable = False
    return out


FORMS: dict[str, Callable[[], np.ndarray]] = {
    "Fortran": lambda: np.asfortranarray(X),
    "strided": lambda: np.repeat(X, 2, 1)[:, ::2],
    "reversed": lambda: X[::-1].copy()[::-1],
    "swapped bytes": lambda: X.astype(">f4"),
    "wider": lambda: X.astype(np.float64),
    "unaligned": _unaligned,
    "read-only": _read_only,
}


def model() -> Any:
    tf.keras.utils.set_random_seed(0)
    layers = tf.keras.layers
    out = tf.keras.Sequential(
        [layers.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(4)]
    )
    out.compile("adam", "mse")
    return out


def close(have: Any, want: Any) -> None:
    np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_arrays_of_every_form(form: str) -> None:
    x, net = FORMS[form](), model()
    before = x.copy()
    want = net.predict(X, verbose=0)
    close(net.predict(x, verbose=0), want)
    close(net(x), want)
    close(net.predict_on_batch(x), want)
    traced = tf.function(lambda a: tf.tanh(a) * 2.0 + tf.reduce_sum(a))
    close(traced(tf.constant(x, tf.float32)), traced(X))
    net.fit(x, X[:, :4], verbose=0, shuffle=False)
    other = model()
    other.fit(X, X[:, :4], verbose=0, shuffle=False)
    for a, b in zip(net.get_weights(), other.get_weights(), strict=True):
        close(a, b)
    np.testing.assert_array_equal(x, before)


def test_what_the_user_changes_afterwards_changes_nothing() -> None:
    x = np.ones(4, np.float32)
    same, both = tf.function(lambda a: a), tf.function(lambda a: (a, a + 1.0))
    results = [same(x), *both(x)]
    x[:] = 5
    assert [float(y[0]) for y in results] == [1.0, 1.0, 2.0]


def test_constants_of_a_graph_stay() -> None:
    function = tf.function(lambda: tf.constant([1.0, 2.0]))
    for array in (function().numpy(), np.asarray(function())):
        if array.flags.writeable:
            array[:] = 9
    assert function().numpy().tolist() == [1.0, 2.0]


def test_results_stay_when_the_next_call_comes() -> None:
    function = tf.function(lambda a: (tf.reshape(a * 2.0, [2, 2]), tf.exp(a)[1:]))
    found = [function(tf.fill([4], float(i))) for i in range(50)]
    for i, (y, z) in enumerate(found):
        assert np.all(y.numpy() == 2 * i)
        close(z, np.exp(np.full(3, i, np.float32)))


SIZE = 1000


def _readers(v: tf.Variable) -> list[Any]:
    array = v.numpy()
    return [v.read_value(), v.value(), tf.convert_to_tensor(v), array, array[10:20],
            memoryview(array), np.asarray(v), v + 0.0]  # fmt: skip


def test_what_was_read_of_a_variable_stays_when_it_is_trained() -> None:
    v, w = tf.Variable(tf.ones([SIZE])), tf.Variable(tf.ones([SIZE]))

    @tf.function
    def step() -> Any:
        old = v.read_value()
        v.assign_add(tf.ones([SIZE]))
        w.assign(v * 2.0)
        return old

    for count in range(1, 4):
        kept = _readers(v)
        old = step()
        for value in [*kept, old]:
            assert np.all(np.asarray(value) == count)
    assert np.all(v.numpy() == 4) and np.all(w.numpy() == 8)


def test_reads_between_assignments_of_one_function() -> None:
    v = tf.Variable(tf.ones([SIZE]))

    @tf.function
    def step() -> Any:
        first = v.read_value()
        v.assign(first + 1.0)
        second = v.read_value()
        v.assign(second * 2.0)
        return first, second, v.read_value()

    found = step()
    assert [float(y[-1]) for y in found] == [1.0, 2.0, 4.0]
    step()
    assert [float(y[-1]) for y in found] == [1.0, 2.0, 4.0]


def test_variables_swap() -> None:
    v, w = tf.Variable(tf.ones([SIZE])), tf.Variable(tf.zeros([SIZE]))

    @tf.function
    def swap() -> None:
        a, b = v.read_value(), w.read_value()
        v.assign(b)
        w.assign(a)

    swap()
    assert np.all(v.numpy() == 0) and np.all(w.numpy() == 1)


@pytest.mark.parametrize("how", ["array", "tensor", "variable", "assigned"])
def test_what_a_variable_was_made_of_is_not_trained(how: str) -> None:
    array = np.ones(SIZE, np.float32)
    tensor, other = tf.constant(array), tf.Variable(array)
    v = tf.Variable({"array": array, "variable": other}.get(how, tensor))
    if how == "assigned":
        v.assign(other)
        v.assign(tensor)
        v.assign(array)
    step = tf.function(lambda: v.assign_add(tf.ones([SIZE])))
    step()
    step()
    assert np.all(v.numpy() == 3)
    for made in (array, tensor.numpy(), other.numpy()):
        assert np.all(made == 1)


def test_weights_that_were_got_or_set_are_not_trained() -> None:
    net = model()
    kept = [(v.value(), v.numpy().copy()) for v in net.weights]
    for _ in range(2):
        got = net.get_weights()
        net.set_weights(got)
        copies = [a.copy() for a in got]
        net.fit(X, X[:, :4], verbose=0)
        for a, b in zip(got, copies, strict=True):
            np.testing.assert_array_equal(a, b)
    for tensor, array in kept:
        np.testing.assert_array_equal(tensor.numpy(), array)


def test_two_models_share_a_layer() -> None:
    layers, shared = tf.keras.layers, tf.keras.layers.Dense(4)
    nets = []
    for tail in ([], [layers.Dense(8), layers.Dense(4)]):
        at = y = tf.keras.Input((8,))
        for layer in [shared, *tail]:
            y = layer(y)
        nets.append(tf.keras.Model(at, y))
        nets[-1].compile("sgd", "mse")
    for _ in range(3):
        before = shared.kernel.numpy()
        for net in nets:
            net.fit(X, X[:, :4], verbose=0)
        assert not np.array_equal(before, shared.kernel.numpy())
        want = X.astype(np.float64) @ shared.kernel.numpy() + shared.bias.numpy()
        np.testing.assert_allclose(
            nets[0].predict(X, verbose=0), want, rtol=1e-4, atol=1e-5
        )
