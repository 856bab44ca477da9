"""Tensors read from variables while native code of other threads writes into them."""

import threading

import numpy as np

import rillet as tf

_SIZE = 300_000


def _unequal(read, step, steps: int) -> list[str]:
    """What threads that read find wrong while another runs steps."""
    wrong: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            kept = np.asarray(read())
            first = kept[0]
            if (kept != first).any() or kept[0] != first:
                wrong.append(f"{first} beside {kept[-1]}")

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(steps):
        step()
    over.set()
    for thread in threads:
        thread.join()
    return wrong


def test_what_was_read_never_changes():
    variable = tf.Variable(tf.zeros([_SIZE]))

    @tf.function
    def step():
        variable.assign_add(tf.ones([_SIZE]))

    step()
    assert _unequal(variable.read_value, step, 300) == []
    assert variable.numpy()[[0, -1]].tolist() == [301.0, 301.0]


def test_a_function_reads_a_variable_whole():
    variable = tf.Variable(tf.zeros([_SIZE]))

    @tf.function
    def step():
        variable.assign_add(tf.ones([_SIZE]))

    @tf.function
    def doubled():
        return variable * 2.0

    step()
    doubled()
    assert _unequal(doubled, step, 300) == []


def test_a_function_that_writes_reads_another_variable_whole():
    counted, copied = tf.Variable(tf.zeros([_SIZE])), tf.Variable(tf.zeros([_SIZE]))

    @tf.function
    def step():
        counted.assign_add(tf.ones([_SIZE]))

    @tf.function
    def copy():
        copied.assign(counted * 1.0)
        return copied.read_value()

    step()
    copy()
    assert _unequal(copy, step, 300) == []


def test_functions_that_read_what_the_other_writes_do_not_wait_for_ever():
    a, b = tf.Variable(tf.zeros([_SIZE])), tf.Variable(tf.ones([_SIZE]))

    @tf.function
    def to_a():
        a.assign_add(b * 0.0 + 1.0)

    @tf.function
    def to_b():
        b.assign_add(a * 0.0 + 1.0)

    threads = [
        threading.Thread(target=lambda f=f: [f() for _ in range(300)], daemon=True)
        for f in (to_a, to_b, to_a, to_b)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert a.numpy()[[0, -1]].tolist() == [600.0, 600.0]
    assert b.numpy()[[0, -1]].tolist() == [601.0, 601.0]
