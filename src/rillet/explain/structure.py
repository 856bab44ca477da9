"""What can be told of a model before it learns: its layers, its loss, its data's form.

In: a model, and the arrays that `fit` got. Out: findings. Numbers are looked at in a
sample of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.explain.findings import Finding
from rillet.explain.picture import number

Array = np.ndarray[Any, Any]

#: Rows that are looked at.
SAMPLE: Final = 512
#: A deviation or mean of the inputs beyond which steps are sure to go wrong.
LARGE: Final = 1000.0
_LINEAR: Final = (None, "linear")
_PASS: Final = ("Flatten", "Reshape", "Dropout", "InputLayer", "Permute")
#: Layers that inputs go through as they are, and those that learn from them.
_SHAPES: Final = ("InputLayer", "Flatten", "Reshape", "Permute", "Masking", "Dropout")
_LEARN: Final = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "LSTM", "GRU")


def chain(model: Any) -> list[Any]:
    """The layers of a model that are called one after another; else an empty list."""
    if isinstance(model, keras.Sequential):
        return [layer for layer in model.layers]
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != 1 or len(model.outputs) != 1:
        return []
    layers = list(model.layers)
    try:
        linked = all(
            b.input is a.output for a, b in zip(layers, layers[1:], strict=False)
        )
    except (AttributeError, ValueError):
        return []  # a layer that is called twice, or has several inputs
    return layers if linked else []


def activation(layer: Any) -> str | None:
    """The name of what a layer applies last; None where it applies nothing."""
    kind = type(layer).__name__
    if kind in ("Softmax", "ReLU", "LeakyReLU", "ELU", "PReLU"):
        return kind.lower()
    function = getattr(layer, "activation", None)
    return None if function is None else getattr(function, "__name__", "unknown")


def loss_of(model: Any) -> tuple[str, bool]:
    """The name of a model's one loss, and whether it takes logits."""
    given = getattr(model, "loss", None)
    if given is None or isinstance(given, (list, tuple, dict)):
        return "", False
    if isinstance(given, str):
        try:
            given = keras.losses.get(given)
        except ValueError:
            return "", False
    name = getattr(given, "name", None) or getattr(given, "__name__", "")
    config = getattr(given, "_fn_kwargs", None)
    logits = False
    if isinstance(config, dict):
        logits = bool(config.get("from_logits", False))
    elif hasattr(given, "get_config"):
        try:
            logits = bool(given.get_config().get("from_logits", False))
        except (NotImplementedError, TypeError, ValueError):
            logits = False
    short = {"mse": "mean_squared_error", "mae": "mean_absolute_error"}
    return short.get(str(name), str(name)), logits


def look(model: Any, x: Any = None, y: Any = None) -> list[Finding]:
    """All that is found before a step.

    Args:
        model: a compiled model.
        x: inputs, where they are one array.
        y: targets, where they are one array.
    """
    layers = chain(model)
    found = list(_nonfinite_weights(model))
    name, logits = loss_of(model)
    if layers:
        found += _linear_stacks(layers)
        found += _outputs(layers[-1], layers, name, logits)
    rows, targets = sample(x), sample(y)
    units = _units(layers[-1]) if layers else None
    if targets is not None:
        found += _labels(targets, name, units, layers)
    if rows is not None and rows.dtype.kind in "fiu":
        found += _inputs(rows, layers)
    return found


