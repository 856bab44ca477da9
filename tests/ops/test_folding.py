"""Extremes over axes of large arrays: NumPy's own results, any axes, any threads."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import rillet as tf
from rillet.core import threads

SHAPES = [
    (40, 30, 20, 10),
    (300_000,),
    (200_000, 1),
    (1, 200_000),
    (3, 70_001),
    (70_001, 3),
    (17, 129, 131),
    (600, 1000),
    (2, 5, 40_000),
]


@pytest.mark.parametrize("kind", ["f4", "f8", "i4", "f2", "u1"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_axis(shape, kind):
    x = (np.random.default_rng(0).normal(size=shape) * 100).astype(kind)
    if kind[0] == "f":
        x.flat[:: x.size // 3] = np.nan
    t = tf.constant(x)
    ranks = range(len(shape) + 1)
    for axes in itertools.chain(
        *(itertools.combinations(range(len(shape)), n) for n in ranks)
    ):
        for keep in (False, True):
            top = tf.reduce_max(t, axes, keepdims=keep).numpy()
            np.testing.assert_array_equal(top, np.max(x, axes, keepdims=keep))
            low = tf.reduce_min(t, axes, keepdims=keep).numpy()
            np.testing.assert_array_equal(low, np.min(x, axes, keepdims=keep))


@pytest.mark.parametrize("axis", [0, 1, 2, None])
def test_the_number_of_threads_changes_no_bit(axis):
    zeros = np.array([0.0, -0.0, np.nan, 1.0], np.float32)
    x = np.random.default_rng(1).choice(zeros[:2], (60, 70, 80))
    t = tf.constant(x)
    before = threads.limit()
    found = []
    try:
        for count in (1, 2, 5):
            threads.set_limit(count)
            found.append(tf.reduce_max(t, axis).numpy().tobytes())
    finally:
        threads.set_limit(before)
    assert found[0] == found[1] == found[2]


def test_transposed():
    x = np.random.default_rng(2).normal(size=(300, 40, 30)).astype(np.float32)
    t = tf.transpose(tf.constant(x))
    for axis in (0, 1, 2):
        want = x.T.max(axis)
        np.testing.assert_array_equal(tf.reduce_max(t, axis).numpy(), want)
