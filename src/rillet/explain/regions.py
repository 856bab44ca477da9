"""What a classifier says everywhere: its regions under the points.

In: a model of two inputs, points and classes. Out: a plot with the model's outputs on a
grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rillet.explain.picture import COLOURS, Array, Plot, floats, number, refuse
from rillet.explain.scores import classes_of, counted, outputs_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKS: Final = "xo^sdv"
_NUMBERS: Final = "For targets that are numbers draw explain.predictions(model, x, y)"


class Regions(Plot):
    """A classifier's regions.

    Attributes:
        x: places along the first input.
        y: along the second.
        outputs: ``(len(y), len(x))`` the output for two classes; else
            ``(len(y), len(x), classes)``.
        classes: ``(len(y), len(x))``, the class at each place.
        points: ``(n, 2)``.
        labels: their classes ``(n,)``.
        right: the share of points in their own class's region.
    """

    size = (5.4, 4.2)

    def __init__(
        self,
        ticks: tuple[Array, Array],
        said: Array,
        points: Array,
        labels: Array,
        right: float,
        names: tuple[str, str],
        called: Sequence[str],
    ) -> None:
        self.x, self.y = ticks
        shape = (len(self.y), len(self.x))
        self.classes: Array = classes_of(said).reshape(shape)
        several = said.ndim == 2 and said.shape[1] > 1
        self.outputs: Array = said.reshape(
            shape + ((said.shape[1],) if several else ())
        )
        self.points = points
        self.labels = labels
        self.right = right
        self._names = names
        self._called = called

    def __repr__(self) -> str:
        return (
            f"<boundary: {100 * self.right:.1f} % of {len(self.points)} points right;"
            f" {self._names[0]} {number(self.x[0])} to {number(self.x[-1])},"
            f" {self._names[1]} {number(self.y[0])} to {number(self.y[-1])}>"
        )

    def _draw(self, figure: Figure) -> None:
        axis = figure.subplots()
        count = max(int(self.labels.max()), int(self.classes.max())) + 1
        if self.outputs.ndim == 2:
            picture = axis.contourf(self.x, self.y, self.outputs,
                                    levels=np.linspace(0, 1, 11), cmap="RdBu",
                                    alpha=0.75)  # fmt: skip
            sure = self._called[1] if len(self._called) > 1 else "class 1"
            figure.colorbar(picture, ax=axis, label=f"probability of {sure}")
            if self.outputs.min() < 0.5 < self.outputs.max():
                axis.contour(self.x, self.y, self.outputs, levels=[0.5], colors="k")
        else:
            self._fill(axis)
        for k in range(count):
            rows = self.points[self.labels == k]
            colour = "k" if self.outputs.ndim == 2 else COLOURS[k % len(COLOURS)]
            label = self._called[k] if k < len(self._called) else str(k)
            # crosses have no inside that could stay empty
            style: dict[str, Any] = {"c": colour}
            if _MARKS[k % 6] != "x":
                style = {"edgecolors": colour, "facecolors": "none"}
            mark = _MARKS[k % 6]
            axis.scatter(rows[:, 0], rows[:, 1], 22, marker=mark, label=label, **style)
        axis.set(
            xlabel=self._names[0],
            ylabel=self._names[1],
            title=f"{100 * self.right:.1f} % right",
        )
        axis.legend(loc="upper right")

    def _fill(self, axis: Any) -> None:
        """Each class where its output is the largest, by how much it is ahead."""
        for k in np.unique(self.classes):
            others = np.delete(self.outputs, k, axis=2).max(axis=2)
            ahead = self.outputs[:, :, k] - others
            # what is ahead by nothing is taken as the first of both
            ahead = np.where(self.classes == k, np.maximum(ahead, 1e-30), ahead)
            axis.contourf(
                self.x, self.y, ahead, levels=[0.0, np.inf],
                colors=[COLOURS[k % len(COLOURS)]], alpha=0.3,
            )  # fmt: skip


def boundary(
    model: Any,
    x: Any,
    y: Any,
    names: tuple[str, str] = ("x1", "x2"),
    classes: Sequence[str] = (),
    side: int = 81,
) -> Regions:
    """The regions in which a model of two inputs says one class or the other.

    Args:
        model: a model, or a function from ``(n, 2)`` to outputs. Where the data was
            scaled before training, let the function scale.
        x: points ``(n, 2)``, such as temperature and minutes of roasting.
        y: their classes ``(n,)``, or one-hot rows.
        names: what the inputs are called.
        classes: what the classes are called.
        side: places along an axis.

    Raises:
        ValueError: where points are not ``(n, 2)`` or too large, or classes are not as
            many.

    Example:
        >>> import numpy as np, rillet as tf
        >>> found = tf.explain.boundary(
        ...     lambda p: 1.0 * (p[:, :1] > 1), [[0.0, 0.0], [2.0, 2.0]], [0, 1]
        ... )
        >>> found.right, found.classes[0, 0], found.classes[0, -1]
        (1.0, np.int64(0), np.int64(1))
    """
    op = "explain.boundary"
    points, labels = floats(op, "points", x), _labels(op, y)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise refuse(
            op,
            "points must be (n, 2) and classes n",
            f"{points.shape} and {labels.shape}",
        )
    if not len(points) or not np.isfinite(points).all():
        raise refuse(
            op,
            "there must be points, and their coordinates finite numbers",
            "none" if not len(points) else "NaN or infinity",
            "Leave such rows out" if len(points) else "",
        )
    low, high = points.min(axis=0), points.max(axis=0)
    space = 0.06 * (high - low) + 1e-9
    ticks = tuple(
        np.linspace(a, b, side) for a, b in zip(low - space, high + space, strict=True)
    )
    grid = np.stack([g.reshape(-1) for g in np.meshgrid(*ticks)], axis=1)
    if np.abs(grid).max() > np.finfo(np.float32).max:
        raise refuse(
            op,
            "coordinates, and places around them, must be numbers of single precision",
            f"{number(np.abs(points).max())}",
            "Scale them",
        )
    said = outputs_of(model, grid.astype(np.float32))
    at_points = outputs_of(model, points.astype(np.float32))
    if said.size == len(grid) and said.dtype.kind in "iu":
        count = 1 + max(counted(v, op).max() for v in (said, at_points, labels))
        said, at_points = (np.eye(count)[v.reshape(-1)] for v in (said, at_points))
    told = max(2, said.shape[-1] if said.ndim > 1 else 1)
    if labels.max() >= told:
        raise refuse(
            op,
            f"classes must be from 0 to {told - 1}, as the model's outputs are",
            f"class {labels.max()}",
            _NUMBERS,
        )
    if said.size == len(grid) and (said.min() < 0.0 or said.max() > 1.0):
        # Logits, whose zero is half the probability; of any size, as tanh has them.
        said, at_points = (0.5 + 0.5 * np.tanh(0.5 * v) for v in (said, at_points))
    own = classes_of(at_points, op)
    right = float((own == labels).mean())
    return Regions((ticks[0], ticks[1]), said, points, labels, right, names, classes)


def _labels(op: str, y: Any) -> Array:
    """Class numbers of targets."""
    given = np.asarray(y)
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise refuse(op, "classes must be numbers", "NaN", "Leave such rows out")
    single = given.dtype.kind == "f" and given.size == len(given)
    if single and (given != np.round(given)).any():
        raise refuse(
            op,
            "classes must be whole numbers or one-hot rows",
            f"numbers from {number(given.min())} to {number(given.max())}",
            _NUMBERS,
        )
    return counted(y, op)
