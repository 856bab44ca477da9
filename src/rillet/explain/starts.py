"""What a model starts with that keeps it from learning: weights and learning rate.

In: a compiled model and its layers. Out: findings. `structure` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.explain.findings import Finding
from rillet.explain.picture import number
from rillet.keras.compiled_state import trainable_as

#: Optimizers whose steps are about as long as their learning rate.
_UNIT: Final = ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion")
#: Those whose steps get no shorter where gradients change sides.
_RESTLESS: Final = ("RMSprop", "Lion")
#: Learning rates from which those run wild, where targets are about 1 away: without
#: hidden layers, with one, and with more. Found with networks of up to two hidden
#: layers of 32 units, and targets 1 to 300,000 away: hardly one that learns has more.
_WILD: Final = (50.0, 2.0, 0.5)
_WILD_RESTLESS: Final = (5.0, 0.5, 0.5)
#: And plain descent, which some tiny networks like at 10.
_WILD_DESCENT: Final = 100.0
Array = np.ndarray[Any, Any]

#: The learning rate times the size of targets from which plain descent behind hidden
#: layers goes wrong; networks bear about 1.
_LEAP: Final = 30.0
#: Where targets are smaller, or the rate is larger, the rate is to blame.
_LARGE: Final = 100.0
_USUAL: Final = 0.1
_SCALE: Final = "Scale the targets, y = (y - y.mean()) / y.std()"
_CENTRE: Final = "Subtract the targets' mean, y = y - y.mean()"
_LEARN: Final = ("Dense", "Conv1D", "Conv2D", "Conv3D")


def own_step(model: Any) -> bool:
    """Whether a model trains in a way of its own, so that its loss may be another."""
    kind, base = type(model), keras.Model
    return (
        kind.train_step is not base.train_step
        or kind.compute_loss is not base.compute_loss
    )


def frozen(model: Any) -> Iterator[Finding]:
    """A model none of whose weights learns."""
    if own_step(model):
        return
    noted = model.__dict__.get("_compiled_trainable")
    # what counts is what was trainable when the model was compiled
    with nullcontext() if noted is None else trainable_as(model, noted):
        layers = list(getattr(model, "layers", ()))
        parts = [model, *layers]
        if getattr(model, "built", False):
            still = bool(model.weights) and not model.trainable_weights
            still = still and not all(part.trainable for part in parts)
        else:
            still = bool(layers) and not any(layer.trainable for layer in layers)
            still = still or not model.trainable
    if still:
        yield Finding(
            "frozen",
            "no weight of the model is trainable, so training changes nothing",
            "Set layer.trainable = True on the layers that are to learn, then compile"
            " again",
        )


def same_weights(layers: list[Any]) -> Iterator[Finding]:
    """Hidden layers whose units are all alike, or give 0 and stay so."""
    learning = [layer for layer in layers if type(layer).__name__ in _LEARN]
    for layer, after in zip(learning, learning[1:], strict=False):
        value = _constant(layer)
        if value is None or _width(layer) < 2:
            continue
        dead = value == 0 and _is_relu(layer) and not _lifted(layer)
        if not dead and _constant(after) is None:
            continue
        why = "all its units learn the same"
        if value == 0:
            why = "it gives 0 whatever comes in, and its units cannot learn"
        yield Finding(
            "same weights",
            f"all weights of {layer.name} are {number(value)} at the start, so {why}",
            f"Leave kernel_initializer out of {layer.name}: numbers drawn at random"
            " make units differ",
        )
        return


def _width(layer: Any) -> int:
    return int(getattr(layer, "units", None) or getattr(layer, "filters", None) or 0)


def _is_relu(layer: Any) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") == "relu"


def _lifted(layer: Any) -> bool:
    """Whether biases lift some unit above 0."""
    if not getattr(layer, "use_bias", False):
        return False
    if getattr(layer, "built", False):
        return bool((np.asarray(layer.bias) > 0).any())
    return type(getattr(layer, "bias_initializer", None)).__name__ != "Zeros"


def _constant(layer: Any) -> float | None:
    """The one number that all of a layer's weights are; None where they differ."""
    if getattr(layer, "built", False):
        held = layer.kernel.value()
        array = getattr(held, "_array", None)  # `np.asarray` would copy it
        array = np.asarray(held if array is None else array).reshape(-1)
        if array.size < 2 or array[0] != array[1] or (array != array[0]).any():
            return None
        return float(array[0])
    made = getattr(layer, "kernel_initializer", None)
    kind = type(made).__name__
    if kind in ("Zeros", "Ones"):
        return float(kind == "Ones")
    if kind == "Constant":
        value = getattr(made, "value", None)
        return float(value) if isinstance(value, (int, float)) else None
    return None


def learning_rate(model: Any) -> float | None:
    """The optimizer's learning rate now; None where it has none that is a number."""
    try:
        return float(tf.convert_to_tensor(model.optimizer.learning_rate))
    except (AttributeError, TypeError, ValueError):
        return None


