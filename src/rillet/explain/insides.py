"""What stands inside a model: weights as distributions, activations layer by layer.

In: a model, and inputs. Out: plots with their values.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from rillet import keras
from rillet.explain.batches import first_batch
from rillet.explain.computation import as_tensors
from rillet.explain.passage import Passage
from rillet.explain.picture import COLOURS, Array, Plot, number, refuse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4
#: Characters that fit above a histogram.
_LINE = 40


class Distributions(Plot):
    """Values by name, each with a histogram or as a picture.

    Attributes:
        values: the arrays, by name.
        maps: for pictures of a layer's first row: ``(channels, height, width)``.
    """

    def __init__(self, values: dict[str, Array], maps: dict[str, Array]) -> None:
        self.values = values
        self.maps = maps
        rows = -(-len(values) // _COLUMNS)
        self.size = (2.9 * min(_COLUMNS, len(values)), 2.5 * rows)

    def summary(self) -> dict[str, dict[str, float]]:
        """Mean, deviation, smallest, largest and the share of zeros of each."""
        return {
            name: {
                "mean": float(v.mean()),
                "deviation": float(v.std()),
                "smallest": float(v.min()),
                "largest": float(v.max()),
                "zeros": float((v == 0).mean()),
            }
            for name, v in self.values.items()
            if v.size
        }

    def __str__(self) -> str:
        lines = []
        for name, row in self.summary().items():
            said = ", ".join(f"{k} {number(v)}" for k, v in row.items())
            lines.append(f"{name} {self.values[name].shape}: {said}")
        return "\n".join(lines)

    __repr__ = __str__

    def _draw(self, figure: Figure) -> None:
        columns = min(_COLUMNS, len(self.values))
        rows = -(-len(self.values) // columns)
        axes = np.ravel(figure.subplots(rows, columns))
        for axis, (name, value) in zip(axes, self.values.items(), strict=False):
            # long names part where a layer's name ends
            lines = [line.replace("/ ", "/") for line in wrap(
                name.replace("/", "/ "), _LINE)]  # fmt: skip
            axis.set_title("\n".join([*lines, str(value.shape)]), fontsize=8)
            if name in self.maps:
                axis.imshow(_tiled(self.maps[name]), cmap="viridis")
                axis.axis("off")
                continue
            finite = value[np.isfinite(value)]
            axis.hist(finite.reshape(-1), bins=30, color=COLOURS[0])
            axis.set_xlabel("value", fontsize=8)
            axis.set_ylabel("how many", fontsize=8)
            axis.yaxis.get_major_locator().set_params(integer=True)
            if finite.size < value.size:
                said = f"{value.size - finite.size} are NaN or infinite"
                axis.text(0.5, 0.9, said, ha="center", fontsize=8, color=COLOURS[1],
                          transform=axis.transAxes)  # fmt: skip
            if not finite.size:
                axis.set(xticks=[], yticks=[])
                continue
            axis.tick_params(labelsize=7)
            axis.xaxis.get_major_locator().set_params(nbins=5)
            axis.xaxis.get_offset_text().set_fontsize(7)
            axis.ticklabel_format(axis="x", scilimits=(-3, 4))
        for axis in axes[len(self.values) :]:
            axis.axis("off")


def _tiled(maps: Array) -> Array:
    """Up to 16 maps side by side, each from 0 to 1."""
    maps = maps[:16]
    side = int(np.ceil(np.sqrt(len(maps))))
    height, width = maps.shape[1:]
    out = np.full((side * (height + 1), side * (width + 1)), np.nan)
    for k, one in enumerate(maps):
        low, high = float(one.min()), float(one.max())
        top, left = k // side * (height + 1), k % side * (width + 1)
        out[top : top + height, left : left + width] = (one - low) / (high - low or 1.0)
    return out


def _need_layer(op: str, model: Any) -> None:
    if not isinstance(model, keras.layers.Layer):
        raise refuse(op, "a model or layer is needed", type(model).__name__)


def weights(model: Any) -> Distributions:
    """The distribution of each weight of a model or layer.

    Args:
        model: a model or layer that is built.

    Raises:
        ValueError: where it has no weights yet, or is no model.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Dense(3, kernel_initializer="ones", name="d")
        >>> layer.build((None, 2))
        >>> tf.explain.weights(layer).summary()["d/kernel"]["mean"]
        1.0
    """
    _need_layer("explain.weights", model)
    found: dict[str, Array] = {}
    held = model.weights if getattr(model, "built", False) else []
    for v in held:
        name = v.name.split(":")[0]
        if "/" not in name:
            name = f"{model.name}/{name}"
        found[name] = v.numpy().astype(np.float64)
    if not found:
        raise refuse(
            "explain.weights",
            "there are no weights",
            model.name,
            "Build it, or call it",
        )
    return Distributions(found, {})


def activations(model: Any, x: Any) -> Distributions:
    """What each layer gives for some inputs; images as pictures of their channels.

    Args:
        model: a model.
        x: inputs ``(n, ...)``, or a dataset, whose first batch is taken.

    Returns:
        Values by layer, in the order in which layers ran.

    Raises:
        ValueError: where no layer gave numbers, or `model` is no model.
    """
    _need_layer("explain.activations", model)
    x, _ = first_batch("explain.activations", x, None)
    passage = Passage()
    passage.run(lambda: model(as_tensors(x), training=False))
    found: dict[str, Array] = {}
    maps: dict[str, Array] = {}
    for ran in passage.ran:
        layer = ran.layer
        if layer is None or ran.op is None:
            continue
        value = np.asarray(ran.outputs[0])
        if value.dtype.kind not in "fiu" or not value.ndim:
            continue
        found[layer.name] = value.astype(np.float64)
        maps.pop(layer.name, None)
        if value.ndim == 4 and min(value.shape[1:3]) > 1:
            maps[layer.name] = np.moveaxis(found[layer.name][0], -1, 0)
    if not found:
        raise refuse("explain.activations", "no layer gave numbers", model.name)
    return Distributions(found, maps)
