"""The generator itself: published vectors, carries, chunks, threads, fresh entropy."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import rillet as tf
from rillet.ops import philox, seeds
from rillet.ops.philox import Stream

# The known-answer tests of the Random123 library: counter words, key words, result.
KNOWN = (
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
)


def joined(words: tuple[int, ...]) -> int:
    """Words as one integer, the lowest first."""
    return sum(word << 32 * i for i, word in enumerate(words))


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
@pytest.mark.parametrize("count", [1, 9])
def test_published_vectors(
    counter: tuple[int, ...], key: tuple[int, ...], result: tuple[int, ...], count: int
) -> None:
    """One block goes through plain integers, nine through NumPy."""
    stream = Stream(joined(key), joined(counter))
    assert tuple(philox.blocks(stream, count)[0].tolist()) == result


@pytest.mark.parametrize("low", [2**32 - 5, 2**64 - 5, 2**96 - 5, 2**128 - 5])
def test_counters_carry_into_every_word(low: int) -> None:
    stream = Stream(77, low)
    together = philox.blocks(stream, 11)
    apart = [philox.blocks(stream.skip(i), 1)[0] for i in range(11)]
    np.testing.assert_array_equal(together, apart)


def test_chunks_join_without_a_seam() -> None:
    stream = Stream(5, 2**64 - 3000)
    whole = philox.uniform(stream, 40_001, np.dtype(np.float32))
    tail = philox.uniform(stream.skip(9000), 4001, np.dtype(np.float32))
    np.testing.assert_array_equal(whole[36_000:], tail)


def test_moments() -> None:
    """Means of 400,000 values lie within five standard errors."""
    n, stream = 400_000, Stream(1, 2)
    for values, mean, variance in (
        (philox.uniform(stream, n, np.dtype("f4")), 0.5, 1 / 12),
        (philox.normal(stream, n, np.dtype("f4")), 0.0, 1.0),
        # 1 - 2 * 2 * pdf(2) / (cdf(2) - cdf(-2))
        (philox.truncated_normal(stream, n, np.dtype("f4")), 0.0, 0.7737413),
    ):
        wide = values.astype(np.float64)
        assert abs(wide.mean() - mean) < 5 * np.sqrt(variance / n)
        assert abs(wide.var() - variance) < 5 * variance * np.sqrt(2 / n)


def test_threads_share_one_stream_without_overlap() -> None:
    held = seeds.Instance(1, 2)
    taken: list[int] = []

    def work() -> None:
        for _ in range(500):
            taken.append(held.reserve(4).counter)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    start = philox.from_seeds(1, 2).counter
    assert sorted(taken) == [start + 4 * i for i in range(2000)]


def test_threads_draw_apart() -> None:
    """Work arrays belong to a thread: draws at once are those drawn in turn."""
    streams = [Stream(i, 0) for i in range(4)]
    dtype = np.dtype(np.float32)
    found: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        found[i] = philox.uniform(streams[i], 200_000, dtype)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for i, stream in enumerate(streams):
        np.testing.assert_array_equal(found[i], philox.uniform(stream, 200_000, dtype))


def test_without_any_seed_numbers_are_fresh() -> None:
    tf.random.set_seed(None)
    draws = {tf.random.uniform([4]).numpy().tobytes() for _ in range(20)}
    tf.random.set_seed(None)
    draws.add(tf.random.uniform([4]).numpy().tobytes())
    states = {
        tf.random.Generator.from_non_deterministic_state().state.numpy().tobytes()
        for _ in range(5)
    }
    assert len(draws) == 21 and len(states) == 5


def test_unseeded_calls_leave_no_kernels_behind() -> None:
    tf.random.set_seed(3)
    for _ in range(50):
        tf.random.uniform([1])
    assert not seeds._seeds.instances
