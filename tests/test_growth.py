"""Memory does not grow over thousands of repeats of what programs do in loops.

With RILLET_LONG they are 10,000.
"""

import functools
import gc
import itertools
import os
import tracemalloc

import numpy as np
import pytest

import rillet as tf

REPEATS = 10_000
SEEN = REPEATS if os.environ.get("RILLET_LONG") else 3000


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
    """What is kept of the repeats: less than 10 bytes a repeat."""
    for _ in range(100):
        work()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(SEEN):
            work()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10 * SEEN


ROWS = np.ones((8, 4), np.float32)
SUMS = np.ones((8, 1), np.float32)


@functools.cache
def model():
    layers = tf.keras.layers
    net = tf.keras.Sequential([layers.Input((4,)), layers.Dense(1)])
    net.compile("adam", "mse")
    return net


@tf.function
def scaled(x, factor):
    return tf.reduce_sum(x * factor)


NUMBERS = itertools.count()


def fit():
    model().fit(ROWS, SUMS, verbose=0)


def predict():
    model().predict(ROWS, verbose=0)


def call():
    model()(ROWS)


def batches():
    model().train_on_batch(ROWS, SUMS)
    model().test_on_batch(ROWS, SUMS)


def taped():
    with tf.GradientTape() as tape:
        loss = scaled(VARIABLE, 2.0)
    tape.gradient(loss, VARIABLE)


def other_shapes():
    scaled(tf.ones([2, next(NUMBERS)]), 2.0)


def other_numbers():
    scaled(VARIABLE, float(next(NUMBERS)))


def functions():
    tf.function(lambda x: x * VARIABLE + 1.0)(2.0)


def failing():
    with pytest.raises(tf.errors.InvalidArgumentError):
        LOOKUP(tf.constant([7]))


LOOKUP = tf.function(lambda at: tf.gather(VARIABLE, at))


def resident():
    """Bytes of memory that the process holds now; 0 where no file tells."""
    gc.collect()
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def slope(work, repeats):
    """Bytes that a call leaves behind, after a third of the calls."""
    for _ in range(repeats // 3):
        work()
    before = resident()
    for _ in range(repeats - repeats // 3):
        work()
    return (resident() - before) / repeats


RETRACING = (other_shapes, other_numbers)
NATIVE = (fit, predict, call, batches, taped, functions, failing, *RETRACING)


def keep_few_traces(monkeypatch, count):
    monkeypatch.setattr("rillet.functions._MOST_TRACES", count)


@pytest.mark.parametrize("work", NATIVE)
def test_native_programs_take_no_memory(work, monkeypatch):
    """A fit, a retrace or a function made and dropped leaves less than 400 bytes."""
    keep_few_traces(monkeypatch, 50)
    assert slope(work, 3000 if work in RETRACING else 1500) < 400


@pytest.mark.foreign
@pytest.mark.parametrize("work", NATIVE)
def test_ten_thousand_calls_take_no_memory(work, monkeypatch):
    keep_few_traces(monkeypatch, 500)
    assert slope(work, REPEATS) < 100


@tf.function
def rounds_on_the_host(x):
    i = tf.constant(0)
    while i < 50:
        at = tf.where(x > 0.5)[:2]
        x = tf.tensor_scatter_nd_update(x, at, tf.zeros([tf.shape(at)[0]]))
        i += 1
    return x


def test_rounds_are_forgotten():
    """A loop that Python runs keeps no round's values where no gradient reads them."""
    x = tf.ones([100_000])
    rounds_on_the_host(x)
    tracemalloc.start()
    try:
        result = rounds_on_the_host(x)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert int(tf.reduce_sum(result)) == 100_000 - 2 * 50
    assert most < 12 * x.numpy().nbytes
