"""The loss as a landscape, and the paths that optimizers take down it.

In: a loss of one or two numbers, or a model with data. Out: a plot with losses on a
grid and a path for each optimizer, whose steps are those of rillet's own classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.explain.batches import first_batch
from rillet.explain.computation import as_tensors, batch_loss
from rillet.explain.picture import (
    COLOURS,
    Array,
    Plot,
    number,
    outside_since,
    refuse,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAKERS: Final[dict[str, Callable[[float], Any]]] = {
    "SGD": lambda rate: keras.optimizers.SGD(rate),
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "RMSprop": lambda rate: keras.optimizers.RMSprop(rate),
    "Adam": lambda rate: keras.optimizers.Adam(rate),
}


class Surface(Plot):
    """Losses over one or two numbers, and paths down.

    Attributes:
        x: places along the first number.
        y: along the second; None where there is one.
        losses: ``(len(x),)``, or ``(len(y), len(x))``.
        paths: by optimizer, places ``(steps + 1, 1 or 2)``; fewer where one is
            reached whose loss is no finite number.
        path_losses: by optimizer, the loss at each place.
        names: what the axes are called.
    """

    def __init__(
        self,
        axes: Sequence[Array],
        losses: Array,
        paths: dict[str, Array],
        path_losses: dict[str, Array],
        names: Sequence[str],
    ) -> None:
        self.names = list(names)
        self.x: Array = axes[0]
        self.y: Array | None = axes[1] if len(axes) > 1 else None
        self.losses = losses
        self.paths = paths
        self.path_losses = path_losses
        panels = max(1, len(paths))
        self.size = (2.8 * panels, 3.1) if panels > 1 else (5.5, 3.6)

    def __repr__(self) -> str:
        finite = self.losses[np.isfinite(self.losses)]
        low, high = float(finite.min()), float(finite.max())
        lines = [f"<loss surface: from {number(low)} to {number(high)}>"]
        for name, path in self.paths.items():
            gone = self.gone(name)
            if gone is not None:
                lines.append(f"  {name}: outside the picture since step {gone}")
                continue
            at = ", ".join(
                f"{n} {number(v)}" for n, v in zip(self.names, path[-1], strict=True)
            )
            losses = self.path_losses[name]
            lines.append(
                f"  {name}: loss {number(losses[0])} to {number(losses[-1])} in"
                f" {len(path) - 1} steps, at {at}"
            )
        return "\n".join(lines)

    def gone(self, name: str) -> int | None:
        """The step since which a path is outside the picture; None where it ends in.

        Args:
            name: the optimizer's.
        """
        path = self.paths[name]
        inside = np.ones(len(path), bool)
        for k, ticks in enumerate([self.x] if self.y is None else [self.x, self.y]):
            inside &= (path[:, k] >= ticks[0]) & (path[:, k] <= ticks[-1])
        return outside_since(inside)

    def _draw(self, figure: Figure) -> None:
        finite = self.losses[np.isfinite(self.losses)]
        floor = float(finite.min())
        top = float(finite.max()) - floor or 1.0
        panels = np.atleast_1d(
            figure.subplots(1, max(1, len(self.paths)), sharex=True, sharey=True)
        )
        if self.y is None:
            for axis in panels:
                axis.plot(self.x, self.losses, color="gray")
            panels[0].set_ylabel("loss")
            panels[0].set_ylim(floor - 0.05 * top, floor + 1.05 * top)
        else:
            self._heights(figure, panels, floor, top)
            panels[0].set_ylabel(self.names[1])
            panels[0].set_ylim(self.y[0], self.y[-1])
        for axis in panels:
            axis.set_xlabel(self.names[0])
            axis.set_xlim(self.x[0], self.x[-1])
        for axis, (name, path) in zip(panels, self.paths.items(), strict=False):
            at = self.path_losses[name] if self.y is None else path[:, 1]
            axis.plot(path[:, 0], at, ".-", color=COLOURS[1], lw=0.9, ms=3)
            axis.plot(path[-1, 0], at[-1], "o", color=COLOURS[1])
            gone = self.gone(name)
            end = f"loss {number(self.path_losses[name][-1])} at the end"
            if gone is not None:
                end = f"outside since step {gone}"
            axis.set_title(f"{name}\n{end}", fontsize=9)

    def _heights(self, figure: Figure, panels: Array, floor: float, top: float) -> None:
        """The landscape in every panel."""
        seen = np.ma.masked_invalid(self.losses)
        levels = floor + top * np.linspace(0.0, 1.0, 25) ** 2  # valleys get more lines
        for axis in panels:
            picture = axis.contourf(self.x, self.y, seen, levels=levels, cmap="Blues_r")
        bar = figure.colorbar(picture, ax=list(panels), label="loss")
        marks = [float(level) for level in levels[::6]]
        bar.set_ticks(marks, labels=[number(mark) for mark in marks])


def loss_surface(
    loss: Any,
    x: Any = None,
    y: Any = None,
    *,
    start: Sequence[float] | None = None,
    limits: tuple[float, float] = (-2.0, 2.0),
    optimizers: Any = ("SGD", "momentum", "RMSprop", "Adam"),
    learning_rate: float = 0.05,
    steps: int = 60,
    side: int = 41,
) -> Surface:
    """The landscape of a loss, with the paths of optimizers down it.

    Args:
        loss: a function of one or two scalar tensors; or a model compiled with one
            loss, whose present weights are in the middle of the plane, the numbers
            going along two directions drawn at random (Li et al. 2018, "Visualizing
            the Loss Landscape of Neural Nets": each variable's part is as long as the
            variable).
        x: for a model, inputs; or a dataset, whose first batch is taken.
        y: for a model, targets.
        start: where descents begin: one number or two; where None, -1.5, and 1.5
            if the loss takes two, as a model's does.
        limits: the ends of each axis.
        optimizers: names out of ``SGD``, ``momentum``, ``RMSprop``, ``Adam``; or a
            dictionary of optimizers by name.
        learning_rate: of those given by name.
        steps: of each descent.
        side: places along an axis.

    Raises:
        ValueError: where a name is unknown, or the start has more than two numbers.

    Example:
        >>> import rillet as tf
        >>> found = tf.explain.loss_surface(lambda a, b: a * a + 4 * b * b, steps=100)
        >>> found.losses.shape, found.path_losses["SGD"][-1] < 1e-3
        ((41, 41), np.True_)
    """
    if start is None:
        start = (-1.5, 1.5)[: len(_asked(loss))]
    if len(start) not in (1, 2) or side < 2 or steps < 1:
        raise refuse(
            "explain.loss_surface",
            "start has one number or two, side is 2 or more, steps 1 or more",
            (tuple(start), side, steps),
        )
    made = _made(optimizers, learning_rate)
    function = loss
    if isinstance(loss, keras.Model):
        function = _plane(loss, x, y, len(start))
    ticks: Array = np.linspace(*limits, side)
    axes = [ticks] * len(start)
    places = np.stack([grid.reshape(-1) for grid in np.meshgrid(*axes)], axis=1).astype(
        np.float32
    )
    height = function.height if isinstance(function, _Plane) else function
    heights = [float(height(*map(tf.constant, place))) for place in places]
    losses = np.asarray(heights).reshape((side,) * len(start))
    if not np.isfinite(losses).any():
        raise refuse(
            "explain.loss_surface",
            "the loss must be a number somewhere within the limits",
            f"NaN or infinity everywhere from {limits[0]} to {limits[1]}",
        )
    paths, path_losses = {}, {}
    for name, optimizer in made.items():
        paths[name], path_losses[name] = _descend(function, start, optimizer, steps)
    names = _asked(loss)
    if len(names) != len(start):
        names = ["a", "b"][: len(start)]
    return Surface(axes, losses, paths, path_losses, names)


def _asked(loss: Any) -> list[str]:
    """The names of the numbers that a loss takes; two where that cannot be told."""
    if isinstance(loss, keras.Model):
        return ["along direction 1", "along direction 2"]
    if not callable(loss):
        raise refuse(
            "explain.loss_surface",
            "a function of one or two numbers is needed, or a model with x and y",
            type(loss).__name__,
        )
    try:
        given = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):
        return ["a", "b"]
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in given if p.kind in plain and p.default is p.empty]
    if len(names) > 2:
        raise refuse(
            "explain.loss_surface",
            "the function must take one number or two",
            f"{len(names)}: {', '.join(names)}",
            "Fix the others, as in lambda a, b: loss(a, b, 0.0)",
        )
    return names or ["a", "b"]


def _made(optimizers: Any, rate: float) -> dict[str, Any]:
    if isinstance(optimizers, dict):
        return dict(optimizers)
    optimizers = (optimizers,) if isinstance(optimizers, str) else optimizers
    for name in optimizers:
        if name not in _MAKERS:
            raise refuse(
                "explain.loss_surface",
                "no such optimizer",
                repr(name),
                f"Name one of {', '.join(_MAKERS)}, or give a dictionary",
            )
    return {name: _MAKERS[name](rate) for name in optimizers}


def _descend(
    function: Any, start: Sequence[float], optimizer: Any, steps: int
) -> tuple[Array, Array]:
    spots = [tf.Variable(float(at)) for at in start]
    path: list[list[float]] = []
    losses: list[float] = []
    for step in range(steps + 1):
        with tf.GradientTape() as tape:
            # what a model's own weights read is not asked about
            loss = function(*[spot + 0.0 for spot in spots])
        path.append([float(spot) for spot in spots])
        losses.append(float(loss))
        if not np.isfinite(losses[-1]):
            break
        if step < steps:
            slopes = tape.gradient(loss, spots)
            known = [
                tf.zeros_like(spot) if slope is None else slope
                for slope, spot in zip(slopes, spots, strict=True)
            ]
            optimizer.apply_gradients(zip(known, spots, strict=True))
    return np.asarray(path), np.asarray(losses)


class _Plane:
    """The loss of a model whose weights are moved along some directions.

    Args:
        model: the model.
        inputs: what it is called on.
        y: its targets.
        count: how many directions.
    """

    def __init__(self, model: Any, inputs: Any, y: Any, count: int) -> None:
        def passed() -> Any:
            return batch_loss(model, y, model(inputs, training=False))

        passed()  # the model is built
        self._passed = passed if model.run_eagerly else tf.function(passed)
        self._held = [(v, v.numpy()) for v in model.trainable_variables]
        rng = np.random.default_rng(0)
        self._directions = []
        for _ in range(count):
            one = []
            for _, value in self._held:
                drawn = rng.normal(size=value.shape)
                size = np.sqrt(np.square(drawn).sum()) or 1.0
                own = np.sqrt(np.square(value).sum())
                one.append((drawn * (own / size)).astype(value.dtype))
            self._directions.append(one)

    @contextmanager
    def _moved(self, spots: Any) -> Iterator[None]:
        """A ``with`` block in which the weights stand elsewhere."""
        amounts = [float(spot) for spot in spots]
        try:
            for k, (v, value) in enumerate(self._held):
                ways = zip(amounts, self._directions, strict=True)
                v.assign((value + sum(a * d[k] for a, d in ways)).astype(value.dtype))
            yield
        finally:
            for v, value in self._held:
                v.assign(value)

    def height(self, *spots: Any) -> Any:
        """The loss at a place."""
        with self._moved(spots):
            return self._passed()

    def __call__(self, *spots: Any) -> Any:
        """The same, with a gradient."""
        return tf.custom_gradient(self._with_slopes)(*spots)

    def _with_slopes(self, *spots: Any) -> tuple[Any, Any]:
        with self._moved(spots), tf.GradientTape() as tape:
            found = self._passed()
            slopes = tape.gradient(found, [v for v, _ in self._held])
        by_spot = [
            sum(
                tf.reduce_sum(tf.convert_to_tensor(g) * d[k])
                for k, g in enumerate(slopes)
                if g is not None
            )
            for d in self._directions
        ]

        def back(g: Any, variables: Any = None) -> Any:
            grads = [g * s for s in by_spot]
            return (grads, [None] * len(variables)) if variables else grads

        return tf.identity(found), back


def _plane(model: Any, x: Any, y: Any, count: int) -> _Plane:
    """A plane through a model's weights."""
    x, y = first_batch("explain.loss_surface", x, y)
    if x is None or y is None:
        raise refuse(
            "explain.loss_surface", "a model needs data", "none", "Give x and y"
        )
    targets = as_tensors(y)
    return _Plane(model, as_tensors(x), targets, count)
