"""The kernels behind draws: turns to normals, exchanges to permutations."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf
from rillet.core import threads
from rillet.ops import choices, philox
from rillet.ops.circle import sine_and_cosine


def test_sine_and_cosine_round_as_the_c_library_does():
    steps = np.arange(0, 2**23, 7, dtype=np.float64) / 2**23
    angle = (2 * np.pi * steps).astype(np.float32).astype(np.float64)
    sine, cosine = sine_and_cosine(angle)
    np.testing.assert_array_equal(sine, np.sin(angle).astype(np.float32))
    np.testing.assert_array_equal(cosine, np.cos(angle).astype(np.float32))


def exchanged_in_turn(partners):
    order = list(range(len(partners) + 1))
    for here, there in enumerate(partners.tolist()):
        order[here], order[there] = order[there], order[here]
    return order


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 30, 257, 5000])
def test_exchanges_at_once_are_those_in_turn(size):
    rng = np.random.default_rng(size)
    for _ in range(60 if size < 100 else 2):
        partners = rng.integers(0, np.arange(size, 1, -1)) + np.arange(size - 1)
        assert choices.exchanged(partners).tolist() == exchanged_in_turn(partners)


@pytest.mark.parametrize("partners", [[0, 1, 2], [3, 3, 3], [1, 2, 3], [3, 1, 2]])
def test_exchanges_of_every_kind(partners):
    found = choices.exchanged(np.array(partners))
    assert found.tolist() == exchanged_in_turn(np.array(partners))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
@pytest.mark.parametrize(
    "draw", [philox.normal, philox.uniform, philox.truncated_normal]
)
def test_draws_do_not_depend_on_threads_or_chunks(draw, dtype):
    kind = tf.as_dtype(dtype).as_numpy_dtype
    stream = philox.Stream(77, 2**64 - 9)
    size = 4 * philox._CHUNK + 4003
    before = threads.limit()
    found = []
    try:
        for count in (1, 2, 3):
            threads.set_limit(count)
            found.append(draw(stream, size, np.dtype(kind)).tobytes())
    finally:
        threads.set_limit(before)
    assert found[0] == found[1] == found[2]
    few = draw(stream, 403, np.dtype(kind))
    assert few.tobytes() == found[0][: few.nbytes]


def test_truncated_normals_stay_inside():
    drawn = tf.random.stateless_truncated_normal([100_003], [1, 2]).numpy()
    assert np.abs(drawn).max() < 2
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 0.8796) < 0.01  # √(1 - 4φ(2) / (2Φ(2) - 1))
