"""Choices without branches: every bit of what was chosen, any shape and type."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf
from rillet.core import threads
from rillet.ops.selecting import select

SHAPES = [
    ((300, 40), (300, 40), (300, 40)),
    ((300, 40), (300, 40), ()),
    ((300, 40), (), (1, 1)),
    ((300, 1), (300, 40), (40,)),
    ((40,), (300, 1), (300, 40)),
    ((2, 1, 40, 40), (), (2, 3, 40, 40)),
    ((1,), (300, 40), (300, 40)),
    ((200_000,), (200_000,), ()),
    ((1000, 300), (1, 300), (1000, 300)),
]
KINDS = ["f2", "f4", "f8", "i1", "u2", "i4", "u8", "?", "c8", "c16", "O"]


def values(kind: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    numbers = np.random.default_rng(seed).integers(0, 256, (*shape, 16), np.uint8)
    if kind == "O":
        return np.array(numbers[..., 0].astype("S"), object)
    if kind == "?":
        return numbers[..., 0] > 127
    size = np.dtype(kind).itemsize
    return np.ascontiguousarray(numbers[..., :size]).view(kind)[..., 0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_select_keeps_every_bit(shapes, kind):
    condition = values("?", shapes[0], 0)
    x, y = values(kind, shapes[1], 1), values(kind, shapes[2], 2)
    for a, b in ((x, y), (np.zeros_like(x), y), (x, np.zeros_like(y))):
        want = np.where(condition, a, b)
        have = select(condition, a, b)
        assert have.dtype == want.dtype
        assert have.shape == want.shape
        assert have.tobytes() == want.tobytes() or kind == "O" and (have == want).all()


def test_select_takes_any_strides():
    x = values("f4", (90, 80), 1)
    condition = values("?", (80, 90), 0).T
    want = np.where(condition, x[:, ::-1], x[::-1])
    assert select(condition, x[:, ::-1], x[::-1]).tobytes() == want.tobytes()
    assert select(condition[:, :1], x.T.copy().T, x).shape == (90, 80)


def test_where_keeps_infinities_and_signs_of_zero():
    x = tf.constant(np.tile(np.array([np.nan, np.inf, -0.0, 1.0], "f4"), 2000))
    have = tf.where(tf.math.is_finite(x), x, 0.0).numpy()
    assert np.signbit(have[2])
    np.testing.assert_array_equal(have[:4], [0, 0, 0, 1])


def test_the_number_of_threads_changes_no_bit():
    x = values("f4", (600, 700), 3)
    condition = values("?", (600, 700), 4)
    before = threads.limit()
    try:
        found = []
        for count in (1, 2, 3):
            threads.set_limit(count)
            found.append(select(condition, x, x[::-1].copy()).tobytes())
    finally:
        threads.set_limit(before)
    assert found[0] == found[1] == found[2]


def test_empty_and_refused_shapes():
    assert tf.where(tf.zeros([0, 3], tf.bool), tf.zeros([0, 3]), 1.0).shape == (0, 3)
    long = tf.zeros([5000])
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be broadcastable"):
        tf.where(tf.zeros([4000], tf.bool), long, long)
