"""Curves: how losses and metrics went, and a ball in a valley that is not the lowest.

In: a history, or the numbers of an optimizer. Out: plots with their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

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


#: Lines of training, and of validation.
_LOOKS: Final = (("o-", COLOURS[0]), ("s--", COLOURS[1]))


#: Epochs up to which each has a point, and the ratio of two values of one quantity
#: from which the smaller one cannot be told from zero.
_DOTTED: Final = 60
_SPREAD: Final = 1000.0


def _runs(epochs: Array) -> list[tuple[int, int]]:
    """The first and last of each row of epochs without a gap."""
    parts = np.split(epochs, np.flatnonzero(np.diff(epochs) > 1) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts if len(part)]


class Curves(Plot):
    """Losses and metrics by epoch.

    Attributes:
        values: for each quantity its values by epoch; those of validation begin with
            ``val_``.
        groups: the names of each panel.
        checked: the names of what validation gave.
        best: the epoch with the lowest validation loss, from 1; None without one.
    """

    def __init__(self, values: dict[str, Array], known: Sequence[str] = ()) -> None:
        self.values = values
        # an output that is called val has a `val_loss` in training, too
        of = {n: n[4:] for n in values if n.startswith("val_")}
        alone = {
            n for n in of if of[n] not in values and f"val_{n}" not in values
        }.difference(known)
        plain = [n for n in values if n in known or n not in of or f"val_{n}" in values]
        seen = {f"val_{n}" for n in plain if f"val_{n}" in values}
        self.checked = alone | (seen if seen.difference(known) else set())
        pairs = [(n, f"val_{n}") for n in plain] + [("", n) for n in of if n in alone]
        groups = [
            [n] * (n in values and n not in self.checked)
            + [checked] * (checked in self.checked)
            for n, checked in pairs
        ]
        self.groups = [names for names in groups if names]
        checked = values["val_loss"] if "val_loss" in self.checked else np.zeros(0)
        self.best = None
        if len(checked) and not np.isnan(checked).all():
            self.best = int(np.nanargmin(checked)) + 1
        self.size = (5.2 * min(len(self.groups), 3), 3.6 * -(-len(self.groups) // 3))

    def _draw(self, figure: Figure) -> None:
        columns = min(len(self.groups), 3)
        rows = -(-len(self.groups) // columns)
        axes = np.ravel(figure.subplots(rows, columns))
        for axis in axes[len(self.groups) :]:
            axis.axis("off")
        for axis, names in zip(axes, self.groups, strict=False):
            for name in names:
                look, colour = _LOOKS[name in self.checked]
                epochs = np.arange(1, len(self.values[name]) + 1)
                label = "validation" if name in self.checked else "training"
                if len(epochs) > _DOTTED:
                    look = look[1:]  # points would hide each other
                axis.plot(
                    epochs, self.values[name], look, ms=3.5, label=label, color=colour
                )
                lost = epochs[~np.isfinite(self.values[name])]
                for first, last in _runs(lost):
                    axis.axvspan(first - 0.5, last + 0.5, color=colour, alpha=0.1, lw=0)
                if len(lost):
                    # side by side, so that both can be read
                    axis.annotate(
                        f"{label}: NaN or infinity", (lost[0], 0.5), rotation=90,
                        xytext=(14 * (name in self.checked), 0),
                        textcoords="offset points",
                        xycoords=("data", "axes fraction"), va="center", ha="left",
                        color=colour, fontsize=8,
                    )  # fmt: skip
            self._scale(axis, names)
            if names[0] == "loss" and self.best is not None and len(epochs) > 1:
                axis.axvline(self.best, color="gray", lw=0.8, ls=":")
                axis.annotate(
                    "best", (self.best, 0.97), xycoords=("data", "axes fraction"),
                    ha="center", va="top", color="gray", fontsize=8,
                )  # fmt: skip
            title = names[0]
            if title in self.checked:
                # what training gave stood under a name that validation took
                title = f"{title[4:]}: validation alone"
            axis.set(title=title, xlabel="epoch")
            axis.legend()

    def _scale(self, axis: Any, names: list[str]) -> None:
        """Epochs as whole numbers, and losses of many sizes by powers of ten."""
        axis.xaxis.get_major_locator().set_params(integer=True)
        if max(len(self.values[name]) for name in names) == 1:
            axis.set_xticks([1])
        every = np.concatenate([self.values[name] for name in names])
        every = every[np.isfinite(every)]
        if every.size and every.min() > 0 and every.max() > _SPREAD * every.min():
            axis.set_yscale("log")
        elif not every.size:
            axis.set_yticks([])

    def __repr__(self) -> str:
        said = [f"{n} {number(v[-1])}" for n, v in self.values.items() if len(v)]
        for name, values in self.values.items():
            lost = np.flatnonzero(~np.isfinite(values)) + 1
            if len(lost):
                said.append(f"{name} NaN or infinite in epoch {lost[0]}")
        return f"<history: {', '.join(said)}>"


def history(history: Any) -> Curves:
    """The curves of a run of `fit`: each quantity, training beside validation.

    Args:
        history: what `fit` returned, or a dictionary of lists.

    Raises:
        ValueError: where it holds no epoch, or something else than a number an epoch.

    Example:
        >>> import rillet as tf
        >>> curves = tf.explain.history({"loss": [2.0, 1.0], "val_loss": [2.0, 3.0]})
        >>> curves.groups, curves.best
        ([['loss', 'val_loss']], 1)
    """
    given = getattr(history, "history", history)
    model = getattr(history, "model", None)
    if not isinstance(given, dict) or not given:
        raise refuse("explain.history", "the history holds no epoch", repr(given)[:60])
    values: dict[str, Array] = {}
    for name, by_epoch in given.items():
        try:
            values[name] = np.asarray(by_epoch, np.float64)
        except (TypeError, ValueError):
            values[name] = np.zeros((0, 0))
        if values[name].ndim != 1:
            raise refuse(
                "explain.history",
                "each quantity has a number for each epoch",
                f"{name!r}: {repr(by_epoch)[:60]}",
                f"Leave {name!r} out",
            )
    # what fit gave knows which names are those of training
    return Curves(values, getattr(model, "metrics_names", ()))


#: The ends of the picture, and a weight that ran away.
_LIMITS: Final = (-2.4, 2.5)
_AWAY: Final = 1e6


#: The valleys' floor: a shallow one at about -1.4 beside a deep one at about 1.5.
def _floor(x: Any) -> Any:
    return 0.05 * (x**4 - 4 * x**2 - 1.2 * x) * 2.0


def _slope(x: Any) -> Any:
    return 0.05 * (4 * x**3 - 8 * x - 1.2) * 2.0


class Valleys(Plot):
    """A curve with two valleys, and where descents end.

    Attributes:
        x: places along the curve.
        loss: the curve's height there.
        paths: each descent's places, the first first: ``SGD`` and ``momentum``; fewer
            than asked for where one runs away.
        ends: the last of them.
        gone: the step since which a descent is outside the picture; None where it
            ends in.
    """

    def __init__(self, start: float, rate: float, momentum: float, steps: int) -> None:
        self.x: Array = np.linspace(*_LIMITS, 300)
        self.loss: Array = _floor(self.x)
        self.paths = {
            "SGD": _descend(start, rate, 0.0, steps),
            "momentum": _descend(start, rate, momentum, steps),
        }
        self.ends = {name: float(path[-1]) for name, path in self.paths.items()}
        low, high = _LIMITS
        self.gone = {
            name: outside_since((path >= low) & (path <= high))
            for name, path in self.paths.items()
        }

    def __repr__(self) -> str:
        ends = ", ".join(
            f"{n} ends at {number(end)} with loss {number(float(_floor(end)))}"
            if self.gone[n] is None
            else f"{n} is outside the picture since step {self.gone[n]}"
            for n, end in self.ends.items()
        )
        return f"<local minimum: {ends}>"

    def _draw(self, figure: Figure) -> None:
        axis = figure.subplots()
        axis.plot(self.x, self.loss, color="gray")
        for (name, path), colour in zip(self.paths.items(), COLOURS, strict=False):
            gone = self.gone[name]
            label = name if gone is None else f"{name}: outside since step {gone}"
            near = np.clip(path, -_AWAY, _AWAY)
            axis.plot(near, _floor(near), ".-", color=colour, lw=0.8, label=label)
            axis.plot(near[-1], _floor(near[-1]), "o", ms=11, color=colour)
        low, high = float(self.loss.min()), float(self.loss.max())
        space = 0.05 * (high - low)
        axis.set(
            xlabel="weight", ylabel="loss", title="A loss with two valleys; ends large",
            xlim=(_LIMITS[0] - 0.1, _LIMITS[1] + 0.1), ylim=(low - space, high + space),
        )  # fmt: skip
        axis.legend()


def _descend(start: float, rate: float, momentum: float, steps: int) -> Array:
    place, speed = start, 0.0
    path = [place]
    for _ in range(steps):
        # Keras's SGD: the speed takes its share of each slope
        speed = momentum * speed - rate * float(_slope(place))
        place += speed
        path.append(place)
        if abs(place) > _AWAY:
            break
    return np.asarray(path)


def local_minimum(
    start: float = -2.3,
    learning_rate: float = 0.1,
    momentum: float = 0.9,
    steps: int = 200,
) -> Valleys:
    """A loss with two valleys: plain descent stops in the near one, momentum goes on.

    Args:
        start: the weight at first, from -2.4 to 2.5.
        learning_rate: of both descents.
        momentum: of the second.
        steps: how many both go.

    Raises:
        ValueError: where the start lies outside, there is no step, or a rate is none.

    Example:
        >>> import rillet as tf
        >>> ends = tf.explain.local_minimum().ends
        >>> ends["SGD"] < 0 < ends["momentum"]
        True
    """
    low, high = _LIMITS
    if not low <= start <= high or steps < 1:
        raise refuse(
            "explain.local_minimum",
            f"start must be from {low} to {high} and steps 1 or more",
            (start, steps),
        )
    if not 0 < learning_rate < np.inf or not 0 <= momentum <= 1:
        raise refuse(
            "explain.local_minimum",
            "learning_rate must be finite and above 0, momentum from 0 to 1",
            (learning_rate, momentum),
        )
    return Valleys(start, learning_rate, momentum, steps)