def untrained(model: Any) -> bool:
    """Whether the optimizer has not taken a step yet."""
    cell = getattr(getattr(model.optimizer, "iterations", None), "_cell", None)
    return cell is None or int(cell.read()._array) == 0


def has_unit_steps(model: Any) -> bool:
    """Whether the optimizer's steps are about as long as its learning rate."""
    return type(model.optimizer).__name__ in _UNIT


def large_rate(model: Any) -> bool:
    """Whether the learning rate may well be too large."""
    rate = learning_rate(model)
    large = 0.05 if has_unit_steps(model) else 1.0
    return rate is not None and rate >= large


def far_targets(model: Any, last: Any, y: Array, least: float) -> Finding | None:
    """Targets so large that steps hardly get there, or go far beyond.

    Args:
        model: a compiled model.
        last: its last layer, which ends in no activation.
        y: targets.
        least: how many times the learning rate they are away, at least, where that is
            the length of a step.
    """
    rate = learning_rate(model)
    if not rate or type(last).__name__ != "Dense":
        return None
    kind = type(model.optimizer).__name__
    away = distance(last, y)
    why = ""
    if has_unit_steps(model) and max(least * rate, _LARGE) <= away < np.inf:
        why = f"moves each weight by about {number(rate)} a step: getting there takes"
        why += " very many"
    elif (
        kind == "SGD"
        and _leaps(model, rate)
        and max(_LEAP / rate, _LARGE) <= away < np.inf
    ):
        why = "takes steps in proportion to them: weights leap far beyond"
    if not why:
        return None
    return Finding(
        "far targets",
        f"the targets go from {number(float(y.min()))} to {number(float(y.max()))}, and"
        f" {kind} with learning rate {number(rate)} {why}",
        f"{_SCALE if y.std() else _CENTRE}, and scale predictions back",
    )


def distance(last: Any, y: Array) -> float:
    """How far targets are from what a last layer begins with, in the mean."""
    wide = y.astype(np.float64)
    return float(np.sqrt(np.square(wide - _begins_with(last)).mean()))


def _leaps(model: Any, rate: float) -> bool:
    """Whether steps of a usual rate grow with the weights, behind hidden layers."""
    clips = ("clipnorm", "clipvalue", "global_clipnorm")
    clipped = any(getattr(model.optimizer, name, None) for name in clips)
    learning = [v for v in getattr(model, "layers", ()) if type(v).__name__ in _LEARN]
    return rate <= _USUAL and len(learning) > 1 and not clipped


def _begins_with(layer: Any) -> float:
    """What a layer's bias is, on average."""
    if getattr(layer, "bias", None) is not None:
        return float(np.asarray(layer.bias, np.float64).mean())
    value = getattr(getattr(layer, "bias_initializer", None), "value", None)
    return float(value) if isinstance(value, (int, float)) else 0.0


def usual_rate(model: Any) -> str:
    """A model's optimizer with a learning rate that people use with it, as code."""
    rate = 0.001 if has_unit_steps(model) else 0.01
    return f"{type(model.optimizer).__name__}(learning_rate={rate})"


def negative(rate: float) -> str:
    """What is wrong with a learning rate below 0."""
    return f"the learning rate {number(rate)} is negative, so steps raise the loss"


def wild_rate(model: Any, layers: list[Any], away: float) -> Iterator[Finding]:
    """A learning rate that no model of this kind bears.

    A step of every weight changes what `d` layers give by about its length to the power
    of `d`: what is too long hangs on how far the outputs have to go.

    Args:
        model: a compiled model.
        layers: of it and of the models in it.
        away: how far the targets are from what the model begins with.
    """
    rate = learning_rate(model)
    if rate is None:
        return
    kind = type(model.optimizer).__name__
    known = kind in _UNIT or kind == "SGD"
    fix = f"Try {usual_rate(model)}"
    if rate < 0 and known and not own_step(model):
        yield Finding("learning rate", negative(rate), fix)
    deep = depth(layers)
    limits = _WILD_RESTLESS if kind in _RESTLESS else _WILD
    most = limits[min(deep, len(limits)) - 1] * max(1.0, away) ** (1 / deep)
    if kind in _UNIT and rate >= most:
        if away >= _LARGE:
            fix = f"{_SCALE}, and use {usual_rate(model)}"
        yield Finding(
            "learning rate",
            f"the learning rate {number(rate)} moves each weight by about"
            f" {number(rate)} a step; {kind} is used with 0.001, give or take",
            fix,
        )
    elif kind == "SGD" and rate >= _WILD_DESCENT:
        yield Finding(
            "learning rate",
            f"the learning rate {number(rate)} is far too large; SGD is used with"
            " 0.01, give or take",
            fix,
        )


def depth(layers: Iterable[Any]) -> int:
    """How many layers have weights; 1 where none has."""
    return max(1, sum(map(_learns, layers)))


def _learns(layer: Any) -> bool:
    """Whether a layer has weights, or will have."""
    if getattr(layer, "built", False):
        return bool(getattr(layer, "trainable_weights", ()))
    return type(layer).__name__ in _LEARN or hasattr(layer, "return_sequences")
