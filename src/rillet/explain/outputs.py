"""Whether a model's last layer fits its loss: softmax and sigmoid, missing or twice.

In: a model's last layers and the loss's name. Out: findings. `structure` asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.explain.findings import Finding

LINEAR: Final = (None, "linear")
#: Activations that give no probabilities.
_BENT: Final = (
    "relu", "relu6", "leakyrelu", "leaky_relu", "elu", "selu", "gelu", "swish", "silu",
    "tanh", "softplus", "softsign", "exponential", "mish",
)  # fmt: skip


def activation(layer: Any) -> str | None:
    """The name of what a layer applies last; None where it applies nothing."""
    kind = type(layer).__name__
    if kind in ("Softmax", "ReLU", "LeakyReLU", "ELU", "PReLU"):
        return kind.lower()
    function = getattr(layer, "activation", None)
    return None if function is None else getattr(function, "__name__", "unknown")


def loss_of(given: Any) -> tuple[str, bool]:
    """The name of a loss, and whether it takes logits; "" where it is not one loss."""
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


def heeded(y: Any, loss: Any) -> Any:
    """Targets with class 0 where the loss ignores them.

    Args:
        y: an array, or None.
        loss: as `compile` got it.
    """
    config = getattr(loss, "_fn_kwargs", None)
    left_out = config.get("ignore_class") if isinstance(config, dict) else None
    return y if y is None or left_out is None else np.where(y == left_out, 0, y)


def width(layers: list[Any]) -> int | None:
    """How many numbers the last layer gives; None where that is not known."""
    for layer in reversed(layers):
        if type(layer).__name__ not in ("Activation", "Softmax", "ReLU", "LeakyReLU"):
            return units(layer)
    return None


def units(layer: Any) -> int | None:
    """How many units a layer has; None where it has no such number."""
    count = getattr(layer, "units", None)
    return count if isinstance(count, int) else None


def after_relu(what: str, name: str) -> Finding:
    """The finding that logits passed a ReLU.

    Args:
        what: takes the logits.
        name: of the layer that ends in it.
    """
    return Finding(
        "relu before softmax",
        f"{what} gets what relu of {name} leaves: no number below 0, and units at 0 no"
        " longer learn",
        f"Leave the activation of {name} out",
    )


def look(last: Any, layers: list[Any], loss: str, logits: bool) -> Iterator[Finding]:
    """What is wrong between an output's last layers and its loss.

    Args:
        last: the last layer.
        layers: those that lead to it, with it.
        loss: the loss's name.
        logits: whether the loss takes logits.
    """
    said = activation(last)
    count = width(layers)
    if said == "softmax" and len(layers) > 1 and activation(layers[-2]) == "softmax":
        yield Finding(
            "softmax twice",
            f"softmax is applied twice: by {layers[-2].name} and by {last.name}",
            "Leave one of them out",
        )
    several = loss in ("categorical_crossentropy", "sparse_categorical_crossentropy")
    binary = loss == "binary_crossentropy"
    alone = said == "softmax" or (said == "sigmoid" and binary)
    alone = alone and type(last).__name__ in ("Softmax", "Activation")
    if alone and len(layers) > 1 and activation(layers[-2]) == "relu":
        yield after_relu(f"{said} of {last.name}", layers[-2].name)
    if logits and said == "relu" and (several or binary):
        yield after_relu(f"the loss {loss} with from_logits=True", last.name)
    dense = type(last).__name__ in ("Dense", "Softmax", "Activation")
    if several and logits and said == "softmax":
        yield Finding(
            "softmax twice",
            f"the loss {loss} with from_logits=True applies softmax, and {last.name}"
            " did already",
            "Leave from_logits out, or the layer's softmax",
        )
    missing = several and not logits and count != 1
    if missing and said in LINEAR and type(last).__name__ == "Dense":
        yield Finding(
            "softmax missing",
            f"the loss {loss} expects probabilities, and {last.name} gives any numbers",
            f'Give {last.name} activation="softmax", or the loss from_logits=True',
        )
    if missing and said in _BENT:
        yield Finding(
            "softmax missing",
            f"the loss {loss} expects probabilities, and {last.name} ends in {said}",
            f'Give {last.name} activation="softmax"',
        )
    if said == "softmax" and binary and (count or 0) > 2:
        yield Finding(
            "loss",
            f"the loss {loss} judges each number by itself, and the softmax of"
            f" {last.name} shares 1 among {count} classes",
            'Use loss="categorical_crossentropy" for one-hot targets,'
            ' "sparse_categorical_crossentropy" for class numbers; or, where several'
            ' classes may be right at once, activation="sigmoid"',
        )
    if several and count == 1 and dense:
        yield Finding(
            "loss",
            f"the loss {loss} compares classes, and {last.name} gives one number",
            'For two classes use activation="sigmoid" and loss="binary_crossentropy",'
            ' for numbers loss="mse"',
        )
    elif said == "softmax" and count == 1:
        yield Finding(
            "loss",
            f"softmax over the one number of {last.name} is always 1",
            'Use activation="sigmoid"',
        )
    if not binary or type(last).__name__ != "Dense":
        return
    if logits and said == "sigmoid":
        yield Finding(
            "sigmoid twice",
            f"the loss {loss} with from_logits=True applies sigmoid, and {last.name}"
            " did already",
            "Leave from_logits out, or the layer's sigmoid",
        )
    if not logits and said in LINEAR:
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
