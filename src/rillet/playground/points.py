"""The playground's sets of points, and the inputs that are made of two coordinates.

In: a random generator, a count, noise from 0 to 0.5. Out: points in [-6, 6]² and
labels. The formulas are those of TensorFlow Playground, so that the same settings are
as hard. Each function stands on NumPy alone: `listing` puts its text into programs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]


def circle(rng: np.random.Generator, count: int, noise: float) -> tuple[Array, Array]:
    """A disc inside a ring; a point's label is 1 within half the radius, else -1."""
    half = count // 2
    radius = np.r_[rng.uniform(0, 2.5, half), rng.uniform(3.5, 5, count - half)]
    angle = rng.uniform(0, 2 * np.pi, count)
    xy = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    seen = xy + rng.uniform(-5, 5, (count, 2)) * noise
    return xy, np.where(np.hypot(seen[:, 0], seen[:, 1]) < 2.5, 1.0, -1.0)


def xor(rng: np.random.Generator, count: int, noise: float) -> tuple[Array, Array]:
    """Four squares; the label is 1 where both coordinates have the same sign."""
    xy = rng.uniform(-5, 5, (count, 2))
    xy = xy + np.where(xy > 0, 0.3, -0.3)
    seen = xy + rng.uniform(-5, 5, (count, 2)) * noise
    return xy, np.where(seen[:, 0] * seen[:, 1] >= 0, 1.0, -1.0)


def gauss(rng: np.random.Generator, count: int, noise: float) -> tuple[Array, Array]:
    """Two clouds around (2, 2) and (-2, -2), of variance 0.5 to 4."""
    labels = np.where(np.arange(count) < count // 2, 1.0, -1.0)
    spread = np.sqrt(0.5 + 7 * noise)
    return labels[:, None] * 2 + rng.normal(0, spread, (count, 2)), labels


def spiral(rng: np.random.Generator, count: int, noise: float) -> tuple[Array, Array]:
    """Two arms that wind around each other."""
    place = np.arange(count) % (count // 2) / (count // 2)
    labels = np.where(np.arange(count) < count // 2, 1.0, -1.0)
    turn = 1.75 * place * 2 * np.pi + np.where(labels > 0, 0.0, np.pi)
    xy = 5 * place[:, None] * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    return xy + rng.uniform(-1, 1, (count, 2)) * noise, labels


def plane(rng: np.random.Generator, count: int, noise: float) -> tuple[Array, Array]:
    """Values that rise along the diagonal, from -1 to 1."""
    xy = rng.uniform(-6, 6, (count, 2))
    seen = xy + rng.uniform(-6, 6, (count, 2)) * noise
    return xy, seen.sum(axis=1) / 10


def hills(rng: np.random.Generator, count: int, noise: float) -> tuple[Array, Array]:
    """Six hills and hollows, each 1 or -1 at its centre and 0 from a distance of 2."""
    xy = rng.uniform(-6, 6, (count, 2))
    seen = xy + rng.uniform(-6, 6, (count, 2)) * noise
    centres = np.array(
        [[-4, 2.5], [0, 2.5], [4, 2.5], [-4, -2.5], [0, -2.5], [4, -2.5]]
    )
    signs = np.array([1, -1, 1, -1, 1, -1])
    far = np.sqrt(((seen[:, None, :] - centres) ** 2).sum(axis=2))
    heights = signs * np.clip(1 - far / 2, 0, 1)
    return xy, heights[np.arange(count), np.abs(heights).argmax(axis=1)]


def clouds(
    rng: np.random.Generator, count: int, noise: float, classes: int
) -> tuple[Array, Array]:
    """A cloud for each class, on a circle."""
    labels = np.arange(count) % classes
    angle = 2 * np.pi * labels / classes
    centres = 3 * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return centres + rng.normal(0, 0.6 + 2 * noise, (count, 2)), labels


def arms(
    rng: np.random.Generator, count: int, noise: float, classes: int
) -> tuple[Array, Array]:
    """A spiral's arm for each class."""
    labels = np.arange(count) % classes
    place = np.arange(count) // classes / (count // classes + 1)
    turn = 2 * np.pi * (place + labels / classes)
    xy = (0.4 + 4.6 * place)[:, None] * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    return xy + rng.uniform(-1, 1, (count, 2)) * (0.15 + noise), labels


@dataclass(frozen=True)
class PointSet:
    """A set of points.

    Attributes:
        make: draws it.
        count: its points.
        regression: whether labels are values from -1 to 1.
        several: whether it can have more than two classes; labels then count from 0.
    """

    make: Callable[..., tuple[Array, Array]]
    count: int = 500
    regression: bool = False
    several: bool = False


SETS: Final[dict[str, PointSet]] = {
    "circle": PointSet(circle),
    "xor": PointSet(xor),
    "gauss": PointSet(gauss),
    "spiral": PointSet(spiral),
    "clouds": PointSet(clouds, several=True),
    "arms": PointSet(arms, several=True),
    "plane": PointSet(plane, count=1200, regression=True),
    "hills": PointSet(hills, count=1200, regression=True),
}

#: The seven inputs, as NumPy expressions of the coordinates.
FEATURES: Final[dict[str, str]] = {
    "x1": "x1",
    "x2": "x2",
    "x1_squared": "x1**2",
    "x2_squared": "x2**2",
    "x1_x2": "x1 * x2",
    "sin_x1": "np.sin(x1)",
    "sin_x2": "np.sin(x2)",
}
_MAKERS: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1_squared": lambda x1, x2: x1**2,
    "x2_squared": lambda x1, x2: x2**2,
    "x1_x2": lambda x1, x2: x1 * x2,
    "sin_x1": lambda x1, x2: np.sin(x1),
    "sin_x2": lambda x1, x2: np.sin(x2),
}


def inputs(xy: Array, names: tuple[str, ...]) -> Array:
    """What a network is given for some points.

    Args:
        xy: points ``(n, 2)``.
        names: names in `FEATURES`.

    Returns:
        float32 ``(n, len(names))``.

    Example:
        >>> inputs(np.array([[2.0, 3.0]]), ("x1_squared", "x1_x2")).tolist()
        [[4.0, 6.0]]
    """
    x1, x2 = xy[:, 0], xy[:, 1]
    return np.stack([_MAKERS[name](x1, x2) for name in names], axis=1).astype(
        np.float32
    )
