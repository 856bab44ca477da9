"""Writes to variables: none is lost between threads, and none that has no meaning."""

import operator as python_operators
import sys
import threading

import numpy as np
import pytest

import rillet as tf

THREADS, TIMES = 3, 4000


def _add(v):
    v.assign_add([1, 1])


def _add_row(v):
    v[0].assign_add(1)


def _scatter(v):
    v.scatter_add(tf.IndexedSlices([1], [0]))


@pytest.fixture
def hasty():
    """Threads that take turns as often as Python lets them."""
    kept = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(kept)


@pytest.mark.parametrize("write", [_add, _add_row, _scatter])
def test_threads_lose_no_write(hasty, write):
    v = tf.Variable([0, 0])
    times = TIMES if write is _add else TIMES // 10

    def work():
        for _ in range(times):
            write(v)

    workers = [threading.Thread(target=work) for _ in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert v.numpy()[0] == THREADS * times


def test_sums_that_overflow_give_infinity_and_no_warning():
    v = tf.Variable(3e38)
    v.assign_add(3e38)
    assert np.isposinf(v.numpy())


@pytest.mark.parametrize("value", [True, "a"])
@pytest.mark.parametrize("method", ["assign_add", "assign_sub"])
def test_only_numbers_are_added(value, method):
    v = tf.Variable(value)
    before = v.numpy()
    with pytest.raises(tf.errors.InvalidArgumentError, match="only numbers"):
        getattr(v, method)(value)
    assert v.numpy() == before


def test_sums_do_not_broadcast_where_the_shape_is_open():
    v = tf.Variable([1, 2], shape=[None])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Shape mismatch"):
        v.assign_add([1])
    assert v.assign([5]).numpy().tolist() == [5]


@pytest.mark.parametrize(
    ("operator", "fix"),
    [
        ("iadd", "variable.assign_add"),
        ("isub", "variable.assign_sub"),
        ("imul", "variable.assign"),
        ("itruediv", "variable / value"),
        ("ipow", r"variable \*\* value"),
    ],
)
def test_a_variable_does_not_become_a_tensor_in_place(operator, fix):
    """TensorFlow raises RuntimeError for these five."""
    with pytest.raises(RuntimeError, match=f"not supported.*{fix}"):
        getattr(python_operators, operator)(tf.Variable(1.0), 2.0)
