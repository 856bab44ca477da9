"""Tensors never change, whoever holds their memory."""

import itertools

import numpy as np
import pytest

import rillet as tf


class Reader:
    """Asks for memory as a reader of DLPack's first version does."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, **options):
        return self.tensor.__dlpack__()

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


def test_readers_of_dlpack_cannot_write():
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        np.from_dlpack(x)[0] = 7.0
    assert x.numpy().tolist() == [1.0, 2.0]


def test_readers_of_old_dlpack_write_to_a_copy():
    x = tf.constant([1.0, 2.0])
    old = np.from_dlpack(Reader(x))
    assert old.tolist() == [1.0, 2.0]
    if old.flags.writeable:
        old[0] = 7.0
    assert x.numpy().tolist() == [1.0, 2.0]


def test_rows_are_taken_when_their_turn_comes():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        rows = iter(x)
        first = next(rows)
    assert len(tape._entries) == 1
    assert first.numpy().tolist() == [1.0, 2.0]
    assert [row.numpy().tolist() for row in rows] == [[3.0, 4.0], [5.0, 6.0]]
    assert len(list(itertools.islice(tf.zeros([10**6]), 3))) == 3