def sample(value: Any) -> Array | None:
    """Some rows of an array, from all over it; None where it is none."""
    if value is None or isinstance(value, (str, dict)):
        return None
    if isinstance(value, (list, tuple)):
        if not value or not isinstance(value[0], (int, float, list)):
            return None
        value = np.asarray(value)
    shape = getattr(value, "shape", None)
    if shape is None or not len(shape) or not shape[0] or not hasattr(value, "dtype"):
        return None
    stride = max(1, int(shape[0]) // SAMPLE)
    if hasattr(value, "numpy"):
        if hasattr(value, "row_splits") or not hasattr(value, "_array"):
            return None
        value = value._array
    if not isinstance(value, np.ndarray):
        return None
    rows = value[::stride][:SAMPLE]
    return rows if rows.dtype.kind in "fiub" else None


def _units(layer: Any) -> int | None:
    units = getattr(layer, "units", None)
    return units if isinstance(units, int) else None


def _nonfinite_weights(model: Any) -> Iterator[Finding]:
    if not getattr(model, "built", False):
        return
    for v in model.weights:
        array = getattr(v.value(), "_array", None)
        if array is None or array.dtype.kind != "f" or not array.size:
            continue
        flat = array.reshape(-1)
        # a NaN spreads over a weight in one step: some values tell of all
        part = flat[:: max(1, flat.size // 65536)]
        if not np.isfinite(part).all():
            yield Finding(
                "weights",
                f"{v.name.split(':')[0]} holds NaN or infinity before training",
                "An earlier run left it there: build the model anew",
            )
            return


def _linear_stacks(layers: list[Any]) -> Iterator[Finding]:
    before: Any = None
    narrowest: int | None = None
    for layer in layers:
        kind = type(layer).__name__
        if kind in _PASS and kind != "Dropout":
            continue
        if kind == "Dropout":
            continue
        if kind != "Dense":
            before = None
            continue
        width = _units(layer) or 0
        if before is not None and activation(before) in _LINEAR:
            into = _inputs_of(before)
            narrow = _units(before) or 0
            bottleneck = narrow < width and (into is None or narrow < into)
            if not bottleneck:
                yield Finding(
                    "linear",
                    f"{before.name} has no activation and {layer.name} follows: both"
                    " together are one linear layer in disguise",
                    f'Give {before.name} an activation, such as activation="relu"',
                )
                return
        before, narrowest = layer, narrowest


def _inputs_of(layer: Any) -> int | None:
    kernel = getattr(layer, "kernel", None)
    return int(kernel.shape[0]) if kernel is not None else None


def _outputs(
    last: Any, layers: list[Any], loss: str, logits: bool
) -> Iterator[Finding]:
    said = activation(last)
    units = _units(last)
    if said == "softmax" and len(layers) > 1 and activation(layers[-2]) == "softmax":
        yield Finding(
            "softmax twice",
            f"softmax is applied twice: by {layers[-2].name} and by {last.name}",
            "Leave one of them out",
        )
    several = loss in ("categorical_crossentropy", "sparse_categorical_crossentropy")
    dense = type(last).__name__ in ("Dense", "Softmax", "Activation")
    if several and logits and said == "softmax":
        yield Finding(
            "softmax twice",
            f"the loss {loss} with from_logits=True applies softmax, and {last.name}"
            " did already",
            "Leave from_logits out, or the layer's softmax",
        )
    if several and not logits and said in _LINEAR and type(last).__name__ == "Dense":
        yield Finding(
            "softmax missing",
            f"the loss {loss} expects probabilities, and {last.name} gives any numbers",
            f'Give {last.name} activation="softmax", or the loss from_logits=True',
        )
    if several and units == 1 and dense:
        yield Finding(
            "loss",
            f"the loss {loss} compares classes, and {last.name} gives one number",
            'For two classes use activation="sigmoid" and loss="binary_crossentropy",'
            ' for numbers loss="mse"',
        )
    elif said == "softmax" and units == 1:
        yield Finding(
            "loss",
            f"softmax over the one number of {last.name} is always 1",
            'Use activation="sigmoid"',
        )
    if loss != "binary_crossentropy" or type(last).__name__ != "Dense":
        return
    if logits and said == "sigmoid":
        yield Finding(
            "sigmoid twice",
            f"the loss {loss} with from_logits=True applies sigmoid, and {last.name}"
            " did already",
            "Leave from_logits out, or the layer's sigmoid",
        )
    if not logits and said in _LINEAR:
        yield Finding(
            "sigmoid missing",
            f"the loss {loss} expects probabilities, and {last.name} gives any numbers",
            f'Give {last.name} activation="sigmoid", or the loss from_logits=True',
        )


def _labels(
    y: Array, loss: str, units: int | None, layers: list[Any]
) -> Iterator[Finding]:
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        yield Finding(
            "labels",
            "the targets hold NaN or infinity",
            "Leave such rows out, or fill them in",
        )
        return
    low, high = float(y.min()), float(y.max())
    span = f"from {number(low)} to {number(high)}"
    if loss == "binary_crossentropy" and (low < 0 or high > 1):
        yield Finding(
            "labels",
            f"the loss {loss} expects targets from 0 to 1, and they are {span}",
            "Encode the two classes as 0 and 1",
        )
    if loss == "sparse_categorical_crossentropy":
        whole = y.dtype.kind in "iub" or bool((y == np.round(y)).all())
        if not whole:
            yield Finding(
                "labels",
                f"the loss {loss} expects class numbers, and targets have fractions",
                'Use loss="mse" for numbers, or "categorical_crossentropy" for shares',
            )
        elif low < 0 or (units is not None and units > 1 and high >= units):
            yield Finding(
                "labels",
                f"the loss {loss} expects classes from 0 to {(units or 1) - 1}, and the"
                f" targets are {span}",
                "Number the classes from 0, or give the last layer more units",
            )
    if loss == "categorical_crossentropy" and y.ndim == 2 and y.shape[1] > 1:
        sums = y.sum(axis=1)
        if low < 0 or np.abs(sums - 1).max() > 0.01:
            yield Finding(
                "labels",
                f"the loss {loss} expects rows that add up to 1, and they add up to"
                f" {number(float(sums.min()))} to {number(float(sums.max()))}",
                'Use one-hot rows, or loss="binary_crossentropy" for several labels',
            )
    squares = loss in ("mean_squared_error", "mean_absolute_error")
    flat = y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
    if squares and flat and layers and activation(layers[-1]) == "softmax":
        if units is not None and units > 1:
            yield Finding(
                "loss",
                f"the loss {loss} compares {units} probabilities with one class number",
                'Use loss="sparse_categorical_crossentropy"',
            )


def _inputs(x: Array, layers: list[Any]) -> Iterator[Finding]:
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        yield Finding(
            "inputs",
            "the inputs hold NaN or infinity",
            "Leave such rows out, or fill them in",
        )
        return
    names = [type(layer).__name__ for layer in layers]
    first = next((name for name in names if name not in _SHAPES), "")
    if first not in _LEARN:  # what scales inputs, or what may do so
        return
    spread = float(np.abs(x.astype(np.float64)).max())
    if spread > LARGE:
        yield unscaled(x)


def unscaled(x: Array) -> Finding:
    """The finding that inputs are too large to learn from."""
    return Finding(
        "unscaled",
        f"the inputs go from {number(float(x.min()))} to {number(float(x.max()))};"
        " layers learn best from numbers about -1 to 1",
        "Divide images by 255; else subtract the mean and divide by the deviation, or"
        " put a keras.layers.Normalization first",
    )
