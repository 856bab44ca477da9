"""Networks as circles and links, and the course's overview of what learning is made of.

In: a model. Out: drawings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rillet.explain.batches import first_batch
from rillet.explain.followed import followed
from rillet.explain.outputs import activation, loss_of
from rillet.explain.picture import Array, Drawing, number, refuse
from rillet.explain.svg import CHARACTER, Sheet

_SHOWN: Final = 12
_ACROSS: Final = 150.0
_DOWN: Final = 34.0


@dataclass(eq=False)
class Network(Drawing):
    """Neurons and weights.

    Attributes:
        names: of the layers, the inputs first.
        sizes: neurons by layer.
        weights: the kernels between layers ``(in, out)``.
        biases: by layer, the inputs' left out; None where there is none.
        activations: by layer, the inputs' left out.
    """

    names: list[str]
    sizes: list[int]
    weights: list[Array]
    biases: list[Array | None]
    activations: list[str]

    @property
    def svg(self) -> str:
        """Blue links are positive weights, orange negative; wide ones are large.

        Weights that are NaN or infinite are dashed, in red.
        """
        sheet = Sheet("A network of neurons")
        columns = [_rows(size) for size in self.sizes]
        tallest = max(len(rows) for rows in columns)
        places: list[dict[int, tuple[float, float]]] = []
        for k, rows in enumerate(columns):
            top = (tallest - len(rows)) * _DOWN / 2
            places.append(
                {
                    row: (k * _ACROSS, top + at * _DOWN)
                    for at, row in enumerate(rows)
                    if row >= 0
                }
            )
            for at, row in enumerate(rows):
                if row < 0:
                    sheet.text(k * _ACROSS, top + at * _DOWN + 4, "⋮", "faint")
        for k, kernel in enumerate(self.weights):
            finite = np.isfinite(kernel)
            largest = float(np.abs(kernel).max(initial=0, where=finite)) or 1.0
            for i, begin in places[k].items():
                for j, end in places[k + 1].items():
                    w = float(kernel[i, j])
                    sheet.line(
                        [(begin[0] + 11, begin[1]), (end[0] - 11, end[1])],
                        arrow=False,
                        style=_link(w, largest),
                        note=f"weight {number(w)}",
                    )
        for k, column in enumerate(places):
            for row, (x, y) in column.items():
                bias = self.biases[k - 1] if k else None
                note = f"input {row}" if not k else f"neuron {row}"
                if bias is not None:
                    note += f", bias {number(float(bias[row]))}"
                sheet.circle(x, y, 11, f"var(--{'op' if k else 'input'})", note)
            foot = tallest * _DOWN + 6
            said = f"{self.sizes[k]}" + (f", {self.activations[k - 1]}" if k else "")
            sheet.text(k * _ACROSS, foot, self.names[k], "head")
            sheet.text(k * _ACROSS, foot + 16, said, "faint")
        return sheet.done()

    def __str__(self) -> str:
        return " - ".join(
            f"{n} ({s})" for n, s in zip(self.names, self.sizes, strict=True)
        )

    __repr__ = __str__


def _link(weight: float, largest: float) -> str:
    if not np.isfinite(weight):
        return "stroke: var(--back); stroke-width: 1.5; stroke-dasharray: 3 3"
    return (
        f"stroke: var(--{'plus' if weight >= 0 else 'minus'});"
        f" stroke-width: {0.3 + 3.2 * abs(weight) / largest:.2f}; opacity: 0.75"
    )


def _rows(size: int) -> list[int]:
    """The neurons of a layer that are shown; -1 for those left out."""
    if size <= _SHOWN:
        return list(range(size))
    half = _SHOWN // 2
    return [*range(half), -1, *range(size - half + 1, size)]


def network(model: Any) -> Network:
    """A network of Dense layers as circles and links.

    Args:
        model: a built model. It is called once, on zeros, to see which layer gives what
            to which; layers between that hold no neurons are passed over.

    Raises:
        ValueError: where it has no Dense layers, is not built, or a Dense layer gets
            something else than what the one before gave.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.Sequential(
        ...     [tf.keras.layers.Dense(3, input_shape=(2,)), tf.keras.layers.Dense(1)]
        ... )
        >>> tf.explain.network(model).sizes
        [2, 3, 1]
    """
    dense, before = followed(model)
    kernels = [np.asarray(layer.kernel) for layer in dense]
    return Network(
        [before, *(layer.name for layer in dense)],
        [kernels[0].shape[0], *(k.shape[1] for k in kernels)],
        kernels,
        [np.asarray(d.bias) if d.use_bias else None for d in dense],
        [activation(layer) or "linear" for layer in dense],
    )


@dataclass(eq=False)
class Overview(Drawing):
    """What learning is made of.

    Attributes:
        parts: what stands in each box, by its name: ``data``, ``layers``,
            ``predictions``, ``targets``, ``loss``, ``score``, ``optimizer``.
    """

    parts: dict[str, list[str]]

    @property
    def svg(self) -> str:
        """Data flows down through layers; the loss's score comes back as updates."""
        sheet = Sheet("Network, loss, optimizer and data")
        middle = {
            "data": (160.0, 0.0), "layers": (160.0, 0.0), "predictions": (160.0, 0.0),
            "targets": (420.0, 0.0), "loss": (290.0, 0.0), "score": (290.0, 0.0),
            "optimizer": (-120.0, 0.0),
        }  # fmt: skip
        heights = {name: 26 + 15 * len(lines) for name, lines in self.parts.items()}
        y = 0.0
        for name in ("data", "layers", "predictions", "loss", "score"):
            middle[name] = (middle[name][0], y)
            y += heights[name] + 44
        middle["targets"] = (420.0, middle["predictions"][1])
        middle["optimizer"] = (-120.0, middle["loss"][1])
        width = {
            name: max(len(t) for t in [name, *lines]) * CHARACTER + 24
            for name, lines in self.parts.items()
        }

        def bottom(name: str) -> tuple[float, float]:
            return middle[name][0], middle[name][1] + heights[name]

        def left(name: str) -> tuple[float, float]:
            x, top = middle[name]
            return x - width[name] / 2, top + heights[name] / 2

        for a, b in (("data", "layers"), ("layers", "predictions"),
                     ("predictions", "loss"), ("targets", "loss"),
                     ("loss", "score")):  # fmt: skip
            sheet.line([bottom(a), middle[b]])
        score, tuner, net = left("score"), bottom("optimizer"), left("layers")
        sheet.line([score, (tuner[0], score[1]), tuner])
        up = middle["optimizer"]
        sheet.line([up, (up[0], net[1]), net])
        sheet.text((up[0] + net[0]) / 2, net[1] - 6, "weight update", "faint")
        kinds = {"data": "input", "targets": "input", "layers": "variable"}
        for name, lines in self.parts.items():
            x, top = middle[name]
            sheet.box(
                x - width[name] / 2, top, width[name], heights[name],
                kinds.get(name, "op"),
            )  # fmt: skip
            sheet.text(x, top + 17, name, "head")
            for k, line in enumerate(lines):
                sheet.text(x, top + 34 + 15 * k, line)
        return sheet.done()

    def __str__(self) -> str:
        return "\n".join(f"{k}: {', '.join(v)}" for k, v in self.parts.items())

    __repr__ = __str__


