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
    + ["softmax axis", "softmax missing", "sigmoid missing"]
)
#: Losses that expect probabilities which classes share.
_SHARED: Final = ("categorical_crossentropy", "sparse_categorical_crossentropy")
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


def _of_targets(model: Any, y: Array, shape: tuple[int, ...]) -> list[Finding]:
    if not np.isfinite(y.astype(np.float64)).all():
        return []  # the program may leave it out
    name, _ = outputs.loss_of(model.loss)
    units = int(shape[-1]) if shape else None
    ends = targets.Ends("the model", units, None, shape, leaves(model))
    found = targets.look(outputs.heeded(y, model.loss), name, ends)
    return [] if found is None else [found]


def look(model: Any, said: Array, y: Array, loss: list[Ran]) -> list[Finding]:
    """What is wrong between outputs and targets.

    Args:
        model: a model compiled with one loss.
        said: its outputs ``(rows, ...)``.
        y: the targets ``(rows, ...)``.
        loss: the ops of the loss.
    """
    name, logits = outputs.loss_of(model.loss)
    found = _of_targets(model, y, said.shape[1:])
    if found:
        return found
    if not logits and _over_rows(name, said):
        return [
            Finding(
                "softmax axis",
                "each output adds up to 1 over the rows of a batch, and those of a row"
                " do not: softmax was taken over axis 0",
                "Take it over the last axis, as in tf.nn.softmax(x, axis=-1)",
            )
        ]
    if not logits and not _probable(name, said):
        kind = "sigmoid" if name == "binary_crossentropy" else "softmax"
        return [
            Finding(
                f"{kind} missing",
                f"the loss {name} expects probabilities, and the model gives numbers"
                f" from {number(float(said.min()))} to {number(float(said.max()))}",
                f'Give the last layer activation="{kind}", or the loss'
                " from_logits=True",
            )
        ]
    return _squared(loss, len(y))


def _over_rows(loss: str, said: Array) -> bool:
    """Whether outputs are probabilities of rows where those of classes are due."""
    if loss not in _SHARED or said.ndim != 2 or min(said.shape) < 2:
        return False
    over_rows, over_classes = (np.abs(said.sum(axis=k) - 1).max() for k in (0, 1))
    return bool(over_rows < _SLACK < over_classes)


def _probable(loss: str, said: Array) -> bool:
    """Whether outputs may be the probabilities that a loss expects."""
    if not np.isfinite(said).all():
        return True  # there is worse to tell
    low, high = float(said.min()), float(said.max())
    if loss in _SHARED:
        return low >= -_SLACK
    return loss != "binary_crossentropy" or (low >= -_SLACK and high <= 1 + _SLACK)


def _squared(loss: list[Ran], rows: int) -> list[Finding]:
    """A column that meets a row of numbers: each is compared with each."""
    for ran in loss:
        given = sorted(tuple(x.shape) for x in ran.inputs if isinstance(x, Tensor))
        meet = given == [(rows,), (rows, 1)] and rows > 1
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
