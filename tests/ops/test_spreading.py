"""Large elementwise ops give what small ones give, on any number of threads."""

import numpy as np
import pytest

import rillet as tf
from rillet.core import threads
from rillet.ops import spreading

ROWS = 3001
COLUMNS = spreading.LARGE // ROWS + 2


@pytest.fixture
def limit():
    before = threads.limit()
    yield threads.set_limit
    threads.set_limit(before)


def arrays():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    return x, rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    ("op", "function"),
    [
        (tf.exp, np.exp),
        (tf.negative, np.negative),
        (lambda x: tf.transpose(tf.exp(tf.transpose(x))), np.exp),
    ],
)
def test_one_operand(limit, count, op, function):
    limit(count)
    x, _ = arrays()
    np.testing.assert_array_equal(op(tf.constant(x)).numpy(), function(x))


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    "part",
    [
        slice(None),
        (slice(None), slice(0, 1)),
        (slice(0, 1), slice(None)),
        (0,),
        (0, 0),
        (slice(0, 1), slice(0, 1)),
    ],
)
def test_two_operands_of_every_broadcast(limit, count, part):
    limit(count)
    x, y = arrays()
    y = y[part]
    got = tf.multiply(tf.constant(x), tf.constant(y)).numpy()
    np.testing.assert_array_equal(got, x * y)
    less = tf.less(tf.constant(x), tf.constant(y))
    assert less.dtype == tf.bool
    np.testing.assert_array_equal(less.numpy(), x < y)
    turned = tf.subtract(tf.constant(y), tf.constant(x)).numpy()
    np.testing.assert_array_equal(turned, y - x)


def test_a_result_larger_than_the_first_operand():
    x = np.ones((ROWS, 1), np.float32)
    y = np.arange(COLUMNS, dtype=np.float32)
    assert tf.add(tf.constant(x), tf.constant(y)).shape == (ROWS, COLUMNS)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_softmax_and_sums_of_many_short_rows(limit, count):
    limit(count)
    x = np.random.default_rng(0).standard_normal((40000, 10))
    e = np.exp(x - x.max(1, keepdims=True))
    want = e / e.sum(1, keepdims=True)
    np.testing.assert_allclose(tf.nn.softmax(tf.constant(x)).numpy(), want, rtol=1e-14)
    np.testing.assert_allclose(
        tf.reduce_sum(tf.constant(x), axis=1).numpy(), x.sum(1), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        tf.reduce_sum(tf.constant(x), axis=0).numpy(), x.sum(0), rtol=1e-9, atol=1e-9
    )


def test_the_gradient_of_a_large_sum_can_be_used():
    """It is a view with strides of 0, which products and NumPy must take."""
    x = tf.Variable(tf.ones([400, 50]))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.matmul(x, tf.ones([50, 3])))
    g = tape.gradient(y, x)
    assert g.shape == (400, 50) and (g.numpy() == 3.0).all()
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x)
    g = tape.gradient(y, x)
    assert (tf.matmul(g, tf.ones([50, 2])).numpy() == 50.0).all()
    x.assign_sub(g)
    assert (x.numpy() == 0.0).all()
    changed = g.numpy()
    changed[0, 0] = 7.0
    assert g.numpy()[0, 0] == 1.0 and changed[1, 1] == 1.0


@pytest.mark.parametrize("shape", [(40000, 10), (200, 20, 7), (300, 2)])
def test_sums_of_short_rows_keep_their_axis_where_asked(shape):
    x = np.random.default_rng(1).standard_normal(shape)
    for keep in (False, True):
        got = tf.reduce_sum(tf.constant(x), axis=-1, keepdims=keep).numpy()
        np.testing.assert_allclose(got, x.sum(-1, keepdims=keep), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(60000, 10), (30011, 7), (2500, 60), (70000, 2)])
def test_a_row_meets_many_short_rows(shape):
    rng = np.random.default_rng(2)
    x, row = rng.standard_normal(shape), rng.standard_normal(shape[1])
    for y in (row, row[None]):
        got = tf.add(tf.constant(x), tf.constant(y)).numpy()
        np.testing.assert_array_equal(got, x + y)
        less = tf.greater(tf.constant(x), tf.constant(y)).numpy()
        np.testing.assert_array_equal(less, x > y)
