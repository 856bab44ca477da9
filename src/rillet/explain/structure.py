"""What can be told of a model before it learns: its layers, its loss, its data's form.

In: a model, and the arrays that `fit` got. Out: findings. Numbers are looked at in a
sample of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.explain import starts, targets
from rillet.explain.findings import Finding
from rillet.explain.picture import number

Array = np.ndarray[Any, Any]

#: Rows that are looked at.
SAMPLE: Final = 512
#: A deviation or mean of the inputs beyond which steps are sure to go wrong.
LARGE: Final = 1000.0
_LINEAR: Final = (None, "linear")
#: Activations that give no probabilities.
_BENT: Final = (
    "relu", "relu6", "leakyrelu", "leaky_relu", "elu", "selu", "gelu", "swish", "silu",
    "tanh", "softplus", "softsign", "exponential", "mish",
)  # fmt: skip
_PASS: Final = ("Flatten", "Reshape", "Dropout", "InputLayer", "Permute")
#: Layers that inputs go through as they are, and those that learn from them.
_SHAPES: Final = ("InputLayer", "Flatten", "Reshape", "Permute", "Masking", "Dropout")
#: Layers after which a row of numbers is a row of numbers.
_KEEP: Final = (
    "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax",
    "BatchNormalization", "LayerNormalization", "GaussianNoise", "Normalization",
)  # fmt: skip
_LEARN: Final = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "LSTM", "GRU")
_PICTURED: Final = ("Dense", "Conv2D", "SimpleRNN", "LSTM", "GRU")


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
    rows, wanted = sample(x), sample(y)
    given = list(_inputs(rows, layers)) if rows is not None else []
    name, logits = loss_of(model)
    ends = None
    if layers:
        last = layers[-1]
        shape = _output_shape(model, layers, rows)
        ends = targets.Ends(last.name, _width(layers), activation(last), shape)
    about = None if wanted is None else targets.look(wanted, name, ends)
    held = any(found.kind == "inputs" for found in given)
    held = held or (about is not None and "NaN" in about.message)
    # what the data brought in is named before what became of it
    found = [each for each in given if held and each.kind == "inputs"]
    found += list(_nonfinite_weights(model, held))
    found += [*starts.frozen(model), *starts.wild_rate(model, layers)]
    if layers:
        found += [*starts.same_weights(layers), *_linear_stacks(layers)]
        found += _outputs(layers[-1], layers, name, logits)
    if about is not None and not (
        about.kind == "loss" and any(each.kind == "loss" for each in found)
    ):
        found.append(about)
    return found + [each for each in given if each not in found]


def _output_shape(
    model: Any, layers: list[Any], x: Array | None
) -> tuple[int, ...] | None:
    """A model's output's shape without the rows; None where it is not known."""
    shape: Any = None
    if getattr(model, "built", False):
        try:
            shape = model.output_shape
        except (AttributeError, RuntimeError, ValueError):
            shape = None
    if isinstance(shape, tuple) and not any(isinstance(s, tuple) for s in shape):
        return None if None in shape[1:] else tuple(map(int, shape[1:]))
    kinds = [type(layer).__name__ for layer in layers]
    flat = "Flatten" in kinds or (x is not None and x.ndim == 2)
    plain = all(kind in (*_PASS, *_KEEP) for kind in kinds) and "Reshape" not in kinds
    units = [u for u in map(_units, layers) if u is not None]
    return (units[-1],) if flat and plain and units else None


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


def _width(layers: list[Any]) -> int | None:
    """How many numbers the last layer gives; None where that is not known."""
    for layer in reversed(layers):
        if type(layer).__name__ not in ("Activation", "Softmax", "ReLU", "LeakyReLU"):
            return _units(layer)
    return None


def _units(layer: Any) -> int | None:
    units = getattr(layer, "units", None)
    return units if isinstance(units, int) else None


def _nonfinite_weights(model: Any, from_data: bool) -> Iterator[Finding]:
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
            name = v.name.split(":")[0]
            if from_data:
                said = f"{name} holds NaN or infinity, as the data does"
                fix = "Mend the data, then build the model anew"
            else:
                said = f"{name} holds NaN or infinity before training"
                fix = "An earlier run left it there: build the model anew"
            yield Finding("weights", said, fix)
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
    units = _width(layers)
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
    if several and not logits and said in _BENT:
        yield Finding(
            "softmax missing",
            f"the loss {loss} expects probabilities, and {last.name} ends in {said}",
            f'Give {last.name} activation="softmax"',
        )
    if said == "softmax" and loss == "binary_crossentropy" and (units or 0) > 2:
        yield Finding(
            "loss",
            f"the loss {loss} judges each number by itself, and the softmax of"
            f" {last.name} shares 1 among {units} classes",
            'Use loss="categorical_crossentropy" for one-hot targets,'
            ' "sparse_categorical_crossentropy" for class numbers; or, where several'
            ' classes may be right at once, activation="sigmoid"',
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
    if not logits and said in _BENT:
        yield Finding(
            "sigmoid missing",
            f"the loss {loss} expects probabilities, and {last.name} ends in {said}",
            f'Give {last.name} activation="sigmoid"',
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
    if spread > LARGE or (first in _PICTURED and _pixels(x)):
        yield unscaled(x)


def _pixels(x: Array) -> bool:
    """Whether inputs are pictures with brightness from 0 to 255."""
    if x.ndim < 3 and int(np.prod(x.shape[1:])) < 64:
        return False
    low, high = float(x.min()), float(x.max())
    return 0 <= low <= 8 and 128 <= high <= 255


def unscaled(x: Array) -> Finding:
    """The finding that inputs are too large to learn from."""
    return Finding(
        "unscaled",
        f"the inputs go from {number(float(x.min()))} to {number(float(x.max()))};"
        " layers learn best from numbers about -1 to 1",
        "Divide images by 255; else subtract the mean and divide by the deviation, or"
        " put a keras.layers.Normalization first",
    )
