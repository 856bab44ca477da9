"""Memory does not grow over 10,000 repeats of what programs do in loops."""

import gc
import tracemalloc

import pytest

import rillet as tf

REPEATS = 10_000


def ops():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    tf.nn.softmax(x @ x + 1.0)[0].numpy()


VARIABLE = tf.Variable([[1.0, 2.0], [3.0, 4.0]])


def step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(VARIABLE * VARIABLE)
    VARIABLE.assign_sub(1e-6 * tape.gradient(loss, VARIABLE))


def errors():
    with pytest.raises(tf.errors.InvalidArgumentError):
        VARIABLE + tf.constant([1.0, 2.0, 3.0])


def variables():
    tf.Variable(1.0, name="fresh").assign_add(1.0)


def unread_tapes():
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(tf.constant(1.0))
        tf.sin(VARIABLE)


def random_numbers():
    tf.random.uniform([2], seed=3)


@pytest.mark.parametrize(
    "work", [ops, step, errors, variables, unread_tapes, random_numbers]
)
def test_no_growth(work):
    """What is kept of 10,000 repeats: less than 10 bytes a repeat."""
    for _ in range(100):
        work()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(REPEATS):
            work()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10 * REPEATS
