"""Convolution kernels against plain loops; gradients by the identity of transposes.

A convolution is linear in x and in w: for any g, <conv(x, w), g> = <x, dx> = <w, dw>.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from rillet.core import threads
from rillet.ops import convolve, depthwise, pooling
from rillet.ops.windows import Windows, blocks, whole_images, windows


def looped(x: np.ndarray, w: np.ndarray, at: Windows, groups: int) -> np.ndarray:
    """A convolution, window by window and tap by tap."""
    padded = at.pad(x)
    depth, each = w.shape[-2], w.shape[-1] // groups
    out = np.zeros((len(x), *at.outputs, w.shape[-1]))
    for place in itertools.product(*map(range, at.outputs)):
        for tap in at.taps():
            where = tuple(
                o * s + t * d
                for o, s, t, d in zip(place, at.strides, tap, at.dilations, strict=True)
            )
            seen = padded[(slice(None), *where)]
            for group in range(groups):
                to = slice(group * each, (group + 1) * each)
                part = seen[:, group * depth : (group + 1) * depth, None]
                out[(slice(None), *place, to)] += (part * w[tap][:, to]).sum(axis=1)
    return out


def inside(index: tuple[int, ...], at: Windows) -> list[tuple[int, ...]]:
    """Where the taps of a window meet the input."""
    found = []
    for tap in at.taps():
        where = tuple(
            o * s + t * d - b
            for o, s, t, d, b in zip(
                index, at.strides, tap, at.dilations, at.before, strict=True
            )
        )
        if all(0 <= p < n for p, n in zip(where, at.sizes, strict=True)):
            found.append(where)
    return found


def drawn_case(axes: int, seed: int) -> tuple[Any, ...] | None:
    """Sizes, filters and windows drawn at random; None where no window fits."""
    rng = np.random.default_rng([axes, seed])

    def numbers(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(i) for i in rng.integers(low, high, axes))

    explicit = [(int(a), int(b)) for a, b in rng.integers(0, 3, (axes, 2))]
    padding: Any = ["SAME", "VALID", explicit][seed % 3]
    groups, depth = int(rng.choice([1, 1, 2, 3])), int(rng.choice([1, 2, 9]))
    filters = groups * int(rng.choice([1, 3, 4]))
    try:
        at = windows(
            numbers(1, 8), numbers(1, 4), numbers(1, 4), numbers(1, 3), padding
        )
    except ValueError:
        return None
    x = rng.normal(size=(int(rng.integers(1, 4)), *at.sizes, depth * groups))
    return at, groups, x, rng.normal(size=(*at.window, depth, filters)), rng


CASES = [
    case
    for axes in (1, 2, 3)
    for seed in range(24)
    if (case := drawn_case(axes, seed)) is not None
]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_convolution_and_its_gradients(case: tuple[Any, ...]) -> None:
    at, groups, x, w, rng = case
    y = convolve.convolve(x, w, at)
    np.testing.assert_allclose(y, looped(x, w, at, groups), atol=1e-10)
    g = rng.normal(size=y.shape)
    dx = convolve.grouped_input_gradient(w, g, at, groups)
    dw = convolve.filter_gradient(x, g, at, w.shape[-2])
    assert dx.shape == x.shape and dw.shape == w.shape
    product = (y * g).sum()
    np.testing.assert_allclose([(x * dx).sum(), (w * dw).sum()], product, atol=1e-9)


@pytest.mark.parametrize("filters", [7, 8, 16, 17, 40])
@pytest.mark.parametrize(
    ("sizes", "window", "dilations", "padding"),
    [
        ((9, 7), (3, 3), (1, 1), "SAME"),
        ((9, 7), (3, 2), (1, 1), "VALID"),
        ((9, 7), (2, 4), (2, 1), "SAME"),
        ((9, 7), (3, 3), (1, 2), [(2, 1), (0, 4)]),
        ((9, 7), (3, 3), (1, 1), [(3, 0), (1, 1)]),
        ((9, 7), (1, 1), (1, 1), [(1, 0), (0, 0)]),
        ((11,), (4,), (2,), "SAME"),
        ((5, 4, 6), (2, 3, 1), (1, 1, 1), "SAME"),
    ],
    ids=str,
)
def test_input_gradient_of_steps_of_one(sizes, window, dilations, padding, filters):
    """Gathered or scattered: the transpose of the convolution."""
    rng = np.random.default_rng(filters)
    at = windows(sizes, window, (1,) * len(sizes), dilations, padding)
    x = rng.normal(size=(2, *sizes, 8))
    w = rng.normal(size=(*window, 8, filters))
    g = rng.normal(size=(2, *at.outputs, filters))
    want = np.sum(looped(x, w, at, 1) * g)
    found = convolve.input_gradient(w, g, at)
    assert found.shape == x.shape
    np.testing.assert_allclose(np.sum(found * x), want, rtol=1e-10, atol=1e-9)
    # A single element of x moves the sum by its own gradient and no other.
    one = np.zeros_like(x)
    one[(1, *(n // 2 for n in sizes), 3)] = 1
    alone = np.sum(looped(one, w, at, 1) * g)
    np.testing.assert_allclose(np.sum(found * one), alone, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("case", CASES[::2], ids=range(len(CASES[::2])))
def test_depthwise_convolution_and_its_gradients(case: tuple[Any, ...]) -> None:
    at, _, x, _, rng = case
    channels = x.shape[-1]
    w = rng.normal(size=(*at.window, channels, 2))
    y = depthwise.convolve(x, w, at)
    flat = w.reshape(*at.window, 1, 2 * channels)
    np.testing.assert_allclose(y, looped(x, flat, at, channels), atol=1e-10)
    g = rng.normal(size=y.shape)
    dx = depthwise.input_gradient(w, g, at)
    dw = depthwise.filter_gradient(x, g, at)
    product = (y * g).sum()
    np.testing.assert_allclose([(x * dx).sum(), (w * dw).sum()], product, atol=1e-9)


@pytest.mark.parametrize("case", CASES[::3], ids=range(len(CASES[::3])))
def test_pools_against_loops(case: tuple[Any, ...]) -> None:
    small, _, x, _, rng = case
    at = Windows(
        sizes=x.shape,
        window=(1, *small.window, 1),
        strides=(1, *small.strides, 1),
        dilations=(1, *small.dilations, 1),
        before=(0, *small.before, 0),
        after=(0, *small.after, 0),
        outputs=(len(x), *small.outputs, x.shape[-1]),
    )
    g = rng.normal(size=at.outputs)
    best, place = pooling.maximum_and_positions(x, at, True)
    top, mean = pooling.maximum(x, at), pooling.mean(x, at)
    back = pooling.maximum_gradient(x, g, at)
    want_back = np.zeros(x.size)
    for index in np.ndindex(at.outputs):
        seen = inside(index, at)
        if not seen:
            assert mean[index] == 0
            continue
        values = [x[where] for where in seen]
        first = seen[int(np.argmax(values))]
        assert top[index] == best[index] == max(values)
        assert place[index] == np.ravel_multi_index(first, x.shape)
        np.testing.assert_allclose(mean[index], np.mean(values))
        want_back[place[index]] += g[index]
    np.testing.assert_allclose(back.reshape(-1), want_back, atol=1e-12)
    shares = pooling.mean_gradient(g, at)
    np.testing.assert_allclose((mean * g).sum(), (shares * x).sum(), atol=1e-9)


def test_the_same_bits_for_any_threads() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, 40, 40, 16)).astype(np.float32)
    w = rng.normal(size=(3, 3, 16, 24)).astype(np.float32)
    at = windows((40, 40), (3, 3), (1, 1), (1, 1), "SAME")
    g = rng.normal(size=(9, 40, 40, 24)).astype(np.float32)
    results = []
    for count in (1, 2, 3):
        threads.set_limit(count)
        results.append((
            convolve.convolve(x, w, at),
            convolve.grouped_input_gradient(w, g, at, 1),
            convolve.filter_gradient(x, g, at, 16),
            depthwise.filter_gradient(x, x, at),
        ))  # fmt: skip
    threads.set_limit(0)
    for other in results[1:]:
        assert all((a == b).all() for a, b in zip(results[0], other, strict=True))


def test_blocks_cover_every_output_once() -> None:
    for images, lines, elements in [(5, 7, 10), (3, 100, 9000), (1, 4, 1 << 20)]:
        count = np.zeros((images, lines), int)
        for part in blocks(images, lines, elements):
            count[part] += 1
        assert (count == 1).all()
    assert whole_images(0, 4) == []
    covered = [i for part in whole_images(11, 4) for i in range(11)[part]]
    assert covered == [*range(11)]
