"""What a loss compares, seen in a pass: forms that are stretched, no probabilities.

In: a model's outputs and targets for some rows, and the ops of the loss. Out: findings,
of models too whose layers cannot be listed. `numbers` asks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core.tensor import Tensor
from rillet.explain import outputs, targets
from rillet.explain.findings import Finding
from rillet.explain.passage import Ran
from rillet.explain.picture import number
from rillet.explain.structure import leaves

Array = np.ndarray[Any, Any]


#: What is found between outputs and targets: one of it is enough.
KINDS: Final = frozenset(
    ["labels", "loss", "range", "regression", "shapes"]
    + ["softmax axis", "softmax missing", "sigmoid missing", "relu before softmax"]
)
#: Activations by the ops that apply them.
_ACTIVATIONS: Final = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
#: Losses that expect probabilities which classes share.
_SHARED: Final = ("categorical_crossentropy", "sparse_categorical_crossentropy")
_BINARY: Final = "binary_crossentropy"
#: How far probabilities may be off.
_SLACK: Final = 1e-3


def forms(model: Any, y: Any) -> list[Finding]:
    """What is wrong between targets and the form of outputs, as a step saw it.

    Args:
        model: a model that was trained.
        y: some of its targets; anything else for none.
    """
    shape = getattr(model.compiled_loss, "form", None)
    if shape is None or not isinstance(y, np.ndarray):
        return []
    return _of_targets(model, y, shape)


def _of_targets(
    model: Any, y: Array, shape: tuple[int, ...], last: Ran | None = None
) -> list[Finding]:
    if not np.isfinite(y.astype(np.float64)).all():
        return []  # the program may leave it out
    loss, _ = outputs.loss_of(model.loss)
    units = int(shape[-1]) if shape else None
    activation = None if last is None else _ACTIVATIONS.get(last.op.name)
    ends = targets.Ends(_name(last), units, activation, shape, leaves(model))
    found = targets.look(outputs.heeded(y, model.loss), loss, ends)
    return [] if found is None else [found]


def _name(ran: Ran | None) -> str:
    """What an activation is called by: the layer that applies it."""
    return "the model" if ran is None or ran.layer is None else str(ran.layer.name)


def look(
    model: Any, given: Tensor, y: Array, way: list[Ran], loss: list[Ran]
) -> list[Finding]:
    """What is wrong between outputs and targets.

    Args:
        model: a model compiled with one loss.
        given: its outputs ``(rows, ...)``.
        y: the targets ``(rows, ...)``.
        way: the ops of the model.
        loss: those of the loss.
    """
    name, logits = outputs.loss_of(model.loss)
    made = {id(out): ran for ran in way if ran.op for out in ran.outputs}
    last = made.get(id(given))
    said = np.asarray(given)
    found = _of_targets(model, y, said.shape[1:], last)
    found = found or _bent(name, logits, last, made)
    if found:
        return found
    axis = None if logits else _other_axis(name, said, model.loss)
    if axis is not None:
        rows = ", the rows of a batch" if axis == 0 else ""
        return [
            Finding(
                "softmax axis",
                f"outputs add up to 1 over axis {axis}{rows}, and not over the classes:"
                f" softmax was taken over axis {axis}",
                "Take it over the last axis, as in tf.nn.softmax(x, axis=-1)",
            )
        ]
    if not logits and not _probable(name, said):
        kind = "sigmoid" if name == _BINARY else "softmax"
        return [
            Finding(
                f"{kind} missing",
                f"the loss {name} expects probabilities, and the model gives numbers"
                f" from {number(float(said.min()))} to {number(float(said.max()))}",
                f'Give the last layer activation="{kind}", or the loss'
                " from_logits=True",
            )
        ]
    return _squared(way, loss, len(y))


def _bent(
    loss: str, logits: bool, last: Ran | None, made: dict[int, Ran]
) -> list[Finding]:
    """Logits that passed a ReLU."""
    what = f"the loss {loss} with from_logits=True"
    if last is not None and last.op.name in ("Softmax", "Sigmoid"):
        what = _ACTIVATIONS[last.op.name]
        logits = loss in (_SHARED if what == "softmax" else (_BINARY,))
        last = made.get(id(last.inputs[0]))
    if not logits or last is None or last.op.name != "Relu":
        return []
    return [outputs.after_relu(what, _name(last))]


def _other_axis(loss: str, said: Array, given: Any) -> int | None:
    """The axis over which outputs are probabilities, where it is not the classes'."""
    config = getattr(given, "_fn_kwargs", None) or {}
    if loss not in _SHARED or said.ndim < 2 or config.get("axis", -1) != -1:
        return None
    off = [float(np.abs(said.sum(axis=k) - 1).max()) for k in range(said.ndim)]
    if off[-1] <= _SLACK or said.shape[-1] < 2 or said.min() < 0:
        return None
    found = (k for k, most in enumerate(off) if most < _SLACK and said.shape[k] > 1)
    return next(found, None)


def _probable(loss: str, said: Array) -> bool:
    """Whether outputs may be the probabilities that a loss expects."""
    if not np.isfinite(said).all():
        return True  # there is worse to tell
    low, high = float(said.min()), float(said.max())
    if loss in _SHARED:
        return low >= -_SLACK
    return loss != _BINARY or (low >= -_SLACK and high <= 1 + _SLACK)


def _squared(way: list[Ran], loss: list[Ran], rows: int) -> list[Finding]:
    """A column that meets a row of numbers: each is compared with each.

    One of both hangs on the outputs: where both do, or none, pairs may be meant.
    """
    # probabilities may bring the logits along that they were made of
    hang = {id(out) for ran in way for out in ran.outputs}
    for ran in loss:
        sides = [id(x) in hang for x in ran.inputs]
        if any(sides):
            hang.update(map(id, ran.outputs))
        given = sorted(tuple(x.shape) for x in ran.inputs if isinstance(x, Tensor))
        meet = given == [(rows,), (rows, 1)] and rows > 1 and sum(sides) == 1
        if meet and tuple(ran.outputs[0].shape) == (rows, rows):
            return [
                Finding(
                    "shapes",
                    f"the loss combines shapes (n, 1) and (n,) to (n, n) in"
                    f" {ran.op.name}, so each target is compared with each output",
                    "Give both one shape, as in tf.reshape(y, [-1]) and"
                    " tf.reshape(p, [-1])",
                )
            ]
    return []
