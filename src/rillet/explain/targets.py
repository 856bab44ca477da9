"""Whether targets fit a model's loss and its last layer.

In: a sample of the targets, the loss's name, the last layer and the form of what it
gives. Out: the one finding that matters most, or nothing. `structure` asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from rillet.explain.findings import Finding
from rillet.explain.picture import number

Array = np.ndarray[Any, Any]

#: What an activation can give.
RANGES: Final[dict[str, tuple[float, float]]] = {
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
SQUARES: Final = (
    "mean_squared_error",
    "mean_absolute_error",
    "huber_loss",
    "huber",
    "log_cosh",
    "logcosh",
)
#: Losses that take targets below 0 for others.
_FROM_ZERO: Final = ("mean_squared_logarithmic_error", "poisson")
#: Losses that compare number with number.
_NUMBERWISE: Final = (
    *SQUARES,
    *_FROM_ZERO,
    "binary_crossentropy",
    "mean_absolute_percentage_error",
    "kl_divergence",
)
_SPARSE: Final = "sparse_categorical_crossentropy"
_ROWS: Final = "categorical_crossentropy"
_BINARY: Final = "binary_crossentropy"
_CLASSES: Final = (_SPARSE, _ROWS, _BINARY)
#: What whole numbers span, and how many of them there are, that are no classes.
_WIDE: Final = 1000.0
_MANY: Final = 50
#: Targets beyond which scaling is told with a loss for numbers.
_FAR: Final = 100.0
_NUMBERED: Final = "as in np.unique(y, return_inverse=True)[1]"
#: The share of targets out of reach from which they are spoken of.
_SHARE: Final = 0.01


class Ends:
    """A model's last layer.

    Args:
        name: of the layer.
        units: how many numbers it gives; None where unknown.
        activation: what it applies last.
        shape: of the model's outputs without the rows; None where unknown.
        layers: what leads there, as far as it is known.
    """

    def __init__(
        self,
        name: str,
        units: int | None,
        activation: str | None,
        shape: tuple[int, ...] | None,
        layers: Iterable[Any] = (),
    ) -> None:
        self.name = name
        self.units = units
        self.activation = activation
        self.shape = shape
        self.width = shape[-1] if shape else units
        #: The last layer that gives each step of a sequence.
        self.sequence = ""
        for layer in layers:
            if getattr(layer, "return_sequences", False):
                self.sequence = layer.name


def look(y: Array, loss: str, ends: Ends | None) -> Finding | None:
    """What is wrong with targets; None where nothing is.

    Args:
        y: some of them ``(rows, ...)``.
        loss: the loss's name.
        ends: the last layer; None where the model is no chain of layers.
    """
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        return Finding(
            "labels",
            "the targets hold NaN or infinity",
            "Leave such rows out, or fill them in",
        )
    if not y.size:
        return None
    if loss in _CLASSES and _numeric(y, loss, ends):
        return _regression(y, loss, ends)
    if loss == _BINARY:
        return _binary(y, ends)
    if loss == _SPARSE:
        return _sparse(y, ends)
    if loss == _ROWS:
        return _one_hot(y, ends)
    if loss in _NUMBERWISE and ends is not None:
        return _numbers(y, loss, ends)
    return None


def _span(y: Array) -> str:
    return f"from {number(float(y.min()))} to {number(float(y.max()))}"


def _flat(y: Array) -> bool:
    return y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)


def _whole(y: Array) -> bool:
    return y.dtype.kind in "iub" or bool((y == np.round(y)).all())


def _numeric(y: Array, loss: str, ends: Ends | None) -> bool:
    """Whether targets of a loss for classes are numbers, prices for example."""
    low, high = float(y.min()), float(y.max())
    if not _flat(y) or (loss == _BINARY and 0 <= low and high <= 1):
        return False
    if ends is not None and low >= 0 and high < (ends.units or 0):
        return not _whole(y)
    return not _whole(y) or (high - low >= _WIDE and len(np.unique(y)) > _MANY)


def _regression(y: Array, loss: str, ends: Ends | None) -> Finding:
    fix = 'Use loss="mse"'
    plain = ends is not None and ends.activation in (None, "linear")
    if ends is not None and not (plain and ends.width == 1):
        fix += ", and end in Dense(1) without activation"
    if np.abs(y).max() > _FAR:
        fix += ", and scale the targets, y = (y - y.mean()) / y.std()"
    return Finding(
        "regression",
        f"the loss {loss} compares classes, and the targets are numbers {_span(y)}",
        fix,
    )


def _classes(y: Array) -> int | None:
    """How many classes the targets seem to number; None where they are no classes."""
    if not _flat(y) or not _whole(y) or float(y.min()) < 0:
        return None
    count = int(y.max()) + 1
    return count if 3 <= count <= 1000 and len(np.unique(y)) > count // 2 else None


def _for_classes(count: int) -> str:
    return (
        f'For {count} classes use Dense({count}, activation="softmax") and'
        f' loss="{_SPARSE}"'
    )


def _encoded(y: Array) -> str:
    """How to make targets of a binary crossentropy go from 0 to 1."""
    low, high = float(y.min()), float(y.max())
    if not _flat(y):
        if 0 <= low and 100 < high <= 255:
            return "Divide the targets by 255"
        return 'Scale the targets to 0 to 1; for other numbers use loss="mse"'
    values = np.unique(y)
    if len(values) <= 2:
        return f"Encode the two classes as 0 and 1, as in y = (y == {high:g}) * 1.0"
    count = _classes(y)
    if count is not None and len(values) == count:
        return _for_classes(count)
    return f"Number the classes from 0, {_NUMBERED}. {_for_classes(len(values))}"


def _binary(y: Array, ends: Ends | None) -> Finding | None:
    if ends is not None and ends.activation == "softmax" and (ends.width or 0) > 1:
        if (ends.width or 0) == 2 and _flat(y):
            return Finding(
                "loss",
                f"the loss {_BINARY} compares the 2 probabilities of {ends.name} with"
                " one class number",
                f'Use loss="{_SPARSE}"',
            )
        return None  # the layer and the loss were spoken of already
    low, high = float(y.min()), float(y.max())
    if low < 0 or high > 1:
        return Finding(
            "labels",
            f"the loss {_BINARY} expects targets from 0 to 1, and they are {_span(y)}",
            _encoded(y),
        )
    return None if ends is None else _stretched(y, _BINARY, ends)


def _sparse(y: Array, ends: Ends | None) -> Finding | None:
    units = None if ends is None else ends.units
    if not _whole(y):
        return Finding(
            "labels",
            f"the loss {_SPARSE} expects class numbers, and targets have fractions",
            f'Use loss="{_ROWS}" for shares of classes, "mse" for numbers',
        )
    if y.ndim > 1 and y.shape[-1] > 1 and y.shape[-1] == units and _hot(y):
        return Finding(
            "labels",
            f"the loss {_SPARSE} expects class numbers, and the targets are one-hot"
            f" rows of {units}",
            f'Use loss="{_ROWS}", or y.argmax(axis=-1) as targets',
        )
    low, high = float(y.min()), float(y.max())
    if low < 0 or (units is not None and units > 1 and high >= units):
        said = f"classes from 0 to {units - 1}" if units else "classes from 0 up"
        count = len(np.unique(y))
        fix = f"Number the classes from 0, {_NUMBERED}"
        if low >= 1 and high - low < (units or 0):
            fix = f"Number the classes from 0, as in y - {low:g}"
        elif units is not None and count > units:
            fix = f"Give the last layer {int(high) + 1} units"
            fix = fix if low >= 0 else f"Number the classes from 0, {_NUMBERED}, and"
            fix += "" if low >= 0 else f" give the last layer {count} units"
        return Finding(
            "labels",
            f"the loss {_SPARSE} expects {said}, and the targets are {_span(y)}",
            fix,
        )
    return None


def _hot(y: Array) -> bool:
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=-1) == 1).all())


def _one_hot(y: Array, ends: Ends | None) -> Finding | None:
    if _flat(y) and ends is not None and (ends.units or 0) > 1 and _whole(y):
        return Finding(
            "labels",
            f"the loss {_ROWS} expects one-hot rows of {ends.units}, and the targets"
            f" are class numbers {_span(y)}",
            f'Use loss="{_SPARSE}"',
        )
    if y.ndim != 2 or y.shape[1] < 2:
        return None
    if (np.count_nonzero(y, axis=1) <= 1).all():
        return None  # one class, weighed: by what an action gained, or not at all
    sums = y.sum(axis=1)
    if float(y.min()) >= 0 and np.abs(sums - 1).max() <= 0.01:
        return None
    return Finding(
        "labels",
        f"the loss {_ROWS} expects rows that add up to 1, and they add up to"
        f" {number(float(sums.min()))} to {number(float(sums.max()))}",
        f'Use one-hot rows, or loss="{_BINARY}" with sigmoid for several labels',
    )


def _numbers(y: Array, loss: str, ends: Ends) -> Finding | None:
    flat = _flat(y)
    if loss in (*SQUARES, "kl_divergence") and flat and (ends.units or 0) > 1:
        if ends.activation == "softmax":
            return Finding(
                "loss",
                f"the loss {loss} compares {ends.units} probabilities with one class"
                " number",
                f'Use loss="{_SPARSE}"',
            )
    if loss in _FROM_ZERO and float((y < 0).mean()) > _SHARE:
        bent = ends.activation in RANGES
        also = f", and leave the activation of {ends.name} out" if bent else ""
        return Finding(
            "labels",
            f"the loss {loss} expects targets from 0 up, and they are {_span(y)}",
            f'Use loss="mse"{also}',
        )
    found = _stretched(y, loss, ends)
    if found is not None or loss not in SQUARES:
        return found
    low, high = RANGES.get(ends.activation or "", (-np.inf, np.inf))
    slack = 0.01 * (float(y.max()) - float(y.min()))
    beyond = (y < low - slack) | (y > high + slack)
    if float(beyond.mean()) <= _SHARE:
        return None
    reach = f"numbers from {number(low)} up"
    fix = f"Leave the activation of {ends.name} out"
    if np.isfinite(high):
        reach = f"numbers from {number(low)} to {number(high)}"
        fix += ", or scale the targets to that range"
    count = _classes(y) if ends.activation in ("sigmoid", "softmax") else None
    if count is not None:
        fix = f"{_for_classes(count)}; for numbers leave the activation out"
    return Finding(
        "range",
        f"{ends.name} ends in {ends.activation}, which gives {reach}, and the targets"
        f" are {_span(y)}",
        fix,
    )


def _stretched(y: Array, loss: str, ends: Ends) -> Finding | None:
    """Targets and outputs of different shapes that are compared all the same."""
    if ends.shape is None:
        return None
    # None stands for the number of rows
    true: tuple[int | None, ...] = (None, *y.shape[1:])
    said: tuple[int | None, ...] = (None, *ends.shape)
    # what `fit` and the losses put right themselves
    if len(true) == 1 and len(said) == 2:
        true = (*true, 1)
    if len(true) - len(said) == -1 and said[-1] == 1:
        said = said[:-1]
    elif len(true) - len(said) == 1 and true[-1] == 1:
        true = true[:-1]
    if true == said:
        return None
    pairs = zip(reversed(true), reversed(said), strict=False)
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        return None  # `fit` words what does not fit together
    want = _text(y.shape[1:])
    fix = f"Give both one shape: targets {_text(ends.shape)}, or outputs {want}"
    if ends.sequence and len(ends.shape) > 1 and _flat(y):
        fix = (
            f"Set return_sequences=False in {ends.sequence}, which gives all steps, to"
            " keep the last; or give each step its target"
        )
    count = _classes(y)
    if count is not None and ends.units == count and loss in SQUARES:
        fix = f'Use softmax and loss="{_SPARSE}", or outputs of shape {want}'
    return Finding(
        "shapes",
        f"targets of shape {want} are stretched over outputs of shape"
        f" {_text(ends.shape)}, so numbers are compared that do not belong together",
        fix,
    )


def _text(sizes: tuple[int, ...]) -> str:
    return f"({', '.join(['n', *map(str, sizes)])}{'' if sizes else ','})"
