"""The sets of points and the inputs: counts, places and labels by their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.playground.networks import first_weights, make_points
from rillet.playground.points import FEATURES, SETS, inputs
from rillet.playground.settings import Settings


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("circle", 500),
        ("xor", 500),
        ("gauss", 500),
        ("spiral", 500),
        ("clouds", 500),
        ("arms", 500),
        ("plane", 1200),
        ("hills", 1200),
    ],
)
def test_counts(name: str, count: int) -> None:
    points = make_points(Settings(data=name, share=80))
    assert points.xy.shape == (count, 2) and np.isfinite(points.xy).all()
    assert points.train_count == count * 8 // 10
    if not SETS[name].regression:
        found = np.bincount(points.labels)
        assert len(found) == (3 if SETS[name].several else 2)
        # Exclusive or draws its points at random; the others make equally many.
        assert found.max() - found.min() <= (60 if name == "xor" else 1)


def drawn(name: str, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    return SETS[name].make(np.random.default_rng(5), 400, noise)


def test_labels_follow_the_places() -> None:
    xy, labels = drawn("circle")
    radius = np.hypot(xy[:, 0], xy[:, 1])
    assert ((radius < 2.5) == (labels > 0)).all() and radius.max() <= 5
    assert not ((radius > 2.5) & (radius < 3.5)).any()
    xy, labels = drawn("xor")
    assert ((xy[:, 0] * xy[:, 1] > 0) == (labels > 0)).all()
    assert np.abs(xy).min() >= 0.3 and np.abs(xy).max() <= 5.3
    xy, labels = drawn("plane")
    assert np.allclose(labels, xy.sum(axis=1) / 10)


def test_spiral_arms_lie_opposite() -> None:
    xy, labels = drawn("spiral")
    assert np.allclose(xy[labels > 0], -xy[labels < 0])
    # A quarter of the way: radius 1.25, angle 1.75 / 4 turns, from the x2 axis.
    turn = 1.75 / 4 * 2 * np.pi
    assert np.allclose(xy[50], 1.25 * np.array([np.sin(turn), np.cos(turn)]))


def test_hills_have_their_heights() -> None:
    xy, labels = drawn("hills")
    near = np.hypot(xy[:, 0] + 4, xy[:, 1] - 2.5)
    close = near < 1
    assert close.any() and np.allclose(labels[close], 1 - near[close] / 2)
    assert np.abs(labels).max() <= 1


def test_noise_moves_labels_or_places() -> None:
    _, clean = drawn("xor")
    _, noisy = drawn("xor", 0.5)
    assert 0.05 < (clean != noisy).mean() < 0.5
    calm, _ = drawn("gauss")
    wild, _ = drawn("gauss", 0.5)
    # Variances of 0.5 and 4 around centres at 2 and -2.
    assert abs(calm[:200].var() - 0.5) < 0.15 and abs(wild[:200].var() - 4) < 1.2


def test_same_seed_same_points() -> None:
    first, again = (make_points(Settings(seed=7)) for _ in range(2))
    other = make_points(Settings(seed=8))
    assert (first.xy == again.xy).all() and (first.xy != other.xy).any()


def test_inputs_are_what_programs_say() -> None:
    xy = np.random.default_rng(0).uniform(-6, 6, (9, 2))
    x1, x2 = xy.T
    found = inputs(xy, tuple(FEATURES))
    for column, text in zip(found.T, FEATURES.values(), strict=True):
        said = eval(text, {"np": np, "x1": x1, "x2": x2})
        assert np.allclose(column, said, atol=1e-5)


def test_first_weights() -> None:
    weights = first_weights(Settings(hidden=(5,), features=("x1", "x2", "sin_x1")))
    assert [w.shape for w in weights] == [(3, 5), (5,), (5, 1), (1,)]
    assert np.abs(weights[0]).max() <= 0.5 and (weights[1] == np.float32(0.1)).all()