def overview(model: Any, x: Any = None, y: Any = None) -> Overview:
    """Layers, loss, optimizer and data of a compiled model, and how they hang together.

    Args:
        model: a compiled model.
        x: inputs, for their shape; or a dataset of batches.
        y: targets, for theirs.

    Raises:
        ValueError: where it is not compiled.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1, name="out")])
        >>> model.compile("sgd", "mse")
        >>> tf.explain.overview(model).parts["loss"]
        ['mean_squared_error']
    """
    if getattr(model, "optimizer", None) is None:
        raise refuse(
            "explain.overview",
            "the model must be compiled",
            "no optimizer",
            "Call model.compile(optimizer, loss)",
        )
    layers = []
    for layer in model.layers:
        said = activation(layer)
        text = f"{layer.name}: {type(layer).__name__}"
        text += f" {layer.units}" if hasattr(layer, "units") else ""
        layers.append(text + (f", {said}" if said else ""))
    x, y = first_batch("explain.overview", x, y)
    rate = float(np.asarray(model.optimizer.learning_rate))
    metrics = getattr(model, "metrics_names", [])
    return Overview(
        {
            "data": [f"x {_shape(x)}"],
            "layers": layers or ["none"],
            "predictions": ["y'"],
            "targets": [f"y {_shape(y)}"],
            "loss": _losses(model.loss),
            "score": [", ".join(metrics) or "loss"],
            "optimizer": [type(model.optimizer).__name__, f"rate {number(rate)}"],
        }
    )


def _losses(given: Any) -> list[str]:
    """The names of a model's losses, by output where there are several."""
    if isinstance(given, dict):
        return [f"{name}: {_losses(each)[0]}" for name, each in given.items()]
    if isinstance(given, (list, tuple)):
        return [_losses(each)[0] for each in given if each is not None] or ["none"]
    if given is None:
        return ["none"]
    return [loss_of(given)[0] or "its own"]


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shape(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)) and any(hasattr(p, "shape") for p in value):
        return ", ".join(map(_shape, value))
    return "" if value is None else str(tuple(np.shape(value)))
